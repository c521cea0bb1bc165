"""From runs to counts: what a rollout may look at, each unit once. Pure.

A unit counts with its first rating and its first pair, and a person who is named with their first
rating, so that nobody's many thumbs outweigh the others, and what belongs together is not taken for
independent. Everything is counted for the arm
that was assigned: an error or a fallback of the challenger is the challenger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from arriero.core.words import JsonValue, Mode
from arriero.learning.experiment.bets import Stratum
from arriero.learning.experiment.findings import (
    DEFAULT,
    Guarded,
    Pairs,
    Rate,
    Standing,
    guard,
)
from arriero.learning.experiment.sequences import Sums, difference
from arriero.learning.give import PERSON
from arriero.learning.rollout import COST, SETTLE, Evidence, Plan, Rollout
from arriero.store.base import Observed

Unit = tuple[str, str]
# Runs of an arm before its mean cost is called anything: the sequence is for large n, and two runs that cost
# alike, of which it takes the variance for nothing, took about one harmless challenger in forty back.
COSTED = 30


def quality(feedback: Iterable[tuple[str, JsonValue]]) -> float | None:
    """What people said of a run, from 0 to 1: the last rating, else the last thumb, else whether it
    was resolved and nobody had to ask again. None: nobody said anything of the kind.
    """
    said = dict(feedback)
    match said:
        case {"rating": int(stars)}:
            return (stars - 1) / 4
        case {"thumb": bool(up)}:
            return float(up)
        case {"recontact": True}:
            return 0.0
        case {"resolved": bool(done)}:
            return float(done)
    return None


@dataclass(slots=True)
class _Arms:
    """Two arms' counts at one share."""

    units: list[int] = field(default_factory=lambda: [0, 0])
    rated: list[int] = field(default_factory=lambda: [0, 0])
    bad: list[float] = field(default_factory=lambda: [0.0, 0.0])


def count(rollout: Rollout, rows: Sequence[Observed], now: datetime) -> Evidence:
    """What `rows`, the runs of both variants since the rollout began, oldest first, come to."""
    live = [row for row in rows if row.mode is Mode.LIVE and row.unit is not None]
    tested = [(row, share) for row in live if 0 < (share := _share(rollout, row.at)) < 1]
    reached = [row for row in live if _reaches(rollout.plan, row)]
    arms = _arms(rollout, tested)
    recent = [
        row
        for row in live
        if row.variant == rollout.challenger
        and row.at > now - timedelta(seconds=rollout.plan.sudden_s)
    ]
    both = [row for row, _ in tested]
    return Evidence(
        pairs=pairs(rollout, rows),
        ratings=tuple(
            Stratum(share, it.rated[0], it.bad[0], it.rated[1], it.bad[1])
            for share, it in arms.items()
        ),
        units=tuple((share, it.units[0], it.units[1]) for share, it in arms.items()),
        guards=_guards(rollout, both),
        sudden=_sudden(rollout, both, recent),
        step_units=_step_units(rollout, live),
        last_run=max((row.at for row in live), default=None),
        runs=len(live),
        reached=len(reached),
    )


def _share(rollout: Rollout, at: datetime) -> float:
    """The challenger's share at a moment; 0 until a new share has reached every replica."""
    share = 0.0
    for phase in rollout.phases:
        if at >= phase.since:
            share = phase.share if at >= phase.since + SETTLE or phase.share == share else 0.0
    return share


def _reaches(plan: Plan, row: Observed) -> bool:
    return not plan.roles or bool(set(plan.roles) & set(row.roles))


def _arms(rollout: Rollout, tested: Sequence[tuple[Observed, float]]) -> Mapping[float, _Arms]:
    found: defaultdict[float, _Arms] = defaultdict(_Arms)
    seen: set[Unit] = set()
    rated: set[Unit] = set()
    heard: set[str] = set()
    for row, share in tested:
        arm, unit = int(row.variant == rollout.challenger), (row.tenant, row.unit or "")
        if unit not in seen:
            seen.add(unit)
            found[share].units[arm] += 1
        value, people = quality(row.feedback), _people(row)
        new = unit not in rated and not (people and people <= heard)
        if value is not None and new and _reaches(rollout.plan, row):
            rated.add(unit)
            heard |= people
            found[share].rated[arm] += 1
            found[share].bad[arm] += 1 - value
    return found


def _people(row: Observed) -> set[str]:
    """Who said something of a run, as far as they are named; else its unit stands for who did."""
    return {who for voice in row.voices if (who := voice.partition(PERSON)[2])}


def _step_units(rollout: Rollout, live: Sequence[Observed]) -> int:
    since = rollout.phases[-1].since
    mine = (row for row in live if row.variant == rollout.challenger and row.at >= since)
    return len({(row.tenant, row.unit) for row in mine})


def pairs(rollout: Rollout, rows: Sequence[Observed]) -> Pairs:
    """Cases that both variants answered, the first of each unit, judged without a judge."""
    by_id = {row.run: row for row in rows if row.mode is Mode.LIVE}
    seen: set[Unit] = set()
    won = lost = tied = 0
    for shadow in rows:
        live = by_id.get(shadow.of or "")
        if shadow.mode is not Mode.SHADOW or live is None or live.variant == shadow.variant:
            continue
        unit = (live.tenant, live.unit or live.run)
        reaches = _reaches(rollout.plan, live) or _reaches(rollout.plan, shadow)
        if unit in seen or not reaches:
            continue
        seen.add(unit)
        ours, theirs = (shadow, live) if shadow.variant == rollout.challenger else (live, shadow)
        match _better(ours, theirs, rollout.plan.tie):
            case 1:
                won += 1
            case -1:
                lost += 1
            case _:
                tied += 1
    return Pairs(won, lost, tied)


def _better(ours: Observed, theirs: Observed, tie: float) -> int:
    """1 when ours is better, -1 when theirs is: an error loses, then the app's own score decides."""
    if ours.error != theirs.error:
        return -1 if ours.error else 1
    less = (ours.score or 0.0) - (theirs.score or 0.0)
    return 0 if abs(less) <= tie else 1 if less > 0 else -1


def _bad(plan: Plan, row: Observed, name: str) -> bool:
    match name:
        case "errors":
            return row.error
        case "slow":
            return plan.slow_ms is not None and row.duration_ms > plan.slow_ms
        case _:
            return bool(set(plan.safety) & set(row.failed))


def _rates(plan: Plan) -> Mapping[str, float]:
    """The guardrails in force, each with its margin."""
    told = {"errors": plan.margins.errors}
    if plan.slow_ms is not None:
        told["slow"] = plan.margins.slow
    if plan.safety:
        told["unsafe"] = plan.margins.unsafe
    return {name: margin for name, margin in told.items() if margin is not None}


def _guards(rollout: Rollout, rows: Sequence[Observed]) -> Mapping[str, Guarded]:
    """Since the start: BREACHED at the guard's level, FINE at the level of intervals."""
    found = {}
    for name, margin in _rates(rollout.plan).items():
        champion, challenger = _two(rollout, rows, name)
        made = guard(champion, challenger, margin, DEFAULT.guard)
        if made.standing is Standing.UNSURE:
            easier = guard(champion, challenger, margin, DEFAULT.interval)
            made = easier if easier.standing is Standing.FINE else made
        found[name] = made
    if (cost := _cost(rollout, rows)) is not None:
        found[COST] = cost
    return found


def _sudden(
    rollout: Rollout, both: Sequence[Observed], recent: Sequence[Observed]
) -> Mapping[str, Guarded]:
    """The challenger's last minute against all of the champion's runs."""
    found = {}
    for name, margin in _rates(rollout.plan).items():
        champion, _ = _two(rollout, both, name)
        bad = sum(_bad(rollout.plan, row, name) for row in recent)
        found[name] = guard(champion, Rate(len(recent), bad), margin, DEFAULT.sudden)
    return found


def _two(rollout: Rollout, rows: Sequence[Observed], name: str) -> tuple[Rate, Rate]:
    n, bad = [0, 0], [0, 0]
    for row in rows:
        arm = int(row.variant == rollout.challenger)
        n[arm] += 1
        bad[arm] += _bad(rollout.plan, row, name)
    return Rate(n[0], bad[0]), Rate(n[1], bad[1])


def _cost(rollout: Rollout, rows: Sequence[Observed]) -> Guarded | None:
    """What a run costs, in what one usually costs here; None while nothing costs anything.

    In that unit, and in no currency: the sequence is as narrow as it can be for values of about one, and
    would take a hundred thousand runs to say anything of thousandths.
    """
    margin, total = rollout.plan.margins.cost, sum(row.cost for row in rows)
    if margin is None or total == 0:
        return None
    usual, arms = total / len(rows), [Sums(), Sums()]
    for row in rows:
        arm = int(row.variant == rollout.challenger)
        arms[arm] = arms[arm].plus(row.cost / usual)
    champion, challenger = arms
    allowed = margin * champion.mean
    interval = difference(champion, challenger, DEFAULT.guard, DEFAULT.tuned_at)
    standing, enough = Standing.UNSURE, min(champion.n, challenger.n) >= COSTED
    if enough and interval.low > allowed:
        standing = Standing.BREACHED
    elif enough and interval.high <= allowed:
        standing = Standing.FINE
    rates = Rate(champion.n, 0), Rate(challenger.n, 0)
    return Guarded(standing, *rates, interval, allowed)
