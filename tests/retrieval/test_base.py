"""Passages that say otherwise: pairs, the newer first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from arriero.retrieval.base import Passage, conflicts, fingerprint, undecided

OLD = Passage("old#1", "old", "Returns", "Within 30 days.", date(2025, 1, 1), disputed=("new#1",))
NEW = Passage("new#1", "new", "Returns", "Within 60 days.", date(2026, 1, 1), disputed=("old#1",))
OTHER = Passage("x#1", "x", "Boots", "Wax them.")


def test_a_pair_comes_once_with_the_newer_passage_first() -> None:
    assert conflicts([OLD, OTHER, NEW]) == ((NEW, OLD),)
    assert conflicts([NEW, OLD]) == ((NEW, OLD),)


def test_a_passage_whose_rival_was_not_found_has_no_conflict() -> None:
    assert conflicts([OLD, OTHER]) == ()


def test_one_side_that_knows_of_the_dispute_is_enough() -> None:
    assert conflicts([replace(OLD, disputed=()), NEW]) == ((NEW, replace(OLD, disputed=())),)


def test_what_holds_from_some_day_is_newer_than_what_always_held() -> None:
    always = replace(OLD, valid_from=None)
    assert conflicts([always, NEW]) == ((NEW, always),)


def test_of_the_same_day_nobody_can_say_which_is_right() -> None:
    same = replace(OLD, valid_from=NEW.valid_from)
    (pair,) = conflicts([same, NEW])
    assert undecided(pair)
    assert not undecided((NEW, OLD))


def test_a_dispute_changes_the_version() -> None:
    assert fingerprint([OLD]) != fingerprint([replace(OLD, disputed=())])
