"""`arriero learn feedback`: the table, and the same as JSON."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.cli.learn_feedback import feedback
from arriero.core.errors import InputError
from arriero.core.words import Stage, StageTime
from arriero.store.base import FeedbackGiven, RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.learning.rated import run, said, trace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    async def fill() -> None:
        ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
        for place in range(60):
            intent = "refund" if place % 3 == 0 else "status"
            failed = (StageTime(Stage.GATHER, 1.0, "error: gone"),) if place == 0 else ()
            made = run(unit=f"c-{place}", labels={"intent": intent}, app="support", stages=failed)
            await ledger.commit(
                RunRecorded(made, trace(made)),
                FeedbackGiven(said(made, "thumb", intent == "status")),
            )
        await ledger.close()

    asyncio.run(fill())
    return tmp_path


def told(folder: Path, *argv: str) -> str:
    result = CliRunner().invoke(feedback, [*argv, "--data", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_to_fix_first_is_named_with_examples(folder: Path) -> None:
    out = told(folder)
    assert "20 of 60 answers" in out
    assert "fix label:intent 'refund' first: 20 of 20" in out
    assert out.count("arriero runs show ") == 5
    assert "…" not in out, "names are whole in 80 columns"
    assert re.search("stage +gather +1 of 20 ", out), "of all that was lost"


def test_everything_comes_as_json(folder: Path) -> None:
    (found,) = json.loads(told(folder, "support", "--json"))
    assert found["first"]["name"] == "refund"
    assert found["runs"] == 60
    assert {one["kind"] for one in found["groups"]} >= {"label:intent", "stage", "variant"}


def test_an_app_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(InputError, match="there is no app 'shop'"):
        told(folder, "shop")


def test_an_app_without_feedback_is_told_to_collect_some(folder: Path) -> None:
    assert "collect feedback first" in told(folder, "chat")
