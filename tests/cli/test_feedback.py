"""`arriero feedback RUN`: with a server running over the folder, and without."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.cli.feedback import feedback
from arriero.core.errors import InputError, NotFound
from arriero.core.words import Feedback, Run
from arriero.store.base import RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.store.samples import a_run, a_trace


@pytest.fixture
def run(tmp_path: Path) -> Run:
    trace = a_trace()
    run = a_run(trace, tenant="default")

    async def fill() -> None:
        ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
        await ledger.commit(RunRecorded(run, trace))
        await ledger.close()

    asyncio.run(fill())
    return run


def given(folder: Path, run: Run) -> dict[str, Feedback]:
    async def read() -> dict[str, Feedback]:
        ledger = open_ledger(sqlite_url(folder / "ledger.db"))
        found = {one.kind: one for one in await ledger.feedback("default", run.id)}
        await ledger.close()
        return found

    return asyncio.run(read())


def say(folder: Path, *argv: str, text: str = "") -> str:
    told = CliRunner().invoke(
        feedback, [*argv, "--data", str(folder)], input=text, catch_exceptions=False
    )
    assert told.exit_code == 0, told.output
    return told.output


def test_several_things_are_said_at_once(tmp_path: Path, run: Run) -> None:
    out = say(
        tmp_path, run.id, "--rating", "2", "--edit", "-", "--label", "intent=refund",
        "--comment", "too long", "--user", "c-1", text="Two to four days.\n",
    )  # fmt: skip
    found = given(tmp_path, run)
    assert sorted(out.split()) == sorted(one.id for one in found.values())
    assert found["rating"].value == 2
    assert found["edit"].value == "Two to four days."
    assert found["label"].value == {"intent": "refund"}
    assert found["rating"].comment == "too long"
    assert found["rating"].actor.startswith("cli/")


def test_a_comment_alone_is_feedback(tmp_path: Path, run: Run) -> None:
    say(tmp_path, run.id, "--comment", "too long")
    assert given(tmp_path, run)["comment"].value == "too long"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "say something"),
        (("--edit", "no-such-file"), "cannot be read"),
        (("--label", "refund"), "NAME=VALUE"),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(
    tmp_path: Path, run: Run, argv: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        say(tmp_path, run.id, *argv)


def test_a_run_that_is_not_there_is_said(tmp_path: Path, run: Run) -> None:
    with pytest.raises(NotFound, match="take run_id"):
        say(tmp_path, "nope", "--thumb", "up")
