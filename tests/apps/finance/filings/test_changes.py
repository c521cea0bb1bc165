"""From one report to the next: what came, what went, what is said otherwise."""

from __future__ import annotations

from arriero.apps.finance.filings.base import RiskText
from arriero.apps.finance.filings.changes import changes
from arriero.apps.finance.filings.risks import risk_factors
from tests.apps.finance.filings.invented import CAPTIONS, factors, plain

LAKE, QUAKE = CAPTIONS[0], CAPTIONS[1]
LAKE_NOW = "We obtain brine from a single lake, and several dry years could end what we can pump."
CYBER = "An attack on our computers could stop the pumps."
CYBER_TEXT = (
    "The pumps are run from one room. Whoever got hold of its computers could stop them all at once, and could "
    "open the valves. We have had two attempts within a year, and neither was noticed on the day it was made."
)


def after() -> RiskText:
    quake = "\n".join([QUAKE, *factors()[1][1]])
    text = plain().replace(LAKE, LAKE_NOW)
    return risk_factors(text.replace(quake, f"{CYBER}\n{CYBER_TEXT}"))


def test_the_same_report_has_not_changed() -> None:
    old = risk_factors(plain())
    same = changes(old, risk_factors(plain()))
    assert len(same.kept) == len(CAPTIONS)
    assert not same.added + same.removed
    assert not same.reworded
    assert same.growth == 0


def test_what_came_went_and_was_reworded_is_told() -> None:
    seen = changes(risk_factors(plain()), after())
    assert [caption.title for caption in seen.added] == [CYBER]
    assert [caption.title for caption in seen.removed] == [QUAKE]
    assert [(pair.old.title, pair.new.title) for pair in seen.reworded] == [(LAKE, LAKE_NOW)]
    assert 0.55 <= seen.reworded[0].likeness < 1
    assert len(seen.kept) == len(CAPTIONS) - 2
    assert "technology.cyber" in seen.types_added


def test_another_order_is_no_change() -> None:
    old, new = risk_factors(plain()), risk_factors(plain())
    turned = RiskText(new.text, tuple(reversed(new.captions)))
    assert len(changes(old, turned).kept) == len(CAPTIONS)


def test_capitals_and_line_breaks_are_no_change() -> None:
    new = risk_factors(plain().replace(LAKE, LAKE.replace("We obtain brine", "We  obtain Brine")))
    assert len(changes(risk_factors(plain()), new).kept) == len(CAPTIONS)


def test_beside_nothing_all_is_new_and_growth_is_not_known() -> None:
    seen = changes(RiskText(""), risk_factors(plain()))
    assert len(seen.added) == len(CAPTIONS)
    assert seen.growth is None
