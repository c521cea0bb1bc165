"""`arriero finance facts`: a company's reports on a day, from a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.apps.finance.app import NOTHING_SAID
from arriero.cli.finance_facts import facts
from arriero.core.errors import InputError, NotFound
from tests.apps.finance.invented import Guanaco, sales


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Guanaco().write(tmp_path_factory.mktemp("evidence"))


def said(folder: Path, *more: str) -> str:
    argv = ["GUAN", "--files", str(folder), "--as-of", "2023-12-29", *more]
    done = CliRunner().invoke(facts, argv, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_statements_ratios_and_a_grade_are_printed(folder: Path) -> None:
    told = said(folder)
    sold = sum(sales(2023, quarter) for quarter in range(1, 5)) / 1e6
    assert "Guanaco Tools Inc. (GUAN, CIK 0009990001) on 2023-12-29, from files" in told
    assert f"{sold:,.1f}" in told
    assert "…" not in told, "each period's last day is whole in 80 columns"
    assert "gross_margin" in told
    assert "grade: A" in told
    assert "missing: risk_factors" in told


def test_quarters_and_sources_are_shown_when_asked_for(folder: Path) -> None:
    assert f"{sales(2023, 4) / 1e6:,.1f}" in said(folder, "--quarters")
    assert "revenue: filed: us-gaap:Revenues" in said(folder, "--sources")
    assert "https://www.sec.gov/Archives/edgar/data/9990001/" in said(folder, "--sources")


def test_json_has_every_value_with_its_sources(folder: Path) -> None:
    told = json.loads(said(folder, "--json"))
    revenue = told["reports"]["years"][-1]["lines"]["revenue"]
    assert revenue["value"] == sum(sales(2023, quarter) for quarter in range(1, 5))
    assert revenue["sources"][0]["concept"] == "us-gaap:Revenues"
    assert len(told["bundle"]) == 64


def test_a_name_in_brackets_is_no_markup(tmp_path: Path) -> None:
    file = Guanaco().write(tmp_path) / "submissions-CIK0009990001.json"
    file.write_text(file.read_text().replace("Guanaco Tools Inc.", "Guanaco [/Tools] Inc."))
    assert "Guanaco [/Tools] Inc. (GUAN" in said(tmp_path)


def test_of_a_restricted_name_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "arriero.toml"
    settings.write_text('[apps.finance]\nrestricted = ["GUAN"]\n', encoding="utf-8")
    for name, sentence in (("guan", NOTHING_SAID), ("CIK0009990001", "ask by the ticker")):
        argv = [name, "--files", str(folder), "--config", str(settings)]
        with pytest.raises(InputError, match=sentence):
            CliRunner().invoke(facts, argv, catch_exceptions=False)


def test_an_unknown_ticker_and_a_wrong_day_are_one_sentence(folder: Path) -> None:
    with pytest.raises(NotFound, match="no provider knows the ticker 'NOPE'"):
        CliRunner().invoke(facts, ["nope", "--files", str(folder)], catch_exceptions=False)
    argv = ["GUAN", "--files", str(folder), "--as-of", "yesterday"]
    with pytest.raises(InputError, match="write it like 2025-03-01"):
        CliRunner().invoke(facts, argv, catch_exceptions=False)
