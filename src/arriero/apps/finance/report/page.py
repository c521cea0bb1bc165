"""The page: the rating and its parts, the charts, the text with its sources, the rules, what is missing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from arriero.apps.finance.numbers import say
from arriero.apps.finance.report.charts import svg
from arriero.apps.finance.values import WITHDRAWN, Analysis, standing_rating
from arriero.core.words import Source

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222;
overflow-wrap:break-word}
h1{font-size:1.5rem;margin-bottom:0} .rating{display:inline-block;padding:.1rem .7rem;border-radius:.3rem;
color:#fff;background:#666;font-weight:600} .BUY{background:#2f7d32} .SELL{background:#b23a2e} .HOLD{background:#8a6d1a}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1.5rem;margin:1.5rem 0}
figure{margin:0} h2{font-size:1.1rem;margin:1.5rem 0 .3rem} ol{padding-left:2rem} li{overflow-wrap:anywhere}
figcaption{font-weight:600} svg{width:100%;height:auto} svg text{font-size:10px;fill:#555} figure p{margin:0;font-size:.85rem}
table{border-collapse:collapse} td,th{padding:.15rem .7rem .15rem 0;text-align:left;vertical-align:top}
.small{font-size:.85rem;color:#555} .bar{background:#e3e3e3;width:10rem;height:.6rem} .bar i{display:block;height:100%;background:#1f5fa8}
.fail{color:#b23a2e} sup{line-height:0} sup a{text-decoration:none} a{color:#1f5fa8} th{font-weight:600}
th.part{font-weight:400;padding-left:1rem} .bar{margin-top:.45rem} @media(max-width:40rem){td .bar{width:4rem}}
@media print{details::details-content{display:block;content-visibility:visible;block-size:auto} body{margin:0;max-width:none} .rating,.bar,.bar i{print-color-adjust:exact}}
"""
MARK = re.compile(r"\[(\d+)\]")
LINK = re.compile(r" (https://[^\s\"'<>]+)$")  # at the end of a source's title
INDENT = "\t"  # before the name of a part


def page(answer: Analysis, sources: Sequence[Source], *, run: str | None, status: str = "") -> str:
    """One page without scripts. `run` is the id under which the analysis is recorded, `status` how it stands now."""
    title = f"{answer.name} ({answer.ticker}), {answer.as_of}"
    body = "\n".join(_body(answer, sources, run, status))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_e(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _body(
    answer: Analysis, sources: Sequence[Source], run: str | None, status: str
) -> Iterator[str]:
    rating, compliance = answer.recommendation.value, answer.compliance_status
    shown = standing_rating(rating.replace("_", " "), compliance)
    yield f"<h1>{_e(answer.name)} ({_e(answer.ticker)})</h1>"
    if answer.former:
        yield f'<p class="small">formerly {_e(", ".join(answer.former))}</p>'
    yield (
        f'<p><span class="rating {"" if compliance == WITHDRAWN else rating}">{shown}</span> over '
        f"{_e(answer.time_horizon)}, as of {_e(answer.as_of)}; compliance: {_e(compliance)}</p>"
    )
    if status:
        yield f"<p><strong>{_e(status)}</strong></p>"
    yield f"<p>{_e(answer.because[:1].upper() + answer.because[1:])}.</p>" if answer.because else ""
    yield _parts(answer)
    if answer.charts:
        yield f'<div class="charts">{"".join(svg(chart) for chart in answer.charts)}</div>'
    yield "<h2>Explanation</h2>"
    for paragraph in answer.explanation.split("\n\n"):
        yield f"<p>{_marked(paragraph)}</p>"
    if answer.notices:
        yield '<p class="small">' + " ".join(_e(one) for one in answer.notices) + "</p>"
    if sources:
        rows = "".join(
            f'<li id="s{number}">{_titled(one.title)}: <q>{_e(one.quote)}</q></li>'
            for number, one in enumerate(sources, 1)
        )
        yield f'<h2>Sources</h2><ol class="small">{rows}</ol>'
    if answer.gaps:
        gaps = "".join(
            f"<tr><td>{_e(gap.part)}</td><td>{_e(gap.reason)}</td><td>{_e(gap.detail)}</td></tr>"
            for gap in answer.gaps
        )
        yield f"<details open><summary>What is missing ({len(answer.gaps)})</summary><table>{gaps}</table></details>"
    if answer.rules:
        yield _rules(answer)
    proof = f", run {_e(run)}, proof at /v1/runs/{_e(run)}/proof" if run else ""
    yield f'<p class="small">Evidence {_e(answer.bundle)}{proof}</p>'


def _parts(answer: Analysis) -> str:
    confidence, expected = answer.confidence, answer.expected_return
    rows: list[tuple[str, str, float | None]] = []
    if confidence.value is not None:
        rows.append(
            (
                "confidence",
                f"{say(confidence.value, 'share')} ({confidence.kind})",
                confidence.value,
            )
        )
    for part in confidence.parts:
        said = "not known" if part.score is None else say(part.score, "score")
        rows.append(
            (
                f"{INDENT}{part.name}, weight {say(part.weight, 'score')}",
                f"{said}: {part.why}",
                part.score,
            )
        )
    rows.append(("risk", answer.risk_level, None))
    if expected is not None:
        told = f"{say(expected.value, 'share')} ({say(expected.low, 'share')} to {say(expected.high, 'share')}, {say(expected.level, 'share')})"
        rows.append(("expected return", told, None))
    cells = "".join(
        f"<tr>{_head(name)}<td>{_e(said)}</td><td>{_bar(value)}</td></tr>"
        for name, said, value in rows
    )
    return f"<table>{cells}</table>"


def _head(name: str) -> str:
    """A row's name; those of parts stand further in."""
    part = name.removeprefix(INDENT)
    return f"<th>{_e(name)}</th>" if part == name else f'<th class="part">{_e(part)}</th>'


def _bar(value: float | None) -> str:
    return (
        "" if value is None else f'<div class="bar"><i style="width:{value * 100:.0f}%"></i></div>'
    )


def _rules(answer: Analysis) -> str:
    rows = "".join(
        f'<tr class="{_e(one.state)}"><td>{_e(one.rule)}</td><td>{_e(one.state)}</td><td>{_e(one.reason)}</td>'
        f"<td>{_e(one.citation)}</td></tr>"
        for one in answer.rules
    )
    failed = sum(one.state == "fail" for one in answer.rules)
    return (
        f"<details open><summary>Compliance rules, pack {_e(answer.rule_pack)}: {failed} of {len(answer.rules)} fail"
        f"</summary><table>{rows}</table></details>"
    )


def _titled(title: str) -> str:
    """A source's title; where it names an address it leads there, when a reader wants it to."""
    found = LINK.search(title)
    if found is None:
        return _e(title)
    return f'<a href="{_e(found[1])}" rel="noreferrer">{_e(title[: found.start()])}</a>'


def _marked(text: str) -> str:
    """Citations become links to the sources."""
    return MARK.sub(r'<sup><a href="#s\1">[\1]</a></sup>', _e(text))


def _e(text: str) -> str:
    return html.escape(text)
