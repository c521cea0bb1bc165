from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from arriero.apps.finance.trend.fitting import fit
from arriero.apps.finance.trend.model import from_json, shipped, to_json
from arriero.apps.finance.trend.prices import Prices, read
from arriero.apps.finance.trend.walk import Walk, middle, walk
from arriero.apps.finance.trend.worlds import weekdays, without_edge
from arriero.core.errors import InputError

DAYS = weekdays(1_261)


@pytest.fixture(scope="module")
def panel() -> list[Prices]:
    return [read(DAYS, without_edge(seed).tolist()) for seed in range(6)]


@pytest.fixture(scope="module")
def walked(panel: list[Prices]) -> Walk:
    return walk(panel, middle(panel))


def test_forecasts_start_at_the_split_and_end_where_outcomes_do(
    panel: list[Prices], walked: Walk
) -> None:
    first, last = (date.fromordinal(int(day)) for day in np.sort(walked.directions.day)[[0, -1]])
    assert first == middle(panel)
    assert last == DAYS[-22]
    assert len(walked.directions.day) == 6 * (1_260 - 630 - 20)


def test_the_future_of_the_split_changes_no_fit(panel: list[Prices]) -> None:
    split = middle(panel)
    cut = [read(one.days, one.closes.tolist(), as_of=split) for one in panel]
    assert to_json(fit(panel, split)) == to_json(fit(cut, split))


def test_the_threshold_stays_as_it_was_first_set(walked: Walk) -> None:
    fits = walked.fits
    assert len(fits) == 3
    assert len({one.threshold for one in fits}) == 1
    assert len({one.weights for one in fits}) == 3


def test_forecasts_beat_a_coin_where_volatility_comes_back(walked: Walk) -> None:
    found = walked.directions
    assert found.right.mean() > 0.58
    assert found.right[found.claimed].mean() > found.right.mean()


def test_the_rule_is_set_beside_it_at_the_same_coverage(walked: Walk) -> None:
    found = walked.directions
    assert found.surest_by_rule().sum() == found.claimed.sum()


def test_a_model_survives_its_text() -> None:
    assert from_json(to_json(shipped())) == shipped()


def test_too_little_before_the_split_is_said(panel: list[Prices]) -> None:
    with pytest.raises(InputError, match="too few to fit"):
        walk(panel[:1], middle(panel))
    with pytest.raises(InputError, match="no prices"):
        middle([])
