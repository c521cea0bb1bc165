"""Tests in one box, code in another: what is told right, and what cannot be forged."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.sandbox.base import Limits, Program, Sandbox, Test

CODE = """
import collections, enum, fractions, decimal, datetime
from dataclasses import dataclass

print("imported")
LIMIT = 7

def add(a, b): return a + b
def sort_in_place(xs): xs.sort()
def put(d, k): d[k] = len(d)
def apply(f, xs): return [f(x) for x in xs]
def total(xs): return sum(xs)
def count_up(n): yield from range(n)
def same(x): return x
def half(x): return fractions.Fraction(x, 2)
def price(x): return decimal.Decimal(x)
def day(): return datetime.date(2026, 11, 27)
def letters(s): return collections.Counter(s)
def pair(): return collections.namedtuple("Pair", "a b")(1, 2)
def fall(n): return n * fall(n)

class Wrong(ValueError): pass
class Worse(Wrong): pass

def fail(x): raise Worse("bad", x)

class Stack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x); return self
    def pop(self): return self.items.pop()
    def __len__(self): return len(self.items)

@dataclass
class Point:
    x: int
    y: int
    def __add__(self, other): return Point(self.x + other.x, self.y + other.y)

class Color(enum.Enum):
    RED = 1

class Any:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __lt__(self, other): return True
    def __contains__(self, other): return True
    def __hash__(self): return 0

def anything(): return Any()
import gc
def peer(): return next(one for one in gc.get_objects() if type(one).__name__ == "Peer")
def made_there():
    kind = peer().call(type, ("Any", (), {"__eq__": type}), {})
    return peer().call(kind, (), {})
def by_its_frame(xs):
    run = xs.gi_frame.f_builtins["eval"]
    return run("type('Any', (), {'__eq__': lambda *_: True})")()
def by_a_module(held): return held.codecs.builtins.eval("type('Any', (), {'__eq__': lambda *_: True})")()
abs = lambda x: 0
def negative(): return -3
"""
TRUE = [
    "assert add(2, 3) == 5 and add('a', 'b') == 'ab' and add([1], [2]) == [1, 2]",
    "assert abs(add(0.1, 0.2) - 0.3) < 1e-9",
    "xs = [3, 1, 2]\nsort_in_place(xs)\nassert xs == [1, 2, 3]",
    "d = {}\nput(d, 'a')\nput(d, 'b')\nassert d == {'a': 0, 'b': 1}",
    "assert apply(lambda x: x * 2, [1, 2]) == [2, 4]",
    "class Twice:\n    by = 2\n    def __call__(self, x): return x * self.by\nassert apply(Twice(), [1, 2]) == [2, 4]",
    "assert total(x for x in [1, 2]) == 3",
    "assert list(count_up(3)) == [0, 1, 2]",
    (
        "for x in (None, True, 10**400, 1.5, 1j, b'x', (1, [2]), {3}, frozenset([4]), {(1, 2): ['a']}, "
        "'\\ud800', range(3), int):\n    assert same(x) == x and type(same(x)) is type(x)"
    ),
    "import math\nassert math.isnan(same(math.nan)) and same(-math.inf) == -math.inf",
    "from fractions import Fraction\nassert half(3) == Fraction(3, 2)",
    "from decimal import Decimal\nassert price('1.10') == Decimal('1.10')",
    "import datetime\nassert day() == datetime.date(2026, 11, 27)",
    "assert letters('aab') == {'a': 2, 'b': 1} and sorted(letters('ba').items()) == [('a', 1), ('b', 1)]",
    "assert pair() == (1, 2) and pair().b == 2",
    "try:\n    fail(3)\nexcept ValueError as error:\n    assert error.args == ('bad', 3)\nelse:\n    assert False",
    "from solution import Wrong, fail\ntry:\n    fail(3)\nexcept Wrong:\n    pass",
    "import solution\nassert solution.LIMIT == 7 and solution.add(1, 1) == 2",
    "from extra.more import triple\nassert triple(2) == 6",
    "s = Stack()\ns.push(1).push([2])\nassert len(s) == 2 and s.pop() == [2] and s.items == [1] and isinstance(s, Stack)",
    "def check(candidate):\n    assert candidate(1, 2) == 3\ncheck(add)",
    "assert Point(1, 2).x == 1 and (Point is not None)",
    "assert abs(negative()) == 3",
]  # fmt: skip
FALSE = [
    "assert add(1, 1) == 3",
    "assert anything() == 3",
    "assert not anything() != 3",
    "assert abs(anything() - 3) < 1",
    "assert anything() < 3",
    "assert 3 in anything()",
    "assert 3 in [anything()]",
    "assert [3] == [anything()]",
    "assert {3: 0}.get(anything()) == 0",
    "assert Point(1, 2) == Point(1, 2)",
    "assert made_there() == 3",
    "assert by_its_frame(x for x in [1, 2]) == 3",
    "import json\nassert by_a_module(json) == 3",
    "import sys\nsys.exit(0)",
    "raise KeyboardInterrupt",
    "assert add(1, 1) ==",
    "fall(3)",
    "assert unheard_of() == 1",
]
OBJECTS = [
    "assert Point(1, 2) + Point(3, 4) == Point(4, 6)",
    "assert Color.RED == Color.RED",
    "assert Point(1, 2) != Point(1, 3)",
]
FILES = {"solution.py": CODE, "extra/more.py": "def triple(x): return 3 * x"}


async def _passed(sandbox: Sandbox, codes: list[str], *, objects: bool = False) -> list[bool]:
    tests = tuple(Test(str(number), code, objects) for number, code in enumerate(codes))
    ran = await sandbox.run(Program(FILES, "solution.py", tests=tests), Limits(wall_s=20, cpu_s=20))
    assert ran.stdout == "imported\n"
    assert [test.name for test in ran.tests] == [test.name for test in tests]
    return [test.passed for test in ran.tests]


async def test_what_is_right_passes(sandbox: Sandbox) -> None:
    passed = await _passed(sandbox, TRUE)
    assert [code for code, right in zip(TRUE, passed, strict=True) if not right] == []


async def test_what_is_wrong_fails_however_the_code_compares(sandbox: Sandbox) -> None:
    passed = await _passed(sandbox, FALSE)
    assert [code for code, wrong in zip(FALSE, passed, strict=True) if wrong] == []


async def test_objects_compare_themselves_where_that_is_granted(sandbox: Sandbox) -> None:
    assert await _passed(sandbox, OBJECTS, objects=True) == [True] * 3


async def test_a_failure_says_what_and_where(sandbox: Sandbox) -> None:
    test = Test("small", "x = add(1, 1)\nassert x == 3, f'got {x}'")
    ran = await sandbox.run(Program(FILES, "solution.py", tests=(test,)), Limits())
    assert ran.tests[0].reason == "AssertionError: got 2 (line 2)"
    assert not ran.passed


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\nos._exit(0)", "while it was imported: the code under test ended"),
        ("x =", "while it was imported: SyntaxError: invalid syntax (solution.py, line 1)"),
        ("import no_such", "while it was imported: ModuleNotFoundError: No module named 'no_such'"),
        ("import os\ndef f(): os._exit(0)", "the code under test ended"),
        (
            "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'x')\n    except OSError: pass",
            "while it was imported: what the other side said cannot be read",
        ),
    ],
)
async def test_code_that_ends_or_cannot_be_imported_fails_every_test(
    sandbox: Sandbox, code: str, reason: str
) -> None:
    tests = (Test("a", "f()"), Test("b", "f()"))
    ran = await sandbox.run(Program({"solution.py": code}, "solution.py", tests=tests), Limits())
    assert [(test.passed, test.reason) for test in ran.tests] == [(False, reason)] * 2


async def test_a_test_that_never_ends_has_no_result_and_those_before_it_have(
    sandbox: Sandbox,
) -> None:
    code = "import time\ndef f(x):\n    while x: time.sleep(0.1)"
    tests = (Test("quick", "f(False)"), Test("never", "f(True)"), Test("after", "f(False)"))
    program = Program({"solution.py": code}, "solution.py", tests=tests)
    ran = await sandbox.run(program, Limits(wall_s=1.5))
    assert [test.passed for test in ran.tests] == [True, False, False]
    assert ran.tests[1].reason == "no result: the wall limit was reached"


async def test_code_reaches_what_a_test_lends_by_its_public_names_alone(sandbox: Sandbox) -> None:
    """Else a callback would lead into the tests' own interpreter."""
    code = """
def peek(f):
    found = []
    for name in ("__globals__", "__code__", "__self__", "_secret"):
        try:
            found.append(getattr(f, name))
        except AttributeError:
            pass
    try:
        f.x = 1
        found.append("set")
    except AttributeError:
        pass
    return found
"""
    test = Test("peek", "class Lent:\n    _secret = 1\n    def go(self): return 1\n"
        "assert peek(Lent().go) == [] and peek(lambda: 1) == []")  # fmt: skip
    ran = await sandbox.run(Program({"solution.py": code}, "solution.py", tests=(test,)), Limits())
    assert ran.tests[0].passed, ran.tests[0].reason


MEAN = "class Empty(ValueError):\n    pass\n\ndef mean(xs):\n    if not xs:\n        raise Empty('no numbers')\n    return sum(xs) / len(xs)\n"


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("with pytest.raises(Empty, match='no num') as info:\n    mean([])\nassert 'numbers' in str(info.value)", True),
        ("with pytest.raises(ValueError):\n    mean([])", True),
        ("with pytest.raises(ValueError):\n    mean([1])", False),
        ("with pytest.raises(ValueError, match='other'):\n    mean([])", False),
        ("with pytest.raises(KeyError):\n    mean([])", False),
        ("assert mean([1, 1, 1, 1e-7]) == pytest.approx(0.75)", True),
        ("assert mean([1, 2]) == pytest.approx(1.6)", False),
        ("assert {'a': [mean([1, 2])]} == pytest.approx({'a': [1.5]})", True),
        ("assert mean([1]) != pytest.approx([1])", True),
    ],
)  # fmt: skip
async def test_what_tests_take_from_pytest_is_in_the_box(
    sandbox: Sandbox, test: str, *, holds: bool
) -> None:
    program = Program({"main.py": MEAN}, tests=(Test("one", f"import pytest\n{test}"),))
    ran = await sandbox.run(program, Limits())
    assert [one.passed for one in ran.tests] == [holds], ran.tests
