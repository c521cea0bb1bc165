"""What a shock would cost: falls of the whole market that happened, and the worst that this stock has done."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from arriero.apps.finance.risk.garch import Floats

# Falls of the S&P 500's closes, from peak to trough.
MARKET = (
    ("market as on 19 October 1987", -0.205),
    ("market as from 19 February to 23 March 2020", -0.339),
    ("market as from October 2007 to March 2009", -0.568),
)
WORST = ((1, "day"), (21, "month"), (63, "quarter"))
LEAST = 63  # common days for a beta of one's own
TOTAL = -0.99  # nothing is lost twice


@dataclass(frozen=True, slots=True)
class Shock:
    """A scenario, and the return that the stock would have in it."""

    name: str
    change: float
    basis: str


def beta(returns: Floats, market: Floats | None) -> float | None:
    """How far the stock goes with the market (same days); None when that cannot be said.

    Pulled a third of the way to 1, where betas of the next years lie (Blume, J. Finance 30, 1975).
    """
    if market is None or len(market) != len(returns) or len(market) < LEAST:
        return None
    moved = market - market.mean()
    variance = float(np.mean(moved**2))
    if variance == 0:
        return None
    raw = float(np.mean(moved * (returns - returns.mean()))) / variance
    return 2 / 3 * raw + 1 / 3


def shocks(returns: Floats, follows: float | None) -> tuple[Shock, ...]:
    """Market falls times `follows` (the beta; 1 when it is not known), and the stock's own worst spells again."""
    by = f"times a beta of {follows:.2f}" if follows is not None else "a beta of 1 is assumed"
    factor = 1.0 if follows is None else follows
    found = [Shock(name, max(fall * factor, TOTAL), by) for name, fall in MARKET]
    path = np.concatenate([[0.0], np.cumsum(returns)])
    for days, word in WORST:
        if len(returns) >= days:
            worst = float(np.min(path[days:] - path[:-days]))
            found.append(
                Shock(f"its own worst {word} again", math.expm1(min(worst, 0.0)), "its prices")
            )
    return tuple(found)
