"""What is read out of an annual report's Item 1A: the text, its sub-captions, what each is about.

Offsets count characters (code points) of `ItemOneA.text`, `end` excluded; every quotation is a slice of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum


class Absent(StrEnum):
    """Why there are no risk factors to show: these and no others."""

    NO_ITEM = "the document has no Item 1A"
    BY_REFERENCE = "Item 1A refers to another document"
    NOT_REQUIRED = "the filer states that it need not give any"
    EMPTY = "Item 1A has no text"
    NO_CAPTIONS = "no sub-caption was recognised in Item 1A"


class Look(IntFlag):
    """How a piece of a page is set."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    UNDERLINE = 4
    APART = 8  # an empty line stands before it, and not before most others


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Run(Span):
    """A piece that is set in one way."""

    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True)
class Page:
    """A document as plain text, a paragraph a line. `runs`: what stands out; none when the input was plain text."""

    text: str
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemOneA:
    """Item 1A as it was cut. With a `reason`, `text` is what the item says instead, if it says anything.

    `start`: where the text begins in the document (for HTML: in its plain text). `place`: the exhibit that it
    was found in, such as `EX-13`, empty for the report itself.
    """

    text: str
    start: int = 0
    runs: tuple[Run, ...] = ()
    reason: Absent | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What a risk factor is about. `evidence`: the words that decided, as spans of the item's text, in order."""

    type: str
    name: str
    score: float
    evidence: tuple[Span, ...] = ()
    second: str | None = None

    @property
    def family(self) -> str:
        """The class that the type belongs to."""
        return self.type.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Caption(Span):
    """A sub-caption, word for word, and the text under it (`body`). `heading`: the group it stands in, if any."""

    text: str = ""
    body: Span = Span(0, 0)
    heading: str = ""
    label: Label | None = None

    @property
    def title(self) -> str:
        """The caption on one line."""
        return " ".join(self.text.split())

    @property
    def general(self) -> bool:
        """Whether the filer counts it among the risks that any company has (Regulation S-K, Item 105(a))."""
        return self.heading.casefold().lstrip().startswith("general")


@dataclass(frozen=True, slots=True)
class RiskText:
    """The risk factors of one report. No `captions` means there is a `reason`."""

    text: str
    captions: tuple[Caption, ...] = ()
    headings: tuple[Span, ...] = ()
    reason: Absent | None = None
    start: int = 0
    place: str = ""

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def typed(self) -> float:
        """The share of captions that the taxonomy covers, 0 to 1; 0 when there are none."""
        known = sum(caption.label is not None for caption in self.captions)
        return known / len(self.captions) if self.captions else 0.0

    @property
    def counts(self) -> Mapping[str, int]:
        """How many captions each type has, by type."""
        types = sorted(caption.label.type for caption in self.captions if caption.label)
        return {one: types.count(one) for one in dict.fromkeys(types)}


@dataclass(frozen=True, slots=True)
class Reworded:
    """A caption of the newer report that says otherwise what one of the older said; `likeness` is 0 to 1."""

    old: Caption
    new: Caption
    likeness: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two reports, in the order of the newer (`removed`: of the older)."""

    added: tuple[Caption, ...] = ()
    removed: tuple[Caption, ...] = ()
    reworded: tuple[Reworded, ...] = ()
    kept: tuple[Caption, ...] = ()
    words_before: int = 0
    words_after: int = 0
    types_added: tuple[str, ...] = field(default=())

    @property
    def growth(self) -> float | None:
        """By what share the text grew; None when there was none before."""
        if not self.words_before:
            return None
        return self.words_after / self.words_before - 1
