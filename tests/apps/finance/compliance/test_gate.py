"""The gate on small texts: each rule blocks what it is for, and lets ordinary prose through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.finance.ahead import MEASURES
from arriero.apps.finance.compliance import gate
from arriero.apps.finance.compliance.base import Audience, Profile, Publication, State
from arriero.apps.finance.compliance.complete import publication
from arriero.apps.finance.compliance.gate import JUDGES, excuses, release, rendered, review
from arriero.apps.finance.compliance.listener import Listener, piece_of
from arriero.apps.finance.compliance.matter import Matter, Wrong
from arriero.apps.finance.compliance.meaning import Grammar
from arriero.apps.finance.compliance.pack import LEAVE_OUT, shipped
from arriero.apps.finance.rating.table import Rule, packaged
from arriero.apps.finance.values import Rating
from tests.apps.finance.compliance.samples import BLOCKED, BROKER, INTERNAL, RELEASED


@pytest.fixture
def rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second listener that doubts nothing, and that nothing asks to clear what the grammar found."""
    deaf = replace(Listener.load(), doubt=(9.0, 9.0, 9.0))
    monkeypatch.setattr(Listener, "load", lambda: deaf)


@pytest.mark.parametrize(("rule", "text", "different"), BLOCKED)
def test_what_breaks_a_rule_is_blocked_by_it(
    rule: str, text: str, different: dict[str, Any]
) -> None:
    failed = {
        one.id for one in review(publication(BROKER, "retail", text, different), shipped()).failed
    }
    assert rule in failed


@pytest.mark.parametrize(("text", "different"), RELEASED)
@pytest.mark.usefixtures("rules_alone")
def test_ordinary_prose_is_released(text: str, different: dict[str, Any]) -> None:
    """By the rules; what the second listener makes of ordinary prose is measured by the bar."""
    seen = review(publication(BROKER, "retail", text, different), shipped())
    assert [(one.id, one.evidence) for one in seen.failed] == []


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("audience", Audience)
def test_the_complete_record_is_released_for_everybody(profile: str, audience: str) -> None:
    assert review(publication(profile, audience, "A plain text."), shipped()).failed == ()


@pytest.mark.parametrize("legend", shipped().legends.values())
def test_approved_wording_passes_its_own_rules(legend: str) -> None:
    assert review(publication(BROKER, "retail", legend), shipped()).failed == ()


@pytest.mark.parametrize(
    "rule", [one for one in packaged().rules if one.id != "R02"], ids=lambda rule: rule.id
)
def test_the_reason_of_every_rating_is_said_without_a_repair(rule: Rule) -> None:
    """A verdict whose reason is heard as a claim would be cut from the text that it begins.

    Not of R02: whoever owns up to an old price is to be withheld.
    """
    text = f"Quillon Instruments (QLLN): {rule.rating.value} over 1 month, as of 2026-03-02, because {rule.because} (rule {rule.id})."
    excess = {Rating.BUY: 0.07, Rating.SELL: -0.07}.get(rule.rating, 0.0)
    different = {"rating": rule.rating.value, "basis": {"expected_excess_return": excess}}
    seen = review(publication(INTERNAL, "institutional", text, different), shipped())
    assert [(one.id, one.evidence) for one in seen.failed] == []


@pytest.mark.parametrize("rating", [Rating.BUY, Rating.SELL])
@pytest.mark.parametrize("measure", [name for name, _ in MEASURES.values()])
def test_a_measure_of_risk_is_named_without_a_repair(measure: str, rating: Rating) -> None:
    side = "against" if rating is Rating.BUY else "for"
    text = f"What speaks against this view: {measure[:1].upper()}{measure[1:]} speaks {side} the company."
    excess = 0.07 if rating is Rating.BUY else -0.07
    different = {"rating": rating.value, "basis": {"expected_excess_return": excess}}
    seen = review(publication(INTERNAL, "institutional", text, different), shipped())
    assert [(one.id, one.evidence) for one in seen.failed] == []


def test_every_rule_has_its_judge() -> None:
    assert (
        list(JUDGES) == [rule.id for rule in shipped().rules] == [f"C{n:02}" for n in range(1, 27)]
    )


def test_an_empty_record_fails_every_rule_that_asks_it() -> None:
    seen = {
        rule: judged_alone(rule, Publication(Profile.BROKER_DEALER, Audience.RETAIL, "A text."))
        for rule in JUDGES
    }
    passed = {rule for rule, state in seen.items() if state is State.PASS}
    # These ask the record only about what it shows; nothing is shown, and the text claims nothing.
    assert passed == {"C01", "C03", "C04", "C05", "C06", "C07", "C26"}


def judged_alone(rule: str, one: Publication) -> State:
    pack = shipped()
    scene = Grammar.load().scene(one.text)
    return gate._judged(pack.rule(rule), one, scene, pack).state


def test_a_rule_that_raises_has_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_matter: Matter) -> Iterator[Wrong]:
        raise ZeroDivisionError

    monkeypatch.setitem(JUDGES, "C16", broken)
    seen = review(publication(BROKER, "retail", "A plain text."), shipped())
    assert [(one.id, one.reason) for one in seen.failed] == [
        ("C16", "the rule could not judge (ZeroDivisionError)")
    ]


def test_evidence_is_quoted_where_it_stands() -> None:
    text = "Quillon makes instruments. Its sh\u200bares are guar\u0430nteed to double. The end."
    promised = review(publication(BROKER, "retail", text), shipped()).failed[0].evidence
    found = next(one for one in promised if one.quote.startswith("guar"))
    assert text[found.start : found.end] == found.quote == "guar\u0430nteed to double"
    assert found.whole is not None
    assert text[slice(*found.whole)] == "Its sh\u200bares are guar\u0430nteed to double"


def test_of_a_restricted_name_nothing_is_said() -> None:
    text = "Quillon shares are guaranteed to double."
    held = release(publication(BROKER, "retail", text, {"walls": {"watch": True}}), shipped())
    assert (held.text, held.reasons) == ("", ("C18: not available",))
    assert [one.id for one in held.last.results] == ["C18"]
    assert held.last.results[0].evidence[0].quote == ""


@pytest.mark.usefixtures("rules_alone")
def test_one_repair_leaves_the_sentence_out() -> None:
    text = "Quillon makes instruments. Our best picks are Brava and Alder. Revenue grew 8.2%."
    mended = release(publication(BROKER, "retail", text), shipped())
    assert mended.repaired
    assert mended.text.startswith("Quillon makes instruments. Revenue grew 8.2%.\n\n")


@pytest.mark.usefixtures("rules_alone")
def test_one_repair_puts_the_rules_wording_in_its_place_once() -> None:
    text = "Quillon makes instruments. The gain is certain. Its shares cannot lose. It was founded in May."
    mended = release(publication(BROKER, "retail", text), shipped())
    assert mended.repaired
    wanted = "Quillon makes instruments. Investments can lose value, and you may get back less than you put in. It was founded in May."
    assert mended.text.startswith(wanted)


@pytest.mark.usefixtures("rules_alone")
def test_what_a_text_confesses_is_not_hidden_by_a_repair() -> None:
    text = "Quillon makes instruments. The analyst owns shares of Quillon."
    held = release(publication(BROKER, "retail", text), shipped())
    assert (held.released, held.text) == (False, "")


@pytest.mark.parametrize(
    "wording", sorted({rule.instead for rule in shipped().rules} - {"", LEAVE_OUT})
)
@pytest.mark.parametrize("profile", Profile)
def test_what_a_repair_puts_in_passes_every_rule(profile: Profile, wording: str) -> None:
    assert review(publication(profile, "retail", f"It makes scales. {wording}"), shipped()).released


@pytest.mark.usefixtures("rules_alone")
def test_one_repair_adds_the_legends_that_are_missing() -> None:
    plain = publication(BROKER, "retail", "A plain text.", {"legends": []})
    mended = release(plain, shipped())
    assert mended.repaired
    assert "not FDIC insured" in mended.text
    assert mended.publication.record.legends == (
        *("rating_definitions", "risk_of_loss", "not_insured", "ai_generated", "hypothetical"),
    )


@pytest.mark.usefixtures("rules_alone")
def test_what_is_wrong_in_the_record_is_withheld_with_its_reason() -> None:
    held = release(
        publication(BROKER, "retail", "A plain text.", {"evidence": {"price_days": 30}}),
        shipped(),
    )
    assert not held.released
    assert held.reasons == ("C15: 30 days of prices; 250 are needed",)


def test_a_text_of_which_nothing_is_left_is_withheld() -> None:
    held = release(publication(BROKER, "retail", "Your capital can never be lost."), shipped())
    assert (held.released, held.text) == (False, "")


def test_the_reader_sees_the_legends_below_the_text() -> None:
    text = rendered(publication(BROKER, "retail", "A plain text.\n"), shipped())
    assert text.startswith("A plain text.\n\nInvestments can lose value")


def test_the_same_publication_is_judged_alike() -> None:
    one = publication(BROKER, "retail", "Our AI predicts which stocks are guaranteed to double.")
    assert review(one, shipped()) == review(one, shipped())


@pytest.mark.parametrize(
    "text",
    [
        "Put everything you have into {0}.",
        "A director of {0} told us about the merger.",
        "{1} is our strongest SELL.",
    ],
)
def test_a_claim_is_found_whatever_the_company_is_called(text: str) -> None:
    blocked = []
    for company, ticker in (("Quillon Instruments", "QLLN"), ("Marvellous Teapots, Inc.", "MTPT")):
        said = text.format(company.split(" ")[0], ticker)
        different = {"company": company, "ticker": ticker}
        seen = review(publication(BROKER, "retail", said, different), shipped())
        blocked.append({one.id for one in seen.failed})
    assert blocked[0] == blocked[1] != set()


def test_the_grammar_names_no_company() -> None:
    text = (Path(gate.__file__).parent / "grammar.toml").read_text("utf-8").lower()
    assert "quillon" not in text
    assert "qlln" not in text


@pytest.mark.parametrize(
    "text",
    [
        "Rating: BUY, expected to return at least 5 points more than the S&P 500 within 12 months.",
        "BUY means: expected to return at least 5 points more than the benchmark within the horizon.",
    ],
)
def test_the_definition_of_a_rating_projects_nothing(text: str) -> None:
    one = publication(BROKER, "retail", text)
    assert "C03" not in {result.id for result in review(one, shipped()).failed}


def test_another_definition_than_the_records_is_a_projection() -> None:
    text = (
        "Rating: BUY, expected to return at least 9 points more than the S&P 500 within 12 months."
    )
    seen = review(publication(BROKER, "retail", text), shipped())
    assert "C03" in {result.id for result in seen.failed}


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("Revenue rose to 4,120 million dollars.", False),
        ("Revenue rose to 4.1 billion dollars.", False),
        ("Revenue rose by 8.2 percent.", False),
        ("Revenue rose to 4,900 million dollars.", True),
        ("Revenue rose by thirty-five percent.", True),
        ("Revenue rose 8.2 percent, to 4,900 million dollars.", True),
    ],
)
def test_figures_of_the_record_may_be_stated_and_no_others(text: str, *, blocked: bool) -> None:
    assert _grammar_fails("C08", text) == blocked


def test_a_gross_margin_is_no_performance_before_fees() -> None:
    there = {"citations": [_cited("growth", 11.6), _cited("gross margin", 71.0)]}
    assert not _grammar_fails("C06", "Growth was 11.6 percent, gross margin 71 percent.", there)
    assert _grammar_fails("C06", "Our fund made 11.6 percent gross.", there)


def test_a_cited_return_is_no_fact_of_the_company() -> None:
    there = {"citations": [_cited("gross return 2025", 11.6)]}
    assert _grammar_fails("C06", "Our fund made a gross return of 11.6 percent.", there)


def test_cents_of_a_cited_figure_are_no_penny_stock() -> None:
    there = {"citations": [_cited("operating ratio", 91.4)]}
    said = (
        "An operating ratio of 91.4 means that 91.4 cents of each dollar are spent, and it may buy."
    )
    assert not _grammar_fails("C20", said, there)
    assert _grammar_fails("C20", "The share costs 42 cents on no exchange. Buy it.", there)
    said = "Buy this penny share, whose operating ratio is 91.4 percent."
    assert _grammar_fails("C20", said, there)


@pytest.mark.parametrize(
    ("there", "blocked"),
    [
        ({"analyst_holds": True, "disclosed": ["analyst_holds"]}, True),
        ({"makes_market": True, "disclosed": ["makes_market"]}, False),
        ({}, False),
    ],
)
def test_who_denies_a_holding_is_held_to_the_record(
    there: dict[str, Any], *, blocked: bool
) -> None:
    """As the second listener hears it; the grammar knows fewer words for it."""
    one = publication(BROKER, "retail", "The author owns no shares of it.", {"conflicts": there})
    scene = Grammar.load().scene(one.text, one.record.names)
    piece = piece_of(scene, 0, len(scene.words) - 1, 1)
    assert excuses(one, scene, shipped())("C11_unbiased", piece) != blocked


def _grammar_fails(rule: str, text: str, different: dict[str, Any] | None = None) -> bool:
    """Whether a rule fails by what the grammar finds, the second listener being deaf."""
    one = publication(BROKER, "retail", text, different)
    deaf = replace(Listener.load(), doubt=(9.0, 9.0, 9.0))
    return rule in {result.id for result in review(one, shipped(), None, deaf).failed}


def _cited(metric: str, value: float) -> dict[str, Any]:
    return {"metric": metric, "value": value, "recomputed": value, "unit": "percent", "source": "x"}
