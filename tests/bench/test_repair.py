"""Broken code is read with the tests that may be seen; the hidden ones never stand in what is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.bench.bare import question
from arriero.bench.repair import asserts, read_broken, renamed
from arriero.bench.report import Metric
from arriero.core.errors import InputError

ROW = {
    "task_id": "Python/900",
    "prompt": 'def double(x):\n    """Gives twice x.\n\n    >>> double(2)\n    4\n    """\n',
    "buggy_solution": "    return x + 2\n",
    "canonical_solution": "    return x + x\n",
    "example_test": "def check(double):\n    assert double(2) == 4\ncheck(double)\n",
    "test": "def check(double):\n    assert double(7) == 14\ncheck(double)\n",
    "entry_point": "double",
}


def read(folder: Path, row: object) -> Path:
    file = folder / "rows.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return file


def test_the_broken_code_and_the_examples_are_told_and_no_hidden_test(tmp_path: Path) -> None:
    (problem,) = read_broken(read(tmp_path, ROW))
    assert problem.asked.code.endswith("return x + 2\n")
    assert problem.asked.shown == "assert double(2) == 4\n"
    told = question(problem.asked)
    assert "return x + 2" in told
    assert "assert double(2) == 4" in told
    assert "double(7)" not in told + repr(problem.asked)
    assert "double(7)" in problem.tests[0].code


def test_what_is_more_than_assertions_is_shown_as_it_is() -> None:
    text = "def check(f):\n    x = 1\n    assert f(x)\ncheck(f)\n"
    assert asserts(text) == text


def test_an_indented_example_is_read_all_the_same() -> None:
    assert asserts("    def check(f):\n        assert f(1)\n    check(f)\n") == "assert f(1)\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROW, "task_id": "JavaScript/1"}, "only Python is run"),
        ({**ROW, "buggy_solution": None}, "needs a text in buggy_solution"),
    ],
)
def test_a_row_that_cannot_be_repaired_here_is_refused(
    tmp_path: Path, row: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_broken(read(tmp_path, row))


def test_the_metrics_have_the_names_of_the_design() -> None:
    found = renamed({"pass1_bare": Metric(0.1, 3), "pass1_pipeline": Metric(0.2, 3), "p50_s": Metric(1, 3)})  # fmt: skip
    assert set(found) == {"repaired_bare", "repaired_pipeline", "p50_s"}


def test_a_hidden_check_that_is_only_defined_is_called(tmp_path: Path) -> None:
    (problem,) = read_broken(
        read(tmp_path, {**ROW, "test": "def check(double):\n    assert double(7) == 14\n"})
    )
    assert problem.tests[0].code.endswith("\ncheck(double)\n")
    (called,) = read_broken(read(tmp_path, ROW))
    assert called.tests[0].code == ROW["test"]
