"""Sentences against their sources: what is true word for word, true in other words, and false."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.checks.base import Exhibit
from arriero.checks.evidence import Sources, features
from arriero.checks.logistic import WELL, Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import read, sentences
from arriero.core.errors import InputError

RETURNS = (
    "You can return unused goods within 60 days after delivery. The label is free in all countries.",
    "Gas cartridges can be returned only in a shop and only unopened.",
    "Standard shipping costs 4.90 EUR per order. Express delivery costs 12.90 EUR per order.",
    "We do not deliver to Switzerland. Points are credited 14 days after delivery.",
    "The Lucero 400 headlamp reaches 90 metres. The shop in Innsbruck opens at 10:00 on Mondays.",
)
SOURCES = Sources.of(RETURNS)


@pytest.mark.parametrize(
    ("sentence", "feature"),
    [
        ("You can return unused goods within 30 days after delivery.", "unknown_fact"),
        ("You can return unused goods within 60 weeks after delivery.", "unknown_unit"),
        ("Standard shipping costs 12.90 EUR per order.", "strayed_fact"),
        ("You can return unused goods within 14 days after delivery.", "strayed_fact"),
        ("We do not deliver to Norway.", "unknown_name"),
        ("We do not deliver to Innsbruck.", "strayed_name"),
        ("We deliver to Switzerland.", "negation"),
        ("The label is not free in all countries.", "negation"),
        ("You must return unused goods within 60 days after delivery.", "modality"),
        ("You can return unused goods at least 60 days after delivery.", "other_limit"),
        ("Gas cartridges can be returned in a shop, also unopened.", "exclusive"),
        ("You can return unused goods within 60 days before delivery.", "opposite"),
        ("You can return unused goods within 60", "cut"),
        ("Llamas carry parcels over the Andes.", "bare"),
    ],
)
def test_each_mismatch_is_seen(sentence: str, feature: str) -> None:
    assert features(sentence, SOURCES, Rarity())[feature] > 0


@pytest.mark.parametrize("text", RETURNS)
def test_a_sentence_of_a_source_has_no_mismatch(text: str) -> None:
    for sentence in sentences(text):
        seen = features(sentence, SOURCES, Rarity())
        assert seen["verbatim"] == 1
        assert [
            name for name in ("strayed_fact", "negation", "cut", "exclusive") if seen[name]
        ] == []


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("Points are credited two weeks after delivery.", RETURNS[3]),
        ("We don't deliver to Switzerland.", RETURNS[3]),
        ("Points come 14 days after delivery.", RETURNS[3]),
    ],
)
def test_other_words_for_the_same_fact_are_no_mismatch(said: str, source: str) -> None:
    seen = features(said, Sources.of([source]), Rarity())
    assert [name for name in ("unknown_fact", "unknown_unit", "negation") if seen[name]] == []


def test_without_sources_a_sentence_is_bare() -> None:
    assert features("Shipping is free.", Sources.of([]), Rarity()) == {"bare": 1.0}


def test_list_items_are_sentences_and_wrapped_lines_are_not() -> None:
    text = "# Heading\n\nA line that\ngoes on here. Then more.\n- First item\n- Second item\n\n2. Third"
    assert sentences(text) == (
        "A line that goes on here.", "Then more.", "First item", "Second item", "Third",
    )  # fmt: skip


def test_a_word_of_every_document_weighs_less_than_a_rare_one() -> None:
    rarity = Rarity.of(["The tent is green.", "The tent is red.", "The stove and the tent."])
    assert rarity("tent") < rarity("stov") < rarity("kayak") == 1


def test_courtesy_claims_nothing_and_a_fact_does() -> None:
    assert not read("Of course.").claims
    assert not read("Happy to help.").claims
    assert read("It costs 5 EUR.").claims


def test_the_costliest_feature_is_named_and_a_good_answer_has_none() -> None:
    layer = Logistic(1.0, {"covered": 2.0, "negation": -4.0})
    assert layer.costliest({"covered": 0.9, "negation": 1.0}) == "negation"
    assert layer.costliest({"covered": 1.0}) == ""
    assert layer.chance({"covered": 1.0}) > layer.chance({"covered": 1.0, "negation": 0.5})


def test_what_passes_well_names_no_fault() -> None:
    layer = Logistic(2.0, {"covered": 3.0, "negation": -1.0})
    assert layer.chance({"covered": 1.0, "negation": 1.0}) > WELL
    assert layer.costliest({"covered": 1.0, "negation": 1.0}) == ""
    assert layer.costliest({"covered": 0.4, "negation": 1.0}) == "covered"


def test_what_good_answers_never_have_either_is_no_reason() -> None:
    layer = Logistic(-5.0, {"near": 9.0, "covered": 2.0}, {"near": 0.6, "covered": 0.9})
    assert layer.costliest({"near": 0.6, "covered": 0.2}) == "covered"
    assert layer.costliest({"near": 0.3, "covered": 0.2}) == "near"
    assert layer.costliest({"near": 0.6, "covered": 0.9}) == "near"  # nothing else to name


def test_a_file_without_coefficients_says_how_to_fit_them(tmp_path: Path) -> None:
    file = tmp_path / "quality.json"
    file.write_text('{"grounded": {"bias": "x"}}', encoding="utf-8")
    with pytest.raises(InputError, match="fit_quality"):
        Logistic.load(file, "grounded")
    with pytest.raises(InputError, match="fit_quality"):
        Logistic.load(tmp_path / "none.json", "grounded")


def test_an_exhibit_may_be_read_with_any_text() -> None:
    for text in ("", "   ", "?!", "\n\n", "1", "🙂 ok", "$", "http://", "a" * 5_000):
        assert isinstance(sentences(text), tuple)
        features(text or "x", SOURCES, Rarity())
    assert Exhibit("q", "").text == ""
