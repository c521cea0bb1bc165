"""What every ledger promises: the fake, SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import Conflict, InputError, NotFound, StoreError
from arriero.core.words import Ended, Exposure, Mode, Run, Verdict, canonical_json
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    Answered,
    ApiKey,
    ArtefactRegistered,
    Entry,
    ExposureSet,
    FeedbackGiven,
    Intended,
    KeySaved,
    Ledger,
    MachineMoved,
    Observed,
    Rated,
    RunClosed,
    RunErased,
    RunRecorded,
    Sought,
    TaskSaved,
    VariantRegistered,
    Window,
)
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger
from arriero.store.rows import commitment, content, erased, intended_by
from arriero.store.schema import micros
from tests.store.samples import (
    EXPOSURE,
    LATER,
    NOW,
    REFUND,
    VARIANT,
    a_feedback,
    a_machine,
    a_run,
    a_task,
    a_trace,
    an_alert,
    an_artefact,
    recorded,
)

CLOCK = HeldClock(LATER)
ANSWER = Answered("acme", "idem-1", "f00", 200, '{"ok":true}', NOW)
KEY = ApiKey("key-1", "acme", "website", "ab" * 32, NOW)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    match request.param:
        case "memory":
            made: Ledger = MemoryLedger(CLOCK)
        case "sqlite":
            made = open_ledger(sqlite_url(tmp_path / "ledger.db"), clock=CLOCK)
        case _:
            made = open_ledger(request.getfixturevalue("postgres_url"), clock=CLOCK)
    yield made
    await made.close()


async def kinds(ledger: Ledger) -> list[str]:
    return [leaf.kind for leaf in await ledger.leaves()]


async def test_a_run_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    assert await ledger.run("acme", entry.run.id) == entry.run


async def test_a_trace_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    assert await ledger.trace(entry.run) == entry.trace


async def test_a_run_that_names_no_trace_is_given_its_own(ledger: Ledger) -> None:
    run = a_run()
    await ledger.commit(RunRecorded(run, a_trace()))
    found = await ledger.run("acme", run.id)
    assert found == replace(run, trace=hashlib.sha256(canonical_json(a_trace())).hexdigest())


async def test_a_run_that_names_another_trace_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="names the trace"):
        await ledger.commit(RunRecorded(replace(a_run(), trace="f" * 64), a_trace()))


async def test_moments_come_back_exactly_from_any_time_zone(ledger: Ledger) -> None:
    lima = timezone(timedelta(hours=-5, minutes=-30))
    for at in (
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=lima),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ):
        entry = recorded(started_at=at)
        await ledger.commit(entry)
        found = await ledger.run("acme", entry.run.id)
        assert found is not None
        assert found.started_at == at


async def test_a_moment_without_a_time_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="no time zone"):
        await ledger.commit(recorded(started_at=datetime(2026, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize("bad", [float("nan"), {1, 2}, "\ud800", object()])
async def test_what_is_no_json_value_is_refused(ledger: Ledger, bad: object) -> None:
    with pytest.raises(InputError):
        await ledger.commit(recorded(input={"message": bad}))


async def test_another_tenant_does_not_see_a_run(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    assert await ledger.run("umbrella", entry.run.id) is None
    assert await ledger.runs("umbrella") == []
    assert await ledger.trace(replace(entry.run, tenant="umbrella")) is None


async def test_a_run_that_is_not_there_is_none(ledger: Ledger) -> None:
    assert await ledger.run("acme", "nothing") is None
    assert await ledger.trace(a_run()) is None


async def test_runs_are_listed_newest_first_page_by_page(ledger: Ledger) -> None:
    entries = [recorded(id=f"run-{number}") for number in range(5)]
    await ledger.commit(*entries)
    page = await ledger.runs("acme", limit=2)
    assert [run.id for run in page] == ["run-4", "run-3"]
    page = await ledger.runs("acme", limit=9, before=page[-1].id)
    assert [run.id for run in page] == ["run-2", "run-1", "run-0"]


async def test_runs_are_listed_by_app(ledger: Ledger) -> None:
    await ledger.commit(recorded(app="chat", id="c"), recorded(id="s"))
    assert [run.id for run in await ledger.runs("acme", app="chat")] == ["c"]


async def test_runs_are_found_by_labels_unit_and_time_page_by_page(ledger: Ledger) -> None:
    mine = {"ticker": "X_%", "client": 'a "b"'}
    later = NOW + timedelta(days=2)
    await ledger.commit(
        recorded(id="run-1", labels=mine, unit="u"),
        recorded(id="run-2", labels={"ticker": "XQQ"}, unit="u"),  # a pattern would find it
        recorded(id="run-3", labels={}, unit="u", answer={"ticker": "X_%"}),  # not as a label
        recorded(id="run-4", labels={"ticker": "x_%"}, unit="u"),
        recorded(id="run-5", labels=mine, unit="v"),
        recorded(id="run-6", labels=mine, unit="u", started_at=later),
    )

    async def found(limit: int = 9, before: str | None = None, **more: Any) -> list[str]:
        page = await ledger.runs("acme", limit=limit, before=before, sought=Sought(**more))
        return [run.id for run in page]

    assert await found(labels=tuple(mine.items())) == ["run-6", "run-5", "run-1"]
    assert await found(labels=(("ticker", "X_%"),), unit="u") == ["run-6", "run-1"]
    assert await found(limit=1, before="run-5", labels=(("ticker", "X_%"),)) == ["run-1"]
    assert await found(since=later) == ["run-6"]
    assert await found(until=later, unit="v") == ["run-5"]
    assert await found(labels=(("ticker", "no"),)) == []


async def test_the_same_run_id_twice_is_a_conflict(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    with pytest.raises(Conflict, match=entry.run.id):
        await ledger.commit(entry)
    assert await kinds(ledger) == ["run.recorded"]


async def test_a_commit_with_a_wrong_entry_leaves_nothing(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    with pytest.raises(Conflict):
        await ledger.commit(TaskSaved(a_task()), ExposureSet(EXPOSURE, "ana", NOW), entry)
    assert await ledger.tasks("acme") == []
    assert await ledger.exposures() == {}
    assert await kinds(ledger) == ["run.recorded"]


async def test_a_wrong_commit_does_not_hurt_its_neighbours(ledger: Ledger) -> None:
    first = recorded()
    await ledger.commit(first)
    good = [recorded() for _ in range(20)]
    entries: list[Entry] = [*good[:10], first, *good[10:]]
    outcomes = await asyncio.gather(
        *(ledger.commit(entry) for entry in entries), return_exceptions=True
    )
    assert [type(it) for it in outcomes if it is not None] == [Conflict]
    assert isinstance(outcomes[10], Conflict)
    assert len(await ledger.runs("acme", limit=100)) == 21


async def test_an_unwritable_entry_does_not_hurt_its_neighbours(ledger: Ledger) -> None:
    """PostgreSQL keeps no NUL in text; SQLite does. Nobody else may feel the difference."""
    entries = [TaskSaved(a_task("a")), TaskSaved(a_task("\0")), TaskSaved(a_task("b"))]
    outcomes = await asyncio.gather(
        *(ledger.commit(entry) for entry in entries), return_exceptions=True
    )
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert outcomes[1] is None or isinstance(outcomes[1], InputError)
    assert {"a", "b"} <= {task.id for task in await ledger.tasks("acme")}


async def test_an_open_run_is_replaced_by_its_final_record(ledger: Ledger) -> None:
    entry = recorded(REFUND, ended=Ended.PENDING)
    await ledger.commit(entry)
    final = replace(entry.run, ended=Ended.ANSWERED, duration_ms=99.5, reason="done")
    await ledger.commit(RunClosed(final))
    assert await ledger.run("acme", final.id) == final
    assert await kinds(ledger) == ["run.recorded", "action.intended", "run.closed"]


async def test_a_run_closed_without_its_trace_keeps_it(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    await ledger.commit(entry)
    await ledger.commit(RunClosed(replace(entry.run, trace=None)))
    assert await ledger.run("acme", entry.run.id) == entry.run
    (counted,) = await ledger.outcomes("support", [VARIANT.id], since=NOW)
    assert counted.roles == ("response_generator",)


async def test_a_run_is_recorded_and_closed_in_one_commit(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    final = replace(entry.run, reason="done")
    await ledger.commit(entry, RunClosed(final))
    assert await ledger.run("acme", final.id) == final


async def test_closing_a_run_again_the_same_way_changes_nothing(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    final = replace(entry.run, reason="done")
    await ledger.commit(entry)
    await ledger.commit(RunClosed(final))
    await ledger.commit(RunClosed(final))
    assert await kinds(ledger) == ["run.recorded", "action.intended", "run.closed"]


async def test_a_final_record_does_not_change(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry)
    with pytest.raises(Conflict, match="final record"):
        await ledger.commit(RunClosed(replace(entry.run, score=1.0)))
    assert await ledger.run("acme", entry.run.id) == entry.run


async def test_a_run_that_was_never_recorded_cannot_be_closed(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.commit(RunClosed(a_run()))


async def test_another_tenant_cannot_close_a_run(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    await ledger.commit(entry)
    with pytest.raises(NotFound):
        await ledger.commit(RunClosed(replace(entry.run, tenant="umbrella")))


async def test_intended_actions_wait_until_they_are_done(ledger: Ledger) -> None:
    entry = recorded(REFUND, started_at=NOW)
    await ledger.commit(entry)
    waiting = [Intended(entry.run.id, "support", "acme", REFUND, NOW)]
    assert await ledger.intended(older_than=NOW) == []
    assert await ledger.intended(older_than=LATER) == waiting
    await ledger.commit(ActionDone(entry.run.id, REFUND.key, LATER, {"refund": "r-1"}))
    assert await ledger.intended(older_than=LATER) == []


async def test_an_action_given_up_waits_no_longer(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    await ledger.commit(entry)
    await ledger.commit(ActionDone(entry.run.id, REFUND.key, LATER, {}, error="card expired"))
    assert await ledger.intended(older_than=LATER) == []


async def test_an_action_done_twice_is_recorded_once(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    done = ActionDone(entry.run.id, REFUND.key, LATER, {})
    await ledger.commit(entry)
    await ledger.commit(done)
    await ledger.commit(done)
    assert await kinds(ledger) == ["run.recorded", "action.intended", "action.done"]


async def test_an_action_nobody_intended_cannot_be_done(ledger: Ledger) -> None:
    await ledger.commit(recorded(id="run-1"))
    with pytest.raises(NotFound):
        await ledger.commit(ActionDone("run-1", "refund-1", NOW, {}))


async def test_two_actions_of_a_run_with_one_key_are_a_conflict(ledger: Ledger) -> None:
    with pytest.raises(Conflict, match="refund-1"):
        await ledger.commit(recorded(REFUND, REFUND))
    assert await ledger.runs("acme") == []


async def test_feedback_is_kept_once_by_its_id(ledger: Ledger) -> None:
    first, second = a_feedback(), a_feedback("feedback-2", at=LATER, value={"text": "better"})
    await ledger.commit(FeedbackGiven(second), FeedbackGiven(first))
    await ledger.commit(FeedbackGiven(first))
    assert await ledger.feedback("acme", "run-1") == [first, second]
    assert await ledger.feedback("umbrella", "run-1") == []
    assert await kinds(ledger) == ["feedback.given"] * 2


async def test_a_task_moves_on_and_repeats_do_nothing(ledger: Ledger) -> None:
    opened = a_task()
    closed = a_task(state="done", actor="eva", due_at=None, payload={"verdict": "fine"})
    for task in (opened, opened, closed, closed):
        await ledger.commit(TaskSaved(task))
    assert await ledger.tasks("acme") == [closed]
    assert await kinds(ledger) == ["task.saved"] * 2


async def test_a_task_moves_on_within_one_commit(ledger: Ledger) -> None:
    await ledger.commit(TaskSaved(a_task()), TaskSaved(a_task(state="done")))
    assert await ledger.tasks("acme") == [a_task(state="done")]


async def test_tasks_are_found_by_kind_and_state_oldest_first(ledger: Ledger) -> None:
    old, new = a_task("z", kind="approval"), a_task("a", created_at=LATER, kind="approval")
    await ledger.commit(TaskSaved(new), TaskSaved(old), TaskSaved(a_task("r", state="done")))
    assert await ledger.tasks("acme", kind="approval") == [old, new]
    assert [task.id for task in await ledger.tasks("acme", state="done")] == ["r"]
    assert await ledger.tasks("acme", kind="approval", state="done") == []
    assert await ledger.tasks("umbrella") == []
    assert await ledger.tasks("acme", run="nothing") == []
    assert await ledger.tasks("acme", run=str(old.run)) == await ledger.tasks("acme")
    assert await ledger.tasks("acme", id="a") == [new]
    assert await ledger.tasks("acme", kind="hand_over", id="a") == []
    assert await ledger.tasks("umbrella", id="a") == []


async def test_tasks_that_are_overdue_are_found(ledger: Ledger) -> None:
    early, late = a_task("early", due_at=NOW), a_task("late", due_at=LATER)
    await ledger.commit(
        TaskSaved(early), TaskSaved(late), TaskSaved(a_task("whenever", due_at=None))
    )
    assert await ledger.tasks("acme", due=NOW) == []
    assert await ledger.tasks("acme", due=LATER) == [early]


async def test_tasks_come_in_pages_with_the_soonest_first(ledger: Ledger) -> None:
    late, early = a_task("a", due_at=LATER), a_task("b", due_at=NOW)
    whenever = a_task("c", due_at=None)
    await ledger.commit(TaskSaved(late), TaskSaved(early), TaskSaved(whenever))
    assert await ledger.tasks("acme", soonest=True, limit=2) == [early, late]
    assert await ledger.tasks("acme", soonest=True, after="a") == [whenever]
    assert await ledger.tasks("acme", soonest=True, after="c") == []


async def test_an_alert_is_open_until_it_is_cleared(ledger: Ledger) -> None:
    raised = an_alert()
    cleared = an_alert(cleared_at=LATER, value=0.01)
    await ledger.commit(AlertSaved(raised))
    await ledger.commit(AlertSaved(raised))
    assert await ledger.alerts() == [raised]
    await ledger.commit(AlertSaved(cleared))
    await ledger.commit(AlertSaved(raised))
    assert await ledger.alerts() == []
    assert await ledger.alerts(open_only=False) == [cleared]
    assert await kinds(ledger) == ["alert.saved"] * 2


async def test_alerts_come_newest_first(ledger: Ledger) -> None:
    await ledger.commit(AlertSaved(an_alert("a")), AlertSaved(an_alert("b", raised_at=LATER)))
    assert [alert.id for alert in await ledger.alerts()] == ["b", "a"]


async def test_a_window_counts_the_live_runs_since_a_moment(ledger: Ledger) -> None:
    await ledger.commit(
        recorded(duration_ms=10.0, score=0.5),
        recorded(duration_ms=30.0, score=None),
        recorded(duration_ms=50.0, score=1.0, started_at=NOW + timedelta(microseconds=1)),
        recorded(mode=Mode.SHADOW),
        recorded(mode=Mode.REPLAY),
        recorded(app="chat"),
        recorded(started_at=NOW - timedelta(microseconds=1)),
    )
    assert await ledger.window("support", NOW) == Window(3, 0, 30.0, 0.75, 2)


async def test_an_empty_window_has_no_means(ledger: Ledger) -> None:
    assert await ledger.window("support", NOW) == Window(0, 0, None, None, 0)


@pytest.mark.parametrize(
    ("ended", "reason", "errors"),
    [
        (Ended.FAILED, "", 1),
        (Ended.FALLBACK, "error: ModelTimeout", 1),
        (Ended.FALLBACK, "score 0.4 is below 0.7", 0),
        (Ended.ANSWERED, "error: in the text only", 0),
        (Ended.REFUSED, "", 0),
    ],
)
async def test_a_window_counts_failures_and_fallbacks_by_exception_as_errors(
    ledger: Ledger, ended: Ended, reason: str, errors: int
) -> None:
    await ledger.commit(recorded(ended=ended, reason=reason))
    assert (await ledger.window("support", NOW)).errors == errors


async def test_the_final_record_counts_in_a_window(ledger: Ledger) -> None:
    entry = recorded(REFUND, ended=Ended.PENDING, score=None)
    await ledger.commit(entry)
    final = replace(entry.run, ended=Ended.FAILED, duration_ms=7.0, score=0.25)
    await ledger.commit(RunClosed(final))
    assert await ledger.window("support", NOW) == Window(1, 1, 7.0, 0.25, 1)


async def test_a_variant_is_registered_once(ledger: Ledger) -> None:
    await ledger.commit(VariantRegistered(VARIANT, NOW))
    await ledger.commit(VariantRegistered(VARIANT, LATER))
    assert await ledger.variant(VARIANT.id) == VARIANT
    assert await ledger.variant("support@0") is None
    assert await kinds(ledger) == ["variant.registered"]


async def test_the_variants_of_an_app_come_in_their_order(ledger: Ledger) -> None:
    second, chat = replace(VARIANT, rounds=2), replace(VARIANT, app="chat")
    for variant, at in ((VARIANT, NOW), (second, LATER), (chat, LATER)):
        await ledger.commit(VariantRegistered(variant, at))
    assert await ledger.variants("support") == [VARIANT, second]
    assert await ledger.variants("nothing") == []


def moved(version: int = 1, **changes: object) -> MachineMoved:
    return MachineMoved(a_machine(version, **changes), "ana", "enough ratings")


async def test_a_machine_moves_in_single_steps(ledger: Ledger) -> None:
    begun, promoted = moved(), moved(2, state="promoted", open=False, body={}, at=LATER)
    await ledger.commit(begun)
    assert await ledger.machine("rollout", "r-1") == begun.machine
    await ledger.commit(promoted)
    assert await ledger.machine("rollout", "r-1") == promoted.machine
    assert await ledger.machine("cycle", "r-1") is None
    leaves = await ledger.leaves()
    assert [(it.kind, it.subject, it.actor) for it in leaves] == [
        ("rollout.moved", "r-1", "ana")
    ] * 2


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_a_step_from_another_version_is_a_conflict(ledger: Ledger, version: int) -> None:
    await ledger.commit(moved())
    await ledger.commit(moved(2))
    with pytest.raises(Conflict, match="r-1"):
        await ledger.commit(moved(version))
    assert await ledger.machine("rollout", "r-1") == a_machine(2)


async def test_a_machine_that_never_began_takes_no_step(ledger: Ledger) -> None:
    with pytest.raises(Conflict, match="moved meanwhile"):
        await ledger.commit(moved(2))


async def test_a_machine_that_has_ended_takes_no_step(ledger: Ledger) -> None:
    await ledger.commit(moved())
    await ledger.commit(moved(2, open=False))
    with pytest.raises(Conflict, match="not open"):
        await ledger.commit(moved(3))


async def test_an_app_has_one_open_machine_of_a_kind(ledger: Ledger) -> None:
    await ledger.commit(moved())
    with pytest.raises(Conflict, match="an open rollout, 'r-1'; end that one first"):
        await ledger.commit(moved(id="r-2"))
    await ledger.commit(moved(id="r-2", app="chat"), moved(kind="cycle"))
    await ledger.commit(moved(2, open=False), moved(id="r-3"))
    assert [it.id for it in await ledger.machines("rollout", app="support")] == ["r-3"]


async def test_a_step_that_comes_too_late_takes_its_neighbours_with_it(ledger: Ledger) -> None:
    await ledger.commit(moved())
    await ledger.commit(moved(2))
    with pytest.raises(Conflict):
        await ledger.commit(ExposureSet(EXPOSURE, "ana", NOW), moved(2))
    assert await ledger.exposures() == {}
    assert len(await ledger.leaves()) == 2


async def test_of_many_who_take_a_step_at_once_one_does(ledger: Ledger) -> None:
    await ledger.commit(moved())
    steps = (
        ledger.commit(ExposureSet(EXPOSURE, f"worker-{n}", NOW), moved(2, body={"by": n}))
        for n in range(20)
    )
    ended = await asyncio.gather(*steps, return_exceptions=True)
    assert [type(it) for it in ended].count(Conflict) == 19
    assert await kinds(ledger) == ["rollout.moved", "exposure.set", "rollout.moved"]


async def test_a_step_that_was_sent_before_the_beginning_is_a_conflict(ledger: Ledger) -> None:
    ended = await asyncio.gather(
        ledger.commit(moved(2)), ledger.commit(moved()), return_exceptions=True
    )
    assert [type(it) for it in ended] == [Conflict, type(None)]


async def test_machines_are_listed_the_last_moved_first(ledger: Ledger) -> None:
    for it in (moved(id="a"), moved(id="b", app="chat", at=LATER), moved(kind="cycle")):
        await ledger.commit(it)
    await ledger.commit(moved(2, id="a", open=False, at=LATER + timedelta(hours=1)))
    assert [it.id for it in await ledger.machines("rollout", open_only=False)] == ["a", "b"]
    assert [it.id for it in await ledger.machines("rollout")] == ["b"]
    assert [it.id for it in await ledger.machines("rollout", open_only=False, limit=1)] == ["a"]
    assert await ledger.machines("rollout", app="support") == []


async def test_an_artefact_is_registered_once(ledger: Ledger) -> None:
    first = an_artefact()
    await ledger.commit(ArtefactRegistered(first, "ana"))
    await ledger.commit(ArtefactRegistered(replace(first, at=LATER), "eva"))
    await ledger.commit(ArtefactRegistered(an_artefact(kind="adapter"), "eva"))
    assert await ledger.artefact("dataset", first.id) == first
    assert await ledger.artefact("dataset", "00") is None
    assert await kinds(ledger) == ["artefact.registered"] * 2


async def test_artefacts_are_listed_newest_first(ledger: Ledger) -> None:
    old, new, chat = an_artefact("a"), an_artefact("b", at=LATER), an_artefact("c", app="chat")
    for it in (old, new, chat):
        await ledger.commit(ArtefactRegistered(it, "ana"))
    assert await ledger.artefacts("dataset", app="support") == [new, old]
    assert await ledger.artefacts("dataset", limit=1) == [new]
    assert await ledger.artefacts("adapter") == []


def rating(id: str, run: str, value: object = 4, **changes: object) -> FeedbackGiven:
    return FeedbackGiven(a_feedback(id, run=run, value=value, comment=None, **changes))


async def test_rated_runs_come_with_all_their_feedback_page_by_page(ledger: Ledger) -> None:
    entries = [recorded(id=f"run-{n}") for n in range(4)]
    await ledger.commit(*entries, recorded(id="run-4", mode=Mode.SHADOW))
    for it in (
        rating("late", "run-1", at=LATER),
        rating("early", "run-1"),
        rating("f3", "run-3"),
        rating("shadow", "run-4"),
        rating("other", "run-0", tenant="umbrella"),
    ):
        await ledger.commit(it)
    found = await ledger.rated("acme", "support")
    assert [(it.run.id, [one.id for one in it.feedback]) for it in found] == [
        ("run-1", ["early", "late"]),
        ("run-3", ["f3"]),
    ]
    assert found[0] == Rated(entries[1].run, found[0].feedback)
    assert [it.run.id for it in await ledger.rated("acme", "support", limit=1)] == ["run-1"]
    assert [it.run.id for it in await ledger.rated("acme", "support", after="run-1")] == ["run-3"]
    assert await ledger.rated("acme", "chat") == []
    assert await ledger.rated("umbrella", "support") == []


async def test_outcomes_tell_what_runs_of_the_variants_came_to(ledger: Ledger) -> None:
    bad = (Verdict("tone", False, 0.1), Verdict("grounded", True, 0.9))
    live = recorded(id="run-0", unit=None, score=None, ended=Ended.FAILED, cost=0.25, verdicts=bad)
    shadow = recorded(
        id="run-1", variant="b", mode=Mode.SHADOW, of="run-0", started_at=NOW + timedelta(seconds=1)
    )
    await ledger.commit(
        *(live, shadow, recorded(variant="c"), recorded(app="chat"), recorded(mode=Mode.REPLAY)),
        recorded(started_at=NOW - timedelta(microseconds=1)),
        recorded(id="run-9", started_at=LATER),
    )
    await ledger.commit(rating("late", "run-0", 2, at=LATER))
    await ledger.commit(rating("early", "run-0", value=True, kind="thumb"))
    await ledger.commit(rating("other", "run-0", tenant="umbrella"))
    both = [VARIANT.id, "b"]
    found = await ledger.outcomes("support", both, since=NOW, until=LATER)
    said, ms = (("thumb", True), ("rating", 2)), live.run.duration_ms
    assert found == [
        Observed(
            *("run-0", "acme", None, VARIANT.id, Mode.LIVE, None, NOW, Ended.FAILED, True, None),
            *(ms, 0.25, ("response_generator",), ("tone",), said, ("ana", "ana")),
        ),
        Observed(
            *("run-1", "acme", "customer-1", "b", Mode.SHADOW, "run-0", shadow.run.started_at),
            *(Ended.ANSWERED, False, 0.1 + 0.2, ms, 0.0001, ("response_generator",)),
        ),
    ]
    assert await ledger.outcomes("support", both, since=NOW, limit=1) == found[:1]
    assert len(await ledger.outcomes("support", both, since=NOW)) == 3
    assert await ledger.outcomes("support", [], since=NOW) == []


async def test_outcomes_forget_whose_run_it_was_when_it_is_erased(ledger: Ledger) -> None:
    entry = recorded(verdicts=(Verdict("tone", False, 0.1),))
    await ledger.commit(entry)
    await ledger.commit(RunErased(erased(entry.run), "ana", LATER))
    (it,) = await ledger.outcomes("support", [VARIANT.id], since=NOW)
    assert (it.unit, it.roles, it.failed) == (None, (), ())


async def test_the_last_exposure_of_each_app_holds(ledger: Ledger) -> None:
    chat = Exposure("chat", "r", ())
    newer = replace(EXPOSURE, rollout="rollout-2")
    await ledger.commit(ExposureSet(EXPOSURE, "ana", LATER), ExposureSet(chat, "ana", NOW))
    await ledger.commit(ExposureSet(newer, "ana", NOW))
    assert await ledger.exposures() == {"support": newer, "chat": chat}


async def test_a_key_is_saved_and_revoked(ledger: Ledger) -> None:
    await ledger.commit(KeySaved(KEY), KeySaved(replace(KEY, id="key-0", created_at=LATER)))
    revoked = replace(KEY, revoked_at=LATER)
    await ledger.commit(KeySaved(revoked))
    await ledger.commit(KeySaved(revoked))
    assert [key.id for key in await ledger.keys()] == ["key-1", "key-0"]
    assert (await ledger.keys())[0] == revoked
    assert len(await ledger.leaves()) == 3


async def test_the_same_answer_to_an_idempotency_key_is_kept_once(ledger: Ledger) -> None:
    await ledger.commit(ANSWER)
    await ledger.commit(replace(ANSWER, at=LATER))
    assert await ledger.answered("acme", "idem-1") == ANSWER
    assert await ledger.answered("umbrella", "idem-1") is None
    assert await kinds(ledger) == ["answered"]


async def test_a_second_answer_to_an_idempotency_key_takes_its_run_with_it(ledger: Ledger) -> None:
    await ledger.commit(ANSWER)
    with pytest.raises(Conflict, match="idem-1"):
        await ledger.commit(recorded(), replace(ANSWER, body="{}"))
    assert await ledger.runs("acme") == []


async def test_every_entry_leaves_one_leaf_numbered_without_gaps(ledger: Ledger) -> None:
    run = recorded(REFUND, id="run-1")
    entries: list[Entry] = [
        run,
        RunClosed(replace(run.run, reason="done")),
        ActionDone("run-1", REFUND.key, NOW, {}),
        FeedbackGiven(a_feedback()),
        TaskSaved(a_task()),
        AlertSaved(an_alert()),
        VariantRegistered(VARIANT, NOW),
        ExposureSet(EXPOSURE, "eva", NOW),
        MachineMoved(a_machine(), "eva", "started"),
        ArtefactRegistered(an_artefact(), "eva"),
        KeySaved(KEY),
        ANSWER,
    ]
    for entry in entries:
        await ledger.commit(entry)
    leaves = await ledger.leaves()
    assert [leaf.seq for leaf in leaves] == list(range(1, 14))
    assert [(leaf.kind, leaf.subject, leaf.actor) for leaf in leaves] == [
        ("run.recorded", "run-1", "key-1"),
        ("action.intended", "run-1", "key-1"),
        ("run.closed", "run-1", "key-1"),
        ("action.done", "run-1", "arriero"),
        ("feedback.given", "feedback-1", "ana"),
        ("task.saved", "task-1", "ana"),
        ("alert.saved", "alert-1", "arriero"),
        ("variant.registered", VARIANT.id, "arriero"),
        ("exposure.set", "support", "eva"),
        ("rollout.moved", "r-1", "eva"),
        ("artefact.registered", "ab" * 32, "eva"),
        ("key.saved", "key-1", "arriero"),
        ("answered", "idem-1", "arriero"),
    ]
    assert {leaf.at for leaf in leaves} == {LATER}
    contents = [
        content(entries[0]),
        canonical_json(intended_by(run.run, REFUND)),
        *map(content, entries[1:]),
    ]
    for leaf, told in zip(leaves, contents, strict=True):
        assert leaf.salt is not None
        assert leaf.content == commitment(leaf.salt, told)
        event = {
            "actor": leaf.actor,
            "at": micros(leaf.at),
            "content": leaf.content,
            "kind": leaf.kind,
            "subject": leaf.subject,
            "tenant": leaf.tenant,
        }
        assert leaf.digest == hashlib.sha256(b"\x00" + canonical_json(event)).hexdigest()


async def test_leaves_are_read_page_by_page(ledger: Ledger) -> None:
    await ledger.commit(*(recorded() for _ in range(5)))
    assert [leaf.seq for leaf in await ledger.leaves(after=2, limit=2)] == [3, 4]
    assert await ledger.leaves(after=5) == []


async def test_commits_at_once_are_numbered_without_gaps(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.commit(recorded(), TaskSaved(a_task())) for _ in range(50)))
    leaves = await ledger.leaves()
    assert [leaf.seq for leaf in leaves] == list(range(1, 52))
    assert len(await ledger.runs("acme", limit=100)) == 50


async def test_a_lease_is_held_by_one_until_it_is_over(ledger: Ledger) -> None:
    assert await ledger.lease("alerts", "one", now=NOW, until=LATER)
    assert not await ledger.lease("alerts", "two", now=NOW, until=LATER)
    assert await ledger.lease("cycles", "two", now=NOW, until=LATER)
    assert await ledger.lease("alerts", "one", now=NOW, until=LATER)
    assert await ledger.lease("alerts", "two", now=LATER, until=LATER + timedelta(hours=1))
    assert not await ledger.lease("alerts", "one", now=LATER, until=LATER)


async def test_a_lease_that_ends_later_than_any_may_is_over(ledger: Ledger) -> None:
    assert await ledger.lease("alerts", "one", now=NOW, until=LATER)
    early = NOW - timedelta(days=1)
    soon = early + timedelta(minutes=1)
    assert not await ledger.lease("alerts", "two", now=early, until=soon)
    assert not await ledger.lease("alerts", "two", now=early, until=soon, latest=LATER)
    assert await ledger.lease("alerts", "two", now=early, until=soon, latest=NOW)


async def test_a_lease_can_be_given_back(ledger: Ledger) -> None:
    assert await ledger.lease("alerts", "one", now=NOW, until=LATER)
    assert await ledger.lease("alerts", "one", now=NOW, until=NOW)
    assert await ledger.lease("alerts", "two", now=NOW, until=LATER)


async def test_of_many_who_want_a_lease_at_once_one_gets_it(ledger: Ledger) -> None:
    asked = (ledger.lease("job", f"worker-{n}", now=NOW, until=LATER) for n in range(20))
    assert sum(await asyncio.gather(*asked)) == 1


async def test_a_durable_commit_is_recorded_like_any_other(ledger: Ledger) -> None:
    entry = recorded()
    await ledger.commit(entry, durable=True)
    assert await ledger.run("acme", entry.run.id) == entry.run


async def test_committing_nothing_is_fine(ledger: Ledger) -> None:
    await ledger.commit()
    assert await ledger.leaves() == []


async def test_an_open_ledger_answers_a_ping(ledger: Ledger) -> None:
    await ledger.ping()


async def test_a_closed_ledger_says_so(ledger: Ledger) -> None:
    await ledger.close()
    await ledger.close()
    with pytest.raises(StoreError, match="open it again"):
        await ledger.commit(recorded())
    with pytest.raises(StoreError, match="open it again"):
        await ledger.ping()


async def test_a_caller_that_stops_waiting_hurts_nobody(ledger: Ledger) -> None:
    entry: Run = recorded().run
    waiting = asyncio.ensure_future(ledger.commit(recorded()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await ledger.commit(recorded(id=entry.id))
    assert await ledger.run("acme", entry.id) is not None


async def test_commits_at_once_happen_in_the_order_in_which_they_were_made(ledger: Ledger) -> None:
    entry = recorded(REFUND)
    closed = RunClosed(replace(entry.run, reason="done"))
    done = ActionDone(entry.run.id, REFUND.key, NOW, {})
    commits = [ledger.commit(it) for it in (closed, done, entry, done, closed)]
    outcomes = await asyncio.gather(*commits, return_exceptions=True)
    assert [type(it) for it in outcomes[:2]] == [NotFound, NotFound]
    assert outcomes[2:] == [None, None, None]
    assert await kinds(ledger) == [
        "run.recorded", "action.intended", "action.done", "run.closed",
    ]  # fmt: skip


async def test_runs_with_feedback_are_counted_once_from_a_moment_on(ledger: Ledger) -> None:
    runs = [recorded(), recorded(), recorded(mode=Mode.SHADOW), recorded(app="chat")]
    await ledger.commit(*runs)
    for number, one in enumerate(runs):
        for again, at in enumerate((NOW, LATER if number == 0 else NOW)):
            said = a_feedback(f"f-{number}-{again}", run=one.run.id, at=at)
            await ledger.commit(FeedbackGiven(said))
    assert await ledger.given("acme", "support") == 2
    assert await ledger.given("acme", "support", since=LATER) == 1
    assert await ledger.given("umbrella", "support") == 0
