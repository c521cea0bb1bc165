"""The outlook's packaged model is what its script makes of the public prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.finance.trend.model import shipped


def test_the_packaged_model_is_what_its_script_fits(data_folder: Path) -> None:
    script = pytest.importorskip("bars._trend_fit", reason="the package arch is not installed")
    again, kept = script.fitted(data_folder), shipped()
    assert (again.until, again.stocks, again.rows) == (kept.until, kept.stocks, kept.rows)
    assert again.weights == pytest.approx(kept.weights, rel=1e-4)
    assert again.slope == kept.slope
    assert again.threshold == pytest.approx(kept.threshold, rel=1e-4)
    assert [level.days for level in again.levels] == [level.days for level in kept.levels]
    for level, same in zip(again.levels, kept.levels, strict=True):
        assert level.intercept == pytest.approx(same.intercept, rel=1e-3)
        assert level.weights == pytest.approx(same.weights, rel=1e-3)
        assert level.reach == pytest.approx(same.reach, rel=1e-3)
