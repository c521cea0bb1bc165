from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from arriero.apps.finance.trend.baselines import BASELINES, arima, drift, naive, smoothed

DRAW = np.random.Generator(np.random.PCG64(6))


def lasting(size: int, share: float) -> np.ndarray:
    moves = DRAW.normal(0, 0.01, size)
    for place in range(1, size):
        moves[place] += share * moves[place - 1]
    return moves


@pytest.mark.parametrize("name", BASELINES)
def test_a_forecast_rests_on_what_was_there(name: str) -> None:
    returns = lasting(400, 0.3)
    assert np.array_equal(BASELINES[name](returns, 21)[:300], BASELINES[name](returns[:300], 21))


def test_naive_expects_nothing_and_drift_the_mean() -> None:
    returns = lasting(400, 0.0)
    assert not naive(returns, 21).any()
    assert drift(returns, 21)[-1] == pytest.approx(returns.mean() * 21)


def test_arima_finds_how_much_of_a_move_goes_on() -> None:
    returns = lasting(5_000, 0.4)
    rest = arima(returns, 21)[-1] - returns.mean() * 21
    assert rest / (returns[-1] - returns.mean()) == pytest.approx(0.4 / 0.6, abs=0.12)


def test_smoothing_of_a_price_around_a_level_goes_back_to_it() -> None:
    price = DRAW.normal(0, 0.02, 800)
    returns = np.diff(price, prepend=0.0)
    oracle = SimpleExpSmoothing(price, initialization_method="known", initial_level=0.0).fit(
        smoothing_level=0.05, optimized=False
    )
    told = smoothed(returns, 21)[-1] + price[-1]
    assert told == pytest.approx(float(oracle.forecast(1)[0]), abs=1e-9)


def test_smoothing_of_a_random_walk_is_the_naive_forecast() -> None:
    assert abs(smoothed(lasting(2_000, 0.0), 21)[-1]) < 0.003
