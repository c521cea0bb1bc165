"""A small app for the server's tests: it answers with the message, and misbehaves when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from arriero.checks.base import Exhibit, Group
from arriero.checks.form import does_not_repeat_itself
from arriero.core.door import Asked, Door
from arriero.core.errors import InputError, StageFailed
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Outcome,
    Run,
    Source,
    Variant,
    Verdict,
)
from arriero.core.words import FreeText as Free
from arriero.flow import Judged, Shapes, Turn
from arriero.store.jobs import Job


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: Free = Field(min_length=1, max_length=8_000)


@dataclass(frozen=True)
class Seen:
    intent: str


@dataclass(frozen=True)
class Evidence:
    passages: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Said:
    response: str = ""


@dataclass
class ToyApp:
    """Says `message` back. `slow` waits, `bug` has one, `hopeless` has no fallback either."""

    name: str = "toy"
    shapes: Shapes[Question, Seen, Evidence, Said] = field(
        default_factory=lambda: Shapes(Question, Seen, Evidence, Said)
    )
    checks: Sequence[Group] = ((does_not_repeat_itself,),)
    jobs: Sequence[Job] = ()
    golden: Path | None = None
    deadline_ms: float = 5_000.0
    unrecorded: bool = True
    told: int = 0
    cancelled: int = 0
    wait_s: float = 0.2

    def baseline(self) -> Variant:
        return Variant(self.name, {}, {}, {})

    def versions(self) -> Mapping[str, str]:
        return {}

    async def understand(self, turn: Turn[Question]) -> Seen:
        self.told += 1
        return Seen("greeting" if "hello" in turn.input.message else "other")

    async def gather(self, turn: Turn[Question], seen: Seen) -> Evidence:
        if "slow" in turn.input.message:
            try:
                await asyncio.sleep(self.wait_s)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if "bug" in turn.input.message:
            raise KeyError("secret inside")
        if "hopeless" in turn.input.message:
            raise StageFailed("nothing to go by")
        return Evidence((Source("s1", "Hello", turn.input.message),))

    async def draft(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Said]]:
        return (Draft(Said(turn.input.message), "echo", evidence.passages),)

    async def improve(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence, best: Judged[Said]
    ) -> Sequence[Draft[Said]]:
        return ()

    def exhibit(
        self, turn: Turn[Question], seen: Seen, evidence: Evidence, draft: Draft[Said]
    ) -> Exhibit:
        return Exhibit(turn.input.message, draft.answer.response)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        return min(verdict.score for verdict in verdicts)

    def decide(self, turn: Turn[Question], seen: Seen, best: Judged[Said] | None) -> Outcome[Said]:
        assert best is not None
        return Outcome(Ended.ANSWERED, best.draft.answer, origin="echo", sources=best.draft.sources)

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        raise InputError("the toy performs nothing")

    def fallback(self, turn: Turn[Question], seen: Seen | None, reason: str) -> Outcome[Said]:
        if "hopeless" in turn.input.message:
            raise RuntimeError("no fallback")
        return Outcome(Ended.FALLBACK, Said("Sorry."), reason, origin="fallback")

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {"intent": seen.intent}

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class Asking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=8_000)
    customer: str | None = None
    deadline_ms: float | None = Field(default=None, gt=0)


class Shown(BaseModel):
    response: str
    processing_time: float


def _asked(body: Asking) -> Asked:
    return Asked(Question(message=body.message), body.customer, body.deadline_ms)


def _present(outcome: Outcome[Said], run: Run) -> Mapping[str, JsonValue]:
    return {"response": outcome.answer.response, "processing_time": run.duration_ms / 1e3}


door = Door("/v1/toy/questions", "toy", "Ask the toy", Asking, Shown, _asked, _present)
