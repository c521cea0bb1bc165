"""Up or down: a base rate, and an edge only where the stock's own past has proved one.

The base rate is the stock's own share of rises, held near what a share with an ordinary equity premium would show
(a year of prices is twelve months of evidence). Against it stand three old rules (the last week, month and year go
on, or turn round), each refitted every day on what was known by then. A rule is believed by how much better than
the base rate it has forecast so far: the product of its likelihood ratios over windows that do not overlap, averaged
over where the first window starts, is a test martingale, so that by Ville's inequality a stock without an edge
ever reaches E with a probability of at most 1 / E, however often one looks (Shafer et al., "Test martingales, Bayes
factors and p-values", Statistical Science 26, 2011; Dawid's prequential principle).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arriero.apps.finance.trend.features import NAMES, coming
from arriero.apps.finance.trend.model import Flags
from arriero.apps.finance.trend.prices import YEAR, Floats

PREMIUM = 0.09  # a year, arithmetic: US shares 1900-2023 gave about 9 to 11 % (Dimson, Marsh, Staunton, yearbooks)
BELIEF = 0.05  # a year: how far the mean of one share lies from that of others
TRUST = 60.0  # windows that the premium counts for beside the stock's own: five years of months
RULES = tuple(NAMES.index(name) for name in ("return_5", "return_21", "return_252"))
EDGES = 0.01  # how likely an edge is before anything was seen
PROVED = 0.9  # how likely it has to be before a direction is claimed
CLEAR = 0.1  # and how far from one half the probability
SETTLED = 10.0  # windows before a rule's slope is taken for half of what it was fitted to be
WIDE = 1.25  # moves over their forecast spread: fatter than a normal by this much, so that tails prove nothing
BOUND = 3.0  # standard deviations: a single move never counts for more


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """For each day: P(up) over the horizon, the stock's own share of rises so far (not a number while there is
    none), the probability that a rule has an edge, and whether a direction is claimed.
    """

    up: Floats
    base: Floats
    edge: Floats
    claimed: Flags


def chances(returns: Floats, table: Floats, spread: Floats, days: int) -> Chances:
    """`table` and `spread` are the features and the forecast spread over `days` days, a row a return."""
    moved = coming(returns, days)
    base = _share_of_rises(moved, days)
    centre = premium(spread, days)
    prior = normal(centre / spread)
    seen = np.maximum(np.arange(len(returns)) + 1 - days, 0) / days
    usual = (np.nan_to_num(base) * seen + TRUST * prior) / (seen + TRUST)
    lean, edge = _rules(np.clip(moved / spread, -BOUND, BOUND), table, days)
    up = normal(quantile(usual) + lean)
    claimed = (edge >= PROVED) & (np.abs(up - 0.5) >= CLEAR)
    return Chances(up, base, edge, claimed)


def expected(returns: Floats, spread: Floats, days: int) -> Floats:
    """Expected log return over the horizon, for each day: the premium, moved by the stock's own mean so far.

    A normal prior of 5 % a year around the premium; the mean of `n` days is known to sigma / sqrt(n).
    """
    usual = premium(spread, days) / days * YEAR
    variance = spread**2 / days * YEAR
    years = np.arange(1, len(returns) + 1) / YEAR
    own = np.cumsum(returns) / years
    weight = BELIEF**2 / (BELIEF**2 + variance / years)
    return np.asarray((usual + weight * (own - usual)) * days / YEAR)


def median(told: Chances, returns: Floats, spread: Floats, days: int) -> Floats:
    """Median log return over the horizon, for each day: what is expected, or, where a direction is claimed, what
    goes with its P(up). So no forecast claims a rise and has a loss in its middle.
    """
    usual = expected(returns, spread, days)
    return np.asarray(np.where(told.claimed, spread * quantile(told.up), usual))


def premium(spread: Floats, days: int) -> Floats:
    """Log return over the horizon that an ordinary share is expected to give: less for one that moves more."""
    variance = spread**2 / days * YEAR
    return np.asarray((PREMIUM - np.minimum(variance, 0.5) / 2) * days / YEAR)


def _share_of_rises(moved: Floats, days: int) -> Floats:
    """The share of windows that had ended by each day and went up; the base rate to be compared with."""
    rises = np.where(np.isnan(moved), 0.0, moved > 0)
    share = np.full(len(moved), np.nan)
    if len(moved) > days:
        counted = np.arange(1, len(moved) - days + 1)
        share[days:] = np.cumsum(rises)[: len(moved) - days] / counted
    return share


def _rules(outcome: Floats, table: Floats, days: int) -> tuple[Floats, Floats]:
    """How far the rules move the normal score of P(up), and how likely it is that one of them has an edge."""
    size = len(outcome)
    mean = _known_mean(outcome, days)
    leans, proofs = [], []
    for column in RULES:
        sign = np.clip(np.nan_to_num(table[:, column]), -BOUND, BOUND)
        surprise = np.nan_to_num((outcome - mean) / WIDE)
        slope = _slope(sign, np.where(np.isnan(outcome), 0.0, surprise), days)
        lean = slope * sign
        gain = np.where(np.isnan(outcome), 0.0, lean * surprise - lean**2 / 2)
        leans.append(lean)
        proofs.append(_martingale(gain, days))
    if not size:
        return np.zeros(0), np.zeros(0)
    proof = np.exp(np.minimum(np.array(proofs), 700.0)) * (EDGES / len(RULES))
    total = proof.sum(axis=0) + (1 - EDGES)
    believed = proof / total
    return (believed * np.array(leans)).sum(axis=0), np.asarray(believed.sum(axis=0))


def _known_mean(outcome: Floats, days: int) -> Floats:
    """Mean of the outcomes that were known by each day, held near zero while they are few."""
    return _lagged(np.nan_to_num(outcome), days) / (
        _windows(len(outcome), days) * days + TRUST * days
    )


def _slope(sign: Floats, surprise: Floats, days: int) -> Floats:
    """Least squares of the surprise on the sign over what was known by each day, held near zero."""
    together = _lagged(sign * surprise, days)
    alone = _lagged(sign * sign, days)
    return np.asarray(together / (alone + SETTLED * days))


def _martingale(gain: Floats, days: int) -> Floats:
    """Log of the mean, over the `days` places where the first window may start, of the products so far."""
    size = len(gain)
    padded = np.concatenate([gain, np.zeros(-size % days)]).reshape(-1, days)
    path = np.cumsum(padded, axis=0).ravel()[:size]
    known = np.concatenate([np.zeros(2 * days - 1), path])[: size + days - 1]
    windows = np.lib.stride_tricks.sliding_window_view(known, days)
    top = windows.max(axis=1)
    return np.asarray(top + np.log(np.mean(np.exp(windows - top[:, None]), axis=1)))


def _lagged(values: Floats, days: int) -> Floats:
    """Sum of the values whose window had ended by each day."""
    total = np.zeros(len(values))
    if len(values) > days:
        total[days:] = np.cumsum(values)[: len(values) - days]
    return total


def _windows(size: int, days: int) -> Floats:
    return np.asarray(np.maximum(np.arange(size) + 1.0 - days, 0.0) / days)


def normal(score: Floats) -> Floats:
    """The standard normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8)."""
    size = np.abs(score)
    step = 1 / (1 + 0.2316419 * size)
    series = step * (
        0.319381530
        + step * (-0.356563782 + step * (1.781477937 + step * (-1.821255978 + step * 1.330274429)))
    )
    above = np.exp(-(size**2) / 2) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(score >= 0, 1 - above, above))


def quantile(chance: Floats) -> Floats:
    """The score whose `normal` is `chance` (Abramowitz and Stegun 26.2.23, error below 4.5e-4)."""
    near = np.minimum(np.clip(chance, 1e-9, 1 - 1e-9), 1 - np.clip(chance, 1e-9, 1 - 1e-9))
    step = np.sqrt(-2 * np.log(near))
    above = step - (2.515517 + step * (0.802853 + step * 0.010328)) / (
        1 + step * (1.432788 + step * (0.189269 + step * 0.001308))
    )
    return np.asarray(np.where(chance >= 0.5, above, -above))
