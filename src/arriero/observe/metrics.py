"""What `/metrics` shows: counts and times of runs and requests, in a registry of its own.

Labels are words of ours with few values, never an id of a user, run or request. What an app invents
(origins, intents) is capped: past `MOST_VALUES` a label says `other`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from arriero.core.words import Alert, Ended, Mode, Run

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # what generate_latest writes
MOST_VALUES = 100  # of one label; the sample shop's 25+ intents fit, a runaway label does not
OTHER = "other"

# Around the bars of issue 2 (5 and 60 ms, 1.6 s) and the case studies' 2 s and 3 s.
RUN_SECONDS = (0.005, 0.01, 0.025, 0.06, 0.1, 0.25, 0.5, 1.0, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0)
STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
QUALITY = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # 0.7 releases, 0.8 alerts


class Metrics:
    """Emitters only; nothing here reads a store."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._values: dict[str, set[str]] = {}
        self._alerted: set[tuple[str, str]] = set()
        counter, histogram, gauge = self._counter, self._histogram, self._gauge
        self._runs = counter("arriero_runs", "Live runs by how they ended.", "app outcome origin")
        self._seconds = histogram(
            "arriero_run_seconds", "Whole live runs, record included.", "app", RUN_SECONDS
        )
        self._stages = histogram(
            "arriero_stage_seconds", "Stages of live runs.", "app stage", STAGE_SECONDS
        )
        self._intents = counter("arriero_intents", "Understood intents.", "app intent")
        self._sentiments = counter("arriero_sentiments", "Understood sentiments.", "app sentiment")
        self._quality = histogram("arriero_quality", "Scores of answers, 0 to 1.", "app", QUALITY)
        self._tokens = counter("arriero_tokens", "Tokens of model calls.", "app direction")
        self._alerts = gauge("arriero_alert", "1 while a threshold is crossed.", "app name")
        self._run_errors = counter(
            "arriero_run_errors", "Live runs that failed, or fell back for an error.", "app"
        )
        self._webhooks = counter(
            "arriero_webhooks", "Tries to tell a receiver of an alert.", "webhook result"
        )
        self._requests = counter("http_requests", "Answered requests.", "handler method status")
        self._request_seconds = histogram(
            "http_request_duration_seconds",
            "Requests from their first byte in to their last byte out.",
            "handler method",
            RUN_SECONDS,
        )
        gauge("arriero_build_info", "1; the version is a label.", "version").labels(
            this_version()
        ).set(1)

    def run(self, run: Run) -> None:
        """Count a finished run. Shadow runs and replays are nobody's request, so they do not count."""
        if run.mode is not Mode.LIVE:
            return
        origin = self._capped("origin", run.origin or "none")
        self._runs.labels(run.app, run.ended.value, origin).inc()
        self._run_errors.labels(run.app).inc(
            _is_error(run)
        )  # by 0 too: a rate needs its first value
        self._seconds.labels(run.app).observe(run.duration_ms / 1e3)
        for stage in run.stages:
            self._stages.labels(run.app, stage.stage.value).observe(stage.ms / 1e3)
        if intent := run.labels.get("intent"):
            self._intents.labels(run.app, self._capped("intent", intent)).inc()
        if sentiment := run.labels.get("sentiment"):
            self._sentiments.labels(run.app, self._capped("sentiment", sentiment)).inc()
        if run.score is not None:
            self._quality.labels(run.app).observe(run.score)
        self._tokens.labels(run.app, "in").inc(run.tokens_in)
        self._tokens.labels(run.app, "out").inc(run.tokens_out)

    def alert(self, alert: Alert) -> None:
        """Show an alert as open, or as cleared."""
        place = alert.app, self._capped("alert", alert.name)
        self._alerted.add(place)
        self._alerts.labels(*place).set(alert.cleared_at is None)

    def alerts(self, open_now: Sequence[Alert]) -> None:
        """Show these as open and every other as cleared: another process may have found out."""
        places = {(alert.app, self._capped("alert", alert.name)) for alert in open_now}
        self._alerted |= places
        for place in self._alerted:
            self._alerts.labels(*place).set(place in places)

    def webhook(self, name: str, result: str) -> None:
        """Count a try to send to a webhook: `delivered`, `failed` or `given_up`."""
        self._webhooks.labels(self._capped("webhook", name), result).inc()

    def request(self, handler: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request; `handler` is the route's template, never the path asked for."""
        self._requests.labels(handler, method, str(status)).inc()
        self._request_seconds.labels(handler, method).observe(seconds)

    def text(self) -> bytes:
        """Everything in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

    def _capped(self, label: str, value: str) -> str:
        known = self._values.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
        return value

    def _counter(self, name: str, says: str, labels: str) -> Counter:
        return Counter(name, says, labels.split(), registry=self.registry)

    def _gauge(self, name: str, says: str, labels: str) -> Gauge:
        return Gauge(name, says, labels.split(), registry=self.registry)

    def _histogram(
        self, name: str, says: str, labels: str, buckets: tuple[float, ...]
    ) -> Histogram:
        return Histogram(name, says, labels.split(), buckets=buckets, registry=self.registry)


def _is_error(run: Run) -> bool:
    """What the ledger's window counts as an error (`store.rows.is_error`; a test compares the two)."""
    fell = run.ended is Ended.FALLBACK and run.reason.startswith("error:")
    return fell or run.ended is Ended.FAILED


def this_version() -> str:
    """The version of Arriero that runs here."""
    try:
        return version("arriero")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"
