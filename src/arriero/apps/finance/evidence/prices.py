"""What prices show by themselves: jumps of a split that was not adjusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from arriero.apps.finance.evidence.base import Bar

# Splits of listed companies; below two a fall of a day is as likely news.
FACTORS = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0)
NEAR = 0.06  # the share of a usual day's move that a split's day brings besides
GAP_DAYS = 10  # after a longer gap a jump proves nothing


@dataclass(frozen=True, slots=True)
class Jump:
    """From one close to the next open the price moved like a split of `factor` (below one: a reverse split)."""

    day: date
    factor: float


def jumps(bars: Sequence[Bar]) -> tuple[Jump, ...]:
    """Days on which the price as traded moved like a split, whatever the adjusted close says."""
    found = []
    for before, after in pairwise(bars):
        if before.close <= 0 or after.open <= 0 or (after.day - before.day).days > GAP_DAYS:
            continue
        ratio = before.close / after.open
        factor = next(
            (
                one
                for factor in FACTORS
                for one in (factor, 1 / factor)
                if abs(ratio / one - 1) <= NEAR
            ),
            None,
        )
        if factor is not None:
            found.append(Jump(after.day, factor))
    return tuple(found)


def unadjusted(bars: Sequence[Bar]) -> tuple[Jump, ...]:
    """Jumps that the adjusted close does not undo: returns over them would be false."""
    left = []
    days = {bar.day: place for place, bar in enumerate(bars)}
    for jump in jumps(bars):
        place = days[jump.day]
        before, after = bars[place - 1].adjusted, bars[place].adjusted
        if (
            before is None
            or after is None
            or before <= 0
            or after <= 0
            or abs(before / after / jump.factor - 1) <= NEAR
        ):
            left.append(jump)
    return tuple(left)
