"""Customer support in stages: what was asked, what is known, what to say, whether it may be said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from arriero.apps.support import extract, fit, quality, several, templates, write
from arriero.apps.support.approved import Found
from arriero.apps.support.approved_now import ApprovedNow
from arriero.apps.support.confirm import Pending, place_of
from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.examples import Examples
from arriero.apps.support.facts import listed, meant, order_facts, underway
from arriero.apps.support.gaps_inbox import Gaps
from arriero.apps.support.general import asks_in_general
from arriero.apps.support.handover import ENGLISH, Texts
from arriero.apps.support.inbox import HandOvers
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.memory import (
    REMEMBER,
    Awaits,
    Context,
    Memory,
    Resolved,
    kept,
    recall,
    remember,
    resolve,
)
from arriero.apps.support.modes import Mode as Automation
from arriero.apps.support.modes import Modes
from arriero.apps.support.mood import frustration, priority, should_hand_over
from arriero.apps.support.mood import mood as read_mood
from arriero.apps.support.orders import About, Untrusted
from arriero.apps.support.people import known_of
from arriero.apps.support.person import Listener
from arriero.apps.support.policy import Tool
from arriero.apps.support.reports import only_reports
from arriero.apps.support.resolution_report import SupportReport
from arriero.apps.support.reviews import Reviews
from arriero.apps.support.sentiment import plain, weighed
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.tools import KINDS, Need, Proposal, Request, Tools, drop, propose
from arriero.apps.support.values import Evidence, Reply, Seen
from arriero.checks.base import Exhibit, Group
from arriero.checks.language import language_of
from arriero.core.errors import ModelError, NotFound, StoreError
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Outcome,
    Source,
    Variant,
    Verdict,
)
from arriero.flow import Case, Judged, Shapes, Turn
from arriero.models.base import Labels
from arriero.models.clauses import Asked, intents_in, which_of
from arriero.retrieval.base import Hit, Index, Passage, conflicts, undecided
from arriero.security.injection_reader import Reader
from arriero.security.masking import Known
from arriero.store.jobs import Job

HUMAN = "human_agent"
OUT_OF_SCOPE = "out_of_scope"
OUTSIDE = 0.5  # of `Labels.outside`: from here on the message fits no intent
CANDIDATES = 200  # hits that the intent may reorder before the best few are taken
# The intent against one search ranking: it decides between passages that fit about as well. At 2 it went
# before everything that the search found, and a wrong intent hid the right passage (`bars/LOG.md`).
INTENT_WEIGHT = 0.1
RRF = 60  # the constant of reciprocal rank fusion (Cormack et al. 2009), as in retrieval
SWEEP_EVERY_S = 3_600.0  # what is over is not used any more; this only frees its place
GOES_ON = 0.9  # how sure an intent is that an earlier message of the conversation had
# Texts of ours that say what they say: they cite nothing and repeat no word of the question.
FIXED = frozenset({"held", "handover", "out-of-scope", "unknown-order", "clarify"})

ALSO = "I have also passed this to a colleague, who will get back to you."
NOT_OURS = (
    "That is outside what I can help with: I answer questions about orders, products and services of "
    "this shop. Please tell me what you need there, or ask for a colleague."
)
NOT_YOURS = (
    "I could not find order {number} in your account. Please check the number in your "
    "confirmation e-mail and send it to me again."
)
WHICH = "I want to get this right: is your question about {first} or about {second}?"
ENDINGS = {
    Need.NOTHING: Ended.ANSWERED,
    Need.PERSON: Ended.PENDING,
    Need.CONFIRMATION: Ended.CLARIFY,
    Need.ORDER: Ended.CLARIFY,
    Need.ADDRESS: Ended.CLARIFY,
    Need.IDENTITY: Ended.CLARIFY,
}
log = logging.getLogger(__name__)

AWAITS = {Need.CONFIRMATION: Awaits.YES, Need.ORDER: Awaits.ORDER, Need.ADDRESS: Awaits.ADDRESS}


@dataclass(frozen=True)
class SupportApp:
    """The support app over its parts; `assembly` and `apps.support.plugin` build it."""

    settings: SupportSettings
    directory: CustomerDirectory
    index: Index
    answers: Mapping[str, Sequence[templates.Template]]
    handovers: HandOvers
    tools: Tools
    memory: Memory
    modes: Modes
    checks: Sequence[Group]
    reveal: Callable[[str, str, JsonValue], Awaitable[JsonValue]]
    gaps: Gaps | None = None
    approved: ApprovedNow | None = None
    examples: Examples | None = None
    reporter: SupportReport | None = None
    reviews: Reviews | None = None
    listener: Listener = field(default_factory=Listener)
    reader: Reader = field(default_factory=Reader)

    name = "support"
    shapes = Shapes(Inquiry, Seen, Evidence, Reply)
    golden: Path | None = Path(__file__).parent / "sample" / "golden.jsonl"
    unrecorded = True

    @property
    def jobs(self) -> Sequence[Job]:
        own = (self.handovers.job, Job("support-sweep", SWEEP_EVERY_S, self._sweep))
        parts = (self.gaps, self.reporter, self.reviews)
        return (*own, *(part.job for part in parts if part is not None))

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
                "write": self.settings.write_at,
            },
            rounds=self.settings.rounds,
        )

    def versions(self) -> Mapping[str, str]:
        return {"index": self.index.version}

    async def known(self, case: Case[Inquiry]) -> Sequence[Known]:
        """The customer's own data, to be masked wherever it occurs."""
        customer = case.input.customer and await self.directory.customer(case.input.customer)
        return known_of(customer) if customer else ()

    async def understand(self, turn: Turn[Inquiry]) -> Seen:
        """Intent and mood side by side; the rest by rule, from the message and its history alone."""
        message, history = turn.input.message, turn.input.history
        asked_for = turn.input.request
        if self.examples is not None:
            await self.examples.follow(turn.case.tenant)
        intents, mood = await asyncio.gather(
            turn.models.classify("intent_classifier", asked_for, timeout_s=turn.remaining()),
            turn.models.classify("sentiment_analyzer", plain(message), timeout_s=turn.remaining()),
        )
        language = language_of(message) or "en"
        feelings = dict(weighed(message, mood.scores, language=language))
        # The intents have encoded the message: its vector is remembered.
        asked = await self.listener.asks_for_a_person(message, [one.text for one in history])
        suspicion = await self.reader.scan(message)
        about = self._meant(message, intents, recall(history, number=self.settings.order_number))
        first, also = await self._requests(turn, intents)
        intent, confidence = first.intent, first.mass
        if asked.asked:
            intent, confidence = HUMAN, max(asked.score, intents.confidence)
        earlier = [frustration(one.text, {}) for one in history if one.role == "customer"]
        felt = read_mood(message, feelings, earlier, earlier_contacts=about.times - 1)
        second = intents.scores[1] if len(intents.scores) > 1 else ("", 0.0)
        return Seen(
            intent=intent,
            confidence=confidence,
            second=second[0],
            second_confidence=second[1],
            sentiment=felt.sentiment,
            sentiment_confidence=feelings.get(felt.sentiment, mood.confidence),
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

    async def _requests(self, turn: Turn[Inquiry], whole: Labels) -> tuple[Asked, tuple[str, ...]]:
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

    async def gather(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        """What is known of the customer; unless that settles it, the passages valid today.

        Nothing while a person has the conversation. Whatever changes with time is looked up here
        and not in `understand`, because a replay is given the recorded evidence.
        """
        conversation = turn.input.conversation
        if conversation and (held := await self._held(turn.case.tenant, conversation)):
            return Evidence("none", held=held)
        known = await self._personal(turn, seen)
        if conversation:
            known = replace(known, note=await self._returned(turn.case.tenant, conversation))
        seen = self._continued(seen, known)
        if self._settled(turn, seen, known) and not self._articles_first(seen, known):
            return known
        if found := await self._shared(turn, seen, known):
            return replace(known, approved=found)
        if self._from_order(seen, known):
            return replace(known, passages=_record(known))
        query = f"{turn.input.request}\n{known.note}".strip()
        hits = await self.index.search(query, k=CANDIDATES, day=turn.now.date())
        ranked = [hit.passage for hit in by_intent(hits, seen)]
        if self._open(seen):
            chosen = _enough(ranked, self.settings.reading_words)
        else:
            chosen = ranked[: self.settings.passages]
        near, elsewhere = fit.near(hits, chosen)
        against = conflicts(chosen)
        older = {old.id for _, old in against}
        return replace(
            known,
            passages=tuple(
                Source(one.id, one.title, one.text) for one in chosen if one.id not in older
            ),
            filed=tuple(one.id for one in chosen if seen.intent in one.labels),
            near=near,
            elsewhere=elsewhere,
            contradictory=any(undecided(pair) for pair in against),
        )

    async def _shared(self, turn: Turn[Inquiry], seen: Seen, known: Evidence) -> Found | None:
        """An answer that was approved for everybody who asks this."""
        personal = seen.order or seen.suspicious or known.pending or known.proposal
        if personal or self.approved is None or not self._sure(turn, seen):
            return None
        try:
            return await self.approved.lookup(
                turn.case.tenant, turn.input.request, seen.intent, seen.language,
                index=self.index.version, day=turn.now.date(),
            )  # fmt: skip
        except StoreError as error:
            log.warning("approved answers cannot be looked up: %s", error.message)
            return None

    async def _held(self, tenant: str, conversation: str) -> str:
        """What the customer is told while a person has the conversation; empty when nobody has."""
        try:
            held = await self.handovers.held(tenant, conversation)
        except StoreError as error:  # the ledger is down: it is the bot or nobody
            log.warning("nobody can say who has the conversation: %s", error.message)
            return ""
        return self.handovers.acknowledged(held) if held else ""

    async def _returned(self, tenant: str, conversation: str) -> str:
        """Why a colleague gave the conversation back, if one did lately."""
        try:
            return await self.handovers.note(tenant, conversation)
        except StoreError as error:
            log.warning("a colleague's note cannot be read: %s", error.message)
            return ""

    async def _personal(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        """The customer, the order and the flow's next step; without them when a store is down."""
        try:
            return await self._known_now(turn, seen)
        except StoreError as error:
            log.warning("answering without the customer's data: %s", error.message)
            return Evidence("none", missing=error.message, mode=self.settings.mode)

    async def _known_now(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        asked, tenant = turn.input, turn.case.tenant
        place = place_of(asked.conversation, asked.customer)
        pending = await self.tools.confirmations.get(tenant, place)
        context, number, hint = await self._remembered(turn, seen, place)
        seen = self._continued(seen, Evidence("none", intent=hint))
        wanted = number or (pending.order if pending else None)
        # Which of the others was meant is only asked when no order is named.
        recent = 0 if number and pending is None else self.settings.recent_orders
        about = asked.customer and await self.directory.about(asked.customer, wanted, recent)
        proposal = (
            None
            if seen.suspicious or seen.person
            else self._proposal(turn, seen, place, pending, number, about or None)
        )
        names = (seen.intent, *((proposal.tool.value,) if proposal and proposal.tool else ()))
        order, facts = _order_of(about or None, number, seen)
        return Evidence(
            order,
            facts,
            proposal=proposal,
            pending=pending,
            place=place,
            intent=hint,
            mode=(await self.modes.mode_of(tenant, *names)).value,
            context=context,
            tickets=about.tickets if about else (),
            order_note=about.order.note if about and about.order else Untrusted(),
        )

    async def _remembered(
        self, turn: Turn[Inquiry], seen: Seen, place: str | None
    ) -> tuple[Context | None, str | None, str | None]:
        """Context, order and intent of a conversation whose caller sends no history with it."""
        asked = turn.input
        if not asked.conversation or asked.history:
            return None, seen.order, None
        latest = await self.memory.load(turn.case.tenant, place)
        resolved = resolve(
            asked.message,
            latest or Context(),
            intent=seen.intent,
            confidence=seen.confidence,
            number=self.settings.order_number,
        )
        hint = None if self._sure(turn, seen) else resolved.intent
        context = remember(
            latest,
            resolved,
            intent=hint or (None if seen.intent == HUMAN else seen.intent),
            order=resolved.order,
            customer=asked.customer,
        )
        return context, resolved.order, hint

    def _proposal(
        self,
        turn: Turn[Inquiry],
        seen: Seen,
        place: str | None,
        pending: Pending | None,
        number: str | None,
        about: About | None,
    ) -> Proposal | None:
        request = Request(
            intent=seen.intent,
            message=turn.input.message,
            customer=about.customer if about else None,
            order=about.order if about else None,
            named=number,
            orders=about.orders if about and not seen.general else (),
            pending=pending,
            place=place,
            run=turn.run,
            now=turn.now,
            sure=self._sure(turn, seen),
        )
        step = propose(self.tools.policy, request)
        if step is None or step.tool is not Tool.ORDER_STATUS:
            return step
        return replace(step, text="", facts=())  # an approved template says it better

    async def draft(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        """The cheapest kind of answer that fits; `improve` tries the next one if it is not enough.

        A question that is the same for everybody goes to the articles before any text that was
        approved for its intent: "how long do you keep invoices" needs no order number.
        """
        seen = self._continued(seen, evidence)
        if self._articles_first(seen, evidence) and evidence.passages:
            return self._extracted(turn, seen, evidence)
        return await self._usual(turn, seen, evidence)

    def _articles_first(self, seen: Seen, evidence: Evidence) -> bool:
        """Whether the articles are asked before templates and flows.

        So they are for a report, where only the procedure of its kind would answer: "keeping it might be
        fine if it got cheaper" asks more than that.
        """
        ours = (
            evidence.held or evidence.pending or evidence.mode == Automation.OFF or evidence.intent
        )
        free = self._own_words or evidence.contradictory
        own = seen.person or seen.intent == HUMAN or evidence.order != "none"
        told = seen.reports and self._has_procedure(seen) and not _flows(evidence)
        return (seen.general or told) and not (own or ours or free)

    def _same_for_all(self, seen: Seen, evidence: Evidence) -> bool:
        """Whether an order's number would not help: what is asked is the same for every order."""
        return seen.general and self._articles_first(seen, evidence)

    def _has_procedure(self, seen: Seen) -> bool:
        return any("asks" in one.when for one in self.answers.get(seen.intent, ()))

    async def _usual(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        """Persons and flows, approved texts, what is not ours, then the articles."""
        if said := self._said_at_once(turn, seen, evidence):
            return [said]
        text = self._approved_text(turn, seen, evidence) if self._sure(turn, seen) else None
        if text and not (_asks(text, evidence) and self._same_for_all(seen, evidence)):
            ending = Ended.CLARIFY if _asks(text, evidence) else Ended.ANSWERED
            cited = self._cited(evidence)
            return [self._draft(seen, evidence, text, "template", cited, ending=ending)]
        if evidence.approved:
            given = evidence.approved.approved
            source = Source(f"approved:{given.id}", given.question, given.answer)
            return [self._draft(seen, evidence, given.answer, "approved", (source,))]
        if self._out_of_scope(turn, seen):
            return [
                self._draft(
                    seen, evidence, NOT_OURS, "out-of-scope",
                    ending=Ended.FALLBACK, because="out of scope",
                )
            ]  # fmt: skip
        if seen.between and not self._sure(turn, seen):
            first, second = (_spoken(one) for one in seen.between)
            text = WHICH.format(first=first, second=second)
            return [self._draft(seen, evidence, text, "clarify", ending=Ended.CLARIFY)]
        if evidence.contradictory:
            return []
        if self._from_order(seen, evidence) or (self._open(seen) and self._own_words):
            return await self._generated(turn, seen, evidence)
        return self._extracted(turn, seen, evidence)

    @property
    def _own_words(self) -> bool:
        return self.settings.wording == "free"

    def _open(self, seen: Seen) -> bool:
        """Whether the question is one for the language model."""
        return seen.intent in self.settings.open_intents

    def _from_order(self, seen: Seen, evidence: Evidence) -> bool:
        """Whether the order's own record is all that the model is to word an answer from."""
        return seen.intent in self.settings.order_intents and "order_id" in evidence.facts

    def _said_at_once(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Draft[Reply] | None:
        """What comes before any search for an answer: a person, a flow, an order that is not theirs."""
        if evidence.held:
            because = "a colleague has the conversation"
            return self._draft(
                seen, evidence, evidence.held, "held", ending=Ended.PENDING, because=because
            )
        if seen.intent == HUMAN and (seen.person or self._sure(turn, seen)):
            texts = self._texts(seen)
            foreign = seen.language in self.handovers.rules.translations  # templates are English
            text = texts.looked_at if foreign else self._approved_text(turn, seen, evidence)
            text, because = text or texts.passed_on, "a person was asked for"
            return self._draft(
                seen, evidence, text, "handover", ending=Ended.PENDING, because=because
            )
        if evidence.mode == Automation.OFF:
            because = f"{seen.intent} is switched off"
            return self._draft(
                seen,
                evidence,
                self._texts(seen).looked_at,
                "handover",
                ending=Ended.PENDING,
                because=because,
            )
        proposal = evidence.proposal
        if proposal and proposal.text:
            return self._flow(seen, evidence, proposal)
        if seen.order and evidence.order == "unknown":
            text = NOT_YOURS.format(number=seen.order)
            return self._draft(
                seen, evidence, text, "unknown-order",
                ending=Ended.CLARIFY, because="no such order here",
            )  # fmt: skip
        return None

    def _flow(self, seen: Seen, evidence: Evidence, proposal: Proposal) -> Draft[Reply]:
        """The flow's next step, said in its own words, with the action that it takes."""
        return self._draft(
            seen, evidence, proposal.text, "flow", self._cited(evidence),
            ending=ENDINGS[proposal.need], because=proposal.reason,
        )  # fmt: skip

    async def improve(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, best: Judged[Reply]
    ) -> Sequence[Draft[Reply]]:
        """The other of the two: what the passages say word for word, or what the language model says.

        A model that may only choose sentences is asked second, and only where an extract is near
        enough that a better choice may save it: a draft takes a second of a core, and of those that
        followed any weak extract hardly one was released (one of 62, `bars/LOG.md`).
        """
        seen = self._continued(seen, evidence)
        if best.draft.origin == "generative":
            return self._extracted(turn, seen, evidence)
        if best.draft.origin == "extractive" and self._articles_first(seen, evidence):
            usual = await self._usual(turn, seen, evidence)
            if any(one.origin != "extractive" for one in usual):
                return usual
        near = best.draft.origin == "extractive" and best.score >= turn.variant.thresholds["write"]
        if near and self._open(seen) and not self._own_words:
            return await self._generated(turn, seen, evidence)
        return []

    def exhibit(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, draft: Draft[Reply]
    ) -> Exhibit:
        """A fixed text may say what it says; a template and a flow the order's facts; the rest only
        what its sources say.
        """
        seen = self._continued(seen, evidence)
        approved = draft.origin in {"template", "flow", "approved"}
        return Exhibit(
            # A person matched an approved answer to its intent: it need not resemble the question.
            question="" if approved or draft.origin in FIXED else turn.input.request,
            text=draft.answer.response,
            origin=draft.origin,
            sources=draft.sources,
            facts=self._may_state(turn, seen, evidence, draft),
            language=seen.language,
            subject=fit.of(evidence, draft, seen.confidence, turn.now.year),
        )

    def _may_state(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, draft: Draft[Reply]
    ) -> tuple[str, ...]:
        if draft.origin in FIXED:
            return (draft.answer.response,)
        if evidence.approved and draft.origin == "approved":
            return (evidence.approved.approved.answer, *evidence.approved.approved.quotes)
        if draft.origin == "flow" and evidence.proposal:
            return evidence.proposal.facts
        return self._filled(turn, evidence, seen) if draft.origin == "template" else ()

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """Calibrated P(acceptable)."""
        return quality.score(verdicts)

    def decide(self, turn: Turn[Inquiry], seen: Seen, best: Judged[Reply] | None) -> Outcome[Reply]:
        """Release at the variant's threshold; below it the message goes to a person."""
        if best is None:
            return self.fallback(turn, seen, "nothing was found that an answer could rest on")
        draft, release = best.draft, turn.variant.thresholds["release"]
        answer = replace(draft.answer, confidence=best.score)
        ending = Ended(answer.ending)
        if best.score < release and draft.origin not in FIXED:
            why = quality.reason(best.verdicts)
            reason = f"quality {best.score:.2f} < {release}" + (f" ({why})" if why else "")
            return self.fallback(turn, seen, reason)
        actions = draft.actions
        if ending is Ended.PENDING:
            actions = (*actions, hand_over(turn.input, answer.because))
        shown = answer
        if answer.suggested:
            shown = replace(answer, response=self._texts(seen).looked_at)
        if seen.concern and ending is Ended.ANSWERED and draft.origin != "flow":
            # What is known is told all the same, and a person sees to the rest.
            shown = replace(answer, response=f"{answer.response} {ALSO}", because=seen.concern)
            actions, ending = (*actions, hand_over(turn.input, seen.concern)), Ended.PENDING
        elif seen.also and ending in {Ended.ANSWERED, Ended.CLARIFY} and seen.language == "en":
            shown = replace(shown, response=f"{shown.response} {several.offer(seen.also)}")
        return Outcome(
            ending, shown, shown.because, best.score, draft.origin, draft.sources, actions
        )

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        """A change at the directory, a question that waits for its yes, or a task in the inbox."""
        if action.kind in KINDS:
            if action.kind in {tool.value for tool in Tool}:  # the world needs the real address
                action = replace(action, payload=await self.reveal(tenant, run, action.payload))
            return await self.tools.perform(tenant, run, action)
        if action.kind == REMEMBER:
            return await self.memory.perform(tenant, action)
        if action.kind != "hand_over":
            known = ", ".join(sorted((*KINDS, REMEMBER, "hand_over")))
            raise NotFound(f"support has no action {action.kind!r}; it knows {known}")
        if place := action.payload.get("place"):  # a later yes would answer the colleague
            await self.tools.confirmations.drop(tenant, str(place))
        task = await self.handovers.open(tenant, run, action.key, action.payload)
        return {"task": task.id}

    def fallback(self, turn: Turn[Inquiry], seen: Seen | None, reason: str) -> Outcome[Reply]:
        """An honest sentence and a task for a person: nobody is left without an answer."""
        sorry = self._texts(seen).passed_on
        reply = Reply(sorry, because=reason)
        if seen:
            reply = Reply(sorry, seen.intent, seen.confidence, 0.0, seen.sentiment, because=reason)
        actions = (hand_over(turn.input, reason),)
        return Outcome(Ended.FALLBACK, reply, reason, None, "fixed", actions=actions)

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {"intent": seen.intent, "sentiment": seen.sentiment, "language": seen.language}

    async def ping(self) -> None:
        await self.directory.ping()
        await self.index.ping()

    async def close(self) -> None:
        await self.directory.close()
        await self.index.close()

    async def _sweep(self, now: datetime) -> None:  # the parts have the same clock
        for tenant in await self.handovers.tenants():
            await self.tools.confirmations.sweep(tenant)
            await self.memory.sweep(tenant)

    def _texts(self, seen: Seen | None) -> Texts:
        """What is said around a hand-over, in the customer's language where there is a translation."""
        return self.handovers.rules.texts_in(seen.language if seen else ENGLISH)

    def _sure(self, turn: Turn[Inquiry], seen: Seen) -> bool:
        return seen.confidence >= turn.variant.thresholds["intent"]

    def _meant(self, message: str, intents: Labels, context: Context) -> Resolved:
        """What the message points at, by the history that came with it."""
        return resolve(
            message,
            context,
            intent=intents.label,
            confidence=intents.confidence,
            number=self.settings.order_number,
        )

    def _continued(self, seen: Seen, evidence: Evidence) -> Seen:
        """`seen` with the intent of the conversation, when the message only goes on with it."""
        if evidence.intent is None or seen.person:
            return seen
        confidence = max(seen.confidence, GOES_ON)
        return replace(
            seen, intent=evidence.intent, confidence=confidence, outside=None, between=None
        )

    def _settled(self, turn: Turn[Inquiry], seen: Seen, known: Evidence) -> bool:
        """Whether an answer is there without a search."""
        if self._said_at_once(turn, seen, known):
            return True
        return self._sure(turn, seen) and self._approved_text(turn, seen, known) is not None

    def _out_of_scope(self, turn: Turn[Inquiry], seen: Seen) -> bool:
        """The classifier rejects the message, or is sure that it belongs to what is not ours.

        Who names an order asks about it, however they put it.
        """
        if seen.order:
            return False
        if seen.outside is not None and seen.outside >= OUTSIDE and not self._sure(turn, seen):
            return True
        return seen.intent == OUT_OF_SCOPE and seen.confidence >= turn.variant.thresholds["scope"]

    def _approved_text(self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence) -> str | None:
        template, facts = self._template(turn, seen, evidence)
        return template.fill(facts) if template else None

    def _filled(self, turn: Turn[Inquiry], evidence: Evidence, seen: Seen) -> tuple[str, ...]:
        """What a template may state: the approved wording itself and the facts that fill it."""
        template, facts = self._template(turn, seen, evidence)
        return (*facts.values(), template.text if template else "")

    def _template(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> tuple[templates.Template | None, Mapping[str, str]]:
        """The approved answer that applies, and the facts by which it was chosen."""
        asks = "nothing" if seen.reports else "something"
        facts = {**evidence.facts, "order": evidence.order, "asks": asks}
        known, message = self.answers.get(seen.intent, ()), turn.input.message
        return templates.choose(known, seen.intent, facts, message), facts

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
        found = extract.answer(turn.input.request, evidence.passages)
        if found is None:
            return []
        text, sources = found
        return [self._draft(seen, evidence, text, "extractive", sources)]

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
        return [self._draft(seen, evidence, text, "generative", sources)] if text else []

    def _draft(
        self,
        seen: Seen,
        evidence: Evidence,
        text: str,
        origin: str,
        sources: tuple[Source, ...] = (),
        *,
        ending: Ended = Ended.ANSWERED,
        because: str = "",
    ) -> Draft[Reply]:
        """A draft with the actions that belong to it. In suggest mode it is for a colleague to send."""
        reply = Reply(
            text, seen.intent, seen.confidence, 0.0, seen.sentiment, ending.value, because
        )
        own = origin == "flow" or (
            evidence.proposal and evidence.proposal.tool is Tool.ORDER_STATUS
        )
        step = evidence.proposal.action if own and evidence.proposal else None
        suggested = evidence.mode == Automation.SUGGEST and ending is not Ended.PENDING
        if suggested:
            why = f"{seen.intent} is only suggested"
            reply = replace(reply, ending=Ended.PENDING.value, because=why, suggested=True)
        if step is None or suggested:
            step = drop(evidence.place, evidence.pending)
        actions = tuple(one for one in (step, _context(evidence)) if one)
        return Draft(reply, origin, sources, actions)


def by_intent(hits: Sequence[Hit], seen: Seen) -> Sequence[Hit]:
    """The hits, those labelled with the intent moved up: the intent is one more ranker in the fusion.

    It puts every passage that carries its label on the first place, weighted by its probability.
    """

    def fused(hit: Hit) -> float:
        labelled = seen.intent in hit.passage.labels
        return hit.score + labelled * INTENT_WEIGHT * seen.confidence / (RRF + 1)

    return sorted(hits, key=fused, reverse=True)


def hand_over(asked: Inquiry, reason: str) -> Action:
    """The task for a person, who is shown the draft as a proposed reply."""
    place = place_of(asked.conversation, asked.customer)
    return Action("hand_over", "hand-over", {"reason": reason, "place": place or ""})


def _order_of(about: About | None, number: str | None, seen: Seen) -> tuple[str, Mapping[str, str]]:
    """Whether the order that is meant is the customer's own, and the facts that may be said.

    Without a number it is the only one that can be meant, or all of them are listed; a question that
    is the same for everybody means none.
    """
    if about is None:
        return ("unknown" if number else "none"), {}
    if number:
        return ("known" if about.order else "unknown"), order_facts(about.customer, about.order)
    if seen.general:
        return "none", order_facts(about.customer, None)
    order = underway(about.orders, seen.intent)
    if order is None and len(meant(about.orders, seen.intent)) > 1:
        orders = listed(about.orders, seen.intent)
        return "none", {**order_facts(about.customer, None), "orders": orders}
    return ("known" if order else "none"), order_facts(about.customer, order)


def _context(evidence: Evidence) -> Action | None:
    """The action that keeps what the conversation is about, where the caller does not send it."""
    if evidence.context is None:
        return None
    step = evidence.proposal
    awaits = AWAITS.get(step.need, Awaits.NOTHING) if step else Awaits.NOTHING
    offered = step.offered if step else ()
    return kept(evidence.place, replace(evidence.context, awaits=awaits, offered=offered))


def _enough(passages: Sequence[Passage], words: int) -> Sequence[Passage]:
    """The best passages, each whole, until together they have `words` words."""
    lengths = accumulate(len(one.text.split()) for one in passages)
    needed = sum(1 for length in lengths if length < words) + 1
    return passages[:needed]


def _record(evidence: Evidence) -> tuple[Source, ...]:
    """The order's facts as a passage, without those of the customer; its title has the number."""
    number, other = evidence.facts["order_id"], {"first_name", "points", "order_id"}
    said = sorted((name, value) for name, value in evidence.facts.items() if name not in other)
    quote = "; ".join(f"{name}: {value}" for name, value in said if value != "none")
    return (Source(f"order:{number}", f"Order {number}", quote),)


def _flows(evidence: Evidence) -> bool:
    """Whether a flow has something to say."""
    return evidence.proposal is not None and bool(evidence.proposal.text)


def _asks(text: str, evidence: Evidence) -> bool:
    """Whether an approved answer only asks for what is missing."""
    return "order_id" not in evidence.facts and "?" in text


def _spoken(intent: str) -> str:
    """order_status -> order status"""
    return intent.replace("_", " ")
