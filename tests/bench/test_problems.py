"""Problems are read in three formats, the hidden tests never stand in what is asked, and only they score."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.sandbox.probe import probe
from arriero.bench.problems import Asked, Problem, mark, read_problems
from arriero.core.errors import InputError
from tests.conftest import absent

HUMANEVAL = {
    "task_id": "Own/0",
    "prompt": 'import math\n\n\ndef area(side: float) -> float:\n    """The area of a square.\n\n    >>> area(2)\n    4\n    """\n',
    "entry_point": "area",
    "canonical_solution": "    return side * side\n",
    "test": "def check(candidate):\n    assert candidate(3) == 9\n    assert candidate(0) == 0\n",
}
MBPP = {
    "task_id": 7,
    "text": "Write a function to double a number.",
    "code": "def double(x):\n    return 2 * x",
    "test_list": ["assert double(2) == 4", "assert double(5) == 10", "assert double(-1) == -2"],
    "test_setup_code": "",
}
PARTS = {
    "id": "own/shelf",
    "requirement": "Write boxes.py with volume(a, b, c), and shelf.py with total(boxes), the sum of their volumes.",
    "files": ["boxes.py", "shelf.py"],
    "tests": ["assert total([(1, 2, 3), (1, 1, 1)]) == 7", "import boxes\nassert boxes.volume(2, 2, 2) == 8"],
}  # fmt: skip


def written(folder: Path, *rows: object) -> Path:
    file = folder / "problems.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def one(folder: Path, row: object) -> Problem:
    (found,) = read_problems(written(folder, row))
    return found


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    probed = asyncio.run(probe(canaries=()))
    if not probed.sound:
        raise absent("REQUIRE_SERVICES", f"{probed.told}; {probed.remedy}")
    return probed.sandbox


def test_a_row_of_humaneval_asks_with_its_prompt_and_scores_with_its_check(tmp_path: Path) -> None:
    problem = one(tmp_path, HUMANEVAL)
    assert problem.asked == Asked(str(HUMANEVAL["prompt"]), "area")
    assert problem.before == "import math\n\n\n"
    assert problem.tests[0].code.endswith("check(area)\n")


def test_a_row_of_mbpp_shows_its_first_assertion_alone(tmp_path: Path) -> None:
    problem = one(tmp_path, MBPP)
    assert problem.asked.entry == "double"
    assert "assert double(2) == 4" in problem.asked.requirement
    assert len(problem.tests) == 3


@pytest.mark.parametrize("row", [HUMANEVAL, MBPP, PARTS])
def test_no_hidden_test_stands_in_what_is_asked(tmp_path: Path, row: dict[str, object]) -> None:
    problem = one(tmp_path, row)
    hidden = problem.tests[1:] if "test_list" in row else problem.tests
    for test in hidden:
        for line in test.code.splitlines():
            if "assert" in line:
                assert line.strip() not in str(problem.asked)


async def test_a_right_answer_passes_and_a_wrong_one_says_why(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    problem = one(tmp_path, HUMANEVAL)
    right = f"{HUMANEVAL['prompt']}{HUMANEVAL['canonical_solution']}"
    assert (await mark(problem, {"main.py": right}, sandbox)).passed
    wrong = await mark(problem, {"main.py": "def area(side):\n    return side + side\n"}, sandbox)
    assert not wrong.passed
    assert "AssertionError" in wrong.reason


async def test_the_prompts_own_code_stands_before_the_answer(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    problem = one(tmp_path, HUMANEVAL)
    code = "from __future__ import annotations\n\ndef area(side):\n    return math.pow(side, 2)\n"
    assert (await mark(problem, {"main.py": code}, sandbox)).passed


async def test_several_files_are_scored_together(tmp_path: Path, sandbox: Sandbox) -> None:
    problem = one(tmp_path, PARTS)
    boxes = "def volume(a, b, c):\n    return a * b * c\n"
    shelf = "from boxes import volume\n\ndef total(boxes):\n    return sum(volume(*one) for one in boxes)\n"
    assert (await mark(problem, {"boxes.py": boxes, "shelf.py": shelf}, sandbox)).passed
    assert not (await mark(problem, {"shelf.py": shelf}, sandbox)).passed


async def test_what_does_not_parse_or_was_not_delivered_is_not_passed(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    problem = one(tmp_path, MBPP)
    broken = await mark(problem, {"main.py": "def double(x:\n"}, sandbox)
    assert (broken.passed, broken.syntax_error) == (False, True)
    nothing = await mark(problem, {}, sandbox)
    assert (nothing.passed, nothing.syntax_error) == (False, False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"a": 1}, "needs entry_point"),
        ({**HUMANEVAL, "prompt": ""}, "needs a text in prompt"),
        ({**MBPP, "test_list": []}, "test_list"),
        ({**PARTS, "files": "boxes.py"}, "files has to be a list"),
        ({**HUMANEVAL, "language": "go"}, "only Python is scored"),
    ],
)
def test_a_row_that_is_no_problem_is_refused_by_its_number(
    tmp_path: Path, row: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_problems(written(tmp_path, row))
    assert "row 1" in refused.value.message


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no problems"):
        read_problems(written(tmp_path))


async def test_a_check_that_is_defined_for_the_function_and_not_called_is_called(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    test = "def check(area):\n    assert area(3) == 9\n"
    problem = one(tmp_path, {**HUMANEVAL, "test": test})
    assert not (await mark(problem, {"main.py": "def area(side):\n    return 0\n"}, sandbox)).passed
    called = one(tmp_path, {**HUMANEVAL, "test": f"{test}\ncheck(area)\n"})
    assert called.tests[0].code.count("check(area)") == 2  # its head, and its own call


def test_humanevalpacks_other_languages_are_not_scored_as_python(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 1: is in javascript"):
        read_problems(written(tmp_path, {**HUMANEVAL, "task_id": "JavaScript/0"}))
    assert one(tmp_path, {**HUMANEVAL, "task_id": "Python/0"}).id == "Python/0"
    assert one(tmp_path, {**MBPP, "test_imports": None}).asked.entry == "double"
