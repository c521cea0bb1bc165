"""The risk factors of a report, ready to show: `risk_factors` is what applications call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from arriero.apps.finance.filings.base import Absent, Caption, ItemOneA, RiskText, Span
from arriero.apps.finance.filings.captions import Kind, kinds
from arriero.apps.finance.filings.cut import item_one_a
from arriero.apps.finance.filings.paragraphs import Paragraph, paragraphs
from arriero.apps.finance.filings.taxonomy import label


def risk_factors(document: str) -> RiskText:
    """The sub-captions of Item 1A, each with its place, its text and its type; or the reason why there are none.

    `document` is a 10-K in HTML, as plain text or as EDGAR's full submission, or the text of Item 1A alone.
    The same document gives the same answer everywhere. Raises `MissingExtra` for HTML without its parser.
    """
    return read(item_one_a(document))


def read(item: ItemOneA) -> RiskText:
    """The risk factors of an item that was cut before."""
    nothing = RiskText(item.text, reason=item.reason, start=item.start, place=item.place)
    if item.reason is not None:
        return nothing
    rows = paragraphs(item)
    found = kinds(rows)
    captions = tuple(
        replace(caption, label=label(item.text, caption, caption.body))
        for caption in _captions(rows, found)
    )
    headings = tuple(
        Span(row.start, row.end)
        for row, kind in zip(rows, found, strict=True)
        if kind is Kind.HEADING
    )
    return replace(
        nothing,
        captions=captions,
        headings=headings,
        reason=None if captions else Absent.NO_CAPTIONS,
    )


def _captions(rows: Sequence[Paragraph], found: Sequence[Kind]) -> Sequence[Caption]:
    captions: list[Caption] = []
    heading = ""
    for row, kind in zip(rows, found, strict=True):
        match kind:
            case Kind.HEADING:
                heading = " ".join(row.words)
            case Kind.CAPTION:
                captions.append(
                    Caption(row.start, row.end, row.text, Span(row.end, row.end), heading)
                )
            case Kind.TEXT if captions:
                last = captions[-1]
                begin = row.start if last.body.start == last.body.end else last.body.start
                captions[-1] = replace(last, body=Span(begin, row.end))
    return captions
