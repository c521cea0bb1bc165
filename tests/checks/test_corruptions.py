"""Every corruption changes what a sentence claims; every rewording keeps its facts."""

from __future__ import annotations

from random import Random

import pytest

from arriero.checks import corruptions, rewording
from arriero.checks.corruptions import Pool
from arriero.checks.reading import read

OWN = (
    "You can return unused goods within 60 days after delivery, if the tags are still on.",
    "The shop in Innsbruck is open on Monday from 10:00 until at least 18:00 in May 2026.",
    "We send the refund within 5 working days, and only to the card of the order.",
    "Ask for the Suri jacket at the counter in Freiburg.",
)
POOL = Pool(OWN, ("Rented boots cost 9 EUR per day in Grenoble.", "Our mail is read on Fridays."))
ALL = {**corruptions.FITTED, **corruptions.UNSEEN, "stale": corruptions.stale}


@pytest.mark.parametrize("kind", sorted(ALL))
@pytest.mark.parametrize("seed", range(5))
def test_a_corruption_changes_a_sentence_that_it_applies_to(kind: str, seed: int) -> None:
    changed = [one for text in OWN if (one := ALL[kind](Random(seed), text, POOL)) is not None]
    assert changed
    assert not set(changed) & set(OWN)


@pytest.mark.parametrize("kind", sorted(ALL))
def test_the_same_seed_gives_the_same_corruption(kind: str) -> None:
    assert ALL[kind](Random(3), OWN[1], POOL) == ALL[kind](Random(3), OWN[1], POOL)


def test_a_swapped_number_or_date_is_another_fact() -> None:
    for seed in range(20):
        for kind in (corruptions.number, corruptions.date):
            told = kind(Random(seed), OWN[1], POOL)
            if told is not None:
                was = [(fact.value, fact.unit) for fact in read(OWN[1]).facts]
                assert [(fact.value, fact.unit) for fact in read(told).facts] != was


@pytest.mark.parametrize("rules", [rewording.FITTED, rewording.UNSEEN])
@pytest.mark.parametrize("seed", range(10))
def test_a_rewording_keeps_every_number(rules: dict[str, rewording.Rule], seed: int) -> None:
    for text in OWN:
        told = rewording.reworded(Random(seed), text, rules)
        if told is not None:
            assert told != text
            was = sorted(fact.value for fact in read(text).facts)
            assert sorted(fact.value for fact in read(told).facts) == was


def test_the_tested_kinds_are_not_the_fitted_ones() -> None:
    assert not corruptions.FITTED.keys() & corruptions.UNSEEN.keys()
    assert not rewording.FITTED.keys() & rewording.UNSEEN.keys()


def test_conditions_move_without_changing_what_they_rule() -> None:
    assert rewording.reordered(Random(1), "If it rains, we stay in.") == "We stay in if it rains."
    told = rewording.reordered(Random(1), "We stay in if it rains.")
    assert told == "If it rains, we stay in."
    assert rewording.passive(Random(1), "We send the refund within 5 days.") == (
        "The refund is sent within 5 days."
    )


def test_what_the_document_says_too_is_no_neighbour() -> None:
    pool = Pool(OWN, (OWN[0].replace("You can", "Customers may"),))
    assert corruptions.neighbour(Random(1), OWN[0], pool) is None
