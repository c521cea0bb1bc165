"""How the bars of code generation count, and that the lazy product fails them."""

from __future__ import annotations

import asyncio

import pytest

from arriero.apps.codegen.sandbox.base import Sandbox, Test
from arriero.apps.codegen.sandbox.probe import probe
from arriero.bench.bare import Written
from arriero.bench.problems import Asked, Problem
from bars._code import by_heart, learned
from bars.code_requests import broken, figures
from tests.conftest import absent

ASKED = Asked(
    'def double(x):\n    """Gives twice x.\n\n    >>> double(2)\n    4\n    """\n', "double"
)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    probed = asyncio.run(probe(canaries=()))
    if not probed.sound:
        raise absent("REQUIRE_SERVICES", f"{probed.told}; {probed.remedy}")
    return probed.sandbox


async def test_the_product_that_learns_examples_by_heart_fails_hidden_tests(
    sandbox: Sandbox,
) -> None:
    shown = Problem("own/0", ASKED, (Test("t", "assert double(2) == 4"),))
    hidden = Problem("own/1", ASKED, (Test("t", "assert double(3) == 6"),))
    assert "((2, ), 4)" in learned(ASKED)["main.py"]
    assert (await by_heart([shown], sandbox)).holds is False
    assert (await by_heart([hidden], sandbox)).value == 0


@pytest.mark.parametrize(
    ("code", "language", "said"),
    [
        ("x = 1\n", "Python", False),
        ("x = \n", "Python", True),
        ("function f() { return 1; }\n", "JavaScript", False),
        ("function f( { return 1; }\n", "JavaScript", True),
        ("fun f() = 1\n", "Kotlin", False),
        ("func f() -> Int { 1 }\n", "Swift", None),
    ],
)
def test_delivered_code_is_parsed_again(code: str, language: str, said: bool | None) -> None:
    assert broken(Written({"main": code}), language) is said


def test_one_broken_answer_misses_the_bar_and_refusing_everything_does() -> None:
    rows = [{"language": "Python"}] * 4
    good, bad = Written({"main.py": "x = 1\n"}, score=9.0), Written({"main.py": "x =\n"}, score=9.0)
    told = {one.name: one for one in figures(rows, [good, good, good, bad], "")}
    assert told["syntax_errors"].holds is False
    assert (told["refused"].holds, told["mean_score"].holds) == (True, True)
    told = {one.name: one for one in figures(rows, [Written({})] * 4, "")}
    assert (told["refused"].holds, told["mean_score"].holds) == (False, False)
