"""The last stage before anything happens: what is sent, and what goes to a person. Pure."""

from __future__ import annotations

from dataclasses import replace

from arriero.apps.support import quality, several
from arriero.apps.support.confirm import place_of
from arriero.apps.support.draft import FIXED
from arriero.apps.support.handover import Texts
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.values import Reply, Seen
from arriero.core.words import Action, Ended, Outcome
from arriero.flow import Judged, Turn

ALSO = "I have also passed this to a colleague, who will get back to you."


def decided(
    turn: Turn[Inquiry], seen: Seen, best: Judged[Reply] | None, texts: Texts
) -> Outcome[Reply]:
    """Release at the variant's threshold; below it the message goes to a person."""
    if best is None:
        return fallback(turn, seen, "nothing was found that an answer could rest on", texts)
    draft, release = best.draft, turn.variant.thresholds["release"]
    answer = replace(draft.answer, confidence=best.score)
    ending = Ended(answer.ending)
    if best.score < release and draft.origin not in FIXED:
        why = quality.reason(best.verdicts)
        reason = f"quality {best.score:.2f} < {release}" + (f" ({why})" if why else "")
        return fallback(turn, seen, reason, texts)
    actions = draft.actions
    if ending is Ended.PENDING:
        actions = (*actions, _hand_over(turn.input, answer.because))
    shown = answer
    if answer.suggested:
        shown = replace(answer, response=texts.looked_at)
    if seen.concern and ending is Ended.ANSWERED and draft.origin != "flow":
        # What is known is told all the same, and a person sees to the rest.
        shown = replace(answer, response=f"{answer.response} {ALSO}", because=seen.concern)
        actions, ending = (*actions, _hand_over(turn.input, seen.concern)), Ended.PENDING
    elif seen.also and ending in {Ended.ANSWERED, Ended.CLARIFY} and seen.language == "en":
        shown = replace(shown, response=f"{shown.response} {several.offer(seen.also)}")
    return Outcome(ending, shown, shown.because, best.score, draft.origin, draft.sources, actions)


def fallback(turn: Turn[Inquiry], seen: Seen | None, reason: str, texts: Texts) -> Outcome[Reply]:
    """An honest sentence and a task for a person: nobody is left without an answer."""
    reply = Reply(texts.passed_on, because=reason)
    if seen:
        reply = replace(
            reply, intent=seen.intent, intent_confidence=seen.confidence, sentiment=seen.sentiment
        )
    actions = (_hand_over(turn.input, reason),)
    return Outcome(Ended.FALLBACK, reply, reason, None, "fixed", actions=actions)


def _hand_over(asked: Inquiry, reason: str) -> Action:
    """The task for a person, who is shown the draft as a proposed reply."""
    place = place_of(asked.conversation, asked.customer)
    return Action("hand_over", "hand-over", {"reason": reason, "place": place or ""})
