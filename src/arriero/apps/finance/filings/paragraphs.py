"""The paragraphs of an item: pages' heads and feet left out, what a page's end broke marked as broken.

Plain text keeps its offsets. Text that was wrapped at some column (old filings) has paragraphs between empty
lines; all other text has a paragraph a line. A caption in capitals that runs into its paragraph is set apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from arriero.apps.finance.filings.base import ItemOneA, Look, Run, Span

_NUMBER = re.compile(r"^\W*(?:page\s*)?(?:[ivxlc]{1,6}|[a-z]?-?\d{1,4})\W*$", re.IGNORECASE)
_CONTENTS = re.compile(r"^\W*(?:back to )?(?:table of )?contents\W*$", re.IGNORECASE)
_TAG = re.compile(r"^\s*</?[A-Z]+>(?:\s*</?[A-Z]+>)*\s*$")  # of a filing in plain text: <PAGE>
_FORM = re.compile(r"\bform\s*10-k\b", re.IGNORECASE)
_ITEM = re.compile(
    r"^(?:part\s+i\b[\s.,:\u2013\u2014-]*)?item\s*1a\b[\s.:\u2013\u2014-]*(?:risk\s+factors)?(?:\s*\(continued\))?\W*$"
    r"|^part\s+i\W*$",
    re.IGNORECASE,
)
_BULLET = re.compile(
    r"^(?:[\u2022\u25cf\u25aa\u25e6\u00b7\u2219\u2023*\u2043\uf0b7\u25a0\u25cb\u2713\u2714]|[-\u2013\u2014]\s|\(?[a-z0-9]{1,3}\)\s|[a-z0-9]\.\s)",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?:;][\"\u201d\u2019')\]]*$|[.!?]\s*\W{0,2}$")
SMALL = frozenset(
    "a an and are as at be by can for from if in into is it its may nor not of on or our such than that the their to upon we which who with".split()
)
RUNNING = 4  # pages on which a line returns to be a running head
RUNNING_LENGTH = 90
LEADS = 4  # run-in captions of a plain text that make them its manner
REST = 80  # characters of text that follow a run-in caption in its paragraph
BROKEN = 300  # characters before a page's end that have no full stop: more than a caption without one has
APART_LEAST = 4  # lines after an empty one that make it the manner of a text
APART_MOST = 0.7  # share of lines after an empty one from which it says nothing
WRAPPED = 110  # characters: no line of a wrapped text is longer


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """One paragraph. `broken`: a page's end cut it off; `resumed`: it goes on from the page before.

    `look`: how all of it is set, PLAIN when only a part is, or none.
    """

    text: str = ""
    bullet: bool = False
    broken: bool = False
    resumed: bool = False
    look: Look = Look.PLAIN

    @property
    def words(self) -> Sequence[str]:
        return self.text.split()


def paragraphs(item: ItemOneA) -> tuple[Paragraph, ...]:
    """All paragraphs but the item's own heading, in order."""
    spans = list(_blocks(item.text))
    running = _running_heads([span.of(item.text) for span in spans])
    kept: list[tuple[Span, bool]] = []
    turned = False
    for span in spans:
        line = span.of(item.text)
        if _is_furniture(line, running):
            turned = True
            continue
        kept.append((span, turned))
        turned = False
    leads = _leads(item.text, [span for span, _ in kept])
    pieces = [
        (piece, turned and at == 0)
        for span, turned in kept
        for at, piece in enumerate(leads.get(span, [span]))
    ]
    return tuple(_marked(item, pieces, _apart(item.text, [span for span, _ in kept])))


def titled(text: str) -> bool:
    """Whether it is written with capitals as a title is: all words of weight begin with one."""
    words = [
        word for word in re.findall(r"[A-Za-z][\w\u2019'&-]*", text) if word.lower() not in SMALL
    ]
    high = sum(word[0].isupper() for word in words)
    return len(words) > 1 and high >= 0.8 * len(words)


def _blocks(text: str) -> Iterator[Span]:
    lines = []
    start = 0
    for line in text.split("\n"):
        lines.append(Span(start, start + len(line)))
        start += len(line) + 1
    wrapped = _wrapped([span.of(text) for span in lines])
    block: list[Span] = []
    for span in lines:
        if span.of(text).strip():
            block.append(span)
        if block and (not wrapped or not span.of(text).strip()):
            yield _trimmed(text, block[0].start, block[-1].end)
            block = []
    if block:
        yield _trimmed(text, block[0].start, block[-1].end)


def _wrapped(lines: Sequence[str]) -> bool:
    full = [line for line in lines if line.strip()]
    blank = len(lines) - len(full)
    return len(full) > 10 and blank > 3 and max(map(len, full)) <= WRAPPED


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _running_heads(lines: Sequence[str]) -> frozenset[str]:
    seen = Counter(
        _unnumbered(line)
        for line in lines
        if len(line) <= RUNNING_LENGTH and not line.endswith(".")
    )
    return frozenset(line for line, count in seen.items() if count >= RUNNING)


def _unnumbered(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split())).casefold()


def _is_furniture(line: str, running: frozenset[str]) -> bool:
    if len(line) > RUNNING_LENGTH:
        return False
    if any(known.match(line) for known in (_NUMBER, _CONTENTS, _ITEM, _TAG)):
        return True
    if _FORM.search(line) and not line.endswith("."):
        return True
    return _unnumbered(line) in running and not _BULLET.match(line)


def _apart(text: str, spans: Sequence[Span]) -> Mapping[Span, Look]:
    """What an empty line stands before, when that says something: neither hardly any nor most have one."""
    found = [span for span in spans if text[max(0, span.start - 2) : span.start] == "\n\n"]
    tells = APART_LEAST <= len(found) <= APART_MOST * len(spans)
    return dict.fromkeys(found, Look.APART) if tells else {}


def _leads(text: str, spans: Sequence[Span]) -> dict[Span, list[Span]]:
    """Paragraphs that begin with a title and a dash, colon or full stop, as two; none when few do."""
    found = {}
    for span in spans:
        line = span.of(text)
        match = re.match(
            r"(?P<lead>[A-Z][^.:;\u2013\u2014]{20,250}?)\s*(?:[.:]|\s[\u2013\u2014-])\s+(?=[A-Z])",
            line,
        )
        if match and len(line) - match.end() >= REST and titled(match["lead"]):
            mark = match.end("lead") + (line[match.end("lead")] == ".")
            found[span] = [
                Span(span.start, span.start + mark),
                Span(span.start + match.end(), span.end),
            ]
    return found if len(found) >= LEADS else {}


def _marked(
    item: ItemOneA, pieces: Sequence[tuple[Span, bool]], apart: Mapping[Span, Look]
) -> Iterator[Paragraph]:
    resumed = False
    for at, (span, _) in enumerate(pieces):
        line = span.of(item.text)
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        broken = after is not None and _goes_on(line, after[0].of(item.text), turned=after[1])
        yield Paragraph(
            span.start,
            span.end,
            line,
            bullet=bool(_BULLET.match(line)),
            broken=broken,
            resumed=resumed,
            look=look_of(span, item.runs) if item.runs else apart.get(span, Look.PLAIN),
        )
        resumed = broken


def _goes_on(line: str, after: str, *, turned: bool) -> bool:
    """Whether a sentence runs on from one line to the next: it has no end here, or no beginning there."""
    if _ENDED.search(line):
        return False
    if after[:1].islower():
        return True
    return turned and len(line) > BROKEN and not titled(line)


def runs_in(span: Span, runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, in order and apart from each other, that lie at least in part within a span."""
    first = bisect_right(runs, span.start, key=lambda run: run.end)
    return takewhile(lambda run: run.start < span.end, islice(runs, first, None))


def look_of(span: Span, runs: Sequence[Run]) -> Look:
    """The look that all letters of a span share."""
    look = None
    reach = span.start
    for run in runs_in(span, runs):
        if run.start > reach + 1:
            return Look.PLAIN
        look = run.look if look is None else look & run.look
        reach = run.end
    return look if look is not None and reach >= span.end - 1 else Look.PLAIN
