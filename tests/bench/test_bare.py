"""The bare model is asked once, and its code is cut from the fence."""

from __future__ import annotations

import pytest

from arriero.bench.bare import Bare, cut, question, without_demonstrations
from arriero.bench.problems import Asked, _joined
from arriero.models.fake import ScriptedGenerator

CODE = "def f(x):\n    return x\n"
ONE = Asked("Write f.", "f")
TWO = Asked("Write both.", files=("a.py", "b.py"))


@pytest.mark.parametrize(
    "said",
    [
        f"```python\n{CODE}```",
        f"Sure!\n\n```python\n{CODE}```\nIt returns x.",
        f"```\n{CODE}",
        f"First:\n```python\nprint(1)\n```\nThen:\n```python\n{CODE}```",
        CODE,
    ],
)
def test_the_code_is_cut_from_the_fence(said: str) -> None:
    assert cut(said, ONE)["main.py"].strip() == CODE.strip()


def test_what_a_block_runs_beside_its_definitions_is_left_out() -> None:
    said = f'```python\n"""Says."""\nN = 3\n{CODE}assert f(1) == 2\nprint(f(1))\nif __name__ == "__main__":\n    f(2)\n```'
    assert cut(said, ONE)["main.py"].strip() == f"N = 3\n{CODE}".strip()
    assert "print(1)" in cut("```python\nprint(1)\n```", ONE)["main.py"]


def test_an_empty_reply_delivers_nothing() -> None:
    assert cut(" \n", ONE) == {}


@pytest.mark.parametrize(
    "said",
    [
        "`a.py`\n```python\nA = 1\n```\n**b.py**\n```python\nB = 2\n```\n",
        "```python\n# b.py\nB = 2\n```\nand\n```python\n# a.py\nA = 1\n```\n",
        "```python\nA = 1\n```\nThen:\n```python\nB = 2\n```\n",
    ],
)
def test_files_are_told_apart_by_name_or_else_by_order(said: str) -> None:
    found = cut(said, TWO)
    assert "A = 1" in found["a.py"]
    assert "B = 2" in found["b.py"]


@pytest.mark.parametrize(
    "said",
    [
        "```python\n# a.py\nA = 1\n\n# b.py\nimport a\nB = 2\n```\n",
        "```python\nA = 1\n\n# File: b.py\nB = 2\n```\n",
        "```python\na.py:\nA = 1\n\nb.py (imports a):\nB = 2\n```\n",
        "```markdown\na.py:\n```python\nA = 1\n```\n\nb.py (imports a):\n```python\nB = 2\n```\n```\n",
        "### b.py\n\n```python\nB = 2\n```\n\n### a.py\n\n```python\nA = 1\n```\n",
    ],
)
def test_files_in_one_block_under_their_names_or_in_a_fence_around_all_are_told_apart(
    said: str,
) -> None:
    found = cut(said, TWO)
    assert ("A = 1" in found["a.py"], "B = 2" in found["a.py"]) == (True, False)
    assert ("A = 1" in found["b.py"], "B = 2" in found["b.py"]) == (False, True)


def test_a_comment_that_only_mentions_a_file_begins_none() -> None:
    found = cut("```python\nA = 1\n# as in b.py\nC = 3\n```\n", TWO)
    assert list(found) == ["a.py"]
    assert "C = 3" in found["a.py"]


def test_a_requirement_in_code_is_asked_in_a_fence_and_files_are_named() -> None:
    assert "```python\ndef f(x):" in question(Asked('def f(x):\n    """Gives x."""\n', "f"))
    assert "a.py and b.py" in question(TWO)


async def test_the_first_answer_is_greedy_and_a_sample_is_not() -> None:
    model = ScriptedGenerator(lambda _: f"```python\n{CODE}```")
    bare = Bare(model)
    first, second = await bare(ONE), await bare(ONE, 1)
    assert first.files == second.files
    assert [one.temperature for one in model.asked] == [0.0, 0.8]
    assert (first.calls, first.ended) == (1, "stop")
    assert first.tokens_out > 0


def test_signs_that_some_take_for_the_end_of_a_line_end_none() -> None:
    code = 'CUT = "\u2028\x0c"\ndef f():\n    return CUT\n'
    assert without_demonstrations(f"{code}print(f())\n") == code
    assert _joined("import math\n", code) == f"import math\n\n{code}"
