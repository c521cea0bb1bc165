"""How strict the next test of an app has to be, after all that were made before it."""

from __future__ import annotations

from arriero.learning.experiment import control
from arriero.learning.experiment.findings import DEFAULT
from arriero.store.base import Ledger

MOST = 10_000  # machines of an app that are read: a cycle a day for 27 years


async def level(ledger: Ledger, app: str, *, besides: str | None = None) -> float:
    """What the next test may spend (`experiment.control`); `besides` is the cycle whose own test it is.

    A test is a cycle that came to its gate, whose rollout goes on with the gate's pairs, or a rollout
    that belongs to no cycle. Only what was proved and promoted without force counts as won.
    """
    cycles = await ledger.machines("cycle", app=app, open_only=False, limit=MOST)
    rollouts = await ledger.machines("rollout", app=app, open_only=False, limit=MOST)
    gates = sum(it.body.get("evaluation") is not None and it.id != besides for it in cycles)
    alone = sum(it.body.get("cycle") is None for it in rollouts)
    won = sum(
        it.state == "promoted" and bool(it.body["proved"]) and not it.body["forced"]
        for it in rollouts
    )
    return control.level(DEFAULT.alpha, gates + alone + 1, won)
