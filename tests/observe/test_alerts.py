from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from arriero.core.settings import Thresholds
from arriero.core.words import Alert
from arriero.observe.alerts import watch
from arriero.store.base import Window

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WELL = Window(runs=100, errors=1, mean_ms=900.0, mean_score=0.92, scored=90)
LIMITS = Thresholds()


def _window(**changed: float) -> Window:
    told = {"runs": 100, "errors": 1, "mean_ms": 900.0, "mean_score": 0.92, "scored": 90}
    return Window(**(told | changed))  # type: ignore[arg-type]


def _open(name: str, app: str = "support") -> Alert:
    return Alert(f"{app}:{name}:1", app, name, 1.0, 0.5, NOW - timedelta(minutes=5))


def test_a_good_window_changes_nothing() -> None:
    assert watch("support", WELL, LIMITS, (), NOW) == ()


@pytest.mark.parametrize(
    ("window", "name", "value", "threshold"),
    [
        (_window(errors=6), "error_rate", 0.06, 0.05),
        (_window(mean_ms=3_001.0), "response_time_ms", 3_001.0, 3_000.0),
        (_window(mean_score=0.79), "quality", 0.79, 0.8),
    ],
)
def test_a_crossed_threshold_raises_its_alert(
    window: Window, name: str, value: float, threshold: float
) -> None:
    (alert,) = watch("support", window, LIMITS, (), NOW)
    assert (alert.app, alert.name, alert.value, alert.threshold) == (
        "support", name, value, threshold,
    )  # fmt: skip
    assert alert.raised_at == NOW
    assert alert.cleared_at is None


@pytest.mark.parametrize(
    "window", [_window(errors=5), _window(mean_ms=3_000.0), _window(mean_score=0.8)]
)
def test_at_the_threshold_nothing_is_raised(window: Window) -> None:
    assert watch("support", window, LIMITS, (), NOW) == ()


def test_an_alert_that_is_open_is_not_raised_again() -> None:
    assert watch("support", _window(errors=50), LIMITS, (_open("error_rate"),), NOW) == ()


def test_a_good_window_clears_the_same_alert() -> None:
    was = _open("error_rate")
    (cleared,) = watch("support", WELL, LIMITS, (was,), NOW)
    assert cleared.id == was.id
    assert cleared.cleared_at == NOW


def test_several_thresholds_are_told_apart() -> None:
    window = _window(errors=50, mean_score=0.1)
    changed = watch("support", window, LIMITS, (_open("response_time_ms"),), NOW)
    assert {(alert.name, alert.cleared_at is None) for alert in changed} == {
        ("error_rate", True),
        ("quality", True),
        ("response_time_ms", False),
    }


def test_too_few_runs_neither_raise_nor_clear() -> None:
    window = Window(runs=19, errors=19, mean_ms=9_000.0, mean_score=0.0, scored=19)
    assert watch("support", window, LIMITS, (), NOW) == ()
    good = Window(runs=19, errors=0, mean_ms=10.0, mean_score=1.0, scored=19)
    assert watch("support", good, LIMITS, (_open("error_rate"),), NOW) == ()


def test_quality_counts_the_scored_runs_only() -> None:
    assert watch("support", _window(mean_score=0.1, scored=19), LIMITS, (), NOW) == ()


def test_when_nothing_runs_any_more_open_alerts_clear() -> None:
    nothing = Window(runs=0, errors=0, mean_ms=None, mean_score=None, scored=0)
    (cleared,) = watch("support", nothing, LIMITS, (_open("quality"),), NOW)
    assert cleared.cleared_at == NOW


def test_an_alert_that_is_not_of_the_window_stays_open_when_nothing_runs() -> None:
    nothing = Window(runs=0, errors=0, mean_ms=None, mean_score=None, scored=0)
    assert watch("support", nothing, LIMITS, (_open("golden"),), NOW) == ()


def test_another_apps_alert_is_left_alone() -> None:
    assert watch("support", WELL, LIMITS, (_open("error_rate", "finance"),), NOW) == ()


def test_raising_the_same_breach_twice_gives_the_same_alert() -> None:
    window = _window(errors=50)
    assert watch("support", window, LIMITS, (), NOW) == watch("support", window, LIMITS, (), NOW)
