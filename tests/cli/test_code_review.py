"""`arriero code review FILE`: a table, JSON or SARIF, an exit status, and bad input in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.cli.code_review import review
from arriero.core.errors import ArrieroError

WEAK = "import os\n\ndef f(x):\n    os.system('ls ' + x)\n"


def reviewed(file: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(review, [str(file), *options], env={"COLUMNS": "200"})
    if isinstance(done.exception, ArrieroError):
        raise done.exception
    return done.exit_code, done.output


def test_a_weak_file_is_shown_line_by_line_and_ends_with_status_1(tmp_path: Path) -> None:
    file = tmp_path / "weak.py"
    file.write_text(WEAK, encoding="utf-8")
    status, said = reviewed(file)
    assert status == 1
    assert "4:5" in said
    assert "78" in said
    assert "high" in said


def test_a_sound_file_ends_with_status_0(tmp_path: Path) -> None:
    file = tmp_path / "sound.py"
    file.write_text("def f(x):\n    return x + 1\n", encoding="utf-8")
    status, said = reviewed(file)
    assert status == 0
    assert "0 of medium severity or above" in said


def test_json_and_sarif_are_machine_readable(tmp_path: Path) -> None:
    file = tmp_path / "weak.py"
    file.write_text(WEAK, encoding="utf-8")
    status, said = reviewed(file, "--json")
    found = json.loads(said)
    assert status == 1
    assert found["weaknesses"][0]["cwe"] == 78
    assert found["weaknesses"][0]["span"]["line"] == 4
    _, said = reviewed(file, "--sarif")
    assert json.loads(said)["runs"][0]["results"]


def test_two_forms_at_once_are_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "weak.py"
    file.write_text(WEAK, encoding="utf-8")
    with pytest.raises(ArrieroError, match="choose --json or --sarif"):
        reviewed(file, "--json", "--sarif")


def test_a_language_is_read_whatever_its_case(tmp_path: Path) -> None:
    file = tmp_path / "weak.txt"
    file.write_text(WEAK, encoding="utf-8")
    assert reviewed(file, "--language", "Python")[0] == 1


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("latin.py", b"x = '\xe9'\n", "not UTF-8"),
        ("broken.py", b"def f(:\n", "no Python"),
        ("long.py", b"x = 1\n" * 200_000, "file by file"),
        ("page.cob", b"MOVE A TO B.\n", "not '.cob'"),
        ("README", b"hello\n", "not 'a file without a suffix'"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_in_one_sentence(
    tmp_path: Path, name: str, raw: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(raw)
    with pytest.raises(ArrieroError, match=said) as refused:
        reviewed(file)
    assert "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArrieroError, match=r"gone\.py.*cannot be read"):
        reviewed(tmp_path / "gone.py")
