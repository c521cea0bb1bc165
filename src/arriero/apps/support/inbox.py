"""Hand-overs as they are kept: tasks in the ledger, messages in the records, one change at a time.

`handover.advance` decides, this performs. A change is told before it is kept: a crash in between
leaves a customer who knows, and the repeat replaces the message instead of telling it twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from arriero.apps.support import handover, summary
from arriero.apps.support.conversation import MaskedForGood, Messages, Privacy, exclusive
from arriero.apps.support.handover import (
    Accept,
    Event,
    Priority,
    Queue,
    Reply,
    Resolve,
    Return,
    Rules,
    Standing,
    State,
    Tick,
    advance,
    possible,
)
from arriero.core.clock import Clock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.words import JsonValue, Run, Task, Trace
from arriero.store.base import Ledger, TaskSaved
from arriero.store.jobs import Job
from arriero.store.records import Records
from arriero.store.tasks import OPEN, find

KIND = "hand_over"
RETURNED = "returned"  # the notes of conversations that were given back
TICK_EVERY_S = 15.0
EVERYBODY = ""  # the tenant of the list of tenants
LOOKED_AT, PAGE = 2_000, 200  # newest runs of the app in which those of the conversation are sought
NOTED_FOR = timedelta(days=1)  # the bot goes by a colleague's note for as long
REMEMBERED = 20  # messages of the conversation that the agent sees


@dataclass(frozen=True, slots=True)
class Shared:
    """An agent's answer for everybody who asks this question. `quotes` is the evidence shown to it."""

    intent: str
    question: str
    answer: str
    by: str
    quotes: tuple[str, ...] = ()


# Makes an answer everybody's; `Conflict` when it is one person's, or may not be shared.
Share = Callable[[str, Shared], Awaitable[None]]


@dataclass(frozen=True)
class HandOvers:
    """Opens hand-overs, moves them on, and keeps what customer and agent write. A `Desk`."""

    ledger: Ledger
    records: Records
    clock: Clock
    rules: Rules
    privacy: Privacy = field(default_factory=MaskedForGood)
    share: Share | None = None

    kinds = (KIND,)

    @property
    def conversations(self) -> HandOvers:
        return self

    @property
    def job(self) -> Job:
        """Queues what a crash left requested, and times out what nobody answered."""
        return Job("hand-overs", TICK_EVERY_S, self.tick)

    async def open(self, tenant: str, run: str, key: str, payload: Mapping[str, JsonValue]) -> Task:
        """The hand-over that a run's action asks for, queued; the same one however often it is asked.

        A person who has the conversation already gets the message instead. `payload` may say
        `reason`, and `conversation`; without one the run's id names the conversation.
        """
        id = f"{run}:{key}"
        record, trace, earlier = await self._told(tenant, run)
        conversation = str(payload.get("conversation") or _input(record).get("conversation") or run)
        message = str(_input(record).get("message", ""))
        async with self._only_one(tenant, conversation):
            if known := await self._opened(tenant, id):
                return known
            held = await self.held(tenant, conversation)
            # Before the task: `tick` queues a task that a crash left requested, and this is not done again then.
            if message:
                await self._messages.add(tenant, conversation, "customer", message, origin=id)
            if held is None:
                reason = str(payload.get("reason", ""))
                held = self._new(tenant, id, run, conversation, record, trace, earlier, reason)
                held = await self._with_history(held, key, record, earlier)
                await self.records.put(EVERYBODY, "tenant", tenant, {})
                await self.records.put(tenant, "conversation", conversation, {"task": id})
                await self.ledger.commit(TaskSaved(held))
            if State(held.state) is State.REQUESTED:
                held = await self._move(held, Queue())
            await self.records.put(tenant, "opened", id, {"task": held.id})
            return held

    async def held(self, tenant: str, conversation: str) -> Task | None:
        """The open hand-over of a conversation: while there is one, the bot stays silent."""
        pointer = await self.records.get(tenant, "conversation", conversation)
        if not isinstance(pointer, Mapping):
            return None
        found = await find(self.ledger, tenant, str(pointer["task"]), KIND)
        return found if found is not None and found.state in OPEN else None

    def acknowledged(self, held: Task) -> str:
        """What the customer reads who writes into the conversation of `held`."""
        return handover.acknowledged(standing_of(held), self.rules, self.clock.now())

    async def messages(
        self, tenant: str, conversation: str, *, after: str = ""
    ) -> Sequence[Mapping[str, JsonValue]]:
        return await self._messages.read(tenant, conversation, after=after)

    async def waits(self, tenant: str, conversation: str) -> bool:
        return await self.held(tenant, conversation) is not None

    async def post(self, tenant: str, conversation: str, text: str) -> Mapping[str, JsonValue]:
        if not text.strip():
            raise InputError("the message is empty; write one", param="message")
        async with self._only_one(tenant, conversation):
            held = await self.held(tenant, conversation)
            if held is None:
                raise Conflict(
                    f"no colleague has conversation {conversation!r} now; send the message to "
                    "POST /v1/support/inquiries"
                )
            id = await self._messages.add(tenant, conversation, "customer", text)
        return {
            "outcome": "pending",
            "response": self.acknowledged(held),
            "message_id": id,
            "task": held.id,
        }

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """The summary and what was said, with private values restored, and what `actor` can do."""
        conversation = conversation_of(task)
        kept = {name: task.payload.get(name) for name in ("summary", "history")}
        told = await self.privacy.restore(task.tenant, conversation, kept)
        said = await self.messages(task.tenant, conversation)
        lines = [*map(_table, _list(told["history"])), *said]
        return {
            "verbs": self._verbs(task, actor),
            "conversation": conversation,
            "summary": _table(told["summary"]),
            "messages": sorted(lines, key=lambda line: str(line.get("at", ""))),
        }

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        match act.verb:
            case "accept":
                return await self.accept(tenant, task, act.actor)
            case "reply":
                return await self.reply(tenant, task, act.actor, act.text)
            case "return":
                return await self.return_(tenant, task, act.actor, act.text)
            case "resolve":
                return await self.resolve(tenant, task, act.actor, act.text)
            case "approve":
                return await self.approve(tenant, task, act)

    async def accept(self, tenant: str, id: str, actor: str) -> Task:
        """The hand-over is `actor`'s; accepting it twice is accepting it once. One actor wins."""
        return await self._on(tenant, id, Accept(actor))

    async def reply(self, tenant: str, id: str, actor: str, text: str) -> Task:
        return await self._on(tenant, id, Reply(actor, text))

    async def return_(self, tenant: str, id: str, actor: str, reason: str) -> Task:
        """The bot answers again from the next message on; `reason` stays as the task's note."""
        return await self._on(tenant, id, Return(actor, reason))

    async def resolve(self, tenant: str, id: str, actor: str, text: str = "") -> Task:
        return await self._on(tenant, id, Resolve(actor, text))

    async def approve(self, tenant: str, id: str, act: Act) -> Task:
        """Give the agent's answer to everybody who asks the question; the task stays as it is.

        Raises:
            Conflict: the actor has not accepted the task, or the answer is one person's.
        """
        task = await self._find(tenant, id)
        if self.share is None or "approve" not in self._verbs(task, act.actor):
            raise Conflict("only who has accepted the hand-over can approve its answer; accept it")
        known = _table(task.payload.get("summary"))
        quotes = (str(_table(one).get("quote", "")) for one in _list(known.get("evidence")))
        shared = Shared(
            str(known.get("intent", "")), act.question.strip(), act.text.strip(), act.actor,
            tuple(one for one in quotes if one and one in act.text),
        )  # fmt: skip
        await self.share(tenant, shared)
        return task

    async def note(self, tenant: str, conversation: str) -> str:
        """Why the conversation was given back to the bot, masked; empty when that is a day ago."""
        kept = _table(await self.records.get(tenant, RETURNED, conversation))
        late = not kept or self.clock.now() >= datetime.fromisoformat(kept["until"])
        return "" if late else str(kept["note"])

    async def tick(self, now: datetime) -> None:
        """Queue what is only requested, time out what is overdue, in every tenant."""
        for tenant in await self.tenants():
            requested = await self.ledger.tasks(tenant, kind=KIND, state=State.REQUESTED)
            overdue = [
                task
                for state in (State.QUEUED, State.ACCEPTED)
                for task in await self.ledger.tasks(tenant, kind=KIND, state=state, due=now)
            ]
            for task in (*requested, *overdue):
                await self._on(tenant, task.id, Tick(), now)

    async def tenants(self) -> Sequence[str]:
        """Everybody who ever had a hand-over."""
        return tuple(await self.records.list(EVERYBODY, "tenant"))

    async def forget(self, tenant: str, conversation: str) -> int:
        """Remove every message of a conversation; gives how many there were."""
        async with self._only_one(tenant, conversation):
            await self.records.delete(tenant, RETURNED, conversation)
            await self.records.delete(tenant, "conversation", conversation)
            return await self._messages.forget(tenant, conversation)

    @property
    def _messages(self) -> Messages:
        return Messages(self.records, self.clock, self.privacy)

    def _verbs(self, task: Task, actor: str) -> tuple[str, ...]:
        verbs = possible(standing_of(task), actor)
        return (*verbs, "approve") if self.share and "reply" in verbs else verbs

    def _only_one(self, tenant: str, conversation: str) -> AbstractAsyncContextManager[None]:
        return exclusive(self.ledger, self.clock, tenant, conversation)

    async def _on(self, tenant: str, id: str, event: Event, now: datetime | None = None) -> Task:
        found = await self._find(tenant, id)
        async with self._only_one(tenant, conversation_of(found)):
            task = await self._find(tenant, id)
            if isinstance(event, Accept):
                if (task.state, task.actor) == (State.ACCEPTED, event.actor):
                    return task
                if State(task.state) is State.REQUESTED:
                    task = await self._move(task, Queue(), now)
            return await self._move(task, event, now)

    async def _find(self, tenant: str, id: str) -> Task:
        found = await find(self.ledger, tenant, id, KIND)
        if found is None:
            raise NotFound(f"there is no hand-over {id!r}; GET /v1/tasks lists them", param="id")
        return found

    async def _move(self, task: Task, event: Event, now: datetime | None = None) -> Task:
        """Tell, then keep. The caller holds the conversation and has just read `task`."""
        conversation, before = conversation_of(task), standing_of(task)
        step = advance(before, event, now or self.clock.now(), self.rules)
        after = step.standing
        for at, told in enumerate(step.told):
            origin = f"{task.id}:{after.step}:{at}" if after != before else ""
            await self._messages.add(
                task.tenant, conversation, told.sender, told.text, origin=origin
            )
        if after == before:
            return task
        moved = replace(
            task,
            state=after.state.value,
            due_at=after.due_at,
            actor=after.agent,
            payload={
                **task.payload, "priority": int(after.priority), "step": after.step,
                "note": await self.privacy.mask(task.tenant, conversation, after.note),
            },
        )  # fmt: skip
        if after.state is State.RETURNED:
            until = (self.clock.now() + NOTED_FOR).isoformat()
            why = {"note": moved.payload["note"], "by": before.agent, "until": until}
            await self.records.put(task.tenant, RETURNED, conversation, why)
        await self.ledger.commit(TaskSaved(moved))
        return moved

    async def _opened(self, tenant: str, id: str) -> Task | None:
        """The task that this action opened or was added to, if it was performed before."""
        known = await self.records.get(tenant, "opened", id)
        if isinstance(known, Mapping):
            return await find(self.ledger, tenant, str(known["task"]), KIND)
        found = await find(self.ledger, tenant, id, KIND)
        # Only requested: a crash came before the queue, which `open` and `tick` make up for.
        return None if found is None or found.state == State.REQUESTED else found

    async def _told(self, tenant: str, run: str) -> tuple[Run | None, Trace | None, Sequence[Run]]:
        """The run, its trace, and the earlier runs of its conversation, oldest first."""
        record = await self.ledger.run(tenant, run)
        if record is None:
            return None, None, ()
        trace = await self.ledger.trace(record)
        conversation = record.input.get("conversation")
        if not conversation:
            return record, trace, ()
        same: list[Run] = []
        before = record.id
        for _ in range(LOOKED_AT // PAGE):
            page = await self.ledger.runs(tenant, app=record.app, limit=PAGE, before=before)
            same += [one for one in page if one.input.get("conversation") == conversation]
            if len(page) < PAGE or len(same) >= REMEMBERED:
                break
            before = page[-1].id
        return record, trace, same[:REMEMBERED][::-1]

    def _new(
        self, tenant: str, id: str, run: str, conversation: str, record: Run | None,
        trace: Trace | None, earlier: Sequence[Run], reason: str,
    ) -> Task:  # fmt: skip
        known = summary.of_run(record, trace, earlier, reason=reason)
        past = [summary.past(one) for one in earlier]
        heard = str(_table(trace.seen if trace else None).get("priority", "normal"))
        priority = max(
            handover.first_priority(
                known.sentiment, known.trend, summary.unanswered(past), again=known.again
            ),
            Priority[heard.upper()],
        )
        return Task(
            id=id,
            tenant=tenant,
            kind=KIND,
            run=run,
            state=State.REQUESTED.value,
            created_at=self.clock.now(),
            payload={
                "conversation": conversation,
                "customer": _input(record).get("customer"),
                "reason": reason,
                "priority": int(priority),
                "step": 0,
                "language": str(_table(trace.seen if trace else None).get("language", "en")),
                "note": "",
                "summary": asdict(known),
            },
        )

    async def _with_history(
        self, task: Task, key: str, run: Run | None, earlier: Sequence[Run]
    ) -> Task:
        """With what customer and bot said before, but for what is among the messages already."""
        kept = [
            one
            for one in earlier
            if await self.records.get(task.tenant, "opened", f"{one.id}:{key}") is None
        ]
        lines = () if earlier and not kept else summary.dialogue(run, kept)
        return replace(task, payload={**task.payload, "history": list(lines)[-REMEMBERED:]})


def standing_of(task: Task) -> Standing:
    """Where a task of this kind stands, as the state machine sees it."""
    return Standing(
        state=State(task.state),
        due_at=task.due_at,
        agent=task.actor,
        priority=Priority(int(task.payload.get("priority", Priority.NORMAL))),
        note=str(task.payload.get("note", "")),
        step=int(task.payload.get("step", 0)),
        language=str(task.payload.get("language", handover.ENGLISH)),
    )


def conversation_of(task: Task) -> str:
    """The conversation that a task belongs to; its own run names it when nothing else does."""
    return str(task.payload.get("conversation") or task.run or task.id)


def _input(run: Run | None) -> Mapping[str, JsonValue]:
    return {} if run is None else run.input


def _table(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list | tuple) else ()
