"""Examples as people write them: with what stands before them, printed, commented, raising, about objects."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.requirement_examples import examples_in
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.requirement_tests import given_tests
from arriero.apps.codegen.wanted import Wanted

STACK = "class Stack:\n    def __init__(self, held=()):\n        self.held = list(held)\n        self.name = 'stack'\n    def push(self, one):\n        self.held.append(one)\n    def pop(self):\n        return self.held.pop()\n"
DOUBLE = "def f(x):\n    if x is None:\n        raise ValueError('nothing')\n    return x * 2\n"
MEAN = "def f(xs):\n    return sum(xs) / len(xs)\n"
COUNTER = "def counter():\n    told = [0]\n    def more():\n        told[0] += 1\n        return told[0]\n    return more\n"
TWICE = "def twice(f):\n    return lambda: [f(), f()]\n"
TAKE = "def take(xs):\n    return xs.pop(0)\n"


def record(text: str) -> Requirement:
    return read(Wanted(requirement=text), languages=LANGUAGES, longest=8_000)


def holds(code: str, test: str) -> bool:
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102  # written above
    try:
        exec(test, names)  # noqa: S102  # written below
    except Exception:  # noqa: BLE001  # whatever a wrong test raises
        return False
    return True


@pytest.mark.parametrize(
    ("text", "code", "count"),
    [
        (">>> f(2) == 4\nTrue\n>>> abs(f(0.1) - 0.2) < 1e-6\nTrue\n>>> f(2) == 5\nFalse", DOUBLE, 3),
        (">>> print(f(2))\n4\n>>> print(f('a'))\naa", DOUBLE, 2),
        (">>> print(f([1, 2]))\n[1, 2, 1, 2]", DOUBLE, 1),
        ("print(f(2))  # 4\nf('a')  # 'aa'\nprint(f([1]))  # [1,1]\nprint(f(3)) # prints 6", DOUBLE, 4),
        ("xs = [1, 2]\nassert f(xs) == 1.5\n\nys = [\n    4,\n    6,\n]\nassert f(ys) == 5", MEAN, 2),
        ("assert math.isclose(f([1, 2]), 1.5)\nassert f([Fraction(1, 2)]) == Fraction(1, 2)", "from fractions import Fraction\n" + MEAN, 2),
        (">>> xs = [3, 1]\n>>> xs.append(5)\n>>> f(xs)\n3.0", MEAN, 1),
        (">>> s = Stack()\n>>> s.push(1)\n>>> s.push(2)\n>>> s.pop()\n2\n>>> s.pop()\n1\n>>> s.name\n'stack'\n>>> len(s.held)\n0", STACK, 4),
        (">>> c = counter()\n>>> c()\n1\n>>> c()\n2", COUNTER, 2),
        (">>> xs = [1, 2]\n>>> take(xs)\n1\n>>> take(xs)\n2", TAKE, 2),
        ("s = Stack()\ns.push(1)\nassert s.pop() == 1\nassert s.held == []", STACK, 2),
        ("- **f(1) == 2**\n* f(2) -> 4\n* f(3) is 6 - three doubled. Examples - f(4) == 8", DOUBLE, 4),
        ("Stack([1, 2]).pop() == 2 and Stack([1]).name is 'stack'", STACK, 2),
        ("s = Stack()\ns.push(1)    # one\ns.pop()       # returns 1\nlen(s.held)", STACK, 1),
        (">>> @twice\n... def one():\n...     return 1\n>>> one()\n[1, 1]", TWICE, 1),
        ("f(None) raises ValueError. f(2) also returns 4. f(3) is 6. f(\u22121) is \u22122 because it is doubled.", DOUBLE, 4),
        ("list(f((1,))) == [1, 1] and len(f('ab')) is 4, sorted(f([2, 1])) == [1, 1, 2, 2]", DOUBLE, 3),
        ("`f(None)` should raise a `ValueError`", DOUBLE, 1),
        ("with pytest.raises(ValueError):\n    f(None)\nassert f(1) == 2", DOUBLE, 2),
        ("f(\u201ca\u201d) \u2192 \u201caa\u201d", DOUBLE, 1),
    ],
)  # fmt: skip
def test_examples_hold_for_right_code(text: str, code: str, count: int) -> None:
    found = examples_in(text)
    assert [one.code for one in found if not holds(code, one.code)] == []
    assert len(found) == count


@pytest.mark.parametrize(
    "text",
    [
        "f(3) is 2 more than f(1)",
        "f(3) returns 4 elements",
        "assert f(xs) == 3",
        "y = f(7) // 2",
        "f(1)  # 2 elements",
        ">>> f(9)\n[0, 1, ...]\n",
        "f(1) raises None",
        "f() raises ConnectionError if the server is down",
        "f() returns None when there is nothing",
        "f(3) == 3 * 2 * 1 == 6",
        "f(5) = 5! = 120",
        "f(2) returns 1/2",
        "f('x') -> 'a' + 'b'",
        "f(1) == 10 ms",
        "f(0) is None or 0",
        "f(3) returns [1, 2] (in any order)",
        "f(3) returns a 3-element list, f(4) a 4-element one: f(4) returns 4-element",
        "2 * f(3) == 12",
        "not f(3) == True",
    ],
)
def test_what_says_something_else_is_no_example(text: str) -> None:
    assert examples_in(text) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Write a function `clamp(x, low, high)`.\n\n| x | low | high | result |\n|---|---|---|---|\n| -1 | 0 | 9 | 0 |", ["assert clamp(-1, 0, 9) == 0"]),
        ("Write a function `two_sum(nums, target)`.\n\nExample 1:\nInput: nums = [2, 7], target = 9\nOutput: [0, 1]\n", ["assert two_sum([2, 7], 9) == [0, 1]"]),
        ("Write a function `square(n)`. For n = 3 the result is 9.", ["assert square(3) == 9"]),
        ('Write `is_word(text)`:\n* "ab" -> True\n2. `"a b"` \u2192 `False`\n- 5 -> the number five\n', ['assert is_word("ab") == True', 'assert is_word("a b") == False']),
        ("| # | n | result |\n|---|---|---|\n| 1 | 4 | 16 |\n\nWrite `square(n)`.", ["assert square(4) == 16"]),
    ],
)  # fmt: skip
def test_examples_without_a_call_are_about_the_one_function_that_is_asked_for(
    text: str, codes: list[str]
) -> None:
    assert [one.code for one in record(text).examples] == codes


def test_an_output_that_may_be_another_is_none() -> None:
    assert record("Write `f(x)`.\nInput: 1\nOutput: 2 or 3\n").examples == ()


def test_of_several_functions_none_is_guessed_for_an_input() -> None:
    found = record("Write the functions `a(x)` and `b(x)`.\nInput: 1\nOutput: 2\n")
    assert found.examples == ()


def test_comments_of_other_languages_tell_what_comes() -> None:
    found = record(
        "Write a JavaScript function `double(n)`.\n```js\nconsole.log(double(2)); // 4\n```"
    )
    assert [one.code for one in found.examples] == ["assert double(2) == 4"]


def test_a_session_that_goes_on_is_no_contradiction() -> None:
    found = record("Write `counter()`.\n>>> c = counter()\n>>> c()\n1\n>>> c()\n2\n")
    assert (len(found.examples), found.questions) == (2, ())


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Write `primes()`.\n>>> from itertools import islice\n>>> list(islice(primes(), 2))\n[2, 3]\n", "primes"),
        ("Write a decorator `twice(f)`.\n>>> @twice\n... def one():\n...     return 1\n>>> one()\n[1, 1]\n", "twice"),
        ("Write a TypeScript function `sum(xs: number[]): number`.\n```ts\nsum([1, 2]) // 3\n```", "sum"),
        ("Write `iso_week(day)`: `iso_week(date(2024, 1, 1)) == 1`", "iso_week"),
        ("class Solution:\n    def best(self, prices):\n        pass\n\nInput: prices = [7, 1]\nOutput: 0\n", "Solution"),
        ("Write a class `Todo`.\n```python\ntodo = Todo()\ntodo.add('a')\nprint(todo.pending())  # ['a']\n```", "Todo"),
        ("Write a dataclass `Point` and a function distance(a, b).\nassert distance(Point(0, 0), Point(3, 4)) == 5", "distance"),
    ],
)  # fmt: skip
def test_an_example_is_about_what_was_asked_for(text: str, entry: str) -> None:
    found = record(text)
    assert [one.entry for one in found.examples] == [entry]
    assert "one" not in found.components


def test_dates_and_exact_numbers_are_values() -> None:
    code = "from datetime import date, timedelta\n\ndef after(day):\n    return day + timedelta(days=1)\n"
    text = "after(date(2024, 1, 1)) == date(2024, 1, 2)\n>>> after(datetime.date(2024, 1, 1))\ndatetime.date(2024, 1, 2)\n"
    found = examples_in(text)
    assert [holds(code, one.code) for one in found] == [True, True]
    assert not any(one.objects for one in found)


def test_who_asks_a_class_for_what_it_holds_asks_about_objects() -> None:
    assert examples_in("assert parse('red') == Color.RED")[0].objects
    assert given_tests("assert parse('red') == Color.RED")[0].objects
    assert not given_tests("from decimal import Decimal\nassert f(1) == Decimal.from_float(1)")[
        0
    ].objects
