"""C01 to C09: what a text may claim, show and rate."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date

from arriero.apps.finance.compliance.base import Audience, Basis, Record
from arriero.apps.finance.compliance.matter import (
    Matter,
    NotAsked,
    Wrong,
    need,
    one_of,
    wrong,
)
from arriero.apps.finance.compliance.meaning import Hit, Scene

FILED_WORDS = 28  # the median sentence of the developing half of the filings has 27
_FILER = re.compile(r"\b(?:[Tt]he|[Oo]ther) (?:Company|Registrant|Corporation)\b")
RATINGS = ("BUY", "HOLD", "SELL", "NO_RATING")
_GRADE = re.compile(r"\b(BUY|Buy|HOLD|Hold|SELL|Sell)\b")
MODALS = ("risk_mark", "may")


def promises(matter: Matter) -> Iterator[Wrong]:
    """C01"""
    yield from matter.claims("promises, exaggerates or presses")


def balance(matter: Matter) -> Iterator[Wrong]:
    """C02"""
    if not need(matter.record.risks, "risks"):
        yield wrong("risks", "no risk is on record")
    yield from matter.claims("waves risk aside")
    scene = matter.scene
    hits = [hit for hit in scene.hits("C02_benefit") if not _filing(scene, hit)]
    for section in scene.sections:
        mine = [hit for hit in hits if section[0] <= hit.first <= section[1]]
        benefits = {scene.sentence(hit.first) for hit in mine}
        risks = [
            one
            for one in scene.sentences
            if section[0] <= one[0] <= section[1] and _tells_risk(scene, one)
        ]
        if mine and len(risks) < math.ceil(matter.limit("risks_per_benefit") * len(benefits)):
            told = f"{len(benefits)} benefits are named beside {len(risks)} risks in this section"
            yield from (matter.at(hit, told) for hit in mine)


def _filing(scene: Scene, hit: Hit) -> bool:
    """Whether a filer speaks of its business: "our strong brand", or a sentence as long as only filings have."""
    first, last = scene.sentence(hit.first)
    return hit.pattern.name != "phrase" and (
        _issuer(scene, (first, last)) or last - first >= FILED_WORDS
    )


def _tells_risk(scene: Scene, sentence: tuple[int, int]) -> bool:
    first, last = sentence
    start = scene.span(first, last)[0]
    before = scene.text[:start].rsplit("\n", 1)[-1].strip()
    if before.startswith(("*", "†", "‡", "[", "(")) or scene.has("footnote", sentence):
        return False
    negated = scene.silent[0]
    bad = any(
        low >= first and high <= last and low not in negated
        for low, high in scene.tags.get("bad", ())
    )
    return bad and any(scene.has(name, sentence) for name in MODALS)


def projections(matter: Matter) -> Iterator[Wrong]:
    """C03"""
    if matter.publication.audience is not Audience.RETAIL:
        raise NotAsked
    record, tag = matter.record, matter.record.projection_exception
    if record.price_target is not None and tag != "price_target":
        yield wrong(
            "price_target", "a price target is shown to retail readers without its exception"
        )
    if record.expected_return is not None and tag not in {"analysis_tool", "illustration"}:
        yield wrong(
            "expected_return", "a projected return is shown to retail readers without an exception"
        )
    kind = {
        "price_target": "C03_target",
        "analysis_tool": "C03_tool",
        "illustration": "C03_illustration",
    }.get(tag or "")
    scene = matter.scene
    fits = [scene.sentence(hit.first) for hit in scene.hits(kind)] if kind else []
    yield from matter.claims(
        "projects a return or a price",
        excused=lambda hit: scene.sentence(hit.first) in fits or matter.beside(hit),
    )


def past_performance(matter: Matter) -> Iterator[Wrong]:
    """C04"""
    yield from matter.claims("implies that past performance comes again")
    if matter.scene.hits("C04_shown") or matter.record.performance is not None:
        yield from matter.legend("past_performance", "past performance is shown")


def hypothetical(matter: Matter) -> Iterator[Wrong]:
    """C05"""
    shown = matter.record.hypothetical
    if shown is None:
        yield from matter.claims("shows a hypothetical result without what has to stand beside it")
        return
    for name in ("policy", "criteria", "assumptions", "risks", "limits"):
        need(getattr(shown, name), f"hypothetical.{name}")
    yield from matter.legend("hypothetical", "a hypothetical result is shown")


def net_beside_gross(matter: Matter) -> Iterator[Wrong]:
    """C06"""
    shown, scene = matter.record.performance, matter.scene
    if shown is not None:
        if shown.gross is not None:
            need(shown.net, "performance.net")
            if not need(shown.equal_prominence, "performance.equal_prominence"):
                yield wrong(
                    "performance.equal_prominence", "net performance is less prominent than gross"
                )
        years, periods = (
            need(shown.years, "performance.years"),
            need(shown.periods, "performance.periods"),
        )
        for period in ("1", "5", "10"):
            if int(period) <= years:
                need(periods.get(period), f"performance.periods.{period}")
        published, to = need(matter.record.published, "published"), need(shown.to, "performance.to")
        if not date(published.year - 1, 12, 31) <= to <= published:
            yield wrong(
                "performance.to",
                f"performance up to {to} is published on {published}: end with the last year or later",
            )
    netted = [scene.section(hit.first) for hit in scene.hits("C06_net")]
    yield from matter.claims(
        "shows performance before fees without performance after fees",
        "C06_gross",
        lambda hit: scene.section(hit.first) in netted or matter.cited(hit) or matter.beside(hit),
    )
    if shown is None:
        yield from matter.claims(
            "shows performance of recommendations that is not on record",
            "C06_shown",
            matter.beside,
        )


def all_recommendations(matter: Matter) -> Iterator[Wrong]:
    """C07"""
    board = matter.record.scoreboard
    yield from matter.claims("picks out recommendations that went well")
    if board is None:
        yield from matter.claims("shows recommendations without the list of all", "C07_shown")
        return
    made, listed = need(board.made, "scoreboard.made"), need(board.listed, "scoreboard.listed")
    if listed < made:
        yield wrong("scoreboard.listed", f"{listed} of {made} recommendations are listed")
    if not need(board.same_criteria, "scoreboard.same_criteria"):
        yield wrong(
            "scoreboard.same_criteria", "the recommendations are not judged by the same criteria"
        )
    if need(board.start, "scoreboard.start") > need(board.end, "scoreboard.end"):
        yield wrong("scoreboard.start", "the period begins after its end")


def facts(matter: Matter) -> Iterator[Wrong]:
    """C08"""
    for at, one in enumerate(need(matter.record.citations, "citations")):
        name = one.metric or str(at)
        value = need(one.value, f"citations.{name}.value")
        again = need(one.recomputed, f"citations.{name}.recomputed")
        need(one.source, f"citations.{name}.source")
        if abs(value - again) > matter.limit("relative_tolerance") * max(abs(value), abs(again)):
            yield wrong(f"citations.{name}", f"published as {value:g}, computed again as {again:g}")
    scene = matter.scene
    known = _numbers(matter.record)

    def on_record(hit: Hit) -> bool:
        return matter.known(matter.said(hit), known)

    # What is only heard has no word for what it rests on; where a sentence is all figures of the record, it rests on that.
    yield from matter.claims(
        "states a fact on hearsay", excused=lambda hit: _alone(scene, hit) and on_record(hit)
    )

    def sourced(hit: Hit) -> bool:
        at = scene.sentence(hit.first)
        return (
            scene.has("sourced", at)
            or _issuer(scene, at)
            or (_alone(scene, hit) and on_record(hit))
        )

    yield from matter.claims("states a fact without a source", "C08_super", sourced)

    def substantiated(hit: Hit) -> bool:
        at = scene.sentence(hit.first)
        # A filer's own words, notes to its statements, and what is only expected are no statements of the analyst.
        if _issuer(scene, at) or any(scene.has(name, at) for name in ("accounting", "hedge")):
            return True
        if on_record(hit):
            return True
        words = set(scene.said(*at).split())
        cited = any(
            set((one.metric or "").lower().split()) <= words
            for one in matter.record.citations or ()
        )
        return scene.has("sourced", at) and not cited

    yield from matter.claims("states a figure that is not on record", "C08_fact", substantiated)


def _alone(scene: Scene, hit: Hit) -> bool:
    """Whether this was heard, and in one sentence."""
    return hit.chance is not None and scene.sentence(hit.first) == scene.sentence(hit.last)


def _issuer(scene: Scene, sentence: tuple[int, int]) -> bool:
    """Whether a filer speaks: "our net sales", "the Company" as filings write it."""
    start, end = scene.span(*sentence)
    return scene.has("issuer", sentence) or bool(_FILER.search(scene.text, start, end))


def _numbers(record: Record) -> Sequence[float]:
    """The numbers that a text may state as facts."""
    found = [one.value for one in record.citations or ()]
    if (shown := record.performance) is not None:
        found += [shown.gross, shown.net, *(shown.periods or {}).values()]
    if record.price_target is not None:
        found.append(record.price_target.value)
    if record.listing is not None:
        found.append(record.listing.price)
    if record.scoreboard is not None:
        found += [record.scoreboard.made, record.scoreboard.listed]
    found += [record.expected_return, record.probability]
    return [float(one) for one in found if one is not None]


def ratings(matter: Matter) -> Iterator[Wrong]:
    """C09"""
    record = matter.record
    rating = one_of(record.rating, RATINGS, "rating")
    yield from matter.claims(
        "uses a rating that is not defined, or has no horizon or reason",
        excused=lambda hit: (
            hit.chance is not None
            and (
                matter.defined(hit) or (_graded(matter, hit) == {rating} and _measured(matter, hit))
            )
        ),
    )
    for said in ("BUY", "SELL", "HOLD"):
        if said != rating:
            yield from matter.claims(
                f"says {said} where the rating is {rating}",
                f"C09_{said.lower()}",
                lambda hit: hit.chance is not None and _graded(matter, hit) == {rating},
            )
    if rating != "NO_RATING":
        definitions = need(record.rating_definitions, "rating_definitions")
        need(definitions.get(rating), f"rating_definitions.{rating}")
        if need(record.horizon_months, "horizon_months") <= 0:
            yield wrong("horizon_months", "the horizon has no length")
        need(record.benchmark, "benchmark")
        if rating != (meant := _rating_of(need(record.basis, "basis"))):
            yield wrong("basis", f"the expected return means {meant}, the rating says {rating}")
        yield from matter.legend("rating_definitions", "a rating is shown")
    target = record.price_target
    if target is None:
        yield from matter.claims(
            "names a price target that is not on record",
            "C09_target",
            matter.beside,
        )
        return
    value = need(target.value, "price_target.value")
    need(target.method, "price_target.method")
    if not need(target.risks, "price_target.risks"):
        yield wrong("price_target.risks", "the price target names no risks")

    def same(hit: Hit) -> bool:
        return any(one.is_(value) for one in matter.said(hit)) or matter.beside(hit)

    yield from matter.claims(f"names another price target than {value:g}", "C09_target", same)


def _graded(matter: Matter, hit: Hit) -> set[str]:
    """The grades that the sentences of `hit` write as such: "BUY", "a Hold"."""
    return {one.upper() for one in _GRADE.findall(matter.scene.text[slice(*matter.sentences(hit))])}


def _measured(matter: Matter, hit: Hit) -> bool:
    """Whether they name the benchmark and the horizon of the record."""
    said = " ".join(matter.scene.text[slice(*matter.sentences(hit))].lower().split())
    months, benchmark = matter.record.horizon_months, matter.record.benchmark
    if not months or not benchmark:
        return False
    spans = [f"{months} month", *(("twelve month", "a year", "one year") if months == 12 else ())]
    return any(one in said for one in spans) and any(
        one in said for one in (benchmark.lower(), "the index", "the benchmark")
    )


def _rating_of(basis: Basis) -> str:
    expected = need(basis.expected_excess_return, "basis.expected_excess_return")
    if expected >= need(basis.buy_from, "basis.buy_from"):
        return "BUY"
    return "SELL" if expected <= need(basis.sell_from, "basis.sell_from") else "HOLD"
