"""The pure step of a cycle: where each finding leads, and that nothing leads anywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.errors import Conflict
from arriero.learning import rollout
from arriero.learning.cycle import (
    ATTEMPTS,
    OPEN,
    Collected,
    Cycle,
    Exposed,
    Found,
    Judged,
    Made,
    State,
    Trigger,
    abort,
    advance,
    begin,
    to_cycle,
    to_machine,
)
from arriero.learning.experiment.findings import Pairs, Says

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BEGUN = begin("c-1", "support", "default", "support@a", Trigger.FEEDBACK, NOW, "101 new examples")
PAIRS = Pairs(40, 10, 5)
GOOD: dict[State, Found] = {
    State.COLLECTING: Collected("d" * 64, "k" * 64),
    State.TRAINING: Made("support@b", "a" * 64),
    State.GATED: Judged(Says.BETTER, PAIRS, "e" * 64, "proved"),
    State.EXPOSED: Exposed(rollout.State.PROMOTED, "proved on pairs"),
}


def at(state: State) -> Cycle:
    """A cycle that has come so far the good way."""
    cycle = BEGUN
    while cycle.state is not state:
        cycle = advance(cycle, GOOD[cycle.state], LATER)
    return cycle


def test_the_good_way_ends_in_a_promotion() -> None:
    cycle = at(State.PROMOTED)
    assert (cycle.dataset, cycle.adapter, cycle.challenger) == ("d" * 64, "a" * 64, "support@b")
    assert (cycle.before, cycle.at, cycle.open) == (PAIRS, LATER, False)


@pytest.mark.parametrize(
    ("state", "found", "to"),
    [
        (State.COLLECTING, Collected(None, missing="kto: 3 of 100"), State.INCONCLUSIVE),
        (State.TRAINING, Made(None, failed="the disk is full"), State.FAILED),
        (State.TRAINING, Made("support@a"), State.INCONCLUSIVE),
        (State.GATED, Judged(Says.WORSE, PAIRS, "e", "worse"), State.REFUSED),
        (State.GATED, Judged(Says.INVALID, PAIRS, "e", "nothing reached it"), State.INVALID),
        (State.GATED, Judged(Says.UNSURE, PAIRS, "e", "goes on"), State.EXPOSED),
        (State.EXPOSED, Exposed(rollout.State.ROLLED_BACK, "harm"), State.ROLLED_BACK),
        (State.EXPOSED, Exposed(rollout.State.INCONCLUSIVE, "late"), State.INCONCLUSIVE),
        (State.EXPOSED, Exposed(rollout.State.INVALID, "shares"), State.INVALID),
    ],
)
def test_every_other_finding_has_its_end(state: State, found: Found, to: State) -> None:
    moved = advance(at(state), found, LATER)
    assert moved.state is to
    assert moved.because


@pytest.mark.parametrize("state", [None, rollout.State.SHADOW, rollout.State.CANARY])
def test_an_open_rollout_is_waited_for(state: rollout.State | None) -> None:
    cycle = at(State.EXPOSED)
    assert advance(cycle, Exposed(state), LATER) is cycle


def test_a_crash_is_tried_again_and_not_for_ever() -> None:
    cycle = at(State.TRAINING)
    for attempt in range(1, ATTEMPTS):
        cycle = advance(cycle, Made(None, failed="out of memory", again=True), LATER)
        assert (cycle.state, cycle.attempts) == (State.TRAINING, attempt)
    assert advance(cycle, Made(None, failed="again", again=True), LATER).state is State.FAILED


@given(st.sampled_from(list(State)), st.sampled_from(list(GOOD)))
def test_what_does_not_belong_to_a_state_is_refused(state: State, other: State) -> None:
    cycle = replace(BEGUN, state=state)
    if state is other:
        return
    with pytest.raises(Conflict, match=f"is {state}"):
        advance(cycle, GOOD[other], LATER)


def test_a_clock_that_goes_backwards_moves_nothing_back() -> None:
    cycle = at(State.TRAINING)
    assert advance(cycle, GOOD[State.TRAINING], NOW - timedelta(days=1)).at == LATER


def test_a_person_ends_an_open_cycle_and_no_other() -> None:
    ended = abort(at(State.GATED), LATER, "ana")
    assert (ended.state, ended.because) == (State.INCONCLUSIVE, "aborted by ana")
    with pytest.raises(Conflict, match="has ended"):
        abort(ended, LATER, "ana")


@pytest.mark.parametrize("state", OPEN)
def test_a_kept_cycle_comes_back_as_it_was(state: State) -> None:
    cycle = at(state)
    machine = to_machine(cycle, 3)
    assert (machine.state, machine.open, machine.version) == (state.value, True, 3)
    assert to_cycle(machine) == cycle
