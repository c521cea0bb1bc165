"""`arriero runs`: list, show and replay."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from arriero.cli.runs import changed
from arriero.core.words import Mode
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.cli.conftest import FAKES, Ended, Place, one_sentence
from tests.store.samples import recorded

Asked = tuple[Place, Ended]


def _run(asked: Asked) -> str:
    return str(json.loads(asked[1].out)["run"]["id"])


def test_list_prints_whole_ids_even_in_a_narrow_window(asked: Asked) -> None:
    said = asked[0].run("runs", "list", env={"COLUMNS": "60"}).out
    assert _run(asked) in said


def test_list_keeps_to_the_app_that_was_named(asked: Asked) -> None:
    assert _run(asked) in asked[0].run("runs", "list", "--app", "support").out
    assert _run(asked) not in asked[0].run("runs", "list", "--app", "chat").out


def test_list_shows_what_nobody_was_shown_when_asked_to(place: Place) -> None:
    place.data.mkdir()

    async def fill() -> None:
        ledger = open_ledger(sqlite_url(place.data / "ledger.db"))
        modes = {"shown": Mode.LIVE, "unseen": Mode.SHADOW, "again": Mode.REPLAY}
        for id, mode in modes.items():
            actor = "shop [prod]"
            await ledger.commit(recorded(id=id, tenant="default", mode=mode, actor=actor))
        await ledger.close()

    asyncio.run(fill())
    usual, every = (place.run("runs", "list", *more).out for more in ((), ("--all",)))
    assert "shown" in usual
    assert "shop [prod]" in usual
    assert "unseen" not in usual
    assert "again" not in usual
    assert "shadow" in every
    assert "unseen" in every
    assert "again" in every


def test_list_takes_no_limit_below_one(asked: Asked) -> None:
    assert asked[0].run("runs", "list", "--limit", "0").status == 2


def test_show_prints_question_answer_and_stages(asked: Asked) -> None:
    said = asked[0].run("runs", "show", _run(asked)).out
    for part in ("asked: Where is my order 10234?", "answered", "understand", "total"):
        assert part in said


def test_show_json_has_the_trace_of_the_run(asked: Asked) -> None:
    told = json.loads(asked[0].run("runs", "show", "--json", _run(asked)).out)
    assert told["run"]["id"] == _run(asked)
    assert told["trace"]["seen"]["intent"] == "order_status"


def test_replay_says_identical(asked: Asked) -> None:
    done = asked[0].run("runs", "replay", _run(asked))
    assert (done.status, done.out) == (0, "identical\n")


def test_replay_shows_the_stage_that_came_out_different(asked: Asked) -> None:
    settings = "[apps.support]\norder_number = 'none'\n" + FAKES
    (asked[0].folder / "other.toml").write_text(settings)
    done = asked[0].run("runs", "replay", _run(asked), "--config", "other.toml")
    assert done.status == 1
    assert done.out.startswith("understand\n  ")
    assert re.search("  [a-z_.]+: was .*10234.*, now ", done.out)


def test_of_two_values_only_what_differs_is_told() -> None:
    was = {"code": "x" * 900, "terms": [{"got": 1.0, "why": ""}, {"got": 2.0, "why": "none"}]}
    now = {"code": "x" * 900, "terms": [{"got": 1.0, "why": ""}, {"got": 2.5, "why": "some"}]}
    assert list(changed(was, was)) == []
    assert list(changed(was, now)) == [
        "terms[1].got: was 2.0, now 2.5",
        'terms[1].why: was "none", now "some"',
    ]
    assert list(changed(["a"], ["a", "b"])) == ['was ["a"], now ["a", "b"]']
    assert list(changed({"a": 1}, None)) == ['was {"a": 1}, now null']


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_run_is_one_sentence(asked: Asked, command: str) -> None:
    sentence = one_sentence(asked[0].run("runs", command, "no-such-run"))
    assert "there is no run 'no-such-run'" in sentence
    assert "arriero runs list" in sentence
