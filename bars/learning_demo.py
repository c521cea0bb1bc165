"""`arriero demo learning`, really played: a good adapter promoted, an equal one not, a harmful one rolled back.

Real model, real training, real ledger; simulated customers and watch windows. One seed a run takes 20 to
45 minutes on two idle cores; `--seeds N` plays more, `--good` only the first part. Two lazy products are
shown beside it: one that always promotes and one that never does.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from arriero.cli.demo_learning import ARMS, play, show
from bars._trial import keep, progress
from bars.result import Figure

WANTED = {"good": "promoted", "neutral": "inconclusive refused", "harmful": "rolled_back"}
SEEDS = 5


def main() -> None:
    arms = ARMS[:1] if "--good" in sys.argv else ARMS
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else SEEDS
    console = Console(width=160)
    played = []
    for seed in range(1, seeds + 1):
        progress(f"seed {seed} of {seeds}")
        with tempfile.TemporaryDirectory() as folder:
            played.append(asyncio.run(play(Path(folder), seed, arms, console)))
        show(played[-1], console)
    keep("learning_demo", "the learning loop on the sample shop, played", figures(played))


def figures(played: Sequence[Mapping[str, Any]]) -> Sequence[Figure]:
    """Of every seed: how the arms ended, what was gained, how long it took."""
    acts = [act for told in played for act in told["acts"]]
    right = [act for act in acts if act["ended"] in WANTED[act["name"]]]
    seeds = len(played)
    note = f"{seeds} seed{'s' if seeds > 1 else ''}"
    found = [
        Figure("arms_that_ended_right", len(right), "arms", f"== {len(acts)}", len(acts), note=note),
        Figure("lazy_always_promotes", _named(acts, "good"), "arms right", n=len(acts), note="by arithmetic"),
        Figure("lazy_never_promotes", len(acts) - _named(acts, "good"), "arms right", n=len(acts), note="by arithmetic"),
        Figure("good_arm_minutes", max(told["good_arm_minutes"] for told in played), "min", "<= 25", seeds, note="slowest"),
    ]  # fmt: skip
    if len(acts) == len(ARMS) * seeds:
        whole = max(told["seconds"] for told in played) / 60
        found.append(
            Figure("all_arms_minutes", round(whole, 1), "min", "<= 45", seeds, note="slowest")
        )
    for number, told in enumerate(played, 1):
        found += _held_out(number, told)
    return found


def _named(acts: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(act["name"] == name for act in acts)


def _held_out(seed: int, told: Mapping[str, Any]) -> Sequence[Figure]:
    """Exact facts on held-out inquiries; nothing, where nothing was promoted."""
    held_out = told["held_out"]
    if held_out is None:
        return ()
    effect = held_out["effect"]
    own = {"n": held_out["n"], "note": f"seed {seed}"}
    return (
        Figure("exact_base", round(held_out["champion"], 3), "share", **own),
        Figure("exact_promoted", round(held_out["challenger"], 3), "share", **own),
        Figure("effect", round(effect["value"], 3), "share", low=round(effect["low"], 3), high=round(effect["high"], 3), **own),
        Figure("effect_lowest", round(effect["low"], 3), "share", ">= 0.001", **own),
    )  # fmt: skip


if __name__ == "__main__":
    main()
