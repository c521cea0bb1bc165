"""The gate: every rule on the record and on the text, one repair by template, then release or reasons.

It fails closed: a rule that raises, or that lacks a field it needs, fails. Restricted names come first, and of
them nothing is said. Nothing here reads a clock, a model or the network: who calls brings the sentence vectors of the
pieces that the second listener is in doubt of (`doubted`). Without them every doubt stands, and the review says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from arriero.apps.finance.compliance import rules_claims as claims
from arriero.apps.finance.compliance import rules_house as house
from arriero.apps.finance.compliance import rules_people as people
from arriero.apps.finance.compliance.base import Publication, Review, RuleResult, Span, State
from arriero.apps.finance.compliance.listener import Doubt, Excuse, Listener, Piece, Vector
from arriero.apps.finance.compliance.matter import Lacking, Matter, NotAsked, Wrong, approved
from arriero.apps.finance.compliance.meaning import Grammar, Hit, Pattern, Scene
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
DEAF = "the second listener had no encoder, so whatever it doubts is withheld; arriero models pull minilm-l6"
READ_AGAIN = (
    8  # texts whose reading is remembered: a draft is reviewed, repaired and reviewed again
)
Encode = Callable[[Sequence[str]], Iterable[Vector]]
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


def doubted(
    publication: Publication, pack: Pack, listener: Listener | None = None
) -> tuple[str, ...]:
    """The pieces of the text whose vectors the second listener asks for, as they are to be encoded; often none.

    Of what the grammar found they are those that break a rule of the pack: what the record excuses needs no clearing.
    `listener`: another than the one that ships, to compare them.
    """
    listener = listener or Listener.load()
    scene, doubts, spoken = _read(
        publication.text, approved(publication), publication.record.names, listener
    )
    broken = set()
    if spoken:
        results = [_judged(rule, publication, scene, pack) for rule in pack.rules]
        failed = {one.id: one for one in results if one.state is State.FAIL}
        places = {(span.start, span.end) for one in failed.values() for span in one.evidence}
        broken = {
            one.piece.text
            for hit, one in spoken.items()
            if scene.span(hit.first, hit.last) in places
            or (RESTRICTED in failed and hit.pattern.rule == RESTRICTED)  # which names no place
        }
    return tuple(dict.fromkeys([*(one.piece.text for one in doubts), *sorted(broken)]))


def review(
    publication: Publication,
    pack: Pack,
    vectors: Mapping[str, Vector] | None = None,
    listener: Listener | None = None,
) -> Review:
    """Every rule's result, in the pack's order; of a restricted name that one alone, without a reason.

    `vectors` are those of the `doubted` pieces, by the encoder that the listener was fitted on. A piece without one
    stays in doubt, and what is in doubt fails, whatever would excuse it, unless the grammar found the very
    same claim.
    """
    vectors, listener = vectors or {}, listener or Listener.load()
    scene, doubts, spoken = _read(
        publication.text, approved(publication), publication.record.names, listener
    )
    excused = excuses(publication, scene, pack)
    scene = scene.hearing(
        listener.heard(doubts, vectors, excused), listener.cleared(spoken, vectors, excused)
    )
    open_ = [
        (group[: len(RESTRICTED)], doubt)  # groups begin with a rule's id
        for doubt in doubts
        if doubt.piece.text not in vectors
        for group in (listener.likeliest(doubt.scores),)
        if not _settled(group, doubt, publication, scene, pack)
    ]
    open_ = [(id, doubt) for id, doubt in open_ if _holds(pack.rule(id), publication)]
    note = DEAF if open_ else ""
    first = pack.rule(RESTRICTED)
    wall = _in_doubt(_judged(first, publication, scene, pack), scene, open_)
    if wall.state is not State.PASS:
        silent = Span("", house.NOT_AVAILABLE)
        return Review((replace(wall, state=State.FAIL, evidence=(silent,)),), pack.version)
    results = (
        wall if rule.id == first.id else _judged(rule, publication, scene, pack)
        for rule in pack.rules
    )
    return Review(tuple(_in_doubt(one, scene, open_) for one in results), pack.version, note)


def release(publication: Publication, pack: Pack, encode: Encode | None = None) -> Release:
    """Review; where a template can mend it, mend once and review again; then the text or the reasons."""
    first = last = heard(publication, pack, encode)
    if not first.released and (mended := repaired(publication, first, pack)) is not None:
        publication, last = mended, heard(mended, pack, encode)
    if last.released:
        return Release(publication, rendered(publication, pack), first, last)
    return Release(
        publication, "", first, last, tuple(f"{one.id}: {one.reason}" for one in last.failed)
    )


def heard(publication: Publication, pack: Pack, encode: Encode | None) -> Review:
    """The review with the vectors that `encode` gives, in order, for what is doubted; None: there is no encoder."""
    if encode is None:
        return review(publication, pack)
    texts = doubted(publication, pack)
    vectors = dict(zip(texts, encode(texts), strict=True)) if texts else {}
    return review(publication, pack, vectors)


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


def _in_doubt(result: RuleResult, scene: Scene, doubts: Sequence[tuple[str, Doubt]]) -> RuleResult:
    """The result, failed by each doubt under this rule that nothing has cleared."""
    found = []
    for id, doubt in doubts:
        if id == result.id:
            start, end = scene.span(doubt.piece.first, doubt.piece.last)
            quote = scene.text[start:end]
            found.append(Span(quote, DEAF, start, end, (start, end), doubt.chance))
    if not found:
        return result
    return replace(result, state=State.FAIL, evidence=(*result.evidence, *found))


def _settled(group: str, doubt: Doubt, publication: Publication, scene: Scene, pack: Pack) -> bool:
    """Whether the grammar found this very claim in the piece, and the rule, which knows the record, lets it pass."""
    first, last = doubt.piece.first, doubt.piece.last
    inside = any(first <= hit.first and hit.last <= last for hit in scene.found(group))
    rule = pack.rule(group[: len(RESTRICTED)])
    return inside and _judged(rule, publication, scene, pack).state is State.PASS


def _holds(rule: Rule, publication: Publication) -> bool:
    return not rule.off and publication.profile in rule.profiles


@lru_cache(maxsize=READ_AGAIN)
def _read(
    text: str, quoted: tuple[tuple[int, int], ...], names: tuple[str, ...], listener: Listener
) -> tuple[Scene, tuple[Doubt, ...], Mapping[Hit, Doubt]]:
    scene = scene_of(text, quoted, names)
    return scene, listener.doubts(scene), listener.spoken(scene)


def scene_of(text: str, quoted: Iterable[tuple[int, int]], names: tuple[str, ...]) -> Scene:
    """The text as it is judged: what it quotes of approved wording is read as blank."""
    blank = text
    for start, end in quoted:
        blank = blank[:start] + " " * (end - start) + blank[end:]
    return replace(Grammar.load().scene(blank, names), text=text)


def excuses(publication: Publication, scene: Scene, pack: Pack) -> Excuse:
    """Whether a rule, which knows the record, lets a claim pass that would be heard in a piece."""

    @cache
    def excused(group: str, piece: Piece) -> bool:
        rule = pack.rule(group[: len(RESTRICTED)])  # groups begin with a rule's id
        if rule.id == RESTRICTED:
            return False  # it names no place
        hit = Hit(Pattern("heard", group, ()), piece.first, piece.last, 1.0)
        seen = _judged(rule, publication, scene.hearing({group: (hit,)}), pack)
        place = scene.span(hit.first, hit.last)
        return not any(
            span.chance is not None and (span.start, span.end) == place for span in seen.evidence
        )

    return excused


def _judged(rule: Rule, publication: Publication, scene: Scene, pack: Pack) -> RuleResult:
    def result(
        state: State, evidence: tuple[Span, ...] = (), legends: tuple[str, ...] = ()
    ) -> RuleResult:
        return RuleResult(rule.id, state, evidence, rule.citation, rule.severity, legends)

    if not _holds(rule, publication):
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
