from __future__ import annotations

import numpy as np
import pytest
from arch import arch_model

from arriero.apps.finance.risk.garch import fit, follow
from arriero.apps.finance.trend.worlds import without_edge

RETURNS = np.diff(np.log(without_edge(11)))


def test_forecasts_agree_with_those_of_arch() -> None:
    oracle = arch_model(RETURNS * 100, mean="Zero", vol="GARCH", p=1, q=1).fit(disp="off")
    theirs = np.asarray(oracle.conditional_volatility) / 100
    ours = np.sqrt(fit(RETURNS).variances[:-1])
    assert np.corrcoef(theirs[63:], ours[63:])[0, 1] > 0.98
    assert np.median(np.abs(theirs[63:] / ours[63:] - 1)) < 0.04


def test_a_long_horizon_goes_to_the_long_run() -> None:
    model = fit(RETURNS)
    assert model.total(1) == pytest.approx(float(model.variances[-1]))
    assert model.total(2_000) / 2_000 == pytest.approx(model.long_run, rel=0.1)


def test_tomorrow_follows_from_today_alone() -> None:
    model = fit(RETURNS[:800])
    along = follow(model, RETURNS)
    assert np.array_equal(along[:801], model.variances)


def test_prices_that_stand_still_have_a_variance() -> None:
    assert fit(np.zeros(100)).total(1) > 0
