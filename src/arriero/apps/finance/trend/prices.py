"""Daily closes made fit for use: in order, splits taken out, and every flaw named.

Nothing looks ahead: what stands for a day follows from that day and the days before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import InputError

Floats = NDArray[np.float64]

# What companies split by, in shares a share; the reverse of each as well.
RATIOS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0)
JUMP = (
    0.35  # a log return beyond this is looked at: 3 for 2, the smallest split that is, gives 0.405
)
NEAR = 0.02  # how near a jump is to a ratio at least, in logs, before the stock's own daily moves are added
RUSH = 4.0  # a day on which so many times the usual money changed hands is news, not a split
STALE = 7  # calendar days: a weekend and two holidays
FROZEN = 10  # days on end with the very same close
HOLES = 0.05  # share of the last year's weekdays without a row, three more allowed: exchanges close on 4 %
RARE = 126  # trading days between two splits at least
YEAR = 252  # trading days
SHORTEST = 64  # closes: a quarter of returns, for a volatility that means something


class Flaw(StrEnum):
    """What can be wrong with prices: these and no others."""

    SHORT = "too few prices"
    STALE = "the newest price is too old"
    HOLES = "days are missing"
    FROZEN = "the price does not move"
    SPLIT = "a split was not adjusted; earlier prices were divided"
    JUMP = "a jump that is no split"


# With one of these the prices are not good enough for a claim.
FORBIDS = frozenset({Flaw.SHORT, Flaw.STALE, Flaw.HOLES, Flaw.FROZEN})


@dataclass(frozen=True, slots=True)
class Remark:
    """A flaw, and where: a day, a count."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Closes of one stock, oldest first, as if every split had been known: `returns[i]` is the log return of
    `days[i + 1]`. `volumes` are shares (None: not given), in today's shares.
    """

    days: tuple[date, ...]
    closes: Floats
    returns: Floats
    volumes: Floats | None
    remarks: tuple[Remark, ...]

    @property
    def sound(self) -> bool:
        """Whether claims may rest on them."""
        return not any(remark.flaw in FORBIDS for remark in self.remarks)

    @property
    def short(self) -> bool:
        return any(remark.flaw is Flaw.SHORT for remark in self.remarks)


def read(
    days: Sequence[date],
    closes: Sequence[float],
    volumes: Sequence[float] | None = None,
    *,
    as_of: date | None = None,
) -> Prices:
    """The prices by `as_of` (default: the last day given); later rows are dropped before anything is looked at.

    Days have to be in ascending order, closes above zero: `InputError` names the first that is not.
    """
    _check(days, closes, volumes)
    until = len(days) if as_of is None else sum(day <= as_of for day in days)
    kept = tuple(days[:until])
    raw = np.asarray(closes[:until], dtype=np.float64)
    shares = None if volumes is None else np.asarray(volumes[:until], dtype=np.float64)
    if len(kept) < 2:
        remark = Remark(Flaw.SHORT, f"{len(kept)} of {SHORTEST} closes")
        return Prices(kept, raw, np.zeros(0), shares, (remark,))
    moves, factors, remarks = _without_splits(kept, np.diff(np.log(raw)), raw, shares)
    later = np.concatenate([np.cumprod(factors[::-1])[::-1], [1.0]])
    remarks += _flaws(kept, raw, as_of or kept[-1])
    return Prices(kept, raw / later, moves, None if shares is None else shares * later, remarks)


def _check(days: Sequence[date], closes: Sequence[float], volumes: Sequence[float] | None) -> None:
    if len(days) != len(closes) or (volumes is not None and len(volumes) != len(days)):
        counts = f"{len(days)} days, {len(closes)} closes"
        more = "" if volumes is None else f", {len(volumes)} volumes"
        raise InputError(f"{counts}{more} do not belong together; give one of each a day")
    for place, (day, close) in enumerate(zip(days, closes, strict=True)):
        if not (math.isfinite(close) and close > 0):
            raise InputError(f"the close of {day} is {close!r}; leave days without a price out")
        if place and day <= days[place - 1]:
            raise InputError(
                f"{day} stands after {days[place - 1]}; give each day once, oldest first"
            )
    for day, volume in zip(days, volumes or (), strict=False):
        if not (math.isfinite(volume) and volume >= 0):
            raise InputError(
                f"the volume of {day} is {volume!r}; give the shares traded, 0 for none"
            )


def _without_splits(
    days: Sequence[date], moves: Floats, closes: Floats, volumes: Floats | None
) -> tuple[Floats, Floats, tuple[Remark, ...]]:
    """Log returns without splits, the factor of each day's split, and what was found."""
    moves, factors, remarks = moves.copy(), np.ones(len(moves)), []
    for place in np.flatnonzero(np.abs(moves) > JUMP).tolist():
        before = np.abs(moves[max(0, place - 63) : place])
        usual = float(np.median(before)) if len(before) else 0.0
        ratio = _ratio(-float(moves[place]), NEAR + 2 * usual)
        day = days[place + 1].isoformat()
        again = bool((factors[max(0, place - RARE) : place] != 1).any())
        if ratio is None or again or _rushed(place + 1, closes, volumes):
            percent = f"{math.expm1(float(moves[place])) * 100:+.0f} %"
            remarks.append(Remark(Flaw.JUMP, f"{percent} on {day}"))
            continue
        moves[place] += math.log(ratio)
        factors[place] = ratio
        remarks.append(Remark(Flaw.SPLIT, f"{_said(ratio)} on {day}"))
    return moves, factors, tuple(remarks)


def _ratio(fall: float, near: float) -> float | None:
    """The split that lets a price fall by so much (log), None when there is none so near."""
    known = [*RATIOS, *(1 / ratio for ratio in RATIOS)]
    best = min(known, key=lambda ratio: abs(math.log(ratio) - fall))
    return best if abs(math.log(best) - fall) <= near else None


def _rushed(place: int, closes: Floats, volumes: Floats | None) -> bool:
    """Whether far more money than usual changed hands: then the price fell, and was not divided."""
    if volumes is None or place < 21:
        return False
    money = closes * volumes
    usual = float(np.median(money[place - 21 : place]))
    return usual > 0 and float(money[place]) > RUSH * usual


def _said(ratio: float) -> str:
    if ratio < 1:
        return f"1 for {1 / ratio:g}"
    return f"{ratio * 2:g} for 2" if ratio % 1 else f"{ratio:g} for 1"


def _flaws(days: Sequence[date], closes: Floats, as_of: date) -> tuple[Remark, ...]:
    found = []
    if len(days) < SHORTEST:
        found.append(Remark(Flaw.SHORT, f"{len(days)} of {SHORTEST} closes"))
    if (as_of - days[-1]).days > STALE:
        found.append(Remark(Flaw.STALE, f"{days[-1]} for {as_of}"))
    last = days[-YEAR:]
    weekdays = int(np.busday_count(last[0], last[-1])) + 1
    if weekdays - len(last) > HOLES * weekdays + 3:
        missing = f"about {weekdays - len(last)} of {weekdays} weekdays since {last[0]}"
        found.append(Remark(Flaw.HOLES, missing))
    if len(closes) >= FROZEN and float(np.ptp(closes[-FROZEN:])) == 0:
        found.append(Remark(Flaw.FROZEN, f"{closes[-1]:g} for {FROZEN} days or more"))
    return tuple(found)
