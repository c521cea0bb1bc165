"""Examples that a description holds without the call."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.requirement import Kind, Part
from arriero.apps.codegen.requirement_described import described, emptied
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.wanted import Wanted


def found(told: str, params: str = "x", kind: Kind = Kind.FUNCTION) -> list[tuple[str, str]]:
    part = Part("f", params, kind=kind, task=f"f({params}): {told}")
    return [(one.call, one.expected) for one in described(part)]


@pytest.mark.parametrize(
    ("told", "call", "expected"),
    [
        ('"2.5" gives 250.', 'f("2.5")', "250"),
        ("turns it round: [1, 2] becomes [2, 1], and so on", "f([1, 2])", "[2, 1]"),
        ("`7 -> 14`", "f(7)", "14"),
        ("the sum; 0 for an empty list.", "f([])", "0"),
        ("the words; an empty text gives [].", 'f("")', "[]"),
        ("(rows, columns); an empty list has size (0, 0).", "f([])", "(0, 0)"),
    ],
)
def test_a_value_and_what_comes_of_it_are_an_example(told: str, call: str, expected: str) -> None:
    assert found(told) == [(call, expected)]


def test_each_pair_counts_once() -> None:
    assert found('5 gives "five", 6 gives "six", 5 gives "five"') == [
        ("f(5)", '"five"'),
        ("f(6)", '"six"'),
    ]


@pytest.mark.parametrize(
    "told",
    [
        "n = 0 gives 1",  # the value of a name
        "column 3 gives 4",  # a part of something else
        "5 gives 6 times as much",  # the beginning of more
        "x gives 3",
        "0 for an empty shop",  # whose type nobody knows
        "5 gives the identity",
    ],
)
def test_what_may_mean_something_else_is_no_example(told: str) -> None:
    assert found(told) == []


def test_of_several_parameters_or_of_a_class_nothing_is_read() -> None:
    assert found("5 gives 6", "x, y") == []
    assert found("5 gives 6", "x=1") == []
    assert found("5 gives 6", kind=Kind.CLASS) == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("the mean; None when there are no marks.", "None"),
        ("the best one; 0 when there is none", "0"),
        ("the total, 0 for an empty marks.", "0"),
    ],
)
def test_nothing_is_an_example_where_another_description_tells_what_it_is(
    told: str, expected: str
) -> None:
    other = Part("total", "marks", task="total(marks): marks is a list of numbers; their sum.")
    part = Part("f", "marks", task=f"f(marks): {told}")
    assert emptied([part]) == {}
    empty = emptied([other, part])
    assert [one.code for one in described(part, empty)] == [f"assert f([]) == {expected}"]
    assert described(part) == ()
    assert described(Part("f", "x", task=part.task), empty) == ()


def test_the_record_of_several_functions_has_them_beside_the_others() -> None:
    text = (
        "Write a.py with these functions.\n- half(n): half of n; 8 gives 4.\n"
        "- quarter(n): half of the half.\n\nExamples:\nquarter(8) == 2\n"
    )
    seen = read(Wanted(requirement=text), languages=LANGUAGES, longest=8_000)
    assert [one.code for one in seen.examples] == ["assert quarter(8) == 2", "assert half(8) == 4"]
    assert seen.entry == "quarter"  # what the caller's own examples call


def test_a_file_of_the_same_name_is_no_description() -> None:
    text = (
        "Write two files.\n\nbase.py:\n- digits(n): the digits of n.\n\nsolve.py (imports base):\n"
        "- count(n): how many digits n has, which solve needs.\n- solve(n): the sum of the digits.\n\n"
        "Examples:\nsolve(12) == 3\n"
    )
    seen = read(Wanted(requirement=text), languages=LANGUAGES, longest=8_000)
    tasks = {part.name: part.task for part in seen.architecture.parts}
    assert tasks["solve"] == "solve(n): the sum of the digits."
    assert tasks["count"].startswith("count(n): how many")
