from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from arriero.apps.finance.trend.walk import Directions
from arriero.apps.finance.trend.worlds import weekdays, without_edge
from arriero.bench.trend import directions
from arriero.cli.bench import bench

METRICS = (
    "vol_direction_full",
    "vol_direction_selected",
    "coverage",
    "base_rate",
    "brier_skill",
    "interval90",
    "ece",
)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    folder = tmp_path / "prices"
    folder.mkdir()
    days = weekdays(1_261)
    for seed in range(5):
        rows = (f"{day},{close:.4f}\n" for day, close in zip(days, without_edge(seed), strict=True))
        (folder / f"S{seed}.csv").write_text("date,close\n" + "".join(rows))
    return folder


def test_prices_give_the_promised_metrics(prices: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        bench, ["trend", "--prices", str(prices), "--json", str(tmp_path / "o")]
    )
    assert done.exit_code == 0, done.output
    results = json.loads((tmp_path / "o").read_text())["results"]
    assert set(METRICS) <= set(results)
    assert results["vol_direction_full"]["value"] > 0.58
    assert results["vol_direction_full"]["low"] < results["vol_direction_full"]["value"]
    assert 0.8 < results["interval90"]["value"] < 0.97
    assert results["direction_claimed"]["value"] == pytest.approx(0, abs=0.01)
    assert np.isclose(results["effective_n"]["value"], results["effective_n"]["n"] / 21)


def test_always_the_same_is_the_better_answer_of_those_that_are_claimed() -> None:
    """Over all days volatility rises more often; where a direction is claimed, it falls more often."""
    n = 200
    rose = np.arange(n) % 10 < 6
    claimed = ~rose | (np.arange(n) % 10 == 0)
    days = np.arange(n, dtype=np.int64)
    none = np.zeros(n)
    found = directions(Directions(days, days * 0, none, claimed, rose, none))
    assert found["base_rate"].value == pytest.approx(0.6)
    assert found["base_rate_selected"].value == pytest.approx(0.8)


def test_a_split_with_nothing_before_it_says_so(prices: Path) -> None:
    done = CliRunner().invoke(bench, ["trend", "--prices", str(prices), "--split", "2001-06-01"])
    assert done.exit_code != 0
    assert "too few to fit" in str(done.exception)
