"""The command line as a whole, and the commands that only print."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from arriero.cli import COMMANDS
from arriero.cli.scoreboard import scoreboard
from tests.cli.conftest import FAKES, PROGRAM, Place, starting

SLOW_TO_IMPORT = {"numpy", "fastapi", "sqlalchemy", "rich", "httpx", "alembic", "uvicorn"}


def _command(name: str) -> click.Command:
    module, attribute, _ = COMMANDS[name]
    command = getattr(import_module(f"arriero.cli.{module}"), attribute)
    assert isinstance(command, click.Command)
    return command


def test_help_lists_every_command_with_its_line(place: Place) -> None:
    said = place.run("--help").out
    for name, (_, _, line) in COMMANDS.items():
        assert name in said
        assert line in said


def test_help_imports_nothing_that_is_slow_to_import(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.argv = ['arriero', '--help']\nfrom arriero.cli import main\nmain()\n"
        f"print('slow:', sorted({SLOW_TO_IMPORT!r}.intersection(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.endswith("slow: []\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_own_help(name: str) -> None:
    done = CliRunner().invoke(_command(name), ["--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage:")


def test_an_unknown_command_is_a_usage_error(place: Place) -> None:
    done = place.run("sing")
    assert done.status == 2
    assert "No such command 'sing'" in done.err


def test_an_output_that_nobody_reads_on_is_no_traceback(place: Place) -> None:
    many = "".join(f"[deployments.d{n}]\nurl = 'u'\nmodel = 'm'\n" for n in range(999))
    place.configure(FAKES + many)  # more output than a pipe holds
    done = place.call(["bash", "-c", f"'{PROGRAM}' config | head -1"])
    assert done.out == "{\n"
    assert done.err == ""


def test_config_prints_what_is_in_force_with_defaults_filled_in(place: Place) -> None:
    told = json.loads(place.run("config").out)
    assert told["models"]["encoder"] == "fake:hash"
    assert told["apps"]["support"]["thresholds"]["error_rate"] == 0.05


def test_the_hash_of_the_settings_is_the_same_each_time_and_changes_with_them(
    place: Place,
) -> None:
    first, second = (json.loads(place.run("config").out)["hash"] for _ in range(2))
    place.configure(FAKES.replace("fake:neutral", "fake:angry"))
    assert first == second
    assert json.loads(place.run("config").out)["hash"] != first


def test_config_hides_the_password_of_a_url(place: Place) -> None:
    place.configure(
        '[store]\nledger = "postgresql://me:s3cret@127.0.0.1/arriero"\n'
        '[deployments.d]\nurl = "http://me:s3cret@127.0.0.1/v1"\nmodel = "m"\n' + FAKES
    )
    done = place.run("config")
    assert "s3cret" not in done.out
    assert json.loads(done.out)["store"]["ledger"] == "postgresql://me:***@127.0.0.1/arriero"


def test_scoreboard_shows_every_claim_measured_or_why_not() -> None:
    rows = json.loads(CliRunner().invoke(scoreboard, ["--json"]).output)
    assert {row["system"] for row in rows} >= {"support", "codegen", "finance"}
    assert all(row["measured"] or row["because"] for row in rows)


def test_scoreboard_shows_a_number_with_its_n_beside_the_claim() -> None:
    rows = json.loads(CliRunner().invoke(scoreboard, ["--json"]).output)
    said = CliRunner(env={"COLUMNS": "300"}).invoke(scoreboard, []).output
    measured = [row for row in rows if row["measured"]]
    assert measured
    for row in measured:
        assert any(
            row["claim"] in line and str(row["measured"]["n"]) in line for line in said.splitlines()
        )


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_worker_names_its_jobs_and_ends_well(place: Place, number: int) -> None:
    with starting(place, "worker") as worker:
        worker.wait_for("working on alerts, outbox")
        assert worker.end(number) == 0
        assert worker.out.endswith("arriero: stopped\n")
        assert worker.err == ""
