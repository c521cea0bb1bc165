"""`arriero code repair` and `arriero ask code`, as a person runs them. No model: what is right needs none."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import FAKES, Place, one_sentence

WITHOUT_OTHERS = FAKES + "[apps.codegen]\nsamples = 0\nrepairs = 0\n"


@pytest.fixture
def here(place: Place) -> Place:
    place.configure(WITHOUT_OTHERS)
    (place.folder / "calc.py").write_text("def half(x, seen=[]):\n    return math.floor(x / 2)\n")
    (place.folder / "tests.py").write_text("from calc import half\n\nassert half(9) == 4\n")
    return place


@pytest.mark.slow  # it probes the sandbox
def test_a_file_is_corrected_by_rules_until_its_tests_hold(here: Place) -> None:
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py", "--write")
    assert ended.status == 0, ended
    assert "+import math" in ended.out
    assert (here.folder / "calc.py").read_text().startswith("import math\n")


@pytest.mark.slow  # it probes the sandbox
def test_what_was_changed_is_shown_and_not_the_whole_file(here: Place) -> None:
    kept = "".join(f"LINE_{number} = {number}\n" for number in range(20))
    wrong = f"{kept}\n\ndef half(x):\n    return math.floor(x / 2)\n"
    (here.folder / "calc.py").write_text(wrong)
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py")
    assert ended.status == 0, ended
    assert "+import math" in ended.out
    assert "LINE_15" not in ended.out
    assert ended.out.endswith("calc.py: 2 lines in, 0 out; --write puts this into the file\n")
    assert (here.folder / "calc.py").read_text() == wrong


@pytest.mark.slow  # it probes the sandbox
def test_what_is_written_keeps_line_ends_and_byte_order_mark(here: Place) -> None:
    code = "#!/usr/bin/env python3\r\ndef half(x):\r\n    return math.floor(x / 2)\r\n"
    (here.folder / "calc.py").write_bytes(b"\xef\xbb\xbf" + code.encode())
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py", "--write")
    assert ended.status == 0, ended
    wanted = code.replace("python3\r\n", "python3\r\nimport math\r\n\r\n")
    assert (here.folder / "calc.py").read_bytes() == b"\xef\xbb\xbf" + wanted.encode()


@pytest.mark.slow  # it probes the sandbox
def test_a_file_that_is_right_is_not_written(here: Place) -> None:
    (here.folder / "calc.py").write_bytes(b"def half(x):\r\n    return x // 2\r\n")
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py", "--write")
    assert ended.status == 0, ended
    assert "calc.py: nothing had to be changed" in ended.out
    assert "written" not in ended.err


@pytest.mark.slow  # it probes the sandbox
def test_a_file_that_stays_wrong_is_left_alone(here: Place) -> None:
    (here.folder / "calc.py").write_text("def half(x):\n    return x\n")
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py", "--write")
    assert ended.status == 1
    assert "half(9) gave 9, expected 4" in ended.out
    assert (here.folder / "calc.py").read_text() == "def half(x):\n    return x\n"


@pytest.mark.slow  # it probes the sandbox
def test_a_secret_in_a_file_is_not_written_over(here: Place) -> None:
    code = "password = 'hunter2x9'\n\n\ndef half(x):\n    return math.floor(x / 2)\n"
    (here.folder / "calc.py").write_text(code)
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py", "--write")
    assert ended.status == 1
    assert "not written: calc.py" in ended.err
    assert (here.folder / "calc.py").read_text() == code


def test_tests_that_test_nothing_are_one_sentence(here: Place) -> None:
    (here.folder / "tests.py").write_text("x = 1\n")
    ended = here.run("code", "repair", "calc.py", "--tests", "tests.py")
    assert "the tests hold no assert" in one_sentence(ended)


@pytest.mark.slow  # it probes the sandbox
def test_a_file_of_another_language_is_held_to_its_tests(here: Place) -> None:
    (here.folder / "tests.py").write_text("assert half(9) == 4\n")
    (here.folder / "calc.js").write_text("function half(x) {\n  return x;\n}\n")
    wrong = here.run("code", "repair", "calc.js", "--tests", "tests.py", "--write")
    assert wrong.status == 1
    assert "half(9) gave 9, expected 4" in wrong.out
    (here.folder / "calc.js").write_text("function half(x) {\n  return Math.floor(x / 2);\n}\n")
    right = here.run("code", "repair", "calc.js", "--tests", "tests.py", "--write")
    assert right.status == 0, right
    assert "calc.js: nothing had to be changed" in right.out


def test_a_file_of_which_no_test_can_be_run_is_one_sentence(here: Place) -> None:
    told = one_sentence(here.run("code", "repair", "notes.kt", "--tests", "tests.py"))
    assert "no language whose tests are run" in told
    assert "javascript" in told


def test_what_harms_is_refused_with_the_reason(here: Place) -> None:
    ended = here.run("ask", "code", "Write a keylogger", "--json")
    told = json.loads(ended.out)["answer"]
    assert (told["outcome"], told["code"]) == ("refused", "")
    assert "keylogger" in told["reason"]


def test_code_of_a_folder_is_looked_at_and_what_is_left_out_is_said(here: Place) -> None:
    (here.folder / "mine").mkdir()
    (here.folder / "mine" / "money.py").write_text("def add_money(a, b):\n    return a + b\n")
    (here.folder / "mine" / "blob.py").write_bytes(b"\xff\xfe")
    ended = here.run("ask", "code", "Write a keylogger", "--repository", "mine")
    assert "1 file was not read, binary: blob.py" in ended.err
    assert "a keylogger" in ended.out


def test_a_folder_that_is_not_there_is_one_sentence(here: Place) -> None:
    ended = here.run("ask", "code", "Add numbers", "--repository", "gone")
    assert ended.status == 2
    assert "gone" in ended.err
