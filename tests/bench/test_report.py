"""The file that `arriero bench X --json OUT` writes."""

import json
from pathlib import Path

import pytest

from arriero.bench.report import Metric, fingerprint, report, write
from arriero.core.errors import InputError
from arriero.core.statistics import wilson


def test_a_report_names_what_it_was_measured_on(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\nhello,greeting\n")
    write(report("intents", [rows], {"accuracy": Metric.of(wilson(9, 10), 10)}), tmp_path / "out")
    told = json.loads((tmp_path / "out").read_text())
    assert told["bench"] == "intents"
    assert told["inputs"] == {"rows.csv": fingerprint(rows)}
    assert told["results"]["accuracy"]["value"] == 0.9
    assert told["results"]["accuracy"]["low"] < 0.9 < told["results"]["accuracy"]["high"]
    assert told["results"]["accuracy"]["unit"] == "share"


def test_a_folders_fingerprint_changes_with_any_file_and_with_no_name_outside(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "a.md").write_text("a")
    assert fingerprint(one) == fingerprint(two)
    (two / "a.md").write_text("b")
    assert fingerprint(one) != fingerprint(two)


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        fingerprint(tmp_path / "nothing")


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write(report("intents", [], {}), tmp_path / "no" / "out")
