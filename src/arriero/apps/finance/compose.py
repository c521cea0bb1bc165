"""From a frozen bundle to the answer: views of each part, the rating, the words. Pure: the same bundle, the same bytes.

A part that cannot be had is a gap with its reason, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from arriero.apps.finance import named, prices
from arriero.apps.finance.evidence.base import Bundle, Gap
from arriero.apps.finance.explain.template import Told, told
from arriero.apps.finance.health import health_of
from arriero.apps.finance.news.mood import mood_of
from arriero.apps.finance.numbers import say
from arriero.apps.finance.rating.rate import Rated, rate, weighted_score
from arriero.apps.finance.rating.table import Table
from arriero.apps.finance.reports.analyse import Reports, analyse
from arriero.apps.finance.values import (
    HORIZONS,
    Analysis,
    Confidence,
    Evidence,
    Rating,
    Seen,
    Stated,
)
from arriero.apps.finance.views import Danger, Figure, Outlook, Views
from arriero.core.errors import InputError
from arriero.core.words import Source

NEEDS = "pip install 'arriero[finance]'"
NOT_INSTALLED = "a package is not installed"
UNUSABLE = "the prices cannot be used"
ZONES = {"safe": 0, "grey": 1, "distress": 2}
RISKS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Composed:
    """The answer as it was drafted, and what it cites."""

    answer: Analysis
    sources: tuple[Source, ...]
    rated: Rated
    views: Views


def compose(seen: Seen, evidence: Evidence, table: Table) -> Composed:
    """The whole analysis of a bundle."""
    bundle = evidence.bundle
    assert bundle is not None  # noqa: S101  # a restricted name never comes here
    views, gaps = views_of(bundle, seen, evidence.caution, evidence.tones)
    rated = rate(
        views,
        seen.as_of,
        table,
        earlier=evidence.earlier,
        calibration=evidence.calibration,
        caution=evidence.caution,
        unfilled=len(seen.unfilled),
    )
    return _answer(seen, bundle, views, rated, gaps, table)


def lowered(composed: Composed, seen: Seen, bundle: Bundle, because: str, table: Table) -> Composed:
    """The same analysis without a rating, for a reason of compliance."""
    rated = composed.rated
    rule = replace(rated.rule, id="gate", rating=Rating.NO_RATING, because=because)
    nothing = Confidence(None, "no rating, so no confidence", ())
    rated = replace(rated, rating=Rating.NO_RATING, rule=rule, confidence=nothing, would_change=())
    return _answer(seen, bundle, composed.views, rated, composed.answer.gaps, table)


def views_of(
    bundle: Bundle, seen: Seen, caution: float, tones: Mapping[str, float] | None = None
) -> tuple[Views, tuple[Gap, ...]]:
    """What each part says, and every gap: the bundle's, the reports', and those of parts that could not be had."""
    gaps = [*bundle.gaps]
    reports: Reports | None = None
    if bundle.facts:
        reports = analyse(bundle)
        gaps += reports.gaps
    close = prices.close_of(bundle)
    outlook, danger, more = _ahead(bundle, seen, reports, close, caution)
    risks, lacking = named.named_of(bundle)
    mood, _ = mood_of(bundle.news, seen.as_of, tones) if bundle.news else (None, ())
    gaps += [*more, *lacking]
    if mood is not None and mood.score is None:
        gaps.append(Gap("sentiment", "not enough news", mood.why))
    gaps += [
        Gap(f"customer.{name}", "the customer's profile is incomplete") for name in seen.unfilled
    ]
    return Views(
        health=health_of(reports, bundle) if reports else None,
        outlook=outlook,
        danger=danger,
        named=risks,
        mood=mood,
        close=close,
        price_days=len(bundle.bars),
        last_day=bundle.bars[-1].day if bundle.bars else None,
    ), tuple(dict.fromkeys(gaps))


def _ahead(
    bundle: Bundle, seen: Seen, reports: Reports | None, close: Figure | None, caution: float
) -> tuple[Outlook | None, Danger | None, list[Gap]]:
    """Trend and risk; without numpy or with prices that cannot be used there is a gap in their place."""
    if not bundle.bars:
        return None, None, []
    try:
        from arriero.apps.finance import ahead  # noqa: PLC0415  # needs the extra `finance`
    except ModuleNotFoundError as error:
        said = f"{error.name} is needed: {NEEDS}"
        return None, None, [Gap(part, NOT_INSTALLED, said) for part in ("trend", "risk")]
    origins = close.origins if close else ()
    distress = ZONES.get(reports.scores["altman_z2"].zone) if reports else None
    try:
        return (
            ahead.outlook_of(bundle.bars, seen.as_of, seen.horizon, origins, caution),
            ahead.danger_of(bundle.bars, seen.as_of, origins, distress),
            [],
        )
    except InputError as error:
        return None, None, [Gap(part, UNUSABLE, error.message) for part in ("trend", "risk")]


def _answer(
    seen: Seen, bundle: Bundle, views: Views, rated: Rated, gaps: Sequence[Gap], table: Table
) -> Composed:
    said: Told = told(bundle.entity.name, seen, views, rated, gaps)
    outlook, danger = views.outlook, views.danger
    charts = [
        *(views.health.charts if views.health else ()),
        *(outlook.charts if outlook else ()),
        *prices.charts_of(bundle.bars),
    ]
    answer = Analysis(
        ticker=seen.ticker,
        name=bundle.entity.name,
        former=bundle.entity.former,
        as_of=seen.as_of.isoformat(),
        recommendation=rated.rating,
        definition=table.definitions[rated.rating],
        because=rated.rule.because,
        confidence=rated.confidence,
        risk_level=danger.level if danger is not None and danger.level else "unknown",
        expected_return=outlook.expected if outlook else None,
        time_horizon=HORIZONS[seen.horizon],
        valid_until=_valid_until(seen.as_of, seen.horizon).isoformat(),
        explanation=said.text,
        sentences=tuple(one for part in said.paragraphs for one in part),
        counter_arguments=said.against,
        would_change=rated.would_change,
        key_factors=said.key_factors,
        gaps=tuple(gaps),
        bundle=bundle.hash,
        stated=tuple(_stated(views, rated)),
        charts=tuple(charts),
        close=bundle.bars[-1].close if bundle.bars else None,
        sector=_sector(bundle.entity.sic),
        p_up=outlook.up if outlook else None,
        base_rate=outlook.base_rate if outlook else None,
        weighted=weighted_score(rated.confidence, table.weights["unknown"]),
        risks_named=tuple(one.caption for one in views.named[:RISKS_SHOWN]),
        method=outlook.method if outlook else "",
        table=table.version,
    )
    return Composed(answer, said.sources, rated, views)


def _stated(views: Views, rated: Rated) -> list[Stated]:
    """Every number that the text may print, with the number behind it."""
    figures: list[Figure] = [views.close] if views.close else []
    for part in (views.health, views.outlook, views.danger, views.mood):
        figures += part.figures if part else ()
    found = [
        Stated(one.name, say(one.value, one.unit), one.value, one.unit, tuple(it.id for it in one.origins))
        for one in figures
    ]  # fmt: skip
    outlook = views.outlook
    more: list[tuple[str, float | None, str]] = [("confidence", rated.confidence.value, "share")]
    if outlook is not None:
        more += [
            ("probability of a higher price", outlook.up, "share"),
            ("base rate of a higher price", outlook.base_rate, "share"),
        ]
        if (expected := outlook.expected) is not None:
            more += [
                ("median return", expected.value, "share"),
                ("lower bound of the return", expected.low, "share"),
                ("upper bound of the return", expected.high, "share"),
                ("level of the interval", expected.level, "share"),
            ]
    found += [
        Stated(name, say(value, unit), value, unit)
        for name, value, unit in more
        if value is not None
    ]
    return found


def _valid_until(as_of: date, days: int) -> date:
    """The horizon's end by weekdays; an exchange that closes on some of them ends it a few days later."""
    weeks, rest = divmod(days, 5)
    return as_of + timedelta(weeks=weeks, days=rest)


# SEC's Standard Industrial Classification, divisions by the first two digits.
DIVISIONS = (
    (9, "agriculture"), (14, "mining"), (17, "construction"), (39, "manufacturing"),
    (49, "transport and utilities"), (51, "wholesale"), (59, "retail"), (67, "finance"), (89, "services"), (99, "public"),
)  # fmt: skip


def _sector(sic: str | None) -> str:
    if sic is None:
        return ""
    group = int(sic) // 100  # EDGAR writes 0100 as 100
    return next((name for last, name in DIVISIONS if group <= last), "")
