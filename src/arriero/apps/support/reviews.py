"""A random share of answers, judged by two people who do not see each other's judgement.

Which answers are drawn is decided by a hash of their run, so nobody can choose them and a restart draws
the same. Two judgements close a review. How far people agree is Fleiss' kappa: 1 is full agreement,
0 what chance alone would give; without it a share of good answers says little.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from arriero.apps.support.conversation import MaskedForGood, exclusive
from arriero.apps.support.gaps_inbox import recent, tenants
from arriero.core.clock import Clock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.statistics import percentile, wilson
from arriero.core.words import Ended, JsonValue, Run, Task
from arriero.store.base import Ledger, TaskSaved
from arriero.store.jobs import Job
from arriero.store.records import Records
from arriero.store.tasks import find, open_tasks

KIND = "review"
EVERY_S = 60.0
LOOKS_BACK = timedelta(hours=1)  # answers older than that are not drawn any more
MOST_WAITING = 50  # of a tenant: what nobody judges must not bury the hand-overs
JUDGES = 2
RESAMPLES = 1_000

Judgement = Literal["acceptable", "not_acceptable"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `n` answers that two people judged: how often they said the same, and Fleiss' kappa.

    `acceptable` counts judgements. The bounds are 95 % bootstrap intervals over the answers. `kappa` is
    None while every judgement is the same: chance agreement is then certain and kappa undefined.
    """

    n: int
    observed: float = 0.0
    acceptable: float = 0.0
    acceptable_low: float = 0.0
    acceptable_high: float = 0.0
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None


def drawn(run: str, share: float) -> bool:
    """Whether the answer of this run is reviewed: a share of all runs, the same ones at every call."""
    digest = hashlib.sha256(f"review\0{run}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def agreement(judged: Sequence[Sequence[bool]], *, seed: int = 7) -> Agreement:
    """How far two judges agreed over the answers; each item is (first, second), True for acceptable.

    Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971),
    for two raters and two categories; the judges need not be the same two people each time.
    """
    said = Counter(sum(pair) for pair in judged)  # how many of the two found it acceptable
    return _agreement(said[0], said[1], said[2], seed) if judged else Agreement(0)


@lru_cache(maxsize=64)  # asked at every look at the page; changes with a judgement only
def _agreement(bad: int, split: int, good: int, seed: int) -> Agreement:
    n = bad + split + good
    share = wilson(split + JUDGES * good, JUDGES * n)
    random, found = Random(seed), _kappa(bad, split, good)
    kappas = []
    for _ in range(RESAMPLES if found is not None else 0):
        again = Counter(random.choices(range(JUDGES + 1), (bad, split, good), k=n))
        if (one := _kappa(again[0], again[1], again[2])) is not None:
            kappas.append(one)
    return Agreement(
        n=n,
        observed=(bad + good) / n,
        acceptable=share.value,
        acceptable_low=share.low,
        acceptable_high=share.high,
        kappa=found,
        kappa_low=percentile(kappas, 2.5) if kappas else None,
        kappa_high=percentile(kappas, 97.5) if kappas else None,
    )


def kappa(judged: Sequence[Sequence[bool]]) -> float | None:
    """Fleiss' kappa of pairs of judgements; None when all of them are the same."""
    said = Counter(sum(pair) for pair in judged)
    return _kappa(said[0], said[1], said[2])


def _kappa(bad: int, split: int, good: int) -> float | None:
    n = bad + split + good
    share = (split + JUDGES * good) / (JUDGES * n)
    chance = share**2 + (1 - share) ** 2
    if chance == 1:
        return None
    return ((bad + good) / n - chance) / (1 - chance)


@dataclass(frozen=True)
class Reviews:
    """Draws answers for review, and is the desk of the tasks. `reveal` tells private values again."""

    ledger: Ledger
    records: Records
    clock: Clock
    share: float
    reveal: Callable[[str, str, JsonValue], Awaitable[JsonValue]]
    app: str = "support"

    kinds = (KIND,)
    conversations = None

    @property
    def job(self) -> Job:
        return Job("reviews", EVERY_S, self.draw)

    async def draw(self, now: datetime) -> None:
        """Make tasks of the answers of the last hour that are drawn and have none yet; end those
        whose answer was erased meanwhile.
        """
        if not self.share:
            return
        for tenant in await tenants(self.ledger):
            runs = recent(self.ledger, tenant, self.app, now - LOOKS_BACK)
            picked = [run async for run in runs if drawn(run.id, self.share) and _answered(run)]
            waiting = await open_tasks(self.ledger, tenant, KIND)
            # Nobody can judge what was erased with its customer.
            over = [replace(task, state="resolved") for task in waiting if not task.payload]
            free = MOST_WAITING - len(waiting) + len(over)
            new: list[Task] = []
            for run in picked:
                # Not among all that were ever judged, which a year makes too many to read.
                if len(new) < free and await find(self.ledger, tenant, f"{KIND}:{run.id}") is None:
                    new.append(_task(run, now))
            if saved := [*over, *new]:
                await self.ledger.commit(*map(TaskSaved, saved))

    async def about(self, task: Task, actor: str) -> Mapping[str, JsonValue]:
        """The question and the answer; another's judgement only when the review is over."""
        payload = task.payload
        judged = await self._judged(task)
        told = {
            "problem": payload.get("question", "an answer that was erased"),
            "reason": "Is this answer acceptable? Two people judge it, each for themselves.",
            "intent": payload.get("intent", ""),
            "tried": _said(judged) if task.state == "resolved" else (),
            "evidence": payload.get("sources", ()),
        }
        lines = [
            {"sender": sender, "text": payload[name], "at": "", "id": name}
            for sender, name in (("customer", "question"), ("bot", "answer"))
            if name in payload
        ]
        return {
            "verbs": _possible(task, judged, actor),
            "summary": await self._revealed(task, told),
            "messages": await self._revealed(task, lines),
        }

    async def act(self, tenant: str, task: str, act: Act) -> Task:
        """Judge: `resolve` says acceptable, `return` says not and why."""
        async with exclusive(self.ledger, self.clock, tenant, f"review:{task}"):
            found = await find(self.ledger, tenant, task, KIND)
            if found is None:
                raise NotFound(f"there is no review {task!r}; GET /v1/tasks lists them", param="id")
            judged = dict(await self._judged(found))
            if act.verb not in _possible(found, judged, act.actor):
                raise Conflict(_impossible(found, judged, act))
            if act.verb == "return" and not act.text.strip():
                raise InputError("say why the answer is not acceptable", param="reason")
            said: Judgement = "acceptable" if act.verb == "resolve" else "not_acceptable"
            why = await MaskedForGood().mask(tenant, task, act.text.strip())
            judged[act.actor] = {"said": said, "why": why}
            await self.records.put(tenant, KIND, found.id, judged)
            if len(judged) < JUDGES:
                return found
            over = replace(found, state="resolved")
            await self.ledger.commit(TaskSaved(over))
            return over

    async def known(self, tenant: str) -> Mapping[str, JsonValue]:
        """The agreement of all reviews that are over, and how many wait."""
        kept = await self.records.list(tenant, KIND)
        pairs = [
            [one["said"] == "acceptable" for one in judged.values()]
            for judged in kept.values()
            if isinstance(judged, Mapping) and len(judged) == JUDGES
        ]
        told = await asyncio.to_thread(agreement, pairs)
        waiting = await open_tasks(self.ledger, tenant, KIND)
        names = Agreement.__dataclass_fields__
        return {name: getattr(told, name) for name in names} | {"waiting": len(waiting)}

    async def _judged(self, task: Task) -> Mapping[str, Mapping[str, str]]:
        kept = await self.records.get(task.tenant, KIND, task.id)
        return kept if isinstance(kept, Mapping) else {}

    async def _revealed(self, task: Task, value: JsonValue) -> JsonValue:
        return await self.reveal(task.tenant, task.run, value) if task.run else value


def _answered(run: Run) -> bool:
    return run.ended is Ended.ANSWERED and run.mode == "live"


def _task(run: Run, now: datetime) -> Task:
    return Task(
        id=f"{KIND}:{run.id}",
        tenant=run.tenant,
        kind=KIND,
        run=run.id,
        state="queued",
        created_at=now,
        payload={
            "question": str(run.input.get("message", "")),
            "answer": str(run.answer.get("response", "")),
            "intent": run.labels.get("intent", ""),
            "reason": "Review of a random answer",
            "priority": 0,
            "sources": [
                {"id": one.id, "title": one.title, "quote": one.quote} for one in run.sources
            ],
        },
    )


def _possible(task: Task, judged: Mapping[str, object], actor: str) -> tuple[str, ...]:
    closed = task.state == "resolved" or actor in judged or "answer" not in task.payload
    return () if closed else ("resolve", "return")


def _impossible(task: Task, judged: Mapping[str, object], act: Act) -> str:
    if task.state == "resolved":
        return "this review is over: two people have judged the answer"
    if act.actor in judged:
        return "you have judged this answer; somebody else has to be the second"
    return "an answer under review is judged: resolve says acceptable, return says not, and why"


def _said(judged: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"{actor}: {one['said'].replace('_', ' ')}{': ' if one['why'] else ''}{one['why']}"
        for actor, one in judged.items()
    )
