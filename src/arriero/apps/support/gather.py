"""The second stage: what is known of the customer, and what answers the question.

Whatever changes with time is looked up here and not when the message is understood, because a replay
is given the recorded evidence.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

from arriero.apps.support import fit
from arriero.apps.support.approved import Found
from arriero.apps.support.approved_now import ApprovedNow
from arriero.apps.support.confirm import Pending, place_of
from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.facts import listed, meant, order_facts, underway
from arriero.apps.support.general import asks_for_orders
from arriero.apps.support.inbox import HandOvers
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.matter import Matter, sure
from arriero.apps.support.memory import Awaits, Context, Memory, remember, resolve
from arriero.apps.support.modes import Modes
from arriero.apps.support.orders import About, Customer, Order, Untrusted
from arriero.apps.support.policy import Policy, Tool
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.tools import LISTED, Proposal, Request, Tools, propose
from arriero.apps.support.values import HUMAN, Evidence, Lost, Seen
from arriero.core.errors import StoreError
from arriero.core.words import Source
from arriero.flow import Turn
from arriero.retrieval.base import Hit, Index, Passage, conflicts, undecided

CANDIDATES = 200  # hits that the intent may reorder before the best few are taken
# The intent against one search ranking: it decides between passages that fit about as well. At 2 it went
# before everything that the search found, and a wrong intent hid the right passage (`bars/LOG.md`).
INTENT_WEIGHT = 0.1
RRF = 60  # the constant of reciprocal rank fusion (Cormack et al. 2009), as in retrieval
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a conversation left: what waits for a yes, what it was about, and what of both cannot be read."""

    pending: Pending | None = None
    latest: Context | None = None
    lost: Lost = Lost.NOTHING


@dataclass(frozen=True)
class Personal:
    """What is known of the one who asks: the customer, the order, the conversation, the flow's next step."""

    settings: SupportSettings
    directory: CustomerDirectory
    handovers: HandOvers
    tools: Tools
    memory: Memory
    modes: Modes

    async def known(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        """Nothing while a person has the conversation; without what was said before while the ledger is
        down, without the customer while the directory is.
        """
        conversation, tenant = turn.input.conversation, turn.case.tenant
        if conversation:  # without a ledger it is the bot or nobody
            held = await _if_up(
                self.handovers.held(tenant, conversation), "nobody can say who has the conversation"
            )
            if held:
                return Evidence("none", held=self.handovers.acknowledged(held))
        earlier = await self._earlier(turn)
        try:
            known = await self._now(turn, seen, earlier)
        except StoreError as error:
            log.warning("answering without the customer's data: %s", error.message)
            known = await self._without(turn, seen, earlier, error.message)
        if conversation:
            note = await _if_up(
                self.handovers.note(tenant, conversation), "a colleague's note cannot be read"
            )
            known = replace(known, note=note or "")
        return known

    async def _earlier(self, turn: Turn[Inquiry]) -> Earlier:
        """What waits for a yes, and what the conversation was about where its caller sends no history."""
        asked, tenant = turn.input, turn.case.tenant
        place = _place(asked)
        kept = bool(asked.conversation and not asked.history)
        try:
            pending = await self.tools.confirmations.get(tenant, place)
            latest = (await self.memory.load(tenant, place) or Context()) if kept else None
        except StoreError as error:
            log.warning("answering without what was said before: %s", error.message)
            return Earlier(lost=Lost.CONTEXT if kept else Lost.PENDING)
        return Earlier(pending, latest)

    async def _without(
        self, turn: Turn[Inquiry], seen: Seen, earlier: Earlier, why: str
    ) -> Evidence:
        """What holds without the directory too: the mode, and what waits for a yes (to be dropped)."""
        mode = await self._mode(turn, seen.intent)
        place = _place(turn.input)
        return Evidence(
            "none", missing=why, mode=mode, pending=earlier.pending, place=place, lost=earlier.lost
        )

    async def _mode(self, turn: Turn[Inquiry], *names: str) -> str:
        mode = await _if_up(self.modes.mode_of(turn.case.tenant, *names), "modes cannot be read")
        return self.settings.mode if mode is None else mode.value

    async def _now(self, turn: Turn[Inquiry], seen: Seen, earlier: Earlier) -> Evidence:
        asked, pending, latest = turn.input, earlier.pending, earlier.latest
        place = _place(asked)
        context, number, hint = self._remembered(turn, seen, latest)
        wanted = number or (pending.order if pending else None)
        # Which of the others was meant is only asked when no order is named, and not guessed where an
        # earlier message may have named it.
        named = number and pending is None
        unread = (named or earlier.lost is Lost.CONTEXT) and not asks_for_orders(asked.request)
        recent = 0 if unread else self.settings.recent_orders
        who = turn.who if isinstance(turn.who, Customer) else None
        about = (
            await self.directory.about(asked.customer, wanted, recent, who)
            if asked.customer
            else None
        )
        if about and latest and latest.awaits is Awaits.ORDER and number is None:
            context, number, hint = self._remembered(turn, seen, latest, about.orders)
            if number:  # they were asked which order, and named a product that is in one of them
                about = replace(about, order=_numbered(about.orders, number))
        seen = seen.continued(hint)
        request = Request(
            intent=seen.intent,
            message=asked.own,
            customer=about.customer if about else None,
            order=about.order if about else None,
            named=number,
            orders=about.orders if about and not seen.general else (),
            pending=pending,
            place=place,
            run=turn.run,
            now=turn.now,
            sure=sure(turn, seen),
            zone=self.tools.zone,
        )
        personal = seen.suspicious or seen.person
        proposal = None if personal else _next_step(self.tools.policy, request)
        names = (seen.intent, *((proposal.tool.value,) if proposal and proposal.tool else ()))
        order, facts = _order_of(about, number, seen)
        if context and proposal and proposal.reason == LISTED:  # who chooses one asks how it stands
            told_for = self.tools.policy.tools[Tool.ORDER_STATUS].intents
            context = replace(context, intent=next(iter(told_for), context.intent))
        return Evidence(
            order,
            facts,
            proposal=proposal,
            pending=pending,
            place=place,
            intent=hint,
            mode=await self._mode(turn, *names),
            lost=earlier.lost,
            context=context,
            tickets=about.tickets if about else (),
            order_note=about.order.note if about and about.order else Untrusted(),
        )

    def _remembered(
        self,
        turn: Turn[Inquiry],
        seen: Seen,
        latest: Context | None,
        orders: Sequence[Order] = (),
    ) -> tuple[Context | None, str | None, str | None]:
        """The conversation's context with this message, and the order and intent that it goes on with."""
        asked = turn.input
        if latest is None:
            return None, seen.order, None
        resolved = resolve(
            asked.own,
            latest,
            intent=seen.intent,
            confidence=seen.confidence,
            orders=orders,
            number=self.settings.order_number,
        )
        # "The tent" may look like a question for advice, but it is what was asked for; and of "the second
        # one" a classifier can make nothing.
        asked_for = latest.awaits is Awaits.ORDER or resolved.chooses
        hint = resolved.intent if asked_for or not sure(turn, seen) else None
        context = remember(
            latest,
            resolved,
            intent=hint or (None if seen.intent == HUMAN else seen.intent),
            order=resolved.order,
            customer=asked.customer,
        )
        return context, resolved.order, hint


async def found(matter: Matter, index: Index, approved: ApprovedNow | None) -> Evidence:
    """What is known, and what answers the question: an approved answer, the order's own record, or
    the passages valid today.
    """
    turn, seen, known = matter.turn, matter.seen, matter.evidence
    if approved and (shared := await _shared(matter, index, approved)):
        return replace(known, approved=shared)
    if matter.from_order:
        return replace(known, passages=_record(known))
    query = f"{turn.input.request}\n{known.note}".strip()
    hits = await index.search(query, k=CANDIDATES, day=matter.today)
    ranked = [hit.passage for hit in by_intent(hits, seen)]
    few, words = matter.settings.passages, matter.settings.reading_words
    chosen = _enough(ranked, words) if matter.open else ranked[:few]
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


async def _shared(matter: Matter, index: Index, approved: ApprovedNow) -> Found | None:
    """An answer that was approved for everybody who asks this."""
    turn, seen, known = matter.turn, matter.seen, matter.evidence
    if seen.order or seen.suspicious or known.pending or known.proposal or not matter.sure:
        return None
    looked_up = approved.lookup(
        turn.case.tenant, turn.input.request, seen.intent, seen.language,
        index=index.version, day=matter.today,
    )  # fmt: skip
    return await _if_up(looked_up, "approved answers cannot be looked up")


async def _if_up(read: Awaitable[T], otherwise: str) -> T | None:
    """What `read` gives; None, and a line in the log, when its store is down."""
    try:
        return await read
    except StoreError as error:
        log.warning("%s: %s", otherwise, error.message)
        return None


def by_intent(hits: Sequence[Hit], seen: Seen) -> Sequence[Hit]:
    """The hits, those labelled with the intent moved up: the intent is one more ranker in the fusion.

    It puts every passage that carries its label on the first place, weighted by its probability.
    """

    def fused(hit: Hit) -> float:
        labelled = seen.intent in hit.passage.labels
        return hit.score + labelled * INTENT_WEIGHT * seen.confidence / (RRF + 1)

    return sorted(hits, key=fused, reverse=True)


def _place(asked: Inquiry) -> str | None:
    return place_of(asked.conversation, asked.customer)


def _numbered(orders: Sequence[Order], number: str) -> Order | None:
    return next((one for one in orders if one.id == number), None)


def _next_step(policy: Policy, request: Request) -> Proposal | None:
    step = propose(policy, request)
    if step is None or step.tool is not Tool.ORDER_STATUS or step.reason == LISTED:
        return step
    return replace(step, text="", facts=())  # an approved template says it better


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
