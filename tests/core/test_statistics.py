from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.statistics import (
    Interval,
    clustered,
    expected_calibration_error,
    paired,
    percentile,
    wilson,
)


def test_wilson_gives_the_published_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263.
    interval = wilson(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


def test_wilson_at_the_edges_stays_between_zero_and_one() -> None:
    # The same table: 0 of 20 gives 0 to 0.1611, 1 of 29 gives 0.0061 to 0.1718.
    assert (wilson(0, 20).low, round(wilson(0, 20).high, 4)) == (0.0, 0.1611)
    assert (round(wilson(1, 29).low, 4), round(wilson(1, 29).high, 4)) == (0.0061, 0.1718)
    assert wilson(20, 20).high == 1.0


def test_without_trials_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="3 successes of 2 trials"):
        wilson(3, 2)


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilson_brackets_the_share(successes: int, failures: int) -> None:
    interval = wilson(successes, successes + failures)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_a_sure_and_always_wrong_classifier_has_error_one() -> None:
    assert expected_calibration_error([1.0] * 30, [False] * 30) == 1.0


def test_seventy_percent_sure_and_seven_of_ten_right_is_calibrated() -> None:
    right = [True] * 7 + [False] * 3
    assert expected_calibration_error([0.7] * 10, right, bins=1) == pytest.approx(0.0)


def test_opposite_errors_of_two_bins_do_not_cancel() -> None:
    confidences = [0.4] * 10 + [0.6] * 10
    correct = [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5
    assert expected_calibration_error(confidences, correct, bins=2) == pytest.approx(0.1)
    assert expected_calibration_error(confidences, correct, bins=1) == pytest.approx(0.0)


def test_fewer_results_than_bins_still_give_a_number() -> None:
    assert expected_calibration_error([0.9, 0.6], [True, False]) == pytest.approx(0.35)
    assert expected_calibration_error([], []) == 0.0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50),
    st.floats(0, 100),
)
def test_percentiles_are_numpys(values: list[float], percent: float) -> None:
    assert percentile(values, percent) == pytest.approx(
        float(np.percentile(values, percent)), abs=1e-6
    )


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_paired_difference_counts_only_the_pairs_that_differ() -> None:
    found = paired(12, 2, 40)
    assert found.value == pytest.approx(0.25)
    assert 0.05 < found.low < found.value < found.high < 0.45


def test_the_same_on_every_pair_is_no_difference_and_some_doubt() -> None:
    found = paired(0, 0, 40)
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert found.high > 0


def test_no_pairs_say_nothing() -> None:
    assert paired(0, 0, 0) == Interval(0.0, -1.0, 1.0)


def test_more_differences_than_pairs_cannot_be() -> None:
    with pytest.raises(ValueError, match="of 3 pairs cannot be"):
        paired(2, 2, 3)


def test_equal_confidences_give_the_same_error_in_any_order() -> None:
    right = [True] * 60 + [False] * 40
    mixed = [at % 5 < 3 for at in range(100)]
    assert expected_calibration_error([0.6] * 100, right) == pytest.approx(0.0)
    assert expected_calibration_error([0.6] * 100, mixed) == pytest.approx(0.0)


def test_groups_of_one_trial_are_independent_trials() -> None:
    # The variance between groups is estimated, so the two agree but for n / (n - 1).
    found, known = clustered([(1, 1)] * 81 + [(0, 1)] * 182), wilson(81, 263)
    assert found.value == known.value
    assert found.low == pytest.approx(known.low, abs=5e-4)
    assert found.high == pytest.approx(known.high, abs=5e-4)


def test_groups_that_are_all_right_or_all_wrong_count_as_one_trial_each() -> None:
    found = clustered([(50, 50)] * 30 + [(0, 50)] * 10)
    assert found.low == pytest.approx(wilson(30, 40).low, abs=5e-3)
    assert found.high == pytest.approx(wilson(30, 40).high, abs=5e-3)


def test_the_interval_over_groups_covers_the_true_share() -> None:
    chance = Random(2)
    covered = naive = 0
    for _ in range(500):
        rates = [chance.betavariate(8, 2) for _ in range(20)]
        groups = [(sum(chance.random() < rate for _ in range(40)), 40) for rate in rates]
        found, plain = clustered(groups), wilson(sum(one for one, _ in groups), 800)
        covered += found.low <= 0.8 <= found.high
        naive += plain.low <= 0.8 <= plain.high
    assert covered >= 0.92 * 500
    assert naive < 0.8 * 500


def test_what_tells_nothing_of_how_alike_groups_are_counts_groups() -> None:
    assert clustered([(200, 200)] * 4) == wilson(4, 4)
    assert clustered([(180, 200)]).low < 0.3
    assert clustered([]) == clustered([(0, 0)]) == wilson(0, 0)
    with pytest.raises(ValueError, match="more successes than trials"):
        clustered([(3, 2)])
