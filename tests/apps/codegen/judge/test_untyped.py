"""How PHP and Ruby are judged: values as what they are by themselves, shapes by the names of parameters."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import ended
from arriero.apps.codegen.judge.compiled.dialect import Unspoken
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.php import held
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.compiled.untyped import Untyped
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import BLOCKED, FAILS, missing, quality
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.sandbox.base import Ran, Sandbox, Test
from tests.apps.codegen.sandbox.test_interpreters import php, ruby

__all__ = ["php", "ruby"]  # fixtures


async def judged(
    sandbox: Sandbox, language: str, code: str, *tests: str, entry: str | None = "f", given: str = ""
) -> Report:  # fmt: skip
    named = tuple(Test(f"t{number}", f"assert {one}") for number, one in enumerate(tests))
    return await examine(Subject(code, language, entry, tests=named, given=given), sandbox)


# -- without an interpreter


@pytest.mark.parametrize(
    ("language", "code", "row", "said"),
    [
        ("php", "<?php function f($n) { return $n; }", (1, -2.5, True, None), r"$a = [1, -2.5, true, null]; return ArrieroDriver::json(\f($a[0], $a[1], $a[2], $a[3]));"),
        ("php", "function f($s) { return $s; }", ("it's $x\\",), r"$a = ['it\'s $x\\'];"),
        ("php", "function f($s) { return $s; }", ("a\n\u2028",), '"a\\u{a}\\u{2028}"'),
        ("php", "function f($s) { return $s; }", ({"a": [1, (2,)], 3: set()},), "$a = [['a' => [1, [2]], 3 => []]];"),
        ("php", "namespace A\\B;\nfunction f($s) { return $s; }", (1,), r"\A\B\f($a[0])"),
        ("php", "namespace A { class S { function f($s) { return $s; } } }", (1,), r"(new \A\S())->f($a[0])"),
        ("php", "class S { public static function f($s) { return $s; } }", (1,), r"\S::f($a[0])"),
        ("php", "function f(array &$a) { sort($a); }", ([2],), r"\f($a[0]); return ArrieroDriver::json($a[0]);"),
        ("php", "function f(array &$a) { return array_pop($a); }", ([2],), r"return ArrieroDriver::json(\f($a[0]));"),
        ("ruby", "def f(n) = n", (1, -2.5, True, None), 'a = [1, -2.5, true, nil]; ArrieroDriver.changing(a) { self.__send__(:"f", a[0], a[1], a[2], a[3]) }'),
        ("ruby", "def f(s) = s", ('#{1}"\\é\n',), r'a = ["\u{23}{1}\u{22}\u{5c}\u{e9}\u{a}"]'),
        ("ruby", "def f(s) = s", ({"a": [1, (2,)], 3: set()},), '{"a" => [1, [2]], 3 => []}'),
        ("ruby", "def f(h) = h[:a] + h.fetch(:b, 1) + h['c'] + h[:c] + h.map(&:d).size", ({"a": 1, "b": {"a": 2}, "c": 3, "d": 4},), '{:"a" => 1, :"b" => {:"a" => 2}, "c" => 3, "d" => 4}'),
        ("ruby", "def f(h)\n  case h\n  in {a:, b: Integer => n} then n\n  end\nend", ({"a": 1, "b": 2},), '{:"a" => 1, :"b" => 2}'),
        ("ruby", "def f(h) = { a: h['x'], b: h.keys, c: attr(:k) }", ({"a": 1, "k": 2},), '{"a" => 1, "k" => 2}'),
        ("ruby", "def f(a, k:, m: 1) = a", (1, 2, 3), "a[0], k: a[1], m: a[2]"),
        ("ruby", "module A\n  class S\n    def f(s) = s\n  end\nend", (1,), 'A::S.new.public_send(:"f"'),
        ("ruby", "class S\n  class << self\n    def f(s) = s\n  end\nend", (1,), 'S.public_send(:"f"'),
        ("ruby", "module S\n  module_function\n  def f(s) = s\nend", (1,), 'S.public_send(:"f"'),
        ("ruby", "module S\n  def f(s) = s\nend", (1,), 'Object.new.extend(S).public_send(:"f"'),
    ],
)  # fmt: skip
def test_a_call_is_written_in_the_language(
    language: str, code: str, row: tuple[object, ...], said: str
) -> None:
    driven = DIALECTS[language].driven(code, "f", [row])
    assert driven.rows == (0,)
    assert said in driven.program.files[driven.program.entry]


@pytest.mark.parametrize(
    ("language", "code", "row", "why"),
    [
        ("php", "function f($n) { return $n; }", (2**63,), "no value like 9223372036854775808"),
        ("php", "function f($n) { return $n; }", ({(1, 2): 3},), "no value like"),
        ("php", "function f($n) { return $n; }", ("\ud800",), "no value like"),
        ("php", "class S { private function f($n) { return $n; } }", (1,), "f is private"),
        ("php", "class S { function __construct($db) {} function f($n) { return $n; } }", (1,), "f is a method of S, which cannot be made of nothing"),
        ("php", "function g() {}", (1,), "there is no function f"),
        ("ruby", "class S\n  private\n  def f(n) = n\nend", (1,), "f is private"),
        ("ruby", "class S\n  def f(n) = n\n  private :f\nend", (1,), "f is private"),
        ("ruby", "class S\n  def initialize(db)\n  end\n  def f(n) = n\nend", (1,), "f is a method of S"),
        ("ruby", "def g\nend", (1,), "there is no method f"),
        ("php", "<?php\nclass A {\n    public function f() { return 1; }\n    public function first() { return new Nowhere(A)\n}\n", (1,), "f stands in no class"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_says_why(
    language: str, code: str, row: tuple[object, ...], why: str
) -> None:
    with pytest.raises(Unspoken, match=why):
        DIALECTS[language].driven(code, "f", [row])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"1": 2, "-3": 4, "01": 5, "a": 6}, {1: 2, -3: 4, "01": 5, "a": 6}),
        ({}, []),
        ({"0": "a", 1: {}}, ["a", []]),
        ({1: "a"}, {1: "a"}),
        ([({},)], [[[]]]),
        ("1", "1"),
    ],
)
def test_an_array_of_php_is_a_list_or_a_map(value: object, told: object) -> None:
    assert held(value) == told


BANK = "<?php\nnamespace Bank;\nclass Base {\n    public string $owner;\n    protected float $sum = 0;\n    public function __construct(string $owner, private int $room = 3) { $this->owner = $owner; }\n    public function total(): float { return $this->sum; }\n}\nfinal class Account extends Base {\n    public function add(float $amount): static {\n        if ($amount <= 0) { throw new \\InvalidArgumentException('no'); }\n        $this->sum += $amount;\n        return $this;\n    }\n    public function same(Account $other): bool { return $this->sum === $other->sum; }\n    private function hidden() {}\n    public static function make() {}\n    public function __toString(): string { return ''; }\n}\n"
STACK = "class Base\n  attr_reader :size\n\n  def initialize(room, size: 0)\n    @room = room\n    @size = size\n    @items = []\n  end\nend\n\nclass Stack < Base\n  def push(item)\n    @items.push(item)\n    @size += 1\n  end\n\n  def pop\n    raise 'empty' if empty?\n\n    @items.pop\n  end\n\n  def empty?\n    @items.empty?\n  end\n\n  def self.make\n  end\n\n  def <<(item)\n  end\n\n  private\n\n  def hidden\n  end\nend\n"
POINT = "Point = Struct.new(:x, :y, keyword_init: true) do\n  def far\n    Math.sqrt(x**2 + y**2)\n  end\nend\n"


def test_a_class_offers_its_public_methods() -> None:
    offered = DIALECTS["php"].offers(BANK, "Account")
    assert offered is not None
    assert [(one.name, one.read, [(two.name, two.type) for two in one.parameters]) for one in offered.methods] == [
        ("owner", True, []), ("total", False, []), ("add", False, [("amount", "float")]), ("same", False, [("other", "")]),
    ]  # fmt: skip
    assert [(one.name, one.type) for one in offered.made_with] == [("owner", "string")]
    offered = DIALECTS["ruby"].offers(STACK, "Stack")
    assert offered is not None
    assert [(one.name, one.read) for one in offered.methods] == [("size", True), ("push", False), ("pop", False), ("empty?", False)]  # fmt: skip
    assert [one.name for one in offered.made_with] == ["room"]
    offered = DIALECTS["ruby"].offers(POINT, "Point")
    assert offered is not None
    assert [one.name for one in offered.methods] == ["x", "y", "far"]
    assert DIALECTS["ruby"].offers("def f\nend", "f") is None
    assert DIALECTS["php"].offers("interface f {}", "f") is None


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("php", "<?php\ndeclare(strict_types=1);\nnamespace A;\nconst B = 1;\nfunction g() {}\n// f\nfunction f($n) { return $n; }\n?>\n", "f"),
        ("php", "function f() {}\nclass A {}\n", "A"),
        ("php", "<?php\nfunction f() {}\nf();\n", ""),
        ("php", "<?php\necho 1;\n", ""),
        ("ruby", "require 'set'\n\nLEAST = 2\n\n# f\ndef prime?(n) = n >= LEAST\n", "prime?"),
        ("ruby", "def f\nend\n\nclass A\nend\n", "A"),
        ("ruby", "def f\nend\n\nputs f\n", ""),
        ("ruby", "def f\nend\n\nf if __FILE__ == $0\n", ""),
    ],
)  # fmt: skip
def test_what_is_meant_where_nothing_was_asked_for_by_name(
    language: str, code: str, name: str
) -> None:
    dialect = DIALECTS[language]
    assert isinstance(dialect, Untyped)
    assert dialect.last(code) == name


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("Fatal error: Uncaught Exception: no in /work/made/main.php:2\nStack trace:\n#0 {main}\n  thrown in /work/made/main.php on line 2\n", "Fatal error: Uncaught Exception: no in main.php:2"),
        ("/work/made/main.rb:1:in `f': no (RuntimeError)\n\tfrom /work/made/main.rb:2:in `<main>'\n", "main.rb:1:in `f': no (RuntimeError)"),
        ("\tfrom nowhere\n", "from nowhere"),
        ("one\ntwo\n", "two"),
    ],
)  # fmt: skip
def test_what_ended_a_program_stands_above_its_trace(stderr: str, said: str) -> None:
    assert ended(Ran(1, stderr=stderr)) == f"it ended the program with status 1 ({said})"


@pytest.mark.parametrize(
    ("language", "code", "whole"),
    [
        ("php", "function f() {}\n", "<?php\n\nfunction f() {}\n"),
        ("php", "<?php\nfunction f() {}\n", "<?php\nfunction f() {}\n"),
        ("ruby", "def f(s) = Set.new(JSON.parse(s))\n", 'require "json"\nrequire "set"\n\ndef f(s) = Set.new(JSON.parse(s))\n'),
        ("ruby", "require 'set'\n\ndef f(s) = Date.parse(s).to_set\n", "require 'set'\nrequire \"date\"\n\ndef f(s) = Date.parse(s).to_set\n"),
        ("ruby", "# frozen_string_literal: true\n\nputs Time.parse('12:00')\n", "# frozen_string_literal: true\nrequire \"time\"\n\nputs Time.parse('12:00')\n"),
        ("ruby", "class Set\nend\nSet.new\n", "class Set\nend\nSet.new\n"),
        ("ruby", "# a Set\ndef f = 1\n", "# a Set\ndef f = 1\n"),
    ],
)  # fmt: skip
def test_what_is_used_is_named_at_the_top(language: str, code: str, whole: str) -> None:
    assert included(code, language) == whole
    assert included(whole, language) == whole


# -- with interpreters


MERGE = "<?php\nfunction f(array $a, array $b): array {\n    $made = array_merge($a, $b);\n    sort($made);\n    return $made;\n}\n"
SHIFT = "def f(text, by)\n  text.chars.map { |one| (one.ord + by).chr(Encoding::UTF_8) }.join\nend\n\nif __FILE__ == $0\n  puts f(gets.chomp, 1)\nend\n"


async def test_right_code_passes_and_code_with_a_mistake_is_caught(php: Sandbox) -> None:
    right = await judged(php, "php", MERGE, "f([1, 4], [2, 3]) == [1, 2, 3, 4]")
    assert (right.tests.passed, right.tests.failed, right.blocked) == (("t0",), (), "")
    assert quality(right).score == 9.4
    assert missing(right) == ("a security scan", "a type checker", "a linter")
    wrong = await judged(php, "php", MERGE.replace("sort(", "rsort("), "f([1, 4], [2, 3]) == [1, 2, 3, 4]")  # fmt: skip
    assert [one.told for one in wrong.tests.failed] == ["f([1, 4], [2, 3]) gave [4, 3, 2, 1], expected [1, 2, 3, 4]"]  # fmt: skip
    assert quality(wrong).score <= FAILS


async def test_ruby_too(ruby: Sandbox) -> None:
    tests = ("f('aé', 1) == 'bê'", "f('', 1) == ''")
    assert quality(await judged(ruby, "ruby", SHIFT, *tests)).score == 9.4
    wrong = await judged(ruby, "ruby", SHIFT.replace("+ by", "- by"), *tests)
    assert (wrong.tests.passed, quality(wrong).score <= FAILS) == (("t1",), True)


@pytest.mark.parametrize(
    ("language", "code", "line", "said"),
    [
        ("php", "<?php\nfunction f($n) { return 1; }\nfunction f($n) { return 2; }\n", 3, "Cannot redeclare f()"),
        ("php", "<?php\nrequire 'vendor/autoload.php';\nfunction f($n) { return 1; }\n", 2, "Failed opening required"),
        ("php", "<?php\nfunction f($n) {\n    break;\n}\n", 3, "'break' not in the 'loop' or 'switch' context"),
        ("php", "function f($n) {\n    continue;\n}\n", 2, "'continue' not in the 'loop' or 'switch' context"),
        ("ruby", "def f(n)\n  A = 1\nend\n", 2, "dynamic constant assignment"),
        ("ruby", "def f(n)\n  break\nend\n", 2, "Invalid break"),
        ("ruby", "\nrequire 'rails'\ndef f(n) = n\n", 2, "cannot load such file -- rails"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_broken(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, line: int, said: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code, "f(1) == 1")
    assert [one.line for one in report.syntax] == [line]
    assert said in report.blocked
    assert quality(report).score <= BLOCKED


@pytest.mark.parametrize(
    ("language", "code", "said"),
    [
        ("php", "<?php\nfunction f($n) { if ($n == 2) throw new LogicException('no'); return 1; }", "f(2): LogicException: no"),
        ("php", "<?php\nfunction f($n) { if ($n == 2) trigger_error('no', E_USER_ERROR); return 1; }", "f(2): ErrorException: no"),
        ("php", "<?php\nfunction f($n) { if ($n == 2) exit(4); return 1; }", "f(2): it ended the program with status 4"),
        ("php", "<?php\nfunction f($n) { return $n == 2 ? f($n) : 1; }", "f(2): it ended the program with status 255 (Fatal error: Allowed memory size"),
        ("php", '<?php\nfunction f($n) { if ($n == 2) echo "\\n0 1 value 2\\n"; return 1; }', "f(2) gave 1, expected 2"),
        ("php", "<?php\nfunction f($n) { while ($n == 2) {} return 1; }", "f(2): no result: the cpu limit was reached"),
        ("ruby", "def f(n)\n  raise ArgumentError, 'no' if n == 2\n  1\nend", "f(2): ArgumentError: no"),
        ("ruby", "def f(n)\n  exit(4) if n == 2\n  1\nend", "f(2): it ended the program with status 4"),
        ("ruby", "def f(n) = n == 2 ? f(n) : 1", "f(2): SystemStackError: stack level too deep"),
        ("ruby", "def f(n)\n  $stdout = STDERR if n == 2\n  1\nend", "f(2) gave 1, expected 2"),
        ("ruby", "def f(n)\n  loop {} if n == 2\n  1\nend", "f(2): no result: the cpu limit was reached"),
    ],
)  # fmt: skip
async def test_a_call_that_ends_badly_fails_alone(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, said: str
) -> None:
    tests = ("f(3) == 1", "f(2) == 2", "f(3) == 1")
    report = await judged(request.getfixturevalue(language), language, code, *tests)
    assert report.tests.failed[0].told.startswith(said)
    assert "t0" in report.tests.passed
    assert ("t2" in report.tests.passed) is ("limit" not in said)


@pytest.mark.parametrize(
    ("language", "code", "tests"),
    [
        ("php", "<?php\nfunction f($x) { return $x; }", ("f(['a', {'k': (1.5, None)}, True]) == ['a', {'k': [1.5, None]}, True]", "f({}) == {}", "f({'1': 2}) == {'1': 2}", "f('\u2028\\n\"\\\\$x\\x00é😀') == '\u2028\\n\"\\\\$x\\x00é😀'", "f({2, 1}) == {1, 2}")),
        ("php", "<?php\nfunction f($x) { return (object) ['a' => [$x / 2]]; }", ("f(4) == {'a': [2]}", "f(5) == {'a': [2.5]}")),
        ("php", "<?php\nfunction f(array &$x): void { sort($x); }\n$mine = [2, 1];\nf($mine);\necho $mine[0], $undefined;\nexit(0);\n", ("f([3, 1]) == [1, 3]",)),
        ("php", "<?php\nfunction f(array &$x) { return array_pop($x); }", ("f([3, 1]) == 1", "f([]) == None")),
        ("php", "<?php\ndeclare(strict_types=1);\nnamespace A;\nfunction f(float $x, int ...$more): float { return $x + \\array_sum($more); }", ("f(1) == 1", "f(1, 2, 3) == 6")),
        ("php", "<?php\nfunction f($n) { for ($i = 0, $sum = 0; $i < 9000; $i++) { $sum += $n[$i]; } return $sum; }", ("f([1, 2]) == 3",)),
        ("php", "<?php\nconst RATE = 2;\n$factor = 3;\nfunction f($n) { global $factor; return $n * RATE * $factor; }", ("f(1) == 6",)),
        ("ruby", "def f(x) = x", ("f(['a', {'k': (1.5, None)}, True]) == ['a', {'k': [1.5, None]}, True]", "f({}) == {}", "f({1: 'b'}) == {1: 'b'}", "f('\u2028\\n\"\\\\#{1}\\x00é😀') == '\u2028\\n\"\\\\#{1}\\x00é😀'", "f(2**70) == 2**70")),
        ("php", "function f($x) { return '<?xml' . $x; }", ("f('?>') == '<?xml?>'",)),
        ("ruby", "require 'set'\n\ndef f(x) = { name: :bob, all: Set.new([x, x]) }", ("f(1) == {'name': 'bob', 'all': {1}}",)),
        ("ruby", "def f(x)\n  x.sort!\n  nil\nend\nputs 1\nexit", ("f([3, 1]) == [1, 3]",)),
        ("ruby", "def f(people) = people.select { |one| one[:age] > 1 }.map { |one| one[:name] }", ("f([{'name': 'Ann', 'age': 2}, {'name': 'Bo', 'age': 1}]) == ['Ann']", "f([]) == []")),
        ("ruby", "def f(x) = x.pop", ("f([3, 1]) == 1", "f([]) == None")),
        ("ruby", "RATE = 2\n\nclass Tool\n  def f(x, by: RATE) = twice(x) * by\n\n  private\n\n  def twice(x) = 2 * x\nend", ("f(1) == 4", "f(1, 3) == 6")),
        ("ruby", "def text(value) = value\ndef json(value) = 1\ndef f(x) = text(x)", ("f(7) == 7",)),
        ("ruby", 'def format(x) = "<#{x}>"\ndef f(x) = format(x)', ("f('é') == '<é>'",)),
    ],
)  # fmt: skip
async def test_what_it_gives_is_read_whatever_it_is(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, tests: tuple[str, ...]
) -> None:  # fmt: skip
    report = await judged(request.getfixturevalue(language), language, code, *(one.replace("2**70", str(2**70)) for one in tests))  # fmt: skip
    assert [one.told for one in report.tests.failed] == []
    assert len(report.tests.passed) == len(tests)


@pytest.mark.parametrize(
    ("language", "code", "got"),
    [
        ("php", '<?php\nfunction f($x) { return "\\xff$x"; }', "f('a') gave '\ufffda', expected 1"),
        ("php", "<?php\nfunction f($x) { return [INF, -INF, 1e25]; }", "f('a') gave [inf, -inf, 1e+25], expected 1"),
        ("php", "<?php\nfunction f($x) { return array_filter([1, 2], fn($n) => $n > 1); }", "f('a') gave {1: 2}, expected 1"),
        ("ruby", 'def f(x) = "\\xff" + x', "f('a') gave '\ufffda', expected 1"),
        ("ruby", "def f(x) = [\"\\xff\".b, x.encode('UTF-16LE'), Float::INFINITY, 1e25]", "f('a') gave ['\ufffd', 'a', inf, 1e+25], expected 1"),
    ],
)  # fmt: skip
async def test_what_is_no_text_or_no_number_breaks_nothing(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, got: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code, "f('a') == 1")
    assert [one.told for one in report.tests.failed] == [got]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("php", "<?php\nfunction f($x) { return new DateTime(); }"),
        ("php", "<?php\nfunction f($x) { yield $x; }"),
        ("ruby", "def f(x) = [1..x]"),
        ("ruby", "def f(x) = Object.new"),
        ("ruby", "def f(x) = [{ a: x }].tally"),
        ("ruby", "def f(x) = 10**5000"),
    ],
)
async def test_an_object_is_not_executed(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code, "f(1) == [1]")
    assert (report.tests.executed, report.tests.reason) == (False, "it gives what is no plain value")  # fmt: skip


@pytest.mark.parametrize(
    ("language", "code", "rules"),
    [
        ("php", "<?php\nfunction f($v) { return intdiv(6, count($v)); }", ["raises"]),
        ("php", "<?php\nfunction f($v) { return $v ? 6 / count($v) : 0; }", []),
        ("ruby", "def f(v) = 6 / v.size", ["raises"]),
        ("ruby", "def f(v) = v.max + 1", ["raises"]),
        ("ruby", "def f(v) = v.empty? ? 0 : 6 / v.size", []),
    ],
)
async def test_calls_near_the_examples_show_what_is_odd(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, rules: list[str]
) -> None:
    expected = 4 if "max" in code else 3
    report = await judged(request.getfixturevalue(language), language, code, f"f([1, 3]) == {expected}")  # fmt: skip
    assert report.tests.passed == ("t0",)
    assert [one.rule for one in report.tests.odd] == rules


# -- without an example


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("php", "<?php\nfunction f($items) { return implode(', ', array_map('strtoupper', $items)); }"),
        ("php", "<?php\nfunction f(int $n, string $s = 'a') { return str_repeat($s, $n); }"),
        ("ruby", "def f(data) = data.transform_values { |one| one + 1 }"),
        ("ruby", "def f(thing, times: 2) = thing.fetch(0).fetch(0) * times"),
    ],
)  # fmt: skip
async def test_a_function_is_called_with_what_it_answers_best(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code)
    assert (report.tests.executed, report.tests.ratio, report.tests.odd) == (True, None, ())


async def test_what_was_not_asked_for_by_name_is_called_all_the_same(ruby: Sandbox) -> None:
    report = await judged(ruby, "ruby", "def prime?(n)\n  n == 2 || n.odd?\nend\n", entry=None)
    assert (report.tests.executed, report.tests.odd) == (True, ())


@pytest.mark.parametrize(
    ("language", "code"),
    [("php", "<?php\nfunction f($n) { exit(1); }"), ("ruby", "def f(n) = foo(n)")],
)
async def test_what_gives_nothing_is_not_executed(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code)
    assert (report.tests.executed, report.tests.reason) == (False, "it gives no value, whatever it was called with")  # fmt: skip


@pytest.mark.parametrize(
    ("language", "name", "code"),
    [("php", "Account", BANK), ("ruby", "Stack", STACK), ("ruby", "Point", POINT)],
)
async def test_an_object_of_a_class_is_made_and_its_methods_are_called(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, name: str, code: str
) -> None:
    held = request.getfixturevalue(language)
    report = await judged(held, language, code, entry=name)
    assert (report.tests.executed, report.tests.reason) == (True, "it was tried; there are no examples")  # fmt: skip
    throws = "throw new Exception();" if language == "php" else "raise 'no'"
    empty = f"<?php\nclass A {{ function __construct() {{ {throws} }} function f() {{}} }}" if language == "php" else f"class A\n  def initialize\n    {throws}\n  end\n  def f = 1\nend"  # fmt: skip
    report = await judged(held, language, empty, entry="A")
    assert report.tests.reason == "no object of it could be made, whatever it was given"


@pytest.mark.parametrize("language", ["php", "ruby"])
async def test_a_mutant_that_names_a_method_otherwise_is_none(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str
) -> None:
    code = {
        "php": "<?php\nclass S {\n    private $all = [1];\n    public function add(int $x) { $this->all[] = $x; }\n    public function max() { return max($this->all); }\n}\n",
        "ruby": "class S\n  def initialize\n    @all = [1]\n  end\n\n  def add(x) = @all << x\n\n  def max = @all.max\nend\n",
    }[language]  # fmt: skip
    report = await judged(request.getfixturevalue(language), language, code, entry="S")
    assert (report.tests.executed, report.tests.odd) == (True, ())


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("php", "<?php\n$sum = 0;\nwhile (($line = fgets(STDIN)) !== false) {\n    $sum += (int) $line;\n}\necho $sum, PHP_EOL;\n"),
        ("php", "<?php\n$file = $argv[1] ?? null;\nif ($file === null || !is_file($file)) {\n    exit(1);\n}\necho count(file($file)), PHP_EOL;\n"),
        ("ruby", "puts $stdin.each_line.sum(&:to_i)\n"),
        ("ruby", "abort 'no file' unless ARGV[0] && File.file?(ARGV[0])\nputs File.foreach(ARGV[0]).count\n"),
        ("ruby", "def f(n) = n * 2\n\nputs f(21) if __FILE__ == $0\n"),
    ],
)  # fmt: skip
async def test_a_script_is_run_with_what_it_reads(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str
) -> None:
    report = await judged(request.getfixturevalue(language), language, code, entry=None)
    assert (report.tests.executed, report.blocked) == (True, "")


@pytest.mark.parametrize(
    ("language", "code", "crashed", "blocked"),
    [
        ("php", "<?php\nfoo();\n", "it was run and crashed: main.php: it ended the program with status 255 (Fatal error: Uncaught Error: Call to undefined function foo()", ""),
        ("php", "<?php\nbreak;\n", "", "line 2: 'break' not in the 'loop' or 'switch' context"),
        ("ruby", "foo\n", "it was run and crashed: main.rb: it ended the program with status 1 (main.rb:1:in `<main>': undefined local variable", ""),
        ("ruby", "require 'sinatra'\n", "", "line 1: cannot load such file -- sinatra"),
    ],
)  # fmt: skip
async def test_a_script_that_does_not_run_says_in_what_it_ended(
    request: pytest.FixtureRequest, sandbox: Sandbox, language: str, code: str, crashed: str, blocked: str
) -> None:  # fmt: skip
    report = await judged(request.getfixturevalue(language), language, code, entry=None)
    assert report.blocked == blocked
    assert not crashed or (report.tests.unproved or "").startswith(crashed)


async def test_changed_code_has_to_do_what_was_given(php: Sandbox, ruby: Sandbox) -> None:
    given = "function f($a, $b) { $c = $a; $c = $c - $b; return ['1' => $c]; }"
    right = "<?php\nfunction f($a, $b) {\n    return ['1' => $a - $b];\n}\n"
    report = await judged(php, "php", right, given=given)
    assert len(report.tests.passed) > 2
    assert not report.tests.failed
    assert (await judged(php, "php", right.replace("$a - $b", "$b - $a"), given=given)).tests.failed
    given = "def f(text)\n  made = text.reverse\n  return made\nend\n"
    report = await judged(ruby, "ruby", "def f(text)\n  text.reverse\nend\n", given=given)
    assert len(report.tests.passed) > 2
    assert (await judged(ruby, "ruby", "def f(text)\n  text\nend\n", given=given)).tests.failed


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("ruby", "class A\n  def initialize\n    @items = [1]\n  end\n\n  def size\n    @items.size\n  end\n\n  def first\n    items.first\n  end\nend\n"),
        ("php", "<?php\nclass A {\n    public function size() { return 1; }\n    public function first() { return $this->items(); }\n}\n"),
        ("php", "<?php\nclass A {\n    public function size() { return 1; }\n    public function first() { return new Nowhere(); }\n}\n"),
    ],
)  # fmt: skip
async def test_a_name_that_nobody_declares_is_odd_in_a_class_too(
    php: Sandbox, ruby: Sandbox, language: str, code: str
) -> None:
    report = await judged(php if language == "php" else ruby, language, code, entry="A")
    (odd,) = report.tests.odd
    assert odd.message.endswith("raises NameError")
