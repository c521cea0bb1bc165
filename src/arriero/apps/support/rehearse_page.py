"""A rehearsal as one HTML page that needs nothing else: styles, script, curve and tickets are in it.

What tickets say is data in it, never markup: the page's script writes it as text, and its content
security policy lets no other script run and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from arriero.apps.support.rehearse import (
    ALIKE,
    ENDINGS,
    FACTS_SHARED,
    Endings,
    Point,
    Rehearsed,
    Tickets,
    automatable,
    curve,
    endings,
)
from arriero.core.statistics import Interval

TEMPLATE = Path(__file__).with_suffix(".html")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 300, 56, 44, 12, 28
MOST_POINTS = 600  # of the curve that is drawn and slid along; more cannot be seen apart
_MARK = re.compile(r"\{\{(\w+)\}\}")
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of how it came about."""

    file: str
    at: datetime
    variant: str
    release_at: float
    sampled_of: int | None = None  # how many tickets the file has, when only some were rehearsed


def page(rehearsed: Sequence[Rehearsed], tickets: Tickets, about: About) -> str:
    """The page's HTML. The same rehearsal gives the same page."""
    points = _thinned(curve(rehearsed))
    told = endings(rehearsed)
    template = TEMPLATE.read_text(encoding="utf-8")
    script = _SCRIPT.search(template)
    assert script is not None  # noqa: S101  # the template is ours
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    answered = [one for one in rehearsed if one.compared is not None]
    parts = {
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        "file": _safe(about.file),
        "about": _safe(_about(rehearsed, tickets, about)),
        "cards": "".join(_card(name, told[0].shares[name]) for name in ENDINGS),
        "curve": _drawing(points),
        "estimate": _safe(_estimate(len(answered))),
        "intents": "".join(_row(one) for one in told),
        "data": _json(
            {
                "points": [_point(one) for one in points],
                "release": about.release_at,
                "total": len(rehearsed),
                "tickets": [_ticket(one) for one in rehearsed],
            }
        ),
    }
    return _MARK.sub(lambda match: parts[match[1]], template)


def _about(rehearsed: Sequence[Rehearsed], tickets: Tickets, about: About) -> str:
    left = [
        f"{count:,} {what} rows left out"
        for count, what in (
            (tickets.repeated, "repeated"),
            (tickets.empty, "empty"),
            (tickets.too_long, "overlong"),
        )
        if count
    ]
    sample = f", a sample of {about.sampled_of:,}" if about.sampled_of else ""
    told = ", ".join([f"{len(rehearsed):,} tickets{sample}", *left])
    when = about.at.strftime("%Y-%m-%d %H:%M")
    return (
        f"{told}. Rehearsed {when} UTC with {about.variant}; every intent as if it were on auto. "
        "Nothing was sent, nothing was changed, and the ledger knows nothing of it."
    )


def _estimate(compared: int) -> str:
    if not compared:
        return (
            "The file has no human answers, so nothing but the score says what is wrong. Add a column "
            "'answer' with what your people wrote, and both are shown."
        )
    return (
        f"{compared:,} answers stand beside a human one. They count as differing when ours lacks more "
        f"than {1 - FACTS_SHARED:.0%} of the human answer's numbers, dates and links, or means something "
        f"else (likeness below {ALIKE}). This is an estimate, not a judgement: a greeting or another "
        "right answer can differ too, and a wrong one can look alike. Read those that differ."
    )


def _card(name: str, share: Interval) -> str:
    return (
        f'<div class="card"><p>{name}</p><strong>{share.value:.1%}</strong>'
        f"<span>{_span(share)}</span></div>"
    )


def _row(one: Endings) -> str:
    cells = "".join(
        f'<td><span class="share">{one.shares[name].value:.0%}</span> '
        f'<span class="span">{_span(one.shares[name], digits=0)}</span></td>'
        for name in ENDINGS
    )
    return f'<tr><th scope="row">{_safe(one.intent)}</th><td>{one.n:,}</td>{cells}</tr>'


def _span(share: Interval, digits: int = 1) -> str:
    low, high = 100 * share.low, 100 * share.high
    return f"{low:.{digits}f} to {high:.{digits}f} %"


def _drawing(points: Sequence[Point]) -> str:
    """Risk (up) against coverage (right) as SVG; the script moves the line at `#at`."""
    highest = max(
        [
            0.05,
            *(one.expected for one in points),
            *(one.disagreeing.value for one in _compared(points)),
        ]
    )
    top = next(step for step in (0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if step >= min(highest, 1.0))

    def x(share: float) -> float:
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(risk: float) -> float:
        return TOP + (1 - min(risk, top) / top) * (HEIGHT - TOP - BOTTOM)

    def line(kind: str, known: Sequence[tuple[float, float]]) -> str:
        drawn = " ".join(f"{x(across):.1f},{y(up):.1f}" for across, up in known)
        return f'<polyline class="{kind}" points="{drawn}"/>' if known else ""

    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(top * part / 5):.1f}" '
        f'y2="{y(top * part / 5):.1f}"/><text x="{LEFT - 8}" y="{y(top * part / 5) + 4:.1f}" '
        f'class="up">{100 * top * part / 5:g} %</text>'
        for part in range(6)
    ) + "".join(
        f'<text x="{x(part / 5):.1f}" y="{HEIGHT - BOTTOM + 18}" class="across">{20 * part} %</text>'
        for part in range(6)
    )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="curve-title" '
        f'data-left="{LEFT}" data-width="{WIDTH - LEFT - RIGHT}">{grid}'
        f'<text x="{middle:.0f}" y="{HEIGHT - 6}" class="across">share of tickets that is automated</text>'
        + line("expected", [(one.coverage, one.expected) for one in points])
        + line("differs", [(one.coverage, one.disagreeing.value) for one in _compared(points)])
        + f'<line id="at" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/></svg>'
    )


def _compared(points: Sequence[Point]) -> Sequence[Point]:
    """The points at which enough was compared for a line that means something."""
    return [one for one in points if one.compared >= 10]


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Evenly chosen points, the last of them included."""
    if len(points) <= MOST_POINTS:
        return points
    step = (len(points) - 1) / (MOST_POINTS - 1)
    return [points[round(at * step)] for at in range(MOST_POINTS)]


def _point(one: Point) -> dict[str, float | int | None]:
    differs = one.disagreeing if one.compared else None
    return {
        "score": one.score,
        "sent": one.sent,
        "coverage": one.coverage,
        "expected": one.expected,
        "compared": one.compared,
        "differs": differs.value if differs else None,
        "low": differs.low if differs else None,
        "high": differs.high if differs else None,
    }


def _ticket(one: Rehearsed) -> dict[str, object]:
    compared = one.compared
    return {
        "row": one.ticket.row,
        "question": one.ticket.question,
        "human": one.ticket.answer,
        "intent": one.ticket.intent or one.intent,
        "taken": one.intent,
        "ending": one.ending,
        "response": one.response,
        "draft": one.draft if one.draft != one.response else "",
        "score": None if one.score is None else round(one.score, 4),
        "origin": one.origin,
        "reason": one.reason,
        "sources": list(one.sources),
        "alike": round(compared.alike, 3) if compared else None,
        "missing": list(compared.missing) if compared else [],
        "agrees": compared.agrees if compared else None,
    }


def _json(value: object) -> str:
    """JSON that can stand inside a script element: nothing in it ends one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _safe(text: str) -> str:
    return html.escape(text)


def summary(rehearsed: Sequence[Rehearsed], wrong: float = 0.01) -> str:
    """The rehearsal in a sentence, for a terminal."""
    shares = endings(rehearsed)[0].shares
    told = ", ".join(f"{shares[name].value:.0%} {name}" for name in ENDINGS)
    best = automatable(curve(rehearsed), wrong)
    if best is None:
        return f"{told}; no answer is so sure that {wrong:.0%} or less would be wrong"
    return (
        f"{told}; at {wrong:.0%} wrong or less, as the score expects it, {best.coverage:.0%} can be "
        f"automated (score {best.score:.2f} and better)"
    )
