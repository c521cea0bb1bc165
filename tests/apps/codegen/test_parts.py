"""Several parts: what each is shown of the others, and what of an answer is kept."""

from __future__ import annotations

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
    assert '"""three times n. triple(2) == 6"""' in made.code
    assert not made.warnings
