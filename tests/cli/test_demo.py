"""`arriero demo chaos`: a short show over real processes, and the count that ends it."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arriero.assembly import TENANT
from arriero.bench.witness import Witness
from arriero.cli.demo_chaos import Count, _said, counted, fell_back
from arriero.core.words import Call, Ended, Feedback
from arriero.store.base import FeedbackGiven, RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from tests.cli.conftest import Place, left_of, one_sentence, starting
from tests.store.samples import a_run, a_trace

FAILED = Call("response_generator", "m", None, {}, None, error="model 'm' at port 4711 is gone")


@pytest.mark.slow
def test_a_short_show_kills_all_three_and_loses_nothing(place: Place) -> None:
    with starting(place, "demo", "chaos", "--seconds", "8") as show:
        assert show.process.wait(60) == 0, show.out + show.err
    last = show.out.split("arriero: stopped")[1]
    told = re.search(r"acknowledged (\d+) .*, lost 0, fallbacks (\d+) with reasons:", last)
    assert told, show.out
    assert int(told[1]) > 20
    assert int(told[2]) > 0
    assert "without the model: model 'demo'" in last
    kills = dict(re.findall(r"│ (\w+)[^│]*│[^│]*│[^│]*│ (\d)", show.out))
    assert kills["server"] == "1"
    assert kills["model"] == "2"
    assert "broken off 0" not in show.out  # the server was killed with requests under way


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_that_it_started(place: Place, number: signal.Signals) -> None:
    with starting(place, "demo", "chaos", "--seconds", "60") as show:
        ends = time.monotonic() + 25
        family = show.family()
        while len(family) < 4 and time.monotonic() < ends:  # itself, server, model, Valkey
            time.sleep(0.1)
            family = show.family()
        time.sleep(1)
        family = show.family()
        assert len(family) >= 4, show.out + show.err
        show.end(number)
        assert left_of(family) == set()
    assert "Traceback" not in show.err


def test_a_show_that_is_too_short_is_a_usage_error(place: Place) -> None:
    done = place.run("demo", "chaos", "--seconds", "1")
    assert done.status == 2
    assert "1.0 is not in the range x>=5.0" in done.err


def test_real_models_that_are_not_pulled_are_one_sentence(place: Place) -> None:
    said = place.run("demo", "chaos", "--real", env={"HOME": str(place.folder)})
    assert "arriero models pull smollm2-135m" in one_sentence(said)


async def test_what_the_ledger_lacks_is_lost(tmp_path: Path) -> None:
    run = replace(a_run(), id="run-1", tenant=TENANT)
    fallback = replace(run, id="run-2", ended=Ended.FALLBACK, reason="quality 0.61 below 0.7")
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    await ledger.commit(RunRecorded(run, a_trace()))
    await ledger.commit(RunRecorded(fallback, a_trace()))
    thumb = Feedback("said-1", TENANT, "run-1", "k", datetime.now(UTC), "thumb", True)
    await ledger.commit(FeedbackGiven(thumb))
    await ledger.close()
    held = Witness(runs=["run-1", "run-2"], feedback=["said-1"])
    found = await counted(tmp_path, held)
    assert (found.acknowledged, found.lost, found.good) == (3, 0, True)
    assert found.fallbacks["quality N below N"] == 1
    more = Witness(runs=["run-1", "run-9"], feedback=["said-1", "said-9"])
    found = await counted(tmp_path, more)
    assert (found.acknowledged, found.lost, found.good) == (4, 2, False)


def test_a_show_in_which_nothing_was_acknowledged_is_no_success() -> None:
    assert not Count(0, 0, 0, Counter()).good


def test_an_answer_that_went_without_the_model_says_why() -> None:
    trace = replace(a_trace(), calls=(FAILED,))
    answered = replace(a_run(), ended=Ended.ANSWERED)
    assert fell_back(answered, trace) == "answered without the model: model 'm' at port N is gone"
    assert fell_back(answered, replace(trace, calls=())) == ""
    assert fell_back(answered, None) == ""


def test_the_last_line_counts_and_gives_reasons() -> None:
    said = _said(Count(3, 2, 1, Counter({"too slow": 2, "gone": 1})))
    assert said.splitlines() == [
        "acknowledged 5 (3 answers, 2 feedback), lost 1, fallbacks 3 with reasons:",
        "       2  too slow",
        "       1  gone",
    ]
