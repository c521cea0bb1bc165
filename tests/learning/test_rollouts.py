"""Rollouts that act: evidence from the ledger, one transaction a step, one worker of two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from arriero.core.clock import HeldClock
from arriero.core.errors import Conflict, InputError, NotFound, StoreError
from arriero.core.settings import RolloutSettings, RolloutStep
from arriero.core.words import Ended, Exposure, Feedback, Mode, RoleBinding, Share, Variant
from arriero.learning import cycle, report
from arriero.learning.evidence import count
from arriero.learning.experiment.findings import Pairs, Standing, carry
from arriero.learning.rollout import Rollout, State, begin, planned
from arriero.learning.rollouts import KIND, Rollouts, changed
from arriero.store.base import (
    Entry,
    ExposureSet,
    FeedbackGiven,
    Ledger,
    Machine,
    MachineMoved,
    Observed,
    VariantRegistered,
)
from arriero.store.engine import sqlite_url
from arriero.store.exposures import choose
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger
from tests.store.samples import recorded

NOW = datetime(2026, 11, 27, tzinfo=UTC)
OLD = Variant("support", {"response_generator": RoleBinding("fake:a")}, {}, {})
NEW = replace(OLD, roles={"response_generator": RoleBinding("fake:b")})
STEPS = (
    RolloutStep(share=0.5, hold_h=1, min_units=5),
    RolloutStep(share=1.0, hold_h=1, min_units=5),
)
SETTINGS = RolloutSettings(steps=STEPS, errors=None, slow=None, unsafe=None, cost=None)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    match request.param:
        case "memory":
            made: Ledger = MemoryLedger()
        case "sqlite":
            made = open_ledger(sqlite_url(tmp_path / "ledger.db"))
        case _:
            made = open_ledger(request.getfixturevalue("postgres_url"))
    await prepared(made)
    yield made
    await made.close()


async def prepared(ledger: Ledger) -> None:
    share = Exposure("support", "baseline", (Share(OLD.id, 1.0),))
    await ledger.commit(VariantRegistered(OLD, NOW), ExposureSet(share, "settings", NOW))


async def runs(
    ledger: Ledger, rollout: Rollout, at: datetime, n: int = 40, *, error: bool = False
) -> None:
    """Each unit is answered by the variant that it sees; the other one tells it again, worse if old."""
    there = (await ledger.exposures())["support"]
    entries: list[Entry] = []
    for number in range(n):
        unit, id = f"unit-{at.timestamp()}-{number}", f"{at.timestamp()}-{number:03}"
        sees = choose(there, unit)
        fails = error and sees == NEW.id
        for variant, mode, of in (
            (sees, Mode.LIVE, None),
            (OLD.id if sees == NEW.id else NEW.id, Mode.SHADOW, f"{id}-live"),
        ):
            entries.append(
                recorded(
                    id=f"{id}-{mode}",
                    unit=unit,
                    variant=variant,
                    mode=mode,
                    of=of,
                    started_at=at,
                    score=0.9 if variant == NEW.id else 0.5,
                    ended=Ended.FAILED if fails and mode is Mode.LIVE else Ended.ANSWERED,
                )
            )
    await ledger.commit(*entries)


async def whole(ledger: Ledger, rollouts: Rollouts, clock: HeldClock) -> list[str]:
    """Traffic and looks until nothing is open; the states in their order."""
    states = []
    for _ in range(12):
        open_now = await rollouts.all(open_only=True)
        if not open_now:
            break
        states.append(f"{open_now[0].state} {open_now[0].share:g}")
        clock.at += timedelta(hours=1, minutes=1)
        await runs(ledger, open_now[0], clock.now())
        await rollouts.look(clock.now(), rests=False)
    return [*states, (await rollouts.all())[0].state]


async def test_a_better_challenger_is_shadowed_shown_to_half_then_to_all(ledger: Ledger) -> None:
    clock = HeldClock(NOW)
    rollouts = Rollouts(ledger, clock, SETTINGS)
    begun = await rollouts.start("support", NEW, actor="ana")
    assert begun.plan.roles == ("response_generator",)
    told = await whole(ledger, rollouts, clock)
    assert told == ["shadow 0", "canary 0.5", "canary 1", "promoted"]
    assert (await ledger.exposures())["support"] == Exposure(
        "support", begun.id, (Share(NEW.id, 1.0),)
    )
    moves = [leaf.kind for leaf in await ledger.leaves()]
    assert moves.count("rollout.moved") == 4
    assert moves.count("exposure.set") == 5


async def test_one_rollout_of_an_app_at_a_time(ledger: Ledger) -> None:
    rollouts = Rollouts(ledger, HeldClock(NOW), SETTINGS)
    first = await rollouts.start("support", NEW, actor="ana")
    with pytest.raises(Conflict, match="end that one first"):
        await rollouts.start("support", replace(NEW, rounds=3), actor="ana")
    await rollouts.act(first.id, "abort", "ana")
    second = await rollouts.start("support", replace(NEW, rounds=3), actor="ana")
    assert second.plan.level < first.plan.level  # the second test is stricter
    assert second.label == "baseline"


async def test_what_everybody_would_see_at_once_can_be_compared_with_nothing(
    ledger: Ledger,
) -> None:
    rollouts = Rollouts(ledger, HeldClock(NOW), SETTINGS)
    await ledger.commit(VariantRegistered(NEW, NOW))
    with pytest.raises(InputError, match="share of 1 leaves nobody to compare with"):
        await rollouts.ask(NEW.id, actor="ana", forced=True, because="a test", share=1.0)


async def test_what_cannot_begin_says_why(ledger: Ledger) -> None:
    rollouts = Rollouts(ledger, HeldClock(NOW), SETTINGS)
    with pytest.raises(InputError, match="no champion"):
        await rollouts.start("chat", replace(NEW, app="chat"), actor="ana")
    with pytest.raises(InputError, match="cannot challenge"):
        await rollouts.start("support", OLD, actor="ana")
    with pytest.raises(NotFound):
        await rollouts.act("nothing", "pause", "ana")


async def test_a_forced_canary_that_fails_is_taken_back(ledger: Ledger) -> None:
    clock = HeldClock(NOW)
    guarded = SETTINGS.model_copy(update={"errors": 0.05})
    rollouts = Rollouts(ledger, clock, guarded)
    begun = await rollouts.start("support", NEW, actor="ana", forced=True)
    assert choose((await ledger.exposures())["support"], "unit-1") in {OLD.id, NEW.id}
    clock.at += timedelta(minutes=1)
    await runs(ledger, begun, clock.now(), 60, error=True)
    await rollouts.look(clock.now())
    ended = (await rollouts.all())[0]
    assert (ended.state, "guardrail errors" in ended.because) == (State.ROLLED_BACK, True)
    assert (await ledger.exposures())["support"].shares == (Share(OLD.id, 1.0),)


async def test_of_two_workers_exactly_one_acts(ledger: Ledger) -> None:
    clock = HeldClock(NOW)
    workers = [Rollouts(ledger, clock, SETTINGS) for _ in range(4)]
    begun = await workers[0].start("support", NEW, actor="ana")
    clock.at += timedelta(hours=2)
    await runs(ledger, begun, clock.now())
    await asyncio.gather(*(worker.look(clock.now()) for worker in workers))
    machine = await ledger.machine(KIND, begun.id)
    assert machine is not None
    assert (machine.state, machine.version) == ("canary", 2)
    assert [it.kind for it in await ledger.leaves()].count("exposure.set") == 3


class Falling:
    """A ledger that dies at its n-th commit: just before it, or just after."""

    def __init__(self, ledger: Ledger, at: int, *, after: bool) -> None:
        self._ledger, self._left, self._after = ledger, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise StoreError("killed before the commit")
        await self._ledger.commit(*entries, durable=durable)
        if self._left == 0:
            raise StoreError("killed after the commit")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 5))
async def test_a_crash_at_any_write_ends_in_the_same_state(at: int, after: bool) -> None:
    ledger, clock = MemoryLedger(), HeldClock(NOW)
    await prepared(ledger)
    falling = Rollouts(Falling(ledger, at, after=after), clock, SETTINGS)
    died: Sequence[str] = ()
    try:
        await falling.start("support", NEW, actor="ana")
        await whole(ledger, falling, clock)
    except StoreError as error:
        died = [error.message]
    assert died
    again = Rollouts(ledger, clock, SETTINGS)
    if not await again.all():
        await again.start("support", NEW, actor="ana")
    await whole(ledger, again, clock)
    ended = (await again.all())[0]
    machine = await ledger.machine(KIND, ended.id)
    assert machine is not None
    assert (ended.state, machine.version, len(await again.all())) == (State.PROMOTED, 4, 1)
    assert (await ledger.exposures())["support"].shares == (Share(NEW.id, 1.0),)


async def test_a_rating_counts_once_a_unit() -> None:
    ledger, clock = MemoryLedger(), HeldClock(NOW)
    await prepared(ledger)
    rollouts = Rollouts(ledger, clock, SETTINGS)
    begun = await rollouts.start("support", NEW, actor="ana", forced=True)
    for number in range(50):
        run = recorded(
            id=f"r{number}", unit="one", variant=NEW.id, started_at=NOW + timedelta(hours=1)
        )
        thumb = Feedback(f"f{number}", "acme", run.run.id, "ana", NOW, "thumb", False)
        await ledger.commit(run, FeedbackGiven(thumb))
    (stratum,) = (await rollouts.get(begun.id)).evidence.ratings
    assert (stratum.challenger, stratum.bad_challenger) == (1, 1.0)


LOST = Pairs(7, 22, 71)


async def gated(
    ledger: Ledger, *, champion: str = OLD.id, challenger: str = NEW.id, evaluated: bool = True
) -> None:
    """A cycle whose gate saw its challenger lose most pairs and was not sure."""
    begun = cycle.begin("c-1", "support", "acme", champion, cycle.Trigger.PERSON, NOW, "asked for")
    ended = replace(begun, state=cycle.State.INCONCLUSIVE, challenger=challenger, before=LOST)
    made = replace(ended, evaluation="e" * 64 if evaluated else None)
    await ledger.commit(
        VariantRegistered(NEW, NOW), MachineMoved(cycle.to_machine(made, 1), "arriero", "no proof")
    )


async def disliked(ledger: Ledger, at: datetime) -> None:
    """Twenty units each: nobody dislikes the champion, six the challenger; alone that is no proof."""
    for number in range(40):
        variant, liked = (OLD.id, True) if number % 2 else (NEW.id, number >= 12)
        run = recorded(id=f"d{number}", unit=f"u{number}", variant=variant, started_at=at)
        thumb = Feedback(f"f{number}", "acme", run.run.id, "shop", at, "thumb", liked)
        await ledger.commit(run, FeedbackGiven(thumb))


async def test_what_a_person_forces_carries_what_its_cycles_gate_saw_through_a_restart(
    ledger: Ledger,
) -> None:
    clock = HeldClock(NOW)
    await gated(ledger)
    begun = await Rollouts(ledger, clock, SETTINGS).ask(
        NEW.id, actor="ana", forced=True, because="a try"
    )
    assert (begun.carried, begun.cycle) == (carry(LOST), None)
    clock.at += timedelta(hours=1)
    await disliked(ledger, clock.now())
    await Rollouts(ledger, clock, SETTINGS).look(clock.now())  # another process
    ended = (await Rollouts(ledger, clock, SETTINGS).get(begun.id)).rollout
    assert (ended.state, ended.carried) == (State.ROLLED_BACK, begun.carried)
    told = report.to_markdown(await report.gather(ledger, "acme", "c-1"))
    assert f"rollout {begun.id}, forced, rolled_back: the challenger's ratings" in told
    assert "its gate's pairs bring +47% of a proof of harm" in told


@pytest.mark.parametrize(
    "other",
    [{"champion": "support@other"}, {"challenger": "support@other"}, {"evaluated": False}, None],
)
async def test_what_no_gate_compared_with_the_champion_carries_nothing(
    other: dict[str, Any] | None,
) -> None:
    ledger, clock = MemoryLedger(), HeldClock(NOW)
    await prepared(ledger)
    await ledger.commit(VariantRegistered(NEW, NOW))
    if other is not None:
        await gated(ledger, **other)
    rollouts = Rollouts(ledger, clock, SETTINGS)
    begun = await rollouts.ask(NEW.id, actor="ana", forced=True, because="a try")
    assert begun.carried == 0.0
    clock.at += timedelta(hours=1)
    await disliked(ledger, clock.now())
    await rollouts.look(clock.now())
    assert (await rollouts.get(begun.id)).rollout.state is State.CANARY


async def test_what_is_not_forced_begins_its_own_proof(ledger: Ledger) -> None:
    await gated(ledger)
    begun = await Rollouts(ledger, HeldClock(NOW), SETTINGS).ask(NEW.id, actor="ana")
    assert (begun.state, begun.before, begun.carried) == (State.SHADOW, Pairs(), 0.0)


def test_ten_thousand_thumbs_of_one_person_over_many_units_are_one_rating() -> None:
    begun = begin("r", "support", OLD.id, NEW.id, planned(SETTINGS, 0.01), NOW, forced=True)
    rows, later = list[Observed](), NOW + timedelta(hours=1)
    for number in range(10_000):
        variant, voice = (NEW.id, "webshop/one") if number else (OLD.id, "webshop/other")
        rows.append(
            Observed(
                *(f"r{number}", "acme", f"u{number}", variant, Mode.LIVE, None, later),
                *(Ended.ANSWERED, False, 0.9, 10.0, 0.0, ("response_generator",)),
                feedback=(("thumb", False),),
                voices=(voice,),
            )
        )
    (stratum,) = count(begun, rows, later).ratings
    assert (stratum.challenger, stratum.bad_challenger, stratum.champion) == (1, 1.0, 1)
    unnamed = [replace(row, voices=("webshop",)) for row in rows]
    (stratum,) = count(begun, unnamed, later).ratings
    assert stratum.challenger == 9_999  # then a unit stands for a person


def costed(begun: Rollout, costs: Sequence[tuple[bool, float]]) -> Standing:
    """What the guardrail says of runs, each the challenger's or not, that cost so much."""
    later = NOW + timedelta(hours=1)
    rows = [
        Observed(
            *(
                f"r{number}",
                "acme",
                f"u{number}",
                NEW.id if new else OLD.id,
                Mode.LIVE,
                None,
                later,
            ),
            *(Ended.ANSWERED, False, 0.9, 10.0, cost),
        )
        for number, (new, cost) in enumerate(costs)
    ]
    return count(begun, rows, later).guards["cost"].standing


@pytest.mark.parametrize("price", [1.0, 0.002, 400.0])
def test_cost_is_guarded_in_any_currency(price: float) -> None:
    settings = RolloutSettings(steps=STEPS, cost=0.25)
    begun = begin("r", "support", OLD.id, NEW.id, planned(settings, 0.05), NOW, forced=True)
    chance = Random(1)
    runs = [(chance.random() < 0.5, price * chance.lognormvariate(0, 0.5)) for _ in range(2_000)]
    assert costed(begun, runs) is Standing.FINE
    dear = [(new, 2 * cost if new else cost) for new, cost in runs]
    assert costed(begun, dear) is Standing.BREACHED
    assert costed(begun, runs[:40]) is Standing.UNSURE


def test_two_runs_that_cost_alike_take_no_challenger_back() -> None:
    settings = RolloutSettings(steps=STEPS, cost=0.25)
    begun = begin("r", "support", OLD.id, NEW.id, planned(settings, 0.05), NOW, forced=True)
    champion = [
        (False, float(number % 3 == 0)) for number in range(200)
    ]  # two of three cost nothing
    assert costed(begun, [*champion, (True, 1.0), (True, 1.01)]) is Standing.UNSURE


def test_a_variant_that_differs_in_more_than_models_compares_all_runs() -> None:
    assert changed(OLD, NEW) == ("response_generator",)
    assert changed(OLD, replace(NEW, rounds=4)) == ()


@pytest.mark.parametrize("rests", [True, False])
async def test_after_a_long_look_a_rollout_rests_but_not_for_long(rests: bool) -> None:
    clock, ledger = HeldClock(NOW), MemoryLedger()
    await prepared(ledger)
    seconds = iter([0.0, 2.0, 29.0, 31.0, 31.0])  # a look of 2 s; too early; a look
    rollouts = Rollouts(ledger, clock, SETTINGS, stopwatch=lambda: next(seconds))
    begun = await rollouts.start("support", NEW, actor="ana")
    await rollouts.look(clock.now())
    clock.at += timedelta(hours=2)
    await runs(ledger, begun, clock.now())
    await rollouts.look(clock.now(), rests=rests)
    assert (await rollouts.all())[0].state is (State.SHADOW if rests else State.CANARY)
    await rollouts.look(clock.now())
    assert (await rollouts.all())[0].state is State.CANARY


async def test_a_rollout_that_cannot_be_looked_at_hides_no_other(ledger: Ledger) -> None:
    clock = HeldClock(NOW)
    rollouts = Rollouts(ledger, clock, SETTINGS.model_copy(update={"errors": 0.05}))
    begun = await rollouts.start("support", NEW, actor="ana", forced=True)
    broken = Machine("rollout", "old", "", "chat", "shadow", True, 1, {}, NOW + timedelta(days=1))
    await ledger.commit(MachineMoved(broken, "ana", "by another version"))
    clock.at += timedelta(minutes=1)
    await runs(ledger, begun, clock.now(), error=True)
    with pytest.raises(ValidationError):
        await rollouts.look(clock.now())
    there = await ledger.machine(KIND, begun.id)
    assert there is not None
    assert there.state == State.ROLLED_BACK
