"""What a mutant is, and which inputs are tried."""

from __future__ import annotations

import ast

import pytest

from arriero.apps.codegen.judge.inputs import calls, changed, inputs
from arriero.apps.codegen.judge.mutants import mutants
from arriero.apps.codegen.sandbox.base import Test

CODE = '''
def helper(x):
    return x + 1

def clamp(value: int, low: int = 0) -> int:
    """Not below 3 things."""
    if value < low and value != 7:
        return low
    return max(value, helper(low))
'''


def test_each_mutant_parses_and_differs_from_the_code_and_the_others() -> None:
    found = mutants(CODE, "clamp", most=50)
    assert len(found) == len(set(found)) > 8
    original = ast.unparse(ast.parse(CODE))
    assert all(ast.unparse(ast.parse(text)) != original for text in found)
    assert not any(text == original for text in found)


@pytest.mark.parametrize(
    "change", ["value <= low", "or value", "value == 7", "min(value", "return None", "value != 8"]
)
def test_the_usual_operators_are_there(change: str) -> None:
    assert any(change in text for text in mutants(CODE, "clamp", most=50))


def test_only_what_was_asked_for_is_changed_and_no_docstring() -> None:
    found = mutants(CODE, "clamp", most=50)
    assert all("return x + 1" in text and "Not below 3 things" in text for text in found)


def test_the_same_code_has_the_same_mutants_and_no_more_than_asked() -> None:
    assert mutants(CODE, "clamp", 5) == mutants(CODE, "clamp", 5)
    assert len(mutants(CODE, "clamp", 5)) <= 5
    assert mutants("x = y\n") == ()


def test_calls_in_examples_are_read_as_literals() -> None:
    tests = (
        Test("a", "assert f([1, 2], 'x') == 3"),
        Test("b", "y = 1\nassert f(y) == 2"),
        Test("c", "assert g(1) == f(-1)"),
        Test("d", "assert f("),
    )
    assert calls(tests, "f") == ("([1, 2], 'x')", "(-1,)")


@pytest.mark.parametrize("value", [True, 3, -2.5, "ab", [3, 1], (1, "x"), {"a": 1}, {2, 1}])
def test_changed_values_keep_their_type(value: object) -> None:
    found = list(changed(value))
    assert found
    assert all(type(one) is type(value) for one in found)


def test_inputs_come_of_examples_else_of_types_and_never_repeat() -> None:
    (function,) = ast.parse("def f(xs: list[int], n: int = 3): return xs").body
    assert isinstance(function, ast.FunctionDef)
    found = inputs(function, ("([4, 2], 1)",), most=10)
    assert "([], 1)" in found
    assert "([4, 2], 0)" in found
    assert len(found) == len(set(found)) == 10
    typed = inputs(function, ())
    assert "([],)" in typed
    (unknown,) = ast.parse("def f(tree: Tree): return tree").body
    assert isinstance(unknown, ast.FunctionDef)
    assert inputs(unknown, ()) == ()
