"""Forecasts from prices on two markets, walked forward, beside the laziest products; and two invented worlds.

Stocks: `stocknet-prices` (88 US stocks), fitted before 2015-03-04, tested from it to 2017-09. Indices: the S&P 500
and the NASDAQ of the package `arch`, fitted before 2009, tested to the end of 2018. Features, ridge, coverage and
steps were chosen on what lies before these days; each look at what lies after is a line in LOG.md. Every accuracy
stands beside the base rate, its coverage and an interval from resampled blocks of 63 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import NormalDist, median
from time import perf_counter

import numpy as np
from arch import arch_model
from arch.data import nasdaq, sp500

from arriero.apps.finance.risk.risks import risks
from arriero.apps.finance.trend.blocks import resampled
from arriero.apps.finance.trend.features import MONTH, coming, realised
from arriero.apps.finance.trend.files import read_prices
from arriero.apps.finance.trend.intervals import winkler
from arriero.apps.finance.trend.model import LEVEL
from arriero.apps.finance.trend.outlook import outlook
from arriero.apps.finance.trend.prices import Floats, Prices, read
from arriero.apps.finance.trend.walk import Returns, Walk, walk
from arriero.apps.finance.trend.worlds import SIZE, weekdays, with_edge, without_edge
from arriero.bench.report import Metric
from arriero.bench.trend import accuracy, directions, intervals, points, returns, var99
from arriero.core.statistics import wilson
from bars._data import data
from bars._trial import count, keep, progress
from bars.result import Figure

STOCKS, INDICES = date(2015, 3, 4), date(2009, 1, 1)
BARS = {
    "vol_direction_full": ">= 0.7",
    "vol_direction_selected": ">= 0.83",
    "coverage": ">= 0.35",
    "lead_selected": ">= 0.04",
    "ece": "<= 0.03",
    "ece_up": "<= 0.03",
}
NEAR = {
    "interval90": 0.02,
    "interval90_calm": 0.05,
    "interval90_usual": 0.05,
    "interval90_wild": 0.05,
}
OLS_COVERED = 0.44  # where five lines of least squares are said to reach 81 %
BACK = 64  # days that an invented world goes on after the analysis


def main() -> None:
    figures, passed, assets = [], 0, 0
    for market, panel, split in markets():
        walked = walk(panel, split)
        progress(f"{market}: {len(walked.directions.day)} forecasts of {len(panel)} series")
        figures += market_figures(market, panel, walked)
        tested = var99(panel, split)
        passed, assets = passed + round(tested.value * tested.n), assets + tested.n
        figures.append(figure(f"{market}_var99_kupiec", tested, ""))
    figures.append(share("var99_kupiec", passed, assets, ">= 0.9"))
    figures += world_figures()
    figures += cut_figures()
    keep("trend", "forecasts from prices: volatility, P(up), intervals, value at risk", figures)


def markets() -> list[tuple[str, list[Prices], date]]:
    found = [("indices", [index(sp500.load()), index(nasdaq.load())], INDICES)]
    folder = data()
    file = folder / "stocknet-prices" / "price_raw.tar.gz"
    if file.exists():
        found.insert(0, ("stocks", list(read_prices(file).values())[:: count(1, 8)], STOCKS))
    else:
        progress("stocknet-prices is not there; set ARRIERO_DATA")
    return found


def index(table: object) -> Prices:
    rows = [(when.date(), float(close)) for when, close in table["Adj Close"].items()]  # type: ignore[index]
    return read([day for day, _ in rows], [close for _, close in rows])


def market_figures(market: str, panel: Sequence[Prices], walked: Walk) -> list[Figure]:
    month = walked.over(MONTH)
    found = {
        **directions(walked.directions),
        **returns(month),
        **intervals(month),
        **points(panel, month),
    }
    figures = []
    for name, metric in found.items():
        figures.append(figure(f"{market}_{name}", metric, BARS.get(name, "")))
        if name in NEAR:
            off = round(abs(metric.value - LEVEL), 4)
            figures.append(
                Figure(f"{market}_{name}_off", off, "share", f"<= {NEAR[name]}", metric.n)
            )
        if name == "lead_selected" and metric.low is not None:
            low = round(metric.low, 4)
            figures.append(
                Figure(f"{market}_lead_selected_low", low, "share", ">= 0.0001", metric.n)
            )
    figures += lazy(market, panel, walked)
    figures += curve(market, walked)
    figures.append(against_garch(market, panel, walked, month))
    return figures


def lazy(market: str, panel: Sequence[Prices], walked: Walk) -> list[Figure]:
    """Five lines of least squares on log volatilities of 5, 21, 63 and 252 days, fitted and cut before the split."""
    found = walked.directions
    before, after, aim = [], np.empty((len(found.day), 5)), []
    for stock, prices in enumerate(panel):
        days = np.array([day.toordinal() for day in prices.days[1:]])
        spans = [np.log(realised(prices.returns, span, 63)) for span in (5, 21, 63, 252)]
        table = np.column_stack([np.ones(len(days)), *spans])
        later = np.log(np.sqrt(np.maximum(coming(prices.returns**2, MONTH), 1e-10) / MONTH))
        known = (days < walked.split.toordinal() - 2 * MONTH) & (np.arange(len(days)) >= 252)
        before.append(table[known])
        aim.append(later[known])
        mine = found.stock == stock
        after[mine] = table[np.searchsorted(days, found.day[mine])]
    past = np.concatenate(before)
    weights = np.linalg.lstsq(past, np.concatenate(aim), rcond=None)[0]
    sure = np.quantile(np.abs(past @ weights - past[:, 2]), 1 - OLS_COVERED)
    margin = after @ weights - after[:, 2]
    right = (margin > 0) == found.rose
    claimed = np.abs(margin) >= sure
    everything = np.ones(len(right), dtype=np.bool_)
    return [
        figure(f"{market}_ols_full", accuracy(found.day, right, everything), ""),
        figure(f"{market}_ols_selected", accuracy(found.day, right, claimed), ""),
        figure(f"{market}_ols_coverage", accuracy(found.day, claimed, everything), ""),
    ]


def curve(market: str, walked: Walk) -> list[Figure]:
    """Accuracy of the surest forecasts, chosen after the fact: what another threshold would have shown."""
    found = walked.directions
    order = np.argsort(-np.abs(found.higher - 0.5), kind="stable")
    figures = []
    for part in (0.5, 0.35, 0.2):
        chosen = order[: int(len(order) * part)]
        name = f"{market}_vol_direction_surest_{part:g}"
        value = round(float(found.right[chosen].mean()), 4)
        figures.append(Figure(name, value, "share", "", len(chosen), note="not frozen"))
    return figures


def against_garch(market: str, panel: Sequence[Prices], walked: Walk, month: Returns) -> Figure:
    """Winkler's score of our 90 % intervals over that of GARCH(1,1) by `arch`, fitted anew on the same days."""
    theirs = garch_scores(panel, walked, month)
    ours = winkler(month.low, month.high, month.moved)
    known = ~np.isnan(theirs)
    seen = resampled(
        month.day[known],
        np.column_stack([ours, theirs])[known],
        lambda totals: np.asarray(totals[:, 0] / totals[:, 1]),
    )
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    name = f"{market}_winkler_over_garch"
    return Figure(name, value, "ratio", "<= 0.9999", int(known.sum()), low, high)


def garch_scores(panel: Sequence[Prices], walked: Walk, month: Returns) -> Floats:
    scores = np.full(len(month.day), np.nan)
    starts = [date.fromisoformat(fitted.until) for fitted in walked.fits]
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    for stock in sorted(set(month.stock.tolist())):
        prices = panel[stock]
        days = np.array([day.toordinal() for day in prices.days[1:]])
        low, high = np.full(len(days), np.nan), np.full(len(days), np.nan)
        for start in starts:
            first = int(np.searchsorted(days, start.toordinal()))
            if first < 252 or first >= len(days):
                continue
            model = arch_model(prices.returns * 100, mean="Constant", vol="GARCH", p=1, q=1)
            fitted = model.fit(last_obs=first, disp="off", show_warning=False)
            told = fitted.forecast(horizon=MONTH, start=first, reindex=False)
            spread = np.sqrt(told.variance.to_numpy().sum(axis=1)) / 100
            centre = told.mean.to_numpy().sum(axis=1) / 100
            low[first:], high[first:] = centre - z * spread, centre + z * spread
        mine = month.stock == stock
        place = np.searchsorted(days, month.day[mine])
        scores[mine] = winkler(low[place], high[place], month.moved[mine])
    return scores


def world_figures() -> list[Figure]:
    """Invented markets whose truth is known; a claim is right when the next 21 days went its way."""
    worlds, figures = count(400, 20), []
    days = weekdays(SIZE + 1)
    for name, world in (("planted", with_edge), ("no_edge", without_edge)):
        right, claims, rises, spent = 0, 0, 0, []
        for seed in range(1_000, 1_000 + worlds):
            closes = world(seed)
            now = len(closes) - BACK
            started = perf_counter()
            told = outlook(days[:now], closes[:now].tolist()).horizon(MONTH)
            spent.append((perf_counter() - started) * 1_000)
            assert told is not None
            rose = bool(closes[now - 1 + MONTH] > closes[now - 1])
            rises += rose
            claims += told.claimed
            right += told.claimed and (told.up > 0.5) == rose
        bar = ">= 0.6" if name == "planted" else "<= 0.01"
        figures.append(share(f"{name}_rated", claims, worlds, bar))
        if name == "planted":
            figures.append(share("planted_right", right, claims, ">= 0.8"))
            figures.append(share("planted_right_by_always_up", rises, worlds, ""))
            figures.append(share("planted_rated_by_always_abstaining", 0, worlds, ""))
        figures.append(Figure(f"{name}_outlook_ms", round(median(spent), 1), "ms", "", worlds))
    return figures


def cut_figures() -> list[Figure]:
    """Analyses as of a random day, with and without the days after it: how many differ in anything."""
    cuts, changed = count(1_000, 20), 0
    draw = np.random.Generator(np.random.PCG64(9))
    days = weekdays(SIZE + 1)
    for cut in range(cuts):
        closes = with_edge(cut % 50).tolist()
        volumes = (1e6 * draw.lognormal(0, 0.5, SIZE + 1)).tolist()
        end = int(draw.integers(1, SIZE))
        whole = (
            outlook(days, closes, as_of=days[end - 1]),
            risks(days, closes, volumes, as_of=days[end - 1]),
        )
        short_of = (
            outlook(days[:end], closes[:end]),
            risks(days[:end], closes[:end], volumes[:end]),
        )
        changed += repr(whole) != repr(short_of)
    return [Figure("cuts_that_change_something", changed, "cuts", "== 0", cuts)]


def figure(name: str, metric: Metric, bar: str) -> Figure:
    low, high = (None if one is None else round(one, 4) for one in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high)


def share(name: str, part: int, whole: int, bar: str) -> Figure:
    seen = wilson(part, whole)
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, whole, low, high)


if __name__ == "__main__":
    main()
