"""An evaluation with its runs, as a gate leaves them behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from arriero.core.words import Ended, Mode
from arriero.learning import cycle as pure
from arriero.learning.cycle import Trigger
from arriero.store.base import (
    Artefact,
    ArtefactRegistered,
    Ledger,
    MachineMoved,
    RunRecorded,
)
from tests.store.samples import a_run, a_trace

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
EVALUATION = "e" * 64


async def evaluated(ledger: Ledger, wins: int, losses: int, *, tenant: str = "default") -> Artefact:
    """A cycle whose gate found so many pairs, with both runs of each in the ledger."""
    pairs = []
    for number in range(wins + losses):
        won = 1 if number < wins else -1
        pair = {"case": f"case-{number}", "kind": "golden", "won": won, "reached": True}
        for arm in ("champion", "challenger"):
            good = (arm == "challenger") == (won == 1)
            trace = a_trace(f"{arm} {number}")
            run = a_run(
                trace, id=f"{arm}-{number}", tenant=tenant, mode=Mode.SHADOW, ended=Ended.ANSWERED,
                input={"message": f"Question {number}?"},
                answer={"response": f"{'Right' if good else 'Wrong'} answer {number}, by {arm}."},
            )  # fmt: skip
            await ledger.commit(RunRecorded(run, trace))
            pair[arm] = {"value": float(good), "run": run.id}
        pairs.append(pair)
    rate = wins / (wins + losses)
    finding = {
        "n": wins + losses, "effect": rate, "low": 0.3, "high": 0.9, "detectable": 0.8, "wins": wins,
        "losses": losses, "ties": 0, "reached": wins + losses, "cases": wins + losses, "broken": [],
    }  # fmt: skip
    body = {
        "cycle": "c-1", "champion": "support@a", "challenger": "support@b", "golden": "g",
        "golden_used_before": 1, "level": 0.0125, "says": "unsure", "because": "not decided offline",
        "finding": finding, "pairs": pairs,
    }  # fmt: skip
    made = Artefact("evaluation", EVALUATION, tenant, "support", body, NOW)
    begun = pure.begin("c-1", "support", tenant, "support@a", Trigger.FEEDBACK, NOW, "120 new")
    gated = replace(
        begun, state=pure.State.GATED, challenger="support@b", evaluation=EVALUATION, because="made"
    )
    moved = MachineMoved(pure.to_machine(gated, 1), "arriero", "made")
    await ledger.commit(ArtefactRegistered(made, "arriero"), moved)
    return made
