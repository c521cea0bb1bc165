"""How the bar of labelled answers counts, and that its committed answers are what it says."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from arriero.bench.specimens import Specimen
from arriero.core.words import Source
from bars.answers import Answer, Said, Truth, figures, labelled, questions

SHIPPING = Source("shipping#1", "Shipping", "Standard shipping costs 4.90 EUR per order.")
SAID, FALSE = "Standard shipping costs 4.90 EUR per order.", "Express costs nothing on Sundays."


def answer(*said: Said) -> Answer:
    text = " ".join(one.sentence for one in said)
    return Answer("What does it cost?", text, (SHIPPING,), said)


TRUE, INVENTED = Said(SAID, True, True), Said(FALSE, False, False)


def by_label(specimen: Specimen) -> float:
    return float(specimen.right)


def test_an_answer_is_supported_where_both_passes_say_so_of_every_sentence() -> None:
    assert answer(TRUE).supported
    assert not answer(TRUE, INVENTED).supported
    assert not answer(TRUE, Said(FALSE, True, False)).supported
    assert not answer().supported


def test_scores_that_follow_the_labels_meet_the_bar_and_one_score_for_all_does_not() -> None:
    answers = [answer(TRUE), answer(INVENTED)] * 20
    known = {one.name: one for one in figures(answers, by_label)}
    for name in ("auroc", "ece", "auroc_of_sentences", "ece_of_sentences"):
        assert known[name].holds
    assert known["kappa"].value == 1
    assert known["sentences_supported_from_0.7"].value == 1
    assert known["answers"].holds is False  # forty, where two hundred are wanted
    lazy = {one.name: one for one in figures(answers, lambda specimen: 1.0)}
    for name in ("auroc", "ece", "auroc_of_sentences", "ece_of_sentences"):
        assert lazy[name].holds is False


def test_passes_that_differ_count_as_unsupported_and_lower_kappa() -> None:
    answers = [answer(TRUE), answer(INVENTED), answer(Said(SAID, True, False))] * 10
    found = {one.name: one.value for one in figures(answers, by_label)}
    assert found["sentences_supported"] == pytest.approx(1 / 3, abs=0.001)
    assert found["same_label"] == pytest.approx(2 / 3, abs=0.001)
    assert 0 < found["kappa"] < 0.5


def test_one_readers_passes_and_two_readers_are_told_apart() -> None:
    alone = [replace(one, readers=1) for one in (answer(TRUE), answer(INVENTED))]
    differ = [answer(Said(SAID, True, False)), answer(TRUE)]
    found = {one.name: one.value for one in figures([*alone, *differ], by_label)}
    assert (found["same_label_with_oneself"], found["same_label"]) == (1, 0.5)
    assert found["kappa_with_oneself"] == 1


def test_an_invented_fact_scores_nothing_and_a_quoted_one_much() -> None:
    truth, made = Truth(), answer(TRUE).specimen(SAID, right=True)
    assert truth(made) > 0.8
    assert truth(replace(made, answer="Standard shipping costs 9.90 EUR per order.")) == 0


def test_an_answer_that_is_not_labelled_twice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    row = asdict(answer(replace(TRUE, second=None)))
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="What does it cost"):
        labelled(file)


def test_the_committed_answers_are_labelled_each_once_and_cite_something() -> None:
    answers = labelled()
    assert len({one.question for one in answers}) == len(answers)
    for one in answers:
        assert one.sources
        assert len({said.sentence for said in one.said}) == len(one.said)
    assert any(one.supported for one in answers)
    assert not all(one.supported for one in answers)
    whole, parts = len(answers), sum(len(one.said) for one in answers)
    assert parts > whole


def test_questions_alternate_between_the_two_files_and_come_once() -> None:
    asked = list(questions())
    assert len(set(asked)) == len(asked) > 400
