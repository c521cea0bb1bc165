"""Charts as inline SVG: lines, bars, a fan of intervals, a fall from the peak, a calibration plot. No script, no font."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from arriero.apps.finance.numbers import say
from arriero.apps.finance.values import Chart, Line

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 34
PLAIN = frozenset({"share", "points", "ratio", "times", "count", "days", "years", "price", "score"})
COLOURS = ("#1f5fa8", "#c4632b", "#4b8b3b", "#7b5aa6", "#8a8a8a")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a value stands on the paper. `low` < `high`."""

    count: int
    low: float
    high: float

    def x(self, place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place / max(self.count - 1, 1))

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def svg(chart: Chart) -> str:
    """The chart, with its title for those who do not see it."""
    draw = DRAWN.get(chart.kind, _lines)
    body = draw(chart) if any(line.points for line in chart.lines) else _empty()
    title = chart.title if chart.unit in PLAIN else f"{chart.title}, {chart.unit}"
    legend = "".join(
        f'<span style="color:{colour}">&#9632; {_e(name)}</span> '
        for name, colour in _legend(chart)
    )
    return (
        f"<figure><figcaption>{_e(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_e(title)}">{body}</svg>'
        f"<p>{legend}</p></figure>"
    )


def _legend(chart: Chart) -> Sequence[tuple[str, str]]:
    """Name and colour of what is drawn; of a fan the close, the area and the median."""
    names = [line.name for line in chart.lines]
    if chart.kind == "fan" and len(names) > 3:
        return (
            (names[0], "#222"),
            (f"{names[1]} to {names[2]}", COLOURS[0]),
            (names[-1], COLOURS[0]),
        )
    if chart.kind == "drawdown":
        return ((names[0], COLOURS[1]),)
    return tuple((name, COLOURS[at % len(COLOURS)]) for at, name in enumerate(names))


def _frame(lines: Sequence[Line], *, zero: bool = False) -> Frame:
    values = [point.value for line in lines for point in line.points]
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = low - 1, high + 1
    room = (high - low) * 0.05
    count = max(len(line.points) for line in lines)
    return Frame(
        count,
        low - (0.0 if zero and low == 0 else room),
        high + (0.0 if zero and high == 0 else room),
    )


def _axes(frame: Frame, unit: str, labels: Sequence[str]) -> str:
    parts = []
    for value in _ticks(frame.low, frame.high):
        y = frame.y(value)
        colour = "#a8a8a8" if value == 0 else "#e3e3e3"
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
            f'<text x="{LEFT - 5}" y="{y + 3:.1f}" text-anchor="end">{_e(_short(value, unit))}</text>'
        )
    shown = [0, len(labels) // 2, len(labels) - 1] if len(labels) > 4 else range(len(labels))
    for place in dict.fromkeys(shown):
        anchor = "start" if place == 0 else "end" if place == len(labels) - 1 else "middle"
        parts.append(
            f'<text x="{frame.x(place):.1f}" y="{HEIGHT - 14}" text-anchor="{anchor}">{_e(labels[place])}</text>'
        )
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between these, two to six of them, as a person would write them beside an axis."""
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(at * step, 10) or 0.0 for at in range(first, last + 1)]


def _short(value: float, unit: str) -> str:
    """A round value beside an axis: amounts in thousands, millions, billions; the currency stands in the title."""
    if unit in {"share", "points"}:
        return f"{_bare(value * 100)} %"
    if unit in PLAIN:
        return _bare(value)
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{_bare(value / size)} {letter}"
    return _bare(value)


def _bare(value: float) -> str:
    """Without zeros at the end."""
    return f"{round(value, 6) or 0.0:,.10g}"


def _labels(chart: Chart) -> list[str]:
    longest = max(chart.lines, key=lambda line: len(line.points))
    return [point.at for point in longest.points]


def _path(frame: Frame, line: Line) -> str:
    return " ".join(
        f"{frame.x(place):.1f},{frame.y(point.value):.1f}"
        for place, point in enumerate(line.points)
    )


def _lines(chart: Chart) -> str:
    frame = _frame(chart.lines)
    drawn = "".join(
        f'<polyline points="{_path(frame, line)}" fill="none" stroke="{COLOURS[at % len(COLOURS)]}" stroke-width="1.5"/>'
        for at, line in enumerate(chart.lines)
    )
    return _axes(frame, chart.unit, _labels(chart)) + drawn


def _bars(chart: Chart) -> str:
    """Groups of bars from zero; a value below it hangs down."""
    frame = _frame(chart.lines, zero=True)
    count, kinds = frame.count, len(chart.lines)
    slot = (WIDTH - LEFT - RIGHT) / count
    width = slot * 0.75 / kinds
    parts = []
    for at, line in enumerate(chart.lines):
        for place, point in enumerate(line.points):
            x = LEFT + slot * place + slot * 0.125 + width * at
            top, base = sorted((frame.y(point.value), frame.y(0.0)))
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(base - top, 0.5):.1f}" '
                f'fill="{COLOURS[at % len(COLOURS)]}"><title>{_e(point.at)}: {_e(say(point.value, chart.unit))}</title></rect>'
            )
    labels = _labels(chart)
    named = "".join(
        f'<text x="{LEFT + slot * (place + 0.5):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{_e(label)}</text>'
        for place, label in enumerate(labels)
    )
    return _axes(frame, chart.unit, ()) + "".join(parts) + named


def _fan(chart: Chart) -> str:
    """The first line is what was; then pairs of lower and upper bounds, the widest first; the last is the median."""
    past, *rest = chart.lines
    bounds, median = rest[:-1], rest[-1]
    count = len(past.points) + len(median.points) - 1
    frame = _frame(chart.lines)
    frame = Frame(count, frame.low, frame.high)
    offset = len(past.points) - 1

    def track(line: Line) -> list[tuple[float, float]]:
        return [
            (frame.x(offset + place), frame.y(point.value))
            for place, point in enumerate(line.points)
        ]

    parts = []
    for low, high in zip(bounds[::2], bounds[1::2], strict=True):
        outline = [*track(low), *track(high)[::-1]]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
        parts.append(f'<polygon points="{points}" fill="#1f5fa8" fill-opacity="0.16"/>')
    middle = " ".join(f"{x:.1f},{y:.1f}" for x, y in track(median))
    parts.append(
        f'<polyline points="{middle}" fill="none" stroke="#1f5fa8" stroke-dasharray="4 3"/>'
    )
    parts.append(
        f'<polyline points="{_path(frame, past)}" fill="none" stroke="#222" stroke-width="1.3"/>'
    )
    labels = [point.at for point in past.points] + [point.at for point in median.points[1:]]
    return _axes(frame, chart.unit, labels) + "".join(parts)


def _drawdown(chart: Chart) -> str:
    """How far below its peak: an area that hangs from zero."""
    frame = _frame(chart.lines, zero=True)
    line = chart.lines[0]
    begin, end = frame.x(0), frame.x(len(line.points) - 1)
    zero = frame.y(0.0)
    area = f"{begin:.1f},{zero:.1f} {_path(frame, line)} {end:.1f},{zero:.1f}"
    return (
        _axes(frame, chart.unit, _labels(chart))
        + f'<polygon points="{area}" fill="#c4632b" fill-opacity="0.35" stroke="#c4632b"/>'
    )


def _calibration(chart: Chart) -> str:
    """Said against happened: each point is a bin, the diagonal is what a calibrated model keeps to."""
    line = chart.lines[0]
    frame = Frame(2, 0.0, 1.0)

    def x(share: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * share

    points = "".join(
        f'<circle cx="{x(float(point.at)):.1f}" cy="{frame.y(point.value):.1f}" r="4" fill="#1f5fa8"/>'
        for point in line.points
    )
    diagonal = (
        f'<line x1="{x(0):.1f}" y1="{frame.y(0):.1f}" x2="{x(1):.1f}" y2="{frame.y(1):.1f}" '
        'stroke="#8a8a8a" stroke-dasharray="4 3"/>'
    )
    names = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">said</text>'
        f'<text x="{LEFT + 4}" y="{TOP + 10}">happened</text>'
    )
    return _axes(frame, chart.unit, ("0 %", "100 %")) + names + diagonal + points


def _empty() -> str:
    return f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">nothing to draw</text>'


DRAWN: dict[str, Callable[[Chart], str]] = {
    "lines": _lines, "bars": _bars, "fan": _fan, "drawdown": _drawdown, "calibration": _calibration,
}  # fmt: skip


def _e(text: str) -> str:
    return html.escape(text)
