"""The scoreboard: what was measured is shown, and what was not says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.bench import scoreboard
from arriero.bench.scoreboard import rows
from arriero.cli.scoreboard import scoreboard as command

CLAIM = """
[[claim]]
system = "support"
what = "time"
claim = "1 s"
measured = ["speed", "mean_s"]
note = "of what was answered"
"""


def claims(folder: Path) -> Path:
    file = folder / "claims.toml"
    file.write_text(CLAIM, encoding="utf-8")
    return file


def test_a_claim_without_its_result_says_so_even_when_it_has_a_note(tmp_path: Path) -> None:
    (row,) = rows(claims(tmp_path), tmp_path)
    assert row.measured is None
    assert row.because == "no committed result"
    assert row.bar == "bars/speed.py"


def test_a_result_is_shown_with_its_note_and_the_n_that_it_has(tmp_path: Path) -> None:
    figure = {"name": "mean_s", "value": 2.5, "low": None, "high": None, "n": None, "unit": "s"}
    told = {"figures": [figure], "commit": "c", "machine": "m"}
    (tmp_path / "speed.json").write_text(json.dumps(told), encoding="utf-8")
    (row,) = rows(claims(tmp_path), tmp_path)
    assert row.measured is not None
    assert (row.measured.value, row.measured.n) == (2.5, None)
    assert row.because == "of what was answered"


def test_what_only_lacks_its_result_is_not_called_unmeasurable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoreboard.rows, "__defaults__", (claims(tmp_path), tmp_path))
    said = CliRunner(env={"COLUMNS": "200"}).invoke(command, []).output
    assert "not measurable" not in said
    assert "no committed result" in said
