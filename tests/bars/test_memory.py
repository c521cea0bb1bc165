"""Flat memory is told from a leak."""

from __future__ import annotations

import pytest

from bars._plot import plot
from bars.memory import growth


def test_memory_that_stays_has_no_drift() -> None:
    found = growth([90.0, 200.0, 201.0, 200.0], warm_up=1)
    assert found.drift == 0.0
    assert found.swing == pytest.approx(0.5)


def test_what_the_warm_up_costs_is_no_drift() -> None:
    assert growth([50.0, 120.0, 200.0, 200.0], warm_up=2).drift == 0.0


def test_a_leak_drifts() -> None:
    assert growth([200.0 + at for at in range(100)], warm_up=10).drift > 5


def test_memory_that_is_given_back_drifts_as_well() -> None:
    assert growth([200.0, 200.0, 150.0], warm_up=0).drift == pytest.approx(25.0)


def test_a_peak_is_never_averaged_away() -> None:
    drawn = plot([1.0] * 500 + [100.0] + [1.0] * 500, width=10, height=4)
    assert drawn.splitlines()[0].startswith("    100.0 |")
    assert "*" in drawn.splitlines()[0]


def test_a_plot_has_its_height_and_at_most_its_width() -> None:
    lines = plot(list(range(300)), width=60, height=6).splitlines()
    assert len(lines) == 6
    assert max(len(line.partition("|")[2]) for line in lines) == 60


def test_no_values_draw_nothing() -> None:
    assert plot([]) == ""
