"""Several parts: what each is shown of the others, and what of an answer is kept."""

from __future__ import annotations

import ast

from arriero.apps.codegen.draft import alone
from arriero.apps.codegen.parts import opening_of
from arriero.apps.codegen.requirement import Architecture, Part, Requirement
from arriero.models.base import Prompt
from tests.apps.codegen.conftest import Opens

AREA = Part("area", "w, h", file="shapes.py", task="the area")
EDGE = Part(
    "edge", "w, h", file="shapes.py", task="the length of the edge; it does not need the area"
)
LINE = Part("line", "w, h", file="report.py", task="the text 'area: N'. It uses area.")
WHOLE = Part("page", "w, h", file="report.py", task="everything that there is to tell")
ASKED = Requirement(
    "x",
    components=("area", "edge", "line", "page"),
    architecture=Architecture(("shapes.py", "report.py"), (AREA, EDGE, LINE, WHOLE)),
)
SHAPES = "def area(w, h):\n    return w * h\n\n\ndef edge(w, h):\n    return 2 * (w + h)\n"


def test_a_part_that_names_another_files_function_is_opened_with_its_import() -> None:
    assert opening_of(LINE, {"shapes.py": SHAPES}, ASKED) == "from shapes import area"


def test_the_last_part_may_use_all_that_other_files_have() -> None:
    line = "from shapes import area\n\n\ndef line(w, h):\n    return f'area: {area(w, h)}'\n"
    found = opening_of(WHOLE, {"shapes.py": SHAPES, "report.py": line}, ASKED)
    assert found.startswith("from shapes import area, edge\n")
    assert found.rstrip().endswith(line.partition("\n\n\n")[2].rstrip())


def test_a_part_is_opened_below_what_its_file_has() -> None:
    area = SHAPES.partition("\n\n\n")[0] + "\n"
    assert opening_of(EDGE, {"shapes.py": area}, ASKED) == area
    assert opening_of(AREA, {}, ASKED) == ""


async def test_what_an_answer_says_of_a_part_to_come_does_not_stand_before_that_parts_own(
    desk: Opens,
) -> None:
    text = "Write two functions.\n- `double(n)`: twice n. double(2) == 4\n- `triple(n)`: three times n. triple(2) == 6\n"

    def says(prompt: Prompt) -> str:
        if "def triple" in prompt.messages[-1].content:
            return "    return 3 * n\n"
        return "    return 2 * n\n\n\ndef triple(n):\n    return 0\n"

    made = (await (await desk(says)).ask(text)).outcome.answer
    assert "return 0" not in made.code
    assert "return 3 * n" in made.code
    assert '"""three times n. triple(2) == 6\n\n    >>> triple(2)\n    6\n    """' in made.code
    assert not made.warnings


def body(prompt: Prompt, value: str) -> str:
    """An answer that returns `value`; of one that is begun with a plan the rest of its line as well."""
    plan = " as it says\n" if prompt.messages[-1].content.endswith("#") else ""
    return f"{plan}    return {value}\n"


def own_of(prompt: Prompt) -> str:
    """The function that an answer is opened for."""
    return prompt.messages[-1].content.rpartition("def ")[2].partition("(")[0]


TWO = (
    "Write two files.\n\nbase.py:\n- double(n): twice n; 3 gives 6.\n- label(n): the text 'n: ' and n.\n\n"
    "show.py (imports base):\n- line(n): the label of the double of n.\n\nExamples:\nline(2) == 'n: 4'\n"
)


async def test_a_function_is_asked_for_by_itself_with_its_examples_and_what_it_may_use(
    desk: Opens,
) -> None:
    answers = {"double": "2 * n", "label": "f'n: {n}'", "line": "label(double(n))"}
    house = await desk(lambda prompt: body(prompt, answers[own_of(prompt)]))
    made = (await house.ask(TWO)).outcome.answer
    assert not made.warnings
    first = {own_of(one): one for one in reversed(house.asked)}
    asked, opened = (one.content for one in first["double"].messages[1:])
    assert ">>> double(3)\n    6" in opened
    assert "line" not in asked
    asked, opened = (one.content for one in first["line"].messages[1:])
    assert "twice n; 3 gives 6." in asked
    assert "return 2 * n" not in asked
    assert "from base import double, label\n" in opened


async def test_the_same_answer_twice_does_not_end_the_tries(desk: Opens) -> None:
    said = {"double": ["n + 1", "n + 1", "n * n", "2 * n"], "label": ["f'n: {n}'"]}

    def says(prompt: Prompt) -> str:
        left = said.get(own_of(prompt), ["label(double(n))"])
        return body(prompt, left.pop(0) if len(left) > 1 else left[0])

    made = (await (await desk(says)).ask(TWO)).outcome.answer
    assert "return 2 * n" in {made.main: made.code, **made.files}["base.py"]
    assert not made.warnings


async def test_a_version_of_a_callee_is_chosen_by_its_callers_example(desk: Opens) -> None:
    said = {
        "label": ["f'{n}'", "f'n: {n}'", "f'{n}' ", "f'n={n}'", "f'<{n}>'"],
        "double": ["2 * n"],
        "line": ["label(double(n))"],
    }

    def says(prompt: Prompt) -> str:
        left = said[own_of(prompt)]
        return body(prompt, left.pop(0) if len(left) > 1 else left[0])

    house = await desk(says)
    made = (await house.ask(TWO)).outcome.answer
    assert "f'n: {n}'" in {made.main: made.code, **made.files}["base.py"]
    assert not made.warnings


async def test_of_several_parts_the_function_whose_example_fails_is_mended_alone(
    desk: Opens,
) -> None:
    answers = {"double": "2 * n", "label": "f'n: {n}'", "line": "label(n)"}

    def says(prompt: Prompt) -> str:
        if "What is wrong:" in prompt.messages[1].content:
            assert "line(2) gave 'n: 2', expected 'n: 4'" in prompt.messages[1].content
            return "    return label(double(n))\n"
        return body(prompt, answers[own_of(prompt)])

    house = await desk(says)
    result = await house.ask(TWO)
    made = result.outcome.answer
    assert result.outcome.origin == "corrected"
    assert not made.warnings
    assert made.code.count("def line") == 1
    wrong = [one for one in house.asked if "What is wrong:" in one.messages[1].content]
    assert [own_of(one) for one in wrong] == ["line"]


async def test_a_version_that_uses_a_name_nobody_binds_is_not_taken(desk: Opens) -> None:
    said = {"double": ["2 * n"], "label": ["f'n: {m}'", "f'n: {n}'"], "line": ["label(double(n))"]}

    def says(prompt: Prompt) -> str:
        left = said[own_of(prompt)]
        return body(prompt, left.pop(0) if len(left) > 1 else left[0])

    made = (await (await desk(says)).ask(TWO)).outcome.answer
    assert "{m}" not in made.files.get("base.py", made.code)
    assert not made.warnings


def test_a_description_that_begins_with_a_quote_opens_on_its_own_line() -> None:
    part = Part("grade", "n", task='grade(n): "A" from 90, else "B"')
    asked = Requirement("Write.", architecture=Architecture(("main.py",), (part,)))
    begun = alone("{language}", asked, part, "", opened=True).begun
    assert begun.startswith('def grade(n):\n    """\n    "A" from 90, else "B"\n')
    function = ast.parse(begun).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function) == '"A" from 90, else "B"'


def test_what_other_parts_say_of_a_parameter_is_told() -> None:
    total = Part("total", "songs", task="total(songs): songs is a list of pairs; the sum.")
    first = Part("first", "songs", task="first(songs): the first one.")
    asked = Requirement("Write.", architecture=Architecture(("main.py",), (total, first)))
    told = [alone("", asked, one, "", opened=True).messages[1].content for one in (total, first)]
    assert not told[0].startswith("songs is a list of pairs.")
    assert told[1].startswith("songs is a list of pairs.")
