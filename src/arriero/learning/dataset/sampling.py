"""Rejection sampling: ask again where an answer was bad, and keep what passes the app's own checks.

Yuan et al., "Scaling relationship on learning mathematical reasoning", 2023: candidates of the model
itself, filtered by a judge that is not the model. Here the judge is the app: its checks and decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from arriero.core.words import Ended, Mode, Run, Variant
from arriero.flow import AnyApp, Case, Flow
from arriero.learning.dataset.example import Written, written_by
from arriero.learning.gate import takes

TEMPERATURE = 0.7  # of the candidates: at 0 they would all be the answer that was bad
CANDIDATES = 4


@dataclass(frozen=True)
class FlowSampler:
    """Tells a run's case again, up to `candidates` times, as shadow runs of `variant` made warmer.

    Gives the first answer that the app would release (it decides *answered*, every check passed, its
    score at least `score_at`) and that a model wrote. Shadow runs act on nothing.
    """

    flow: Flow
    app: AnyApp
    variant: Variant
    role: str | None = None
    score_at: float = 0.0
    candidates: int = CANDIDATES
    temperature: float = TEMPERATURE

    async def __call__(self, run: Run) -> Written | None:
        kept = await self.flow.ledger.run(run.tenant, run.id)
        if (
            kept is None or not kept.input or not takes(self.app, kept.input)
        ):  # erased since it was read
            return None
        given = self.app.shapes.input.model_validate(kept.input)
        case = Case(run.tenant, run.actor, given, run.unit)
        warm = warmer(self.variant, self.temperature)
        for _ in range(self.candidates):
            told = await self.flow.run(self.app, case, mode=Mode.SHADOW, variant=warm, of=run.id)
            fine = all(verdict.passed for verdict in told.run.verdicts)
            enough = (told.run.score or 0.0) >= self.score_at
            if not (told.run.ended is Ended.ANSWERED and fine and enough and told.run_id):
                continue
            recorded = await self.flow.ledger.run(run.tenant, told.run_id)
            trace = None if recorded is None else await self.flow.ledger.trace(recorded)
            if recorded is None or trace is None:
                continue
            written = written_by(recorded, trace, self.role)
            if isinstance(written, Written):
                return written
        return None


def warmer(variant: Variant, temperature: float) -> Variant:
    """`variant` with its text models at this temperature, or at their own if that is higher."""
    roles = {
        name: replace(bound, temperature=max(bound.temperature, temperature))
        if not bound.model.startswith("head:")
        else bound
        for name, bound in variant.roles.items()
    }
    return replace(variant, roles=roles)
