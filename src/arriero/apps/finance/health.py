"""What the analysed reports say, as rating and explanation take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from arriero.apps.finance.evidence.base import Bundle
from arriero.apps.finance.reports.analyse import Reports
from arriero.apps.finance.reports.value import Cite, Value
from arriero.apps.finance.values import Chart, Line, Point
from arriero.apps.finance.views import Figure, Health, Origin

TOP = 4.0  # points of a mark of the grade
REPORTS = ("10-K", "10-Q", "20-F", "40-F", "6-K", "caller")
RATIO, SHARE, TIMES = "ratio", "share", "times"
# name in reports/ -> how it is said, and its unit
SAID: Mapping[str, tuple[str, str]] = {
    "revenue_growth": ("revenue growth", SHARE),
    "net_income_growth": ("growth of net income", SHARE),
    "gross_margin": ("gross margin", SHARE),
    "operating_margin": ("operating margin", SHARE),
    "net_margin": ("net margin", SHARE),
    "free_cash_margin": ("free cash flow as a share of revenue", SHARE),
    "return_on_equity": ("return on equity", SHARE),
    "return_on_assets": ("return on assets", SHARE),
    "return_on_invested_capital": ("return on invested capital", SHARE),
    "current_ratio": ("current ratio", RATIO),
    "debt_to_assets": ("debt as a share of assets", SHARE),
    "equity_to_assets": ("equity as a share of assets", SHARE),
    "liabilities_to_assets": ("liabilities as a share of assets", SHARE),
    "interest_cover": ("interest cover", TIMES),
    "free_cash_to_net_income": ("free cash flow over net income", RATIO),
    "accruals": ("accruals as a share of assets", SHARE),
    "altman_z": ("Altman Z", RATIO),
    "altman_z2": ("Altman Z''", RATIO),
    "piotroski_f": ("Piotroski F", "count"),
    "beneish_m": ("Beneish M", RATIO),
    "price_earnings": ("price over earnings of the last four quarters", RATIO),
    "price_book": ("price over book value", RATIO),
}


def health_of(reports: Reports, bundle: Bundle) -> Health:
    """The grade, the year's revenue and net income, and each figure that the grade was made of."""
    filed = [fact.filed for fact in bundle.facts if fact.form.startswith(REPORTS)]
    last = reports.years[-1] if reports.years else None
    grade = reports.grade
    known = sum(mark.points is not None for mark in grade.marks)
    why = grade.reason or (
        f"{known} of {len(grade.marks)} figures of the {grade.table} table are known"
    )
    return Health(
        grade=grade.letter,
        why=why,
        figures=tuple(_figures(reports)),
        filed=max(filed, default=None),
        period=last.period.end if last else None,
        charts=tuple(_charts(reports)),
    )


def origin_of(cite: Cite) -> Origin:
    """A filed value as a source that is cited."""
    span = f"{cite.start}..{cite.end}" if cite.start else f"{cite.end}"
    amount = f"{cite.value:.0f}" if cite.value.is_integer() else repr(cite.value)
    title = f"{cite.form} filed {cite.filed}, {cite.accession}"
    return Origin(
        f"{cite.accession}:{cite.concept}:{span}",
        f"{title} {cite.link}".strip(),
        f"{cite.concept} {span} {amount} {cite.unit}",
    )


def _figures(reports: Reports) -> Iterator[Figure]:
    if not reports.years:
        return
    last = reports.years[-1]
    when = f"in the year to {last.period.end}"
    for line, said in (("revenue", "revenue"), ("net_income", "net income")):
        value = last[line]
        if value.value is not None:
            yield Figure(f"{said} {when}", value.value, reports.currency, _origins(value))
    figures: dict[str, Value] = {
        **reports.ratios[-1].values,
        **{name: score.value for name, score in reports.scores.items()},
    }
    for mark in reports.grade.marks:
        value, name = figures[mark.figure], SAID.get(mark.figure)
        if value.value is not None and mark.points is not None and name is not None:
            speaks = mark.points / TOP * 2 - 1
            yield Figure(f"{name[0]} {when}", value.value, name[1], _origins(value), speaks)


def _origins(value: Value) -> tuple[Origin, ...]:
    return tuple(origin_of(cite) for cite in value.sources)


def _charts(reports: Reports) -> Iterator[Chart]:
    for title, lines in (
        ("Revenue and net income by year", ("revenue", "net_income")),
        ("Cash from operations and capital spending by year", ("operating_cash", "capital_spending")),
    ):  # fmt: skip
        drawn = [
            Line(
                name.replace("_", " "),
                tuple(
                    # By the month: two years of 52 weeks may end in one calendar year.
                    Point(f"{year.period.end:%Y-%m}", year[name].value or 0.0)
                    for year in reports.years
                    if year[name].known
                ),
            )
            for name in lines
        ]
        whole = [line for line in drawn if len(line.points) == len(reports.years)]
        if whole and reports.years:
            yield Chart("bars", title, reports.currency, tuple(whole))
