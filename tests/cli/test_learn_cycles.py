"""`arriero learn start | status | explain | abort`: without a server, over the ledger alone."""

from __future__ import annotations

import asyncio
import json

import pytest

from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.cli.conftest import FAKES, Place, one_sentence
from tests.learning.evaluations import evaluated


@pytest.fixture
def told(place: Place) -> Place:
    """A data folder with one cycle that waits at its gate."""
    place.data.mkdir()

    async def fill() -> None:
        ledger = open_ledger(sqlite_url(place.data / "ledger.db"))
        await evaluated(ledger, 5, 2)
        await ledger.close()

    asyncio.run(fill())
    return place


def test_a_cycle_is_listed_explained_and_ended(told: Place) -> None:
    assert json.loads(told.run("learn", "status", "--json").out)[0]["state"] == "gated"
    assert "| order_status | 5 | 2 | 0 |" in told.run("learn", "explain", "c-1").out
    made = told.run("learn", "explain", "c-1", "--html", "cycle.html")
    assert made.status == 0
    assert "<polyline" in (told.folder / "cycle.html").read_text(encoding="utf-8")
    assert "aborted by cli" in told.run("learn", "abort", "c-1").out
    again = told.run("learn", "abort", "c-1")
    assert (again.status, "has ended" in again.err) == (2, True)
    nowhere = told.run("learn", "explain", "c-1", "--html", "none/cycle.html")
    assert "'none/cycle.html' cannot be written" in one_sentence(nowhere)
    unknown = told.run("learn", "explain", "c-9")
    assert (unknown.status, unknown.err.count("\n")) == (2, 1)


def test_judging_needs_a_server_and_an_evaluation(told: Place, place: Place) -> None:
    assert "no server runs over this data folder" in told.run("judge").err
    assert "no evaluation 'x'" in told.run("judge", "x").err


def test_a_cycle_is_begun_without_a_server_too(place: Place) -> None:
    place.configure(FAKES)
    made = place.run("learn", "start", "support", "--because", "a new policy")
    assert made.status == 0, made.err
    assert "of support began" in made.out
    assert "a new policy" in place.run("learn", "status").out
    assert "does not learn" in place.run("learn", "start", "nope").err
