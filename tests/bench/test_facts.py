"""`arriero bench facts`: cells are counted against what was filed, by another reader than the product's."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.bench.facts import cells, measure, read, traced
from arriero.cli.bench_facts import facts
from arriero.core.errors import InputError
from arriero.core.statistics import wilson
from tests.apps.finance.invented import CIK, Guanaco


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = json.dumps(Guanaco(last=2021).companyfacts()).encode()
    (tmp_path / f"CIK{CIK}.json.gz").write_bytes(gzip.compress(raw))
    return tmp_path


def test_sound_books_have_every_cell_and_every_value_is_traced(folder: Path) -> None:
    found = measure(folder)
    assert found["periods"].value == 3 + 12
    assert found["valued"].value == found["explained"].value == 1.0
    assert found["tie_out"].value == found["traced"].value == 1.0
    assert found["facts"].value == found["facts"].n == found["valued"].n


def test_a_broken_identity_counts_although_its_lines_lose_their_values(tmp_path: Path) -> None:
    def changed(tag: str, start: date | None, end: date, form: str, value: float) -> float:
        return value * 2 if tag == "GrossProfit" and end.year == 2021 else value

    raw = json.dumps(Guanaco(last=2021, changed=changed).companyfacts())
    (tmp_path / f"CIK{CIK}.json").write_text(raw, encoding="utf-8")
    found = measure(tmp_path)
    assert found["tie_out"].value < 1.0
    assert found["valued"].value < 1.0
    assert found["explained"].value == found["traced"].value == 1.0


def test_lines_that_mean_nothing_for_a_bank_are_no_cells_of_one(folder: Path) -> None:
    industrial = measure(folder)["facts"].n
    told = json.dumps(Guanaco(last=2021).submissions(sic="6022")).encode()
    (folder / f"submissions-CIK{CIK}.json.gz").write_bytes(gzip.compress(told))
    found = measure(folder)
    assert found["facts"].n < industrial
    assert found["valued"].value == found["traced"].value == 1.0


def test_a_value_that_was_never_filed_is_not_traced(folder: Path) -> None:
    company = read(folder / f"CIK{CIK}.json.gz")
    value = next(one for one in cells(company) if one.sources)
    assert traced(company.filed, value)
    assert not traced(company.filed, replace(value, value=(value.value or 0) + 1))
    other = replace(value.sources[0], accession="0000000000-00-000000")
    assert not traced(company.filed, replace(value, sources=(other,)))
    assert not traced(company.filed, replace(value, sources=()))


def test_the_command_writes_its_metrics(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out") / "facts.json"
    done = CliRunner().invoke(facts, [str(folder), "--json", str(out)])
    assert done.exit_code == 0, done.output
    told = json.loads(out.read_text(encoding="utf-8"))
    assert {"tie_out", "explained", "facts"} <= set(told["results"])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("CIK1.json", "no json", "cannot be read as companyfacts"),
        ("CIK1.json", '{"facts": 3}', "is no companyfacts document"),
        ("other.json", "{}", "has no companyfacts"),
    ],
)
def test_a_folder_without_companyfacts_says_what_to_give(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        measure(tmp_path)


def test_the_four_public_companies_hold_the_bar(data_folder: Path) -> None:
    found = measure(data_folder / "sec-companyfacts")
    assert found["valued"].value >= 0.98
    assert found["tie_out"].value == found["traced"].value == found["explained"].value == 1.0


def test_cells_of_one_company_are_one_company(folder: Path) -> None:
    found = measure(folder)
    assert found["traced"].value == 1
    assert found["traced"].n > 100
    assert found["traced"].low == wilson(1, 1).low


def test_a_damaged_archive_is_one_sentence(folder: Path) -> None:
    file = folder / f"CIK{CIK}.json.gz"
    whole = bytearray(file.read_bytes())
    whole[200:240] = b"\xff" * 40
    file.write_bytes(bytes(whole))
    with pytest.raises(InputError, match="cannot be read as companyfacts"):
        measure(folder)
