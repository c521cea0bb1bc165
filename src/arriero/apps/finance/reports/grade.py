"""One grade for a company's health, by a published table: points for each figure, from A to E.

The bounds are a house rule, written down before any company was graded; they are no model, were fitted to nothing,
and say nothing of the share's price. What is not known gives no points and takes none: the grade is the share of
the points that could be had, and there is no grade when less than 60 % of the figures are known. A figure that has
no meaning because of a loss or of negative equity gives none of its four points: the loss is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from arriero.apps.finance.reports.value import Value, Why

KNOWN_SHARE = 0.6
LETTERS = ((0.80, "A"), (0.65, "B"), (0.50, "C"), (0.35, "D"), (0.0, "E"))


@dataclass(frozen=True, slots=True)
class Rule:
    """0 to 4 points: how many of four bounds a figure passes. Bounds that fall say that less is better."""

    figure: str
    bounds: tuple[float, float, float, float]

    def points(self, value: float) -> int:
        if self.bounds[0] > self.bounds[-1]:
            return sum(value <= bound for bound in self.bounds)
        return sum(value >= bound for bound in self.bounds)


INDUSTRIAL = (
    Rule("revenue_growth", (-0.05, 0.0, 0.05, 0.15)),
    Rule("operating_margin", (0.0, 0.05, 0.10, 0.20)),
    Rule("free_cash_margin", (0.0, 0.03, 0.08, 0.15)),
    Rule("return_on_invested_capital", (0.0, 0.05, 0.10, 0.15)),
    Rule("current_ratio", (0.8, 1.0, 1.2, 1.5)),
    Rule("debt_to_assets", (0.60, 0.45, 0.30, 0.15)),
    Rule("interest_cover", (1.0, 2.0, 4.0, 8.0)),
    Rule("free_cash_to_net_income", (0.0, 0.5, 0.8, 1.0)),
    Rule("accruals", (0.10, 0.05, 0.0, -0.05)),
    Rule("altman_z2", (1.1, 1.85, 2.6, 4.0)),
)
BANK = (
    Rule("revenue_growth", (-0.05, 0.0, 0.03, 0.08)),
    Rule("net_income_growth", (-0.10, 0.0, 0.05, 0.10)),
    Rule("return_on_assets", (0.0, 0.005, 0.010, 0.013)),
    Rule("return_on_equity", (0.0, 0.05, 0.10, 0.15)),
    Rule("equity_to_assets", (0.04, 0.06, 0.08, 0.10)),
)
# For the four figures that a caller may send.
BRIEF = (
    Rule("revenue_growth", (-0.05, 0.0, 0.05, 0.15)),
    Rule("net_income_growth", (-0.10, 0.0, 0.05, 0.15)),
    Rule("net_margin", (0.0, 0.03, 0.08, 0.15)),
    Rule("return_on_assets", (0.0, 0.02, 0.05, 0.10)),
    Rule("liabilities_to_assets", (0.90, 0.75, 0.60, 0.45)),
)
TABLES = {"industrial": INDUSTRIAL, "bank": BANK, "brief": BRIEF}


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure's points, or None for one that is not known, and the reason."""

    figure: str
    value: float | None
    points: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Grade:
    """`letter` is A to E, or None; `score` the share of points; `table` which of `TABLES` was used."""

    letter: str | None
    score: float | None
    table: str
    marks: tuple[Mark, ...]
    reason: str = ""


def grade(figures: Mapping[str, Value], table: str) -> Grade:
    """The grade of `figures` by `TABLES[table]`."""
    marks = []
    for rule in TABLES[table]:
        value = figures[rule.figure]
        points = None if value.value is None else rule.points(value.value)
        if value.reason == Why.NEGATIVE:
            points = 0
        marks.append(Mark(rule.figure, value.value, points, value.reason or ""))
    known = [mark.points for mark in marks if mark.points is not None]
    if len(known) < KNOWN_SHARE * len(marks):
        most = Counter(mark.reason for mark in marks if mark.points is None).most_common(1)[0][0]
        said = (
            f"{len(known)} of {len(marks)} figures are known, {KNOWN_SHARE:.0%} are needed; "
            f"of most others: {most}"
        )
        return Grade(None, None, table, tuple(marks), said)
    score = sum(known) / (4 * len(known))
    letter = next(letter for bound, letter in LETTERS if score >= bound)
    return Grade(letter, score, table, tuple(marks))
