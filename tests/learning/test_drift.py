"""An alarm is a change that is large, no chance, and there at several looks; each alone is none."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from arriero.learning.drift import (
    Cusum,
    Limits,
    Method,
    Reading,
    Sample,
    Watch,
    g_test,
    holm,
    jensen_shannon,
    kolmogorov_smirnov,
    look,
    mmd,
    psi,
    readings,
    sample_of,
)
from tests.learning.rated import run


def normal(seed: int, n: int, mean: float = 0.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(mean, 1.0) for _ in range(n)]


def vectors(seed: int, n: int, shift: float = 0.0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(n, 16)) + shift
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(("size", "shift"), [(60, 0.0), (200, 0.3), (500, 0.5), (80, 2.0)])
def test_kolmogorov_smirnov_is_that_of_scipy(size: int, shift: float) -> None:
    one, other = normal(1, size), normal(2, size + 20, shift)
    distance, p = kolmogorov_smirnov(one, other)
    known = stats.ks_2samp(one, other, method="asymp")
    assert distance == pytest.approx(known.statistic)
    assert p == pytest.approx(known.pvalue, rel=0.35, abs=0.01)


def test_ties_do_not_make_a_distance() -> None:
    assert kolmogorov_smirnov([1.0] * 60, [1.0] * 80) == (0.0, 1.0)


def test_the_g_test_is_that_of_scipy() -> None:
    one, other = {"a": 50, "b": 30, "c": 20}, {"a": 70, "b": 20, "c": 60}
    table = [[one[key] for key in "abc"], [other[key] for key in "abc"]]
    known = stats.chi2_contingency(table, lambda_="log-likelihood", correction=False)
    assert g_test(one, other) == pytest.approx(
        known.pvalue, rel=0.35
    )  # the tail is a third too heavy


def test_labels_that_are_all_rare_say_nothing() -> None:
    rare = {f"x{n}": 1 for n in range(30)}
    assert g_test(rare, {f"y{n}": 1 for n in range(30)}) == 1.0


def test_jensen_shannon_is_between_alike_and_nothing_in_common() -> None:
    assert jensen_shannon({"a": 3, "b": 1}, {"a": 30, "b": 10}) == pytest.approx(0.0)
    assert jensen_shannon({"a": 3}, {"b": 9}) == pytest.approx(1.0)


def test_the_stability_index_of_half_a_deviation_is_about_a_quarter() -> None:
    assert psi(normal(1, 5_000), normal(2, 5_000)) < 0.02
    assert psi(normal(1, 5_000), normal(2, 5_000, 0.5)) == pytest.approx(0.25, abs=0.05)


def test_the_stability_index_of_one_value_is_zero() -> None:
    assert psi([1.0] * 100, [1.0] * 100) == pytest.approx(0.0)


def test_vectors_that_moved_are_told_from_vectors_that_did_not() -> None:
    still, p_still = mmd(vectors(1, 120), vectors(2, 130), seed=3)
    moved, p_moved = mmd(vectors(1, 120), vectors(2, 130, 0.4), seed=3)
    assert abs(still) < 0.005 < moved
    assert p_moved == 0.0005
    assert p_still > 0.01


def test_the_permutation_p_is_uniform_when_nothing_moved() -> None:
    ps = [mmd(vectors(seed, 50), vectors(seed + 1_000, 50), seed=seed)[1] for seed in range(40)]
    assert 0.25 < sum(ps) / len(ps) < 0.75
    assert sum(p <= 0.05 for p in ps) <= 6  # 2 are expected; more than 6 of 40: 0.3 %


@given(st.lists(st.floats(0, 1), max_size=20), st.floats(0.001, 0.2))
def test_holm_rejects_no_more_than_each_alone_and_at_least_bonferroni(
    ps: list[float], alpha: float
) -> None:
    found = holm(ps, alpha)
    assert all(p <= alpha for p, sure in zip(ps, found, strict=True) if sure)
    assert all(sure for p, sure in zip(ps, found, strict=True) if p <= alpha / len(ps))


LARGE = Reading("intent", Method.JS, 0.3, 0.0001, 500)


def looked(*readings: Reading) -> list[bool]:
    watch, alarms = Watch(), []
    for reading in readings:
        watch, found = look(watch, [reading])
        alarms.append(bool(found))
    return alarms


def test_an_alarm_is_persistent() -> None:
    assert looked(LARGE, LARGE, LARGE, LARGE) == [False, False, True, True]


@pytest.mark.parametrize(
    "calm",
    [Reading("intent", Method.JS, 0.01, 0.0001, 500), Reading("intent", Method.JS, 0.3, 0.2, 60)],
)
def test_a_look_that_is_small_or_chance_begins_anew(calm: Reading) -> None:
    assert looked(LARGE, LARGE, calm, LARGE, LARGE) == [False] * 5


def test_everything_is_compared_of_which_there_is_enough() -> None:
    before = Sample(
        {"intent": ["a"] * 70 + ["b"] * 30, "mood": ["calm"] * 10},
        {"score": normal(1, 100)},
        vectors(1, 60),
    )
    now = Sample(
        {"intent": ["a"] * 20 + ["b"] * 80, "mood": ["calm"] * 10},
        {"score": normal(2, 100, 1.0)},
        vectors(2, 60),
    )
    found = {(one.name, one.method): one for one in readings(before, now, seed=1)}
    assert found.keys() == {
        ("intent", Method.JS), ("score", Method.KS), ("score", Method.PSI), ("questions", Method.MMD),
    }  # fmt: skip
    _, alarms = look(Watch(), list(found.values()), Limits(looks=1))
    assert {one.name for one in alarms} == {"intent", "score"}
    assert readings(before, now, seed=1) == readings(before, now, seed=1)


def test_no_drift_raises_no_alarm_over_a_hundred_days() -> None:
    chance, watch, alarms = random.Random(5), Watch(), 0
    before = Sample({"intent": chance.choices("abcd", k=300)}, {"score": normal(0, 300)})
    for day in range(100):
        now = Sample({"intent": chance.choices("abcd", k=100)}, {"score": normal(day + 1, 100)})
        watch, found = look(watch, readings(before, now, seed=day))
        alarms += len(found)
    assert alarms == 0


def test_runs_tell_their_labels_and_numbers() -> None:
    sample = sample_of([run(labels={"intent": "refund"}, tokens_out=7), run(score=None)])
    assert Counter(sample.labels["origin"]) == {"generative": 2}
    assert sample.labels["intent"] == ["refund"]
    assert (sample.numbers["score"], sample.numbers["tokens_out"]) == ([0.9], [7.0])


def steps(cusum: Cusum, qualities: list[float]) -> int | None:
    for step, quality in enumerate(qualities, 1):
        cusum = cusum.after(quality)
        if cusum.alarm:
            return step
    return None


def test_a_fall_of_quality_is_seen_within_about_ten_answers() -> None:
    falls = [steps(Cusum(0.0, 1.0), normal(seed, 200, -1.0)) or 200 for seed in range(200)]
    assert 8 <= sum(falls) / len(falls) <= 13  # Montgomery's table: 10.4


def test_false_alarms_are_rare() -> None:
    waits = [steps(Cusum(0.0, 1.0), normal(seed, 6_000)) or 6_000 for seed in range(100)]
    assert 600 <= sum(waits) / len(waits) <= 1_300  # one-sided: 930


def test_how_far_quality_fell_is_told() -> None:
    cusum = Cusum(0.9, 0.3)
    for _ in range(20):
        cusum = cusum.after(0.5)
    assert cusum.alarm
    assert cusum.fallen == pytest.approx(0.4)
    assert Cusum(0.9, 0.3).after(1.0).fallen == 0.0
