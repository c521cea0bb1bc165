"""How a challenger's exposure grows, or ends: a pure step over what was counted.

`advance(rollout, evidence, now)` is all of it. Harm is looked for at every look; improvement is
proved on pairs, never by a point estimate; too little data holds, and the deadline gives the units
back to the champion. Nothing sleeps: a step that lasts a day is a moment in the state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from arriero.core.errors import Conflict
from arriero.core.settings import RolloutSettings
from arriero.core.words import Exposure, Share
from arriero.learning.experiment.bets import Stratum
from arriero.learning.experiment.findings import (
    DEFAULT,
    Guarded,
    Pairs,
    Says,
    Standing,
    carry,
    harmed,
    judge_pairs,
    mismatched,
    proved,
)

# Replicas read a new exposure within a second and give its arms up to fifteen to start (`store.exposures`); what
# they see after this long counts.
SETTLE = timedelta(seconds=17)


class State(StrEnum):
    """SHADOW and CANARY are open; the others are ends."""

    SHADOW = "shadow"
    CANARY = "canary"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"


NO_PAIRS = Pairs()
COST = "cost"  # the one guardrail that is no rate of bad runs
OPEN = (State.SHADOW, State.CANARY)


@dataclass(frozen=True, slots=True)
class Step:
    """The challenger's share of units, for how long at least, and how many of its units at least."""

    share: float
    hold_s: float
    min_units: int


@dataclass(frozen=True, slots=True)
class Margins:
    """How much worse a challenger's rates may be; None: not guarded. Cost relative, the others in
    points. Zero means: any proved difference ends the rollout, and nothing has to be shown fine.
    """

    errors: float | None = 0.05
    slow: float | None = 0.10
    unsafe: float | None = 0.0
    cost: float | None = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before the first look; it never changes afterwards.

    `level` is what the proof needs (`experiment.control`), `roles` the roles whose part is changed
    (empty: all runs are compared), `slow_ms` the champion's own tail before the rollout, `safety`
    the checks of which no more may fail.
    """

    steps: tuple[Step, ...]
    level: float
    deadline_s: float
    shadow_share: float
    max_pairs: int
    tie: float = 0.02
    sudden_s: float = 60.0
    fresh_s: float = 3_600.0
    margins: Margins = Margins()
    roles: tuple[str, ...] = ()
    slow_ms: float | None = None
    safety: tuple[str, ...] = ()


def planned(
    settings: RolloutSettings,
    level: float,
    *,
    roles: tuple[str, ...] = (),
    slow_ms: float | None = None,
    safety: tuple[str, ...] = (),
) -> Plan:
    """The plan that the settings make, with what is known when the rollout begins."""
    return Plan(
        steps=tuple(Step(it.share, it.hold_h * 3600, it.min_units) for it in settings.steps),
        level=level,
        deadline_s=settings.deadline_h * 3600,
        shadow_share=settings.shadow_share,
        max_pairs=settings.max_pairs,
        tie=settings.tie,
        margins=Margins(settings.errors, settings.slow, settings.unsafe, settings.cost),
        roles=roles,
        slow_ms=slow_ms,
        safety=safety,
    )


@dataclass(frozen=True, slots=True)
class Phase:
    """From this moment on the challenger had this share."""

    share: float
    since: datetime


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout as it stands. `at` is when it last moved; `label` the exposure's name before it.

    `before` are its gate's pairs, which its own pairs go on from; of one that was forced nothing but
    `carried`, what they bring to a proof of harm (`findings.carry`).
    """

    id: str
    app: str
    tenant: str
    champion: str
    challenger: str
    plan: Plan
    state: State
    begun: datetime
    at: datetime
    because: str
    label: str = "baseline"
    step: int = -1
    paused: bool = False
    forced: bool = False
    proved: bool = False
    before: Pairs = NO_PAIRS
    phases: tuple[Phase, ...] = ()
    cycle: str | None = None
    carried: float = 0.0

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def share(self) -> float:
        """The challenger's share of units now."""
        match self.state:
            case State.CANARY:
                return self.plan.steps[self.step].share
            case State.PROMOTED:
                return 1.0
            case _:
                return 0.0

    @property
    def deadline(self) -> datetime:
        return self.begun + timedelta(seconds=self.plan.deadline_s)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was counted since the rollout began (`learning/evidence.py`).

    `units` and `ratings` are by share; `guards` since the start, `sudden` in the last minute;
    `step_units` are the challenger's units in the present step.
    """

    pairs: Pairs = NO_PAIRS
    ratings: tuple[Stratum, ...] = ()
    units: tuple[tuple[float, int, int], ...] = ()
    guards: Mapping[str, Guarded] = field(default_factory=dict)
    sudden: Mapping[str, Guarded] = field(default_factory=dict)
    step_units: int = 0
    last_run: datetime | None = None
    runs: int = 0
    reached: int = 0


def begin(
    id: str,
    app: str,
    champion: str,
    challenger: str,
    plan: Plan,
    now: datetime,
    *,
    tenant: str = "",
    label: str = "baseline",
    forced: bool = False,
    before: Pairs = NO_PAIRS,
    cycle: str | None = None,
    because: str = "",
) -> Rollout:
    """A rollout's first state: a shadow, or at once a canary when it is forced or proved already.

    `before` are the pairs of its gate; of one that is forced they count against it only. `because` is why
    somebody wants it; it is told with the state's own reason.
    """
    why = f" ({because})" if because else ""
    made = Rollout(
        *(id, app, tenant, champion, challenger, plan, State.SHADOW, now, now, f"begun{why}"),
        label=label,
        forced=forced,
        before=NO_PAIRS if forced else before,
        cycle=cycle,
        carried=carry(before) if forced else 0.0,
        phases=(Phase(0.0, now),),
    )
    if forced:
        brings = f"; {carries(made)}" if made.carried else ""
        return _to_step(made, 0, now, f"begun by force: no gate passed it{brings}{why}")
    if proved(before, plan.level):
        shown = replace(made, proved=True)
        return _to_step(shown, 0, now, f"the gate proved it on {before.decisive} pairs{why}")
    return made


def carries(rollout: Rollout) -> str:
    """How much of a proof of harm it began with; empty: nothing."""
    if not rollout.carried:
        return ""
    share = rollout.carried / -math.log(DEFAULT.harm)
    return f"its gate's pairs bring {share:+.0%} of a proof of harm"


def advance(rollout: Rollout, evidence: Evidence, now: datetime) -> Rollout:
    """The state after this look; `rollout` itself while it holds. A clock that runs backwards waits."""
    decided = _decide(rollout, evidence, max(now, rollout.at))
    return decided if isinstance(decided, Rollout) else rollout


def holds(rollout: Rollout, evidence: Evidence, now: datetime) -> str:
    """What an open rollout waits for, in one sentence; why it ended, of one that has."""
    if not rollout.open:
        return rollout.because
    decided = _decide(rollout, evidence, max(now, rollout.at))
    return decided.because if isinstance(decided, Rollout) else decided()


Why = Callable[[], str]  # told when somebody asks: to say how many pairs are missing takes a while


def _decide(rollout: Rollout, evidence: Evidence, now: datetime) -> Rollout | Why:
    """Where it goes, or what it waits for. What protects comes first, and holds in a pause too."""
    if not rollout.open:
        return lambda: rollout.because
    if ended := _ended(rollout, evidence, now):
        return ended
    if not rollout.proved and proved(_pairs(rollout, evidence), rollout.plan.level):
        n = _pairs(rollout, evidence).decisive
        shown = replace(rollout, proved=True)
        if rollout.state is State.CANARY or rollout.paused:
            return _moved(shown, now, f"the improvement is proved on {n} pairs")
        return _to_step(shown, 0, now, f"the improvement is proved on {n} pairs")
    if rollout.paused:
        return lambda: rollout.because
    if rollout.state is State.CANARY:
        return _climb(rollout, evidence, now)
    if rollout.proved:
        return _to_step(rollout, 0, now, "the improvement was proved")
    if _pairs(rollout, evidence).decisive >= rollout.plan.max_pairs:
        why = f"no improvement proved within {rollout.plan.max_pairs} pairs"
        return _moved(rollout, now, why, State.INCONCLUSIVE)
    return lambda: _needs(rollout, evidence)


def _ended(rollout: Rollout, evidence: Evidence, now: datetime) -> Rollout | None:
    if mismatched(evidence.units):
        why = "units did not get the shares that were set: the test is void"
        return _moved(rollout, now, why, State.INVALID)
    if broken := _broken(evidence):
        return _moved(rollout, now, broken, State.ROLLED_BACK)
    if harmed(evidence.ratings, rollout.carried):
        with_gate = " with its gate's pairs" if rollout.carried else ""
        why = f"the challenger's ratings are proved to be worse{with_gate}"
        return _moved(rollout, now, why, State.ROLLED_BACK)
    if not rollout.proved and _loses(rollout, evidence):
        why = "the challenger is proved to lose more pairs than it wins"
        return _moved(rollout, now, why, State.ROLLED_BACK)
    if now >= rollout.deadline:
        why = f"not decided within {rollout.plan.deadline_s / 3600:.3g} h"
        return _moved(rollout, now, why, State.INCONCLUSIVE)
    return None


def _broken(evidence: Evidence) -> str | None:
    for guards, when in ((evidence.sudden, "now"), (evidence.guards, "so far")):
        for name, it in guards.items():
            if it.standing is not Standing.BREACHED:
                continue
            if name == COST:
                return (
                    f"guardrail {name}: a run costs at least {it.interval.low:.0%} more than the"
                    " champion's, of what one usually costs"
                )
            return (
                f"guardrail {name}: {it.challenger.share:.1%} of the challenger's runs {when}, "
                f"{it.champion.share:.1%} of the champion's"
            )
    return None


def _loses(rollout: Rollout, evidence: Evidence) -> bool:
    pairs = _pairs(rollout, evidence)
    if pairs.losses <= pairs.wins:
        return False
    return proved(Pairs(pairs.losses, pairs.wins), DEFAULT.harm)


def _pairs(rollout: Rollout, evidence: Evidence) -> Pairs:
    return rollout.before + evidence.pairs


def _needs(rollout: Rollout, evidence: Evidence) -> str:
    """How many more pairs it takes, if the win rate stays what it is."""
    pairs, level = _pairs(rollout, evidence), rollout.plan.level
    found = judge_pairs(pairs, level)
    left = rollout.plan.max_pairs - pairs.decisive
    seen = f"{pairs.wins} of {pairs.decisive} decisive pairs won; {left} more may decide"
    if found.says is Says.UNSURE and found.effect > 0.5:
        for more in range(10, left + 1, 10):
            if proved(Pairs(*_grown(pairs, more)), level):
                return f"{seen}, about {more} at this rate"
    return seen


def _grown(pairs: Pairs, more: int) -> tuple[int, int]:
    won = round(more * pairs.wins / pairs.decisive)
    return pairs.wins + won, pairs.losses + more - won


def _climb(rollout: Rollout, evidence: Evidence, now: datetime) -> Rollout | Why:
    """The next step, when this one has lasted long enough and was seen by enough units."""
    if reason := _too_early(rollout, evidence, now):
        return lambda: reason
    last = rollout.step == len(rollout.plan.steps) - 1
    share = 1.0 if last else rollout.plan.steps[rollout.step + 1].share
    if share < 1:
        return _to_step(rollout, rollout.step + 1, now, f"step {share:.0%}: no harm seen")
    if rollout.forced:
        return lambda: "it was begun by force: only a person may promote it"
    if not rollout.proved:
        return lambda: f"no proof of an improvement yet: {_needs(rollout, evidence)}"
    if unsure := [
        name for name, it in evidence.guards.items() if it.standing is Standing.UNSURE and it.margin
    ]:
        return lambda: f"too few runs to call {', '.join(unsure)} no worse than the champion's"
    if not last:
        return _to_step(rollout, rollout.step + 1, now, "every unit: proved, and no harm seen")
    return _moved(rollout, now, "proved on pairs, and no harm seen", State.PROMOTED)


def _too_early(rollout: Rollout, evidence: Evidence, now: datetime) -> str | None:
    step = rollout.plan.steps[rollout.step]
    until = rollout.phases[-1].since + timedelta(seconds=step.hold_s)
    fresh = timedelta(seconds=rollout.plan.fresh_s)
    if evidence.step_units < step.min_units:
        return f"{evidence.step_units} of {step.min_units} units of the challenger in this step"
    if evidence.last_run is None or now - evidence.last_run > fresh:
        return f"no traffic: {rollout.plan.fresh_s / 60:.3g} minutes without a run prove nothing"
    if now < until:
        return f"this step lasts until {until.isoformat(timespec='seconds')}"
    return None


def _to_step(rollout: Rollout, step: int, now: datetime, because: str) -> Rollout:
    phase = Phase(rollout.plan.steps[step].share, now)
    moved = replace(rollout, state=State.CANARY, step=step, phases=(*rollout.phases, phase))
    return replace(moved, at=now, because=because)


def _moved(rollout: Rollout, now: datetime, because: str, state: State | None = None) -> Rollout:
    return replace(rollout, at=now, because=because, state=state or rollout.state)


def pause(rollout: Rollout, now: datetime, actor: str) -> Rollout:
    """Stays at its share until it is resumed; harm still ends it. `Conflict` when it has ended."""
    _must_be_open(rollout)
    if rollout.paused:
        raise Conflict(f"rollout {rollout.id!r} is paused already; resume it first")
    return replace(_moved(rollout, max(now, rollout.at), f"paused by {actor}"), paused=True)


def resume(rollout: Rollout, now: datetime, actor: str) -> Rollout:
    """Goes on; the present step begins anew. `Conflict` when it is not paused."""
    _must_be_open(rollout)
    if not rollout.paused:
        raise Conflict(f"rollout {rollout.id!r} is not paused")
    now = max(now, rollout.at)
    phases = (*rollout.phases, Phase(rollout.share, now))
    return replace(_moved(rollout, now, f"resumed by {actor}"), paused=False, phases=phases)


def promote(rollout: Rollout, now: datetime, actor: str) -> Rollout:
    """To every unit at once because a person says so, proved or not."""
    _must_be_open(rollout)
    proof = "proved" if rollout.proved else "without proof"
    return _moved(rollout, max(now, rollout.at), f"promoted by {actor}, {proof}", State.PROMOTED)


def abort(rollout: Rollout, now: datetime, actor: str) -> Rollout:
    """Every unit back to the champion because a person says so."""
    _must_be_open(rollout)
    return _moved(rollout, max(now, rollout.at), f"aborted by {actor}", State.ROLLED_BACK)


def _must_be_open(rollout: Rollout) -> None:
    if not rollout.open:
        raise Conflict(f"rollout {rollout.id!r} has ended: {rollout.because}")


def exposure(rollout: Rollout) -> Exposure:
    """Which units see the challenger now. While it is open both are named, so both stay warm."""
    if rollout.state is State.PROMOTED:
        return Exposure(rollout.app, rollout.id, (Share(rollout.challenger, 1.0),))
    if not rollout.open:
        return Exposure(rollout.app, rollout.label, (Share(rollout.champion, 1.0),))
    share = rollout.share
    shares = (Share(rollout.champion, 1.0 - share), Share(rollout.challenger, share))
    return Exposure(rollout.app, rollout.id, shares)
