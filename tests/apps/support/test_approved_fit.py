"""Thresholds of the semantic cache: what evidence they ask for, and what they promise."""

from __future__ import annotations

from random import Random
from time import perf_counter

import pytest

from arriero.apps.support.approved_fit import (
    ENOUGH,
    MARGIN,
    Trial,
    _left_out,
    fit,
    thresholds,
    upper_bound,
)


def trials(
    intent: str, groups: int, *, likeness: float = 0.7, agrees: bool = False, each: int = 10
) -> list[Trial]:
    return [
        Trial(intent, f"{intent} {group}", likeness, agrees, right=False)
        for group in range(groups)
        for _ in range(each)
    ]


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 299) == pytest.approx(1 - 0.05 ** (1 / 299), abs=1e-9)
    assert upper_bound(0, 299) < 0.01 < upper_bound(0, 297)
    assert upper_bound(1, 100) == pytest.approx(0.0466, abs=1e-4)
    assert upper_bound(0, 0) == upper_bound(5, 5) == 1


def test_too_little_evidence_gives_exact_answers_only() -> None:
    few = fit(trials("rental", 10))
    assert few.thresholds == {}
    assert few.floor is None
    assert few.bound > 0.01
    assert fit([]).thresholds == {}


def test_enough_evidence_without_a_false_hit_gives_the_lowest_floor() -> None:
    enough = fit(trials("rental", 40))
    assert enough.thresholds == {"rental": 0.6}
    assert enough.bound <= 0.01
    assert enough.trials == 400


def test_an_intent_with_few_near_misses_is_left_to_exact_answers() -> None:
    found = fit([*trials("rental", 40), *trials("invoice", 1, each=ENOUGH - 1)])
    assert set(found.thresholds) == {"rental"}


def test_a_threshold_lies_above_every_near_miss_that_the_guards_let_through() -> None:
    seen = [*trials("rental", 40), *trials("gift", 4, likeness=0.9, agrees=True)]
    assert thresholds(seen, 0.6) == {"gift": 0.9 + MARGIN, "rental": 0.6}


def test_what_fails_on_questions_left_out_raises_the_floor_for_all() -> None:
    # In each group one near-miss passes the guards at 0.72: the others' threshold did not foresee it.
    lone = [Trial("gift", "gift 0", 0.72, agrees=True, right=False)]
    calm = fit(trials("rental", 40) + trials("gift", 40))
    found = fit(trials("rental", 40) + trials("gift", 4) + lone)
    assert calm.floor == 0.6
    assert found.floor == 0.75
    assert found.thresholds["rental"] == 0.75


def test_near_misses_that_nothing_tells_apart_leave_nothing_to_answer() -> None:
    alike = [Trial("gift", f"gift {group}", 0.99, agrees=True, right=False) for group in range(400)]
    far = [Trial("gift", f"far {group}", 0.2 + group / 1e3, True, False) for group in range(400)]
    assert fit(alike).thresholds["gift"] > 0.99  # above all of them: only the very same words
    assert fit(far).bound <= 0.01


def test_paraphrases_are_no_evidence_against_anything() -> None:
    right = [Trial("rental", "rental 0", 0.99, agrees=True, right=True)] * 50
    assert fit(trials("rental", 40) + right).thresholds == {"rental": 0.6}


def test_the_bound_of_many_false_hits_is_a_number() -> None:
    assert upper_bound(600, 60_000) == pytest.approx(0.0107, abs=1e-4)


def test_each_question_is_judged_without_itself_as_one_by_one() -> None:
    chance = Random(4)
    seen = [
        Trial(f"i{chance.randrange(3)}", f"q{chance.randrange(9)}", chance.uniform(-0.2, 1), chance.random() < 0.5, chance.random() < 0.2)
        for _ in range(400)
    ]  # fmt: skip
    slowly = {
        (trial.intent, trial.approved): thresholds(
            [one for one in seen if one.intent == trial.intent and one.approved != trial.approved],
            0.0,
        ).get(trial.intent)
        for trial in seen
        if not trial.right
    }
    assert _left_out(seen) == {name: at for name, at in slowly.items() if at is not None}


def test_ten_thousand_questions_of_one_intent_take_no_minutes() -> None:
    seen = trials("", 10_000, each=4)
    began = perf_counter()
    assert fit(seen).floor == 0.6
    assert perf_counter() - began < 10
