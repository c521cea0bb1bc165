"""`arriero learn exams`: held now, listed, and refused where there is nothing to ask."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from arriero.cli.learn_exams import exams
from arriero.learning.exams import KIND
from arriero.store.base import Artefact, ArtefactRegistered
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.cli.conftest import Place

KEPT = {
    "value": 0.625, "n": 4, "right": 2, "low": 0.15, "high": 0.85, "wrong": ["golden-1", "golden-3"],
    "least": 0.7, "variant": "support@a", "golden": "g", "runs": [],
}  # fmt: skip


def test_exams_are_listed_with_what_was_not_right(place: Place) -> None:
    place.data.mkdir()
    assert "no exam yet" in place.run("learn", "exams").out

    async def keep() -> None:
        ledger = open_ledger(sqlite_url(place.data / "ledger.db"))
        at = datetime(2026, 11, 27, 3, tzinfo=UTC)
        made = Artefact(KIND, "a" * 64, "default", "support", KEPT, at)
        await ledger.commit(ArtefactRegistered(made, "arriero"))
        await ledger.close()

    asyncio.run(keep())
    assert place.run("learn", "exams", "support").out == (
        "2026-11-27 03:00  support  value 0.62, alert below 0.70  "
        "2 of 4 wholly right (15% to 85%)  support@a\n"
        "  not right: golden-1, golden-3\n"
    )
    assert "no exam yet" in place.run("learn", "exams", "chat").out


def test_now_needs_an_app(place: Place) -> None:
    assert "--now needs the name of an app" in place.run("learn", "exams", "--now").err


@pytest.mark.slow
def test_an_exam_is_held_now_and_one_without_questions_is_refused(place: Place) -> None:
    where = ["--config", str(place.folder / "arriero.toml"), "--data", str(place.data)]
    held = CliRunner().invoke(exams, ["support", "--now", *where], catch_exceptions=False)
    assert "  support  value 0." in held.output
    assert " of 60 wholly right (" in held.output
    none = CliRunner().invoke(exams, ["chat", "--now", *where])
    assert str(none.exception) == (
        "the app 'chat' has no golden questions, so there is no exam to hold"
    )
