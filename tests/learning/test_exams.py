"""The champion is examined on its golden set: on time, in the shadow, and a fall is an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arriero.core.errors import InputError
from arriero.core.settings import ExamSettings
from arriero.core.words import Alert, Exposure, Mode, Share
from arriero.flow import AnyApp
from arriero.learning.exams import KIND, REST_S, Exams
from arriero.learning.gate import GateCase, Kind
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.fake import MemoryLedger
from tests.test_flow import flow_for
from tests.toy import Toy

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
DAY = timedelta(days=1)
QUESTIONS = [
    GateCase(f"golden-{number}", Kind.GOLDEN, "default", {"message": f"say {word}"}, facts=(word,))
    for number, word in enumerate(("tent", "rope", "stove", "boots"))
]


@dataclass
class School:
    """An app that repeats what it is asked, a golden set, and who hears of alerts."""

    toy: Toy = field(default_factory=Toy)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    questions: Sequence[GateCase] = field(default_factory=lambda: list(QUESTIONS))
    heard: list[Alert] = field(default_factory=list)
    waits: int = 0

    async def open(self, **changes: object) -> Exams:
        self.toy.golden = Path("golden.jsonl")
        flow = await flow_for(self.toy, self.ledger)
        made = Exams(
            flow, self.ledger, {"toy": self.toy}, self.golden,
            lambda app: flow.exposures.variant(app, None), ExamSettings(), "default",
            NOW - DAY, changed=self.hear,
        )  # fmt: skip
        return replace(made, **changes)  # type: ignore[arg-type]

    def golden(self, app: AnyApp) -> Sequence[GateCase]:
        return self.questions

    async def hear(self, alerts: Sequence[Alert]) -> None:
        self.heard += alerts

    async def exams(self) -> list[tuple[float, int]]:
        """Value and wholly right answers of each, oldest first."""
        kept = await self.ledger.artefacts(KIND, app="toy")
        return [(one.body["value"], one.body["right"]) for one in reversed(kept)]

    def forget(self, *words: str) -> None:
        """From now on the app is asked for what it does not say."""
        self.questions = [
            replace(one, facts=("nothing of it",)) if one.facts[0] in words else one
            for one in QUESTIONS
        ]


async def test_an_exam_is_held_once_a_day_as_shadow_runs_and_kept() -> None:
    school = School()
    exams = await school.open()
    for hours in (0, 1, 23, 24, 47):
        await exams.tick(NOW + timedelta(hours=hours))
    assert await school.exams() == [(1.0, 4), (1.0, 4)]
    runs = await school.ledger.runs("default", limit=100)
    assert (len(runs), {run.mode for run in runs}) == (8, {Mode.SHADOW})
    (_, first) = await school.ledger.artefacts(KIND, app="toy")
    assert first.body["variant"] == school.toy.baseline().id
    assert (first.body["n"], first.body["wrong"], first.body["least"]) == (4, [], None)
    assert [leaf.kind for leaf in await school.ledger.leaves()].count("artefact.registered") == 2


async def test_a_new_champion_is_examined_at_once() -> None:
    school = School()
    exams = await school.open()
    await exams.tick(NOW)
    other = replace(school.toy.baseline(), rounds=3)
    exposure = Exposure("toy", "r1", (Share(other.id, 1.0),))
    await school.ledger.commit(VariantRegistered(other, NOW), ExposureSet(exposure, "t", NOW))
    await exams.flow.exposures.refresh()
    await exams.tick(NOW + timedelta(minutes=1))
    newest = (await school.ledger.artefacts(KIND, app="toy"))[0]
    assert newest.body["variant"] == other.id


async def test_a_fall_below_the_best_raises_an_alert_that_the_next_good_exam_clears() -> None:
    school = School()
    exams = await school.open()
    await exams.tick(NOW)
    school.toy.first = "please, nothing"
    school.toy.breaks = {"gather": InputError("the index is gone")}
    await exams.tick(NOW + DAY)
    (alert,) = await school.ledger.alerts()
    assert (alert.app, alert.name, alert.value, alert.threshold) == ("toy", "golden", 0.0, 0.9)
    await exams.tick(NOW + 2 * DAY)
    assert len(await school.ledger.alerts(open_only=False)) == 1  # it is the same fall
    school.toy.breaks = {}
    await exams.tick(NOW + 3 * DAY)
    assert await school.ledger.alerts() == []
    assert [bool(it.cleared_at) for it in school.heard] == [False, True]
    assert [value for value, _ in await school.exams()] == [1.0, 0.0, 0.0, 1.0]


async def test_other_questions_are_another_exam_and_no_fall() -> None:
    school = School()
    exams = await school.open()
    await exams.tick(NOW)
    school.forget("tent", "rope")
    await exams.tick(NOW + DAY)
    assert await school.exams() == [(1.0, 4), (0.5, 2)]
    assert await school.ledger.alerts() == []
    newest = (await school.ledger.artefacts(KIND, app="toy"))[0]
    assert newest.body["wrong"] == ["golden-0", "golden-1"]


async def test_a_value_that_must_be_reached_holds_from_the_first_exam_on() -> None:
    school = School()
    school.forget("tent")
    exams = await school.open(settings=ExamSettings(least=0.8))
    await exams.tick(NOW)
    (alert,) = await school.ledger.alerts()
    assert (alert.value, alert.threshold) == (0.75, 0.8)


async def test_an_exam_waits_while_somebody_waits_for_a_model() -> None:
    school = School()
    busy = iter([False, True, True, True, True])
    exams = await school.open(idle=lambda: next(busy))
    await exams.tick(NOW)
    assert await school.exams() == [(1.0, 4)]
    assert list(busy) == []


async def test_a_process_that_just_started_holds_none_yet() -> None:
    school = School()
    exams = await school.open(begun=NOW)
    await exams.tick(NOW + timedelta(seconds=REST_S - 1))
    assert await school.exams() == []
    await exams.tick(NOW + timedelta(seconds=REST_S))
    assert len(await school.exams()) == 1


async def test_a_clock_that_goes_back_holds_one_exam_and_then_a_day_passes() -> None:
    school = School()
    exams = await school.open(begun=NOW - 30 * DAY)
    await exams.tick(NOW)
    for hours in range(6):
        await exams.tick(NOW - 2 * DAY + timedelta(hours=hours))
    assert len(await school.exams()) == 2
    await exams.tick(NOW - DAY)
    assert len(await school.exams()) == 3


async def test_without_questions_there_is_no_exam_and_it_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    school = School(questions=[])
    exams = await school.open()
    await exams.tick(NOW)
    assert await school.exams() == []
    assert "has no golden questions" in exams.failures["toy"]
    school.questions = QUESTIONS
    await exams.tick(NOW)
    assert (exams.failures, len(await school.exams())) == ({}, 1)


async def test_an_app_without_a_golden_set_and_a_schedule_that_is_off_hold_none() -> None:
    school = School()
    exams = await school.open()
    school.toy.golden = None
    await exams.tick(NOW)
    off = await school.open(settings=ExamSettings(every_h=None))
    await off.tick(NOW)
    assert await school.exams() == []
