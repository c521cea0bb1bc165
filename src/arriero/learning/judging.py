"""People judge: two answers side by side, nobody knows whose; each click moves the same paired test.

The pairs are those of a gate's evaluation that reached what was trained, and whose answers differ. Which answer stands left is drawn
by the pair's hash, so that a page that is opened again shows the same, and no order helps either side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.words import JsonValue, Task
from arriero.learning.cycle import State, to_cycle
from arriero.learning.experiment.findings import Finding, Pairs, judge_pairs
from arriero.learning.gate import said
from arriero.store.base import Artefact, Ledger, TaskSaved

KIND = "judgement"  # of the task that keeps what a person said of a pair


class Choice(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Blind:
    """A pair as a person sees it: what was asked, and two answers without names."""

    case: str
    question: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the judging is: `judged` of `of` pairs, and what they say of the challenger so far."""

    judged: int
    of: int
    pairs: Pairs
    finding: Finding


def challenger_left(evaluation: str, case: str) -> bool:
    """Whether the challenger's answer stands left: a coin that falls the same way each time."""
    return hashlib.sha256(f"{evaluation}\x00{case}".encode()).digest()[0] % 2 == 0


def outcome(evaluation: str, case: str, choice: Choice) -> int:
    """1 when the challenger was preferred, -1 when the champion, 0 for a tie."""
    if choice is Choice.TIE:
        return 0
    return 1 if (choice is Choice.LEFT) == challenger_left(evaluation, case) else -1


def by_people(judged: Mapping[str, int]) -> Pairs:
    """Only what people said."""
    said_ = list(judged.values())
    return Pairs(said_.count(1), said_.count(-1), said_.count(0))


@dataclass(frozen=True)
class Judging:
    """The judging of one tenant's evaluations."""

    ledger: Ledger
    tenant: str

    async def evaluation(self, id: str) -> Artefact:
        """The evaluation with this id, or that of the cycle with this id; `NotFound` without one."""
        found = await self.ledger.artefact("evaluation", id)
        if found is None:
            kept = await self.ledger.artefacts("evaluation", limit=1_000)
            found = next((one for one in kept if one.body["cycle"] == id), None)
        if found is None or found.tenant != self.tenant:
            raise NotFound(
                f"there is no evaluation {id!r}; a cycle has one once its gate has run: "
                "`arriero learn status`",
                param="id",
            )
        return found

    async def newest(self) -> Artefact:
        """The evaluation that a cycle waits with at its gate, else the newest; `NotFound` without one."""
        cycles = map(to_cycle, await self.ledger.machines("cycle"))
        waiting = [it.evaluation for it in cycles if it.state is State.GATED and it.evaluation]
        kept = await self.ledger.artefacts("evaluation", limit=1_000)
        mine = [one for one in kept if one.tenant == self.tenant]
        if not mine:
            raise NotFound("no cycle has been evaluated yet; `arriero learn status` shows them")
        return next((one for one in mine if one.id in waiting), mine[0])

    async def judged(self, evaluation: Artefact) -> Mapping[str, int]:
        """What people said so far: case -> 1, 0 or -1."""
        kept = await self.ledger.tasks(self.tenant, kind=KIND)
        mine = (task for task in kept if task.payload.get("evaluation") == evaluation.id)
        return {task.payload["case"]: int(task.payload["won"]) for task in mine}

    async def standing(self, evaluation: Artefact) -> Standing:
        judged = await self.judged(evaluation)
        pairs = by_people(judged)
        finding = judge_pairs(pairs, float(evaluation.body["level"]))
        return Standing(len(judged), len(_choices(evaluation)), pairs, finding)

    async def next(self, evaluation: Artefact) -> Blind | None:
        """The next pair that nobody has judged and whose answers are still there; None at the end."""
        judged = await self.judged(evaluation)
        for pair in sorted(
            _choices(evaluation), key=lambda one: _order(evaluation.id, one["case"])
        ):
            if pair["case"] not in judged and (blind := await self._blind(evaluation, pair)):
                return blind
        return None

    async def _blind(self, evaluation: Artefact, pair: Mapping[str, JsonValue]) -> Blind | None:
        runs = [
            await self.ledger.run(self.tenant, pair[arm]["run"] or "")
            for arm in ("challenger", "champion")
        ]
        if None in runs:  # erased meanwhile
            return None
        texts = [said(run.answer) for run in runs if run is not None]
        if not all(texts) or texts[0] == texts[1]:
            return None
        question = said(runs[0].input) if runs[0] is not None else ""
        left, right = texts if challenger_left(evaluation.id, pair["case"]) else reversed(texts)
        return Blind(pair["case"], question, left, right)

    async def record(
        self, evaluation: Artefact, case: str, choice: str, *, actor: str, now: datetime
    ) -> Standing:
        """Keep what a person said of a pair, once.

        Raises:
            InputError: no such pair, or no such choice.
            Conflict: the pair is judged already.
        """
        if case not in {pair["case"] for pair in _choices(evaluation)}:
            raise InputError(f"evaluation {evaluation.id[:12]} has no pair {case!r}", param="case")
        if choice not in set(Choice):
            raise InputError(f"{choice!r} is no choice; send left, right or tie", param="better")
        if case in await self.judged(evaluation):
            raise Conflict(f"the pair {case!r} is judged already", param="case")
        won = outcome(evaluation.id, case, Choice(choice))
        payload = {"evaluation": evaluation.id, "case": case, "won": won}
        id = hashlib.sha256(f"{evaluation.id}\x00{case}".encode()).hexdigest()[:32]
        task = Task(id, self.tenant, KIND, None, "resolved", now, None, actor, payload)
        await self.ledger.commit(TaskSaved(task), durable=True)
        return await self.standing(evaluation)


def _choices(evaluation: Artefact) -> Sequence[Mapping[str, JsonValue]]:
    """The pairs that people can judge; an evaluation of long ago does not say of which the answers differ."""
    pairs = evaluation.body["pairs"]
    return [pair for pair in pairs if pair["reached"] and pair.get("differs", True)]


def _order(evaluation: str, case: str) -> str:
    return hashlib.sha256(f"order\x00{evaluation}\x00{case}".encode()).hexdigest()
