"""One pass of the learning loop as a state machine: a pure step over what was found out.

collecting -> training -> gated -> exposed (the rollout's shadow and canary) -> an end. `advance` is all
of it; `learning/cycles.py` finds things out and commits. Killing the process anywhere leaves a state from
which it goes on: what a state does is idempotent, because its result is named by what it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from arriero.core.errors import Conflict
from arriero.core.words import JsonValue
from arriero.learning import rollout
from arriero.learning.experiment.findings import Pairs, Says
from arriero.store.base import Machine

ATTEMPTS = 3  # trainings that crashed before the cycle gives up: a fault that stays is for a person


class State(StrEnum):
    """The first four are open. REFUSED: the gate proved it worse. FAILED: nothing could be trained."""

    COLLECTING = "collecting"
    TRAINING = "training"
    GATED = "gated"
    EXPOSED = "exposed"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    REFUSED = "refused"
    FAILED = "failed"


OPEN = (State.COLLECTING, State.TRAINING, State.GATED, State.EXPOSED)
ENDS = {
    rollout.State.PROMOTED: State.PROMOTED,
    rollout.State.ROLLED_BACK: State.ROLLED_BACK,
    rollout.State.INCONCLUSIVE: State.INCONCLUSIVE,
    rollout.State.INVALID: State.INVALID,
}


class Trigger(StrEnum):
    """Why a cycle began."""

    FEEDBACK = "feedback"
    SCHEDULE = "schedule"
    DRIFT = "drift"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle as it stands; what is None is not known yet. `at` is when it last moved.

    `dataset`, `adapter` and `evaluation` name artefacts, `challenger` a variant, `training` the key of
    the recipe on the dataset; `before` are the pairs that the gate found. `id` names the rollout, too.
    `why` says what triggered it, `because` why it is in this state, `waits` what keeps it there, if it
    is more than time.
    """

    id: str
    app: str
    tenant: str
    champion: str
    trigger: Trigger
    state: State
    begun: datetime
    at: datetime
    because: str
    dataset: str | None = None
    training: str | None = None
    adapter: str | None = None
    challenger: str | None = None
    evaluation: str | None = None
    before: Pairs = rollout.NO_PAIRS
    attempts: int = 0
    why: str = ""
    waits: str = ""

    @property
    def open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Collected:
    """The dataset that was built and what will be trained on it; no dataset: what is missing."""

    dataset: str | None
    training: str | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """The challenger that training gave, or why it gave none; `again`: trying again may help."""

    challenger: str | None
    adapter: str | None = None
    failed: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate found on paired data, and where it is told in full."""

    says: Says
    pairs: Pairs
    evaluation: str
    because: str


@dataclass(frozen=True, slots=True)
class Exposed:
    """How the rollout stands; None: it has not begun."""

    state: rollout.State | None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing is decided yet: the state stays, and tells what it waits for.

    `evaluation`: what people have to judge first.
    """

    because: str
    evaluation: str | None = None


Found = Collected | Made | Judged | Exposed | Waits


def begin(
    id: str, app: str, tenant: str, champion: str, trigger: Trigger, now: datetime, because: str
) -> Cycle:
    """The first state."""
    return Cycle(
        id, app, tenant, champion, trigger, State.COLLECTING, now, now, because, why=because
    )


def advance(cycle: Cycle, found: Found, now: datetime) -> Cycle:
    """The next state; `cycle` itself while nothing is new. What does not belong to the state is a `Conflict`."""
    now = max(now, cycle.at)  # a clock that goes backwards moves nothing back
    match cycle.state, found:
        case _, Waits() if cycle.open:
            return _waiting(cycle, found.because, found.evaluation)
        case State.COLLECTING, Collected():
            return _collected(cycle, found, now)
        case State.TRAINING, Made():
            return _made(cycle, found, now)
        case State.GATED, Judged():
            return _judged(cycle, found, now)
        case State.EXPOSED, Exposed():
            return _exposed(cycle, found, now)
        case _:
            told = type(found).__name__.lower()
            raise Conflict(f"cycle {cycle.id!r} is {cycle.state}, so nothing can be {told} now")


def _collected(cycle: Cycle, found: Collected, now: datetime) -> Cycle:
    if found.dataset is None:
        return _to(cycle, State.INCONCLUSIVE, now, f"not enough to learn from: {found.missing}")
    made = replace(cycle, dataset=found.dataset, training=found.training)
    return _to(made, State.TRAINING, now, f"dataset {found.dataset[:12]} is built")


def _made(cycle: Cycle, found: Made, now: datetime) -> Cycle:
    if found.challenger is not None:
        made = replace(cycle, challenger=found.challenger, adapter=found.adapter)
        if found.challenger == cycle.champion:
            return _to(made, State.INCONCLUSIVE, now, "training gave the champion again")
        return _to(made, State.GATED, now, f"challenger {found.challenger} is registered")
    tried = replace(cycle, attempts=cycle.attempts + 1)
    if found.again and tried.attempts < ATTEMPTS:
        return _to(tried, State.TRAINING, now, f"attempt {tried.attempts} failed: {found.failed}")
    return _to(tried, State.FAILED, now, found.failed)


def _judged(cycle: Cycle, found: Judged, now: datetime) -> Cycle:
    told = replace(cycle, evaluation=found.evaluation, before=found.pairs)
    match found.says:
        case Says.WORSE:
            return _to(told, State.REFUSED, now, found.because)
        case Says.INVALID:
            return _to(told, State.INVALID, now, found.because)
        case _:
            return _to(told, State.EXPOSED, now, found.because)


def _exposed(cycle: Cycle, found: Exposed, now: datetime) -> Cycle:
    if found.state is None or found.state not in ENDS:
        return _waiting(cycle, "")
    return _to(cycle, ENDS[found.state], now, found.because)


def abort(cycle: Cycle, now: datetime, actor: str) -> Cycle:
    """Ended by a person; its rollout, if it has one, is aborted with it. `Conflict` when it has ended."""
    if not cycle.open:
        raise Conflict(f"cycle {cycle.id!r} has ended: {cycle.because}")
    return _to(cycle, State.INCONCLUSIVE, max(now, cycle.at), f"aborted by {actor}")


def _to(cycle: Cycle, state: State, now: datetime, because: str) -> Cycle:
    return replace(cycle, state=state, at=now, because=because, waits="")


def _waiting(cycle: Cycle, what: str, evaluation: str | None = None) -> Cycle:
    waits = replace(cycle, waits=what, evaluation=evaluation or cycle.evaluation)
    return cycle if waits == cycle else waits


def to_machine(cycle: Cycle, version: int) -> Machine:
    """The cycle as the ledger keeps it."""
    body = asdict(cycle) | {"begun": cycle.begun.isoformat(), "at": cycle.at.isoformat()}
    kept = {name: value for name, value in body.items() if name not in COLUMNS}
    place = cycle.id, cycle.tenant, cycle.app, cycle.state.value, cycle.open
    return Machine("cycle", *place, version, kept, cycle.at)


COLUMNS = ("id", "tenant", "app", "state")


def to_cycle(machine: Machine) -> Cycle:
    """A kept cycle as a value again."""
    body: Mapping[str, JsonValue] = machine.body
    told: dict[str, Any] = dict(body) | {
        "trigger": Trigger(body["trigger"]),
        "begun": datetime.fromisoformat(body["begun"]),
        "at": datetime.fromisoformat(body["at"]),
        "before": Pairs(**body["before"]),
    }
    return Cycle(
        id=machine.id, tenant=machine.tenant, app=machine.app, state=State(machine.state), **told
    )
