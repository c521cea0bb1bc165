"""`arriero demo learning`, really played: a good adapter promoted, an equal one not, a harmful one rolled back.

Real model, real training, real ledger; simulated customers and watch windows. A seed takes 20 to 45
minutes on two idle cores, so each one that was played is kept in `learning_demo.jsonl` with its commit and
machine, and only those that are missing are played (remove a line to play its seed again). `--seeds N` plays
that many, `--good` only the first part, `--alone` asks no larger model. Two lazy products are shown beside it:
one that always promotes and one that never does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from arriero.cli.demo_learning import ARMS, play, show
from bars._trial import keep, progress
from bars.result import Figure, commit, machine

WANTED = {"good": "promoted", "neutral": "inconclusive refused", "harmful": "rolled_back"}
SEEDS = 5
RIVAL = "qwen2.5-coder-1.5b"  # eleven times as large, as it comes
PLAYED = Path(__file__).with_name("learning_demo.jsonl")


def main() -> None:
    arms = ARMS[:1] if "--good" in sys.argv else ARMS
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else SEEDS
    against = None if "--alone" in sys.argv else RIVAL
    console = Console(width=160)
    played = [told for told in _kept() if len(told["acts"]) >= len(arms)]
    for seed in sorted(set(range(1, seeds + 1)) - {told["seed"] for told in played}):
        progress(f"seed {seed} of {seeds}")
        with tempfile.TemporaryDirectory() as folder:
            told = asyncio.run(play(Path(folder), seed, arms, console, against=against))
        show(told, console)
        row = {**told, "machine": machine(), "commit": commit()}
        with PLAYED.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        played.append(row)
    keep("learning_demo", "the learning loop on the sample shop, played", figures(played))


def _kept() -> list[Mapping[str, Any]]:
    """What was played before, of each seed the row with the most arms, in the order of the seeds."""
    if not PLAYED.exists():
        return []
    rows = [json.loads(line) for line in PLAYED.read_text(encoding="utf-8").splitlines()]
    fullest = {int(row["seed"]): row for row in sorted(rows, key=lambda row: len(row["acts"]))}
    return [fullest[seed] for seed in sorted(fullest)]


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
        whole = max(map(_own_seconds, played)) / 60
        found.append(
            Figure("all_arms_minutes", round(whole, 1), "min", "<= 45", seeds, note="slowest")
        )
    for told in played:
        found += _held_out(told)
    return found


def _own_seconds(told: Mapping[str, Any]) -> float:
    """How long the demo took without the larger model, which only this bar asks (rows before it was timed: with it)."""
    rival = told.get("against") or {}
    return float(told["seconds"] - rival.get("seconds", 0.0))


def _named(acts: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(act["name"] == name for act in acts)


def _held_out(told: Mapping[str, Any]) -> Sequence[Figure]:
    """Exact facts on held-out inquiries; nothing, where nothing was promoted."""
    held_out = told["held_out"]
    if held_out is None:
        return ()
    effect, rival = held_out["effect"], told.get("against")
    own = {"n": held_out["n"], "note": f"seed {told['seed']}"}
    return (
        Figure("exact_base", round(held_out["champion"], 3), "share", **own),
        Figure("exact_promoted", round(held_out["challenger"], 3), "share", **own),
        Figure("effect", round(effect["value"], 3), "share", low=round(effect["low"], 3), high=round(effect["high"], 3), **own),
        Figure("effect_lowest", round(effect["low"], 3), "share", ">= 0.001", **own),
        *(_against(rival, told["seed"]) if rival else ()),
    )  # fmt: skip


def _against(rival: Mapping[str, Any], seed: int) -> Sequence[Figure]:
    """The promoted small model against a larger one that nobody trained."""
    effect, note = rival["effect"], f"seed {seed}, {rival['model']}"
    low, high = round(effect["low"], 3), round(effect["high"], 3)
    return (
        Figure("exact_rival", round(rival["champion"], 3), "share", n=rival["n"], note=note),
        Figure(
            "ahead_of_rival", round(effect["value"], 3), "share", "", rival["n"], low, high, note
        ),
    )


if __name__ == "__main__":
    main()
