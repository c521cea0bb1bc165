"""`arriero finance risk FILE`: what a report says could go wrong, and what changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.apps.finance import sample
from arriero.cli.finance_risk import risk
from arriero.core.errors import InputError

FILED = Path(sample.__file__).parent / "companies" / "XTAM" / "filings"


def filings() -> tuple[Path, Path]:
    old, new = sorted(FILED.glob("*.htm"))
    return old, new


def test_captions_are_shown_with_their_types_and_what_tells_them() -> None:
    done = CliRunner().invoke(risk, [str(filings()[1])], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "13 sub-captions, 100% with a type" in done.output
    assert "Suppliers and sourcing" in done.output


def test_json_has_offsets_and_the_changes_since_the_older_report() -> None:
    old, new = filings()
    done = CliRunner().invoke(risk, [str(new), "--before", str(old), "--json"])
    told = json.loads(done.output)
    assert len(told["captions"]) == 13
    assert all(row["start"] < row["end"] for row in told["captions"])
    assert len(told["changes"]["added"]) == 2
    assert len(told["changes"]["removed"]) == 1


def test_a_report_without_risk_factors_says_why(tmp_path: Path) -> None:
    file = tmp_path / "small.txt"
    file.write_text(
        "Item 1A. Risk Factors\nNot required for smaller reporting companies.\nItem 2. Properties\n",
        encoding="utf-8",
    )
    done = CliRunner().invoke(risk, [str(file)], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "the filer states that it need not give any" in done.output


def test_a_file_that_should_have_risk_factors_and_has_none_is_named(tmp_path: Path) -> None:
    file, (_, new) = tmp_path / "letter.txt", filings()
    file.write_text("Dear shareholders, it was a good year.", encoding="utf-8")
    alone = CliRunner().invoke(risk, [str(file)])
    assert (alone.exit_code, alone.stderr) == (1, f"{file}: the document has no Item 1A\n")
    compared = CliRunner().invoke(risk, [str(new), "--before", str(file), "--json"])
    assert (compared.exit_code, compared.stderr) == (1, alone.stderr)
    assert len(json.loads(compared.stdout)["captions"]) == 13


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(risk, [str(tmp_path / "none.html")])
    assert isinstance(done.exception, InputError)
    with pytest.raises(InputError, match=r"none\.html"):
        raise done.exception
