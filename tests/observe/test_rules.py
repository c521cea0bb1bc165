"""Prometheus rules: what is committed is what the command prints, and the real promtool passes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from arriero.cli.alerts import rules as command
from arriero.core.settings import Thresholds
from arriero.core.words import Ended, Mode
from arriero.observe.metrics import Metrics
from arriero.observe.rules import rules
from arriero.store.rows import is_error
from tests.observe.test_metrics import RUN, read

NAMES = re.compile(r"increase\((\w+)\{")


@pytest.fixture
def folder(repository: Path) -> Path:
    return repository / "deploy" / "prometheus"


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found:
        return found
    reason = "promtool is not installed; run as root: apt-get install prometheus"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"REQUIRE_SERVICES is set, but {reason}", pytrace=False)
    pytest.skip(reason)


def _tested(promtool: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [promtool, "test", "rules", str(folder / "arriero.rules.test.yml")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def _printed(config: Path, text: str = "") -> str:
    config.write_text(text)
    done = CliRunner().invoke(command, ["--config", str(config)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_committed_rules_are_what_the_command_prints(folder: Path, tmp_path: Path) -> None:
    assert (folder / "arriero.rules.yml").read_text() == _printed(tmp_path / "arriero.toml")


@pytest.mark.service
def test_promtool_passes_the_tests_of_the_rules(promtool: str, folder: Path) -> None:
    done = _tested(promtool, folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.service
@pytest.mark.parametrize(
    "wrong",
    [
        Thresholds(error_rate=0.07),
        Thresholds(response_time_ms=2_900),
        Thresholds(quality=0.82),
        Thresholds(minimum_runs=10),
        Thresholds(window_s=900),
    ],
)
def test_promtool_finds_rules_that_are_wrong(
    promtool: str, folder: Path, tmp_path: Path, wrong: Thresholds
) -> None:
    shutil.copy(folder / "arriero.rules.test.yml", tmp_path)
    (tmp_path / "arriero.rules.yml").write_text(rules({"chat": wrong, "support": wrong}))
    assert _tested(promtool, tmp_path).returncode != 0


@pytest.mark.service
def test_promtool_passes_the_configuration_and_rules_of_odd_names_and_numbers(
    promtool: str, folder: Path, tmp_path: Path
) -> None:
    odd = Thresholds(error_rate=1e-05, window_s=0.5, quality=1.0)
    (tmp_path / "odd.yml").write_text(rules({'a "quoted" naïve: app': odd}))
    checks = [("rules", tmp_path / "odd.yml"), ("config", folder / "prometheus.yml")]
    for kind, file in checks:
        done = subprocess.run(
            [promtool, "check", kind, str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_threshold_and_a_closed_app_change_the_rules(tmp_path: Path) -> None:
    text = _printed(
        tmp_path / "arriero.toml",
        "[apps.chat]\nenabled = false\n[apps.support.thresholds]\nerror_rate = 0.125\n",
    )
    assert "> 0.125 and" in text
    assert "chat" not in text


def test_no_apps_are_no_groups() -> None:
    assert rules({}).endswith("groups: []\n")


def test_every_metric_in_the_rules_is_one_that_a_server_shows() -> None:
    metrics = Metrics()
    metrics.run(RUN)
    families = text_string_to_metric_families(metrics.text().decode())
    shown = {sample.name for family in families for sample in family.samples}
    used = set(NAMES.findall(rules({"support": Thresholds()})))
    assert len(used) == 5
    assert used <= shown


@pytest.mark.parametrize("ended", list(Ended))
@pytest.mark.parametrize("reason", ["", "error: it broke", "quality 0.61 is below 0.7"])
def test_metrics_count_the_errors_that_the_ledger_counts(ended: Ended, reason: str) -> None:
    run, metrics = replace(RUN, ended=ended, reason=reason), Metrics()
    metrics.run(run)
    metrics.run(replace(run, mode=Mode.SHADOW))
    assert read(metrics, "arriero_run_errors_total", app="support") == float(is_error(run))


def test_a_webhooks_tries_are_counted_by_what_became_of_them() -> None:
    metrics = Metrics()
    metrics.webhook("ops", "failed")
    metrics.webhook("ops", "delivered")
    assert read(metrics, "arriero_webhooks_total", webhook="ops", result="failed") == 1
