"""Tests in the words of other languages: every form of a claim about a call is read, and nothing else."""

from __future__ import annotations

import time

import pytest

from arriero.apps.codegen.requirement_asserts import read_tests
from arriero.core.errors import InputError


def codes(text: str, language: str) -> list[str]:
    return [one.code for one in read_tests(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("javascript", "expect(half(9)).toBe(4);", "assert half(9) == 4"),
        ("javascript", "expect(f([1])).toEqual([{a: 1}, null])", "assert f([1]) == [{'a': 1}, None]"),
        ("javascript", "expect(half(9)).to.deep.equal(4)", "assert half(9) == 4"),
        ("javascript", "console.assert(half(9) === 4, 'four');", "assert half(9) == 4"),
        ("javascript", "assert.strictEqual(calc.half(9), 4);", "assert half(9) == 4"),
        ("javascript", "assert(!isOdd(4));", "assert isOdd(4) == False"),
        ("javascript", "console.assert(JSON.stringify(f(1)) === JSON.stringify([2]))", "assert f(1) == [2]"),
        ("javascript", 'assert.equal(f("a === !b"), "c")', "assert f('a === !b') == 'c'"),
        ("java", "assertEquals(List.of(1), new Solution().f(List.of(2), 3));", "assert f([2], 3) == [1]"),
        ("java", "assertTrue(Calc.isEven(4));", "assert isEven(4) == True"),
        ("java", 'assertFalse(isEven(3), "odd");', "assert isEven(3) == False"),
        ("java", "assertNull(f(3));", "assert f(3) == None"),
        ("java", "assertEquals(2.5, mean(5), 1e-9);", "assert abs(mean(5) - 2.5) < 1e-06"),
        ("go", "\tif got := Half(9); got != 4 {\n", "assert Half(9) == 4"),
        ("go", "\tif Half(9) != 4 {\n", "assert Half(9) == 4"),
        ("go", "if !reflect.DeepEqual(F([]int{1}), []int{2}) {", "assert F([1]) == [2]"),
        ("go", "assert.Equal(t, 4, Half(9))", "assert Half(9) == 4"),
        ("rust", "assert_eq!(f(&vec![1]), vec![2]);", "assert f([1]) == [2]"),
        ("rust", 'assert!(!is_even(3), "odd");', "assert is_even(3) == False"),
        ("php", "$this->assertSame(['a' => 1], f([2]));", "assert f([2]) == {'a': 1}"),
        ("ruby", "assert_equal 4, half(9)\n", "assert half(9) == 4"),
        ("ruby", "expect(half(9)).to eq(4)", "assert half(9) == 4"),
        ("cpp", "EXPECT_EQ(f({1, 2}), 4);", "assert f([1, 2]) == 4"),
        ("c", "assert(half(9) == 4);", "assert half(9) == 4"),
        ("go", "assert Half(9) == 4", "assert Half(9) == 4"),
    ],
)  # fmt: skip
def test_a_claim_about_a_call_is_a_test(language: str, text: str, wanted: str) -> None:
    assert codes(text, language) == [wanted]


def test_a_file_is_read_in_its_order_and_each_claim_once() -> None:
    text = """
        import { half } from "./calc";
        test("halves", () => {
          expect(half(9)).toBe(4);
          assert.equal(half(8), 4);
          expect(half(9)).toBe(4);
          expect(() => half("x")).toThrow();
          expect(half(given)).toBe(wanted);
        });
    """
    assert codes(text, "typescript") == ["assert half(9) == 4", "assert half(8) == 4"]


@pytest.mark.parametrize(
    "text",
    ["nothing here", "assertNotEquals(4, half(9));", "expect(half(9)).not.toBe(4)", "assert(x === 4)"],
)  # fmt: skip
def test_what_claims_nothing_of_a_call_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"write `assert f\(1\) == 2`, whatever the code"):
        read_tests(text, "javascript")


def test_python_is_read_as_python_alone() -> None:
    with pytest.raises(InputError, match="the tests are no Python"):
        read_tests("expect(half(9)).toBe(4);}", "python")


@pytest.mark.parametrize("form", ["assert(", "expect(", "if a != ", "assertEquals 4, ", "if x := "])
def test_a_page_of_beginnings_takes_no_time(form: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError):
        read_tests((form * 100_000)[:100_000], "go")
    assert time.process_time() - began < 3
