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


def test_two_inputs_of_one_name_are_both_named(tmp_path: Path) -> None:
    files = []
    for folder, text in (("train", "a"), ("test", "b")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "rows.csv")
        files[-1].write_text(text)
    told = report("intents", [*files, files[0]], {}).inputs
    assert told == {"rows.csv": fingerprint(files[0]), "rows.csv (2)": fingerprint(files[1])}


def test_what_is_no_number_is_null_and_the_file_stays_json(tmp_path: Path) -> None:
    never = Metric(float("inf"), 3, "pairs", 1.0, float("nan"))
    write(report("experiment", [], {"pairs": never}), tmp_path / "out")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    told = json.loads((tmp_path / "out").read_text(), parse_constant=refuse)["results"]["pairs"]
    assert (told["value"], told["low"], told["high"]) == (None, 1.0, None)
