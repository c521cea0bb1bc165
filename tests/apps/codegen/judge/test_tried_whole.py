"""Code without an example is called all the same: functions without types, classes, scripts."""

from __future__ import annotations

from itertools import starmap

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.guesses import Parameter, kind_of_name, kind_of_type, shapes
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.tried import Tried, kept, odd, tried
from arriero.apps.codegen.sandbox.base import Limits, NoSandbox, Program, Sandbox, Test
from arriero.apps.codegen.sandbox.javascript import JavaScript

STACK = """class Stack:
    def __init__(self):
        self._items = []

    def push(self, item):
        self._items.append(item)

    def pop(self):
        if not self._items:
            raise IndexError("empty")
        return self._items.pop()

    def size(self):
        return len(self._items)
"""
SUM = "import sys\n\nnumbers = [float(line) for line in sys.stdin if line.strip()]\nprint(sum(numbers), sum(numbers) / len(numbers))\n"


async def told(sandbox: Sandbox, code: str, entry: str | None) -> Tried:
    return await tried(Subject(code, "python", entry), sandbox, performance=False, within_s=5)


@pytest.mark.parametrize(
    ("code", "entry", "call"),
    [
        ("def rev(sentence):\n    return ' '.join(sentence.split()[::-1])\n", "rev", "rev('hello world')"),
        ("def flat(lists):\n    return [x for row in lists for x in row]\n", "flat", "flat([[1, 2], [3, 4]])"),
        ("def dist(a, b):\n    return sum(x != y for x, y in zip(a, b))\n", "dist", "dist('hello world', 'level')"),
        ("async def twice(number):\n    return 2 * number\n", "twice", "twice(3)"),
        ("import asyncio\n\n\nasync def twice(number):\n    await asyncio.sleep(0)\n    return 2 * number\n", "twice", "twice(3)"),
        ("twice = lambda number: 2 * number\n", "twice", "twice(3)"),
    ],
)  # fmt: skip
async def test_a_function_without_types_is_called_with_what_fits(
    sandbox: Sandbox, code: str, entry: str, call: str
) -> None:
    found = await told(sandbox, code, entry)
    assert not found.why, found.why
    assert any(one.kind == "value" for one in found.outcomes)
    assert any(call in test.code for test in kept(found)) or len(kept(found)) > 0


async def test_a_class_is_made_and_its_methods_called(sandbox: Sandbox) -> None:
    found = await told(sandbox, STACK, "Stack")
    assert found.kind == "class"
    tests = kept(found)
    assert tests
    ran = await sandbox.run(Program({"main.py": STACK}, tests=tests), Limits())
    assert ran.passed, ran.tests
    wrong = STACK.replace("self._items.pop()", "self._items.pop(0)")
    ran = await sandbox.run(Program({"main.py": wrong}, tests=tests), Limits())
    assert not ran.passed


@pytest.mark.parametrize(
    "code",
    [
        "class Point:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n\n    def distance(self, other):\n        return ((self.x - other.x) ** 2 + (self.y - other.y) ** 2) ** 0.5\n",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Point:\n    x: int\n    y: int\n\n    @property\n    def total(self) -> int:\n        return self.x + self.y\n\n    def moved(self, dx: int, dy: int) -> Point:\n        return Point(self.x + dx, self.y + dy)\n",
    ],
)  # fmt: skip
async def test_objects_of_the_same_class_and_dataclasses_are_made(
    sandbox: Sandbox, code: str
) -> None:
    found = await told(sandbox, code, "Point")
    assert not found.why, found.why
    assert "'value'" in found.outcomes[0].text
    assert kept(found)


async def test_a_script_is_run_with_input_and_its_output_written_down(sandbox: Sandbox) -> None:
    found = await told(sandbox, SUM, None)
    assert found.kind == "script"
    assert "8.0 2.0" in kept(found)[0].code
    words = "import sys\nfrom collections import Counter\n\nwith open(sys.argv[1]) as file:\n    for word, count in Counter(file.read().split()).most_common(10):\n        print(word, count)\n"
    found = await told(sandbox, words, None)
    assert "words.txt" in found.inputs[0]
    assert "apple 3" in found.outcomes[0].text


async def test_what_another_run_would_not_print_is_run_and_not_written_down(
    sandbox: Sandbox,
) -> None:
    found = await told(sandbox, "import random\nprint(random.random())\n", None)
    assert found.outcomes
    assert not kept(found)
    assert not odd(found, Subject("import random\nprint(random.random())\n", "python"))


@pytest.mark.parametrize(
    ("code", "entry", "why"),
    [
        ("print(1 / 0)\n", None, "ended in an error"),
        ("import sys\nsys.exit(3)\n", None, "ended in an error"),
        ("class A:\n    def __init__(self):\n        raise TypeError('no')\n", "A", "no object"),
        ("def f(x):\n    raise TypeError('no')\n", "f", "no value"),
        ("while True:\n    pass\n", None, "ended in an error"),
        ("import os\nwhile True:\n    os.fork()\n", None, ""),
        ("class A:\n    def go(self):\n        while True:\n            pass\n", "A", "no object"),
    ],
)  # fmt: skip
async def test_what_comes_to_nothing_does_not_count_as_executed(
    sandbox: Sandbox, code: str, entry: str | None, why: str
) -> None:
    found = await told(sandbox, code, entry)
    assert not found.outcomes
    assert why in found.why
    report = await examine(Subject(code, "python", entry), sandbox)
    assert not report.tests.executed
    assert quality(report).score <= 6


async def test_a_script_that_crashes_is_told_to_have_been_run(sandbox: Sandbox) -> None:
    report = await examine(Subject("print(1 / 0)\n", "python"), sandbox)
    said = "it was run and crashed: the script ended in ZeroDivisionError: division by zero"
    assert report.tests.unproved == said
    assert quality(report).cap == said
    taken = await examine(Subject("import sys\nprint(int(sys.argv[7]))\n", "python"), sandbox)
    assert "crashed: the script 20 ended in IndexError" in taken.tests.unproved
    ended = await examine(Subject("import sys\nsys.exit(3)\n", "python"), sandbox)
    assert ended.tests.unproved.startswith("not executed: ")


async def test_a_script_of_javascript_that_crashes_is_told_so_too() -> None:
    report = await examine(Subject("console.log(missing.name);\n", "javascript"), JavaScript.open())
    assert "it was run and crashed: the script ended in ReferenceError" in report.tests.unproved


@pytest.mark.parametrize(
    ("right", "wrong", "entry"),
    [
        (STACK, STACK.replace("self._items.pop()", "self._itms.pop()").replace("not self._items", "not self._itms"), "Stack"),
        (STACK, STACK.replace("len(self._items)", "len(items)"), "Stack"),
        (SUM, SUM.replace("sum(numbers) / len", "total / len"), None),
        ("def rev(text):\n    return text[::-1]\n", "def rev(text):\n    return txt[::-1]\n", "rev"),
    ],
)  # fmt: skip
async def test_right_code_scores_above_wrong_code_without_an_example(
    sandbox: Sandbox, right: str, wrong: str, entry: str | None
) -> None:
    above, below = [
        quality(await examine(Subject(code, "python", entry), sandbox)).score
        for code in (right, wrong)
    ]
    assert above > 8
    assert above > below


async def test_without_a_sandbox_nothing_is_executed() -> None:
    for code, entry in ((STACK, "Stack"), (SUM, None)):
        report = await examine(Subject(code, "python", entry), NoSandbox("none here"))
        assert not report.tests.executed


async def test_a_class_with_examples_is_judged_by_them_alone(sandbox: Sandbox) -> None:
    subject = Subject(STACK, "python", "Stack", tests=(Test("t", "assert Stack().size() == 0"),))
    found = await tried(subject, sandbox, performance=False, within_s=5)
    assert "no plain function" in found.why


def test_types_of_every_language_say_what_they_hold() -> None:
    kinds = {
        "int": "number", "number[]": "numbers", "Array<string>": "words", "const std::vector<int>&": "numbers",
        "&[i32]": "numbers", "Vec<Vec<i64>>": "lists", "&str": "text", "std::string": "text", "boolean": "flag",
        "List<Integer>": "numbers", "list[str]": "words", "dict[str, int]": "record", "int[][]": "lists",
        "Optional[int]": "number", "string | null": "text", "u32": "number", "Shape": "", "usize": "number",
    }  # fmt: skip
    assert {text: kind_of_type(text) for text in kinds} == kinds


def test_names_say_what_they_hold_and_doubtful_ones_are_tried_in_several_ways() -> None:
    assert kind_of_name("numbers") == "numbers"
    assert kind_of_name("maxLength") == "number"
    assert kind_of_name("whatever") == ""
    assert len(shapes([Parameter("count", "int")])) == 1
    several = shapes(list(starmap(Parameter, [("a", ""), ("b", "")])))
    assert len(several) > 4


SQUARES = "def f(l):\n    r = []\n    for i in range(len(l)):\n        if l[i] % 2 == 0:\n            r.append(l[i] * l[i])\n    return r\n"


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("def f(numbers):\n    return [one * one for one in numbers if one % 2 == 0]\n", True),
        ("def f(numbers):\n    return [one * one for one in numbers if one % 2]\n", False),
        ("def f(numbers):\n    return [one * one for one in numbers]\n", False),
    ],
)
async def test_what_is_to_go_on_doing_the_same_is_compared_with_what_was_given(
    sandbox: Sandbox, code: str, *, holds: bool
) -> None:
    report = await examine(Subject(code, "python", "f", given=SQUARES), sandbox)
    assert report.tests.passed
    assert (not report.tests.failed) is holds
    assert (quality(report).score > 9) is holds


async def test_a_bug_that_was_given_need_not_be_kept(sandbox: Sandbox) -> None:
    given = "def add(x, items=[]):\n    items.append(x)\n    return items\n"
    code = "def add(x, items=None):\n    items = [] if items is None else items\n    items.append(x)\n    return items\n"
    report = await examine(Subject(code, "python", "add", given=given), sandbox)
    assert report.tests.executed
    assert not report.tests.failed
