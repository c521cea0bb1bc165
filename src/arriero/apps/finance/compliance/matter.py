"""One publication under one rule: what a rule asks with, and how it says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from arriero.apps.finance.compliance.base import Publication, Record, Span
from arriero.apps.finance.compliance.figures import Figure, figures, unknown
from arriero.apps.finance.compliance.listener import Listener
from arriero.apps.finance.compliance.meaning import Grammar, Hit, Scene
from arriero.apps.finance.compliance.pack import Rule

T = TypeVar("T")
STEM = 4  # letters by which a metric is known in a sentence: "harvest", "harvested"
_OUTCOME = re.compile(
    r"\b(?:return|price|path|target|back-?test|performance|gain|upside|calls?\b|rating|picks?\b|chance|probab|odds|forecast"
    r"|estimate|expected|projected|illustrat|simulat|hypothetical|house\b)"
)
_COUNTS = {
    word: at
    for at, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
}
_WORD = rf"(?:{'|'.join(_COUNTS)})(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|\d+(?:\.\d+)?"
_PERCENT = re.compile(rf"\b({_WORD})\s*(?:%|percent\b|per cent\b)")
_DECIMAL = re.compile(r"(?<![\d.,$/])(0\.\d+)(?![\d%/]| ?percent)")
_OF = re.compile(
    rf"\b({_WORD})[- ](?:chances |times |cases )?(?:out of|in|of|to)[- ](?:every |a )?({_WORD})\b"
)


class Lacking(Exception):  # not an error of the program: the record has no such field
    """A field that the rule needs is not known."""


class NotAsked(Exception):
    """The rule has nothing to ask of this publication."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A finding: a span, and the legend whose absence is all that is wrong, if it is that."""

    span: Span
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """The publication as `rule` sees it."""

    publication: Publication
    rule: Rule
    scene: Scene
    wording: Mapping[str, str]

    @property
    def record(self) -> Record:
        return self.publication.record

    def limit(self, name: str) -> float:
        return self.rule.limits[name]

    def claims(
        self, why: str, group: str = "", excused: Callable[[Hit], bool] = lambda hit: False
    ) -> Iterator[Wrong]:
        """A finding for each claim of the grammar's group (default: the rule's own) that is not excused."""
        for hit in self.scene.hits(group or self.rule.id):
            if not excused(hit):
                yield self.at(hit, why)

    def at(self, hit: Hit, why: str) -> Wrong:
        """A finding where `hit` is."""
        first, last = hit.first, hit.last
        if hit.chance is not None:
            why = f"{why} (heard with probability {hit.chance:.2f} by listener {Listener.load().version})"
        start, end = self.scene.span(first, last)
        begins, ends = self.scene.sentence(first), self.scene.sentence(last)
        whole = self.scene.span(begins[0], ends[1])
        return Wrong(Span(self.scene.text[start:end], why, start, end, whole, hit.chance))

    def legend(self, id: str, why: str) -> Iterator[Wrong]:
        """A finding unless the legend is attached, or its wording stands in the text."""
        legends = need(self.record.legends, "legends")
        if id not in legends and _squeezed(self.wording[id]) not in _squeezed(
            self.publication.text
        ):
            yield Wrong(Span("legends", f"{why}: the legend {id} is missing"), id)

    def said(self, hit: Hit, *, own: bool = False) -> tuple[Figure, ...]:
        """The figures in the sentences of `hit`, or in its own words alone."""
        start, end = self.scene.span(hit.first, hit.last) if own else self.sentences(hit)
        return tuple(one for one in self._told if one.start < end and one.end > start)

    def known(self, said: Sequence[Figure], values: Sequence[float]) -> bool:
        """Whether there are figures, and each is one of `values`, reckoned from some that the text names, or quoted."""
        rest = [one for one in said if not _quoted(self.publication.text, one, self.record)]
        return bool(said) and not unknown(rest, values, self._told)

    def cited(self, hit: Hit) -> bool:
        """Whether there are figures, and all are sourced facts of the company that are named there ("revenue").

        A cited price, return, call or chance is no such fact: what may be said of those, their own rules know.
        """
        first, last = self.scene.sentence(hit.first)[0], self.scene.sentence(hit.last)[1]
        words = {word[:STEM] for word in self.scene.said(first, last).split()}
        values = [
            one.value
            for one in self.record.citations or ()
            if one.value is not None
            and not _OUTCOME.search((one.metric or "").lower())
            and any(word[:STEM] in words for word in _named(one.metric or ""))
        ]
        return self.known(self.said(hit), values)

    def beside(self, hit: Hit) -> bool:
        """Whether this was only heard, and its figures are of something else: sourced facts, or probabilities on record."""
        record = self.record
        chances = [one for one in (record.probability, *record.probabilities) if one is not None]
        chances += [1 - one for one in chances]
        return hit.chance is not None and (self.cited(hit) or self.known(self.said(hit), chances))

    def defined(self, hit: Hit) -> bool:
        """Whether a definition of the record stands in `hit`, or right behind it."""
        start, end = self.scene.span(hit.first, hit.last)
        return any(
            start <= first and not re.search(r"\w", self.publication.text[end:first])
            for first, _ in approved(self.publication)
        )

    def sentences(self, hit: Hit) -> tuple[int, int]:
        """The characters of the sentences that `hit` stands in."""
        first, last = self.scene.sentence(hit.first)[0], self.scene.sentence(hit.last)[1]
        return self.scene.span(first, last)

    @property
    def _told(self) -> tuple[Figure, ...]:
        return figures(self.publication.text)


def approved(publication: Publication) -> tuple[tuple[int, int], ...]:
    """Where the text quotes a definition of a rating from its record: "expected to return at least 5 points more ...".

    The benchmark and the horizon may be called by their names. A definition in which the grammar finds more than an
    expected return is none that could be approved.
    """
    record = publication.record
    definitions = tuple((record.rating_definitions or {}).values())
    return _quotes(publication.text, definitions, record.benchmark, record.horizon_months)


@lru_cache(maxsize=16)  # rules ask for those of one text again and again
def _quotes(
    text: str, definitions: Sequence[str], benchmark: str | None, months: int | None
) -> tuple[tuple[int, int], ...]:
    found = []
    for definition in filter(_harmless, definitions):
        words = _spaced(definition)
        for general, special in (
            ("the benchmark", benchmark),
            ("the horizon", f"{months} months" if months else None),
        ):
            if special:
                either = rf"(?:{_spaced(general)}|(?:the\s+)?{_spaced(special)})"
                words = words.replace(_spaced(general), either)
        found += [match.span() for match in re.finditer(words, text, re.IGNORECASE)]
    return tuple(sorted(found))


@lru_cache(maxsize=64)
def _harmless(definition: str) -> bool:
    scene = Grammar.load().scene(definition)
    return bool(definition.strip()) and not any(
        scene.found(group) for group in scene.grammar.patterns if not group.startswith("C03")
    )


def _spaced(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in text.split())


def need(value: T | None, name: str) -> T:
    """`value`; `Lacking` when it is not known."""
    if value is None or value == "":
        raise Lacking(name)
    return value


def one_of(value: str | None, known: tuple[str, ...], name: str) -> str:
    """`value`, which is one of `known`; `Lacking` when it is not: nobody knows what another word means."""
    if need(value, name) not in known:
        raise Lacking(name)
    return str(value)


def wrong(field: str, why: str) -> Wrong:
    """A finding in a field of the record."""
    return Wrong(Span(field, why))


def _named(metric: str) -> list[str]:
    return [
        word
        for word in re.findall(r"[a-z]{3,}", metric.lower())
        if word not in {"per", "the", "and", "share"}
    ]


def _quoted(text: str, one: Figure, record: Record) -> bool:
    """Whether the record has the figure in words, with the word before it or after it: "5 points", "Nifty 500"."""
    tool, figure = record.tool, text[one.start : one.end]
    wordings = [
        record.benchmark,
        *(record.rating_definitions or {}).values(),
        *((tool.method, tool.assumptions, tool.universe, tool.limits) if tool else ()),
        *(record.risks or ()),
    ]
    phrases = " | ".join(_squeezed(each) for each in wordings if each)
    after = re.match(r"[ -]*([a-z]+)", text[one.end :].lower())
    before = re.search(r"([a-z&]+) $", text[: one.start].lower())
    return (after is not None and f"{figure} {after[1]}" in phrases) or (
        before is not None and f"{before[1]} {figure}" in phrases
    )


def _squeezed(text: str) -> str:
    return " ".join(text.lower().split())


def shares(text: str) -> list[tuple[float, float]]:
    """The shares that a text names ("62 %", "nine out of ten"), and how exactly each is named."""
    low = text.lower()
    found = [(_count(one) / 100, 0.0051) for one in _PERCENT.findall(low)]
    found += [(float(one), 0.0051) for one in _DECIMAL.findall(low)]
    return found + [
        (_count(part) / _count(of), 0.05)
        for part, of in _OF.findall(low)
        if _count(part) <= _count(of)
    ]


def _count(word: str) -> float:
    if word[0].isdigit():
        return float(word) or 1.0
    return float(sum(_COUNTS[part] for part in re.split(r"[- ]", word)) or 1)
