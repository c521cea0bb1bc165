"""`arriero audit`: verified without a server, anchored, exported, and told in one sentence when wrong."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import zipfile

import pytest

from arriero.core.words import canonical_json
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.cli.conftest import Place, one_sentence
from tests.store.samples import recorded


@pytest.fixture
def filled(place: Place) -> Place:
    """A data folder with three runs, one of them erased by nobody."""
    place.data.mkdir()

    async def fill() -> None:
        ledger = open_ledger(sqlite_url(place.data / "ledger.db"))
        await ledger.commit(*(recorded(id=f"run-{n}", tenant="default") for n in range(3)))
        await ledger.close()

    asyncio.run(fill())
    return place


def test_a_log_is_anchored_verified_and_a_cut_one_found(filled: Place) -> None:
    made = filled.run("audit", "anchor", "--out", "anchor.json")
    assert (made.status, made.out) == (0, "anchor.json: 3 events\n")
    fine = filled.run("audit", "verify", "--anchor", "anchor.json")
    assert fine.status == 0, fine.err
    assert "3 events, 3 rows, 1 signed heads" in fine.out
    assert "anchored up to event 3" in fine.out
    assert fine.out.rstrip().endswith("sound")
    with sqlite3.connect(filled.data / "ledger.db") as connection:
        connection.execute("DELETE FROM audit WHERE seq = 3")
        connection.execute("DELETE FROM audit_heads")
        connection.execute("DELETE FROM runs WHERE id = 'run-2'")
    connection.close()
    assert filled.run("audit", "verify").status == 0
    cut = filled.run("audit", "verify", "--anchor", "anchor.json", "--json")
    assert cut.status == 1
    assert json.loads(cut.out)["findings"] == [
        ["anchor", "of 3 leaves", "is larger than the log, which has 2 leaves"]
    ]


def test_an_edited_row_is_named(filled: Place) -> None:
    with sqlite3.connect(filled.data / "ledger.db") as connection:
        connection.execute("UPDATE runs SET score = 1 WHERE id = 'run-1'")
    connection.close()
    told = filled.run("audit", "verify")
    assert told.status == 1
    assert "row      run run-1: was edited" in told.out
    assert "NOT SOUND: 1 finding\n" in told.out


def test_a_mistyped_key_is_no_finding_about_the_log(filled: Place) -> None:
    assert "'12ab' is no public key" in one_sentence(filled.run("audit", "verify", "--key", "12ab"))


def test_a_receipt_is_json_or_a_page(filled: Place) -> None:
    told = json.loads(filled.run("audit", "receipt", "run-1").out)
    assert told["receipts"][0]["event"]["subject"] == "run-1"
    assert "On its way" in told["receipts"][0]["content"]
    assert filled.run("audit", "receipt", "run-1", "--html", "r.html").status == 0
    assert "run-1" in (filled.folder / "r.html").read_text(encoding="utf-8")
    wrong = filled.run("audit", "receipt", "run-9")
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert "there is no run 'run-9'" in wrong.err


@pytest.mark.slow
def test_an_export_is_checked_by_its_own_script(filled: Place) -> None:
    made = filled.run("audit", "export", "out.zip", "--from", "2020-01-01")
    assert made.out.startswith("out.zip: 3 events")
    with zipfile.ZipFile(filled.folder / "out.zip") as zipped:
        zipped.extractall(filled.folder / "out")
    told = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"],
        cwd=filled.folder / "out", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0
    assert told.stdout.startswith("3 of 3 receipts hold")
    assert filled.run("audit", "export", "x.zip", "--to", "2020-01-01").out.startswith("x.zip: 0 ")
    swapped = filled.run("audit", "export", "x.zip", "--from", "2021-01-01", "--to", "2020-01-01")
    assert (swapped.status, "is not before" in swapped.err) == (2, True)


def test_an_export_says_that_its_last_day_is_not_included(filled: Place) -> None:
    day = ("--from", "2020-01-01", "--to", "2020-01-01")
    same = one_sentence(filled.run("audit", "export", "x.zip", *day))
    assert "not included: for 2020-01-01 alone give --to 2020-01-02" in same
    none = filled.run("audit", "export", "x.zip", "--to", "2020-01-01")
    assert none.status == 0
    assert none.out.endswith("nothing was recorded in that time; 2020-01-01 is not included\n")


def test_nothing_recorded_and_no_anchor_are_one_sentence_each(place: Place) -> None:
    place.data.mkdir()
    assert "nothing is recorded yet" in place.run("audit", "anchor").err
    (place.folder / "a.json").write_bytes(canonical_json({}))
    wrong = place.run("audit", "verify", "--anchor", "a.json")
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert "is no anchor" in wrong.err


def test_a_file_that_cannot_be_written_is_one_sentence(filled: Place) -> None:
    for words in (
        ("anchor", "--out", "none/a.json"),
        ("receipt", "run-1", "--html", "none/r.html"),
        ("export", "none/x.zip"),
    ):
        assert "'none/" in one_sentence(filled.run("audit", *words))
