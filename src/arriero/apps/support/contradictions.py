"""Do two articles say different things about the same matter? Explainable: every finding shows both.

A statement is a sentence with a number, a date or a negation. Two statements of different articles
that hold on a common day contradict each other when they are about the same (their vectors, with
the numbers masked, are near; neither names something that the other does not) and what they say
differs: other values of the same unit, other dates, or one of them denies.

It finds plain contradictions and misses subtle ones; similarity alone would be no evidence ("within
14 days" and "within 30 days" are nearly the same vector), and facts alone would compare any two
prices. The thresholds were fitted on pairs written for it, see `bars/retrieval.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from arriero.apps.support.articles import Article, pieces
from arriero.apps.support.extract import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.72  # cosine of two masked sentences: below it they are about different things
SAME = 0.86  # from here on differing words are taken for synonyms
SHARED = 0.5  # of the content words of the shorter sentence, for a denial to be one
MORE_WORDS = 2  # that one may have beyond the other, for a denial to be of the same
BLOCK = 4_000_000  # similarities held at once: 16 MB

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|"
            "september sep sept|october oct|november nov|december dec"
        ).split("|"),
        start=1,
    )
    for name in names.split()
}
_NUMERALS = {
    word: float(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"fifteen": 15.0, "twenty": 20.0, "thirty": 30.0, "sixty": 60.0, "ninety": 90.0}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(\d{{4}})-(\d\d)-(\d\d)\b"
    rf"|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b"
    rf"|\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    rf"(?P<before>[€$£%]|\b(?:EUR|USD|GBP|CHF)\s)?\s*"
    rf"(?P<number>\d+(?:[.,]\d+)*|\b(?:{'|'.join(_NUMERALS)})\b)"
    rf"\s*-?\s*(?P<unit>[€$£%]|[a-zA-Z]+)?",
    re.IGNORECASE,
)
_UNITS = {
    "€": "euro", "eur": "euro", "euros": "euro", "$": "dollar", "usd": "dollar", "£": "pound",
    "gbp": "pound", "%": "percent", "hrs": "hour", "min": "minute", "mins": "minute",
    "a.m": "am", "p.m": "pm",
}  # fmt: skip
_MODIFIERS = frozenset("working business calendar full more whole consecutive additional".split())
# Words after a number that are no unit: the number then has none, and is compared with nothing.
_NO_UNIT = frozenset(
    "a an and are as at by for from if in is it of on or per than that the then this to until up was "
    "we when where which while who will with within you your".split()
)
_NOT = re.compile(
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|won't|isn't|aren't|neither|nor|without|"
    r"impossible|excluded|forbidden|prohibited|unavailable)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?<=[a-z0-9,;] )[A-Z][a-z]{2,}")
_EMPTY = frozenset(
    "a about after all also am an and any are as at be been before but by can could did do does for "
    "from get had has have he her here him his how i if in into is it its just let like may me more "
    "most must my need of on or our out over please she should so some than that the their them then "
    "there these they this those to too up us very was we were what when where which while who will "
    "with would you your yours not no never cannot without only within per each every one it's "
    "always still usually normally currently now".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that states something checkable, and where it stands."""

    article: Article
    passage: str
    text: str
    amounts: Mapping[str, frozenset[float]]  # unit -> values
    dates: frozenset[tuple[int, int]]  # (month, day)
    denies: bool
    words: frozenset[str]
    names: frozenset[str]  # weekdays and what is written with a capital within the sentence

    @property
    def masked(self) -> str:
        """What it is about, for the encoder: the sentence with every number and date as #."""
        return _AMOUNT.sub(_mask, _DATE.sub("#", self.text))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two passages that cannot both be right, and in which words they differ."""

    passages: tuple[str, str]
    articles: tuple[str, str]
    reason: str
    quotes: tuple[str, str]
    similarity: float


def statements(articles: Sequence[Article]) -> tuple[Statement, ...]:
    """All sentences of the articles; those without number, date or denial are there to be denied."""
    return tuple(
        _statement(article, f"{article.id}#{at}", text)
        for article in articles
        for at, (_, piece) in enumerate(pieces(article), start=1)
        for text in sentences(piece)
        if len(text.split()) >= 4
    )


def contradictions(
    found: Sequence[Statement],
    vectors: NDArray[np.float32],
    *,
    near: float = NEAR,
    same: float = SAME,
) -> tuple[Contradiction, ...]:
    """What contradicts what; `vectors` are those of the statements' `masked` texts, of length one.

    At most one finding a pair of passages, the most similar one. In order of the passages' ids.
    """
    best: dict[tuple[str, str], Contradiction] = {}
    for one, other, similarity in _near(found, vectors, near):
        reason = difference(one, other, similarity, same=same)
        if not reason:
            continue
        first, second = sorted((one, other), key=lambda each: each.passage)
        key = (first.passage, second.passage)
        if key not in best or best[key].similarity < similarity:
            best[key] = Contradiction(
                key,
                (first.article.id, second.article.id),
                reason,
                (first.text, second.text),
                round(similarity, 3),
            )
    return tuple(best[key] for key in sorted(best))


def difference(one: Statement, other: Statement, similarity: float, *, same: float = SAME) -> str:
    """In what two statements of one matter differ, as a phrase; empty when they go together."""
    if not _overlap(one.article, other.article) or _siblings(one.article, other.article):
        return ""
    shared = len(one.words & other.words) / max(1, min(len(one.words), len(other.words)))
    distinct = (one.words - other.words) and (other.words - one.words)
    if one.names - other.names and other.names - one.names:
        return ""  # Saturday's hours and Monday's, however alike the sentences
    if distinct and similarity < same:
        return ""  # "renting a tent" and "renting crampons": near, but not the same matter
    for unit in sorted(one.amounts.keys() & other.amounts.keys()):
        mine, theirs = one.amounts[unit], other.amounts[unit]
        if not mine & theirs:
            return f"{_said(mine)} against {_said(theirs)} {unit}"
    if one.dates and other.dates and not one.dates & other.dates:
        return f"{_days(one.dates)} against {_days(other.dates)}"
    alike = shared >= SHARED and len(one.words ^ other.words) <= MORE_WORDS
    if one.denies != other.denies and not distinct and alike:
        return "one denies what the other says"
    return ""


def disputes(found: Sequence[Contradiction]) -> Mapping[str, tuple[str, ...]]:
    """Passage id -> the passages that say otherwise, for `articles.passages_of`."""
    told: dict[str, set[str]] = {}
    for one in found:
        for mine, theirs in (one.passages, one.passages[::-1]):
            told.setdefault(mine, set()).add(theirs)
    return {id: tuple(sorted(others)) for id, others in told.items()}


def _statement(article: Article, passage: str, text: str) -> Statement:
    dates = frozenset(_dates(text))
    amounts: dict[str, set[float]] = {}
    for unit, value in _amounts(_DATE.sub(" ", text)):
        amounts.setdefault(unit, set()).add(value)
    return Statement(
        article=article,
        passage=passage,
        text=text,
        amounts={unit: frozenset(values) for unit, values in amounts.items()},
        dates=dates,
        denies=len(_NOT.findall(text)) % 2 == 1,
        words=frozenset(_content(_AMOUNT.sub(_mask, _DATE.sub(" ", text)))),
        names=frozenset(_NAME.findall(_DATE.sub(" ", text))),
    )


def _near(
    found: Sequence[Statement], vectors: NDArray[np.float32], near: float
) -> Iterator[tuple[Statement, Statement, float]]:
    """Pairs of statements of different articles whose vectors are near."""
    rows = max(1, BLOCK // max(1, len(found)))
    for start in range(0, len(found), rows):
        block = vectors[start : start + rows] @ vectors[start:].T  # each pair once
        for row, column in zip(*(block >= near).nonzero(), strict=True):
            one, other = found[start + int(row)], found[start + int(column)]
            if row < column and one.article.id != other.article.id:
                yield one, other, float(block[row, column])


def _overlap(one: Article, other: Article) -> bool:
    """Whether a day exists on which both hold: last year's price contradicts nothing."""
    since = max(one.valid_from or date.min, other.valid_from or date.min)
    until = min(one.valid_until or date.max, other.valid_until or date.max)
    return since <= until


def _siblings(one: Article, other: Article) -> bool:
    """Whether the titles name two things of a kind ("Gold card", "Silver card"): their facts differ."""
    mine, theirs = set(_content(one.title)), set(_content(other.title))
    shared = len(mine & theirs)
    return bool(mine - theirs and theirs - mine and shared >= len(mine | theirs) / 3)


def _content(text: str) -> list[str]:
    return [
        _stem(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY and len(word) > 2
    ]


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def _dates(text: str) -> Iterator[tuple[int, int]]:
    for match in _DATE.finditer(text):
        _, month, day, day_first, named, named_first, day_last = match.groups()
        if month:
            yield int(month), int(day)
        else:
            yield _MONTHS[(named or named_first).lower()], int(day_first or day_last)


def _amounts(text: str) -> Iterator[tuple[str, float]]:
    for match in _AMOUNT.finditer(text):
        number = match["number"].lower()
        unit = (match["before"] or match["unit"] or "").strip().lower()
        if unit in _MODIFIERS:
            after = _WORD.match(text[match.end() :].lstrip())
            unit = after[0].lower() if after else ""
        unit = _UNITS.get(unit, unit)
        if unit and unit not in _NO_UNIT:
            value = _NUMERALS[number] if number in _NUMERALS else _value(number)
            yield _stem(unit), value


def _value(number: str) -> float:
    """4,90 and 4.90 are one price; 1,200 and 1.200 one thousand."""
    whole, point, part = number.replace(",", ".").rpartition(".")
    if not point:
        return float(part)
    if len(part) == 3 and whole != "0":
        return float(whole.replace(".", "") + part)
    return float(f"{whole.replace('.', '')}.{part}")


def _mask(match: re.Match[str]) -> str:
    return match[0].replace(match["number"], "#")


def _said(values: frozenset[float]) -> str:
    return " or ".join(f"{value:g}" for value in sorted(values))


def _days(dates: frozenset[tuple[int, int]]) -> str:
    return " or ".join(f"{day:02}.{month:02}." for month, day in sorted(dates))
