"""Knowledge gaps as they are kept: found by a job, drafted as tasks, approved into the knowledge.

A draft article is a task of the one inbox. Approving it writes a Markdown file and takes the folder
in, the way `arriero support ingest` does, so the next question finds it. Every text is masked, and
one that still holds a placeholder is not published.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from arriero.apps.support.conversation import MaskedForGood, Messages, exclusive
from arriero.apps.support.gaps import (
    ALIKE,
    RELEASE_AT,
    Gap,
    draft,
    groups,
    is_unanswered,
    newest,
    question_of,
)
from arriero.apps.support.inbox import HandOvers, conversation_of
from arriero.apps.support.ingest import Ingestion, Report, Scan, State
from arriero.apps.support.knowledge import Store
from arriero.core.clock import Clock
from arriero.core.desk import Act, Conversations, Desk
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.words import JsonValue, Mode, Run, Task, content_hash
from arriero.models.base import Encoder
from arriero.security.masking import PLACEHOLDER
from arriero.store.base import Ledger, Sought, TaskSaved
from arriero.store.jobs import Job
from arriero.store.records import Records
from arriero.store.tasks import find

KIND = "draft_article"
ERASED = "erased"  # the state of a draft whose first question was erased with its customer
RECORD = "gaps", "latest"
EVERY_S = 900.0
DAYS = 30
MINIMUM = 3  # people who asked before somebody is bothered with a draft
MOST_RUNS = 5_000
PAGE = 200
LIVE = Sought(mode=Mode.LIVE)
MOST_SHOWN = 50  # groups on record
HOME = "default"  # the tenant of an installation without keys


@dataclass(frozen=True)
class Shelf:
    """Where approved articles go: Markdown files in `folder`, taken into `store`.

    `first` is the folder that answers come from while nothing is taken in: it is taken in
    before the first approved article, which would otherwise stand alone. `scan` is that of an
    ingestion; `vectors` the index's folder; `zone` says which day an article begins to hold.
    """

    folder: Path
    first: Path
    store: Store
    vectors: Path
    encoder: Callable[[], Awaitable[Encoder]]
    scan: Scan | None = None
    zone: tzinfo = UTC

    async def publish(
        self, id: str, text: str, intents: Sequence[str], owner: str, now: datetime
    ) -> str:
        """Put the article `id` in force in place of its last version; the knowledge's version.

        Raises:
            InputError: the text is refused or suspicious; nothing has changed then.
            Busy: another ingestion is at work.
        """
        day = now.astimezone(self.zone).date()
        work = Ingestion(self.store, await self.encoder(), self.vectors, day, self.scan)
        if not (await asyncio.to_thread(self.store.salvage)).articles:
            await work.take_in(self.first)
        file = self.folder / f"{id}.md"
        before = await asyncio.to_thread(_written, file, _file(id, text, intents, owner, day))
        try:
            report = await work.take_in(self.folder)
            _check(report, file.name)
        except BaseException:  # what was cancelled is not published either
            await asyncio.to_thread(_put_back, file, before)
            raise
        return report.version


@dataclass(frozen=True)
class Gaps:
    """Finds the gaps of every tenant, and is the desk of their draft articles.

    `handovers` tells what agents answered. A draft is made once `minimum` people have asked.
    """

    ledger: Ledger
    records: Records
    clock: Clock
    encoder: Callable[[], Awaitable[Encoder]]
    handovers: HandOvers
    shelf: Shelf
    release_at: float = RELEASE_AT
    alike: float = ALIKE
    minimum: int = MINIMUM
    app: str = "support"

    kinds = (KIND,)
    conversations = None

    @property
    def job(self) -> Job:
        return Job("knowledge-gaps", EVERY_S, self.look)

    async def look(self, now: datetime) -> None:
        """Find the gaps of every tenant anew, unless nothing was asked since."""
        for tenant in await tenants(self.ledger):
            await self.find(tenant, now)

    async def find(self, tenant: str, now: datetime) -> Sequence[Gap]:
        """Group what was not answered in the last 30 days, put it on record, draft what is new.

        Questions that an approved draft answers, or that belong to a rejected one, do not come back.
        """
        drafts = await self._drafts(tenant)
        closed = {run for task in drafts if task.state in _CLOSED for run in _runs(task)}
        runs = recent(self.ledger, tenant, self.app, now - timedelta(days=DAYS))
        asked = newest(
            [
                question_of(run)
                async for run in runs
                if run.id not in closed and is_unanswered(run, release_at=self.release_at)
            ]
        )
        mark = content_hash([[one.run, one.text] for one in asked])
        known = await self.records.get(tenant, *RECORD)
        if isinstance(known, Mapping) and known.get("mark") == mark:
            return ()
        found: tuple[Gap, ...] = ()
        if asked:
            vectors = await (await self.encoder()).encode([one.text for one in asked])
            found = await asyncio.to_thread(groups, asked, vectors, alike=self.alike)
        waiting = {run for task in drafts if task.state not in _CLOSED for run in _runs(task)}
        for gap in found:
            new = waiting.isdisjoint(one.run for one in gap.questions)
            if new and gap.people >= self.minimum:
                await self.ledger.commit(TaskSaved(await self._task(tenant, gap, now)))
        told = [_told(gap) for gap in found[:MOST_SHOWN]]
        value = {"mark": mark, "at": now.isoformat(), "gaps": told, "groups": len(found)}
        await self.records.put(tenant, *RECORD, value)
        return found

    async def _drafts(self, tenant: str) -> Sequence[Task]:
        """Every draft; one that was erased with a customer ends, since nobody can decide on it."""
        drafts = await self.ledger.tasks(tenant, kind=KIND)
        gone = [one for one in drafts if one.state not in _CLOSED and not one.payload]
        if gone:
            await self.ledger.commit(*(TaskSaved(replace(one, state=ERASED)) for one in gone))
        return [one for one in drafts if one not in gone]

    async def known(self, tenant: str) -> Mapping[str, JsonValue]:
        """The gaps on record, each with its draft's task, and the drafts that wait for a decision."""
        value = await self.records.get(tenant, *RECORD)
        record = value if isinstance(value, Mapping) else {}
        drafts = await self.ledger.tasks(tenant, kind=KIND)
        of_run = {run: task for task in drafts for run in _runs(task)}
        shown = []
        for gap in record.get("gaps", ()):
            tasks = {task.id: task for run in gap["runs"] if (task := of_run.get(run))}
            task = next(iter(tasks.values()), None)
            if task is not None and task.state in _CLOSED:
                continue
            drafted = {} if task is None else {"task": task.id, "state": task.state}
            told = {name: value for name, value in gap.items() if name != "runs"}
            shown.append({**told, **drafted})
        return {
            "at": record.get("at"),
            "gaps": shown,
            "waiting": [_waiting(task) for task in drafts if task.state not in _CLOSED],
            "approved": sum(task.state == "resolved" for task in drafts),
            "rejected": sum(task.state == "returned" for task in drafts),
        }

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """The draft as the inbox shows a task; whose customer was forgotten meanwhile, is gone."""
        payload = task.payload
        return {
            "verbs": _possible(task, actor),
            "messages": (),
            "summary": {
                "problem": payload.get("title", "an article that was erased"),
                "reason": payload.get("reason", ""),
                "intent": ", ".join(payload.get("intents", ())),
                "tried": [f"a colleague answered: {text}" for text in payload.get("replies", ())],
                "open_questions": payload.get("questions", ()),
                "proposed": payload.get("text", ""),
            },
        }

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Accept, approve (resolve; the text is the article) or reject (return) a draft."""
        async with exclusive(self.ledger, self.clock, tenant, f"draft:{task}"):
            found = await find(self.ledger, tenant, task, KIND)
            if found is None:
                raise NotFound(
                    f"there is no draft article {task!r}; GET /v1/tasks lists them", param="id"
                )
            if act.verb not in (able := _possible(found, act.actor)):
                raise Conflict(_impossible(found, act.verb, able))
            return await self._decide(found, act)

    async def _decide(self, task: Task, act: Act) -> Task:
        now, payload = self.clock.now(), dict(task.payload)
        match act.verb:
            case "accept":
                state = "accepted"
            case "return":
                if not act.text.strip():
                    raise InputError("say why the draft is rejected", param="reason")
                state = "returned"
                payload |= {
                    "note": await MaskedForGood().mask(task.tenant, task.id, act.text.strip())
                }
            case _:
                text = _article(act.text or str(payload.get("text", "")))
                intents = [str(one) for one in payload.get("intents", ())]
                # One name whatever the tenant: the knowledge belongs to the installation.
                version = await self.shelf.publish(task.id, text, intents, act.actor, now)
                state = "resolved"
                payload |= {"text": text, "knowledge": version}
        moved = replace(task, state=state, actor=act.actor, payload=payload)
        await self.ledger.commit(TaskSaved(moved))
        return moved

    async def _task(self, tenant: str, gap: Gap, now: datetime) -> Task:
        drafted = draft(gap, await self._replies(tenant, gap))
        n, people = len(gap.questions), gap.people
        return Task(
            id=gap.id,
            tenant=tenant,
            kind=KIND,
            run=gap.questions[0].run,
            state="requested",
            created_at=now,
            payload={
                **asdict(drafted),
                "reason": f"Draft article: {drafted.title} ({n} questions of {people} people)",
                "runs": [one.run for one in gap.questions],
                "n": n,
                "people": people,
            },
        )

    async def _replies(self, tenant: str, gap: Gap) -> Mapping[str, Sequence[str]]:
        """What agents wrote to these questions, masked as it is kept."""
        messages = Messages(self.records, self.clock, MaskedForGood())
        found: dict[str, Sequence[str]] = {}
        for run in {one.run for one in gap.questions}:
            for task in await self.ledger.tasks(tenant, run=run):
                if task.kind in self.handovers.kinds:
                    said = await messages.read(tenant, conversation_of(task))
                    found[run] = [str(one["text"]) for one in said if one["sender"] == "agent"]
        return found


@dataclass(frozen=True)
class Desks:
    """Several desks of an app as the one that its plugin names."""

    ledger: Ledger
    desks: tuple[Desk, ...] = field(default=())

    @property
    def kinds(self) -> Sequence[str]:
        return tuple(kind for desk in self.desks for kind in desk.kinds)

    @property
    def conversations(self) -> Conversations | None:
        return next((one.conversations for one in self.desks if one.conversations), None)

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        return await self._of(task).about(task, actor)

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        found = await find(self.ledger, tenant, task)
        if found is None:
            raise NotFound(f"there is no task {task!r}; GET /v1/tasks lists them", param="id")
        return await self._of(found).act(tenant, task, act)

    def _of(self, task: Task) -> Desk:
        for desk in self.desks:
            if task.kind in desk.kinds:
                return desk
        raise Conflict(f"nobody here has a desk for tasks of kind {task.kind!r}")


async def tenants(ledger: Ledger) -> Sequence[str]:
    """Every tenant that may have runs: those of the keys, and the one that needs no key."""
    return sorted({HOME, *(key.tenant for key in await ledger.keys())})


async def recent(
    ledger: Ledger, tenant: str, app: str, since: datetime, *, most: int = MOST_RUNS
) -> AsyncIterator[Run]:
    """The live runs of an app since a moment, newest first, at most `most`: exams and shadows asked nobody's question.

    A page at a time is held here, and a run takes 6 KB: keep of it what you need.
    """
    before: str | None = None
    for first in range(0, most, PAGE):
        page = await ledger.runs(tenant, app=app, limit=PAGE, before=before, sought=LIVE)
        for run in page[: most - first]:
            if run.started_at >= since:
                yield run
        if len(page) < PAGE or page[-1].started_at < since:
            break
        before = page[-1].id


_CLOSED = frozenset({"resolved", "returned", ERASED})


def _possible(task: Task, actor: str) -> tuple[str, ...]:
    if task.state in _CLOSED or not task.payload:
        return ()
    if task.state == "accepted":
        return ("resolve", "return") if task.actor == actor else ()
    return ("accept", "resolve", "return")


def _impossible(task: Task, verb: str, able: Sequence[str]) -> str:
    if verb == "reply":
        return "a draft article has no customer to reply to; resolve approves it, return rejects it"
    if task.state in _CLOSED:
        return f"this draft article is {task.state} already; it does not change any more"
    if task.state == "accepted" and not able:
        return f"{task.actor!r} has accepted this draft article and decides on it"
    return f"this draft article is {task.state}; possible is: {', '.join(able) or 'nothing'}"


def _check(report: Report, file: str) -> None:
    row = next(one for one in report.rows if one.path == file)
    if row.state in {State.REFUSED, State.QUARANTINED}:
        raise InputError(f"the article was not taken in: {row.reason}", param="text")


def _article(text: str) -> str:
    """The text of an article that can be published; `InputError` says what is missing."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if not lines or not lines[0].startswith("# ") or not any(lines[1:]):
        raise InputError(
            "an article needs a heading ('# Title') in its first line and an answer below it; "
            "nobody has answered this yet, so write the answer",
            param="text",
        )
    if private := PLACEHOLDER.search(text):
        raise InputError(
            f"the article still holds {private.group()}, which stands for a customer's private value; "
            "write what holds for everybody",
            param="text",
        )
    return "\n".join(lines) + "\n"


def _file(id: str, text: str, intents: Sequence[str], owner: str, day: date) -> str:
    # One word an intent and one line a name: nothing that a person typed can end the header.
    named = ", ".join(one for one in intents if one.replace("_", "").replace("-", "").isalnum())
    who = " ".join(one for one in owner.split() if one.strip("#-:")) or "support"
    header = f"id: {id}\nvalid_from: {day}\nowner: {who}\nreviewed: {day}\nintents: {named}"
    return f"---\n{header}\n---\n{text}"


def _written(file: Path, text: str) -> str | None:
    """Write `text` whole or not at all; what was there before."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = file.read_text(encoding="utf-8") if file.exists() else None
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
    return before


def _put_back(file: Path, before: str | None) -> None:
    if before is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(before, encoding="utf-8")


def _runs(task: Task) -> Sequence[str]:
    return [str(one) for one in task.payload.get("runs", ())]


def _told(gap: Gap) -> Mapping[str, JsonValue]:
    return {
        "id": gap.id,
        "name": gap.name,
        "n": len(gap.questions),
        "people": gap.people,
        "intents": list(gap.intents),
        "examples": list(gap.examples),
        "reason": gap.questions[0].reason,
        "runs": [one.run for one in gap.questions],
    }


def _waiting(task: Task) -> Mapping[str, JsonValue]:
    kept = ("title", "text", "intents", "questions", "replies", "n", "people")
    return {
        "task": task.id,
        "state": task.state,
        "actor": task.actor,
        "created_at": task.created_at.isoformat(),
        **{name: task.payload[name] for name in kept if name in task.payload},
    }
