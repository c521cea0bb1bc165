"""What the numbers say: better, worse, unsure or invalid, with the effect that could have been seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from arriero.learning.experiment.bets import (
    Stratum,
    log_harm,
    log_mismatch,
    log_pairs,
    log_sum,
)
from arriero.learning.experiment.sequences import (
    Interval,
    Sums,
    difference,
    difference_margin,
    edge,
    proportion,
)


class Says(StrEnum):
    """BETTER and WORSE are proved; UNSURE is not proved yet; INVALID cannot be told at all."""

    BETTER = "better"
    WORSE = "worse"
    UNSURE = "unsure"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Design:
    """The one configuration that production and `bars/experiment.py` use.

    `alpha`: share of promotions that improve nothing, over all cycles (`control.level`).
    `harm`: chance that a harmless challenger is taken back over its ratings, and over what is carried
    from its gate, per rollout.
    `guard`, `sudden`: the same for an operational guardrail since the start, and in a short window;
    the latter is small because a day has hundreds of windows.
    `mismatch`: chance of calling a sound assignment broken (0.001 is what the field uses).
    `interval`: what printed intervals miss at most. `tuned_at`: units at which they are narrowest.
    """

    alpha: float = 0.05
    harm: float = 0.05
    guard: float = 0.01
    sudden: float = 1e-4
    mismatch: float = 0.001
    interval: float = 0.05
    tuned_at: float = 1_000.0


DEFAULT = Design()
POWER = 0.84  # standard errors between an effect that is just seen and one seen in 80 % of tests


@dataclass(frozen=True, slots=True)
class Finding:
    """`effect` and `interval` are in the units of what was measured; so is `detectable`, the
    smallest effect that this much data would have shown. `log_e` is the evidence, negative for worse and 0 where
    a bet on either lost; `needed` is what proves.
    """

    says: Says
    n: int
    effect: float
    interval: Interval
    detectable: float
    log_e: float
    needed: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same case answered by both: how often the challenger won, lost, and was as good."""

    wins: int = 0
    losses: int = 0
    ties: int = 0

    @property
    def decisive(self) -> int:
        return self.wins + self.losses

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(self.wins + other.wins, self.losses + other.losses, self.ties + other.ties)


def judge_pairs(pairs: Pairs, level: float, design: Design = DEFAULT) -> Finding:
    """Whether the challenger wins more than half of the decisive pairs, proved at `level`.

    `effect` is its win rate, `detectable` the smallest win rate that so many pairs would have proved.
    """
    n, needed = pairs.decisive, -math.log(level)
    wins = n > 0 and pairs.wins >= pairs.losses
    log_e = log_pairs(pairs.wins, pairs.losses) if wins else log_pairs(pairs.losses, pairs.wins)
    says = Says.UNSURE
    if wins and log_e >= needed:
        says = Says.BETTER
    elif not wins and log_e >= -math.log(design.harm):
        says = Says.WORSE
    rate = pairs.wins / n if n else 0.5
    return Finding(
        *(says, n, rate, proportion(pairs.wins, n, design.interval), _provable(n, needed)),
        *(_told(log_e, 1 if wins else -1), needed),
    )


def proved(pairs: Pairs, level: float) -> bool:
    """`judge_pairs(...)` says better, without the interval: cheap enough for every rating."""
    return pairs.wins > pairs.losses and log_pairs(pairs.wins, pairs.losses) >= -math.log(level)


def _provable(n: int, needed: float) -> float:
    """The smallest win rate that n pairs prove; above 1 when so few can prove nothing."""
    if n == 0 or log_pairs(n, 0) < needed:
        return math.inf
    return edge(lambda rate: log_pairs(n * rate, n * (1 - rate)) >= needed, 1.0, 0.5)


def carry(gate: Pairs, design: Design = DEFAULT) -> float:
    """What a gate's pairs bring to the proof of harm by a canary's ratings: the logarithm of an e-value.

    Both bet against one hypothesis, that the challenger is not worse: neither does it lose more than half
    of the decisive pairs, nor are its ratings lower. The gate ends before the first rating, and the arm of
    a rating is drawn after it, so that each is fair given all before, and their product is fair, too (Vovk,
    Wang 2021, "E-values: calibration, combination and applications"; Grünwald, de Heide, Koolen 2024, "Safe testing", on optional
    continuation). A shadow's pairs come beside the ratings and partly of the same runs: they are never
    multiplied with them.

    A gate that the challenger won must not hide what its ratings say, and max(1, E) is no e-value. So of a
    stake only a part is bet at the gate and the rest is kept, 1 to sqrt(harm): a weighted mean of 1 and E.
    A lost bet costs the canary 0.2 of the 3.0 that are needed, and a gate on the brink of refusing (E = 1 /
    harm) brings half of them, as does any beyond it: people's ratings have to say as much again. For
    whoever forces a variant past its gate has a reason, and if the gate's cases are what is wrong, a harmless
    challenger is still taken back with a chance of at most sqrt(harm).

    Nothing is carried towards a promotion: what is forced is promoted by a person, and elsewhere the pairs
    themselves go on (`Rollout.before`).
    """
    if not gate.decisive:
        return 0.0
    half = -math.log(design.harm) / 2
    bet = min(log_pairs(gate.losses, gate.wins), 2 * half)
    return log_sum([0.0, bet - half]) - log_sum([0.0, -half])


def harmed(strata: Sequence[Stratum], carried: float = 0.0, design: Design = DEFAULT) -> bool:
    """Whether units of the challenger are proved to be worse off, with what its gate brought (`carried`)."""
    return _effect(strata) < 0 and carried + log_harm(strata) >= -math.log(design.harm)


def judge_arms(
    strata: Sequence[Stratum], carried: float = 0.0, design: Design = DEFAULT
) -> Finding:
    """The challenger's ratings against the champion's. Harm is what a canary can prove (as `harmed`).

    A gain is told but proves no promotion: at 90/10 it takes 14,000 ratings (`bars/experiment.py`),
    and pairs a few hundred.
    """
    champion, challenger = _arm(strata, champion=True), _arm(strata, champion=False)
    effect, needed = _effect(strata), -math.log(design.harm)
    worse = effect < 0
    log_e = carried + log_harm(strata) if worse else log_harm([_mirrored(one) for one in strata])
    says = Says.UNSURE
    if log_e >= needed:
        says = Says.WORSE if worse else Says.BETTER
    half = difference_margin(champion, challenger, design.interval, design.tuned_at)
    detectable = half
    if champion.n > 1 and challenger.n > 1:
        spread = champion.variance / champion.n + challenger.variance / challenger.n
        detectable += POWER * math.sqrt(spread)
    interval = difference(champion, challenger, design.interval, design.tuned_at)
    n = champion.n + challenger.n
    return Finding(says, n, effect, interval, detectable, _told(log_e, effect), needed)


def _told(log_e: float, effect: float) -> float:
    """What speaks for the side that `effect` is on: a bet that lost speaks for none."""
    return math.copysign(max(0.0, log_e), effect)


def _effect(strata: Sequence[Stratum]) -> float:
    """The challenger's mean less the champion's, each share of units weighed by its smaller arm."""
    weighed = [
        (
            one.champion * one.challenger / (one.champion + one.challenger),
            one.bad_champion / one.champion - one.bad_challenger / one.challenger,
        )
        for one in strata
        if one.champion and one.challenger
    ]
    whole = sum([weight for weight, _ in weighed])
    return sum([weight * effect for weight, effect in weighed]) / whole if whole else 0.0


def _arm(strata: Sequence[Stratum], *, champion: bool) -> Sums:
    """An arm's values as if each were 0 or 1, whose variance is the largest that the mean allows."""
    n = sum(one.champion if champion else one.challenger for one in strata)
    bad = sum(one.bad_champion if champion else one.bad_challenger for one in strata)
    return Sums(n, n - bad, n - bad)


def _mirrored(one: Stratum) -> Stratum:
    return Stratum(
        1 - one.share, one.challenger, one.bad_challenger, one.champion, one.bad_champion
    )


def mismatched(units: Sequence[tuple[float, int, int]], design: Design = DEFAULT) -> bool:
    """Whether units did not get the challenger with the share that was set: the test is void."""
    return log_mismatch(units) >= -math.log(design.mismatch)


class Standing(StrEnum):
    """FINE and BREACHED are proved."""

    FINE = "fine"
    UNSURE = "unsure"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of `n` runs were bad."""

    n: int = 0
    bad: int = 0

    @property
    def share(self) -> float:
        return self.bad / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guardrail: the challenger's rate of bad runs less the champion's, and what that means."""

    standing: Standing
    champion: Rate
    challenger: Rate
    interval: Interval
    margin: float


def guard(champion: Rate, challenger: Rate, margin: float, alpha: float) -> Guarded:
    """Non-inferiority, exact at every n: FINE when the challenger's rate of bad runs is at most
    `margin` above the champion's, BREACHED when it is more than that above.
    """
    ours = proportion(challenger.bad, challenger.n, alpha / 2)
    theirs = proportion(champion.bad, champion.n, alpha / 2)
    interval = Interval(ours.low - theirs.high, ours.high - theirs.low)
    standing = Standing.UNSURE
    if interval.low > margin:
        standing = Standing.BREACHED
    elif interval.high <= margin:
        standing = Standing.FINE
    return Guarded(standing, champion, challenger, interval, margin)
