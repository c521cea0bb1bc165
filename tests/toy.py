"""A small app for tests of the flow: each stage does what its fields say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from arriero.checks.base import Exhibit, Group, check
from arriero.core.errors import StageFailed
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    FreeText,
    JsonValue,
    Message,
    Outcome,
    RoleBinding,
    Variant,
    Verdict,
)
from arriero.flow import Judged, Shapes, Turn
from arriero.store.jobs import Job


class Ask(BaseModel, frozen=True):
    message: FreeText


@dataclass(frozen=True, slots=True)
class Say:
    response: str = ""


@check("kind")
def kind(exhibit: Exhibit) -> tuple[float, str]:
    return (1.0, "") if "please" in exhibit.text else (0.4, "no please")


@dataclass
class Toy:
    """Answers with what its model writes; `breaks` names a stage that fails, and how."""

    breaks: Mapping[str, Exception | float] = field(default_factory=dict)
    first: str = "yes please"
    second: str | None = None
    actions: tuple[Action, ...] = ()
    rounds: int = 1
    performed: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    name = "toy"
    shapes = Shapes(Ask, str, str, Say)
    checks: Sequence[Group] = ((kind,),)
    jobs: Sequence[Job] = ()
    golden: Path | None = None
    deadline_ms = 2_000.0
    unrecorded = True

    def baseline(self) -> Variant:
        return Variant("toy", {"writer": RoleBinding("fake:echo")}, {}, {}, rounds=self.rounds)

    def versions(self) -> Mapping[str, str]:
        return {"index": "1"}

    async def _maybe(self, stage: str) -> None:
        match self.breaks.get(stage):
            case None:
                return
            case float(seconds):
                await asyncio.sleep(seconds)
            case Exception() as error:
                raise error

    async def understand(self, turn: Turn[Ask]) -> str:
        await self._maybe("understand")
        self.prompts.append(turn.input.message)
        reply = await turn.models.generate(
            "writer", [Message("user", turn.input.message)], timeout_s=turn.remaining()
        )
        return reply.text

    async def gather(self, turn: Turn[Ask], seen: str) -> str:
        await self._maybe("gather")
        return "evidence"

    async def draft(self, turn: Turn[Ask], seen: str, evidence: str) -> Sequence[Draft[Say]]:
        await self._maybe("draft")
        return [Draft(Say(f"{self.first} {seen}"), "first", actions=self.actions)]

    async def improve(
        self, turn: Turn[Ask], seen: str, evidence: str, best: Judged[Say]
    ) -> Sequence[Draft[Say]]:
        return [] if self.second is None else [Draft(Say(self.second), "second")]

    def exhibit(self, turn: Turn[Ask], seen: str, evidence: str, draft: Draft[Say]) -> Exhibit:
        if "judge" in self.breaks:
            raise StageFailed("cannot judge")
        return Exhibit(turn.input.message, draft.answer.response)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        return min(verdict.score for verdict in verdicts)

    def decide(self, turn: Turn[Ask], seen: str, best: Judged[Say] | None) -> Outcome[Say]:
        if isinstance(error := self.breaks.get("decide"), Exception):
            raise error
        if best is None or best.score < 0.7:
            return self.fallback(turn, seen, "not good enough")
        return Outcome(
            Ended.ANSWERED, best.draft.answer, origin=best.draft.origin, actions=best.draft.actions
        )

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        await self._maybe("act")
        self.performed.append(f"{run}:{action.key}")
        return {"did": action.kind}

    def fallback(self, turn: Turn[Ask], seen: str | None, reason: str) -> Outcome[Say]:
        if "fallback" in self.breaks:
            raise RuntimeError("even this")
        return Outcome(Ended.FALLBACK, Say("sorry"), reason)

    def labels(self, seen: str) -> Mapping[str, str]:
        return {"intent": "any"}

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None
