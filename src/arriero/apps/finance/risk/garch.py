"""GARCH(1,1) in milliseconds: the variance of tomorrow from today's and from today's move.

Bollerslev, "Generalized autoregressive conditional heteroskedasticity", J. Econometrics 31 (1986), with the long-run
variance set to the sample's (variance targeting: Engle and Mezrich, Risk 9, 1996), so that two numbers are left; they
are the best of a grid by the Gaussian likelihood. A test compares the forecasts with the package `arch`, which
takes a second to import and does not target; a grid has no starting values and gives the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHAS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 0.12, 0.16, 0.21)
SUMS = (0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.98, 0.99, 0.995)  # alpha + beta: how long a shock lasts
FLOOR = 1e-10  # a variance a day, for prices that stand still


@dataclass(frozen=True, slots=True, eq=False)
class Garch:
    """A fitted model. `variances[t]` was forecast for day t by the day before; the last one is for tomorrow."""

    alpha: float
    beta: float
    long_run: float
    variances: Floats

    def total(self, days: int) -> float:
        """Forecast variance of the return over the next `days` days."""
        lasting = self.alpha + self.beta
        now = float(self.variances[-1]) - self.long_run
        return self.long_run * days + now * (1 - lasting**days) / (1 - lasting)


def fit(returns: Floats) -> Garch:
    """The model of these returns (63 or more make sense of it)."""
    squares = np.asarray(returns) ** 2
    long_run = max(float(np.mean(squares)), FLOOR)
    grid = [(alpha, lasting - alpha) for lasting in SUMS for alpha in ALPHAS]
    alpha, beta = (np.array(column) for column in zip(*grid, strict=True))
    paths = _paths(squares, alpha, beta, long_run)
    before = paths[:-1]
    loss = (np.log(before) + squares[:, None] / before).sum(axis=0)
    best = int(np.argmin(loss))
    return Garch(float(alpha[best]), float(beta[best]), long_run, paths[:, best].copy())


def follow(garch: Garch, returns: Floats) -> Floats:
    """The one-day forecasts that `garch`, as it was fitted, gives along other returns; one more than they are."""
    squares = np.asarray(returns) ** 2
    return _paths(squares, np.array([garch.alpha]), np.array([garch.beta]), garch.long_run)[:, 0]


def _paths(squares: Floats, alpha: Floats, beta: Floats, long_run: float) -> Floats:
    paths = np.empty((len(squares) + 1, len(alpha)))
    paths[0] = long_run
    base = np.maximum((1 - alpha - beta) * long_run, FLOOR)
    for place, square in enumerate(squares.tolist()):
        paths[place + 1] = base + alpha * square + beta * paths[place]
    return paths
