"""What speaks for and against one sentence of an answer, given what it may rest on. Pure.

A sentence is laid beside the one or two source sentences that cover most of it, and compared there:
a fact that stands somewhere else in the sources, in another context, is not a fact of this sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arriero.checks.grounding import STOP
from arriero.checks.rarity import Rarity
from arriero.checks.reading import Reading, Stated, read, sentences

ENOUGH = 0.12  # of a sentence's weight that a second source sentence must add to be laid beside it
MOSTLY = 0.5  # of a source sentence said: then its conditions have to be said too
NEIGHBOURS = 60  # source sentences compared in full; the rest shares the fewest words

_SPANS: Sequence[Mapping[str, float]] = (
    {"hour": 1, "minute": 1 / 60, "day": 24, "week": 168},
    {"month": 1, "year": 12},
)

# What each feature means, in the words of a verdict's reason.
MEANINGS: Mapping[str, str] = {
    "verbatim": "not word for word in a source",
    "unknown_fact": "a number, date, id or link is not in the sources",
    "unknown_unit": "a number has another unit in the sources",
    "strayed_fact": "a number or date belongs to another statement",
    "other_context": "a number or date stands in another context",
    "other_limit": "a limit (at most, at least, only, before) differs from the source",
    "unknown_name": "a name or quoted term is not in the sources",
    "strayed_name": "a name belongs to another statement",
    "odd_name": "a name stands beside other words than in the sources",
    "covered": "its words are not in the source",
    "unknown_words": "telling words are not in any source",
    "in_order": "it says the words of the source in another order",
    "says_whole": "it leaves out part of the source's statement",
    "negation": "a negation was added or lost",
    "modality": "may, must or should differ from the source",
    "exclusive": "'only' was added or lost",
    "lost_condition": "a condition or exception of the source was left out",
    "new_condition": "a condition that the source does not make",
    "opposite": "it says the opposite of a word of the source",
    "cut": "the sentence was cut off",
    "bare": "the sources say nothing of it",
}

WORD_FOR_WORD: Mapping[str, float] = {
    name: float(name in {"verbatim", "covered", "in_order", "says_whole"}) for name in MEANINGS
}


@dataclass(frozen=True)
class Sources:
    """What an answer may rest on, read once: every sentence, and all their facts and words."""

    readings: tuple[Reading, ...]
    facts: frozenset[str]
    words: frozenset[str]
    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Sources:
        readings = tuple(read(one) for text in texts for one in sentences(text))
        return cls(
            readings,
            frozenset(fact.value for one in readings for fact in one.facts),
            frozenset(word for one in readings for word in one.words),
            frozenset(stem for one in readings for stem in one.stems),
            frozenset(pair for one in readings for pair in one.pairs),
        )


def features(sentence: str, sources: Sources, rarity: Rarity) -> Mapping[str, float]:
    """The features of `MEANINGS`, each from 0 to 1, of one sentence against its sources."""
    said = read(sentence)
    if not sources.readings:
        return {"bare": 1.0}
    if any(said.plain == one.plain for one in sources.readings):
        return WORD_FOR_WORD
    beside = _beside(said, sources, rarity)
    best = beside[0]
    stems = {stem for one in beside for stem in one.stems}
    words = {word for one in beside for word in one.words}
    weight = rarity.total(set(said.stems)) or 1.0
    return {
        "verbatim": 0.0,
        **_of_facts(said, beside, sources),
        **_of_names(said, best, words, sources),
        "odd_name": _odd_names(said, sources),
        "covered": rarity.total(set(said.stems) & stems) / weight if said.stems else 1.0,
        "unknown_words": rarity.total(set(said.stems) - sources.stems) / 3,
        "in_order": _common(said.stems, best.stems) / max(1, len(said.stems)),
        "says_whole": min(_said_of(one, said, rarity) for one in beside),
        "negation": _negation(said, beside),
        "modality": _modality(said, beside),
        "exclusive": float(said.exclusive != any(one.exclusive for one in beside)),
        "lost_condition": _lost(
            [
                scope
                for one in beside
                if one is best or _said_of(one, said, rarity) >= MOSTLY
                for scope in one.conditions
            ],
            set(said.stems),
        ),
        "new_condition": _lost(said.conditions, stems),
        "opposite": float(bool((said.opposites & words) - said.words)),
        "cut": _cut(said, best, sources),
        "bare": float(not stems & set(said.stems)),
    }


def _said_of(one: Reading, said: Reading, rarity: Rarity) -> float:
    """How much of a source sentence is said."""
    stems = set(one.stems)
    return rarity.total(stems & set(said.stems)) / (rarity.total(stems) or 1.0)


def _beside(said: Reading, sources: Sources, rarity: Rarity) -> tuple[Reading, ...]:
    """The source sentence that covers most, and a second one if it adds enough."""
    own, facts = set(said.stems), {fact.value for fact in said.facts}

    def shared(one: Reading) -> float:
        values = facts & {fact.value for fact in one.facts}
        return rarity.total(own & set(one.stems)) + 0.5 * len(values)

    near = sorted(sources.readings, key=shared, reverse=True)[:NEIGHBOURS]
    whole = rarity.total(own) + 0.5 * len(facts) or 1.0

    def fit(one: Reading) -> float:
        length = max(1, len(said.stems) + len(one.stems))
        return shared(one) / whole + 0.5 * _common(said.stems, one.stems) / length

    best = max(near, key=fit)
    left_stems = own - set(best.stems)

    def added(one: Reading) -> float:  # by words alone: a false number always stands somewhere else
        return rarity.total(left_stems & set(one.stems))

    second = max(near, key=added)
    return (best, second) if added(second) / whole >= ENOUGH else (best,)


def _of_facts(said: Reading, beside: Sequence[Reading], sources: Sources) -> Mapping[str, float]:
    there = {fact.value for one in beside for fact in one.facts}
    spans = {span for one in sources.readings for fact in one.facts if (span := _span(fact))}
    known = [fact for fact in said.facts if fact.value in sources.facts or _span(fact) in spans]
    near = [fact for fact in known if fact.value in there]
    elsewhere = [fact for fact in known if fact.value in sources.facts and fact.value not in there]
    everywhere = [fact for one in sources.readings for fact in one.facts]
    placed = [fact for one in beside for fact in one.facts]
    return {
        "unknown_fact": float(len(known) < len(said.facts)),
        "unknown_unit": float(
            any(
                not _same_unit(fact, everywhere)
                for fact in known
                if fact.unit and _span(fact) not in spans
            )
        ),
        "strayed_fact": float(bool(elsewhere) or _repeated(near, placed)),
        "other_context": 1 - min((_context(fact, placed) for fact in near), default=1.0),
        "other_limit": float(any(not _same_limit(fact, placed) for fact in near)),
    }


def _span(fact: Stated) -> tuple[str, float] | None:
    """A duration in hours or in months, so that "14 days" and "two weeks" are one fact."""
    for family in _SPANS:
        if fact.unit in family:
            try:
                return next(iter(family)), float(fact.value) * family[fact.unit]
            except ValueError:  # a weekday or a month before "day"
                return None
    return None


def _repeated(near: Sequence[Stated], placed: Sequence[Stated]) -> bool:
    """Whether a value is said more often than the source says it: "2 to 2 days"."""
    there = Counter(fact.value for fact in placed)
    return any(times > there[value] for value, times in Counter(f.value for f in near).items())


def _same_unit(fact: Stated, known: Sequence[Stated]) -> bool:
    units = {one.unit for one in known if one.value == fact.value}
    return fact.unit in units or units == {""}


def _same_limit(fact: Stated, known: Sequence[Stated]) -> bool:
    return any(one.limit == fact.limit for one in known if one.value == fact.value)


def _context(fact: Stated, known: Sequence[Stated]) -> float:
    """How much of the words around a fact also stand around it in the source, at best."""
    if not fact.around:
        return 1.0
    return max(
        (
            len(fact.around & one.around) / min(len(fact.around), max(1, len(one.around)))
            for one in known
            if one.value == fact.value and one.unit in {fact.unit, ""}
        ),
        default=0.0,
    )


def _of_names(
    said: Reading, best: Reading, words: set[str], sources: Sources
) -> Mapping[str, float]:
    known = said.names & sources.words
    return {
        "unknown_name": float(known != said.names),
        # 0.5 in the second sentence beside it: a merged sentence may take a name from there
        "strayed_name": 1.0 if known - words else 0.5 * bool(known - best.words),
    }


def _odd_names(said: Reading, sources: Sources) -> float:
    """The share of known names that stand beside no word that they stand beside in the sources."""
    known = said.names & sources.words
    told = [pair for pair in said.pairs if STOP.isdisjoint(pair) and not known.isdisjoint(pair)]
    beside = {name for pair in told for name in pair} & known
    kept = {name for pair in told if pair in sources.pairs for name in pair}
    return len(beside - kept) / len(beside) if beside else 0.0


def _negation(said: Reading, beside: Sequence[Reading]) -> float:
    """1 when what one side denies, the other says without a negation near it."""
    own = set(said.stems)
    theirs = {stem for one in beside for stem in one.stems}
    source = [scope for one in beside for scope in one.denied]
    added = any(
        not any(scope & other for other in source)
        for scope in said.denied
        if not scope or scope & theirs
    )
    lost = any(
        len(scope & own) >= 0.5 * len(scope) and not any(scope & other for other in said.denied)
        for scope in source
        if scope
    )
    added = added or len(said.denied) > len(source)
    if not (added or lost):
        return 0.0
    return 0.5 if said.implicit != any(one.implicit for one in beside) else 1.0


def _modality(said: Reading, beside: Sequence[Reading]) -> float:
    source: dict[str, set[str]] = {}
    for one in beside:
        for verb, modal in one.modals.items():
            source.setdefault(verb, set()).add(modal)
    clash = [
        verb for verb, modal in said.modals.items() if verb in source and modal not in source[verb]
    ]
    return min(1.0, len(clash) / 2)


def _lost(conditions: Sequence[frozenset[str]], stems: set[str]) -> float:
    """The share of conditions of which less than half is said."""
    missing = [one for one in conditions if len(one & stems) < 0.5 * len(one)]
    return len(missing) / max(1, len(conditions))


def _cut(said: Reading, best: Reading, sources: Sources) -> float:
    """1 for no full stop where the source has one, or for the mere beginning of a source sentence."""
    length = len(said.plain)
    begins = any(one.plain[:length] == said.plain for one in sources.readings)
    return float(not said.ends and (begins or best.ends))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for left in one:
        before = 0
        for at, right in enumerate(other, start=1):
            before, row[at] = row[at], before + 1 if left == right else max(row[at], row[at - 1])
    return row[-1]
