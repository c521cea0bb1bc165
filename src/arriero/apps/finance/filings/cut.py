"""Item 1A cut out of a report: not its line in the table of contents, and also when an exhibit holds the text.

A report is HTML, plain text, or EDGAR's full submission (several `<DOCUMENT>`s). Of the places that could be the
item, the one with the most text is taken: a table of contents has a line, a running head a page, the item its pages.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from arriero.apps.finance.filings.base import Absent, ItemOneA, Look, Page, Run, Span
from arriero.apps.finance.filings.page import page
from arriero.apps.finance.filings.paragraphs import look_of, runs_in

# A heading's line: "Item 1A. Risk Factors", "PART I - ITEM 1A", or the number alone with its name on the next line.
_ITEM = re.compile(
    r"^[^\S\n]*(?:part\s+i\b[\s.,:\u2013\u2014-]*)?item\s*(?P<number>\d{1,2}[abc]?)\b[^\n]{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(r"^[^\S\n]*risk\s+factors[^\S\n]*\.?[^\S\n]*$", re.IGNORECASE | re.MULTILINE)
# Where a section of risk factors ends that no numbered item follows: the headings that come next in reports.
_AFTER = re.compile(
    r"^[^\S\n]*(?:unresolved staff comments|cybersecurity|properties|legal proceedings|mine safety disclosures"
    r"|controls and procedures|financial statements|consolidated statements? of \w+"
    r"|quantitative and qualitative disclosures about market risk|management.s report[^\n]{0,80}"
    r"|report of independent[^\n]{0,80}|selected (?:consolidated )?financial data|forward-looking statements"
    r"|critical accounting (?:policies|estimates))[^\S\n]*\.?[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(
    r"incorporated\b[^.]{0,80}\bby reference|\b(?:is|are) (?:set forth|included|contained|presented|described|found|provided)"
    r"|can be found|\bappears?\b|\bsee\b|\brefer(?:red)? to\b",
    re.IGNORECASE,
)
_NOT_REQUIRED = re.compile(
    r"not (?:required|applicable)|smaller reporting compan|omitted", re.IGNORECASE
)
_MARK = re.compile(
    r"\s*(?:[\u2013\u2014:-]+\s*)?"
)  # between a caption and the text that it runs into
_DOCUMENT = re.compile(r"<DOCUMENT>(?P<body>.*?)(?:</DOCUMENT>|\Z)", re.IGNORECASE | re.DOTALL)
_TYPE = re.compile(r"<TYPE>\s*(?P<type>[\w.\-/]+)", re.IGNORECASE)
_TEXT = re.compile(r"<TEXT>(?P<text>.*?)(?:</TEXT>|\Z)", re.IGNORECASE | re.DOTALL)
# A statement that points elsewhere takes a few sentences; the shortest real item seen has 6,000 words.
ENOUGH = 1_500
LEAD_WORDS = 5  # fewer words in bold at the head of a paragraph are a label, not a caption
APART_MOST = 700  # characters: a longer paragraph in bold is no caption
REST = 60  # characters of text that have to follow in the same paragraph


def item_one_a(document: str) -> ItemOneA:
    """Item 1A of a report; with a `reason` when it has none. Never guesses: what is no item is not cut.

    Captions that run into their paragraph (set off by emphasis in HTML) are put on a line of their own, by
    replacing one space; before what stands out is an empty line. Of plain text every character stays. Raises `MissingExtra` when HTML comes without its parser.
    """
    parts = _documents(document)
    kind, main = parts[0]
    found = _cut(page(main))
    if found.reason in {None, Absent.NOT_REQUIRED}:
        return found
    for kind, body in parts[1:]:
        if kind.startswith("EX-13"):
            within = _named_section(page(body))
            if within is not None:
                return replace(within, place=kind)
    return found


def _documents(document: str) -> Sequence[tuple[str, str]]:
    """The report first, then what is attached to it, each with its type."""
    parts = []
    for match in _DOCUMENT.finditer(document):
        kind = _TYPE.search(match["body"])
        text = _TEXT.search(match["body"])
        parts.append(
            (kind["type"].upper() if kind else "", text["text"] if text else match["body"])
        )
    return sorted(parts, key=lambda part: not part[0].startswith("10-K")) or [("", document)]


def _cut(sheet: Page) -> ItemOneA:
    spans = list(_numbered(sheet.text))
    best = max(spans, key=lambda span: span.end - span.start, default=None)
    if best is not None and best.end - best.start >= ENOUGH:
        return _taken(sheet, best)
    named = _named_section(sheet)
    if named is not None:
        return named
    if best is None:
        return ItemOneA("", reason=Absent.NO_ITEM)
    # The last one that says anything: a line of the table of contents says nothing.
    spoken = [span for span in spans if _said(span.of(sheet.text))]
    if not spoken:
        return ItemOneA("", best.start, reason=Absent.EMPTY)
    told = spoken[-1]
    said = _said(told.of(sheet.text))
    if _NOT_REQUIRED.search(said):
        return replace(_taken(sheet, told), reason=Absent.NOT_REQUIRED)
    if _REFERENCE.search(said):
        return replace(_taken(sheet, told), reason=Absent.BY_REFERENCE)
    return _taken(sheet, told)


def _numbered(text: str) -> Iterator[Span]:
    """From each heading of Item 1A (repeated on the pages that follow or not) to the next other item."""
    start: int | None = None
    for match in _ITEM.finditer(text):
        inside = match["number"].upper() == "1A"
        if inside and not _is_heading(match[0]):
            continue
        if inside and start is None:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
        elif not inside and start is not None and _is_heading(match[0]):
            yield Span(start, _end(text, match.start()))
            start = None
    if start is not None:
        yield Span(start, _end(text, len(text)))


def _is_heading(line: str) -> bool:
    """Not a sentence that begins a line with the item's name, and goes on about something."""
    words = line.split()
    return len(words) <= 16 and not re.search(
        r"[,;]$|\b(?:of this|of our|in this|see|and)\b.*\.?$", line
    )


def _end(text: str, end: int) -> int:
    """Where the text before `end` ends, without the white space after it."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _said(text: str) -> str:
    """What stands under the heading, on one line; empty for a line of a table of contents."""
    head, _, rest = text.partition("\n")
    inline = re.sub(r"(?i)^\W*(?:part\s+i\W+)?item\s*1a[\W_]*(?:risk\s+factors)?[\W\d_]*", "", head)
    lines = [line for line in [inline, *rest.split("\n")] if not re.fullmatch(r"[\W\d_]*", line)]
    lines = [line for line in lines if not _NAMED.fullmatch(line)]
    return " ".join(" ".join(lines).split())


def _named_section(sheet: Page) -> ItemOneA | None:
    """The longest section that is called "Risk Factors", where no numbered item holds the text."""
    ends = sorted(
        [match.start() for match in _AFTER.finditer(sheet.text)]
        + [match.start() for match in _ITEM.finditer(sheet.text) if _is_heading(match[0])]
    )
    spans = []
    for match in _NAMED.finditer(sheet.text):
        after = bisect_right(ends, match.end())
        end = ends[after] if after < len(ends) else len(sheet.text)
        spans.append(Span(match.start(), _end(sheet.text, end)))
    best = max(spans, key=lambda span: span.end - span.start, default=None)
    return _taken(sheet, best) if best and best.end - best.start >= ENOUGH else None


def _taken(sheet: Page, span: Span) -> ItemOneA:
    runs = tuple(
        Run(max(run.start, span.start) - span.start, min(run.end, span.end) - span.start, run.look)
        for run in sheet.runs
        if run.start < span.end and run.end > span.start
    )
    text, runs = _spaced(_parted(span.of(sheet.text), runs), runs)
    return ItemOneA(text, span.start, runs)


def _spaced(text: str, runs: Sequence[Run]) -> tuple[str, tuple[Run, ...]]:
    """`text` with an empty line before each line that stands out as a whole, so that the text alone still shows it."""
    apart = []
    start = 0
    for line in text.split("\n"):
        if start > 0 and len(line) <= APART_MOST and look_of(Span(start, start + len(line)), runs):
            apart.append(start)
        start += len(line) + 1
    pieces = [text[begin:end] for begin, end in pairwise([0, *apart, len(text)])]
    moved = tuple(
        Run(
            run.start + bisect_right(apart, run.start),
            run.end + bisect_left(apart, run.end),
            run.look,
        )
        for run in runs
    )
    return "\n".join(pieces), moved


def _parted(text: str, runs: Sequence[Run]) -> str:
    """`text` with each caption that runs into its paragraph on a line of its own: one space becomes a line's end."""
    letters = list(text)
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        cut = _lead(text, start, end, runs)
        if cut is not None:
            letters[cut] = "\n"
        start = end + 1
    return "".join(letters)


def _lead(text: str, start: int, end: int, runs: Sequence[Run]) -> int | None:
    """The space after the emphasised words with which a paragraph begins; None when it does not begin so."""
    strong = Look.BOLD | Look.ITALIC | Look.UNDERLINE
    reach = start
    for run in runs_in(Span(start, end), runs):
        if text[reach : run.start].strip() or not run.look & strong:
            break
        reach = min(run.end, end)
    words = text[start:reach]
    if len(words.split()) < LEAD_WORDS or not words.lstrip()[:1].isalnum():
        return None
    follows = _MARK.match(text, reach, end)
    rest = follows.end() if follows else reach
    if len(text[rest:end].strip()) < REST:
        return None
    space = next((at for at in range(rest - 1, start, -1) if text[at] == " "), None)
    return space if space is not None and space >= reach - 1 else None
