"""The explanation by template: every figure is said once, with its sources; what speaks against it; what is missing.

Pure. Nothing is said that is not in the views, and no sentence depends on an order of a set or a locale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arriero.apps.finance.evidence.base import Gap
from arriero.apps.finance.numbers import say
from arriero.apps.finance.rating.rate import Rated
from arriero.apps.finance.values import HORIZONS, Cited, Rating, Seen
from arriero.apps.finance.views import Figure, Named, Origin, Views
from arriero.core.words import Source

MOST_MARKS = 3  # beside a figure; a ratio of many lines has the others among the sources
MOST_FIGURES = 8  # of a part, in words; the charts and the record have the rest
MOST_NAMED = 4
MOST_AGAINST = 4
MOST_GAPS = 8
SMALL = ("lines.", "ratios.", "valuation.")
AGAINST = {Rating.BUY: -1.0, Rating.SELL: 1.0}  # what speaks for the company speaks against SELL


@dataclass
class Notes:
    """Numbers the sources as they are first cited. All of a figure's are sources; the text marks the first of them."""

    _found: dict[str, Origin] = field(default_factory=dict)

    def mark(self, origins: Iterable[Origin]) -> tuple[tuple[str, ...], str]:
        """The ids of `origins`, and the marks of the first as they stand in the text: ` [1][2]`."""
        ids = []
        for origin in origins:
            self._found.setdefault(origin.id, origin)
            ids.append(origin.id)
        order = list(self._found)
        marks = "".join(f"[{order.index(id) + 1}]" for id in ids[:MOST_MARKS])
        return tuple(ids), f" {marks}" if marks else ""

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(Source(one.id, one.title, one.quote) for one in self._found.values())


@dataclass(frozen=True, slots=True)
class Told:
    """The explanation: its paragraphs, what speaks against the rating, the sources in order of their numbers."""

    paragraphs: tuple[tuple[Cited, ...], ...]
    against: tuple[Cited, ...]
    sources: tuple[Source, ...]
    key_factors: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, as it is read and as the gate reads it."""
        return "\n\n".join(" ".join(one.text for one in part) for part in self.paragraphs if part)


def told(name: str, seen: Seen, views: Views, rated: Rated, gaps: Sequence[Gap]) -> Told:
    """The explanation of a rating."""
    notes = Notes()
    first = tuple(_verdict(name, seen, rated, notes, views))
    parts = [
        first,
        tuple(_reports(views, notes)),
        tuple(_prices(views, seen, notes)),
        tuple(_risk(views, notes)),
        tuple(_news(views, notes)),
    ]
    against = tuple(_against(views, rated, notes))
    if against:
        parts.append((Cited("What speaks against this view:"), *against))
    parts.append(tuple(_missing(gaps)))
    parts.append(tuple(_changes(rated)))
    return Told(
        tuple(part for part in parts if part), against, notes.sources, tuple(_factors(views))
    )


def _verdict(name: str, seen: Seen, rated: Rated, notes: Notes, views: Views) -> Iterator[Cited]:
    horizon = HORIZONS[seen.horizon]
    yield Cited(
        f"{name} ({seen.ticker}): {rated.rating.value} over {horizon}, as of {seen.as_of}, "
        f"because {rated.rule.because} (rule {rated.rule.id})."
    )
    confidence = rated.confidence
    if confidence.value is not None:
        rests = f", over {confidence.n:,} scored predictions" if confidence.n else ""
        yield Cited(f"Confidence is {say(confidence.value, 'share')} ({confidence.kind}{rests}).")
    if views.close is not None:
        yield _said(views.close, notes)


def _reports(views: Views, notes: Notes) -> Iterator[Cited]:
    health = views.health
    if health is None:
        return
    if health.grade is not None:
        yield Cited(f"The reports are graded {health.grade} on a scale from A to E: {health.why}.")
    for figure in health.figures[:MOST_FIGURES]:
        yield _said(figure, notes)


def _prices(views: Views, seen: Seen, notes: Notes) -> Iterator[Cited]:
    outlook = views.outlook
    if outlook is None:
        return
    horizon = HORIZONS[seen.horizon]
    if outlook.up is not None:
        kind = "calibrated" if outlook.calibrated else "not calibrated"
        yield Cited(
            f"The probability of a higher price at the horizon's end is {say(outlook.up, 'share')} ({kind})."
        )
        if outlook.base_rate is not None:
            yield Cited(f"Its base rate is {say(outlook.base_rate, 'share')}.")
    if not outlook.claimed:
        yield Cited(f"No direction is claimed: {outlook.why}.")
    if (expected := outlook.expected) is not None:
        yield Cited(
            f"The median return over {horizon} is {say(expected.value, 'share')}, and "
            f"{say(expected.level, 'share')} of the outcomes are estimated to lie between "
            f"{say(expected.low, 'share')} and {say(expected.high, 'share')}."
        )
    for figure in outlook.figures[:MOST_FIGURES]:
        yield _said(figure, notes)


def _risk(views: Views, notes: Notes) -> Iterator[Cited]:
    danger = views.danger
    if danger is not None and danger.level is not None:
        yield Cited(f"The risk is {danger.level}: {danger.why}.")
    for figure in danger.figures[:MOST_FIGURES] if danger else ():
        yield _said(figure, notes)
    if views.named:
        count = say(float(len(views.named)), "count")
        yield Cited(f"In its annual report the company names {count} risks, among them:")
        for named in _shown(views.named):
            ids, marks = notes.mark((named.origin,))
            label = f" ({named.label})" if named.label else ""
            new = f" This is {named.change} since the year before." if named.change else ""
            yield Cited(
                f"\N{LEFT DOUBLE QUOTATION MARK}{named.caption}\N{RIGHT DOUBLE QUOTATION MARK}{label}{marks}{new}",
                ids,
            )


def _shown(named: Sequence[Named]) -> Sequence[Named]:
    """What is new or changed first, else in the company's own order."""
    return sorted(named, key=lambda one: not one.change)[:MOST_NAMED]


def _news(views: Views, notes: Notes) -> Iterator[Cited]:
    if (mood := views.mood) is None:
        return
    if mood.score is None:
        yield Cited(f"The news are not weighed: {mood.why}.")
    for figure in mood.figures:
        yield _said(figure, notes)


def _against(views: Views, rated: Rated, notes: Notes) -> Iterator[Cited]:
    """The figures that speak most against the rating, then what holds against every forecast."""
    if rated.rating is Rating.NO_RATING:
        return
    sign = AGAINST.get(rated.rating)
    known = [
        figure
        for part in (views.health, views.danger)
        if part is not None
        for figure in part.figures
        if figure.speaks is not None
    ]
    speaks = {place: figure.speaks or 0.0 for place, figure in enumerate(known)}
    order = sorted(speaks, key=lambda place: -abs(speaks[place]))
    for_it = [known[place] for place in order if speaks[place] > 0]
    against_it = [known[place] for place in order if speaks[place] < 0]
    half = MOST_AGAINST // 2
    ranked = {-1.0: against_it, 1.0: for_it}.get(sign or 0.0, for_it[:half] + against_it[:half])
    for figure in ranked[:MOST_AGAINST]:
        ids, marks = notes.mark(figure.origins)
        side = "for" if (figure.speaks or 0.0) > 0 else "against"
        yield Cited(
            f"{_name(figure)} of {say(figure.value, figure.unit)} speaks {side} the company{marks}.",
            ids,
        )
    mood = views.mood
    if sign is not None and mood is not None and mood.score is not None and mood.score * sign > 0:
        tone = "good" if mood.score > 0 else "bad"
        yield Cited(f"The news are {tone} on balance ({say(mood.score, 'score')}).")
    yield Cited("Prices of single companies are hardly predictable, and the estimate may be wrong.")


def _missing(gaps: Sequence[Gap]) -> Iterator[Cited]:
    """What a reader must know of; single lines and ratios that a filer does not report stay in the record."""
    small = [gap for gap in gaps if gap.part.startswith(SMALL)]
    shown = [_gap(gap) for gap in gaps if gap not in small]
    if shown:
        yield Cited(f"What is missing: {'; '.join(shown[:MOST_GAPS])}.")
    rest = len(small) + max(0, len(shown) - MOST_GAPS)
    if rest:
        count = say(float(rest), "count")
        yield Cited(f"The record names {count} more lines and figures that are not there, and why.")


def _gap(gap: Gap) -> str:
    """Of risk factors the reason alone: that no text was read reads like a confession of a rating without basis."""
    detail = f": {gap.detail}" if gap.detail and gap.part != "risk_factors" else ""
    return f"{gap.part} ({gap.reason}{detail})"


def _changes(rated: Rated) -> Iterator[Cited]:
    if rated.would_change:
        yield Cited(f"What would change this view: {'; '.join(rated.would_change)}.")


def _factors(views: Views) -> Iterator[str]:
    """The few things that the rating turns on."""
    if views.health is not None and views.health.grade is not None:
        yield f"health grade {views.health.grade}"
    if views.outlook is not None:
        p_up = views.outlook.p_up
        yield "trend: abstains" if p_up is None else f"P(up) {say(p_up, 'share')}"
    if views.danger is not None and views.danger.level is not None:
        yield f"{views.danger.level} risk"
    if views.mood is not None and views.mood.score is not None:
        yield f"news {say(views.mood.score, 'score')}"


def _said(figure: Figure, notes: Notes) -> Cited:
    ids, marks = notes.mark(figure.origins)
    return Cited(f"{_name(figure)}: {say(figure.value, figure.unit)}{marks}.", ids)


def _name(figure: Figure) -> str:
    return figure.name[:1].upper() + figure.name[1:]
