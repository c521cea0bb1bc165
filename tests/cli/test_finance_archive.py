"""`arriero finance search`, `show`, `hold` and the approval of an analysis, on a folder without a server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from arriero.cli import _arriero as arriero
from arriero.core.errors import ArrieroError
from tests.apps.finance.test_releases import FIRM
from tests.cli.conftest import FAKES

ASK = ("ask", "finance", "--sample", "XTAM", "--client", "c-1", "--json")
Command = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Command:
    """Runs `arriero ...` in this process, over a data folder of its own, for a firm whose analyses wait."""
    said = "\n".join(f"{name} = {json.dumps(value)}" for name, value in FIRM.items())
    config = tmp_path / "arriero.toml"
    config.write_text(f"{FAKES}\n[apps.finance.firm]\n{said}\n")
    places = ("--config", str(config), "--data", str(tmp_path / "data"))
    return lambda *argv: CliRunner().invoke(arriero, [*argv, *places])


def refused(ended: Result) -> str:
    """The sentence with which a command ended."""
    assert isinstance(ended.exception, ArrieroError), ended
    return ended.exception.message


def made(run: Command) -> str:
    ended = run(*ASK)
    assert ended.exit_code == 0, ended.output
    return str(json.loads(ended.stdout)["run"]["id"])


def test_an_analysis_is_approved_found_shown_and_withdrawn(run: Command, tmp_path: Path) -> None:
    id = made(run)
    listed = run("finance", "search", "--client", "c-1", "--ticker", "XTAM").stdout
    assert id in listed
    assert "waits for approval" in listed
    task = f"publication_approval:{id}"
    done = run("finance", "rules", "--approve", task, "--actor", "principal")
    assert "resolved by principal" in done.stdout, done
    shown = run("finance", "show", id).stdout
    assert "HOLD" in shown
    assert "status: released after approval by principal" in shown
    assert "compliance: released after approval\n" in shown
    told = run("runs", "show", id).stdout
    assert f"publication publication:{id}: released by principal" in told
    assert told.count("Close of 2026-03-31") == 1, "what was approved is what was published"
    assert "'" not in told.splitlines()[0], "what was asked is JSON, not Python"
    assert "would_change" not in told, "the text, not the whole answer"
    run("finance", "withdraw", id, "--reason", "a wrong figure")
    assert "withdrawn" in run("finance", "search").stdout
    page = tmp_path / "withdrawn.html"
    shown = run("finance", "show", id, "--html", str(page)).stdout
    assert "· withdrawn (was HOLD) ·" in shown
    assert "compliance: withdrawn (a wrong figure)" in shown
    assert re.search("<strong>status: withdrawn by .* a wrong figure</strong>", page.read_text())
    assert re.search('<span class="rating ">withdrawn .was HOLD.</span>', page.read_text())
    told = json.loads(run("finance", "show", id, "--json").stdout)
    assert (told["compliance_status"], told["reason"]) == ("withdrawn", "a wrong figure")


def test_a_client_under_hold_is_not_erased(run: Command) -> None:
    id = made(run)
    held = run("finance", "hold", "c-1", "--reason", "an inquiry", "--actor", "counsel")
    assert "held by counsel" in held.stdout
    forget = ("learn", "forget", "--person", "c-1", "--yes")
    assert "under legal hold are 'c-1' by counsel" in refused(run(*forget))
    assert "held" in run("finance", "search").stdout
    assert "an inquiry" in run("finance", "hold").stdout
    assert "lifted by" in run("finance", "hold", "c-1", "--lift", "--reason", "closed").stdout
    assert "erased: 1 runs" in run(*forget).stdout
    assert "status: erased" in run("finance", "show", id).stdout
    assert "nothing is under legal hold" in run("finance", "hold").stdout


def test_what_is_asked_wrongly_is_told_in_a_sentence(run: Command) -> None:
    assert "name a client or a run" in refused(run("finance", "hold", "--lift"))
    assert "need a reason" in refused(run("finance", "hold", "c-1"))
    assert "no analysis 'nothing'" in refused(run("finance", "show", "nothing"))
    assert "is no ticker" in refused(run("finance", "search", "--ticker", "X Y"))
