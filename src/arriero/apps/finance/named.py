"""The risks that a company names itself in its annual report, word for word, and what is new since the last one."""

from __future__ import annotations

from arriero.apps.finance.evidence.base import Bundle, Filing, Gap
from arriero.apps.finance.views import Named, Origin

PART = "risk_factors"


def named_of(bundle: Bundle) -> tuple[tuple[Named, ...], tuple[Gap, ...]]:
    """The sub-captions of the newest annual report with a text, each with its type; or why there are none."""
    from arriero.apps.finance.filings.risks import risk_factors  # noqa: PLC0415  # may need a parser

    told = [one for one in bundle.filings if one.item_1a]
    if not told:
        return (), ()  # the bundle has the gap already
    newest = told[-1]
    read = risk_factors(newest.item_1a or "")
    if read.reason is not None:
        return (), (Gap(PART, read.reason.value, newest.accession),)
    before = risk_factors(told[-2].item_1a or "") if len(told) > 1 else None
    known = {one.title.casefold() for one in before.captions} if before else None
    return tuple(
        Named(
            caption.title,
            caption.label.name if caption.label else "",
            _origin(newest, caption.title),
            "new" if known is not None and caption.title.casefold() not in known else "",
        )
        for caption in read.captions
    ), ()


def _origin(filing: Filing, caption: str) -> Origin:
    title = f"{filing.form} filed {filing.filed}, {filing.accession}, Item 1A {filing.url}".strip()
    return Origin(f"{filing.accession}:1A:{caption}", title, caption)
