"""The risks that a company names, and which of them are new: not those that are only worded otherwise."""

from __future__ import annotations

from datetime import date

import pytest

from arriero.apps.finance.evidence.base import Bundle, Entity, Filing
from arriero.apps.finance.named import named_of
from tests.apps.finance.filings.invented import CAPTIONS, factors, plain

LAKE, QUAKE = CAPTIONS[0], CAPTIONS[1]
LAKE_NOW = "We obtain brine from a single lake, and several dry years could end what we can pump."
CYBER = "An attack on our computers could stop the pumps."
CYBER_TEXT = (
    "The pumps are run from one room. Whoever got hold of its computers could stop them all at once, and could "
    "open the valves. We have had two attempts within a year, and neither was noticed on the day it was made."
)


def changed(before: str, now: str) -> dict[str, str]:
    """What is said of each caption that is not as it was."""
    filings = tuple(
        Filing(f"a{year}", "10-K", date(year, 3, 1), None, "", text)
        for year, text in ((2024, before), (2025, now))
    )
    named, gaps = named_of(Bundle(Entity("X", "X"), date(2025, 6, 1), filings=filings))
    assert len(named) == len(CAPTIONS)
    assert gaps == ()
    return {one.caption: one.change for one in named if one.change}


def test_what_is_new_is_told_apart_from_what_is_worded_otherwise() -> None:
    quake = "\n".join([QUAKE, *factors()[1][1]])
    now = plain().replace(LAKE, LAKE_NOW).replace(quake, f"{CYBER}\n{CYBER_TEXT}")
    assert changed(plain(), now) == {LAKE_NOW: "changed", CYBER: "new"}


@pytest.mark.parametrize("before", [plain(), "Item 1A. Risk Factors\nWe face many risks. " * 99])
def test_nothing_is_new_that_was_there_or_that_cannot_be_compared(before: str) -> None:
    assert changed(before, plain()) == {}
