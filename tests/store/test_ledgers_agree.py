"""The fake against the real thing: the same commits leave the same ledger and the same errors."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from arriero.core.clock import HeldClock
from arriero.core.errors import ArrieroError
from arriero.core.words import Ended
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    Answered,
    ApiKey,
    ArtefactRegistered,
    Entry,
    FeedbackGiven,
    KeySaved,
    Leaf,
    Ledger,
    MachineMoved,
    RunClosed,
    RunRecorded,
    TaskSaved,
)
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger
from tests.store.samples import (
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
)

TWO = st.sampled_from(["one", "two"])  # few ids, so that entries meet
TENANT = st.sampled_from(["acme", "umbrella"])
WHEN = st.sampled_from([None, NOW, LATER])


def run_recorded(id: str, tenant: str, acts: bool, ended: Ended) -> RunRecorded:
    run = a_run(id=id, tenant=tenant, ended=ended)
    return RunRecorded(run, a_trace(), (REFUND,) if acts else ())


ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(run_recorded, TWO, TENANT, st.booleans(), st.sampled_from(Ended)),
    st.builds(
        lambda it, tenant, reason: RunClosed(a_run(id=it, tenant=tenant, reason=reason)),
        TWO,
        TENANT,
        TWO,
    ),
    st.builds(
        lambda run, key: ActionDone(run, key, NOW, {}), TWO, st.sampled_from(["refund-1", "x"])
    ),
    st.builds(
        lambda it, tenant, run: FeedbackGiven(a_feedback(it, tenant=tenant, run=run)),
        *(TWO, TENANT, st.sampled_from(["one", "run-1"])),
    ),
    st.builds(
        lambda it, state, actor, due: TaskSaved(a_task(it, state=state, actor=actor, due_at=due)),
        *(TWO, TWO, TWO, WHEN),
    ),
    st.builds(lambda it, at: AlertSaved(an_alert(it, cleared_at=at)), TWO, WHEN),
    st.builds(
        lambda it, name, at: KeySaved(ApiKey(it, "acme", name, "h", NOW, at)), TWO, TWO, WHEN
    ),
    st.builds(
        lambda it, version, app, lasts: MachineMoved(
            a_machine(version, id=it, app=app, open=lasts), "ana", "why"
        ),
        *(TWO, st.integers(1, 3), TWO, st.booleans()),
    ),
    st.builds(
        lambda it, app: ArtefactRegistered(an_artefact(it, app=app, at=LATER), "ana"), TWO, TWO
    ),
    st.builds(lambda key, body: Answered("acme", key, "h", 200, body, NOW), TWO, TWO),
)
COMMITS = st.lists(st.lists(ENTRIES, min_size=1, max_size=4), max_size=8)


async def outcome(ledger: Ledger, entries: Sequence[Entry]) -> str:
    try:
        await ledger.commit(*entries)
    except ArrieroError as error:
        return f"{type(error).__name__}: {error}"
    return "fine"


async def story(ledger: Ledger, commits: Sequence[Sequence[Entry]]) -> dict[str, object]:
    """What the commits answered, and everything that the ledger then tells."""
    try:
        return {
            "outcomes": [await outcome(ledger, entries) for entries in commits],
            "runs": [await ledger.runs(tenant) for tenant in ("acme", "umbrella")],
            "feedback": [await ledger.feedback(tenant, "run-1") for tenant in ("acme", "umbrella")],
            "tasks": (tasks := await ledger.tasks("acme")),
            "page": [await ledger.tasks("acme", limit=1, after=task.id) for task in tasks],
            "lost": await ledger.tasks("acme", after="nobody"),
            "soonest": await ledger.tasks("acme", soonest=True),
            "soon": [
                await ledger.tasks("acme", limit=1, after=it.id, soonest=True) for it in tasks
            ],
            "alerts": sorted(it.id for it in await ledger.alerts(open_only=False)),
            "open": sorted(it.id for it in await ledger.alerts()),
            "keys": await ledger.keys(),
            "answered": [await ledger.answered("acme", key) for key in ("one", "two")],
            "intended": await ledger.intended(older_than=LATER),
            "machines": await ledger.machines("rollout", open_only=False),
            "moving": await ledger.machines("rollout", app="one"),
            "artefacts": await ledger.artefacts("dataset"),
            "rated": await ledger.rated("acme", "support"),
            "observed": await ledger.outcomes("support", [VARIANT.id], since=NOW),
            "window": await ledger.window("support", NOW),
            "leaves": [_without_chance(leaf) for leaf in await ledger.leaves()],
        }
    finally:
        await ledger.close()


def _without_chance(leaf: Leaf) -> Leaf:
    """Salts are drawn, and commitments and hashes follow from them."""
    return replace(leaf, salt=leaf.salt and "salt", content=None, digest="")


async def both(commits: Sequence[Sequence[Entry]]) -> tuple[dict[str, object], dict[str, object]]:
    clock = HeldClock(LATER)
    with tempfile.TemporaryDirectory() as folder:
        real = open_ledger(sqlite_url(Path(folder) / "ledger.db"), clock=clock)
        return await story(MemoryLedger(clock), commits), await story(real, commits)


@settings(max_examples=40, deadline=None)
@given(COMMITS)
def test_the_fake_ledger_and_sqlite_tell_the_same_story(commits: list[list[Entry]]) -> None:
    fake, real = asyncio.run(both(commits))
    assert fake == real


@settings(max_examples=30, deadline=None)
@given(st.lists(ENTRIES, max_size=12))
def test_commits_at_once_end_as_commits_one_after_another(entries: list[Entry]) -> None:
    """A batch that goes wrong together is taken apart without losing or adding anything."""

    async def at_once() -> dict[str, object]:
        with tempfile.TemporaryDirectory() as folder:
            ledger = open_ledger(sqlite_url(Path(folder) / "ledger.db"), clock=HeldClock(LATER))
            outcomes = await asyncio.gather(*(outcome(ledger, [entry]) for entry in entries))
            return {**await story(ledger, []), "outcomes": outcomes}

    one_by_one = asyncio.run(story(MemoryLedger(HeldClock(LATER)), [[it] for it in entries]))
    assert asyncio.run(at_once()) == one_by_one
