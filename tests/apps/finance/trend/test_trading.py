from __future__ import annotations

import math

import numpy as np
import pytest

from arriero.apps.finance.trend.trading import deflated, trade


def test_the_deflated_sharpe_ratio_is_that_of_the_paper() -> None:
    # Bailey and Lopez de Prado (2014), the numerical example: SR 2.5 a year on five years of days, 100 trials.
    found = deflated(2.5 / math.sqrt(250), 1_250, -3.0, 10.0, 0.5 / 250, 100)
    assert found == pytest.approx(0.9004, abs=2e-4)


def test_a_position_earns_only_from_the_second_day_on() -> None:
    returns = np.log1p(np.array([0.5, 0.5, 0.1, 0.0]))
    (found,) = trade(returns, {"long": np.ones(4)}, cost=0.0)
    assert found.total == pytest.approx(0.1)
    assert found.invested == 0.5


def test_what_is_traded_costs() -> None:
    flat = np.zeros(6)
    (found,) = trade(flat, {"nervous": np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])}, cost=0.01)
    assert found.total == pytest.approx(0.99**4 - 1)
    assert found.turnover == pytest.approx(4 / 6 * 252)


def test_holding_is_the_stock_less_its_first_purchase() -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    returns = draw.normal(0.0005, 0.01, 1_000)
    held, cash = trade(returns, {"hold": np.ones(1_000), "cash": np.zeros(1_000)})
    growth = np.expm1(returns[2:].sum())
    assert held.total == pytest.approx(growth, abs=0.003)
    assert (cash.total, cash.sharpe, cash.worst, cash.deflated) == (0.0, 0.0, 0.0, 0.0)


def test_a_foreseen_return_cannot_be_had_on_its_own_day() -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    returns = draw.normal(0, 0.01, 2_000)
    (found,) = trade(returns, {"seer": (returns > 0).astype(float)}, cost=0.0)
    assert abs(found.sharpe) < 1


def test_sortino_counts_losses_over_all_days() -> None:
    returns = np.log1p(np.array([0.0, 0.0, 0.02, -0.01]))
    (found,) = trade(returns, {"long": np.ones(4)}, cost=0.0)
    assert found.sortino == pytest.approx(0.0025 / math.sqrt(0.0001 / 4) * math.sqrt(252))
    assert found.worst == pytest.approx(0.01)
