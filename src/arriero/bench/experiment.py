"""Simulated rollouts, looked at after every pair and every rating, through the code of production.

A simulated unit rates up or down; pairs are decisive pairs. `rollout.advance` decides with the
default settings and `experiment.findings.DEFAULT`: nothing here knows how. Guardrails on errors,
latency and cost see nothing; they could only make a promotion rarer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor, sqrt
from statistics import NormalDist, median

from arriero.bench.report import Metric
from arriero.core.settings import RolloutSettings, RolloutStep
from arriero.core.statistics import wilson
from arriero.learning.experiment.bets import Stratum
from arriero.learning.experiment.control import level
from arriero.learning.experiment.findings import DEFAULT, Pairs
from arriero.learning.rollout import Evidence, Rollout, State, advance, begin, planned

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UP = 0.70  # of the champion's ratings (notes of the case study: 0.70, and 5 % better is 0.735)
RATINGS = 300  # of a canary: what the case study's rule is measured at
SPLITS = (0.5, 0.1, 0.01)
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class World:
    """What is true: the challenger's share of thumbs up, and of decisive pairs that it wins."""

    up: float
    wins: float


def independent(up: float) -> World:
    """A challenger whose thumbs do not depend on the champion's for the same case."""
    won, lost = up * (1 - UP), (1 - up) * UP
    return World(up, won / (won + lost))


IDENTICAL = independent(UP)
WORSE = independent(UP * 0.9)
HARMFUL = independent(0.56)
GOOD = World(0.735, 0.60)


@dataclass(frozen=True, slots=True)
class Told:
    """How a simulated rollout ended, and after how many pairs and ratings."""

    state: State
    pairs: int
    ratings: int
    proved: bool


def simulate(
    world: World, share: float, alpha: float, chance: random.Random, *, ratings: int = RATINGS
) -> Told:
    """A rollout from its first pair to its end; the canary collects `ratings` if nothing ends it."""
    rollout, pairs, now = _begun(share, alpha), Pairs(), NOW
    while rollout.state is State.SHADOW:
        won = chance.random() < world.wins
        pairs = replace(pairs, wins=pairs.wins + won, losses=pairs.losses + (not won))
        rollout = advance(rollout, Evidence(pairs), now)
    if rollout.state is not State.CANARY:
        return Told(rollout.state, pairs.decisive, 0, rollout.proved)
    state, seen = canary(rollout, Evidence(pairs), world, chance, ratings)
    return Told(state, pairs.decisive, seen, proved=True)


def canary(
    rollout: Rollout, evidence: Evidence, world: World, chance: random.Random, ratings: int
) -> tuple[State, int]:
    """Ratings come in one by one, each is looked at; then the step's time is over."""
    share, counted, now = rollout.share, [0, 0, 0, 0], rollout.at
    for seen in range(1, ratings + 1):
        arm = chance.random() < share
        good = chance.random() < (world.up if arm else UP)
        counted[2 * arm] += 1
        counted[2 * arm + 1] += not good
        evidence = replace(
            evidence,
            ratings=(Stratum(share, *counted),),
            units=((share, counted[0], counted[2]),),
            step_units=counted[2],
            last_run=now,
        )
        rollout = advance(rollout, evidence, now)
        if rollout.state is not State.CANARY:
            return rollout.state, seen
    for _ in rollout.plan.steps:
        now = now + timedelta(days=2)
        evidence = replace(evidence, step_units=max(counted[2], 1_000), last_run=now)
        rollout = advance(rollout, evidence, now)
    return rollout.state, ratings


def _begun(share: float, alpha: float, *, before: Pairs | None = None) -> Rollout:
    steps = (RolloutStep(share=share, hold_h=24, min_units=0), RolloutSettings().steps[-1])
    plan = planned(RolloutSettings(steps=steps), alpha)
    return begin("r", "app", "a", "b", plan, NOW, before=before or Pairs())


def rule(world: World, chance: random.Random, ratings: int = RATINGS, share: float = 0.1) -> bool:
    """The case study's rule: promote when the challenger's mean is more than 5 % above."""
    counted = [[0, 0], [0, 0]]
    for _ in range(ratings):
        arm = int(chance.random() < share)
        counted[arm][0] += 1
        counted[arm][1] += chance.random() < (world.up if arm else UP)
    (n, up), (m, good) = counted
    return bool(n and m and good / m > 1.05 * up / n)


def measure(
    simulations: int, *, seed: int = 1, told: Callable[[str], None] = lambda line: None
) -> Mapping[str, Metric]:
    """Every figure of the bar; `simulations` rollouts for each split, a tenth where each is long."""
    chance, first, later = (
        random.Random(seed),
        level(DEFAULT.alpha, 1, 0),
        level(DEFAULT.alpha, 21, 0),
    )
    long = max(100, simulations // 10)
    found: dict[str, Metric] = {}
    pooled: list[bool] = []
    for share in SPLITS:
        ended = [simulate(IDENTICAL, share, first, chance) for _ in range(simulations)]
        promoted = [it.state is State.PROMOTED for it in ended]
        found[f"false_promotion_{share:g}"] = _share(promoted)
        pooled += promoted
        told(f"identical at {share:g}: {sum(promoted)} of {simulations} promoted")
    worse = [simulate(WORSE, 0.1, first, chance) for _ in range(simulations)]
    found |= {
        "false_promotion": max((found[f"false_promotion_{it:g}"] for it in SPLITS), key=_value),
        "worse_promoted": _share([it.state is State.PROMOTED for it in worse]),
    }
    told("10 % worse: done")
    harm = [_harm(HARMFUL, 0.1, chance, most=6_000) for _ in range(long)]
    found["harm_median_ratings"] = _median(harm, "ratings")
    told("harm: done")
    for share in SPLITS:
        taken = [_harm(IDENTICAL, share, chance, most=1_000) < NEVER for _ in range(long)]
        found[f"false_rollback_{share:g}"] = _share(taken)
    told("an identical canary of 1,000 ratings: done")
    for name, alpha in (("pairs_median", first), ("pairs_median_after_twenty", later)):
        good = [simulate(GOOD, 0.1, alpha, chance) for _ in range(long)]
        needed = [it.pairs if it.proved else NEVER for it in good]
        found[name] = _median(needed, "pairs")
        part = name.removeprefix("pairs_median")
        found[f"good_promoted{part}"] = _share([it.state is State.PROMOTED for it in good])
    told("win rate 0.60: done")
    for name, world in (("identical", IDENTICAL), ("worse", WORSE), ("better", GOOD)):
        found[f"rule_{name}"] = _share([rule(world, chance) for _ in range(simulations)])
    return found


def _harm(world: World, share: float, chance: random.Random, most: int) -> float:
    """Ratings until a proved challenger is taken back; never: infinitely many."""
    rollout = _begun(share, DEFAULT.alpha, before=Pairs(wins=200))
    state, seen = canary(rollout, Evidence(), world, chance, most)
    return seen if state is State.ROLLED_BACK else NEVER


def _share(hits: Sequence[bool]) -> Metric:
    return Metric.of(wilson(sum(hits), len(hits)), len(hits))


def _value(metric: Metric) -> float:
    return metric.value


def _median(values: Sequence[float], unit: str) -> Metric:
    """The median with its 95 % interval by the binomial distribution: two of the values in order.

    Conover, "Practical nonparametric statistics" (1999), section 3.2; normal approximation of the ranks.
    """
    ordered, n = sorted(values), len(values)
    half = NormalDist().inv_cdf(0.975) * sqrt(n) / 2
    low, high = max(1, floor(n / 2 - half)), min(n, ceil(n / 2 + half) + 1)
    return Metric(median(ordered), n, unit, ordered[low - 1], ordered[high - 1])
