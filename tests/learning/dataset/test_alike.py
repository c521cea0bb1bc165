"""The same, nearly the same, known from a benchmark, contradicted: each is found and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.learning.dataset.alike import Benchmarks, decontaminated, distinct, without_near
from arriero.learning.dataset.example import Example, LeftOut, Route, Why
from tests.learning.rated import START

LONG = (
    "my parcel with the blue tent was promised for monday and the tracking page has not moved since"
)


def example(
    question: str = "Where is it?",
    target: str = "On its way.",
    *,
    unit: str = "u",
    good: bool | None = None,
    route: Route | None = None,
    run: str = "r",
) -> Example:
    route = route or (Route.SFT if good is None else Route.KTO)
    asked = ({"role": "user", "content": question},)
    return Example(route, run, unit, START, question, asked, target, good=good)


def whys(left: Sequence[LeftOut]) -> Counter[Why]:
    return Counter(one.why for one in left)


def unit_vectors(*rows: Sequence[float]) -> NDArray[np.float32]:
    table = np.array(rows, np.float32)
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        f"Hello! {LONG.upper()}, please help",
        " ".join(LONG.split()[2:16]),  # fourteen words of it
        "What is your return policy?",
        "what is your  return policy",
        "我的订单在哪里?",
    ],
)
def test_a_benchmark_text_is_found_whatever_surrounds_it(text: str) -> None:
    known = Benchmarks.of([LONG, "What is your return policy?", "ok", "我的订单在哪里!"])
    kept, left = decontaminated([example(text)], known, None, 0.95)
    assert (kept, whys(left)) == ([], {Why.BENCHMARK: 1})


@pytest.mark.parametrize(
    "text", [" ".join(LONG.split()[:12]), "Do you have a return policy?", "ok"]
)
def test_another_text_stays(text: str) -> None:
    known = Benchmarks.of([LONG, "What is your return policy?", "ok"])
    assert len(decontaminated([example(text)], known, None, 0.95)[0]) == 1


def test_a_benchmark_text_in_the_answer_counts_too() -> None:
    known = Benchmarks.of([LONG])
    assert decontaminated([example("Hm?", LONG)], known, None, 0.95)[0] == []


def test_a_reworded_benchmark_question_is_found_by_its_vector() -> None:
    known = Benchmarks(vectors=unit_vectors([1, 0]))
    vectors = unit_vectors([1, 0.1], [1, 1])
    kept, left = decontaminated([example("a b c"), example("d e f")], known, vectors, 0.95)
    assert [one.question for one in kept] == ["d e f"]
    assert whys(left) == {Why.BENCHMARK: 1}
    assert len(decontaminated([example("a b c"), example("d e f")], known, vectors, 1.0)[0]) == 2


def test_the_same_example_stays_once() -> None:
    kept, left = distinct([example(), example("where  is IT?"), example(target="Today.")])
    assert [one.target for one in kept] == ["On its way.", "Today."]
    assert whys(left) == {Why.REPEATED: 1}


@pytest.mark.parametrize(
    ("good", "bad", "tag"),
    [(1, 0, True), (0, 2, False), (1, 1, None), (20, 4, True), (4, 20, False)],
)
def test_an_answer_found_good_and_bad_needs_a_clear_majority(
    good: int, bad: int, tag: bool | None
) -> None:
    said = [example(good=place < good, unit=str(place)) for place in range(good + bad)]
    kept, left = distinct(said)
    assert [one.good for one in kept] == ([] if tag is None else [tag])
    assert len(kept) + len(left) == good + bad


def test_one_unit_counts_once_in_a_contradiction() -> None:
    loud = [example(good=False, unit="loud") for _ in range(50)]
    kept, left = distinct([example(good=True, unit="calm"), *loud])
    assert kept == []
    assert whys(left) == {Why.CONTRADICTED: 51}


def test_labels_that_contradict_each_other_are_left_out() -> None:
    rows = [example("my money", label, route=Route.HEADS) for label in ("refund", "status")]
    kept, left = distinct(rows)
    assert (kept, whys(left)) == ([], {Why.CONTRADICTED: 2})


def test_nearly_the_same_words_stay_once() -> None:
    kept, left = without_near(
        [example(LONG), example(LONG.replace("monday", "friday")), example("Quite another question")],
        0.5, None, 0.95,
    )  # fmt: skip
    assert [one.question for one in kept] == [LONG, "Quite another question"]
    assert whys(left) == {Why.NEAR: 1}


def test_good_and_bad_answers_to_one_question_both_stay() -> None:
    both = [example(LONG, good=True), example(LONG, good=False)]
    assert len(without_near(both, 0.8, unit_vectors([1, 0], [1, 0]), 0.95)[0]) == 2


def test_near_vectors_stay_once_and_many_are_compared() -> None:
    many = unit_vectors(
        *(np.eye(200)[place].tolist() for place in range(200)), np.eye(200)[3].tolist()
    )
    ones = [example(f"q{place} {place} {place}") for place in range(201)]
    kept, left = without_near(ones, 1.0, many, 0.95)
    assert (len(kept), whys(left)) == (200, {Why.NEAR: 1})


def test_rows_for_classifiers_may_be_alike() -> None:
    rows = [
        example(LONG, "refund", route=Route.HEADS),
        example(f"{LONG} !", "refund", route=Route.HEADS),
    ]
    assert len(without_near(rows, 0.5, None, 0.95)[0]) == 2
