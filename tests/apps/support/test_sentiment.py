"""Sentiment: the head and the lexicon weighed together, and the rows that the head learns from."""

from __future__ import annotations

from collections import Counter

import pytest

from arriero.apps.support.sample import feelings
from arriero.apps.support.sentiment import SENTIMENTS, features, lexicon_says, plain, weighed
from arriero.apps.support.settings import SAMPLE
from arriero.models.head_rows import read_rows

EVEN = tuple((name, 1 / 3) for name in SENTIMENTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love this, it is wonderful!", "positive"),
        ("This is horrible, I hate it.", "negative"),
        ("The parcel weighs four kilos.", "neutral"),
        ("A terrible shop, I am so angry.", "negative"),
    ],
)
def test_the_lexicon_decides_when_the_head_cannot(text: str, expected: str) -> None:
    assert weighed(text, EVEN)[0][0] == expected


def test_the_head_decides_what_the_lexicon_does_not_know() -> None:
    text = "The seam opened on the summit."
    sure = (("negative", 0.98), ("neutral", 0.01), ("positive", 0.01))
    assert lexicon_says(text) == "neutral"
    assert weighed(text, sure)[0][0] == "negative"


def test_probabilities_add_up_and_the_likeliest_is_first() -> None:
    found = weighed("Fine, thanks", EVEN)
    chances = [chance for _, chance in found]
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances, reverse=True)


def test_other_languages_and_other_labels_are_the_heads_alone() -> None:
    assert weighed("Ich liebe es", EVEN, language="de") == EVEN
    stars = (("good", 0.9), ("bad", 0.1))
    assert weighed("I love it", stars) == stars


def test_features_are_finite_for_a_chance_of_zero_and_an_empty_text() -> None:
    assert all(abs(value) < 10 for value in features("", {"negative": 0.0, "positive": 1.0}))


def test_the_committed_rows_are_those_of_the_patterns() -> None:
    texts, labels, repeated = read_rows(SAMPLE / "sentiment.csv")
    assert tuple(zip(texts, labels, strict=True)) == feelings.rows()
    assert repeated == 0


def test_the_rows_are_balanced_and_apart_from_the_kept_ones() -> None:
    texts, labels, _ = read_rows(SAMPLE / "sentiment.csv")
    kept, _, _ = read_rows(SAMPLE / "sentiment_heldout.csv")
    counts = Counter(labels)
    assert set(counts) == set(SENTIMENTS)
    assert max(counts.values()) < 1.2 * min(counts.values())
    assert not {text.lower() for text in texts} & {text.lower() for text in kept}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("I can\u2019t  open \u201cit\u201d", 'I can\'t open "it"'),
        ("@shop where is it? https://t.example/12 #NeverAgain2", "where is it? Never Again 2"),
        ("me@home.example writes", "me .example writes"),
        ("https://t.example/12", "https://t.example/12"),
        ("", ""),
    ],
)
def test_a_text_is_read_without_addresses_and_with_tags_as_words(text: str, read: str) -> None:
    assert plain(text) == read


def test_a_curved_apostrophe_hides_no_negation() -> None:
    assert lexicon_says("I don\u2019t like it") == lexicon_says("I don't like it") == "negative"


def test_a_pair_keeps_what_its_row_feels() -> None:
    rows = [("I love it", "positive"), ("It opens at nine.", "neutral")]
    (pair,) = feelings.paired(rows)
    assert pair[1] == "positive"
    assert "I love it" in pair[0]
    assert "It opens at nine." in pair[0]
