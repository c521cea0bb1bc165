"""The first stage: intent and mood by the models, the rest by rule, from the message and its history alone."""

from __future__ import annotations

import asyncio
import logging

from arriero.apps.support import several
from arriero.apps.support.general import asks_in_general
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.memory import recall, resolve
from arriero.apps.support.mood import frustration, mood, priority, should_hand_over
from arriero.apps.support.person import Listener
from arriero.apps.support.reports import only_reports
from arriero.apps.support.sentiment import plain, weighed
from arriero.apps.support.values import HUMAN, Seen
from arriero.checks.language import language_of
from arriero.core.errors import ModelError
from arriero.flow import Turn
from arriero.models.base import Labels
from arriero.models.clauses import Asked, intents_in, which_of
from arriero.security.injection_reader import Reader

log = logging.getLogger(__name__)


async def understood(
    turn: Turn[Inquiry], listener: Listener, reader: Reader, *, number: str
) -> Seen:
    """What is asked, how, and of which order; `number` is how an order number looks."""
    message, history = turn.input.own, turn.input.history
    asked_for = turn.input.request
    intents, sentiments = await asyncio.gather(
        turn.models.classify("intent_classifier", asked_for, timeout_s=turn.remaining()),
        turn.models.classify("sentiment_analyzer", plain(message), timeout_s=turn.remaining()),
    )
    language = language_of(message) or "en"
    feelings = dict(weighed(message, sentiments.scores, language=language))
    # The intents have encoded the message: its vector is remembered.
    asked = await listener.asks_for_a_person(message, [one.text for one in history])
    suspicion = await reader.scan(turn.input.message)
    about = resolve(
        message,
        recall(history, number=number),
        intent=intents.label,
        confidence=intents.confidence,
        number=number,
    )
    first, also = await _requests(turn, intents)
    intent, confidence = first.intent, first.mass
    if asked.asked:
        intent, confidence = HUMAN, max(asked.score, intents.confidence)
    earlier = [frustration(one.text, {}) for one in history if one.role == "customer"]
    felt = mood(message, feelings, earlier, earlier_contacts=about.times - 1)
    second = intents.scores[1] if len(intents.scores) > 1 else ("", 0.0)
    return Seen(
        intent=intent,
        confidence=confidence,
        second=second[0],
        second_confidence=second[1],
        sentiment=felt.sentiment,
        sentiment_confidence=feelings.get(felt.sentiment, sentiments.confidence),
        language=language,
        order=about.order,
        outside=intents.outside,
        between=None if also else which_of(intents),
        person=asked.asked,
        suspicious=suspicion.flagged,
        times=about.times,
        frustration=felt.frustration,
        priority=priority(felt),
        concern=should_hand_over(felt) or "",
        also=also,
        reports=only_reports(asked_for),
        general=about.order is None and language == "en" and asks_in_general(asked_for),
    )


async def _requests(turn: Turn[Inquiry], whole: Labels) -> tuple[Asked, tuple[str, ...]]:
    """The request that is answered and what else is asked; a clause is read only if two ask."""
    parts = several.requests(turn.input.request)
    try:
        read = await asyncio.gather(
            *(
                turn.models.classify("intent_classifier", part, timeout_s=turn.remaining())
                for part in parts
            )
        )
    except ModelError as error:  # the whole message was read: it is answered as one request
        log.warning("the clauses of a message were not read: %s", error.message)
        return Asked(whole.label, whole.confidence, ""), ()
    asked = intents_in(list(zip(parts, read, strict=True)), at_least=several.SURE)
    return several.split(whole.label, whole.confidence, asked)
