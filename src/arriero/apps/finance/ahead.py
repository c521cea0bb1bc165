"""What prices say of the time ahead and of what may be lost, as rating and explanation take it. Needs numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import sqrt

from arriero.apps.finance.evidence.base import Bar
from arriero.apps.finance.prices import SHOWN, closes_of, value_of
from arriero.apps.finance.risk.risks import Risks, risks
from arriero.apps.finance.trend.edge import chances
from arriero.apps.finance.trend.features import features
from arriero.apps.finance.trend.model import HORIZONS, shipped
from arriero.apps.finance.trend.outlook import Trend, outlook
from arriero.apps.finance.trend.prices import read
from arriero.apps.finance.values import Chart, Expected, Line, Point
from arriero.apps.finance.views import Danger, Figure, Origin, Outlook

FAN_STEPS = 12
BINS = 5
FEWEST = 250  # windows below which a calibration plot is noise
SPEAKS = {"low": 1.0, "moderate": 0.3, "high": -0.4, "severe": -1.0}
MEASURES = {
    "volatility": ("forecast volatility a year", "share"),
    "var99_day": ("value at risk of a day, 99 %", "share"),
    "var99_month": ("value at risk of 21 trading days, 99 %", "share"),
    "drawdown_year": ("deepest fall from a peak in the last year", "share"),
    "days_to_sell": ("trading days that a sale of a million takes at a tenth of the volume", "ratio"),
}  # fmt: skip


def outlook_of(
    bars: Sequence[Bar], as_of: date, days: int, origins: tuple[Origin, ...], caution: float
) -> Outlook:
    """The horizon of `days` trading days, with what the model says of volatility beside it."""
    told = outlook(*_series(bars), as_of=as_of, caution=caution)
    horizon = told.horizon(days)
    if horizon is None:
        why = "; ".join(f"{one.flaw.value}: {one.detail}" for one in told.remarks) or "no prices"
        return Outlook(None, False, None, False, why, None, (), method=told.method)
    return Outlook(
        up=horizon.up,
        claimed=horizon.claimed,
        base_rate=horizon.base_rate,
        calibrated=days in HORIZONS,
        why=horizon.why,
        expected=Expected(horizon.expected, horizon.low, horizon.high, horizon.level, days),
        figures=tuple(_volatility(told, origins)),
        charts=(*_fan(told, bars, days), *_calibration(bars, as_of, days)),
        method=told.method,
    )


def danger_of(
    bars: Sequence[Bar], as_of: date, origins: tuple[Origin, ...], distress: int | None
) -> Danger:
    """The level by the published table, each measure, and what a shock would cost."""
    told = risks(*_series(bars), as_of=as_of, distress=distress)
    if told.level is None:
        return Danger(None, "; ".join(told.missing), ())
    worst = MEASURES.get(told.placed[0].name, (told.placed[0].name, ""))[0]
    return Danger(
        told.level,
        f"its worst measure is {worst}",
        tuple(_losses(told, origins)),
        days_to_sell=told.liquidity.days_to_sell if told.liquidity else None,
    )


def _series(bars: Sequence[Bar]) -> tuple[list[date], list[float], list[float]]:
    return (
        [bar.day for bar in bars],
        [value_of(bar) for bar in bars],
        [bar.volume for bar in bars],
    )


def _volatility(told: Trend, origins: tuple[Origin, ...]) -> Iterator[Figure]:
    """Volatility now and ahead; how often such a claim was right on this stock, with what chance alone would give."""
    seen = told.volatility
    if seen is None:
        return
    yield Figure("volatility of the last 21 trading days, a year", seen.last, "share", origins)
    yield Figure("forecast for the next 21, a year", seen.ahead, "share", origins)
    if not seen.claimed:
        return
    way = "higher" if seen.higher >= 0.5 else "lower"
    yield Figure(
        f"the model expects volatility {way} than in the last 21 trading days, with a probability of",
        max(seen.higher, 1 - seen.higher), "share", origins,
    )  # fmt: skip
    record = told.record
    if record is not None and record.claims:
        yield Figure(
            "share of such claims on this stock's past that were right",
            record.right / record.claims, "share", origins,
        )  # fmt: skip
        yield Figure(
            "share of days on which one was made (coverage)",
            record.claims / record.days, "share", origins,
        )  # fmt: skip
        yield Figure(
            "share of those days after which volatility rose (base rate)",
            record.risen / record.claims, "share", origins,
        )  # fmt: skip
        yield Figure("independent claims among them", record.effective, "ratio", origins)


def _losses(told: Risks, origins: tuple[Origin, ...]) -> Iterator[Figure]:
    for one in told.placed:
        if one.name in MEASURES:
            name, unit = MEASURES[one.name]
            yield Figure(name, one.value, unit, origins, SPEAKS.get(one.level))
    month = told.loss(0.05, 21)
    if month is not None:
        yield Figure(
            "expected shortfall of 21 trading days, 95 %",
            month.es,
            "share",
            origins,
        )
    for shock in told.shocks[:2]:
        yield Figure(f"scenario, {shock.name}", shock.change, "share", origins)


def _fan(told: Trend, bars: Sequence[Bar], days: int) -> Iterator[Chart]:
    """The last year, and the interval ahead between the horizons that are known, by the root of time."""
    known = [one for one in told.horizons if one.days <= days]
    if not known or told.close is None:
        return
    shown = zip(bars, closes_of(bars), strict=True)
    past = [Point(bar.day.isoformat(), close) for bar, close in shown][-SHOWN // 2 :]
    last = past[-1].value
    lines: dict[str, list[Point]] = {"low": [], "high": [], "median": []}
    for step in range(FAN_STEPS + 1):
        day = days * step / FAN_STEPS
        spans = (
            ("low", [one.low for one in known]),
            ("high", [one.high for one in known]),
            ("median", [one.expected for one in known]),
        )
        for name, values in spans:
            change = _between([0, *(one.days for one in known)], [0.0, *values], day)
            lines[name].append(Point(f"+{round(day)}", last * (1 + change)))
    level = f"{known[-1].level * 100:.0f} %"
    yield Chart(
        "fan",
        f"Price of the last half year, and the estimated {level} interval ahead",
        "price",
        (
            Line("close", tuple(past)),
            Line(f"{level} low", tuple(lines["low"])),
            Line(f"{level} high", tuple(lines["high"])),
            Line("median", tuple(lines["median"])),
        ),
    )


def _between(days: Sequence[int], values: Sequence[float], day: float) -> float:
    """The value at `day`, linear in the root of time between the known days."""
    place = next((at for at, known in enumerate(days) if known >= day), len(days) - 1)
    if place == 0:
        return values[0]
    before, after = sqrt(days[place - 1]), sqrt(days[place])
    share = (sqrt(day) - before) / (after - before)
    return values[place - 1] + (values[place] - values[place - 1]) * share


def _calibration(bars: Sequence[Bar], as_of: date, days: int) -> Iterator[Chart]:
    """What the model would have said on this stock's past, each day from what was known by then, and what happened."""
    prices = read(*_series(bars), as_of=as_of)
    if prices.short:
        return
    table, model = features(prices.returns), shipped()
    said = chances(prices.returns, table, model.spread(prices.returns, table, days), days).up
    closes = prices.closes.tolist()
    rows = sorted(
        (float(said[at]), closes[at + 1 + days] > closes[at + 1])
        for at in range(252, len(said) - days)
    )
    if len(rows) < FEWEST:
        return
    points = []
    for at in range(BINS):
        part = rows[len(rows) * at // BINS : len(rows) * (at + 1) // BINS]
        mean = sum(p for p, _ in part) / len(part)
        points.append(Point(f"{mean:.4f}", sum(rose for _, rose in part) / len(part)))
    independent = max(1, len(rows) // days)
    yield Chart(
        "calibration",
        f"P(up) as it was said against how often it rose, on this stock's past ({len(rows)} overlapping windows, "
        f"about {independent} independent)",
        "share",
        (Line("observed share of rises", tuple(points)),),
    )
