"""What contradicts what, and in which words: on statements whose vectors a fake made alike."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from arriero.apps.support.articles import Article
from arriero.apps.support.contradictions import contradictions, difference, disputes, statements


def article(id: str, text: str, title: str = "", since: int = 0, until: int = 0) -> Article:
    return Article(
        id, title or id, text, date(since, 1, 1) if since else None,
        date(until, 12, 31) if until else None, "", (),
    )  # fmt: skip


def differ(one: str, other: str, similarity: float = 0.95) -> str:
    (first,) = statements([article("a", one)])
    (second,) = statements([article("b", other)])
    return difference(first, second, similarity)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("You may return it within 30 days.", "You may return it within 14 days.", "30 against 14 day"),
        ("A refund takes 5 working days.", "A refund takes ten working days.", "5 against 10 day"),
        ("Shipping costs 4,90 EUR today.", "Shipping costs €5.90 today.", "4.9 against 5.9 euro"),
        ("The sale ends on 31 January.", "The sale ends on February 15.", "31.01. against 15.02."),
        ("Gift cards are paid out.", "Gift cards are not paid out.", "one denies what the other says"),
    ],
)  # fmt: skip
def test_other_values_of_one_unit_other_days_or_a_denial_are_contradictions(
    one: str, other: str, reason: str
) -> None:
    assert differ(one, other) == reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You may return it within 30 days.", "You may return it within thirty days."),
        ("Shipping costs 4,90 EUR today.", "Shipping costs 4.90 euros today."),
        ("It costs 1,200 EUR in all.", "It costs 1.200 EUR in all."),
        ("The lamp shines for 4 hours.", "The lamp shines with 400 lumens."),
        ("On Monday we open at 9 am.", "On Sunday we open at 11 am."),
        ("The Lago tent weighs 2 kg.", "The Cima tent weighs 3 kg."),
        ("It is free from 80 EUR on.", "Below 80 EUR it costs 4.90 EUR."),
    ],
)
def test_what_goes_together_is_none(one: str, other: str) -> None:
    assert differ(one, other) == ""


def test_sentences_that_are_only_near_must_use_the_same_words() -> None:
    tent, crampons = "Renting a tent costs 12 EUR.", "Renting crampons costs 8 EUR."
    assert differ(tent, crampons, similarity=0.8) == ""


def test_last_years_price_contradicts_nothing() -> None:
    texts = ("Shipping costs 4 EUR now.", "Shipping costs 5 EUR now.")
    old, new = article("a", texts[0], until=2025), article("b", texts[1], since=2026)
    said = statements([old, new])
    assert contradictions(said, np.ones((2, 1), np.float32)) == ()
    still = statements([article("a", texts[0], until=2026), new])
    assert len(contradictions(still, np.ones((2, 1), np.float32))) == 1


def test_two_things_of_a_kind_have_facts_of_their_own() -> None:
    gold = article("a", "The annual fee is 95 EUR.", "Gold card")
    silver = article("b", "The annual fee is 45 EUR.", "Silver card")
    assert contradictions(statements([gold, silver]), np.ones((2, 1), np.float32)) == ()


def test_an_article_does_not_contradict_itself() -> None:
    said = statements([article("a", "It costs 4 EUR now.\n\nIt costs 5 EUR now.")])
    assert contradictions(said, np.ones((2, 1), np.float32)) == ()


def test_both_passages_are_marked() -> None:
    said = statements([article("a", "It costs 4 EUR now."), article("b", "It costs 5 EUR now.")])
    found = contradictions(said, np.ones((2, 1), np.float32))
    assert disputes(found) == {"a#1": ("b#1",), "b#1": ("a#1",)}


def test_numbers_are_masked_before_similarity_is_asked() -> None:
    one, other = statements(
        [article("a", "It costs 4 EUR on 3 May."), article("b", "It costs 5 EUR on 9 June.")]
    )
    assert one.masked == other.masked == "It costs # EUR on #."


def test_a_large_knowledge_is_compared_in_little_memory() -> None:
    (said,) = statements([article("a", "It costs 4 EUR now.")])
    found = [replace(said, article=article(f"a{at}", "x")) for at in range(6_000)]
    vectors = np.random.default_rng(7).standard_normal((len(found), 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[5_999] = vectors[0]  # only the first and the last are alike
    found[5_999] = replace(found[5_999], amounts={"euro": frozenset({5.0})})
    tracemalloc.start()
    told = contradictions(found, vectors)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.articles for one in told] == [("a0", "a5999")]
    assert most < 40_000_000  # all rows of 2,000 statements at once would be 60 MB
