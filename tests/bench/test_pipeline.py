"""The pipeline as a writer of the evaluation: whole cases through the flow, and no hidden test on the way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.values import Generated
from arriero.bench.bare import Bare
from arriero.bench.code import Trial
from arriero.bench.kept import Kept
from arriero.bench.pipeline import Pipeline, delivered
from arriero.bench.problems import Asked, read_problems
from arriero.bench.repair import read_broken
from tests.apps.codegen.conftest import Desk
from tests.apps.codegen.sandbox.conftest import sandbox

__all__ = ["sandbox"]

HIDDEN = "31337"  # stands in every hidden test and nowhere else
ROW = {
    "task_id": 9,
    "text": "Write a function to double a number.",
    "code": "",
    "test_list": ["assert double(2) == 4", f"assert double({HIDDEN}) == 2 * {HIDDEN}"],
    "test_setup_code": "",
}
BROKEN = {
    "task_id": "Python/9",
    "prompt": 'def double(x):\n    """Gives twice x.\n\n    >>> double(2)\n    4\n    """\n',
    "buggy_solution": "    return x + 3\n",
    "example_test": "def check(double):\n    assert double(2) == 4\ncheck(double)\n",
    "test": f"def check(double):\n    assert double({HIDDEN}) == 2 * {HIDDEN}\ncheck(double)\n",
    "entry_point": "double",
}
WRONG = "```python\ndef double(x):\n    return x + 3\n```"
RIGHT = "```python\ndef double(x):\n    return x + x\n```"


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    opened = await Desk(sandbox, WRONG, RIGHT).open()
    yield opened
    await opened.app.close()


def written(folder: Path, row: object) -> Path:
    file = folder / "rows.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return file


async def test_a_problem_goes_through_the_whole_pipeline_and_no_hidden_test_does(
    desk: Desk, sandbox: Sandbox, tmp_path: Path
) -> None:
    problems = read_problems(written(tmp_path, ROW))
    kept = Kept(tmp_path / "kept.jsonl")
    trial = Trial("fake", sandbox, kept, Bare(desk.writer), Pipeline(desk.flow, desk.app))
    found = await trial.run(problems)
    assert (found["pass1_bare"].value, found["pass1_pipeline"].value) == (0, 1)
    assert found["uplift"].value == 1
    told = "".join(message.content for prompt in desk.asked for message in prompt.messages)
    assert "double(2) == 4" in told
    assert HIDDEN not in told
    for line in (tmp_path / "kept.jsonl").read_text(encoding="utf-8").splitlines():
        assert HIDDEN not in str(json.loads(line)["written"])


async def test_broken_code_is_repaired_with_the_shown_tests_alone(
    desk: Desk, sandbox: Sandbox, tmp_path: Path
) -> None:
    (problem,) = read_broken(written(tmp_path, BROKEN))
    trial = Trial("fake", sandbox, Kept(), None, Pipeline(desk.flow, desk.app))
    found = await trial.run([problem])
    assert found["pass1_pipeline"].value == 1
    told = "".join(message.content for prompt in desk.asked for message in prompt.messages)
    assert "return x + 3" in told
    assert HIDDEN not in told


async def test_the_seed_of_a_run_is_the_one_that_was_given(desk: Desk) -> None:
    asked = Asked("Write `double(x)`. For example double(2) == 4.")
    made = await Pipeline(desk.flow, desk.app)(asked, 7)
    assert (made.calls, made.ended) == (len(desk.asked), "answered")
    assert desk.asked[0].seed == 7
    assert set(made.times_ms) >= {"draft", "judge"}


def test_one_file_has_the_name_that_was_asked_for_and_several_keep_theirs() -> None:
    made = Generated(code="A", main="a.py", files={"b.py": "B"})
    assert delivered(made, Asked("...", files=("b.py", "a.py"))) == {"a.py": "A", "b.py": "B"}
    assert delivered(Generated(code="A", main="x.py"), Asked("...")) == {"main.py": "A"}
    assert delivered(Generated(), Asked("...")) == {}
