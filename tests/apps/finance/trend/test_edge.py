from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from arriero.apps.finance.trend.edge import Chances, chances, expected, median, normal, quantile
from arriero.apps.finance.trend.features import coming, features
from arriero.apps.finance.trend.model import shipped
from arriero.apps.finance.trend.worlds import with_edge, without_edge


def told(closes: np.ndarray, days: int = 21) -> Chances:
    returns = np.diff(np.log(closes))
    table = features(returns)
    return chances(returns, table, shipped().spread(returns, table, days), days)


def test_without_an_edge_nothing_is_ever_claimed() -> None:
    claims = [
        told(without_edge(seed), days).claimed.mean() for seed in range(12) for days in (5, 21)
    ]
    assert np.mean(claims) < 0.005


def test_a_planted_edge_is_found_and_used() -> None:
    right, claimed = 0, 0
    for seed in range(12):
        closes = with_edge(seed)
        found = told(closes)
        known = found.claimed & ~np.isnan(coming(np.diff(np.log(closes)), 21))
        rose = coming(np.diff(np.log(closes)), 21) > 0
        known[:756] = False
        claimed += int(known.sum())
        right += int(((found.up > 0.5) == rose)[known].sum())
    assert claimed > 0.5 * 12 * (1_260 - 756)
    assert right > 0.75 * claimed


def test_the_median_goes_the_way_that_is_claimed_and_is_nearer_to_what_comes() -> None:
    ours, usual = 0.0, 0.0
    for seed in range(12):
        returns = np.diff(np.log(with_edge(seed)))
        table = features(returns)
        spread = shipped().spread(returns, table, 21)
        found = chances(returns, table, spread, 21)
        middle, plain = median(found, returns, spread, 21), expected(returns, spread, 21)
        assert ((middle > 0) == (found.up > 0.5))[found.claimed].all()
        assert np.array_equal(middle[~found.claimed], plain[~found.claimed], equal_nan=True)
        moved = coming(returns, 21)
        known = found.claimed & ~np.isnan(moved)
        ours += float(np.abs(moved - middle)[known].sum())
        usual += float(np.abs(moved - plain)[known].sum())
    assert ours < 0.9 * usual


def test_what_is_told_rests_on_windows_that_have_ended() -> None:
    closes = with_edge(1)
    whole, cut = told(closes), told(closes[:801])
    for name in ("up", "base", "edge", "claimed"):
        assert np.array_equal(getattr(whole, name)[:800], getattr(cut, name), equal_nan=True)


def test_the_base_rate_counts_only_what_was_known() -> None:
    returns = np.full(100, 0.01)
    table = features(returns)
    found = chances(returns, table, np.full(100, 0.05), 5)
    assert np.isnan(found.base[:5]).all()
    assert np.isclose(found.base[5:], 1).all()


@pytest.mark.parametrize("score", [-3.0, -0.7, 0.0, 0.2, 2.5])
def test_the_normal_distribution_is_the_normal_distribution(score: float) -> None:
    chance = NormalDist().cdf(score)
    assert float(normal(np.array([score]))[0]) == pytest.approx(chance, abs=1e-7)
    assert float(quantile(np.array([chance]))[0]) == pytest.approx(score, abs=1e-3)
