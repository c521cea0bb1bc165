"""Monty tells a run only when all its tests passed; everything else goes to a real Python."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

import pytest

from arriero.apps.codegen.sandbox.attacks.bait import laid
from arriero.apps.codegen.sandbox.attacks.results import RESULTS
from arriero.apps.codegen.sandbox.base import (
    Limits,
    NoSandbox,
    Program,
    Ran,
    Sandbox,
    ScriptedSandbox,
    Test,
)
from arriero.apps.codegen.sandbox.monty import Layered, Monty
from arriero.apps.codegen.sandbox.open import leaks, open_sandbox
from arriero.core.errors import MissingExtra

CODE = """
def add(a, b):
    print("adding")
    return a + b
def sort_in_place(xs):
    xs.sort()
def loop():
    while True:
        pass
def fail():
    raise ValueError("bad")
class Any:
    def __eq__(self, other): return True
def anything():
    return Any()
def apply(f):
    return f(1)
def abs(x):
    return 0
def negative():
    return -3
"""


@pytest.fixture(scope="module")
def monty() -> Iterator[Monty]:
    opened = Monty.open()
    yield opened
    opened.close()


async def _ran(monty: Monty, *codes: str) -> Ran:
    tests = tuple(Test(str(number), code) for number, code in enumerate(codes))
    return await monty.run(Program({"main.py": CODE}, tests=tests), Limits())


async def test_pure_functions_pass_and_what_they_print_is_told(monty: Monty) -> None:
    check = "def check(candidate):\n    assert candidate(1, 2) == 3\ncheck(add)"
    ran = await _ran(
        monty, "assert add([1], [2]) == [1, 2]", "assert add(10**50, 1) > 10**50", check
    )
    assert ran.passed
    assert [test.name for test in ran.tests] == ["0", "1", "2"]
    assert ran.stdout == "adding\n" * 3
    assert ran.by == "monty"


async def test_a_name_that_is_pythons_own_stays_pythons(monty: Monty) -> None:
    assert (await _ran(monty, "assert abs(negative()) == 3")).passed


@pytest.mark.parametrize(
    "test",
    [
        "assert add(1, 1) == 3",
        "xs = [2, 1]\nsort_in_place(xs)\nassert xs == [2, 1]",
        "try:\n    fail()\nexcept Exception:\n    pass",
        "try:\n    assert anything() == 3\nexcept Exception:\n    pass",
        "assert apply(lambda x: x) == 1",
        "def f(x):\n    return x\napply(f)",
        "def add(a, b):\n    return 3\nassert add(1, 1) == 3",
        "import main\nassert main.add(1, 1) == 2",
        "assert add(1, 1) ==",
        "loop()",
    ],
)
async def test_what_it_cannot_tell_for_sure_is_not_executed(monty: Monty, test: str) -> None:
    ran = await _ran(monty, test)
    assert not ran.executed
    assert ran.reason.startswith("monty: ")


async def test_no_forged_result_passes(monty: Monty) -> None:
    for attack in RESULTS:
        with laid() as bait:
            assert not (await monty.run(bait.program(attack, forever=True), Limits())).executed


async def test_nothing_gets_out_of_it(monty: Monty) -> None:
    assert await leaks(monty) == ""


@pytest.mark.parametrize(
    "program",
    [
        Program({"main.py": "print(1)"}),
        Program({"main.py": CODE, "other.py": ""}, tests=(Test("t", "assert True"),)),
        Program({"main.py": CODE}, tests=(Test("t", "assert True", objects=True),)),
        Program({"main.py": "def f(:"}, tests=(Test("t", "assert True"),)),
    ],
)
async def test_other_programs_are_not_for_it(monty: Monty, program: Program) -> None:
    assert not (await monty.run(program, Limits())).executed


async def test_what_monty_does_not_execute_goes_to_a_real_python(
    monty: Monty, sandbox: Sandbox
) -> None:
    layered = Layered(monty, sandbox)
    quick = Program({"main.py": CODE}, tests=(Test("t", "assert add(1, 1) == 2"),))
    raises = Test("t", "try:\n    fail()\nexcept ValueError:\n    pass")
    whole = Program({"main.py": CODE}, tests=(raises,))
    assert (await layered.run(quick, Limits())).by == "monty"
    ran = await layered.run(whole, Limits(wall_s=20))
    assert ran.passed
    assert ran.by == "bubblewrap"


async def test_without_a_real_python_both_reasons_are_told(monty: Monty) -> None:
    ran = await Layered(monty, NoSandbox("no boxes")).run(Program({"main.py": "1"}), Limits())
    assert not ran.executed
    assert ran.reason == "no boxes (monty: it is more than one file with tests)"


async def test_the_quick_answer_is_enough() -> None:
    quick = ScriptedSandbox({"1": Ran(0, by="quick")})
    whole = ScriptedSandbox({})
    assert (await Layered(quick, whole).run(Program({"main.py": "1"}), Limits())).by == "quick"
    assert whole.asked == []


async def test_opening_says_what_stands_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    async with open_sandbox() as opened:
        assert opened.told.endswith(
            "bubblewrap is not installed; webassembly for javascript; monty for pure functions"
        )
        script = Program({"a.js": "const f = () => 1"}, "a.js", tests=(Test("t", "assert(f())"),))
        assert (await opened.sandbox.run(script, Limits())).by == "javascript"
        pure = Program({"main.py": CODE}, tests=(Test("t", "assert add(1, 1) == 2"),))
        assert (await opened.sandbox.run(pure, Limits())).passed
        assert not (await opened.sandbox.run(Program({"main.py": "print(1)"}), Limits())).executed


async def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    with pytest.raises(MissingExtra, match="codegen"):
        Monty.open()


async def test_runs_beyond_what_goes_on_at_once_wait_in_line_and_all_come_to_their_end() -> None:
    narrow = Monty.open(at_once=1)
    try:
        async with asyncio.timeout(30):
            runs = [_ran(narrow, f"assert add({n}, 1) == {n + 1}") for n in range(6)]
            assert [ran.passed for ran in await asyncio.gather(*runs)] == [True] * 6
    finally:
        narrow.close()


async def test_it_closes_while_runs_are_under_way_and_in_line() -> None:
    narrow = Monty.open(at_once=2)
    running = [asyncio.create_task(_ran(narrow, "loop()")) for _ in range(6)]
    await asyncio.sleep(0.2)
    for one in running:
        one.cancel()
    begun = time.monotonic()
    narrow.close()
    assert time.monotonic() - begun < 10
    assert all(
        isinstance(one, asyncio.CancelledError)
        for one in await asyncio.gather(*running, return_exceptions=True)
    )
