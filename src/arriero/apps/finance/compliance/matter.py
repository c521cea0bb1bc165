"""One publication under one rule: what a rule asks with, and how it says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from arriero.apps.finance.compliance.base import Publication, Record, Span
from arriero.apps.finance.compliance.meaning import Hit, Scene
from arriero.apps.finance.compliance.pack import Rule

T = TypeVar("T")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
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
                yield self.at(hit.first, hit.last, why)

    def at(self, first: int, last: int, why: str) -> Wrong:
        """A finding in the words `first:last`."""
        start, end = self.scene.span(first, last)
        begins, ends = self.scene.sentence(first), self.scene.sentence(last)
        whole = self.scene.span(begins[0], ends[1])
        return Wrong(Span(self.scene.text[start:end], why, start, end, whole))

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
