"""The market risk of one stock, from its prices: `risks`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from arriero.apps.finance.risk.garch import fit
from arriero.apps.finance.risk.history import Drawdown, Liquidity, drawdown, liquidity
from arriero.apps.finance.risk.level import Placed, placed
from arriero.apps.finance.risk.losses import Loss, losses
from arriero.apps.finance.risk.shocks import Shock, beta, shocks
from arriero.apps.finance.trend.prices import YEAR, Prices, Remark, read

METHOD = (
    "filtered historical simulation under a GARCH(1,1) with variance targeting, residuals of up to 1,000 days, "
    "its tail held near that of many stocks"
)


@dataclass(frozen=True, slots=True)
class Risks:
    """What may be lost. Shares of the value, volatilities a year; None: not known, and `remarks` or `missing` say why.

    `level` is low, moderate, high or severe by `level.toml`; `placed` shows each measure, worst first.
    `persistence` is how much of a volatility shock is left a day later, `half_life` in trading days.
    """

    as_of: date | None
    level: str | None
    placed: tuple[Placed, ...]
    volatility: float | None
    long_run: float | None
    persistence: float | None
    half_life: float | None
    losses: tuple[Loss, ...]
    drawdown: Drawdown | None
    drawdown_year: Drawdown | None
    liquidity: Liquidity | None
    beta: float | None
    shocks: tuple[Shock, ...]
    missing: tuple[str, ...]
    remarks: tuple[Remark, ...]
    method: str = METHOD

    def loss(self, chance: float, days: int) -> Loss | None:
        """The loss with this chance over so many days, if it was worked out."""
        return next((one for one in self.losses if (one.chance, one.days) == (chance, days)), None)


def risks(
    days: Sequence[date],
    closes: Sequence[float],
    volumes: Sequence[float] | None = None,
    *,
    as_of: date | None = None,
    market: tuple[Sequence[date], Sequence[float]] | None = None,
    distress: int | None = None,
) -> Risks:
    """From daily prices by `as_of`; `market` are days and closes of an index, for the beta.

    `distress` is the zone of the company's score: 0 safe, 1 grey, 2 distress. Fewer than 64 closes give no
    figure at all, only what is missing. Raises `InputError` for prices that are out of order or not above zero.
    """
    prices = read(days, closes, volumes, as_of=as_of)
    if prices.short:
        return _nothing(prices, distress)
    garch = fit(prices.returns)
    lost = losses(prices.returns, garch)
    by = {(one.chance, one.days): one.var for one in lost}
    year = drawdown(prices.days[-YEAR:], prices.closes[-YEAR:])
    traded = liquidity(prices.closes, prices.returns, prices.volumes)
    follows = _beta(prices, market)
    volatility = math.sqrt(garch.total(21) / 21 * YEAR)
    lasting = garch.alpha + garch.beta
    values = {
        "volatility": volatility,
        "var99_day": by[0.01, 1],
        "var99_month": by[0.01, 21],
        "drawdown_year": year.worst,
        "days_to_sell": traded.days_to_sell if traded else None,
        "distress": None if distress is None else float(distress),
    }
    rows = placed(
        {name: value if value is None else rounded(value) for name, value in values.items()}
    )
    return Risks(
        as_of=prices.days[-1],
        level=rows[0].level,
        placed=rows,
        volatility=rounded(volatility),
        long_run=rounded(math.sqrt(garch.long_run * YEAR)),
        persistence=rounded(lasting),
        half_life=rounded(math.log(0.5) / math.log(lasting)),
        losses=tuple(Loss(o.chance, o.days, rounded(o.var), rounded(o.es)) for o in lost),
        drawdown=_rounded_fall(drawdown(prices.days, prices.closes)),
        drawdown_year=_rounded_fall(year),
        liquidity=_rounded_trade(traded),
        beta=None if follows is None else rounded(follows),
        shocks=tuple(
            Shock(one.name, rounded(one.change), one.basis)
            for one in shocks(prices.returns, follows)
        ),
        missing=_missing(prices, traded, follows, distress),
        remarks=prices.remarks,
    )


def rounded(value: float) -> float:
    """Six significant digits: the same on every machine, and more than the prices know."""
    return float(f"{value:.6g}")


def _beta(prices: Prices, market: tuple[Sequence[date], Sequence[float]] | None) -> float | None:
    """Over the last year's days that both have."""
    if market is None:
        return None
    other = read(market[0], market[1], as_of=prices.days[-1])
    theirs = dict(zip(other.days[1:], other.returns.tolist(), strict=True))
    ours = list(zip(prices.days[1:], prices.returns.tolist(), strict=True))[-YEAR:]
    both = [(own, theirs[day]) for day, own in ours if day in theirs]
    if not both:
        return None
    own, index = (np.array(column) for column in zip(*both, strict=True))
    return beta(own, index)


def _missing(
    prices: Prices, traded: Liquidity | None, follows: float | None, distress: int | None
) -> tuple[str, ...]:
    found = []
    if prices.volumes is None:
        found.append("liquidity: no volumes were given")
    elif traded is None:
        found.append("liquidity: nothing was traded in the last quarter")
    if follows is None:
        found.append("beta: no index with the same days was given; 1 is assumed in the shocks")
    if distress is None:
        found.append("distress: no score from the reports was given")
    return tuple(found)


def _nothing(prices: Prices, distress: int | None) -> Risks:
    """Too short a history: nothing is worked out, but a distress score still has its row."""
    rows = placed({"distress": None if distress is None else float(distress)})
    return Risks(
        as_of=prices.days[-1] if prices.days else None,
        level=None,
        placed=rows,
        volatility=None,
        long_run=None,
        persistence=None,
        half_life=None,
        losses=(),
        drawdown=None,
        drawdown_year=None,
        liquidity=None,
        beta=None,
        shocks=(),
        missing=("every figure from prices: too few of them",),
        remarks=prices.remarks,
    )


def _rounded_fall(fall: Drawdown) -> Drawdown:
    return Drawdown(rounded(fall.worst), fall.peak, fall.trough, rounded(fall.now), fall.days_under)


def _rounded_trade(traded: Liquidity | None) -> Liquidity | None:
    if traded is None:
        return None
    return Liquidity(
        rounded(traded.money),
        rounded(traded.amihud),
        rounded(traded.days_to_sell),
        rounded(traded.still),
    )
