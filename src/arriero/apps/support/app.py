"""Customer support in stages: what was asked, what is known, what to say, whether it may be said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from arriero.apps.support import extract, templates, write
from arriero.apps.support.checks import is_about_the_intent
from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.facts import order_facts, underway
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.values import Evidence, Inquiry, Reply, Seen
from arriero.checks.base import Exhibit, Group
from arriero.checks.facts import facts_are_sourced
from arriero.checks.form import (
    Length,
    answers_in_the_language_asked,
    does_not_repeat_itself,
    is_polite_and_promises_nothing,
    names_a_next_step,
    no_placeholder_is_left,
)
from arriero.checks.grounding import is_covered_by_its_sources
from arriero.checks.language import language_of
from arriero.core.clock import Clock
from arriero.core.errors import ModelError, NotFound
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Outcome,
    Source,
    Task,
    Variant,
    Verdict,
)
from arriero.flow import Judged, Shapes, Turn
from arriero.retrieval.base import Hit, Index, Passage
from arriero.store.base import Ledger, TaskSaved
from arriero.store.jobs import Job

HUMAN = "human_agent"
OUT_OF_SCOPE = "out_of_scope"
CANDIDATES = 200  # hits that the intent may reorder before the best few are taken
INTENT_WEIGHT = (
    2.0  # the intent against one search ranking; tried 0-5 on the sample's own questions
)
RRF = 60  # the constant of reciprocal rank fusion (Cormack et al. 2009), as in retrieval
# How much each soft check weighs in the score: an uncalibrated baseline, so its parts are few and
# readable. A failed blocking check makes the score 0. Calibrated P(acceptable) replaces it later.
WEIGHTS = {"grounded": 0.5, "relevant": 0.3, "next-step": 0.2}

SORRY = (
    "I am sorry, I cannot answer that reliably. I have passed your message to a colleague, who will "
    "get back to you; you do not need to write again."
)
NOT_OURS = (
    "That is outside what I can help with: I answer questions about orders, products and services of "
    "this shop. Please tell me what you need there, or ask for a colleague."
)
NOT_YOURS = (
    "I could not find order {number} in your account. Please check the number in your "
    "confirmation e-mail and send it to me again."
)


@dataclass(frozen=True)
class SupportApp:
    """The support app over its parts; `assembly` and `apps.support.plugin` build it."""

    settings: SupportSettings
    directory: CustomerDirectory
    index: Index
    answers: Mapping[str, Sequence[templates.Template]]
    ledger: Ledger
    clock: Clock

    name = "support"
    shapes = Shapes(Inquiry, Seen, Evidence, Reply)
    jobs: tuple[Job, ...] = ()
    golden: Path | None = Path(__file__).parent / "sample" / "golden.jsonl"
    unrecorded = True
    checks: tuple[Group, ...] = (
        (no_placeholder_is_left, Length(), is_polite_and_promises_nothing, does_not_repeat_itself),
        (facts_are_sourced, answers_in_the_language_asked),
        (is_covered_by_its_sources, is_about_the_intent, names_a_next_step),
    )

    @property
    def deadline_ms(self) -> float:
        return self.settings.deadline_ms

    def baseline(self) -> Variant:
        """The variant that the settings file describes."""
        models = self.settings.models
        return Variant(
            app=self.name,
            roles={role: getattr(models, role).binding() for role in type(models).model_fields},
            prompts={"system": self.settings.system_prompt},
            thresholds={
                "release": self.settings.release_at,
                "intent": self.settings.intent_at,
                "scope": self.settings.scope_at,
            },
            rounds=self.settings.rounds,
        )

    def versions(self) -> Mapping[str, str]:
        return {"index": self.index.version}

    async def understand(self, turn: Turn[Inquiry]) -> Seen:
        """Intent and mood side by side; language and order number by rule."""
        message = turn.input.message
        intents, mood = await asyncio.gather(
            turn.models.classify("intent_classifier", message, timeout_s=turn.remaining()),
            turn.models.classify("sentiment_analyzer", message, timeout_s=turn.remaining()),
        )
        number = re.search(self.settings.order_number, message)
        second = intents.scores[1] if len(intents.scores) > 1 else ("", 0.0)
        return Seen(
            intent=intents.label,
            confidence=intents.confidence,
            second=second[0],
            second_confidence=second[1],
            sentiment=mood.label,
            sentiment_confidence=mood.confidence,
            language=language_of(message) or "en",
            order=number.group() if number else None,
        )

    async def gather(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        """The customer's order, if one is meant; unless that settles it, the passages valid today."""
        order, facts = await self._order(turn.input.customer, seen)
        known = Evidence(order, facts)
        if self._sure(turn, seen) and self._approved_text(seen, known):
            return known
        hits = await self.index.search(turn.input.message, k=CANDIDATES, day=turn.now.date())
        ranked = [hit.passage for hit in by_intent(hits, seen)]
        if seen.intent in self.settings.open_intents:
            chosen = _enough(ranked, self.settings.reading_words)
        else:
            chosen = ranked[: self.settings.passages]
        return Evidence(
            order,
            facts,
            passages=tuple(Source(one.id, one.title, one.text) for one in chosen),
            filed=tuple(one.id for one in chosen if seen.intent in one.labels),
        )

    async def _order(self, customer_id: str | None, seen: Seen) -> tuple[str, Mapping[str, str]]:
        customer = await self.directory.customer(customer_id) if customer_id else None
        if customer is None:
            return ("unknown" if seen.order else "none"), {}
        if seen.order:
            order = await self.directory.order(customer.id, seen.order)
            return ("known" if order else "unknown"), order_facts(customer, order)
        orders = await self.directory.orders(customer.id, self.settings.recent_orders)
        order = underway(orders, seen.intent)
        return ("known" if order else "none"), order_facts(customer, order)

    async def draft(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        """The cheapest kind of answer that fits; `improve` tries the next one if it is not enough."""
        if seen.intent == HUMAN and self._sure(turn, seen):
            return [
                self._draft(turn, seen, self._approved_text(seen, evidence) or SORRY, "handover")
            ]
        if seen.order and evidence.order == "unknown":
            return [self._draft(turn, seen, NOT_YOURS.format(number=seen.order), "unknown-order")]
        if self._sure(turn, seen) and (text := self._approved_text(seen, evidence)):
            return [self._draft(turn, seen, text, "template", self._cited(evidence))]
        if seen.intent == OUT_OF_SCOPE and seen.confidence >= turn.variant.thresholds["scope"]:
            return []
        if seen.intent in self.settings.open_intents:
            return await self._generated(turn, seen, evidence)
        return self._extracted(turn, seen, evidence)

    async def improve(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, best: Judged[Reply]
    ) -> Sequence[Draft[Reply]]:
        """The other free-text way, once each: what was extracted is generated, and the reverse."""
        match best.draft.origin:
            case "generative":
                return self._extracted(turn, seen, evidence)
            case "extractive" if seen.intent not in self.settings.open_intents:
                return await self._generated(turn, seen, evidence)
            case _:
                return []

    def exhibit(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, draft: Draft[Reply]
    ) -> Exhibit:
        """A fixed text may say what it says; a template the order's facts; the rest only its sources."""
        fixed = draft.origin in {"handover", "unknown-order"}
        approved = draft.origin == "template"
        return Exhibit(
            # A person matched an approved answer to its intent: it need not resemble the question.
            question="" if fixed or approved else turn.input.message,
            text=draft.answer.response,
            origin=draft.origin,
            sources=draft.sources,
            facts=(draft.answer.response,) if fixed else self._filled(evidence, seen) * approved,
            language=seen.language,
            subject=seen.confidence * any(one.id in evidence.filed for one in draft.sources),
        )

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """0 with a failed blocking check, else the weighted mean of the soft ones."""
        given = {verdict.check: verdict for verdict in verdicts}
        if not WEIGHTS.keys() <= given.keys() or not given["grounded"].passed:
            return 0.0
        soft = sum(weight * given[name].score for name, weight in WEIGHTS.items())
        return min(1.0, soft)

    def decide(self, turn: Turn[Inquiry], seen: Seen, best: Judged[Reply] | None) -> Outcome[Reply]:
        """Release at the variant's threshold; below it the message goes to a person."""
        if best is None and seen.intent == OUT_OF_SCOPE:
            return self._said(seen, Ended.FALLBACK, NOT_OURS, "out of scope", "fixed")
        if best is None:
            return self.fallback(turn, seen, "nothing was found that an answer could rest on")
        draft, release = best.draft, turn.variant.thresholds["release"]
        answer = replace(draft.answer, confidence=best.score)
        if draft.origin == "handover":
            return Outcome(
                Ended.PENDING, answer, "a person was asked for", best.score, draft.origin,
                actions=(_hand_over("a person was asked for"),),
            )  # fmt: skip
        if draft.origin == "unknown-order":
            return Outcome(Ended.CLARIFY, answer, "no such order here", best.score, draft.origin)
        if best.score < release:
            worst = next((v for v in best.verdicts if not v.passed), None)
            reason = f"quality {best.score:.2f} < {release}" + (
                f" ({worst.check}: {worst.reason})" if worst else ""
            )
            return self.fallback(turn, seen, reason)
        ended = Ended.CLARIFY if self._asks(draft) else Ended.ANSWERED
        return Outcome(ended, answer, "", best.score, draft.origin, draft.sources)

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        """A hand-over is a task in the inbox; its id follows from the run, so it is opened once."""
        if action.kind != "hand_over":
            raise NotFound(f"support has no action {action.kind!r}; it knows hand_over")
        task = Task(
            id=f"{run}:{action.key}",
            tenant=tenant,
            kind="hand_over",
            run=run,
            state="requested",
            created_at=self.clock.now(),
            payload=action.payload,
        )
        await self.ledger.commit(TaskSaved(task))
        return {"task": task.id}

    def fallback(self, turn: Turn[Inquiry], seen: Seen | None, reason: str) -> Outcome[Reply]:
        """An honest sentence and a task for a person: nobody is left without an answer."""
        return replace(
            self._said(seen, Ended.FALLBACK, SORRY, reason, "fixed"),
            actions=(_hand_over(reason),),
        )

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {"intent": seen.intent, "sentiment": seen.sentiment, "language": seen.language}

    async def ping(self) -> None:
        await self.directory.ping()
        await self.index.ping()

    async def close(self) -> None:
        await self.directory.close()
        await self.index.close()

    def _sure(self, turn: Turn[Inquiry], seen: Seen) -> bool:
        return seen.confidence >= turn.variant.thresholds["intent"]

    def _approved_text(self, seen: Seen, evidence: Evidence) -> str | None:
        facts = {**evidence.facts, "order": evidence.order}
        template = templates.choose(self.answers.get(seen.intent, ()), seen.intent, facts)
        return template.fill(facts) if template else None

    def _filled(self, evidence: Evidence, seen: Seen) -> tuple[str, ...]:
        """What a template may state: the approved wording itself and the facts that fill it."""
        facts = {**evidence.facts, "order": evidence.order}
        template = templates.choose(self.answers.get(seen.intent, ()), seen.intent, facts)
        return (*facts.values(), template.text if template else "")

    def _cited(self, evidence: Evidence) -> tuple[Source, ...]:
        number = evidence.facts.get("order_id")
        if not number:
            return ()
        facts = sorted(evidence.facts.items())  # in an order that storing them does not change
        quote = "; ".join(f"{name}: {value}" for name, value in facts if value)
        return (Source(f"order:{number}", f"Order {number}", quote),)

    def _extracted(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        found = extract.answer(turn.input.message, evidence.passages)
        if found is None:
            return []
        text, sources = found
        return [self._draft(turn, seen, text, "extractive", sources)]

    async def _generated(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        """What the model says of the passages; what the passages say when it cannot."""
        if not evidence.passages:
            return []
        quoted = self.settings.wording == "quoted"
        try:
            reply = await turn.models.generate(
                "response_generator",
                write.messages(turn.variant.prompts["system"], turn.input, evidence.passages),
                timeout_s=turn.remaining(),
                seed=turn.seed,
                schema=write.sentences_only(evidence.passages) if quoted else None,
                frequency_penalty=write.AGAINST_REPEATING if quoted else 0.0,
            )
        except ModelError:  # on the run as a failed call; an answer without a model is still one
            return self._extracted(turn, seen, evidence)
        text, sources = write.told(reply, evidence.passages, quoted=quoted)
        return [self._draft(turn, seen, text, "generative", sources)] if text else []

    def _draft(
        self,
        turn: Turn[Inquiry],
        seen: Seen,
        text: str,
        origin: str,
        sources: tuple[Source, ...] = (),
    ) -> Draft[Reply]:
        reply = Reply(text, seen.intent, seen.confidence, 0.0, seen.sentiment)
        return Draft(reply, origin, sources)

    def _said(
        self, seen: Seen | None, ended: Ended, text: str, reason: str, origin: str
    ) -> Outcome[Reply]:
        reply = Reply(text)
        if seen:
            reply = Reply(text, seen.intent, seen.confidence, 0.0, seen.sentiment)
        return Outcome(ended, reply, reason, None, origin)

    def _asks(self, draft: Draft[Reply]) -> bool:
        """Whether an approved answer only asks for what is missing."""
        return draft.origin == "template" and not draft.sources and "?" in draft.answer.response


def by_intent(hits: Sequence[Hit], seen: Seen) -> Sequence[Hit]:
    """The hits, those labelled with the intent moved up: the intent is one more ranker in the fusion.

    It puts every passage that carries its label on the first place, weighted by its probability.
    """

    def fused(hit: Hit) -> float:
        labelled = seen.intent in hit.passage.labels
        return hit.score + labelled * INTENT_WEIGHT * seen.confidence / (RRF + 1)

    return sorted(hits, key=fused, reverse=True)


def _enough(passages: Sequence[Passage], words: int) -> Sequence[Passage]:
    """The best passages, each whole, until together they have `words` words."""
    lengths = accumulate(len(one.text.split()) for one in passages)
    needed = sum(1 for length in lengths if length < words) + 1
    return passages[:needed]


def _hand_over(reason: str) -> Action:
    return Action("hand_over", "hand-over", {"reason": reason})
