from __future__ import annotations

import re
import tarfile
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.apps.finance.trend.prices import Prices, read
from arriero.apps.finance.trend.worlds import weekdays, with_edge, without_edge
from arriero.bench.backtest import backtest
from arriero.cli.finance_backtest import backtest as command
from arriero.core.errors import InputError


def along(seed: int, first: date, size: int = 1_260) -> Prices:
    return read(weekdays(size + 1, first), without_edge(seed, size).tolist())


def test_what_the_model_has_not_seen_is_tested_from_the_day_of_its_fit() -> None:
    found = backtest(along(2, date(2014, 1, 1)))
    assert (found.start, found.seen) == (date(2015, 3, 4), False)
    assert backtest(along(2, date(2001, 1, 1))).seen


def test_holding_stands_beside_every_other_way() -> None:
    found = backtest(along(2, date(2016, 1, 1)))
    names = [one.name for one in found.earned]
    assert names[0] == "hold (always up)"
    assert len(names) == 4
    assert found.earned[1].invested == 0  # nothing is claimed where there is no edge
    assert 0 <= found.earned[2].invested <= 1


def test_a_planted_edge_earns_more_than_holding_with_less_of_a_fall() -> None:
    better = 0
    for seed in range(6):
        prices = read(weekdays(1_261, date(2016, 1, 1)), with_edge(seed).tolist())
        hold, claimed, *_ = backtest(prices).earned
        better += claimed.worst < hold.worst and claimed.sharpe > hold.sharpe
    assert better >= 4


def test_less_than_two_years_is_too_little() -> None:
    with pytest.raises(InputError, match="give two years"):
        backtest(along(2, date(2016, 1, 1), 400))


def test_the_command_prints_both_tables_and_says_what_they_are(tmp_path: Path) -> None:
    prices = along(2, date(2016, 1, 1))
    rows = (f"{day},{close:.4f}\n" for day, close in zip(prices.days, prices.closes, strict=True))
    (tmp_path / "ABC.csv").write_text("date,close\n" + "".join(rows))
    done = CliRunner().invoke(command, [str(tmp_path / "ABC.csv")])
    assert done.exit_code == 0, done.output
    assert "ABC: 2016-12-" in done.output
    assert "vol_direction_full" in done.output
    assert "what it would have earned" in done.output
    assert "hold (always up)" in done.output, "whole in 80 columns, too"
    assert "half when wild" in done.output
    assert re.search("direction_right *│ - ", done.output), "nothing was claimed"
    assert "Hypothetical" in done.output


def test_a_cost_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("date,close\n2024-01-02,3\n")
    done = CliRunner().invoke(command, [str(tmp_path / "A.csv"), "--cost", "5"])
    assert isinstance(done.exception, InputError)


def test_an_archive_of_several_stocks_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "prices.tar.gz", "w:gz") as archive:
        for name in ("A.csv", "B.csv"):
            (tmp_path / name).write_text("date,close\n2024-01-02,3\n2024-01-03,3\n")
            archive.add(tmp_path / name, name)
    done = CliRunner().invoke(command, [str(tmp_path / "prices.tar.gz")])
    assert isinstance(done.exception, InputError)
    assert "has 2 stocks; give the file of one" in done.exception.message
