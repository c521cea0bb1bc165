"""A word's letters say how much it looks like a name."""

from __future__ import annotations

from arriero.security.privacy_likeness import folded, likeness, packaged
from arriero.security.privacy_names import (
    elsewhere,
    family_names,
    given_names,
    ordinary_words,
)

UNLISTED = ("Zbyslava", "Oluwadamisi", "Fotheringham", "Kowalewska", "Marchettini")
WORDS = ("rearrangement", "Lieferbedingungen", "overgeneralising", "remboursements")


def test_unlisted_names_look_more_like_names_than_unlisted_words() -> None:
    listed = given_names() | family_names() | ordinary_words()
    assert not {word.lower() for word in (*UNLISTED, *WORDS)} & listed
    assert min(map(likeness, UNLISTED)) > max(map(likeness, WORDS))


def test_accents_and_capitals_say_nothing() -> None:
    assert folded("Łukasz") == "lukasz"
    assert likeness("ZOË") == likeness("zoe")


def test_the_lists_hold_no_word_twice_that_would_contradict() -> None:
    assert not family_names() & given_names()
    assert not {word for word in elsewhere() if word in family_names()}


def test_the_model_is_small() -> None:
    assert len(packaged().weights) <= 14_000
