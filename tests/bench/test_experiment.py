"""What the evaluation of rollouts says of its medians, and of what is forced past a gate."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from arriero.bench import experiment
from arriero.bench.experiment import DEMO, NEVER, SEEN, UP, _median, sent_back, stars
from arriero.learning.experiment.findings import Pairs


def test_a_medians_interval_narrows_with_more_rollouts_and_covers_the_true_one() -> None:
    chance = Random(1)
    few, many = (_median([chance.random() for _ in range(n)], "pairs") for n in (50, 5_000))
    assert few.low is not None and few.high is not None  # noqa: PT018
    assert many.low is not None and many.high is not None  # noqa: PT018
    assert many.high - many.low < (few.high - few.low) / 5  # quartiles would stay where they are
    covered = 0
    for _ in range(400):
        told = _median([chance.random() for _ in range(60)], "pairs")
        assert told.low is not None and told.high is not None  # noqa: PT018
        covered += told.low <= 0.5 <= told.high
    assert covered >= 0.93 * 400


def test_what_the_gate_saw_takes_a_harmful_one_back_sooner_than_its_ratings_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "VISITS", 300)  # by 1,300 nearly all are taken back either way
    carried, alone = (
        [sent_back(DEMO, gate, Random(seed)) for seed in range(12)] for gate in (SEEN, Pairs())
    )
    assert sum(carried) > sum(alone)
    assert all(more >= less for more, less in zip(carried, alone, strict=True))


def test_the_demos_champion_has_4_2_stars() -> None:
    chance = Random(1)
    given = [1 + 4 * stars(DEMO.champion, chance) for _ in range(20_000)]
    assert abs(sum(given) / len(given) - 4.2) < 0.03
    assert DEMO.up < DEMO.champion != UP


def test_a_median_of_few_values_is_within_them() -> None:
    told = _median([3.0, 1.0, NEVER], "pairs")
    assert (told.value, told.low, told.high, told.n) == (median([3.0, 1.0, NEVER]), 1.0, NEVER, 3)
