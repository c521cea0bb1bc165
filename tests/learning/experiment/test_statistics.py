"""Bets and sequences keep their promises: exact where they say exact, and they see what there is."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.learning.experiment.bets import Stratum, log_harm, log_mismatch, log_pairs
from arriero.learning.experiment.control import gamma, level
from arriero.learning.experiment.findings import (
    DEFAULT,
    Pairs,
    Rate,
    Says,
    Standing,
    carry,
    guard,
    harmed,
    judge_arms,
    judge_pairs,
    mismatched,
)
from arriero.learning.experiment.sequences import Sums, asymptotic, difference, proportion


def expected(n: int, p: float) -> float:
    """The mean of the pairs' bet after n pairs, summed over every outcome."""
    return sum(
        math.comb(n, w) * p**w * (1 - p) ** (n - w) * math.exp(log_pairs(w, n - w))
        for w in range(n + 1)
    )


@pytest.mark.parametrize("n", [1, 2, 10, 60])
def test_nobody_gains_by_betting_that_half_the_pairs_are_won(n: int) -> None:
    assert expected(n, 0.5) == pytest.approx(1.0)
    assert expected(n, 0.4) < 1


@pytest.mark.parametrize("p", [0.02, 0.3, 0.7])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_nobody_gains_by_betting_on_harm_that_is_not_there(p: float, share: float) -> None:
    """Exactly, over all outcomes of two units with random arms."""
    total = 0.0
    cells = [
        (arm, bad, (share if arm else 1 - share) * (p if bad else 1 - p))
        for arm in (0, 1)
        for bad in (0, 1)
    ]
    for arm, bad, chance in cells:
        for other, worse, more in cells:
            n, m = (arm == 0) + (other == 0), (arm == 1) + (other == 1)
            down = (bad if arm == 0 else 0) + (worse if other == 0 else 0)
            lost = (bad if arm == 1 else 0) + (worse if other == 1 else 0)
            total += chance * more * math.exp(log_harm([Stratum(share, n, down, m, lost)]))
    assert total == pytest.approx(1.0)


def test_values_between_zero_and_one_are_counted_for_less_than_they_could_be() -> None:
    halves = log_harm([Stratum(0.5, 40, 10.0, 40, 20.0)])
    assert halves == log_harm([Stratum(0.5, 40, 10, 40, 20)])


def test_a_share_that_was_not_set_is_found_and_one_that_was_is_not() -> None:
    assert mismatched([(0.1, 900, 300)])
    assert not mismatched([(0.1, 900, 100), (0.5, 50, 50)])
    assert log_mismatch([(0.0, 5, 1)]) == math.inf


@given(st.integers(1, 400), st.data())
def test_a_proportion_lies_in_its_interval(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = proportion(hits, n, 0.05)
    assert 0 <= low <= hits / n <= high <= 1


def test_a_proportion_is_missed_by_its_intervals_less_often_than_promised() -> None:
    chance, missed = random.Random(5), 0
    for _ in range(300):
        hits = 0
        for n in range(1, 120):
            hits += chance.random() < 0.3
            low, high = proportion(hits, n, 0.1)
            if not low <= 0.3 <= high:
                missed += 1
                break
    assert missed / 300 <= 0.1


def test_intervals_shrink_and_need_two_values() -> None:
    few, many = Sums(100, 70, 70), Sums(1_000, 700, 700)
    assert asymptotic(Sums(1, 1, 1), 0.05, 1_000).high == math.inf
    assert asymptotic(many, 0.05, 1_000).high - 0.7 < asymptotic(few, 0.05, 1_000).high - 0.7
    low, high = difference(many, Sums(1_000, 560, 560), 0.05, 1_000)
    assert low < -0.14 < high < 0


def test_the_parts_of_alpha_sum_to_less_than_one() -> None:
    assert 0.99 < sum(gamma(t) for t in range(1, 100_000)) < 1
    assert level(0.05, 1, 0) > level(0.05, 2, 0) > level(0.05, 3, 0)
    assert level(0.05, 2, 3) == pytest.approx(4 * level(0.05, 2, 0))
    assert level(0.05, 1, 1_000) == 0.05
    with pytest.raises(ValueError, match="numbered from 1"):
        gamma(0)


def test_pairs_say_better_worse_or_unsure_and_what_they_could_have_seen() -> None:
    assert judge_pairs(Pairs(140, 60), 0.01).says is Says.BETTER
    assert judge_pairs(Pairs(60, 140), 0.01).says is Says.WORSE
    unsure = judge_pairs(Pairs(105, 95, 400), 0.01)
    assert (unsure.says, unsure.n) == (Says.UNSURE, 200)
    assert unsure.interval.low < 0.525 < unsure.detectable < 0.7
    assert judge_pairs(Pairs(), 0.01).detectable == math.inf


def test_arms_say_worse_with_an_effect() -> None:
    found = judge_arms([Stratum(0.5, 500, 150, 500, 250)])
    assert found.says is Says.WORSE
    assert found.effect == pytest.approx(-0.2)
    assert found.interval.high < 0
    assert judge_arms([Stratum(0.5, 500, 250, 500, 150)]).says is Says.BETTER
    assert judge_arms([]).says is Says.UNSURE


def test_a_bet_that_lost_is_evidence_for_neither() -> None:
    assert judge_arms([Stratum(0.5, 30, 7.5, 30, 7.5)]).log_e == 0
    assert judge_pairs(Pairs(5, 6), 0.01).log_e == judge_pairs(Pairs(5, 5), 0.01).log_e == 0
    assert (
        judge_pairs(Pairs(60, 140), 0.01).log_e < -3 < 3 < judge_pairs(Pairs(140, 60), 0.01).log_e
    )


@pytest.mark.parametrize("n", [1, 5, 29, 100])
@pytest.mark.parametrize("p", [0.5, 0.6])
def test_nobody_gains_by_what_a_gate_brings_while_half_of_its_pairs_are_won(
    n: int, p: float
) -> None:
    """Exactly, over every outcome of the gate: an e-value, which may be multiplied with the canary's."""
    total = sum(
        math.comb(n, won) * p**won * (1 - p) ** (n - won) * math.exp(carry(Pairs(won, n - won)))
        for won in range(n + 1)
    )
    assert total <= 1 + 1e-9
    assert total > (0.9 if p == 0.5 else 0.8)  # and little of it is thrown away


def test_a_gate_brings_at_most_half_of_a_proof_of_harm_and_takes_little_away() -> None:
    needed = -math.log(DEFAULT.harm)
    assert carry(Pairs(7, 22, 71)) == pytest.approx(0.47 * needed, abs=0.02)
    assert carry(Pairs(0, 100)) == pytest.approx(needed / 2)
    assert carry(Pairs(0, 0, 100)) == 0
    assert -0.21 < carry(Pairs(100, 0)) < carry(Pairs(15, 14)) < 0


def test_what_a_gate_brings_proves_harm_only_with_ratings_that_say_so_too() -> None:
    brought = carry(Pairs(7, 22))
    worse, better = [Stratum(0.5, 20, 0, 20, 6)], [Stratum(0.5, 20, 6, 20, 0)]
    assert not harmed(worse)
    assert harmed(worse, brought)
    assert not harmed(better, carry(Pairs(0, 100)))
    assert not harmed([], carry(Pairs(0, 100)))
    told = judge_arms(worse, brought)
    assert told.says is Says.WORSE
    assert told.log_e == pytest.approx(judge_arms(worse).log_e - brought)
    assert judge_arms(better, brought) == judge_arms(better)


def test_a_guardrail_is_fine_unsure_or_breached() -> None:
    fine = guard(Rate(2_000, 20), Rate(400, 4), 0.05, DEFAULT.interval)
    assert fine.standing is Standing.FINE
    assert guard(Rate(2_000, 20), Rate(30, 0), 0.05, 0.05).standing is Standing.UNSURE
    assert guard(Rate(2_000, 20), Rate(20, 20), 0.05, DEFAULT.sudden).standing is Standing.BREACHED
