"""What the prices have already done to a holder: drawdown, and how easily the stock is sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from arriero.apps.finance.risk.garch import Floats

QUARTER = 63
PART = 0.1  # of a day's volume that one seller may be without moving the price much: a usual limit of desks


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak (share of the peak), and the one that the last close stands in."""

    worst: float
    peak: date
    trough: date
    now: float
    days_under: int  # trading days since the last peak


@dataclass(frozen=True, slots=True)
class Liquidity:
    """`money` is the median traded a day over a quarter, in the currency of the prices.

    `amihud` is the mean of |return| per million traded (Amihud, J. Financial Markets 5, 2002);
    `days_to_sell` a million at a tenth of the volume; `still` the share of days without a trade.
    """

    money: float
    amihud: float
    days_to_sell: float
    still: float


def drawdown(days: Sequence[date], closes: Floats) -> Drawdown:
    """Of one close or more."""
    peaks = np.maximum.accumulate(closes)
    depth = 1 - closes / peaks
    trough = int(np.argmax(depth))
    peak = int(np.argmax(closes[: trough + 1]))
    under = len(closes) - 1 - int(np.flatnonzero(closes == peaks)[-1])
    return Drawdown(float(depth[trough]), days[peak], days[trough], float(depth[-1]), under)


def liquidity(closes: Floats, returns: Floats, volumes: Floats | None) -> Liquidity | None:
    """Over the last quarter; None without volumes, or when nothing was ever traded in it."""
    if volumes is None:
        return None
    money = (closes * volumes)[-QUARTER:]
    moves = np.abs(returns[-len(money) :])
    traded = money[-len(moves) :] > 0
    usual = float(np.median(money))
    if usual <= 0 or not traded.any():
        return None
    price_of_size = float(np.mean(moves[traded] / money[-len(moves) :][traded])) * 1e6
    return Liquidity(usual, price_of_size, 1e6 / (PART * usual), float(np.mean(money == 0)))
