"""A caption's type is its cause, told by its words, and those words can be pointed at."""

from __future__ import annotations

import re

import pytest

from arriero.apps.finance.filings import taxonomy
from arriero.apps.finance.filings.base import Label, Span
from arriero.apps.finance.filings.taxonomy import classes, label, types

TOLD = {
    "Large competitors could sell below our prices.": "market.competition",
    "Diners' tastes may change faster than our menus.": "market.demand",
    "Two distributors buy most of what we brew, and losing one could hurt us.": "market.customers",
    "Our next engine may come late or may be overtaken by a new technology.": "strategy.innovation",
    "We may not execute our growth strategy as planned.": "strategy.expansion",
    "The companies that we acquire may cost more than they bring.": "strategy.acquisitions",
    "Our brand could lose the trust of parents.": "strategy.reputation",
    "A sole supplier makes the glass, and a shortage could stop our lines.": "operations.supply",
    "Our factories may not reach the capacity that we planned.": "operations.production",
    "Licensees that use our characters may leave or misbehave.": "operations.partners",
    "A defect in our helmets could lead to a recall and to injuries.": "operations.product_quality",
    "A strike of our pilots, or failure to hire enough of them, could ground our fleet.": "operations.workforce",
    "Our information technology systems are old, and an outage could stop bookings.": "technology.systems",
    "Hackers could break into our network and publish confidential information.": "technology.cyber",
    "Artificial intelligence in our products may do harm that we are blamed for.": "technology.ai",
    "A recession could keep families from travelling.": "world.economy",
    "Tariffs and export controls could close markets abroad to us.": "world.international",
    "A hurricane or an epidemic could empty our hotels.": "world.disruption",
    "Laws and regulations on sugar may change and cost us more.": "law.regulation",
    "Lawsuits and government investigations may cost us money and time.": "law.litigation",
    "Rules on data protection limit what we may do with personal data.": "law.privacy",
    "Tax authorities may disagree with us and ask for more.": "law.tax",
    "Our patents expire within three years, and others may infringe them.": "law.intellectual_property",
    "Climate change and what is expected of us on emissions could raise our costs.": "law.sustainability",
    "Swings in exchange rates and fuel prices may reduce what we earn.": "finance.prices",
    "Borrowers may default, and losses that no insurance covers may follow.": "finance.credit",
    "Our indebtedness is high, and its covenants leave us little room.": "finance.funding",
    "Quarterly results swing with the season and rest on accounting estimates.": "finance.results",
    "The trading price of our stock may be volatile.": "finance.share_price",
    "Anti-takeover provisions and two classes of shares limit what holders may do.": "finance.shareholders",
}


def of(caption: str, body: str = "") -> Label | None:
    text = f"{caption}\n{body}"
    return label(text, Span(0, len(caption)), Span(len(caption) + 1, len(text)))


@pytest.mark.parametrize("caption", TOLD)
def test_each_type_is_told_from_a_plain_caption_of_it(caption: str) -> None:
    found = of(caption)
    assert found is not None
    assert found.type == TOLD[caption]


def test_every_type_of_the_taxonomy_is_tried_here_and_has_words() -> None:
    assert set(TOLD.values()) == set(types())
    assert {one.partition(".")[0] for one in types()} == set(classes())


def test_what_happens_counts_less_than_why() -> None:
    found = of(
        "A breach of our information systems could harm our reputation and our brand and lead to lawsuits."
    )
    assert found is not None
    assert found.type == "technology.cyber"
    assert found.family == "technology"


def test_the_cause_may_stand_behind_the_effect() -> None:
    found = of("Our reputation and our results could be harmed by a strike of our employees.")
    assert found is not None
    assert found.type == "operations.workforce"


def test_a_risk_that_touches_two_types_has_a_second() -> None:
    found = of("Tariffs or an epidemic could close our harbours.")
    assert found is not None
    assert {found.type, found.second} == {"world.international", "world.disruption"}


def test_the_words_that_decided_are_pointed_at() -> None:
    caption = "A shortage of glass at our supplier could stop our lines."
    found = of(caption)
    assert found is not None
    assert [span.of(caption) for span in found.evidence] == ["supplier"]


def test_a_caption_that_says_nothing_is_told_by_its_text_and_points_there() -> None:
    caption, body = (
        "It may go otherwise than we think.",
        "A lawsuit by former tenants is before the court.",
    )
    text = f"{caption}\n{body}"
    found = of(caption, body)
    assert found is None or all(span.start > len(caption) for span in found.evidence)
    longer = f"{body} The litigation and two investigations, proceedings and class actions may go on for years."
    told = of(caption, longer)
    assert told is not None
    assert told.type == "law.litigation"
    assert all(span.start > len(caption) for span in told.evidence)
    assert text.startswith(caption)


def test_words_that_tell_nothing_give_no_type() -> None:
    assert of("Things may change.") is None
    assert of("") is None


def test_every_cue_is_a_pattern_that_finds_itself() -> None:
    for one, told in taxonomy._table("cues.toml").items():
        assert {"strong"} <= set(told) <= set(taxonomy.WEIGHTS), one
        for cue in (cue for cues in told.values() for cue in cues):
            spoken = re.sub(r"\(\?:([^|)]+)(?:\|[^)]*)?\)\??", r"\1", cue)
            spoken = re.sub(r"\w\?", "", spoken).replace("*", "").replace(" ~ ", " of ")
            spoken = re.sub(r"\[(.)[^\]]*\]", r"\1", spoken).replace("\\", "")
            assert re.match(taxonomy._pattern(cue), spoken, re.IGNORECASE), (one, cue, spoken)


def test_no_cue_stands_twice_in_a_type() -> None:
    for one, told in taxonomy._table("cues.toml").items():
        cues = [cue for strength in told.values() for cue in strength]
        assert len(cues) == len(set(cues)), (
            one,
            sorted({cue for cue in cues if cues.count(cue) > 1}),
        )
