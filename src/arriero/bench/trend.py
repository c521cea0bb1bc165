"""Forecasts from your prices, walked forward: direction of volatility, P(up), intervals, and what lazy rules reach.

Everything is fitted before the split (default: the middle day) and frozen or refitted a year at a time on what was
known; see `apps/finance/trend/walk.py`. Intervals are block bootstraps over days, since windows overlap and stocks
move together; `n` counts forecasts, of which a 21st are independent at best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from arriero.apps.finance.risk.losses import exceeded, kupiec
from arriero.apps.finance.trend.baselines import BASELINES
from arriero.apps.finance.trend.blocks import lead, resampled, share, skill
from arriero.apps.finance.trend.features import MONTH
from arriero.apps.finance.trend.model import Flags
from arriero.apps.finance.trend.prices import YEAR, Floats, Prices
from arriero.apps.finance.trend.walk import Directions, Returns, middle, walk
from arriero.bench.report import Metric
from arriero.core.statistics import Interval, expected_calibration_error, wilson

FIT = 0.05  # the level of Kupiec's test


def measure(panel: Sequence[Prices], split: date | None = None) -> Mapping[str, Metric]:
    """The metrics of DESIGN §6, and what they are to be compared with."""
    walked = walk(panel, split or middle(panel))
    month = walked.over(MONTH)
    return {
        **directions(walked.directions),
        **returns(month),
        **intervals(month),
        **points(panel, month),
        "var99_kupiec": var99(panel, walked.split),
    }


def directions(found: Directions) -> Mapping[str, Metric]:
    """Accuracy at full coverage and where it is claimed, and the one-line rule's at the same coverage."""
    everything = np.ones(len(found.day), dtype=np.bool_)
    surest = found.surest_by_rule()
    ece = expected_calibration_error(found.higher.tolist(), found.rose.tolist())
    return {
        "vol_direction_full": accuracy(found.day, found.right, everything),
        "vol_direction_selected": accuracy(found.day, found.right, found.claimed),
        "coverage": accuracy(found.day, found.claimed, everything),
        "base_rate": accuracy(found.day, _usual(found.rose, everything), everything),
        "base_rate_selected": accuracy(found.day, _usual(found.rose, found.claimed), found.claimed),
        "rule_full": accuracy(found.day, found.right_by_rule, everything),
        "rule_selected": accuracy(found.day, found.right_by_rule, surest),
        "lead_full": _lead(found, everything, everything),
        "lead_selected": _lead(found, found.claimed, surest),
        "ece": Metric(ece, len(found.day)),
        "effective_n": Metric(len(found.day) / MONTH, len(found.day), "windows"),
    }


def returns(found: Returns) -> Mapping[str, Metric]:
    """P(up) over 21 days against the expanding base rate of each stock."""
    rose = found.moved > 0
    known = ~np.isnan(found.base)
    losses = np.column_stack([(found.up - rose) ** 2, (found.base - rose) ** 2])[known]
    everything = np.ones(len(rose), dtype=np.bool_)
    ece = expected_calibration_error(found.up.tolist(), rose.tolist())
    n = int(known.sum())
    claims = accuracy(found.day, (found.up > 0.5) == rose, found.claimed)
    return {
        "brier_skill": _metric(resampled(found.day[known], losses, skill), n),
        "ece_up": Metric(ece, len(rose)),
        "always_up": accuracy(found.day, rose, everything),
        "direction_claimed": accuracy(found.day, found.claimed, everything),
        "direction_right": claims,
    }


def points(panel: Sequence[Prices], found: Returns) -> Mapping[str, Metric]:
    """Mean absolute error of what is expected over 21 days, over that of "no change"; below 1 is better."""
    told = {"expected": found.expected}
    for name, forecast in BASELINES.items():
        if name != "naive":
            told[name] = _placed(panel, found, forecast)
    return {
        f"error_{name}": _metric(
            resampled(
                found.day,
                np.column_stack([np.abs(found.moved - one), np.abs(found.moved)]),
                share,
            ),
            len(one),
            "of naive",
        )
        for name, one in told.items()
    }


def _placed(
    panel: Sequence[Prices], found: Returns, forecast: Callable[[Floats, int], Floats]
) -> Floats:
    """A baseline's forecasts in the rows of `found`."""
    told = np.empty(len(found.day))
    for stock in np.unique(found.stock).tolist():
        prices = panel[stock]
        days = [day.toordinal() for day in prices.days[1:]]
        mine = found.stock == stock
        told[mine] = forecast(prices.returns, found.days)[np.searchsorted(days, found.day[mine])]
    return told


def intervals(found: Returns) -> Mapping[str, Metric]:
    """Share of the 90 % intervals over 21 days that held, in all and by tercile of the forecast volatility."""
    held = (found.low <= found.moved) & (found.moved <= found.high)
    edges = np.quantile(found.spread, [1 / 3, 2 / 3])
    tercile = np.digitize(found.spread, edges)
    parts = {
        f"interval90_{name}": accuracy(found.day, held, tercile == number)
        for number, name in enumerate(("calm", "usual", "wild"))
    }
    return {"interval90": accuracy(found.day, held, np.ones(len(held), dtype=np.bool_)), **parts}


def var99(panel: Sequence[Prices], split: date) -> Metric:
    """Share of the stocks whose losses beyond the one-day VaR at 99 % are as many as they should be (Kupiec)."""
    passed = []
    for prices in panel:
        start = max(YEAR, sum(day < split for day in prices.days))
        beyond = exceeded(prices.returns, start)
        if len(beyond) >= YEAR:
            passed.append(kupiec(sum(beyond), len(beyond), 0.01) > FIT)
    return Metric.of(wilson(sum(passed), len(passed)), len(passed)) if passed else Metric(0.0, 0)


def accuracy(days: NDArray[np.int64], right: Flags, among: Flags) -> Metric:
    """Share of `right` among some, with its interval from blocks of days."""
    count = int(among.sum())
    if not count:
        return Metric(0.0, 0)
    columns = np.column_stack([right & among, among]).astype(np.float64)
    return _metric(resampled(days, columns, share), count)


def _usual(rose: Flags, among: Flags) -> Flags:
    """Where the answer that is right more often among some is right: what always the same gets there."""
    return rose if 2 * int(rose[among].sum()) >= int(among.sum()) else ~rose


def _lead(found: Directions, ours: Flags, theirs: Flags) -> Metric:
    columns = np.column_stack(
        [found.right & ours, ours, found.right_by_rule & theirs, theirs]
    ).astype(np.float64)
    count = int(ours.sum())
    if not count:
        return Metric(0.0, 0, "points")
    return _metric(resampled(found.day, columns, lead), count)


def _metric(interval: Interval, n: int, unit: str = "share") -> Metric:
    if np.isnan(interval.low):
        return Metric(interval.value, n, unit)
    return Metric.of(interval, n, unit)
