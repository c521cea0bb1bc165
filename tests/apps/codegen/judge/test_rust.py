"""How Rust is judged: its types and calls, what panics and fails, structs, scripts, and what its compiler mends."""

from __future__ import annotations

from contextlib import suppress

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import refused
from arriero.apps.codegen.judge.compiled.dialect import Driven, Unspoken
from arriero.apps.codegen.judge.compiled.edits import edited, edits_in
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.rust import RUST
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import FAILS, quality
from arriero.apps.codegen.judge.report import Edit, Report
from arriero.apps.codegen.sandbox.base import Program, Sandbox
from tests.apps.codegen.judge.test_compiled import judged as judged_in
from tests.apps.codegen.sandbox.test_rust import compiled, rust

__all__ = ["compiled", "rust"]  # fixtures


async def judged(sandbox: Sandbox, code: str, *tests: str) -> Report:
    return await judged_in(sandbox, "rust", code, *tests)


async def alone(sandbox: Sandbox, code: str, entry: str | None = None) -> Report:
    return await examine(Subject(code, "rust", entry), sandbox)


# -- without a compiler


@pytest.mark.parametrize(
    ("code", "row", "said"),
    [
        ("fn f(v: &[i32]) -> i32 { 0 }", ([1, -2],), "crate::f((& [1i32, -2i32] as & [i32]))"),
        ("fn f(v: &Vec<f64>) -> i32 { 0 }", ([1],), "crate::f(& Vec::<f64>::from([1.0f64]))"),
        ("fn f<'a>(s: &'a str, t: String, c: char) -> &'a str { s }", ('a"é', "\n\0", "'"), 'crate::f("a\\"é", String::from("\\u{a}\\u{0}"), \'\\\'\')'),
        ("fn f(m: &std::collections::HashMap<String, Vec<u8>>) {}", ({"a": [1]},), ""),
        ("fn f(m: BTreeMap<&str, (i64, bool)>) -> i32 { 0 }", ({"a": (1, True)},), 'BTreeMap::<& str, (i64, bool)>::from([("a", (1i64, true))])'),
        ("fn f(a: Option<i32>, b: Option<&str>) -> i32 { 0 }", (None, "x"), 'crate::f(None::<i32>, Some::<& str>("x"))'),
        ("fn f(a: Result<i32, String>) -> i32 { 0 }", (1,), "Ok::<i32, String>(1i32)"),
        ("fn f(v: &mut Vec<i32>) {}", ([1],), "let mut a0 = Vec::<i32>::from([1i32]);\n    crate::f(&mut a0); \n    (&Told(&a0)).arriero_told(out);"),
        ("fn f(v: &mut [i32]) -> Result<(), String> { Ok(()) }", ([1],), "match crate::f(&mut a0) { Ok(it) => { it;  } Err(error) => return"),
        ("fn f<T: Ord + Copy>(v: &[T]) -> T { v[0] }", ([1.5, 2],), "as & [f64]"),
        ("fn f<T>(v: Vec<T>, x: T) -> bool where T: PartialEq { true }", ([], "a"), 'Vec::<String>::from([]), String::from("a")'),
        ("fn f<S: Into<String>>(a: S, b: impl AsRef<str>, c: impl IntoIterator<Item = i64>) -> i32 { 0 }", ("a", "b", [1]), 'String::from("a"), String::from("b"), Vec::<i64>::from([1i64])'),
        ("fn f(it: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> { it }", ([1],), "Vec::<u8>::from([1u8]).into_iter()).take("),
        ("fn f<const N: usize>(v: [i32; N], w: [[u8; 2]; 1]) -> i32 { 0 }", ([1], [[1, 2]]), "crate::f([1i32], [[1u8, 2u8]])"),
        ("fn f(n: Box<i32>, s: Rc<RefCell<Vec<i32>>>) -> i32 { 0 }", (1, [2]), "Box::new(1i32), std::rc::Rc::new(std::cell::RefCell::new(Vec::<i32>::from([2i32])))"),
        ("type Grid = Vec<Vec<i32>>;\nfn f(g: Grid) -> i32 { 0 }", ([[1]],), "Vec::<Vec<i32>>::from([Vec::<i32>::from([1i32])])"),
        ("mod m { pub fn f(n: i32) -> i32 { n } }", (1,), "crate::m::f(1i32)"),
        ("struct S;\nimpl S { pub fn f(n: i32) -> i32 { n } }", (1,), "crate::S::f(1i32)"),
        ("struct S { n: i32 }\nimpl S { fn new() -> Self { S { n: 1 } } fn f(&self, n: i32) -> i32 { n } }", (1,), "(crate::S::new()).f(1i32)"),
        ("fn f(n: u64) -> u64 { n }", (2**63,), "9223372036854775808u64"),
    ],
)  # fmt: skip
def test_a_call_is_written_in_its_types(code: str, row: tuple[object, ...], said: str) -> None:
    if not said:
        with pytest.raises(Unspoken, match="returns nothing"):
            RUST.driven(code, "f", [row])
        return
    driven = RUST.driven(code, "f", [row])
    assert driven.rows == (0,)
    assert said in driven.program.files["arriero_driver.rs"]


@pytest.mark.parametrize(
    ("code", "row", "why"),
    [
        ("fn f(n: u8) -> u8 { n }", (-1,), "the code takes u8, which -1 is not"),
        ("fn f(n: i32) -> i32 { n }", (2**31,), "which 2147483648 is not"),
        ("fn f(n: i32) -> i32 { n }", (1.5,), "which 1.5 is not"),
        ("fn f(n: i32) -> i32 { n }", (None,), "which the language has no value for"),
        ("fn f(n: i32) -> i32 { n }", (1, 2), "the code takes 1 values, the example gives 2"),
        ("fn f(c: char) -> char { c }", ("ab",), "the code takes char"),
        ("fn f(s: &str) -> i32 { 0 }", ("\ud800",), "half of a sign"),
        ("fn f(v: [i32; 2]) -> i32 { 0 }", ([1],), "which"),
        ("struct P;\nfn f(p: P) -> i32 { 0 }", ([1],), "the code takes P"),
        ("fn f(g: impl Fn(i32) -> i32) -> i32 { g(1) }", (1,), "the code takes Fn"),
        ("fn f<G>(g: G) -> i32 where G: Fn(i32) -> i32 { g(1) }", (1,), "the code takes Fn"),
        ("fn f(n: i32) {}", (1,), "the code returns nothing"),
        ("async fn f(n: i32) -> i32 { n }", (1,), "f is asynchronous"),
        ("struct f { n: i32 }", (1,), "f is a class"),
        ("struct S { n: i32 }\nimpl S { fn f(&self, n: i32) -> i32 { n } }", (1,), "f is a method"),
        ("trait T { fn f(n: i32) -> i32 { n } }", (1,), "f stands inside T"),
        ("fn g() {}", (1,), "f is no function"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_says_why(code: str, row: tuple[object, ...], why: str) -> None:
    with pytest.raises(Unspoken, match=why):
        RUST.driven(code, "f", [row])


def test_the_codes_own_main_has_another_name_and_no_place_changes() -> None:
    code = "fn main() { f(1); }\nfn f(n: i32) -> i32 { n }\nmod m { fn main() {} } // end"
    text = RUST.driven(code, "f", [(1,)]).program.files["main.rs"]
    assert text.startswith(code.replace("fn main() { f", "fn m_in() { f"))
    assert text.endswith(
        "\nmod arriero_driver;\n\nfn main() {\n    let _ = m_in;\n    arriero_driver::main()\n}\n"
    )
    assert RUST.starts(code)
    assert not RUST.starts("fn domain() {}")
    assert RUST.alone(code).program.files == {"main.rs": code}


STACK = """#[derive(Debug, Clone)]
pub struct Stack<T> {
    items: Vec<T>,
}

impl<T: Clone + PartialEq> Stack<T> {
    pub fn new() -> Self {
        Stack { items: Vec::new() }
    }
    pub fn push(&mut self, item: T) {
        self.items.push(item);
    }
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }
    pub fn same(&self, other: &Stack<T>) -> bool {
        self.items == other.items
    }
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
    pub fn named(name: &str) -> String {
        name.to_string()
    }
    fn hidden(&self) {}
}
"""


def test_a_struct_offers_what_others_may_call() -> None:
    offered = RUST.offers(STACK, "Stack")
    assert offered is not None
    assert [(one.name, [(two.name, two.type) for two in one.parameters]) for one in offered.methods] == [
        ("push", [("item", "i32")]), ("pop", []), ("same", [("other", "")]), ("into_items", []),
    ]  # fmt: skip
    shape = "trait Shape { fn area(&self) -> f64; }\nstruct Circle { r: f64 }\nimpl Shape for Circle { fn area(&self) -> f64 { self.r } }\nimpl std::fmt::Display for Circle { fn fmt(&self) {} }"
    offered = RUST.offers(shape, "Circle")
    assert offered is not None
    assert [one.name for one in offered.methods] == ["area"]
    assert [(one.name, one.type) for one in offered.made_with] == [("r", "f64")]
    assert RUST.offers("fn f() {}", "f") is None
    assert RUST.offers("enum Empty {}", "Empty") is None


@pytest.mark.parametrize(
    ("code", "made"),
    [
        (STACK, "let mut one = crate::Stack::<i32>::new();"),
        ("struct P { x: i32, y: String }", "let mut one = crate::P { x: 3i32, y: String::from("),
        ("struct P(i32, f64);", "let mut one = crate::P(3i32, "),
        ("struct P;", "let mut one = crate::P;"),
        ("#[derive(Default)]\nstruct P { x: i32 }", "let mut one = crate::P::default();"),
        ("struct P(i32);\nimpl P { fn both() -> (P, P) { (P(1), P(2)) } fn of(x: i32) -> P { P(x) } pub fn n(&self) -> i32 { self.0 } }", "let mut one = crate::P::of(3i32);"),
        ("enum P { A(i32), B }", "let mut one = crate::P::A(3i32);"),
        ("struct P<const N: usize, T>([T; N]);\nimpl<const N: usize, T> P<N, T> { fn of(x: i32) -> Option<Self> { None } }", "match crate::P::<4, i32>::of(3i32) { Some(it) => it,"),
        ("struct P(i32);\nimpl P { fn try_new(x: i32) -> Result<P, String> { Ok(P(x)) } }", "match crate::P::try_new(3i32) { Ok(it) => it, Err(error) => return Err("),
    ],
)  # fmt: skip
def test_an_object_is_made_in_the_way_that_there_is(code: str, made: str) -> None:
    entry = "Stack" if code == STACK else "P"
    offered = RUST.offers(code, entry)
    assert offered is not None
    row: tuple[object, ...] = (tuple(3 if "i32" in one.type else 1.5 if "f64" in one.type else "a" for one in offered.made_with), [])  # fmt: skip
    assert made in RUST.driven(code, entry, [row]).program.files["arriero_driver.rs"]


@pytest.mark.parametrize(
    ("code", "heads"),
    [
        ("fn f(m: &HashMap<String, i32>) -> i32 { max(1, 2) }\n", ["use std::cmp::max;", "use std::collections::HashMap;"]),
        ("impl fmt::Display for A { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { Ok(()) } }\n", ["use std::fmt;"]),
        ("fn f() { io::stdin().lock().lines(); io::stdout().flush(); }\n", ["use std::io;", "use std::io::BufRead;", "use std::io::Write;"]),
        ("impl Solution {\n    pub fn f(n: i32) -> i32 { min(n, 2) }\n}\n", ["use std::cmp::min;", "", "struct Solution;"]),
    ],
)  # fmt: skip
def test_what_is_used_is_named_at_the_top(code: str, heads: list[str]) -> None:
    assert included(code, "rust") == "\n".join([*heads, "", code])


@pytest.mark.parametrize(
    "code",
    [
        "#[derive(Debug, Hash)]\nstruct A;\n",
        "use std::collections::*;\nfn f() -> HashMap<i32, i32> { HashMap::new() }\n",
        "fn f() -> std::collections::HashSet<i32> { std::collections::HashSet::new() }\n",
        "struct Ordering;\nfn f(o: Ordering, min: i32) -> i32 { let max = min; std::cmp::max(max, 1) }\n",
        "fn f(v: &[i32]) -> Option<&i32> { v.iter().max() }\n",
        "fn max(a: i32) -> i32 { a }\nfn f() -> i32 { max(1) }\n",
        "use std::io::{self, BufRead};\nfn f() { io::stdin().lock().lines(); }\n",
        "struct Solution;\nimpl Solution {}\n",
    ],
)
def test_what_lacks_nothing_stays_as_it_is(code: str) -> None:
    assert included(code, "rust") == code


def test_new_uses_stand_below_those_that_are_there() -> None:
    assert included("//! told\n#![allow(dead_code)]\n\nuse std::fmt;\n\nfn f(m: HashMap<i32, i32>) {}\n", "rust") == (
        "//! told\n#![allow(dead_code)]\n\nuse std::fmt;\nuse std::collections::HashMap;\n\nfn f(m: HashMap<i32, i32>) {}\n"
    )  # fmt: skip


def test_edits_are_read_and_made() -> None:
    said = 'main.rs:1:1: error: e\nfix-it:"main.rs":{1:5-1:6}:"mut v"\nfix-it:"x.rs":{1:1-1:1}:"no"\nfix-it:"main.rs":{2:1-2:2}:broken\n'
    assert edits_in(said, "main.rs") == (Edit((1, 5), (1, 6), "mut v"),)
    behind = refused(Driven(Program({"main.rs": ""}, "main.rs"), "main.rs"), f"d.rs:1:1: error: d\n{said}")  # fmt: skip
    assert [one.message for one in behind.broken] == ["e"]
    (one,) = refused(Driven(Program({"main.rs": ""}, "main.rs"), "main.rs"), said).broken
    assert one.edits == (Edit((1, 5), (1, 6), "mut v"),)
    code = "let v = 1;\nlet é = 22;\n"
    assert edited(code, one.edits) == "let mut v = 1;\nlet é = 22;\n"
    both = [Edit((2, 9), (2, 11), "3"), Edit((1, 5), (1, 6), "w"), Edit((2, 10), (2, 11), "over it")]  # fmt: skip
    assert edited(code, both) == "let w = 1;\nlet é = 3;\n"
    assert edited("a\nb\nc", [Edit((1, 2), (3, 1), "-\n-")]) == "a-\n-c"
    assert edited(code, [Edit((9, 1), (9, 1), "x"), Edit((1, 99), (1, 99), "x"), Edit((2, 1), (1, 1), "x")]) == code  # fmt: skip


@pytest.mark.parametrize("kind", ["Vec", "HashMap", "HashSet", "&Vec", "Option", "Box", "Result"])
@pytest.mark.parametrize("value", [[1], {"a": 1}, {1}, None, 1])
def test_a_type_that_leaves_out_what_is_in_it_is_written_or_not(kind: str, value: object) -> None:
    """The compiler refuses such code, or the type is the code's own."""
    with suppress(Unspoken):
        assert RUST.driven(f"fn f(v: {kind}) -> i32 {{ 1 }}", "f", [(value,)]).rows == (0,)


# -- with the compiler

WORDS = 'use std::collections::HashMap;\n\npub fn f(text: &str) -> HashMap<char, usize> {\n    let mut counts = HashMap::new();\n    for sign in text.chars() {\n        *counts.entry(sign).or_insert(0) += 1;\n    }\n    counts\n}\n\nfn main() {\n    println!("{:?}", f("abc"));\n}\n'


async def test_right_code_passes_and_code_with_a_mistake_is_caught(rust: Sandbox) -> None:
    tests = ("f('aéa') == {'a': 2, 'é': 1}", "f('') == {}")
    right = await judged(rust, WORDS, *tests)
    assert (right.tests.passed, right.tests.failed, right.tests.odd) == (("t0", "t1"), (), ())
    assert quality(right).score > 9.3
    wrong = await judged(rust, WORDS.replace("+= 1", "+= 2"), *tests)
    assert wrong.tests.failed[0].told.startswith("f('aéa') gave {")
    assert quality(wrong).score <= FAILS


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("fn f(v: &mut Vec<i32>) { v.reverse(); }", ["f([1, 2]) == [2, 1]"]),
        ("fn f(v: &mut [i64], n: usize) -> Result<(), String> { v.swap(0, n); Ok(()) }", ["f([1, 2], 1) == [2, 1]"]),
        ('fn f(a: f64, b: f64) -> Result<f64, String> { if b == 0.0 { Err("zero".into()) } else { Ok(a / b) } }', ["f(1, 4) == 0.25"]),
        ("fn f<T: PartialOrd + Copy>(v: &[T]) -> Option<T> { let mut it = v.iter(); let mut m = *it.next()?; for &x in it { if x > m { m = x; } } Some(m) }", ["f([1, 5, 2]) == 5", "f([1.5, 2.5]) == 2.5", "f([]) == None"]),
        ("use std::collections::*;\nfn f(a: Option<&str>, b: (i32, String), c: HashSet<i32>, d: &BTreeMap<String, Vec<f32>>) -> (Option<String>, i32, usize, Vec<f32>) { (a.map(|x| x.to_uppercase()), b.0, c.len(), d.values().flatten().cloned().collect()) }", ["f('a', (1, 'x'), {1, 2}, {'k': [0.1, 2]}) == ('A', 1, 2, [0.1, 2])", "f(None, (1, 'x'), set(), {}) == (None, 1, 0, [])"]),
        ("fn f(a: u128, b: i64, c: [i8; 2], d: &[&str]) -> (u128, i64, [i8; 2], String, char, bool) { (a, b, c, d.concat(), 'é', true) }", ["f(1267650600228229401496703205376, -9223372036854775808, [1, -128], ['a', 'b']) == (1267650600228229401496703205376, -9223372036854775808, [1, -128], 'ab', 'é', True)"]),
        ("fn f(s: &str) -> String { s.chars().rev().collect() }", ["f('a\\u2028\\U0001f600\"\\\\\\n') == '\\n\\\\\"\\U0001f600\\u2028a'"]),
        ("fn f(n: u32) -> impl Iterator<Item = u32> { (n..).map(|x| x * 2).take(3) }", ["f(1) == [2, 4, 6]"]),
        ("fn f<'a>(v: &'a [u32]) -> Box<dyn Iterator<Item = u32> + 'a> { Box::new(v.iter().map(|x| x * x)) }", ["f([1, 2]) == [1, 4]"]),
        ("impl Solution {\n    pub fn f(nums: Vec<i32>, target: i32) -> Vec<i32> { nums.into_iter().filter(|n| *n < target).collect() }\n}\nstruct Solution;", ["f([1, 3], 2) == [1]"]),
        ("macro_rules! vec { ($x:expr) => { $x } }\nmacro_rules! println { ($($x:tt)*) => {} }\ntype Result<T> = std::result::Result<T, std::num::ParseIntError>;\nfn f(s: &str) -> Result<i32> { s.parse::<i32>() }", ["f('12') == 12"]),
        ("#![deny(unused)]\nfn f(n: i32) -> i32 { n }\nfn main() { f(2); }", ["f(1) == 1"]),
        ('#![crate_type = "lib"]\npub fn f(n: i32) -> i32 { n }', ["f(1) == 1"]),
        ("#![deny(warnings)]\n#![forbid(unsafe_code)]\nfn f(n: i32) -> i32 { n }", ["f(1) == 1"]),
        ('fn f(n: i32) -> i32 { print!("0 value 2"); n }', ["f(1) == 1"]),
        ("use std::thread;\nfn f(n: i32) -> i32 { (0..n).map(|x| thread::spawn(move || x)).map(|one| one.join().unwrap()).sum() }", ["f(4) == 6"]),
    ],
)  # fmt: skip
async def test_right_code_of_each_kind_has_nine_and_more(
    rust: Sandbox, code: str, tests: list[str]
) -> None:
    report = await judged(rust, code, *tests)
    assert (report.blocked, report.tests.failed) == ("", ())
    assert len(report.tests.passed) == len(tests)
    assert quality(report).score > 9


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("fn f(n: i32) -> i32 { if n == 2 { 9 / (n - 2) } else { 1 } }", "f(2): attempt to divide by zero"),
        ("fn f(n: i32) -> i32 { let v = vec![1; if n == 2 { 1 } else { 9 }]; v[n as usize] }", "f(2): index out of bounds: the len is 1 but the index is 2"),
        ("fn f(n: u8) -> u8 { if n == 2 { n + 254 } else { 1 } }", "f(2): attempt to add with overflow"),
        ('fn f(n: i32) -> i32 { if n == 2 { panic!("no {}", n); } 1 }', "f(2): panic: no 2"),
        ("#[derive(Debug)]\nenum E { Two(i32) }\nfn f(n: i32) -> Result<i32, E> { if n == 2 { Err(E::Two(n)) } else { Ok(1) } }", "f(2): Err: Two(2)"),
        ("struct E;\nfn f(n: i32) -> Result<i32, E> { if n == 2 { Err(E) } else { Ok(1) } }", "f(2): Err: "),
        ("fn f(n: i64) -> i64 { if n == 3 { 1 } else { f(n - 1) + 1 } }", "f(2): it ended the program with SIG"),
        ("fn f(n: i32) -> i32 { if n == 2 { std::process::exit(0); } 1 }", "f(2): it ended the program with status 0"),
        ("fn f(n: i32) -> i32 { if n == 2 { std::process::abort(); } 1 }", "f(2): it ended the program with SIGABRT"),
        ("fn f(n: i32) -> Option<i32> { if n == 2 { None } else { Some(1) } }", "f(2) gave None, expected 2"),
        ("fn f(n: f64) -> f64 { if n == 2.0 { f64::NAN } else { 1.0 } }", "f(2) gave nan, expected 2"),
    ],
)  # fmt: skip
async def test_a_call_that_ends_badly_fails_alone(rust: Sandbox, code: str, said: str) -> None:
    report = await judged(rust, code, "f(3) == 1", "f(2) == 2", "f(3) == 1")
    assert report.blocked == ""
    assert report.tests.failed[0].told.startswith(said)
    assert report.tests.passed == ("t0", "t2")
    assert quality(report).score <= FAILS


async def test_what_never_ends_and_what_takes_all_memory_fails(rust: Sandbox) -> None:
    endless = "fn f(n: i32) -> i32 { let mut x = n; while n == 2 { x = x.wrapping_add(1); } x }"
    report = await judged(rust, endless, "f(3) == 3", "f(2) == 2")
    assert report.tests.failed[0].told == "f(2): no result: the cpu limit was reached"
    hungry = "fn f(n: i32) -> i32 { let mut v: Vec<Vec<u8>> = Vec::new(); while n == 2 { v.push(vec![1; 1_000_000]); } 3 }"
    report = await judged(rust, hungry, "f(3) == 3", "f(2) == 2")
    assert report.tests.failed[0].told == "f(2): no result: the memory limit was reached"
    assert report.tests.passed == ("t0",)


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("fn f(n: i32) -> i32 {\n    m\n}\n", 2, "cannot find value `m` in this scope"),
        ('fn f(n: i32) -> i32 {\n    "a"\n}\n', 2, "mismatched types: expected `i32`, found `&str`"),
        ("fn f(n: i32) -> String {\n    let s = String::new();\n    let t = s;\n    s\n}\n", 4, "use of moved value: `s`"),
        ("fn f(n: i32) -> u8 {\n    256\n}\n", 2, "literal out of range for `u8`"),
        ('extern "C" { fn lacking() -> i32; }\nfn f(n: i32) -> i32 { unsafe { lacking() } }', 0, "lacking is declared and has no body"),
        ("impl Solution {\n    pub fn f(n: i32) -> i32 { n }\n}\n", 1, "cannot find type `Solution`"),
        ("use std::no_such::Thing;\nfn f(n: i32) -> i32 { n }\n", 1, "unresolved import `std::no_such`"),
    ],
)  # fmt: skip
async def test_what_does_not_compile_is_broken(
    rust: Sandbox, code: str, line: int, said: str
) -> None:
    for tests in (("f(1) == 1",), ()):
        report = await judged(rust, code, *tests)
        assert report.syntax[0].line == line
        assert said in report.blocked
        assert quality(report).score <= 3


async def test_what_a_newer_compiler_would_take_is_not_broken(rust: Sandbox) -> None:
    for code in (
        "fn f(n: i32) -> bool { let x: &str = n; Some(n).is_some_and(|x| x > 1) }",
        "fn f(n: i32) -> bool { let Some(x) = Some(n) else { return false; }; x > 1 }",
    ):
        report = await judged(rust, code, "f(2) == True")
        if report.tests.executed:
            pytest.skip("this compiler knows it")
        assert (report.blocked, quality(report).score) == ("", 6.0)
        assert report.tests.reason.startswith("it needs a newer one than rustc 1.")


async def test_what_it_gives_that_is_no_plain_value_is_not_executed(rust: Sandbox) -> None:
    for gives, made in (("P", "P { x }"), ("Vec<P>", "vec![P { x }]"), ("Option<P>", "Some(P { x })")):  # fmt: skip
        code = f"struct P {{ x: i32 }}\nfn f(x: i32) -> {gives} {{ {made} }}"
        report = await judged(rust, code, "f(1) == [1]")
        assert (report.tests.executed, report.tests.reason) == (False, "it gives what is no plain value")  # fmt: skip


async def test_calls_near_the_examples_show_what_is_odd(rust: Sandbox) -> None:
    report = await judged(rust, "fn f(v: &[i32]) -> i32 { v[v.len() - 1] }", "f([1, 3]) == 3")
    assert [one.message for one in report.tests.odd] == [
        "f([]) raises attempt to subtract with overflow"
    ]
    kind = 'fn f(v: &[i32]) -> Result<i32, String> { v.last().copied().ok_or("empty".to_string()) }'
    assert (await judged(rust, kind, "f([1, 3]) == 3")).tests.odd == ()
    none = "fn f(v: &[i32]) -> Option<i32> { v.last().copied() }"
    assert (await judged(rust, none, "f([1, 3]) == 3")).tests.odd == ()


async def test_functions_and_objects_without_an_example_are_called(rust: Sandbox) -> None:
    account = "#[derive(Debug)]\npub enum Bank { Poor }\npub struct Account { owner: String, cents: i64 }\nimpl Account {\n    pub fn new(owner: &str) -> Result<Self, Bank> { Ok(Self { owner: owner.to_string(), cents: 5 }) }\n    pub fn take(&mut self, cents: i64) -> Result<(), Bank> { if cents > self.cents { return Err(Bank::Poor); } self.cents -= cents; Ok(()) }\n    pub fn owner(&self) -> &str { &self.owner }\n}\n"
    ring = "pub struct Ring<T, const N: usize> { data: [Option<T>; N] }\nimpl<T: Copy, const N: usize> Ring<T, N> { pub fn new() -> Self { Ring { data: [None; N] } } pub fn all(&self) -> Vec<T> { self.data.iter().filter_map(|x| *x).collect() } }"
    shape = "trait Shape { fn area(&self) -> f64; }\nmod m { pub fn twice(x: f64) -> f64 { 2.0 * x } }\nstruct Circle { r: f64 }\nimpl Shape for Circle { fn area(&self) -> f64 { m::twice(self.r) } }"
    joined = "use std::fmt::Display;\nfn f<T: Display>(items: Vec<T>, sep: &str) -> String { items.iter().map(|x| x.to_string()).collect::<Vec<_>>().join(sep) }"
    for entry, code in (("Stack", STACK), ("Account", account), ("Ring", ring), ("Circle", shape), ("f", joined)):  # fmt: skip
        report = await alone(rust, code, entry)
        assert (report.tests.executed, report.tests.reason) == (True, "it was tried; there are no examples"), entry  # fmt: skip
        assert 6 < quality(report).score < 9
    never = await alone(rust, "struct P;\nimpl P { fn new(n: i32) -> P { panic!() } fn f(&self) -> i32 { 1 } }", "P")  # fmt: skip
    assert never.tests.reason == "no object of it could be made, whatever it was given"
    assert (await alone(rust, STACK.replace("items.pop()", "item.pop()"), "Stack")).blocked


async def test_a_script_is_run_with_what_it_reads(rust: Sandbox) -> None:
    code = 'use std::io;\n\nfn main() -> Result<(), Box<dyn std::error::Error>> {\n    let mut line = String::new();\n    io::stdin().read_line(&mut line)?;\n    let n: i32 = line.trim().parse()?;\n    println!("{}", n * 2);\n    Ok(())\n}\n'
    report = await alone(rust, code)
    assert (report.tests.executed, report.blocked) == (True, "")
    crashing = await alone(rust, 'fn main() {\n    let v: Vec<i32> = Vec::new();\n    println!("{}", v[0]);\n}\n')  # fmt: skip
    assert "status 101 (thread 'main' panicked at 'index out of bounds" in crashing.tests.unproved
    broken = await alone(rust, "fn main() {\n    x();\n}\n")
    assert broken.blocked.startswith("line 2: cannot find function `x` in this scope")


async def test_changed_code_has_to_do_what_was_given(rust: Sandbox) -> None:
    given = (
        "fn f(m: &HashMap<String, i32>, n: i32) -> i32 { let c = m.len() as i32; return c + n; }"
    )
    right = "fn f(m: &HashMap<String, i32>, n: i32) -> i32 {\n    m.len() as i32 + n\n}\n"
    report = await examine(Subject(right, "rust", "f", given=given), rust)
    assert len(report.tests.passed) > 2
    assert not report.tests.failed
    wrong = Subject(right.replace("+ n", "- n"), "rust", "f", given=given)
    assert (await examine(wrong, rust)).tests.failed
    broken = Subject(right.replace("as i32 ", ""), "rust", "f", given=given)
    found = await examine(broken, rust)
    assert found.blocked
    assert found.syntax[0].edits == ()  # they are of the lines below the uses that were put in


@pytest.mark.parametrize(
    ("code", "mended"),
    [
        ("fn f(n: i32) -> Vec<i32> {\n    let v = Vec::new();\n    v.push(n);\n    v\n}\n", "let mut v"),
        ("fn f(v: Vec<i32>) -> i32 {\n    v.len()\n}\n", "v.len().try_into().unwrap()"),
        ('fn f(n: i32) -> String {\n    "a"\n}\n', '"a".to_string()'),
        ("fn f(n: i32) -> i32 {\n    n + 1;\n}\n", "n + 1\n"),
        ("fn f(n: f64) -> f64 {\n    n * 2\n}\n", "n * 2.0\n"),
        ("fn f(a: &str, b: &str) -> &str {\n    if a > b { a } else { b }\n}\n", "fn f<'a>(a: &'a str, b: &'a str) -> &'a str {"),
    ],
)  # fmt: skip
async def test_what_the_compiler_is_sure_of_mends_the_code(
    rust: Sandbox, code: str, mended: str
) -> None:
    report = await alone(rust, code, "f")
    made = edited(code, report.syntax[0].edits)
    assert mended in made
    assert (await alone(rust, made, "f")).tests.executed


async def test_examples_of_rust_have_mutants_too(rust: Sandbox) -> None:
    clamp = "fn f(n: i32) -> i32 {\n    if n < 0 {\n        return 0;\n    }\n    if n > 9 { 9 } else { n }\n}\n"
    weak = await judged(rust, clamp, "f(3) == 3")
    sharp = await judged(rust, clamp, "f(3) == 3", "f(-1) == 0", "f(10) == 9")
    assert weak.tests.strength is not None
    assert sharp.tests.strength is not None
    assert weak.tests.strength < sharp.tests.strength
    assert quality(sharp).score > 9.4


async def test_what_a_table_of_hashes_gives_is_the_same_each_time(rust: Sandbox) -> None:
    code = "use std::collections::*;\nfn f(v: Vec<i32>) -> (HashSet<i32>, HashMap<i32, i32>) {\n    (v.iter().copied().collect(), v.iter().map(|n| (*n, n + 1)).collect())\n}\n"
    report = await judged(rust, code, "f([3, 1, 2, 4]) == ({1, 2, 3, 4}, {1: 2, 2: 3, 3: 4, 4: 5})")
    assert (report.tests.passed, report.tests.odd) == (("t0",), ())


async def test_a_mutant_that_names_a_method_otherwise_is_none(compiled: Sandbox) -> None:
    code = "#include <vector>\nclass Bag {\npublic:\n    void add(int n) { all_.push_back(n); }\n    int max() const { return all_.back(); }\n\nprivate:\n    std::vector<int> all_;\n};\n"
    assert (await examine(Subject(code, "cpp", "Bag"), compiled)).tests.executed
