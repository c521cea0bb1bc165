"""A drift since the last cycle is a reason for a new one; nothing else is."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.core.settings import DriftSettings
from arriero.core.words import Mode
from arriero.learning.lookout import PAGE, Lookout
from arriero.store.base import Ledger, RunRecorded
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger
from tests.learning.rated import START, run, trace

SETTINGS = DriftSettings(reference=100, batch=60)
USUAL, ODD = {"status": 7, "refund": 3}, {"status": 1, "refund": 9}
CHAMPION = "toy@1"
Vectors = NDArray[np.float32]


async def no_vectors(texts: Sequence[str]) -> Vectors | None:
    return None


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    made: Ledger = MemoryLedger()
    if request.param == "sqlite":
        made = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    yield made
    await made.close()


async def asked(
    ledger: Ledger,
    count: int,
    labels: Mapping[str, int],
    *,
    after: datetime = START,
    question: str = "Where is my order?",
    **changes: object,
) -> datetime:
    """So many runs, a minute apart, about what `labels` weigh; when the last one was."""
    chance, made = random.Random(count), []
    for number in range(count):
        at = after + timedelta(minutes=number + 1)
        intent = chance.choices(list(labels), list(labels.values()))[0]
        one = replace(run(question, at=at, labels={"intent": intent}), **changes)  # type: ignore[arg-type]
        made.append(RunRecorded(one, trace(one)))
    await ledger.commit(*made)
    return after + timedelta(minutes=count)


def lookout(ledger: Ledger, **changes: object) -> Lookout:
    made = Lookout(ledger, "default", "toy", SETTINGS, no_vectors)
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_what_is_asked_now_is_compared_with_what_was_asked_first(ledger: Ledger) -> None:
    last = await asked(ledger, 250, USUAL)
    now = await asked(ledger, 3 * SETTINGS.batch, ODD, after=last)
    told = await lookout(ledger).drifted(CHAMPION, None, now)
    assert told is not None
    assert told.startswith("drift of intent (js 0.")
    assert told.endswith("in each of the last 3 batches of 60 runs")


async def test_the_same_traffic_is_no_drift_however_long_it_goes_on() -> None:
    for seed in range(20):
        ledger, chance = MemoryLedger(), random.Random(seed)
        at, entries = START, []
        for number in range(280):
            at += timedelta(seconds=1)
            one = run(
                at=at, number=number, score=chance.random(), tokens_out=chance.randint(5, 300),
                labels={"intent": chance.choice("abcdefgh")},
            )  # fmt: skip
            entries.append(RunRecorded(one, trace(one)))
        await ledger.commit(*entries)
        assert await lookout(ledger).drifted(CHAMPION, None, at) is None


async def test_two_batches_that_differ_are_not_enough(ledger: Ledger) -> None:
    last = await asked(ledger, 250, USUAL)
    now = await asked(ledger, 2 * SETTINGS.batch, ODD, after=last)
    assert await lookout(ledger).drifted(CHAMPION, None, now) is None


async def test_too_few_runs_say_nothing(ledger: Ledger) -> None:
    last = await asked(ledger, SETTINGS.reference, USUAL)
    now = await asked(ledger, 3 * SETTINGS.batch - 1, ODD, after=last)
    assert await lookout(ledger).drifted(CHAMPION, None, now) is None
    assert await lookout(MemoryLedger()).drifted(CHAMPION, None, now) is None


async def test_a_cycle_is_a_new_beginning(ledger: Ledger) -> None:
    last = await asked(ledger, 250, USUAL)
    ended = await asked(ledger, 180, ODD, after=last)
    now = await asked(ledger, 400, ODD, after=ended)
    assert await lookout(ledger).drifted(CHAMPION, None, now) is not None
    assert await lookout(ledger).drifted(CHAMPION, ended, now) is None


async def test_only_live_runs_of_the_champion_count(ledger: Ledger) -> None:
    last = await asked(ledger, PAGE + 50, ODD, mode=Mode.SHADOW)
    last = await asked(ledger, 120, USUAL, after=last)
    now = await asked(ledger, 180, ODD, after=last, variant="toy@2")
    assert await lookout(ledger).drifted(CHAMPION, None, now) is None
    now = await asked(ledger, 180, ODD, after=now, tenant="umbrella")
    assert await lookout(ledger).drifted(CHAMPION, None, now) is None
    now = await asked(ledger, 180, ODD, after=now)
    assert await lookout(ledger).drifted(CHAMPION, None, now) is not None


async def test_what_no_training_mends_is_ignored_unless_settings_say_otherwise() -> None:
    ledger = MemoryLedger()
    last = await asked(ledger, 120, USUAL)
    now = await asked(ledger, 180, USUAL, after=last, duration_ms=9_000.0)
    assert await lookout(ledger).drifted(CHAMPION, None, now) is None
    heeding = lookout(ledger, settings=SETTINGS.model_copy(update={"ignored": ()}))
    assert "duration_ms" in str(await heeding.drifted(CHAMPION, None, now))


async def test_questions_of_another_kind_are_a_drift_where_nothing_is_labelled() -> None:
    async def vectors(texts: Sequence[str]) -> Vectors:
        chance = np.random.default_rng(len(texts))
        shift = np.array([[3.0 if "tent" in text else 0.0] * 8 for text in texts])
        return np.asarray(chance.normal(size=(len(texts), 8)) + shift, np.float32)

    ledger = MemoryLedger()
    last = await asked(ledger, 120, {"any": 1})
    now = await asked(ledger, 180, {"any": 1}, after=last, question="Is the tent dry?")
    told = await lookout(ledger, encode=vectors).drifted(CHAMPION, None, now)
    assert "questions (mmd" in str(told)


async def test_it_looks_once_an_hour_and_a_clock_that_goes_back_does_not_stop_it() -> None:
    ledger = MemoryLedger()
    last = await asked(ledger, 120, USUAL)
    now = await asked(ledger, 180, ODD, after=last)
    watching = lookout(ledger)
    assert await watching.drifted(CHAMPION, None, now) is not None
    assert await watching.drifted(CHAMPION, None, now + timedelta(minutes=59)) is None
    assert await watching.drifted(CHAMPION, None, now + timedelta(minutes=60)) is not None
    assert await watching.drifted(CHAMPION, None, now - timedelta(days=2)) is not None


async def test_a_lookout_that_is_off_says_nothing() -> None:
    ledger = MemoryLedger()
    last = await asked(ledger, 120, USUAL)
    now = await asked(ledger, 180, ODD, after=last)
    off = lookout(ledger, settings=SETTINGS.model_copy(update={"enabled": False}))
    assert await off.drifted(CHAMPION, None, now) is None
