"""The risks that a company names itself in its annual report, word for word, and what is new since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from arriero.apps.finance.evidence.base import Bundle, Filing, Gap
from arriero.apps.finance.filings.base import RiskText
from arriero.apps.finance.filings.changes import changes
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
    since = _since(risk_factors(told[-2].item_1a or ""), read) if len(told) > 1 else {}
    return tuple(
        Named(
            caption.title,
            caption.label.name if caption.label else "",
            _origin(newest, caption.title),
            since.get(caption.title, ""),
        )
        for caption in read.captions
    ), ()


def _since(before: RiskText, now: RiskText) -> Mapping[str, str]:
    """The captions that are new or worded otherwise (`changed`); none if the older report has none to compare with."""
    if not before.captions:
        return {}
    was, stays = ({one.title.casefold() for one in it.captions} for it in (before, now))
    # What stands in both word for word needs no partner, and is most of them.
    old = tuple(one for one in before.captions if one.title.casefold() not in stays)
    new = tuple(one for one in now.captions if one.title.casefold() not in was)
    seen = changes(replace(before, captions=old), replace(now, captions=new))
    came = {one.title: "new" for one in seen.added}
    return came | {pair.new.title: "changed" for pair in seen.reworded}


def _origin(filing: Filing, caption: str) -> Origin:
    title = f"{filing.form} filed {filing.filed}, {filing.accession}, Item 1A {filing.url}".strip()
    return Origin(f"{filing.accession}:1A:{caption}", title, caption)
