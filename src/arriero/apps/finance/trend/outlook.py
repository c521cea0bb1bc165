"""The outlook of one stock from its prices: `outlook`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from arriero.apps.finance.trend.edge import CLEAR, PROVED, chances, median
from arriero.apps.finance.trend.features import MONTH, coming, features, realised, risen
from arriero.apps.finance.trend.intervals import multiples
from arriero.apps.finance.trend.model import HORIZONS, LEVEL, Fitted, shipped
from arriero.apps.finance.trend.prices import FORBIDS, YEAR, Floats, Prices, Remark, read

LEAST = 240  # closes: a year without a few holidays; below, features are not what the model was validated on
SHOWN = (1, 5, 21, 63, 126, 252)  # trading days
METHOD = (
    "interval: realised volatilities of five spans, own returns and last quarters, and the moves that were seen "
    "beyond such forecasts, adapted to this stock; P(up): the stock's own share of rises beside an ordinary equity "
    "premium, and a rule of the last week, month or year only where its past has proved one, which then moves the "
    "interval as well"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """The next `days` trading days; returns are shares of the price, not logarithms.

    `expected` is the median, `low` to `high` holds the return with probability `level`. `up` is P(rise),
    `base_rate` the stock's own share of rises so far (None while it has none). `claimed` says whether a direction
    may be claimed; `why` says why not.
    """

    days: int
    up: float
    base_rate: float | None
    expected: float
    low: float
    high: float
    level: float
    edge: float
    claimed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Volatility:
    """A year's volatility: of the last 21 days, of the last 252, and as it is forecast for the next 21.

    `higher` is P(the next 21 days are more volatile than the last 21); `claimed` whether that is far enough
    from one half for the accuracy that was measured.
    """

    last: float
    year: float
    ahead: float
    higher: float
    claimed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """How this method would have done on this very stock, `claims` of `days` days; windows overlap, so only
    `effective` of them are worth counting.
    """

    days: int
    claims: int
    right: int
    risen: int  # of the claims: volatility rose, the base rate of the outcome
    effective: float
    held: int  # of `days`: the 21-day interval held the return


@dataclass(frozen=True, slots=True)
class Trend:
    """What the prices say of the time ahead. `horizons` is empty when there are too few of them."""

    as_of: date | None
    close: float | None
    horizons: tuple[Horizon, ...]
    volatility: Volatility | None
    record: Record | None
    remarks: tuple[Remark, ...]
    fitted_until: str
    method: str = METHOD

    def horizon(self, days: int) -> Horizon | None:
        """The horizon of so many trading days, if it is there."""
        return next((one for one in self.horizons if one.days == days), None)


def outlook(
    days: Sequence[date],
    closes: Sequence[float],
    volumes: Sequence[float] | None = None,
    *,
    as_of: date | None = None,
    caution: float = 0.0,
    model: Fitted | None = None,
) -> Trend:
    """From daily closes by `as_of` (oldest first; adjusted for dividends, or not: splits are found).

    `caution` is added to how far a probability has to be from one half before anything is claimed.
    Fewer than 64 closes give an outlook without horizons. Raises `InputError` for prices out of order or not
    above zero. The same prices give the same bytes, whatever comes after `as_of`.
    """
    prices = read(days, closes, volumes, as_of=as_of)
    fitted = model or shipped()
    last = prices.days[-1] if prices.days else None
    close = rounded(float(prices.closes[-1])) if len(prices.closes) else None
    if prices.short:
        return Trend(last, close, (), None, None, prices.remarks, fitted.until)
    table = features(prices.returns)
    return Trend(
        as_of=last,
        close=close,
        horizons=tuple(_horizon(prices, table, fitted, span, caution) for span in SHOWN),
        volatility=_volatility(prices, table, fitted, caution),
        record=_record(prices, table, fitted),
        remarks=prices.remarks,
        fitted_until=fitted.until,
    )


def _horizon(prices: Prices, table: Floats, fitted: Fitted, days: int, caution: float) -> Horizon:
    returns = prices.returns
    spread = fitted.spread(returns, table, days)
    told = chances(returns, table, spread, days)
    centres = median(told, returns, spread, days)
    centre = float(centres[-1])
    width = float(spread[-1]) * float(_multiples(returns, spread, centres, fitted, days)[-1])
    up, base = float(told.up[-1]), float(told.base[-1])
    clear = abs(up - 0.5) >= CLEAR + caution
    why = _why_not(prices, days, proved=float(told.edge[-1]) >= PROVED, clear=clear)
    return Horizon(
        days=days,
        up=rounded(up),
        base_rate=None if math.isnan(base) else rounded(base),
        expected=rounded(math.expm1(centre)),
        low=rounded(math.expm1(centre - width)),
        high=rounded(math.expm1(centre + width)),
        level=LEVEL,
        edge=rounded(float(told.edge[-1])),
        claimed=not why,
        why=why,
    )


def _why_not(prices: Prices, days: int, *, proved: bool, clear: bool) -> str:
    """Why no direction is claimed; empty when one is."""
    if not prices.sound:
        return _unsound(prices)
    if len(prices.closes) < LEAST:
        return _too_few(prices)
    if days not in HORIZONS:
        return f"{days} days ahead were not validated"
    if not proved:
        return "its past proves no edge over the base rate"
    return "" if clear else "the probability is too near one half"


def _volatility(prices: Prices, table: Floats, fitted: Fitted, caution: float) -> Volatility:
    returns = prices.returns
    higher = fitted.higher(returns, table)[-1:]
    sure = bool(fitted.claimed(higher, caution)[0])
    if not prices.sound:
        why = _unsound(prices)
    elif len(prices.closes) < LEAST:
        why = _too_few(prices)
    else:
        why = "" if sure else "the probability is too near one half"
    ahead = float(fitted.spread(returns[-MONTH:], table[-MONTH:], MONTH)[-1]) / math.sqrt(MONTH)
    yearly = math.sqrt(YEAR)
    return Volatility(
        last=rounded(float(realised(returns, MONTH)[-1]) * yearly),
        year=rounded(float(realised(returns, YEAR, 2)[-1]) * yearly),
        ahead=rounded(ahead * yearly),
        higher=rounded(float(higher[0])),
        claimed=not why,
        why=why,
    )


def _record(prices: Prices, table: Floats, fitted: Fitted) -> Record | None:
    """None while no window of 21 days after a first year has ended."""
    returns = prices.returns
    moved = coming(returns, MONTH)
    known = np.arange(len(returns)) >= YEAR - 1
    known &= ~np.isnan(moved)
    if not known.any():
        return None
    higher = fitted.higher(returns, table)
    claimed = fitted.claimed(higher) & known
    rose = risen(returns) > 0
    spread = fitted.spread(returns, table, MONTH)
    centres = median(chances(returns, table, spread, MONTH), returns, spread, MONTH)
    reached = _multiples(returns, spread, centres, fitted, MONTH) * spread
    return Record(
        days=int(known.sum()),
        claims=int(claimed.sum()),
        right=int(((higher > 0.5) == rose)[claimed].sum()),
        risen=int(rose[claimed].sum()),
        effective=rounded(float(claimed.sum()) / MONTH),
        held=int((np.abs(moved - centres) <= reached)[known].sum()),
    )


def _multiples(
    returns: Floats, spread: Floats, centres: Floats, fitted: Fitted, days: int
) -> Floats:
    moved = coming(returns, days) - centres
    return multiples(moved, spread, fitted.level(days), days, YEAR - 1)


def _too_few(prices: Prices) -> str:
    return f"{len(prices.closes)} closes; a year ({LEAST} or more) is needed"


def _unsound(prices: Prices) -> str:
    return "; ".join(
        f"{one.flaw.value} ({one.detail})" for one in prices.remarks if one.flaw in FORBIDS
    )


def rounded(value: float) -> float:
    """Six significant digits: the same on every machine, and more than the prices know."""
    return float(f"{value:.6g}")
