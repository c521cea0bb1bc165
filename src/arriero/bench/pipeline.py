"""Code generation as it is served, as a writer of the evaluation: every case goes through the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arriero.apps.codegen.app import CodegenApp
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.wanted import Wanted
from arriero.bench.bare import WITHIN_S, Written
from arriero.bench.problems import Asked
from arriero.flow import Case, Flow

TENANT = "default"


@dataclass(frozen=True)
class Pipeline:
    """The app `codegen` under `flow`. It is told what `Asked` says, and its runs are recorded as any others."""

    flow: Flow
    app: CodegenApp
    within_s: float = WITHIN_S

    async def __call__(self, asked: Asked, seed: int = 0) -> Written:
        wanted = Wanted(
            requirement=asked.requirement,
            entry=asked.entry if asked.code else None,
            code=asked.code or None,
            tests=asked.shown or None,
        )
        case = Case(TENANT, "bench", wanted, deadline_ms=self.within_s * 1e3, seed=seed)
        result = await self.flow.run(self.app, case)
        made, run = result.outcome.answer, result.run
        return Written(
            delivered(made, asked),
            f"{made.decision or result.outcome.reason}: {'; '.join(made.warnings)}",
            result.outcome.ended.value,
            run.tokens_in,
            run.tokens_out,
            len(result.trace.calls),
            run.duration_ms / 1e3,
            made.validation_score,
            {stage.stage.value: round(stage.ms, 1) for stage in run.stages},
        )


def delivered(made: Generated, asked: Asked) -> Mapping[str, str]:
    """The files of an answer. Where one file was asked for, it has that file's name."""
    if not made.code:
        return {}
    main = asked.main if len(asked.files) == 1 else made.main
    return {**made.files, main: made.code}
