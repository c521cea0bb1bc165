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
from arriero.learning.experiment.findings import DEFAULT, Pairs, Says, judge_pairs
from arriero.learning.rollout import Evidence, Rollout, State, advance, begin, planned

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UP = 0.70  # of the champion's ratings (notes of the case study: 0.70, and 5 % better is 0.735)
RATINGS = 300  # of a canary: what the case study's rule is measured at
SPLITS = (0.5, 0.1, 0.01)
VISITS = 1_300  # that see a forced challenger in `arriero demo learning`, half of them each
SEEN = Pairs(7, 22, 71)  # at the gate of its harmful adapter, seed 1 (`bars/LOG.md`, 29 November)
NEVER = float("inf")


def thumb(up: float, chance: random.Random) -> float:
    """A value that is 1 with this chance, else 0."""
    return float(chance.random() < up)


def stars(right: float, chance: random.Random) -> float:
    """What a customer of the learning demo gives, of 0 to 1: five stars or four when the answer is right
    with this chance, one or two when it is wrong, and one of twenty does not look.
    """
    if chance.random() < 0.05:
        return chance.randint(0, 4) / 4
    return chance.choice((0.75, 1.0, 1.0) if chance.random() < right else (0.0, 0.0, 0.25))


@dataclass(frozen=True, slots=True)
class World:
    """What is true: how good the challenger's answers are, its share of decisive pairs that it wins, how
    good the champion's are. By default that is a share of thumbs up; `rates` draws a value of it.
    """

    up: float
    wins: float
    champion: float = UP
    rates: Callable[[float, random.Random], float] = thumb


def independent(up: float) -> World:
    """A challenger whose thumbs do not depend on the champion's for the same case."""
    won, lost = up * (1 - UP), (1 - up) * UP
    return World(up, won / (won + lost))


IDENTICAL = independent(UP)
WORSE = independent(UP * 0.9)
HARMFUL = independent(0.56)
GOOD = World(0.735, 0.60)
# The demo's: 4.2 stars on average, and of its right answers 14 % wrong.
DEMO = World(0.88 * 0.86, SEEN.wins / SEEN.decisive, 0.88, stars)


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
    share, n, bad, now = rollout.share, [0, 0], [0.0, 0.0], rollout.at
    for seen in range(1, ratings + 1):
        arm = chance.random() < share
        n[arm] += 1
        bad[arm] += 1 - world.rates(world.up if arm else world.champion, chance)
        evidence = replace(
            evidence,
            ratings=(Stratum(share, n[0], bad[0], n[1], bad[1]),),
            units=((share, n[0], n[1]),),
            step_units=n[1],
            last_run=now,
        )
        rollout = advance(rollout, evidence, now)
        if rollout.state is not State.CANARY:
            return rollout.state, seen
    for _ in rollout.plan.steps:
        now = now + timedelta(days=2)
        evidence = replace(evidence, step_units=max(n[1], 1_000), last_run=now)
        rollout = advance(rollout, evidence, now)
    return rollout.state, ratings


def sent_back(world: World, gate: Pairs, chance: random.Random) -> bool:
    """Whether a canary takes back, within its visits, what was forced in past a gate that saw these pairs."""
    rollout = _begun(0.5, DEFAULT.alpha, before=gate, forced=True)
    return canary(rollout, Evidence(), world, chance, VISITS)[0] is State.ROLLED_BACK


def harmless(chance: random.Random) -> bool:
    """Whether the gate refuses an identical challenger or, where somebody forces it in, the canary takes it back."""
    wins = sum(chance.random() < IDENTICAL.wins for _ in range(SEEN.decisive))
    gate = Pairs(wins, SEEN.decisive - wins)
    refused = judge_pairs(gate, DEFAULT.alpha).says is Says.WORSE
    return refused or sent_back(IDENTICAL, gate, chance)


def _begun(
    share: float, alpha: float, *, before: Pairs | None = None, forced: bool = False
) -> Rollout:
    steps = (RolloutStep(share=share, hold_h=24, min_units=0), RolloutSettings().steps[-1])
    plan = planned(RolloutSettings(steps=steps), alpha)
    return begin("r", "app", "a", "b", plan, NOW, before=before or Pairs(), forced=forced)


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
    found["forced_harmless_back"] = _share([harmless(chance) for _ in range(long)])
    for name, gate in (("", SEEN), ("_uncarried", Pairs())):
        back = [sent_back(DEMO, gate, chance) for _ in range(long)]
        found[f"forced_harmful_back{name}"] = _share(back)
    told(f"forced past the gate, {VISITS} ratings: done")
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
