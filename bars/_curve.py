"""The risk-coverage curve of a bar's result, as an SVG that a page can show."""

from __future__ import annotations

from collections.abc import Sequence

from bars.result import Result

RISK = "risk_at_coverage_"
WIDTH, HEIGHT, LEFT, TOP = 480, 300, 60, 30  # of the plot itself; pixels
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def risk_coverage(result: Result) -> str:
    """Across, the share of all questions that is sent, best score first; up, how much of it is wrong.

    The cross is what the released threshold sent. `result` holds figures `risk_at_coverage_SHARE`,
    and `wrong_but_sent` with its n.
    """
    figures = {one.name: one for one in result.figures}
    points = sorted(
        (float(name.removeprefix(RISK)), one.value)
        for name, one in figures.items()
        if name.startswith(RISK)
    )
    asked = figures["aurc"].n or 1
    sent = figures["wrong_but_sent"]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, points))
    x, y = _place(((sent.n or 0) / asked, sent.value))
    right, bottom = LEFT + WIDTH, TOP + HEIGHT
    parts = [
        (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 30} {bottom + 60}" '
        'font-family="sans-serif" font-size="12">'),
        f'<rect width="{right + 30}" height="{bottom + 60}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18">Risk against coverage: {asked} questions, {result.at}</text>',
        *_grid(right, bottom),
        f'<polyline points="{line}" fill="none" stroke="#1f5f8b" stroke-width="2"/>',
        *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="#1f5f8b"/>' for a, b in map(_place, points)),
        f'<path d="M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12" stroke="#b03a2e" stroke-width="2"/>',
        f'<text x="{x + 9:.1f}" y="{y - 7:.1f}" fill="#b03a2e">sent: {sent.n}, wrong {sent.value:.1%}</text>',
        (f'<text x="{LEFT + WIDTH / 2:.0f}" y="{bottom + 42}" text-anchor="middle">'
        "share of the questions that is answered</text>"),
        (f'<text transform="rotate(-90)" x="{-(TOP + HEIGHT / 2):.0f}" y="16" text-anchor="middle">'
        "share of those answers that is wrong</text>"),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _place(point: tuple[float, float]) -> tuple[float, float]:
    coverage, risk = point
    return LEFT + coverage * WIDTH, TOP + (1 - risk) * HEIGHT


def _grid(right: int, bottom: int) -> Sequence[str]:
    found = []
    for tick in TICKS:
        x, y = _place((tick, tick))
        found += [
            f'<path d="M{x:.1f} {TOP}V{bottom}M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>',
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:.0%}</text>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.0%}</text>',
        ]
    return found
