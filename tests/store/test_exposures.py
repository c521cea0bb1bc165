"""A unit sees one variant, and a growing challenger only gains units."""

from __future__ import annotations

import pytest

from arriero.core.words import Exposure, Share
from arriero.store.exposures import choose

UNITS = [f"customer-{number}" for number in range(2_000)]


def exposed(share: float, rollout: str = "r1") -> Exposure:
    return Exposure("toy", rollout, (Share("champion", 1 - share), Share("challenger", share)))


def seeing(exposure: Exposure) -> set[str]:
    return {unit for unit in UNITS if choose(exposure, unit) == "challenger"}


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_of_units_is_the_exposure_s(share: float) -> None:
    assert len(seeing(exposed(share))) / len(UNITS) == pytest.approx(share, abs=0.03)


def test_a_larger_share_keeps_every_unit_of_the_smaller_one() -> None:
    assert seeing(exposed(0.1)) < seeing(exposed(0.5)) < seeing(exposed(0.9))


def test_a_new_rollout_has_new_guinea_pigs() -> None:
    first, second = seeing(exposed(0.1, "r1")), seeing(exposed(0.1, "r2"))
    assert len(first & second) < 0.3 * len(first)


def test_a_case_without_a_unit_sees_the_champion() -> None:
    assert choose(exposed(0.99), None) == "champion"
