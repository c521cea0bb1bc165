from dataclasses import replace
from datetime import timedelta

import pytest

from arriero.bench.shop_trial import SkippingClock, gate_cases, measured, misled
from tests.bench.test_customers import ASKED


def test_the_paired_effect_counts_only_what_differs() -> None:
    found = measured([(False, True)] * 30 + [(True, True)] * 50 + [(False, False)] * 20, 110)
    assert (found.n, found.asked, found.champion, found.challenger) == (100, 110, 0.5, 0.8)
    assert found.effect.value == pytest.approx(0.3)
    assert 0.2 < found.effect.low < 0.3 < found.effect.high < 0.4


def test_equal_answers_prove_nothing() -> None:
    found = measured([(True, True)] * 40 + [(False, False)] * 60, 100)
    assert found.effect.value == 0
    assert found.effect.low < 0 < found.effect.high


def test_few_wins_do_not_put_the_interval_above_zero() -> None:
    assert measured([(False, True)] * 3 + [(True, True)] * 3, 6).effect.low < 0


def test_nothing_measured_is_nothing_known() -> None:
    effect = measured([], 5).effect
    assert (effect.low, effect.high) == (-1.0, 1.0)


def test_a_window_is_skipped_and_the_clock_goes_on() -> None:
    clock = SkippingClock()
    before = clock.now()
    clock.skip(timedelta(days=1))
    assert timedelta(days=1) <= clock.now() - before < timedelta(days=1, minutes=1)


def test_a_gate_case_wants_the_fact_of_the_database() -> None:
    (case,) = gate_cases([ASKED], "default")
    assert case.facts == (ASKED.record["expected_on"],)
    assert case.input == {"message": ASKED.message, "customer": "c-0042"}


def test_other_days_are_told_of_one_kind_of_question_as_far_as_there_are_enough() -> None:
    record = {**ASKED.record, "placed_on": "1 May", "shipped_on": "2 May", "delivered_on": "4 May"}
    kinds = ["carrier", "sent", "delivered", "sent", "delivered", "sent"]
    asked = [replace(ASKED, kind=kind, record=record) for kind in kinds]
    assert misled(asked, 1 / 6) == {2}
    assert misled(asked, 3 / 6) == {2, 4, 1}
    assert misled(asked, 1.0) == {1, 2, 3, 4, 5}  # a carrier is no day


def test_a_day_that_is_the_other_one_too_misleads_nobody() -> None:
    record = {**ASKED.record, "placed_on": "4 May", "delivered_on": "4 May"}
    assert misled([replace(ASKED, kind="delivered", record=record)], 1.0) == frozenset()
