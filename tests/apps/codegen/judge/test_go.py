"""How Go is judged: its examples become calls, its objects are used, what it refuses for form alone is put right."""

from __future__ import annotations

import re

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.dialect import Unspoken
from arriero.apps.codegen.judge.compiled.go import GO, members_of
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.unused import used
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import FAILS, quality
from arriero.apps.codegen.judge.report import COMPILER, Problem, Report
from arriero.apps.codegen.sandbox.base import Sandbox, Test
from tests.apps.codegen.sandbox.test_compiled import compiled, go

__all__ = ["compiled", "go"]  # fixtures


async def judged(sandbox: Sandbox, code: str, *tests: str, entry: str | None = "f") -> Report:
    named = tuple(Test(f"t{number}", f"assert {one}") for number, one in enumerate(tests))
    return await examine(Subject(code, "go", entry, tests=named), sandbox)


# -- without a compiler


@pytest.mark.parametrize(
    ("declared", "row", "said"),
    [
        ("x int, y int64, z uint8", (1, 2, 3), "a0 := 1\n\t\ta1 := int64(2)\n\t\ta2 := uint8(3)"),
        ("a, b []string", (["é\n"], []), 'a0 := []string{"é\\u000a"}\n\t\ta1 := []string{}'),
        ("m map[string][]float64", ({"a": [1]},), 'map[string][]float64{"a": []float64{float64(1.0)}}'),
        ("a [2]int", ([1, 2],), "[2]int{1, 2}"),
        ("p *int", (3,), "arrieroAt(3)"),
        ("p *int", (None,), "var a0 *int"),
        ("r rune, b []byte", ("é", "ab"), 'a0 := rune(233)\n\t\ta1 := []byte("ab")'),
        ("x any", ([1, "a"],), '[]any{1, "a"}'),
        ("x interface{}", ({"a": 1},), 'map[string]int{"a": 1}'),
        ("s map[int]bool", ({2, 1},), "map[int]bool{1: true, 2: true}"),
        ("xs ...int", (1, 2), "f(a0, a1)"),
        ("xs ...int", ([1, 2, 3],), "f(a0, a1, a2)"),
    ],
)  # fmt: skip
def test_a_call_is_written_in_go(declared: str, row: tuple[object, ...], said: str) -> None:
    driven = GO.driven(f"package main\n\nfunc f({declared}) int {{ return 0 }}\n", "f", [row])
    assert said in driven.program.files[driven.program.entry]


def test_types_of_the_codes_own_are_said_too() -> None:
    code = "package shapes\n\ntype Grid [][]int\n\ntype Point struct{ X, Y int }\n\nfunc f(g Grid, p Point, q *Point) int { return 0 }\n\nfunc main() {}\n"
    driven = GO.driven(code, "f", [([[1]], {"x": 1, "Y": 2}, [3, 4])])
    text = driven.program.files[driven.program.entry]
    assert "a0 := Grid([][]int{[]int{1}})\n\t\ta1 := Point{X: 1, Y: 2}\n\t\ta2 := &Point{X: 3, Y: 4}" in text  # fmt: skip
    theirs = driven.program.files["main.go"]
    assert theirs.startswith("package main\n")
    assert "func arrieroTheirMain() {}" in theirs
    assert len(theirs.splitlines()) == len(
        code.splitlines()
    )  # so that its lines are those of the code


@pytest.mark.parametrize(
    ("declared", "row", "why"),
    [
        ("n int) int", ([1],), "the code takes int, which [1] is not"),
        ("a [2]int) int", ([1, 2, 3],), "the code takes [2]int, which [1, 2, 3] is not"),
        ("x float32) int", (1e100,), "the code takes float32, which 1e+100 is not"),
        ("n uint) int", (-1,), "the code takes uint, which -1 is not"),
        ("n int) int", (True,), "the code takes int, which True is not"),
        ("n int) int", (1, 2), "the code takes 1 values, the example gives 2"),
        ("g func(int) int) int", (1,), "the code takes func(int)int, which 1 is not"),
        ("n int)", (1,), "the code returns nothing"),
        ("p P) int", ({"z": 1},), "P has no field z"),
    ],
)
def test_what_cannot_be_said_says_why(declared: str, row: tuple[object, ...], why: str) -> None:
    code = f"package main\n\ntype P struct{{ X int }}\n\nfunc f({declared} {{ return 0 }}\n"
    with pytest.raises(Unspoken, match=re.escape(why)):
        GO.driven(code, "f", [row])


STACK = """package main

import "errors"

type Stack[T any] struct {
	items []T
}

func NewStack[T any]() *Stack[T] {
	return &Stack[T]{}
}

func (s *Stack[T]) Push(x T) {
	s.items = append(s.items, x)
}

func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, errors.New("empty")
	}
	x := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, nil
}

func (s *Stack[T]) hidden() int { return len(s.items) }
"""


def test_a_type_with_methods_is_a_class() -> None:
    offered = GO.offers(STACK, "Stack")
    assert offered is not None
    assert [one.name for one in offered.methods] == ["Push", "Pop"]
    members = members_of(STACK, "Stack")
    assert members is not None
    assert (members.name, members.maker) == ("Stack[int]", "NewStack[int]")
    assert GO.offers("package main\n\ntype I interface{ A() }\n", "I") is None
    assert GO.offers("package main\n\ntype P struct{ X int }\n", "P") is None


def test_packages_are_put_in_and_taken_out_by_rule() -> None:
    code = 'package main\n\nimport (\n\t"fmt"\n\t"os"\n\t"example.com/a/b-go"\n)\n\nfunc f(n int) string {\n\treturn fmt.Sprint(strconv.Itoa(n), b.X)\n}\n'
    right = included(code, "go")
    assert 'import "strconv"' in right
    assert '"os"' not in right
    assert '"fmt"' in right
    assert "b-go" in right  # the name of another's package is not read off its path
    own = "package main\n\nfunc f(n int) int {\n\tsort := []int{n}\n\tstrings := P{n}\n\treturn sort[0] + strings.n\n}\n"
    assert included(own, "go") == own
    newer = 'package main\n\nimport "math/rand/v2"\n\nfunc f(n int) int { return rand.IntN(n) }\n'
    assert included(newer, "go") == newer
    assert included('package main\n\nimport _ "embed"\n', "go").endswith('import _ "embed"\n')


def test_variables_that_nothing_reads_are_read() -> None:
    code = 'package main\n\nfunc f() {\n\tx := 3\n\tfor i, c := range "a" {\n\t\tprintln(i)\n\t}\n\tvar y int\n\tif q := 3; true {\n\t}\n}\n'
    told = [(4, "x"), (5, "c"), (8, "y"), (9, "q")]
    problems = [Problem(line, f"{name} declared but not used", COMPILER) for line, name in told]
    right = used(code, problems)
    assert "\tx := 3\n\t_ = x\n" in right
    assert "for i, _ := range" in right
    assert "\tvar y int\n\t_ = y\n" in right
    assert "if q := 3; true {" in right  # a form that is not known stays
    assert used(code, [Problem(4, "x declared and not used: y", COMPILER)]) == code


def test_comments_among_types_are_none() -> None:
    code = "package main\n\ntype (\n\t// A pair.\n\tP struct{ X int }\n\t/* told */ Q = int\n)\n\nfunc f(p P, q Q) int { return p.X }\n"
    driven = GO.driven(code, "f", [([1], 2)])
    assert "a0 := P{X: 1}\n\t\ta1 := Q(2)" in driven.program.files[driven.program.entry]


# -- with a compiler


@pytest.mark.parametrize(
    ("loop", "unread", "right"),
    [
        ("for i := range n", "i", "for range n"),
        ("for i, c := range n", "ic", "for range n"),
        ("for _, c := range n", "c", "for range n"),
        ("for i, _ := range n", "i", "for range n"),
        ("for i, c := range n", "c", "for i, _ := range n"),
    ],
)
async def test_a_loop_whose_variables_nothing_reads_is_one_that_go_takes(
    go: Sandbox, loop: str, unread: str, right: str
) -> None:
    read = "\t\tk += i\n" if "i" in right.partition(":=")[0].removeprefix("for") else ""
    code = f"package main\n\nfunc f(n string) int {{\n\tk := 0\n\t{loop} {{\n\t\tk++\n{read}\t}}\n\treturn k\n}}\n"
    broken = await judged(go, code, "f('ab') == 2")
    assert sorted(one.message[0] for one in broken.syntax) == sorted(unread)
    mended = used(code, broken.syntax)
    assert f"\t{right} {{\n" in mended
    assert (await judged(go, mended, "f('ab') == 2")).blocked == ""


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ('import "sort"\n\nfunc f(a, b []int) []int {\n\tr := append(a, b...)\n\tsort.Ints(r)\n\treturn r\n}', ("f([1, 4], [2, 3]) == [1, 2, 3, 4]", "f([], []) == []")),
        ("func f(s string) map[string]int {\n\tm := map[string]int{}\n\tfor _, r := range s {\n\t\tm[string(r)]++\n\t}\n\treturn m\n}\n\nfunc main() {}", ("f('aéa') == {'a': 2, 'é': 1}",)),
        ("func f[T int | float64](xs ...T) T {\n\tvar s T\n\tfor _, x := range xs {\n\t\ts += x\n\t}\n\treturn s\n}", ("f(1, 2) == 3", "f([1.5, 2.0]) == 3.5")),
        ("func f(s string) rune {\n\treturn []rune(s)[0]\n}", ("f('éa') == 'é'",)),
        ("func f(s string) []byte {\n\treturn []byte(s)\n}", ("f('éa') == 'éa'",)),
        ("func f(x []int) {\n\tx[0], x[1] = x[1], x[0]\n}", ("f([1, 2]) == [2, 1]",)),
        ("type P struct{ X, Y float64 }\n\nfunc f(p P, q *P) float64 {\n\treturn p.X + q.Y\n}", ("f({'x': 1, 'y': 2}, {'x': 3, 'y': 4}) == 5",)),
        ("func f(x interface{}) (int, bool) {\n\ts, ok := x.(string)\n\treturn len(s), ok\n}", ("f('ab') == (2, True)", "f([1, 'a']) == (0, False)")),
        ("func f(n *int) *int {\n\tif n == nil {\n\t\treturn nil\n\t}\n\tm := *n + 1\n\treturn &m\n}", ("f(1) == 2", "f(None) == None")),
        ('import "errors"\n\nfunc f(n int) (int, error) {\n\tif n < 0 {\n\t\treturn 0, errors.New("negative")\n\t}\n\treturn n, nil\n}', ("f(2) == 2",)),
        ('import "math"\n\nfunc f(n float64) float64 {\n\treturn math.Sqrt(n)\n}', ("f(2.25) == 1.5", "f(4) == 2")),
    ],
)  # fmt: skip
async def test_right_code_passes(go: Sandbox, code: str, tests: tuple[str, ...]) -> None:
    report = await judged(go, f"package main\n\n{code}\n", *tests)
    assert (report.blocked, [one.told for one in report.tests.failed]) == ("", [])
    assert len(report.tests.passed) == len(tests)
    assert quality(report).score > 8.9


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("\treturn n + 1\n", "f(2) gave 3, expected 4"),
        ('\tpanic("no")\n', "f(2): no"),
        ("\tvar x []int\n\treturn x[n]\n", "f(2): runtime error: index out of range [2] with length 0"),
        ("\treturn f(n) + 1\n", "f(2): it ended the program with status 2 (fatal error: stack overflow)"),
        ("\tselect {}\n", "f(2): it ended the program with status 2 (fatal error: all goroutines are asleep - deadlock!)"),
        ("\tfor n > 0 {\n\t}\n\treturn 4\n", "f(2): no result: the cpu limit was reached"),
    ],
)  # fmt: skip
async def test_what_ends_badly_fails(go: Sandbox, body: str, said: str) -> None:
    report = await judged(go, f"package main\n\nfunc f(n int) int {{\n{body}}}\n", "f(2) == 4")
    assert [one.told for one in report.tests.failed] == [said]
    assert quality(report).score <= FAILS


async def test_a_function_may_have_the_name_of_what_calls_it(go: Sandbox) -> None:
    code = "package main\n\nfunc out(n int) int {\n\treturn n + 1\n}\n"
    assert (await judged(go, code, "out(1) == 2", entry="out")).tests.passed == ("t0",)


async def test_calls_near_the_examples_show_what_panics(go: Sandbox) -> None:
    code = "package main\n\nfunc f(xs []int) int {\n\treturn xs[0]\n}\n"
    report = await judged(go, code, "f([1, 2]) == 1", "f([3]) == 3")
    assert [one.rule for one in report.tests.odd] == ["raises"]
    assert "f([]) raises runtime error: index out of range [0] with length 0" in report.tests.odd[0].message  # fmt: skip


async def test_an_error_that_is_given_is_raised(go: Sandbox) -> None:
    code = 'package main\n\nimport "errors"\n\nfunc f(n int) (int, error) {\n\treturn n, errors.New("no way")\n}\n'
    report = await judged(go, code, "f(2) == 2")
    assert [one.told for one in report.tests.failed] == ["f(2): no way"]


async def test_what_is_refused_is_told_with_every_line(go: Sandbox) -> None:
    code = 'package main\n\nimport "fmt"\n\nfunc f(n int) int {\n\tx := 3\n\treturn m\n}\n'
    for tests in (("f(1) == 1",), ()):
        report = await judged(go, code, *tests)
        assert [(one.line, one.message) for one in report.syntax] == [
            (3, 'imported and not used: "fmt"'), (6, "x declared but not used"), (7, "undefined: m"),
        ]  # fmt: skip
        assert quality(report).score <= 3


async def test_what_a_newer_go_takes_is_not_broken(go: Sandbox) -> None:
    code = 'package main\n\nimport "slices"\n\nfunc f(n []int) int {\n\treturn slices.Max(n)\n}\n'
    report = await judged(go, code, "f([1]) == 1")
    if not report.tests.executed:  # its compiler is as old as Debian 12's
        assert report.blocked == ""
        assert report.tests.reason.startswith("it needs a newer one than go 1.")


async def test_an_object_is_used_by_its_methods(go: Sandbox) -> None:
    report = await judged(go, STACK, entry="Stack")
    assert (report.tests.executed, report.tests.odd, report.blocked) == (True, (), "")
    code = "package main\n\ntype A struct{ n int }\n\nfunc (a A) Add(other A, by int) int { return a.n + other.n + by }\n"
    assert (await judged(go, code, entry="A")).tests.executed


async def test_a_script_is_run_with_what_it_reads(go: Sandbox) -> None:
    code = 'package main\n\nimport (\n\t"bufio"\n\t"fmt"\n\t"os"\n)\n\nfunc main() {\n\tlines := bufio.NewScanner(os.Stdin)\n\tn := 0\n\tfor lines.Scan() {\n\t\tn++\n\t}\n\tfmt.Println(n)\n}\n'
    assert (await judged(go, code, entry=None)).tests.executed
    silent = "package main\n\nfunc main() {}\n"
    assert not (await judged(go, silent, entry=None)).tests.executed


async def test_a_program_around_what_was_asked_for_that_crashes_is_told(go: Sandbox) -> None:
    code = 'package main\n\ntype Counter struct{ n map[string]int }\n\nfunc (c *Counter) Add(w string) int {\n\tc.n[w]++\n\treturn c.n[w]\n}\n\nfunc (c *Counter) Size() int { return len(c.n) }\n\nfunc main() {\n\tc := Counter{}\n\tc.Add("a")\n}\n'
    report = await judged(go, code, entry="Counter")
    assert report.tests.unproved == "it was run and crashed: main.go: it ended the program with status 2 (panic: assignment to entry in nil map)"  # fmt: skip
    assert quality(report).score < 4
    well = await judged(go, code.replace("c := Counter{}", "c := Counter{map[string]int{}}"), entry="Counter")  # fmt: skip
    assert well.tests.unproved == ""
    reads = code.replace("package main\n", 'package main\n\nimport "os"\n').replace('c.Add("a")', "c.Add(os.Args[1])")  # fmt: skip
    assert (
        await judged(go, reads, entry="Counter")
    ).tests.unproved == ""  # it may refuse to go on without an argument
    file = code.replace("package main\n", 'package main\n\nimport "os"\n').replace("c := Counter{}", 'c := Counter{map[string]int{}}\n\tif _, err := os.ReadFile("shop.conf"); err != nil {\n\t\tpanic(err)\n\t}')  # fmt: skip
    assert (await judged(go, file, entry="Counter")).tests.unproved == ""  # nobody gave it the file
