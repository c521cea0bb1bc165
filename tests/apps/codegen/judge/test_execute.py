"""What a failed example says of the code, and what happens where nothing can run."""

from __future__ import annotations

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.report import Tests
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox, Test
from arriero.apps.codegen.sandbox.javascript import JavaScript

WRONG = "def add(a, b):\n    return a - b\n"


async def run(sandbox: Sandbox, code: str, *tests: str, **more: object) -> Tests:
    named = tuple(Test(f"example {number}", test) for number, test in enumerate(tests, 1))
    subject = Subject(code, "python", "add", tests=named, **more)  # type: ignore[arg-type]
    return (await examine(subject, sandbox)).tests


async def test_examples_that_pass_are_named(sandbox: Sandbox) -> None:
    found = await run(sandbox, "def add(a, b):\n    return a + b\n", "assert add(1, 2) == 3")
    assert (found.executed, found.passed, found.failed, found.ratio) == (
        True,
        ("example 1",),
        (),
        1,
    )


async def test_what_an_async_function_comes_to_is_compared(sandbox: Sandbox) -> None:
    code = "import asyncio\n\nasync def add(a, b):\n    await asyncio.sleep(0)\n    if a < 0:\n        raise ValueError('below')\n    return a + b\n"
    tests = ("assert add(1, 2) == 3", "assert asyncio.run(add(1, 2)) == 3", "import asyncio\nassert asyncio.run(add(1, 2)) == 3", "try:\n    add(-1, 2)\n    assert False\nexcept ValueError:\n    pass", "assert add(1, 2) == 4")  # fmt: skip
    found = await run(sandbox, code, *tests)
    assert found.passed == ("example 1", "example 3", "example 4")
    assert found.failed[1].told == "add(1, 2) gave 3, expected 4"


async def test_mutants_of_an_async_function_live_where_examples_do_not_see_them(
    sandbox: Sandbox,
) -> None:
    code = "async def add(a, b):\n    return a + b\n"
    blunt = await run(sandbox, code, "assert add(0, 0) == 0")
    sharp = await run(sandbox, code, "assert add(1, 2) == 3")
    assert blunt.strength is not None
    assert sharp.strength is not None
    assert sharp.strength > blunt.strength


async def test_a_failed_example_says_call_expected_and_got(sandbox: Sandbox) -> None:
    found = await run(sandbox, WRONG, "x = 1\nassert add(1, 2) == 3", "assert [3] == [add(5, 2)]")
    (one,) = found.failed
    assert (one.call, one.expected, one.got) == ("add(1, 2)", "3", "-1")
    assert one.told == "add(1, 2) gave -1, expected 3"
    assert found.passed == ("example 2",)
    assert found.ratio == 0.5


async def test_an_error_is_told_with_the_call_that_raised_it(sandbox: Sandbox) -> None:
    code = "def add(a, b):\n    return a[0] + b\n"
    (one,) = (await run(sandbox, code, "assert add(1, 2) == 3")).failed
    assert (one.call, one.expected, one.got) == ("add(1, 2)", "3", "")
    assert one.error.startswith("TypeError: 'int' object is not subscriptable")
    assert one.line == 2
    assert one.told.endswith("in line 2")


async def test_an_assert_that_is_no_equality_is_told_as_it_stands(sandbox: Sandbox) -> None:
    (one,) = (await run(sandbox, WRONG, "assert abs(add(1, 2) - 3) < 1e-6")).failed
    assert one.call == "abs(add(1, 2) - 3) < 1e-06"
    assert (one.expected, one.got) == ("True", "False")


async def test_a_test_that_does_not_parse_fails_by_its_name(sandbox: Sandbox) -> None:
    (one,) = (await run(sandbox, WRONG, "assert add(1 ==")).failed
    assert one.name == "example 1"
    assert "SyntaxError" in one.error


async def test_without_a_sandbox_nothing_is_executed_and_the_reason_is_told() -> None:
    found = await run(NoSandbox("no sandbox here"), WRONG, "assert add(1, 2) == 3")
    assert (found.executed, found.reason, found.ratio) == (False, "no sandbox here", None)


async def test_code_that_does_not_parse_or_imports_what_is_unknown_is_not_executed() -> None:
    broken = await run(NoSandbox("was asked"), "def add(:\n", "assert add(1, 2) == 3")
    assert broken.reason == "it does not parse"
    trap = "import fast_yaml_x\n" + WRONG
    found = await run(NoSandbox("was asked"), trap, "assert add(1, 2) == 3")
    assert "does not exist here" in found.reason


async def test_a_package_that_the_sandbox_does_not_show_is_no_failure(sandbox: Sandbox) -> None:
    code = "import pydantic\ndef add(a, b):\n    return a + b\n"
    found = await run(sandbox, code, "assert add(1, 2) == 3")
    assert (found.executed, found.reason) == (False, "pydantic is not in the sandbox")


async def test_code_that_never_ends_fails_within_the_time(sandbox: Sandbox) -> None:
    code = "def add(a, b):\n    while True:\n        pass\n"
    subject = Subject(code, "python", "add", tests=(Test("one", "assert add(1, 2) == 3"),))
    report = await examine(subject, sandbox, within_s=0.5)
    (one,) = report.tests.failed
    assert "limit was reached" in one.error
    assert report.times_ms["tests"] < 5_000


async def test_javascript_and_typescript_run_too() -> None:
    sandbox = JavaScript.open()
    code = "const add = (a, b) => a - b;"
    tests = (
        Test("one", "assert.strictEqual(add(1, 2), 3)"),
        Test("two", "console.assert(add(3, 1) === 2)"),
    )
    found = (await examine(Subject(code, "js", "add", tests=tests), sandbox)).tests
    (one,) = found.failed
    assert (one.call, one.expected, one.got) == ("add(1, 2)", "3", "-1")
    assert found.passed == ("two",)
    typed = "export const add = (a: number, b: number): number => a + b;"
    assert (await examine(Subject(typed, "ts", "add", tests=tests[:1]), sandbox)).tests.ratio == 1


async def test_a_language_that_has_no_engine_here_is_not_executed() -> None:
    code = "class A { int Add(int a, int b) { return a + b; } }\n"
    report = await examine(
        Subject(code, "csharp", "Add", tests=(Test("t", "x"),)), NoSandbox("was asked")
    )
    assert report.tests.reason == "csharp is not executed here"
