"""A caller's test file, as people write them for pytest and unittest, tells right code from wrong."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.requirement_tests import given_tests
from arriero.core.errors import InputError

STACK = """
class Stack:
    def __init__(self):
        self.held = []

    def push(self, one):
        self.held.append(one)

    def pop(self):
        return self.held.pop()
"""
MEAN = """
def mean(xs):
    if not xs:
        raise ValueError("no numbers")
    return sum(xs) / len(xs)
"""


def held(tests: str, code: str) -> list[bool]:
    """Which of the tests hold for `code`."""
    return [_holds(one.code, code) for one in given_tests(tests)]


def _holds(test: str, code: str) -> bool:
    names: dict[str, object] = {"__name__": "tests"}
    exec(code, names)  # noqa: S102  # written above
    try:
        exec(test, names)  # noqa: S102  # written below
    except (Exception, pytest.fail.Exception):  # noqa: BLE001  # whatever a wrong program raises
        return False
    return True


@pytest.mark.parametrize(
    ("tests", "code", "wrong"),
    [
        ("s = Stack()\ns.push(1)\ns.push(2)\nassert s.pop() == 2\nassert s.pop() == 1", STACK, STACK.replace(".pop()", ".pop(0)")),
        ("size = 1\nassert mean([size]) == 1\nsize = 3\nassert mean([size]) == 3", MEAN, MEAN.replace("len(xs)", "2")),
        ("import pytest\nwith pytest.raises(ValueError, match='no numbers'):\n    mean([])", MEAN, "def mean(xs):\n    return 0"),
        ("for xs, m in [([1, 3], 2), ([4], 4)]:\n    assert mean(xs) == m", MEAN, "def mean(xs):\n    return 2"),
        ("import unittest\n\nclass Tests(unittest.TestCase):\n    def setUp(self):\n        self.s = Stack()\n\n    def test_pop(self):\n        self.s.push(1)\n        self.assertEqual(self.s.pop(), 1)\n\nif __name__ == '__main__':\n    unittest.main()", STACK, STACK.replace("return", "")),
        ("class TestMean:\n    def setup_method(self):\n        self.xs = [1, 3]\n\n    def test_it(self):\n        assert mean(self.xs) == 2", MEAN, "def mean(xs):\n    return 1"),
        ("import pytest\n\n@pytest.mark.parametrize(('xs', 'm'), [([1], 1), pytest.param([2, 4], 3, id='two')])\ndef test_mean(xs, m):\n    assert mean(xs) == pytest.approx(m)", MEAN, "def mean(xs):\n    return 0"),
        ("import pytest\n\nCASES = [[1], [1, 1]]\n\n@pytest.mark.parametrize('xs', CASES)\ndef test_ones(xs):\n    assert mean(xs) == 1", MEAN, "def mean(xs):\n    return 0"),
        ("import pytest\n\n@pytest.fixture\ndef empty():\n    return Stack()\n\n@pytest.fixture\ndef one(empty):\n    empty.push(1)\n    yield empty\n\ndef test_pop(one):\n    assert one.pop() == 1", STACK, STACK.replace("return", "")),
        ("class Case:\n    xs = [2]\n\ndef test_mean():\n    assert mean(Case.xs) == 2", MEAN, "def mean(xs):\n    return 0"),
    ],
)  # fmt: skip
def test_right_code_passes_and_wrong_code_fails(tests: str, code: str, wrong: str) -> None:
    found = held(tests, code)
    assert found
    assert all(found)
    assert not all(held(tests, wrong))


def test_each_row_of_parameters_is_a_test() -> None:
    rows = "import pytest\n\n@pytest.mark.parametrize('a', [1, 2])\n@pytest.mark.parametrize('b', [3, 4, 5])\ndef test_f(a, b):\n    assert f(a) == b\n"
    assert len(given_tests(rows)) == 6


def test_an_earlier_assert_that_fails_takes_no_later_one_along() -> None:
    tests = "xs = list(range(3))\nassert mean(xs) == 9\nassert mean(xs) == 1\n"
    assert held(tests, MEAN) == [False, True]


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("def test_f(tmp_path):\n    assert f(tmp_path)", "takes 'tmp_path'"),
        ("import pytest\n\n@pytest.mark.parametrize('a', cases())\ndef test_f(a):\n    assert f(a)", "are no list"),
        ("import pytest\n\n@pytest.mark.parametrize('a, b', [1])\ndef test_f(a, b):\n    assert f(a)", "has not 2 values"),
    ],
)  # fmt: skip
def test_a_test_that_cannot_be_run_is_not_left_out_in_silence(tests: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        given_tests(f"assert f(1)\n{tests}")


@pytest.mark.parametrize(
    "tests",
    [
        "import pytest\nassert f(2) == pytest.approx(4)",
        "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n        self.assertEqual(f(2), 4)",
    ],
)
def test_what_pytest_and_unittest_have_makes_no_test_of_objects(tests: str) -> None:
    """Such a test would let the code say itself what it equals."""
    assert [one.objects for one in given_tests(tests)] == [False]


@pytest.mark.parametrize(
    "tests",
    [
        "from shop.figures import mean\n\ndef test_it():\n    assert mean([1, 3]) == 2",
        "import figures\n\ndef test_it():\n    assert figures.mean([1, 3]) == 2",
        "import shop.figures as f, math\n\ndef test_it():\n    assert f.mean([1, 3]) == math.sqrt(4)",
        "from figures import mean as average\nassert average([1, 3]) == 2",
        "from shop import figures\nassert figures.mean([1, 3]) == 2",
        "from . import figures\nassert figures.mean([1, 3]) == 2",
    ],
)
def test_the_program_is_offered_whatever_its_module_is_called(tests: str) -> None:
    own = frozenset({"main", "figures"})
    (one,) = given_tests(tests, own)
    assert _holds(one.code, MEAN)
    assert not _holds(one.code, "def mean(xs):\n    return 0")


def test_a_package_that_is_not_there_is_missed() -> None:
    (one,) = given_tests("import numpy as np\nassert mean(np.ones(3)) == 1")
    assert "import numpy as np" in one.code
