"""The gate: every rule on the record and on the text, one repair by template, then release or reasons.

It fails closed: a rule that raises, or that lacks a field it needs, fails. Restricted names come first, and of
them nothing is said. Nothing here reads a clock, a model or the network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from arriero.apps.finance.compliance import rules_claims as claims
from arriero.apps.finance.compliance import rules_house as house
from arriero.apps.finance.compliance import rules_people as people
from arriero.apps.finance.compliance.base import Publication, Review, RuleResult, Span, State
from arriero.apps.finance.compliance.matter import Lacking, Matter, NotAsked, Wrong
from arriero.apps.finance.compliance.meaning import Grammar, Scene
from arriero.apps.finance.compliance.pack import LEAVE_OUT, RESTRICTED, Pack, Rule

JUDGES: Mapping[str, Callable[[Matter], Iterable[Wrong]]] = {
    "C01": claims.promises,
    "C02": claims.balance,
    "C03": claims.projections,
    "C04": claims.past_performance,
    "C05": claims.hypothetical,
    "C06": claims.net_beside_gross,
    "C07": claims.all_recommendations,
    "C08": claims.facts,
    "C09": claims.ratings,
    "C10": people.distribution,
    "C11": people.conflicts,
    "C12": people.certification,
    "C13": people.customer,
    "C14": people.fits,
    "C15": people.basis,
    "C16": people.series,
    "C17": people.alternatives,
    "C18": house.walls,
    "C19": house.concentration,
    "C20": house.penny_stocks,
    "C21": house.machines,
    "C22": house.legends,
    "C23": house.supervision,
    "C24": house.kept,
    "C25": house.data,
    "C26": house.probabilities,
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves the gate: `text` to show (empty when withheld), the reviews before and after a repair.

    `publication` is the one that was judged last.
    """

    publication: Publication
    text: str
    first: Review
    last: Review
    reasons: tuple[str, ...] = ()

    @property
    def released(self) -> bool:
        return self.last.released

    @property
    def repaired(self) -> bool:
        return self.released and not self.first.released


def review(publication: Publication, pack: Pack) -> Review:
    """Every rule's result, in the pack's order; of a restricted name that one alone, without a reason."""
    scene = Grammar.load().scene(publication.text, publication.record.names)
    first = pack.rule(RESTRICTED)
    wall = _judged(first, publication, scene, pack)
    if wall.state is not State.PASS:
        silent = Span("", house.NOT_AVAILABLE)
        return Review((replace(wall, state=State.FAIL, evidence=(silent,)),), pack.version)
    results = (
        wall if rule.id == first.id else _judged(rule, publication, scene, pack)
        for rule in pack.rules
    )
    return Review(tuple(results), pack.version)


def release(publication: Publication, pack: Pack) -> Release:
    """Review; where a template can mend it, mend once and review again; then the text or the reasons."""
    first = last = review(publication, pack)
    if not first.released and (mended := repaired(publication, first, pack)) is not None:
        publication, last = mended, review(mended, pack)
    if last.released:
        return Release(publication, rendered(publication, pack), first, last)
    return Release(
        publication, "", first, last, tuple(f"{one.id}: {one.reason}" for one in last.failed)
    )


def rendered(publication: Publication, pack: Pack) -> str:
    """The text with the wording of its legends below."""
    below = [pack.legends[id] for id in publication.record.legends or () if id in pack.legends]
    return "\n\n".join([publication.text.rstrip(), *(["\n".join(below)] if below else [])])


def repaired(publication: Publication, seen: Review, pack: Pack) -> Publication | None:
    """Offending sentences left out or replaced by the rule's wording, missing legends added.

    None when that cannot be enough: what is wrong in the record cannot be mended, nor a restricted name, nor what a
    text confesses (a rule without `instead`: left out, it would only be hidden), nor a text of which nothing is left.
    """
    cuts: dict[tuple[int, int], str] = {}
    legends = list(publication.record.legends or ())
    for result in seen.failed:
        instead = pack.rule(result.id).instead
        for span in result.evidence:
            if span.whole is None:
                continue
            if not instead:
                return None
            # One wording a sentence: where two rules meet, it is left out if one of them asks for that.
            cuts[span.whole] = instead if cuts.get(span.whole, instead) == instead else LEAVE_OUT
        legends += [one for one in result.legends if one not in legends]
        in_record = sum(span.whole is None for span in result.evidence)
        if result.id == RESTRICTED or in_record > len(result.legends):
            return None
    if not _without(publication.text, dict.fromkeys(cuts, LEAVE_OUT)).strip():
        return None
    return replace(
        publication,
        text=_without(publication.text, cuts).strip(),
        record=replace(publication.record, legends=tuple(legends)),
    )


def _without(text: str, cuts: Mapping[tuple[int, int], str]) -> str:
    """`text` without these pieces, or with others in their place: each wording once, where it is first needed."""
    said = {LEAVE_OUT: ""}
    kept: list[str] = []
    at = 0
    for (start, stop), instead in sorted(cuts.items()):
        while stop < len(text) and text[stop] in ".!?\"')":
            stop += 1  # noqa: PLW2901
        if stop <= at:
            continue  # pieces may overlap
        wording = said.get(instead, instead)
        said[instead] = ""
        kept += [text[at : max(start, at)], f"{wording} " if wording else ""]
        at = stop + len(text[stop:]) - len(text[stop:].lstrip(" "))
    return "".join([*kept, text[at:]])


def _judged(rule: Rule, publication: Publication, scene: Scene, pack: Pack) -> RuleResult:
    def result(
        state: State, evidence: tuple[Span, ...] = (), legends: tuple[str, ...] = ()
    ) -> RuleResult:
        return RuleResult(rule.id, state, evidence, rule.citation, rule.severity, legends)

    if rule.off or publication.profile not in rule.profiles:
        return result(State.NA)
    found: list[Wrong] = []
    asked = True
    try:
        for one in JUDGES[rule.id](Matter(publication, rule, scene, pack.legends)):
            found.append(one)  # noqa: PERF402  # what was found before a field is missed stays found
    except NotAsked:
        asked = False
    except Lacking as field:
        found.append(Wrong(Span(str(field), f"{field} is not known")))
    except Exception as error:  # a rule that cannot judge has not passed
        log.exception("rule %s could not judge", rule.id)
        found.append(Wrong(Span("", f"the rule could not judge ({type(error).__name__})")))
    if found:
        evidence = tuple(dict.fromkeys(one.span for one in found))
        return result(
            State.FAIL, evidence, tuple(dict.fromkeys(one.legend for one in found if one.legend))
        )
    return result(State.PASS if asked else State.NA)
