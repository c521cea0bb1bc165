"""Online control: how strict the test of the next cycle has to be after all those before.

e-LOND (Xu, Ramdas 2024, "Online multiple testing with e-values", AISTATS): the t-th test rejects at
e >= 1 / (alpha * gamma_t * (rejections before + 1)); the false discovery rate stays at most alpha over
any number of tests, however they depend on each other. Without it, retraining every week promotes
noise about twice a year.
"""

from __future__ import annotations

FIRST = 0.25  # of alpha for the first test: most installations try once or twice
SLOW = 18.0  # spreads the rest: the 20th test still gets a hundredth of alpha


def gamma(test: int) -> float:
    """The part of alpha that the `test`-th test may spend (1, 2, 3 ...); all parts sum below 1."""
    if test < 1:
        raise ValueError(f"tests are numbered from 1, not {test}")
    if test == 1:
        return FIRST
    # sum over t >= 2 of 1 / (t + SLOW)^2 is below 1 / (SLOW + 1.5): convexity
    return (1 - FIRST) * (SLOW + 1.5) / (test + SLOW) ** 2


def level(alpha: float, test: int, promoted: int) -> float:
    """The level of the `test`-th test after `promoted` rejections; never above `alpha`."""
    return min(alpha, alpha * gamma(test) * (promoted + 1))
