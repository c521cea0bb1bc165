"""A PDF -> its visible text in paragraphs. Pure: bytes in, text or a reason out.

A PDF has no paragraphs, only pieces of text at places of a page: pieces of one height are a line, a gap
wider than a line ends a paragraph, larger letters are a heading, and what stands on most pages is
their header or footer. What a reader of the page would not see is left out, for it is where
instructions to a model hide: text without ink, in white, or too small to read.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from arriero.core.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MOST_PAGES = 500
SMALLEST = 3.0  # points; nobody reads smaller letters on paper
NO_INK = 3  # the text rendering mode that paints nothing (ISO 32000-1, table 106)
WIDER = 1.6  # line distances that end a paragraph; ordinary leading is 1.0 to 1.5
LARGER = 1.15  # times the usual size of letters: a heading
ON_MOST = 0.6  # of the pages, at least three: a running header or footer


@dataclass(frozen=True, slots=True)
class Line:
    """What stands at one height: how far up the page, in which size, on which page."""

    page: int
    y: float
    size: float
    text: str


def read(data: bytes) -> tuple[str, str]:
    """The title (may be empty) and the text, with `#` headings and an empty line between paragraphs.

    Raises:
        InputError: it is broken, locked, too long, or holds pictures of text only; or pypdf is not
            installed.
    """
    reader = _opened(data)
    try:
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 0 if locked else len(reader.pages)
        read = range(pages if pages <= MOST_PAGES else 0)
        lines = [line for at in read for line in _lines(reader.pages[at], at)]
        about = None if locked else reader.metadata
        title = (about.title or "") if about else ""
    except Exception as error:  # noqa: BLE001  # a broken file breaks the library in any way
        raise _broken(error) from None
    if locked:
        raise InputError("it is locked with a password; save it without one")
    if pages > MOST_PAGES:
        raise InputError(f"it has {pages} pages, the most is {MOST_PAGES}; split it")
    text = "\n\n".join(_paragraphs(_without_margins(lines, pages)))
    if not text.strip():
        raise InputError(
            "no text in it can be read: its pages are pictures, or the text is hidden; "
            "save it with real text, or as HTML or Markdown"
        )
    return " ".join(title.split()), text


def _opened(data: bytes) -> PdfReader:
    try:
        from pypdf import PdfReader  # noqa: PLC0415  # an optional package, only for PDF
    except ImportError:
        missing = MissingExtra("pypdf, which reads PDF,", "pdf")
        raise InputError(
            missing.message
        ) from None  # the folder's other files are read all the same
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it mends much, and tells of each time
    try:
        return PdfReader(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001  # the same
        raise _broken(error) from None


def _broken(error: Exception) -> InputError:
    why = " ".join(str(error).split())[:100] or type(error).__name__
    return InputError(f"it is no whole PDF ({why}); open it and save it anew")


@dataclass
class _Ink:
    """How text is painted at a moment of the page; pushed and popped as the page says."""

    mode: int = 0
    white: bool = False
    kept: list[tuple[int, bool]] = field(default_factory=list)

    def heed(self, operator: bytes, operands: Sequence[Any]) -> None:
        match operator:
            case b"q":
                self.kept.append((self.mode, self.white))
            case b"Q" if self.kept:
                self.mode, self.white = self.kept.pop()
            case b"Tr" if operands:
                self.mode = int(operands[0])
            case b"g" | b"rg" | b"sc" | b"scn" if operands:
                self.white = all(_number(one) >= 0.95 for one in operands)
            case b"k" if operands:
                self.white = all(_number(one) <= 0.05 for one in operands)

    @property
    def seen(self) -> bool:
        return self.mode != NO_INK and not self.white


def _lines(page: PageObject, number: int) -> Iterator[Line]:
    ink, pieces = _Ink(), list[tuple[float, float, str]]()

    def before(operator: bytes, operands: Sequence[Any], *_: object) -> None:
        ink.heed(operator, operands)

    def piece(text: str, cm: Sequence[float], tm: Sequence[float], _: object, size: float) -> None:
        height = abs(size * tm[3] * cm[3]) or abs(size)
        if text.strip() and ink.seen and height >= SMALLEST:
            pieces.append((tm[5] * cm[3] + cm[5], height, text))

    page.extract_text(visitor_operand_before=before, visitor_text=piece)
    last: list[tuple[float, float, str]] = []
    for one in pieces:
        if last and abs(one[0] - last[-1][0]) > last[-1][1] / 2:
            yield _line(number, last)
            last = []
        last.append(one)
    if last:
        yield _line(number, last)


def _line(page: int, pieces: Sequence[tuple[float, float, str]]) -> Line:
    text = " ".join("".join(text for _, _, text in pieces).split())
    return Line(page, pieces[0][0], max(size for _, size, _ in pieces), text)


def _without_margins(lines: Sequence[Line], pages: int) -> Sequence[Line]:
    """Without page numbers and what stands, but for its numbers, on most pages."""
    places = {(line.page, _plain(line.text)) for line in lines}
    often = Counter(text for _, text in places)
    least = max(3, ON_MOST * pages)
    return [
        line
        for line in lines
        if often[_plain(line.text)] < least and not re.fullmatch(r"[\W\d]*", line.text)
    ]


def _plain(text: str) -> str:
    return re.sub(r"\d+", "0", text.casefold())


def _paragraphs(lines: Sequence[Line]) -> Iterator[str]:
    usual = median(line.size for line in lines) if lines else 0.0
    text, last = "", None
    for line in lines:
        heading = line.size > usual * LARGER and len(line.text) <= 120
        apart = last is None or line.page != last.page or _apart(last, line)
        if text and (heading or apart or text.startswith("#")):
            follows = last is not None and line.page != last.page and _goes_on(text, line, heading)
            if not follows:
                yield text
                text = ""
        text = _joined(text, f"## {line.text}" if heading else line.text)
        last = line
    if text:
        yield text


def _apart(one: Line, other: Line) -> bool:
    return abs(one.y - other.y) > WIDER * max(one.size, other.size)


def _goes_on(text: str, line: Line, heading: bool) -> bool:
    """Whether a sentence goes on at the top of the next page."""
    return (
        not heading
        and not text.startswith("#")
        and text[-1:] not in ".!?:"
        and line.text[:1].islower()
    )


def _joined(text: str, more: str) -> str:
    if not text:
        return more
    if text.endswith("-") and more[:1].islower() and text[-2:-1].isalpha():
        return text[:-1] + more  # a word that was divided at the end of its line
    return f"{text} {more}"


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
