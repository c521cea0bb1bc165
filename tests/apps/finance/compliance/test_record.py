"""Records as corpora and tests write them."""

from __future__ import annotations

import pytest

from arriero.apps.finance.compliance.base import Audience, Profile, Review, RuleResult, State
from arriero.apps.finance.compliance.complete import publication
from arriero.core.errors import InputError


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("audience", Audience)
def test_a_complete_record_can_be_read_for_everybody(profile: str, audience: str) -> None:
    assert publication(profile, audience, "a text").record.firm == "Tarn Research"


def test_only_what_is_different_is_said() -> None:
    found = publication("adviser", "retail", "a text", {"evidence": {"price_days": 3}}).record
    assert found.evidence is not None
    assert (found.evidence.price_days, found.evidence.risk_text_read) == (3, True)


def test_null_takes_a_field_away() -> None:
    assert publication("adviser", "retail", "a text", {"walls": None}).record.walls is None


def test_a_field_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match=r"record\.wals"):
        publication("adviser", "retail", "a text", {"wals": None})


def test_a_profile_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(InputError, match="broker_dealer, adviser"):
        publication("bank", "retail", "a text")


def test_a_review_without_results_releases_nothing() -> None:
    assert not Review((), "v").released
    assert not Review((RuleResult("C01", State.FAIL),), "v").released
    assert Review((RuleResult("C01", State.NA), RuleResult("C02", State.PASS)), "v").released
