"""Values of other languages are rewritten as Python's; prose, and what is in quotes, stays."""

from __future__ import annotations

import time

import pytest

from arriero.apps.codegen.requirement_examples import examples_in
from arriero.apps.codegen.requirement_values import in_python


@pytest.mark.parametrize(
    ("theirs", "python"),
    [
        ("f([]int{1, 2}) == 3", "f([1, 2]) == 3"),
        ("f([][]int{{1, 2}, {3}}) == nil", "f([[1, 2], [3]]) == nil"),
        ('f(map[string]int{"a": 1}) -> true', 'f({"a": 1}) -> true'),
        ('f(map[string][]int{"a": []int{1}})', 'f({"a": [1]})'),
        ("f([3]float64{1.5, 2, 3})", "f([1.5, 2, 3])"),
        ("f(&[1, 2], vec![3u8, 4])", "f([1, 2], [3, 4])"),
        ('f("a".to_string(), String::from("b"), Some(2.5f64))', 'f("a", ("b"), (2.5))'),
        ("f(new int[]{1, 2}, List.of(1, 2), 3L)", "f([1, 2], [1, 2], 3)"),
        ("f(std::vector<int>{1, 2}, nullptr)", "f([1, 2], None)"),
        ("f(['a' => 1, 'b' => [1, 2]])", "f({'a': 1, 'b': [1, 2]})"),
        ("f({'a' => 1}, {:b => :c})", "f({'a': 1}, {'b': 'c'})"),
        ("f({a: 1, b: {c: null}}, [true, false, undefined])", "f({'a': 1, 'b': {'c': None}}, [True, False, None])"),
        ("f(array(1, 2))", "f([1, 2])"),
        ("f([nil, 1])", "f([None, 1])"),
        ('f(map[string][]int{"a": {1, 1}})', 'f({"a": [1, 1]})'),
        ("f(6&3, &x, &[1]) == 2.5f64", "f(6&3, x, [1]) == 2.5"),
        ("don't [return] nil: f([nil]) isn't", "don't [return] nil: f([None]) isn't"),
        ("of [0, 1) and f([1]) => [null]", "of [0, 1) and f([1]) => [None]"),
    ],
)  # fmt: skip
def test_values_of_other_languages_are_read(theirs: str, python: str) -> None:
    assert in_python(theirs) == python


@pytest.mark.parametrize(
    "text",
    [
        "f(1) => 2, and f([1]) => [2]",
        "It returns true if the list is empty, null otherwise: see https://example.com/a",
        "f('null', \"{a: true}\", 'a => b') == 'nil'",
        "f({1, 2}) == {(1, 2): 'a'}",
        "The type is `map[string]int`; a note: use `std::vector<int>`.",
        "def f(a: int = 3, b: list[int] | None = None) -> dict[str, int]:",
        "unbalanced ) ] } here",
        'f("a") ==> ["b")',
        "R&D (research & development), 5L bottles",
    ],
)
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert in_python(text) == text


@pytest.mark.parametrize(
    "text",
    [
        ">>> f({k: k * k for k in range(3)})",
        ">>> n = 2\n>>> f('abc'[: n], 'abc'[1 :n])",
        "assert f(np.array([1, 2]), array([1])) == unwrap(Ok(3))",
        "assert f(6 &mask) == 2",
        "f(nil, undefined)",
    ],
)
def test_python_is_python_already(text: str) -> None:
    assert in_python(text, "python") == text


def test_words_of_json_are_read_in_a_requirement_of_python() -> None:
    (one,) = examples_in("depth([1, null, 2], true) -> 2", language="python")
    assert one.call == "depth([1, None, 2], True)"


@pytest.mark.parametrize(
    "sign", ["[]", "[a]", "map[a]", "vector<", "[", "{a: ", '\\"', "f(", "&mut ", "[a => "]
)
def test_a_page_of_signs_is_read_at_once(sign: str) -> None:
    begun = time.process_time()
    in_python(sign * (200_000 // len(sign)))
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("text", "call", "expected"),
    [
        ("Write a Go function total. total([]int{1, 2}) == 3", "total([1, 2])", "3"),
        ("In Rust: `evens(&[1, 2]) -> vec![2]`", "evens([1, 2])", "[2]"),
        ("PHP: `flip(['a' => 1])` returns `[1 => 'a']`", "flip({'a': 1})", "{1: 'a'}"),
        ("In JavaScript: keys({a: 1}) => ['a']", "keys({'a': 1})", "['a']"),
        ("flags([true, null]) -> [false]", "flags([True, None])", "[False]"),
        ("half(5.0f64) == 2.5f64", "half(5.0)", "2.5"),
    ],
)
def test_examples_in_the_languages_own_words_are_examples(
    text: str, call: str, expected: str
) -> None:
    (one,) = examples_in(text)
    assert (one.call, one.expected) == (call, expected)
