"""Which alerts an app's last minutes raise or clear: pure, so that a breach is tested in no time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from arriero.core.settings import Thresholds
from arriero.core.words import Alert

# Of a window of runs; an app has other alerts, which whoever raised them clears (`learning.exams`).
WATCHED = ("error_rate", "response_time_ms", "quality")


class Observed(Protocol):
    """What an app's live runs looked like over the window (the ledger's `Window` is one)."""

    @property
    def runs(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def mean_ms(self) -> float | None: ...
    @property
    def mean_score(self) -> float | None: ...
    @property
    def scored(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """One watched number: `of` runs it was taken over, and whether it crossed its threshold."""

    name: str
    value: float
    threshold: float
    of: int
    crossed: bool


def watch(
    app: str,
    window: Observed,
    thresholds: Thresholds,
    open_alerts: Sequence[Alert],
    now: datetime,
) -> tuple[Alert, ...]:
    """The alerts to save now: newly raised, or cleared (the same alert, `cleared_at` set).

    Below `minimum_runs` nothing is decided: an open alert stays open, none is raised. A window in
    which nothing ran at all clears: nobody is served badly any more.
    """
    mine = {
        alert.name: alert
        for alert in open_alerts
        if alert.app == app and alert.name in WATCHED and not alert.cleared_at
    }
    if window.runs == 0:
        return tuple(replace(alert, cleared_at=now) for alert in mine.values())
    changed = []
    for reading in _readings(window, thresholds):
        known = mine.get(reading.name)
        if reading.of < thresholds.minimum_runs:
            continue
        if reading.crossed and known is None:
            changed.append(_raised(app, reading, now))
        elif known is not None and not reading.crossed:
            changed.append(replace(known, cleared_at=now))
    return tuple(changed)


def _readings(window: Observed, thresholds: Thresholds) -> Iterator[_Reading]:
    share = window.errors / window.runs
    most = thresholds.error_rate
    yield _Reading("error_rate", share, most, window.runs, share > most)
    if window.mean_ms is not None:
        most = thresholds.response_time_ms
        yield _Reading("response_time_ms", window.mean_ms, most, window.runs, window.mean_ms > most)
    if window.mean_score is not None:
        least = thresholds.quality
        yield _Reading(
            "quality", window.mean_score, least, window.scored, window.mean_score < least
        )


def _raised(app: str, reading: _Reading, now: datetime) -> Alert:
    """Its id is made of what it is and when it began, so that raising it twice is raising it once."""
    id = f"{app}:{reading.name}:{now.isoformat()}"
    return Alert(id, app, reading.name, reading.value, reading.threshold, now)
