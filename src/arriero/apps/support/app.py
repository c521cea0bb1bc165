"""Customer support in stages: what was asked, what is known, what to say, whether it may be said.

Each stage has a module of its own: `understand`, `gather`, `draft` and `decide`; `matter` holds what they
decide by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from arriero.apps.support import decide, gather, quality, templates
from arriero.apps.support import draft as drafts
from arriero.apps.support.approved_now import ApprovedNow
from arriero.apps.support.confirm import place_of
from arriero.apps.support.directory import CustomerDirectory
from arriero.apps.support.examples import Examples
from arriero.apps.support.gaps_inbox import Gaps, tenants
from arriero.apps.support.handover import ENGLISH, Texts
from arriero.apps.support.inbox import HandOvers
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.matter import Matter
from arriero.apps.support.memory import REMEMBER, Memory
from arriero.apps.support.modes import Modes
from arriero.apps.support.orders import Customer
from arriero.apps.support.people import known_of
from arriero.apps.support.person import Listener
from arriero.apps.support.policy import Tool
from arriero.apps.support.resolution_report import SupportReport
from arriero.apps.support.reviews import Reviews
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.tools import KINDS, Tools
from arriero.apps.support.understand import understood
from arriero.apps.support.values import MISSED, NOT_REMEMBERED, Evidence, Reply, Seen
from arriero.checks.base import Exhibit, Group
from arriero.core.errors import NotFound
from arriero.core.words import Action, Draft, JsonValue, Outcome, Variant, Verdict
from arriero.flow import Case, Judged, Shapes, Turn
from arriero.retrieval.base import Index
from arriero.security.injection_reader import Reader
from arriero.security.masking import PLACEHOLDER, Known
from arriero.store.jobs import Job

SWEEP_EVERY_S = 3_600.0  # what is over is not used any more; this only frees its place


@dataclass(frozen=True)
class SupportApp:
    """The support app over its parts; `assembly` and `apps.support.plugin` build it.

    `to_try` is a question that it can answer, for people who try it; empty when it knows nothing.
    """

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
    to_try: str = ""

    name = "support"
    shapes = Shapes(Inquiry, Seen, Evidence, Reply)
    golden: Path | None = Path(__file__).parent / "sample" / "golden.jsonl"
    unrecorded = True

    @property
    def spared(self) -> Mapping[str, str]:
        return {REMEMBER: NOT_REMEMBERED}

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

    async def who(self, case: Case[Inquiry]) -> Customer | None:
        """The customer, read once for an inquiry."""
        id = case.input.customer
        return await self.directory.customer(id) if id else None

    def known(self, who: Customer) -> Sequence[Known]:
        """The customer's own data, to be masked wherever it occurs."""
        return known_of(who)

    async def understand(self, turn: Turn[Inquiry]) -> Seen:
        """Intent and mood side by side; the rest by rule, from the message and its history alone."""
        if self.examples is not None:
            await self.examples.follow(turn.case.tenant)
        number = self.settings.order_number
        return await understood(turn, self.listener, self.reader, number=number)

    async def gather(self, turn: Turn[Inquiry], seen: Seen) -> Evidence:
        """What is known of the customer; unless that settles it, what answers the question."""
        personal = gather.Personal(
            self.settings, self.directory, self.handovers, self.tools, self.memory, self.modes
        )
        known = await personal.known(turn, seen)
        matter = self._matter(turn, seen, known)
        if drafts.settled(matter) and not matter.articles_first:
            return known
        return await gather.found(matter, self.index, self.approved)

    def without(self, evidence: Evidence) -> Sequence[str]:
        """What was said before, when it could not be read."""
        return [MISSED[evidence.lost]] if evidence.lost else []

    async def draft(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Reply]]:
        """The cheapest kind of answer that fits."""
        return await drafts.cheapest(self._matter(turn, seen, evidence))

    async def improve(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, best: Judged[Reply]
    ) -> Sequence[Draft[Reply]]:
        """Another kind of answer, where that may be better than the `best` so far."""
        return await drafts.another(self._matter(turn, seen, evidence), best)

    def exhibit(
        self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence, draft: Draft[Reply]
    ) -> Exhibit:
        return drafts.exhibit(self._matter(turn, seen, evidence), draft)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """Calibrated P(acceptable)."""
        return quality.score(verdicts)

    def decide(self, turn: Turn[Inquiry], seen: Seen, best: Judged[Reply] | None) -> Outcome[Reply]:
        """Release at the variant's threshold; below it the message goes to a person."""
        return decide.decided(turn, seen, best, self._texts(seen))

    def fallback(self, turn: Turn[Inquiry], seen: Seen | None, reason: str) -> Outcome[Reply]:
        """An honest sentence and a task for a person: nobody is left without an answer."""
        return decide.fallback(turn, seen, reason, self._texts(seen))

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        """A change at the directory, a question that waits for its yes, or a task in the inbox.

        A change that is refused is handed over: the customer was told that a colleague would write.
        """
        action = await self._where_it_belongs(tenant, run, action)
        if action.kind in KINDS:
            if action.kind in {tool.value for tool in Tool}:  # the world needs the real address
                action = replace(action, payload=await self.reveal(tenant, run, action.payload))
            told = await self.tools.perform(tenant, run, action)
            if why := told.get("refused"):
                reason = f"{action.kind.replace('_', ' ')} was confirmed, but not done: {why}"
                key = f"{action.key}:refused"
                task = await self.handovers.open(tenant, run, key, {"reason": reason})
                told = {**told, "task": task.id}
            return told
        if action.kind == REMEMBER:
            return await self.memory.perform(tenant, action)
        if action.kind != "hand_over":
            known = ", ".join(sorted((*KINDS, REMEMBER, "hand_over")))
            raise NotFound(f"support has no action {action.kind!r}; it knows {known}")
        if place := action.payload.get("place"):  # a later yes would answer the colleague
            await self.tools.confirmations.drop(tenant, str(place))
        task = await self.handovers.open(tenant, run, action.key, action.payload)
        return {"task": task.id}

    async def _where_it_belongs(self, tenant: str, run: str, action: Action) -> Action:
        """`action` with its conversation and customer as the caller names them.

        Where these are private values of the customer, such as a mail address, an action has them masked.
        """
        payload = action.payload
        parts = {part: payload[part] for part in ("pending", "context") if part in payload}
        names = [payload.get("place"), *(one["customer"] for one in parts.values())]
        if not any(PLACEHOLDER.search(one) for one in names if one):
            return action
        record = await self.handovers.ledger.run(tenant, run)
        asked = record.input if record else {}
        customer, place = (
            asked.get("customer"),
            place_of(asked.get("conversation"), asked.get("customer")),
        )
        told = {
            part: {**one, "customer": customer or one["customer"]} for part, one in parts.items()
        }
        return replace(action, payload={**payload, **told, "place": place or payload.get("place")})

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {"intent": seen.intent, "sentiment": seen.sentiment, "language": seen.language}

    async def ping(self) -> None:
        await self.directory.ping()
        await self.index.ping()

    async def close(self) -> None:
        await self.directory.close()
        await self.index.close()

    async def _sweep(self, now: datetime) -> None:  # the parts have the same clock
        for tenant in await tenants(self.handovers.ledger):
            await self.tools.confirmations.sweep(tenant)
            await self.memory.sweep(tenant)

    def _matter(self, turn: Turn[Inquiry], seen: Seen, evidence: Evidence) -> Matter:
        seen = seen.continued(evidence.intent)
        return Matter(self.settings, self.answers, self.handovers.rules, turn, seen, evidence)

    def _texts(self, seen: Seen | None) -> Texts:
        """What is said around a hand-over, in the customer's language where there is a translation."""
        return self.handovers.rules.texts_in(seen.language if seen else ENGLISH)
