from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from arriero.apps.finance.trend.model import shipped
from arriero.apps.finance.trend.outlook import outlook
from arriero.apps.finance.trend.prices import Flaw
from arriero.apps.finance.trend.worlds import weekdays, with_edge, without_edge

DAYS = weekdays(1_261)
CLOSES = without_edge(7).tolist()


def test_every_horizon_has_a_probability_and_an_interval_around_what_is_expected() -> None:
    told = outlook(DAYS, CLOSES)
    assert [one.days for one in told.horizons] == [1, 5, 21, 63, 126, 252]
    for one in told.horizons:
        assert 0 < one.up < 1
        assert one.low < one.expected < one.high
        assert one.low > -1
    widths = [one.high - one.low for one in told.horizons]
    assert widths == sorted(widths)
    assert told.close == pytest.approx(CLOSES[-1], rel=1e-5)


def test_a_direction_is_claimed_only_where_its_own_past_proved_an_edge() -> None:
    plain = outlook(DAYS, CLOSES).horizon(21)
    assert plain is not None
    assert not plain.claimed
    assert plain.why == "its past proves no edge over the base rate"
    found = [outlook(DAYS, with_edge(seed).tolist()).horizon(21) for seed in range(4)]
    assert sum(one is not None and one.claimed for one in found) >= 2


def test_caution_takes_claims_back() -> None:
    told, wary = (
        [
            outlook(DAYS, without_edge(seed).tolist(), caution=caution).volatility
            for seed in range(8)
        ]
        for caution in (0.0, 0.25)
    )
    claims, fewer = (sum(one is not None and one.claimed for one in side) for side in (told, wary))
    assert fewer < claims


def test_a_horizon_that_was_not_validated_is_computed_and_not_claimed() -> None:
    year = outlook(DAYS, with_edge(1).tolist()).horizon(252)
    assert year is not None
    assert year.why == "252 days ahead were not validated"


@pytest.mark.parametrize("count", [0, 1, 63])
def test_too_few_prices_give_an_outlook_without_horizons(count: int) -> None:
    told = outlook(DAYS[:count], CLOSES[:count])
    assert (told.horizons, told.volatility, told.record) == ((), None, None)
    assert [one.flaw for one in told.remarks] == [Flaw.SHORT]


def test_less_than_a_year_gives_intervals_and_no_claim() -> None:
    told = outlook(DAYS[:150], CLOSES[:150])
    assert len(told.horizons) == 6
    assert told.volatility is not None
    assert told.volatility.why == "150 closes; a year (240 or more) is needed"
    assert not any(one.claimed for one in told.horizons)


def test_stale_prices_claim_nothing_and_say_why() -> None:
    told = outlook(DAYS, CLOSES, as_of=DAYS[-1] + timedelta(days=20))
    assert told.volatility is not None
    assert told.volatility.why.startswith("the newest price is too old (")


def test_a_volatility_that_fell_far_is_expected_to_rise() -> None:
    calm = np.diff(np.log(CLOSES))
    calm[-21:] /= 3
    told = outlook(DAYS, (100 * np.exp(np.concatenate([[0], np.cumsum(calm)]))).tolist())
    assert told.volatility is not None
    assert told.volatility.claimed
    assert told.volatility.higher > 0.8
    assert told.volatility.ahead > told.volatility.last


def test_nothing_after_as_of_changes_anything() -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    for end in [63, 64, 65, *draw.integers(30, 1_261, 25).tolist()]:
        assert outlook(DAYS, CLOSES, as_of=DAYS[end - 1]) == outlook(DAYS[:end], CLOSES[:end])


def test_the_record_counts_its_own_claims_and_how_many_of_them_were_independent() -> None:
    record = outlook(DAYS, CLOSES).record
    assert record is not None
    assert record.days == 1_260 - 251 - 21
    assert 0 <= record.right <= record.claims <= record.days
    assert record.effective == pytest.approx(record.claims / 21, rel=1e-5)
    assert 0.8 < record.held / record.days < 1


def test_another_model_may_be_given() -> None:
    never = replace(shipped(), threshold=0.6)
    told = outlook(DAYS, CLOSES, model=never).volatility
    assert told is not None
    assert not told.claimed


def test_the_same_bytes_come_out_under_another_hash_seed_time_zone_and_locale() -> None:
    program = (
        "from arriero.apps.finance.trend.outlook import outlook\n"
        "from arriero.apps.finance.trend.worlds import weekdays, without_edge\n"
        "from arriero.apps.finance.risk.risks import risks\n"
        "closes = without_edge(7).tolist()\n"
        "print(outlook(weekdays(1261), closes), risks(weekdays(1261), closes))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed, zone, locale in (("1", "Asia/Tokyo", "C"), ("2", "America/Lima", "de_DE.UTF-8"))
    ]
    assert said[0] == said[1]
    assert b"Horizon(" in said[0]
