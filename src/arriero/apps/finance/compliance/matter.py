"""One publication under one rule: what a rule asks with, and how it says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from arriero.apps.finance.compliance.base import Publication, Record, Span
from arriero.apps.finance.compliance.listener import Listener
from arriero.apps.finance.compliance.meaning import Hit, Scene
from arriero.apps.finance.compliance.pack import Rule

T = TypeVar("T")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
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
_SCALES = (
    1.0,
    1e2,
    1e-3,
    1e-6,
    1e3,
    1e6,
)  # a share in percent; thousands, millions, billions up and down


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

    def numbers(self, first: int, last: int) -> tuple[str, ...]:
        """The figures in the words `first:last`, as they are written but for commas."""
        start, end = self.scene.span(first, last)
        return tuple(one.replace(",", "") for one in _NUMBER.findall(self.scene.text[start:end]))


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


def agrees(said: str, known: float) -> bool:
    """Whether a printed figure is `known` rounded as it is printed: itself, a share in percent, in thousands and so on."""
    half = 0.5 * 10.0 ** -len(said.partition(".")[2]) + 1e-9
    values = (abs(known) * scale for scale in _SCALES)
    return any(
        abs(float(said) - value) <= half for value in values if value >= 2 * half or value == known
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
