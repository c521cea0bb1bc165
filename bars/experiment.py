"""What the default rollout promotes and takes back, in 10,000 simulated rollouts a world.

Looked at after every pair and every rating, through `learning/rollout.py` as production runs it. Beside
it: the case study's rule (promote above +5 % of 300 ratings at 90/10), a loop that never promotes, and
one that always does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from arriero.bench.experiment import VISITS, measure
from arriero.bench.report import Metric
from bars._trial import count, keep, progress
from bars.result import Figure

WHAT = "simulated rollouts by the default design, looked at after every pair and rating"
BARS = {
    "false_promotion_0.5": ("<= 0.05", "identical, 50/50"),
    "false_promotion_0.1": ("<= 0.05", "identical, 90/10"),
    "false_promotion_0.01": ("<= 0.05", "identical, 99/1"),
    "worse_promoted": ("<= 0.005", "10 % worse: 0.63 against 0.70"),
    "harm_median_ratings": ("<= 1300", "0.56 against 0.70, 90/10"),
    "pairs_median": ("<= 300", "win rate 0.60, first cycle"),
    "good_promoted": (">= 0.8", "of them, within 1,000 pairs"),
    "pairs_median_after_twenty": ("<= 450", "twenty cycles before, none promoted"),
    "good_promoted_after_twenty": (">= 0.8", "of them, within 1,000 pairs"),
    "false_rollback_0.5": ("", "identical, proved by chance, 1,000 ratings at 50/50"),
    "false_rollback_0.1": ("", "the same at 90/10"),
    "false_rollback_0.01": ("", "the same at 99/1"),
    "forced_harmless_back": (
        "<= 0.05",
        f"identical: the gate refuses it, or it is forced in and {VISITS:,} ratings at 50/50 take it back",
    ),
    "forced_harmful_back": (
        ">= 0.8",
        f"14 % of its facts wrong, 7 of 29 pairs won at the gate, forced in: {VISITS:,} ratings at 50/50",
    ),
    "forced_harmful_back_uncarried": ("", "the same when nothing of the gate is carried"),
    "rule_identical": ("", "the case study's rule promotes an identical one"),
    "rule_worse": ("", "it promotes one that is 10 % worse"),
    "rule_better": ("", "it promotes one that is 5 % better"),
}


def main() -> None:
    found = measure(count(10_000, 40), told=progress)
    figures = [_figure(name, found) for name in BARS]
    never = Figure("never_promotes_good", 0.0, "share", note="a loop that never promotes: bar 0.8")
    always = Figure(
        "always_promotes_identical", 1.0, "share", note="one that always does: bar 0.05"
    )
    keep("experiment", WHAT, [*figures, never, always])


def _figure(name: str, found: Mapping[str, Metric]) -> Figure:
    metric, (bar, note) = found[name], BARS[name]
    low, high = (
        None if it is None or math.isinf(it) else round(it, 4) for it in (metric.low, metric.high)
    )
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high, note)


if __name__ == "__main__":
    main()
