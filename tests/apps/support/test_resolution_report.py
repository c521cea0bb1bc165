"""The report over a ledger, and the job that writes down who came back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from arriero.apps.support.directory import MemoryDirectory
from arriero.apps.support.resolution_report import SupportReport
from arriero.apps.support.sample import shop
from arriero.core.clock import HeldClock
from arriero.core.errors import StoreError
from arriero.core.words import Ended, Mode, Run, Trace
from arriero.store.base import FeedbackGiven, Ledger, RunRecorded, TaskSaved
from arriero.store.fake import MemoryLedger
from tests.apps.support.visited import MONDAY, at, given, handed, said

TRACE = Trace(None, None, (), (), None, 1, MONDAY)


async def keep(ledger: Ledger, *runs: Run) -> None:
    for run in runs:
        await ledger.commit(RunRecorded(run, replace(TRACE, seed=hash(run.id) % 10**6)))


@dataclass
class Office:
    clock: HeldClock
    ledger: MemoryLedger
    reporter: SupportReport


@pytest.fixture
def office() -> Office:
    clock = HeldClock(at(24 * 7))
    ledger = MemoryLedger(clock)
    return Office(clock, ledger, SupportReport(ledger, clock))


async def test_the_job_notes_a_recontact_once_and_the_report_counts_it(office: Office) -> None:
    first, second = said(), said("How much is shipping?", 20)
    await keep(office.ledger, first, second)
    now = at(30)
    await office.reporter.note_recontacts(now)
    [event] = await office.ledger.feedback("default", first.id)
    assert (event.kind, event.value, event.comment) == ("recontact", True, f"run {second.id}")
    leaves = len(await office.ledger.leaves())
    await office.reporter.note_recontacts(now + timedelta(minutes=5))
    await SupportReport(office.ledger, office.clock).note_recontacts(now)
    assert len(await office.ledger.leaves()) == leaves
    told: Any = await office.reporter.report("default", 30)
    assert told["resolution"]["all"]["n"] == 2
    assert told["resolution"]["all"]["resolved"]["value"] == 0.5
    assert told["resolution"]["all"]["why"] == {"re-contact": 1}


async def test_a_recontact_is_found_at_the_end_of_the_window(office: Office) -> None:
    first, second = said(), said("How much is shipping?", 71.9)
    await keep(office.ledger, first, second)
    await office.reporter.note_recontacts(at(72))
    assert len(await office.ledger.feedback("default", first.id)) == 1


async def test_the_report_has_resolution_ratings_hand_overs_and_quality(office: Office) -> None:
    good = [said(customer="c-0042"), said(customer="nobody", intent="return_item")]
    failed = said(
        "A question", 1, customer="c-0042", conversation="t", ended=Ended.FALLBACK,
        origin="fixed", sources=(), score=0.2, intent="rental",
    )  # fmt: skip
    await keep(office.ledger, *good, failed)
    await office.ledger.commit(FeedbackGiven(given(good[0], "rating", 4)))
    task = replace(handed(failed, conversation="t"), due_at=at(2))
    await office.ledger.commit(TaskSaved(task))
    directory = MemoryDirectory(shop.customers(), (), ())
    reporter = replace(office.reporter, directory=directory, minimum=1, _made={})
    told: Any = await reporter.report("default", 30)
    assert (told["visits"], told["runs"], told["cut_off"]) == (3, 3, False)
    assert told["resolution"]["all"]["deflected"]["value"] == pytest.approx(2 / 3)
    assert {one["name"] for one in told["resolution"]["by"]["intent"]} == {
        "shipping_cost", "return_item", "rental",
    }  # fmt: skip
    customer = await directory.customer("c-0042")
    assert customer is not None
    segments = {one["name"] for one in told["resolution"]["by"]["segment"]}
    assert segments == {str(customer.segment), "unknown"}
    assert (told["csat"]["all"]["n"], told["csat"]["all"]["mean"]["value"]) == (1, 4.0)
    assert (told["hand_overs"]["open"], told["hand_overs"]["late"]) == (1, 1)
    assert told["quality"]["all"]["n"] == 2
    assert told["gaps"] is None


async def test_another_tenants_visits_are_not_in_it(office: Office) -> None:
    await keep(office.ledger, said(tenant="elsewhere"))
    told: Any = await office.reporter.report("default", 30)
    assert told["visits"] == 0


async def test_an_exams_shadow_runs_are_no_messages(office: Office) -> None:
    await keep(office.ledger, said(), said(customer="c-2", mode=Mode.SHADOW))
    told: Any = await office.reporter.report("default", 30)
    assert (told["visits"], told["runs"]) == (1, 1)


async def test_only_the_days_that_were_asked_for_are_in_it(office: Office) -> None:
    await keep(office.ledger, said(), said(hours=24 * 6, customer="c-2"))
    told: Any = await office.reporter.report("default", 2)
    assert told["visits"] == 1


async def test_the_numbers_rest_for_ten_seconds_and_the_hand_overs_do_not(office: Office) -> None:
    await office.reporter.report("default", 30)
    run = said()
    await keep(office.ledger, run)
    await office.ledger.commit(TaskSaved(handed(run)))
    told: Any = await office.reporter.report("default", 30)
    assert (told["visits"], told["hand_overs"]["open"]) == (0, 1)
    office.clock.advance(11)
    told = await office.reporter.report("default", 30)
    assert told["visits"] == 1


class Down:
    """A directory that cannot be reached."""

    async def customer(self, id: str) -> None:
        raise StoreError("the directory is down")


async def test_a_directory_that_is_down_costs_the_segments_alone(office: Office) -> None:
    await keep(office.ledger, said())
    down: Any = Down()
    reporter = replace(office.reporter, directory=down, _made={})
    told: Any = await reporter.report("default", 30)
    assert [one["name"] for one in told["resolution"]["by"]["segment"]] == ["unknown"]
    assert told["resolution"]["all"]["n"] == 1


async def test_a_ledger_that_is_down_says_so(office: Office) -> None:
    office.ledger.down = True
    with pytest.raises(StoreError):
        await office.reporter.report("default", 30)
