"""What the bars of a bundle give to rating, explanation and charts: the last close, a year's line, the drawdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arriero.apps.finance.evidence.base import Bar, Bundle
from arriero.apps.finance.values import Chart, Line, Point
from arriero.apps.finance.views import Figure, Origin

SHOWN = 252  # days in a chart


def value_of(bar: Bar) -> float:
    """The close after splits and dividends where it is told."""
    return bar.close if bar.adjusted is None else bar.adjusted


def closes_of(bars: Sequence[Bar]) -> list[float]:
    """Closes on one footing: adjusted where that is told, and without splits that nobody adjusted, as forecasts see them.

    Without numpy a split stays in; then nothing is forecast, either.
    """
    closes = [value_of(bar) for bar in bars]
    try:
        from arriero.apps.finance.trend.prices import read  # noqa: PLC0415  # needs the extra `finance`
    except ModuleNotFoundError:
        return closes
    prices = read([bar.day for bar in bars], closes, [bar.volume for bar in bars])
    return [float(close) for close in prices.closes]


def provider_of(bundle: Bundle, part: str) -> str:
    """Who served a part; empty when nobody did."""
    return next((one.provider for one in bundle.sources if one.part == part), "")


def close_of(bundle: Bundle) -> Figure | None:
    """The newest close, as it was traded."""
    if not bundle.bars:
        return None
    bar, ticker = bundle.bars[-1], bundle.entity.ticker
    served = provider_of(bundle, "bars") or "unknown"
    origin = Origin(
        f"price:{ticker}:{bar.day}",
        f"daily prices of {ticker} ({served})",
        f"{bar.day} close {bar.close:.2f}",
    )
    return Figure(f"close of {bar.day}", bar.close, "price", (origin,))


def charts_of(bars: Sequence[Bar]) -> Iterator[Chart]:
    """How far the price was below its peak, over the last year."""
    shown = bars[-SHOWN:]
    if len(shown) < 2:
        return
    peak, points = 0.0, []
    for bar, value in zip(shown, closes_of(bars)[-SHOWN:], strict=True):
        peak = max(peak, value)
        points.append(Point(bar.day.isoformat(), value / peak - 1))
    yield Chart(
        "drawdown", "Below the peak of the last year", "share", (Line("drawdown", tuple(points)),)
    )
