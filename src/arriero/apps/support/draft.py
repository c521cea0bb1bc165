"""The third stage: the drafts for an inquiry, the cheapest kind of answer first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from arriero.apps.support import extract, fit, write
from arriero.apps.support.matter import Matter
from arriero.apps.support.memory import Awaits, kept
from arriero.apps.support.modes import Mode as Automation
from arriero.apps.support.policy import Tool
from arriero.apps.support.tools import Need, drop
from arriero.apps.support.values import Evidence, Reply
from arriero.checks.base import Exhibit
from arriero.core.errors import ModelError
from arriero.core.words import Action, Draft, Ended, Source
from arriero.flow import Judged

# Texts of ours that say what they say: they cite nothing and repeat no word of the question.
FIXED = frozenset({"held", "handover", "out-of-scope", "unknown-order", "clarify"})
NOT_OURS = (
    "That is outside what I can help with: I answer questions about orders, products and services of "
    "this shop. Please tell me what you need there, or ask for a colleague."
)
NOT_YOURS = (
    "I could not find order {number} in your account. Please check the number in your "
    "confirmation e-mail and send it to me again."
)
WHICH = "I want to get this right: is your question about {first} or about {second}?"
ENDINGS = {Need.NOTHING: Ended.ANSWERED, Need.PERSON: Ended.PENDING}  # the others are questions
AWAITS = {Need.CONFIRMATION: Awaits.YES, Need.ORDER: Awaits.ORDER, Need.ADDRESS: Awaits.ADDRESS}


async def cheapest(matter: Matter) -> Sequence[Draft[Reply]]:
    """The cheapest kind of answer that fits; `another` tries the next one if it is not enough.

    A question that is the same for everybody goes to the articles before any text that was
    approved for its intent: "how long do you keep invoices" needs no order number.
    """
    if matter.articles_first and matter.evidence.passages:
        return _extracted(matter)
    return await _usual(matter)


async def another(matter: Matter, best: Judged[Reply]) -> Sequence[Draft[Reply]]:
    """The other of the two: what the passages say word for word, or what the language model says.

    A model that may only choose sentences is asked second, and only where an extract is near
    enough that a better choice may save it: a draft takes a second of a core, and of those that
    followed any weak extract hardly one was released (one of 62, `bars/LOG.md`).
    """
    if best.draft.origin == "generative":
        return _extracted(matter)
    if best.draft.origin == "extractive" and matter.articles_first:
        usual = await _usual(matter)
        if any(one.origin != "extractive" for one in usual):
            return usual
    at = matter.turn.variant.thresholds["write"]
    near = best.draft.origin == "extractive" and best.score >= at
    if near and matter.open and not matter.own_words:
        return await _generated(matter)
    return []


def settled(matter: Matter) -> bool:
    """Whether an answer is there without a search."""
    return _at_once(matter) is not None or (matter.sure and matter.approved_text is not None)


def exhibit(matter: Matter, draft: Draft[Reply]) -> Exhibit:
    """A fixed text may say what it says; a template and a flow the order's facts; the rest only
    what its sources say.
    """
    approved = draft.origin in {"template", "flow", "approved"}
    seen, turn = matter.seen, matter.turn
    return Exhibit(
        # A person matched an approved answer to its intent: it need not resemble the question.
        question="" if approved or draft.origin in FIXED else turn.input.request,
        text=draft.answer.response,
        origin=draft.origin,
        sources=draft.sources,
        facts=_may_state(matter, draft),
        language=seen.language,
        subject=fit.of(matter.evidence, draft, seen.confidence, matter.today.year),
    )


def _may_state(matter: Matter, draft: Draft[Reply]) -> tuple[str, ...]:
    evidence = matter.evidence
    if draft.origin in FIXED:
        return (draft.answer.response,)
    if evidence.approved and draft.origin == "approved":
        return (evidence.approved.approved.answer, *evidence.approved.approved.quotes)
    if draft.origin == "flow" and evidence.proposal:
        return evidence.proposal.facts
    if draft.origin == "template":
        return (*matter.facts.values(), matter.template.text if matter.template else "")
    return ()


async def _usual(matter: Matter) -> Sequence[Draft[Reply]]:
    """Persons and flows, approved texts, what is not ours, then the articles."""
    if ready := _at_once(matter) or _ready(matter):
        return [ready]
    if matter.evidence.contradictory:
        return []
    if matter.from_order or (matter.open and matter.own_words):
        return await _generated(matter)
    return _extracted(matter)


def _at_once(matter: Matter) -> Draft[Reply] | None:
    """What comes before any search for an answer: a person, a flow, an order that is not theirs."""
    seen, evidence, texts = matter.seen, matter.evidence, matter.texts
    if evidence.held:
        because = "a colleague has the conversation"
        return _draft(matter, evidence.held, "held", ending=Ended.PENDING, because=because)
    if matter.out_of_context:
        because = "what was said before cannot be read"
        return _draft(matter, texts.unseen, "clarify", ending=Ended.CLARIFY, because=because)
    if matter.for_a_person:
        foreign = seen.language in matter.rules.translations  # templates are English
        text, because = None if foreign else matter.approved_text, "a person was asked for"
        text = text or texts.looked_at
        return _draft(matter, text, "handover", ending=Ended.PENDING, because=because)
    if evidence.mode == Automation.OFF:
        because = f"{seen.intent} is switched off"
        return _draft(matter, texts.looked_at, "handover", ending=Ended.PENDING, because=because)
    if (step := evidence.proposal) and step.text:
        return _draft(
            matter, step.text, "flow", _cited(evidence),
            ending=ENDINGS.get(step.need, Ended.CLARIFY), because=step.reason,
        )  # fmt: skip
    if seen.order and evidence.order == "unknown":
        text, because = NOT_YOURS.format(number=seen.order), "no such order here"
        return _draft(matter, text, "unknown-order", ending=Ended.CLARIFY, because=because)
    return None


def _ready(matter: Matter) -> Draft[Reply] | None:
    """An approved text, what is said of what is not ours, or a question which of two was meant."""
    seen, evidence = matter.seen, matter.evidence
    text = matter.approved_text if matter.sure else None
    # An order's number would not help with what is the same for every order.
    same_for_all = seen.general and matter.articles_first
    if text and not (matter.only_asks and same_for_all):
        ending = Ended.CLARIFY if matter.only_asks else Ended.ANSWERED
        return _draft(matter, text, "template", _cited(evidence), ending=ending)
    if evidence.approved:
        given = evidence.approved.approved
        source = Source(f"approved:{given.id}", given.question, given.answer)
        return _draft(matter, given.answer, "approved", (source,))
    if matter.out_of_scope:
        because = "out of scope"
        return _draft(matter, NOT_OURS, "out-of-scope", ending=Ended.FALLBACK, because=because)
    if seen.between and not matter.sure:
        first, second = (one.replace("_", " ") for one in seen.between)
        text = WHICH.format(first=first, second=second)
        return _draft(matter, text, "clarify", ending=Ended.CLARIFY)
    return None


def _extracted(matter: Matter) -> Sequence[Draft[Reply]]:
    """What the passages say word for word."""
    found = extract.answer(matter.turn.input.request, matter.evidence.passages)
    if found is None:
        return []
    text, sources = found
    return [_draft(matter, text, "extractive", sources)]


async def _generated(matter: Matter) -> Sequence[Draft[Reply]]:
    """What the model says of the passages; what the passages say when it cannot."""
    turn, passages = matter.turn, matter.evidence.passages
    if not passages:
        return []
    quoted = matter.settings.wording == "quoted"
    try:
        reply = await turn.models.generate(
            "response_generator",
            write.messages(turn.variant.prompts["system"], turn.input, passages),
            timeout_s=turn.remaining(),
            seed=turn.seed,
            schema=write.sentences_only(passages) if quoted else None,
            frequency_penalty=write.AGAINST_REPEATING if quoted else 0.0,
        )
    except ModelError:  # on the run as a failed call; an answer without a model is still one
        return _extracted(matter)
    text, sources = write.told(reply, passages, quoted=quoted)
    return [_draft(matter, text, "generative", sources)] if text else []


def _draft(
    matter: Matter,
    text: str,
    origin: str,
    sources: tuple[Source, ...] = (),
    *,
    ending: Ended = Ended.ANSWERED,
    because: str = "",
) -> Draft[Reply]:
    """A draft with the actions that belong to it. In suggest mode it is for a colleague to send."""
    seen, evidence = matter.seen, matter.evidence
    reply = Reply(text, seen.intent, seen.confidence, 0.0, seen.sentiment, ending.value, because)
    proposal = evidence.proposal
    own = proposal and (origin == "flow" or proposal.tool is Tool.ORDER_STATUS)
    step = proposal.action if own and proposal else None
    suggested = evidence.mode == Automation.SUGGEST and ending is not Ended.PENDING
    if suggested:
        why = f"{seen.intent} is only suggested"
        reply = replace(reply, ending=Ended.PENDING.value, because=why, suggested=True)
    if step is None or suggested:
        step = drop(evidence.place, evidence.pending)
    actions = tuple(one for one in (step, _context(evidence)) if one)
    return Draft(reply, origin, sources, actions)


def _context(evidence: Evidence) -> Action | None:
    """The action that keeps what the conversation is about, where the caller does not send it."""
    if evidence.context is None:
        return None
    step = evidence.proposal
    awaits = AWAITS.get(step.need, Awaits.NOTHING) if step else Awaits.NOTHING
    offered = step.offered if step else ()
    return kept(evidence.place, replace(evidence.context, awaits=awaits, offered=offered))


def _cited(evidence: Evidence) -> tuple[Source, ...]:
    """The order's facts as they were known."""
    number = evidence.facts.get("order_id")
    if not number:
        return ()
    facts = sorted(evidence.facts.items())  # in an order that storing them does not change
    quote = "; ".join(f"{name}: {value}" for name, value in facts if value)
    return (Source(f"order:{number}", f"Order {number}", quote),)
