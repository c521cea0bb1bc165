from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from arriero.core.words import Alert, Ended, Mode, Run, Stage, StageTime
from arriero.observe.metrics import MOST_VALUES, Metrics

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = Run(
    id="r-1",
    tenant="default",
    app="support",
    unit="c-7",
    actor="key-1",
    mode=Mode.LIVE,
    variant="support@1",
    config="abc",
    started_at=NOW,
    duration_ms=120.0,
    ended=Ended.ANSWERED,
    reason="",
    score=0.83,
    input={},
    answer={},
    origin="template",
    labels={"intent": "order_status", "sentiment": "neutral"},
    stages=(StageTime(Stage.GATHER, 12.0), StageTime(Stage.DRAFT, 80.0)),
    tokens_in=400,
    tokens_out=60,
)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def read(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    """The value of one sample, read back from the text as Prometheus would."""
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def test_a_run_is_counted_by_how_it_ended(metrics: Metrics) -> None:
    metrics.run(RUN)
    labels = {"app": "support", "outcome": "answered", "origin": "template"}
    assert read(metrics, "arriero_runs_total", **labels) == 1


def test_times_are_in_seconds(metrics: Metrics) -> None:
    metrics.run(RUN)
    assert read(metrics, "arriero_run_seconds_sum", app="support") == pytest.approx(0.12)
    stage = read(metrics, "arriero_stage_seconds_sum", app="support", stage="draft")
    assert stage == pytest.approx(0.08)


def test_intents_sentiments_quality_and_tokens_are_counted(metrics: Metrics) -> None:
    metrics.run(RUN)
    assert read(metrics, "arriero_intents_total", app="support", intent="order_status") == 1
    assert read(metrics, "arriero_sentiments_total", app="support", sentiment="neutral") == 1
    assert read(metrics, "arriero_quality_bucket", app="support", le="0.8") == 0
    assert read(metrics, "arriero_quality_bucket", app="support", le="0.9") == 1
    assert read(metrics, "arriero_tokens_total", app="support", direction="in") == 400
    assert read(metrics, "arriero_tokens_total", app="support", direction="out") == 60


def test_a_run_without_a_score_leaves_quality_alone(metrics: Metrics) -> None:
    metrics.run(replace(RUN, score=None))
    assert read(metrics, "arriero_quality_count", app="support") is None


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
def test_a_run_that_nobody_asked_for_is_not_counted(metrics: Metrics, mode: Mode) -> None:
    metrics.run(replace(RUN, mode=mode))
    assert "support" not in metrics.text().decode()


def test_no_id_becomes_a_label(metrics: Metrics) -> None:
    metrics.run(RUN)
    text = metrics.text().decode()
    assert not any(id in text for id in ("r-1", "c-7", "key-1", "support@1"))


def test_a_runaway_label_is_capped(metrics: Metrics) -> None:
    for number in range(MOST_VALUES + 50):
        metrics.run(replace(RUN, labels={"intent": f"made-up-{number}"}))
    assert read(metrics, "arriero_intents_total", app="support", intent="other") == 50
    assert metrics.text().decode().count("arriero_intents_total{") == MOST_VALUES + 1


def test_an_alert_is_one_while_open_and_zero_when_cleared(metrics: Metrics) -> None:
    alert = Alert("a", "support", "quality", 0.7, 0.8, NOW)
    metrics.alert(alert)
    assert read(metrics, "arriero_alert", app="support", name="quality") == 1
    metrics.alert(replace(alert, cleared_at=NOW))
    assert read(metrics, "arriero_alert", app="support", name="quality") == 0


def test_requests_are_counted_by_handler_and_status(metrics: Metrics) -> None:
    metrics.request("/v1/runs/{id}", "GET", 404, 0.002)
    labels = {"handler": "/v1/runs/{id}", "method": "GET"}
    assert read(metrics, "http_requests_total", **labels, status="404") == 1
    assert read(metrics, "http_request_duration_seconds_sum", **labels) == pytest.approx(0.002)


def test_two_platforms_do_not_share_their_numbers(metrics: Metrics) -> None:
    other = Metrics()
    metrics.run(RUN)
    assert read(other, "arriero_run_seconds_count", app="support") is None


def test_the_version_is_told(metrics: Metrics) -> None:
    assert "arriero_build_info{version=" in metrics.text().decode()
