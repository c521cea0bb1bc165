"""A rollout's pure step: it holds, climbs, ends, and never exposes what is not proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.errors import Conflict
from arriero.core.settings import RolloutSettings, RolloutStep
from arriero.core.words import Share
from arriero.learning.experiment.bets import Stratum
from arriero.learning.experiment.findings import Guarded, Pairs, Rate, Standing, guard
from arriero.learning.experiment.sequences import Interval
from arriero.learning.rollout import (
    Evidence,
    Rollout,
    State,
    abort,
    advance,
    begin,
    carries,
    exposure,
    holds,
    pause,
    planned,
    promote,
    resume,
)
from arriero.learning.rollouts import BODY

NOW = datetime(2026, 11, 27, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WON = Pairs(80, 20)
LOST = Pairs(7, 22, 71)  # at a gate that is not sure
DISLIKED = (Stratum(0.5, 20, 0, 20, 6),)  # alone no proof of harm
STEPS = tuple(RolloutStep(share=it, hold_h=1, min_units=10) for it in (0.01, 0.1, 0.5, 1.0))


def made(*, careful: bool = False, **changes: object) -> Rollout:
    settings = RolloutSettings(steps=STEPS) if careful else RolloutSettings()
    return begin("r", "support", "a", "b", planned(settings, 0.0125), NOW, **changes)  # type: ignore[arg-type]


def seen(now: datetime, **changes: object) -> Evidence:
    return replace(Evidence(step_units=100, last_run=now), **changes)  # type: ignore[arg-type]


def test_a_shadow_holds_until_pairs_prove_it() -> None:
    rollout = made()
    assert advance(rollout, Evidence(Pairs(11, 9)), NOW) is rollout
    assert "about" in holds(rollout, Evidence(Pairs(60, 40)), NOW)
    canary = advance(rollout, Evidence(WON), NOW)
    assert (canary.state, canary.share, canary.proved) == (State.CANARY, 0.1, True)


def test_a_rollout_climbs_step_by_step_and_is_promoted() -> None:
    rollout, now, shares = made(careful=True, before=WON), NOW, []
    while rollout.open:
        shares.append(rollout.share)
        assert advance(rollout, seen(now), now) is rollout  # too early
        now += HOUR
        rollout = advance(rollout, seen(now), now)
    assert shares == [0.01, 0.1, 0.5, 1.0]
    assert exposure(rollout).shares == (Share("b", 1.0),)


def test_little_data_and_no_traffic_hold_and_the_deadline_gives_back() -> None:
    rollout, day = made(before=WON), NOW + DAY
    assert advance(rollout, seen(day, step_units=29), day) is rollout
    assert "29 of 30 units" in holds(rollout, seen(day, step_units=29), day)
    assert advance(rollout, seen(NOW), day) is rollout
    assert "no traffic" in holds(rollout, seen(NOW), day)
    late = rollout.deadline
    ended = advance(rollout, seen(late), late)
    assert ended.state is State.INCONCLUSIVE
    assert exposure(ended).shares == (Share("a", 1.0),)
    assert exposure(ended).rollout == "baseline"


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        ({"ratings": (Stratum(0.1, 900, 270, 100, 70),)}, State.ROLLED_BACK),
        ({"units": ((0.1, 900, 300),)}, State.INVALID),
        ({"sudden": {"errors": guard(Rate(900, 9), Rate(20, 20), 0.05, 1e-4)}}, State.ROLLED_BACK),
        ({"guards": {"slow": guard(Rate(900, 9), Rate(99, 60), 0.1, 0.01)}}, State.ROLLED_BACK),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_harm_ends_it_at_any_look_even_in_a_pause(
    evidence: dict[str, object], state: State, paused: bool
) -> None:
    rollout = made(before=WON)
    rollout = pause(rollout, NOW, "ana") if paused else rollout
    ended = advance(rollout, seen(NOW, **evidence), NOW)
    assert ended.state is state
    assert exposure(ended).shares == (Share("a", 1.0),)


def test_pairs_that_are_lost_end_a_shadow_and_a_thousand_that_prove_nothing_too() -> None:
    assert advance(made(), Evidence(Pairs(20, 80)), NOW).state is State.ROLLED_BACK
    assert advance(made(), Evidence(Pairs(500, 500)), NOW).state is State.INCONCLUSIVE


def test_a_challenger_that_costs_too_much_is_told_as_that() -> None:
    dear = Guarded(Standing.BREACHED, Rate(400), Rate(50), Interval(0.8, 1.3), 0.25)
    ended = advance(made(forced=True), seen(NOW, guards={"cost": dear}), NOW)
    assert (ended.state, ended.because) == (
        State.ROLLED_BACK,
        "guardrail cost: a run costs at least 80% more than the champion's, of what one usually costs",
    )


def test_too_few_runs_to_call_a_guardrail_fine_hold() -> None:
    unsure = Guarded(Standing.UNSURE, Rate(9), Rate(9), Interval(-1, 1), 0.05)
    rollout, day = made(before=WON), NOW + DAY
    evidence = seen(day, guards={"errors": unsure})
    assert advance(rollout, evidence, day) is rollout
    assert "too few runs to call errors" in holds(rollout, evidence, day)


def test_what_was_forced_is_promoted_by_a_person_alone() -> None:
    rollout, day = made(forced=True), NOW + DAY
    assert (rollout.state, "no gate passed it" in rollout.because) == (State.CANARY, True)
    shown = advance(rollout, seen(day, pairs=WON), day)
    assert advance(shown, seen(day, pairs=WON), day) is shown
    assert "only a person" in holds(shown, seen(day, pairs=WON), day)
    assert promote(rollout, day, "ana").because == "promoted by ana, without proof"


def test_what_is_forced_carries_what_its_gate_saw_of_harm() -> None:
    alone, carrying = made(forced=True), made(forced=True, before=LOST)
    assert (alone.carried, carries(alone)) == (0.0, "")
    assert carrying.because == (
        "begun by force: no gate passed it; its gate's pairs bring +47% of a proof of harm"
    )
    disliked = seen(NOW, ratings=DISLIKED)
    assert advance(alone, disliked, NOW) is alone
    ended = advance(carrying, disliked, NOW)
    assert (ended.state, ended.because) == (
        State.ROLLED_BACK,
        "the challenger's ratings are proved to be worse with its gate's pairs",
    )


@pytest.mark.parametrize("gate", [Pairs(0, 100), WON])
def test_a_gate_alone_ends_and_proves_nothing_of_what_was_forced(gate: Pairs) -> None:
    rollout = made(forced=True, before=gate)
    assert advance(rollout, seen(NOW), NOW) is rollout
    assert not rollout.proved


def test_what_was_not_forced_goes_on_with_the_pairs_themselves() -> None:
    assert (made(before=LOST).before, made(before=LOST).carried) == (LOST, 0.0)


def test_what_is_carried_is_kept_and_an_older_state_carries_nothing() -> None:
    rollout = made(forced=True, before=LOST)
    body = BODY.dump_python(rollout, mode="json")
    assert BODY.validate_python(body) == rollout
    del body["carried"]
    assert BODY.validate_python(body) == replace(rollout, carried=0.0)


def test_a_pause_keeps_the_share_and_a_step_begins_anew_after_it() -> None:
    paused, day = pause(made(before=WON), NOW, "ana"), NOW + DAY
    assert advance(paused, seen(day), day) is paused
    assert exposure(paused).shares[1] == Share("b", 0.1)
    on = resume(paused, day, "ana")
    assert advance(on, seen(day), day) is on
    assert advance(on, seen(day + DAY), day + DAY).share == 1.0


def test_a_clock_that_runs_backwards_waits() -> None:
    rollout = made(before=WON)
    assert advance(rollout, seen(NOW - DAY), NOW - 3 * DAY) is rollout
    assert abort(rollout, NOW - DAY, "ana").at == NOW


@pytest.mark.parametrize("act", [pause, resume, promote, abort])
def test_what_has_ended_stays_ended(act: object) -> None:
    ended = abort(made(), NOW, "ana")
    assert advance(ended, Evidence(WON), NOW + DAY) is ended
    with pytest.raises(Conflict, match="aborted by ana"):
        act(ended, NOW, "eva")  # type: ignore[operator]


@pytest.mark.parametrize("again", [pause])
def test_a_pause_in_a_pause_is_a_conflict(again: object) -> None:
    with pytest.raises(Conflict, match="paused already"):
        again(pause(made(), NOW, "ana"), NOW, "eva")  # type: ignore[operator]
    with pytest.raises(Conflict, match="not paused"):
        resume(made(), NOW, "eva")


LOOKS = st.lists(
    st.tuples(
        st.integers(-5_000, 200_000),  # seconds to the next look: a clock may go back
        st.integers(0, 60),
        st.integers(0, 60),
        st.integers(0, 50),
        st.booleans(),
        st.sampled_from(["", "", "", "pause", "resume"]),
    ),
    max_size=25,
)


@given(LOOKS, st.booleans())
def test_whatever_is_seen_shares_only_grow_while_open_and_nothing_unproved_is_seen_by_all(
    looks: list[tuple[int, int, int, int, bool, str]], forced: bool
) -> None:
    rollout, now, pairs = made(careful=True, forced=forced), NOW, Pairs()
    for seconds, won, lost, units, traffic, act in looks:
        now += timedelta(seconds=seconds)
        pairs += Pairs(won, lost)
        before = rollout
        if act == "pause" and rollout.open and not rollout.paused:
            rollout = pause(rollout, now, "ana")
        elif act == "resume" and rollout.paused:
            rollout = resume(rollout, now, "ana") if rollout.open else rollout
        evidence = Evidence(pairs, step_units=units, last_run=now if traffic else None)
        rollout = advance(rollout, evidence, now)
        assert rollout.at >= before.at
        assert not (before.state not in (State.SHADOW, State.CANARY) and rollout is not before)
        if rollout.open:
            assert rollout.share >= before.share
        if rollout.share > 0:
            assert rollout.proved or forced
        if rollout.share == 1:
            assert rollout.proved
            assert not forced
