"""Invented markets whose truth is known, through the whole analysis: bundle, views, rating table, compliance gate.

The prices of the sample's two invented companies (one graded A, a bank graded B) are replaced by those of a world of
`trend/worlds.py`, with an edge planted or without one; reports, filings and news stay. A rating is BUY or SELL, and
right when the price of the next 21 trading days went its way. The table asks for a wider edge where the reports (grade A
before SELL) or the risk (severe before BUY) speak against it. The laziest products, always BUY and always NO_RATING, are
counted on the same days.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from arriero.apps.finance.app import FinanceApp
from arriero.apps.finance.evidence.base import Bar, Bundle
from arriero.apps.finance.trend.prices import Floats
from arriero.apps.finance.trend.worlds import with_edge, without_edge
from arriero.apps.finance.values import Rating, Request, Seen
from arriero.core.statistics import wilson
from bars._finance import LAST, TICKERS, Analyst, Asked, analyst
from bars._trial import count, keep, progress
from bars.result import Figure

FIRST_SEED = 20_000  # the bar of the forecasts alone looks at 1,000 to 1,399
DAYS = 21
BACK = 64  # days that a world goes on after the analysis
WORLDS: dict[str, Callable[[int], Floats]] = {"planted": with_edge, "no_edge": without_edge}
PARTS = 2


@dataclass(frozen=True, slots=True)
class Told:
    """One analysis, and what became of the price."""

    world: str
    ticker: str
    ended: str
    rating: Rating
    rose: bool

    @property
    def rated(self) -> bool:
        return self.rating in {Rating.BUY, Rating.SELL}

    @property
    def right(self) -> bool:
        return self.rated and (self.rating is Rating.BUY) == self.rose


def main() -> None:
    many = count(200, 4)
    with ProcessPoolExecutor(PARTS) as pool:
        told = [one for part in pool.map(_part, [many] * PARTS, range(PARTS)) for one in part]
    keep(
        "finance_worlds",
        "invented markets through the whole analysis and its rating table",
        [*planted([one for one in told if one.world == "planted"]),
         *no_edge([one for one in told if one.world == "no_edge"])],
    )  # fmt: skip


def planted(told: list[Told]) -> Iterator[Figure]:
    rated = [one for one in told if one.rated]
    yield share("planted_rated", len(rated), len(told), ">= 0.6")
    yield share("planted_right", sum(one.right for one in rated), len(rated), ">= 0.8")
    for ticker, grade in zip(TICKERS, "AB", strict=True):
        mine = [one for one in told if one.ticker == ticker]
        some = [one for one in mine if one.rated]
        yield share(f"planted_rated_grade_{grade}", len(some), len(mine), "")
        yield share(f"planted_right_grade_{grade}", sum(one.right for one in some), len(some), "")
    yield share("planted_right_by_always_buy", sum(one.rose for one in told), len(told), "")
    yield share("planted_rated_by_always_no_rating", 0, len(told), "")
    yield share("planted_released", sum(one.ended == "answered" for one in told), len(told), "")


def no_edge(told: list[Told]) -> Iterator[Figure]:
    rated = [one for one in told if one.rated]
    yield share("no_edge_hold_or_no_rating", len(told) - len(rated), len(told), ">= 0.99")
    yield share("no_edge_hold_or_no_rating_by_always_buy", 0, len(told), "")
    kinds = Counter(one.rating for one in told)
    yield share("no_edge_hold", kinds[Rating.HOLD], len(told), "")


def _part(many: int, which: int) -> list[Told]:
    return asyncio.run(_told(many, which))


async def _told(many: int, which: int) -> list[Told]:
    """Every `PARTS`-th world of each kind."""
    found = []
    async with analyst(cached=True) as one:
        for name, world in WORLDS.items():
            for number in range(which, many, PARTS):
                ticker = TICKERS[number // PARTS % len(TICKERS)]
                closes = world(FIRST_SEED + number)
                now = len(closes) - BACK
                result = await _over(one, closes[:now], number).ask(Asked(ticker, LAST, DAYS))
                rose = bool(closes[now - 1 + DAYS] > closes[now - 1])
                told = result.outcome
                found.append(Told(name, ticker, told.ended.value, told.answer.recommendation, rose))
            progress(f"{name}, part {which + 1}: {many // PARTS} analyses")
    return found


def _over(one: Analyst, closes: Floats, seed: int) -> Analyst:
    """The same analyst, for whom every company has these prices up to the last day."""
    app = one.app
    assert isinstance(app, FinanceApp)
    freeze, bars = app.freeze, tuple(bars_of(closes, seed))

    async def frozen(asked: Request, seen: Seen) -> Bundle:
        return replace(await freeze(asked, seen), bars=bars)

    return Analyst(replace(app, freeze=frozen), one.flow)


def bars_of(closes: Floats, seed: int) -> Iterator[Bar]:
    """Daily bars that end on the sample's last day; each opens at the close before."""
    draw = np.random.Generator(np.random.PCG64(seed))
    volumes = (1e6 * draw.lognormal(0, 0.5, len(closes))).tolist()
    days = list(reversed([day for day, _ in zip(_back(LAST), closes, strict=False)]))
    before = float(closes[0])
    for day, close, volume in zip(days, closes.tolist(), volumes, strict=True):
        yield Bar(day, before, max(before, close), min(before, close), close, close, volume)
        before = close


def _back(day: date) -> Iterator[date]:
    while True:
        if day.weekday() < 5:
            yield day
        day -= timedelta(days=1)


def share(name: str, part: int, whole: int, bar: str) -> Figure:
    seen = wilson(part, whole)
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, whole, low, high)


if __name__ == "__main__":
    main()
