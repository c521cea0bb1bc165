"""JavaScript and TypeScript without an example are called all the same: functions, classes, scripts."""

from __future__ import annotations

import json

import pytest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.tried import Thing, kept, odd
from arriero.apps.codegen.judge.whole_javascript import read, tried
from arriero.apps.codegen.sandbox.base import Limits, NoSandbox, Program, Ran, Test, Tested
from arriero.apps.codegen.sandbox.javascript import JavaScript

STACK = """class Stack {
  #items = [];
  push(item) { this.#items.push(item); }
  pop() { if (this.#items.length === 0) { throw new Error('empty'); } return this.#items.pop(); }
  get size() { return this.#items.length; }
}
"""
POINT = """export class Point {
  constructor(private x: number, private y: number) {}
  distance(other: Point): number { return Math.hypot(this.x - other.x, this.y - other.y); }
  move(dx: number, dy: number): void { this.x += dx; this.y += dy; }
}
"""
REVERSE = "const rev = (sentence) => sentence.split(' ').reverse().join(' ');\nmodule.exports = { rev };\n"
READS = "const text = require('fs').readFileSync(0, 'utf8');\nconst lines = text.split('\\n').filter(Boolean);\nconsole.log([...new Set(lines)].sort().join('\\n'));\n"
LINES = "const readline = require('readline');\nconst rl = readline.createInterface({ input: process.stdin });\nlet sum = 0;\nrl.on('line', (line) => { sum += Number(line); });\nrl.on('close', () => { console.log(`sum ${sum}`); });\n"
CHUNKS = "let data = '';\nprocess.stdin.on('data', (part) => { data += part; });\nprocess.stdin.on('end', () => { Object.keys(JSON.parse(data)).sort().forEach((key) => console.log(key)); });\n"
FILE = "import * as fs from 'fs';\nconst name: string = process.argv[2];\nif (!name) { console.error('name a file'); process.exit(1); }\nconst total: Record<string, number> = {};\nfor (const line of fs.readFileSync(name, 'utf8').trim().split('\\n').slice(1)) { const [who, sum] = line.split(','); total[who] = (total[who] || 0) + Number(sum); }\nconsole.log(JSON.stringify(total));\n"
ENGINE = JavaScript.open()


@pytest.mark.parametrize(
    ("language", "entry", "code", "came"),
    [
        ("javascript", "rev", REVERSE, '"world hello"'),
        ("javascript", "Stack", STACK, '["value","undefined"]'),
        ("typescript", "Point", POINT, '["value","0"]'),
        ("javascript", None, READS, "1\\n2\\n3"),
        ("javascript", None, LINES, "sum 8"),
        ("javascript", None, CHUNKS, "a\\nb"),
        ("typescript", None, FILE, "ann"),
        ("javascript", "f", "const f = async (n) => { await new Promise((done) => setTimeout(done, 9)); return n * 2; };", "6"),
        ("javascript", "Box", "class Box { constructor() { this.held = 0; } async put(n) { this.held += n; return this.held; } }", '["value","3"]'),
        ("javascript", None, "const fs = require('fs');\nasync function main() { const text = await Promise.resolve(fs.readFileSync(0, 'utf8')); console.log(text.split('\\n').length + 1); }\nmain();\n", "\\n"),
        ("typescript", "f", "enum Way { Up, Down }\nfunction f(n: number): Way { return n > 1 ? Way.Up : Way.Down; }\n", "0"),
    ],
)  # fmt: skip
async def test_it_is_called_and_what_it_does_is_written_down(
    language: str, entry: str | None, code: str, came: str
) -> None:
    found = await tried(Subject(code, language, entry), ENGINE, within_s=5)
    assert not found.why, found.why
    assert any(came in one.text for one in found.outcomes)
    assert found.killed
    tests = kept(found)
    assert tests
    if found.kind == "function":
        main = Subject(code, language, entry).main
        ran = await ENGINE.run(Program({main: code}, main, tests=tests), Limits())
        assert ran.passed, ran.tests


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("while (true) {}\nfunction f(a) { return a; }", "f"),
        ("function f(a) { while (true) {} }", "f"),
        ("function f(a) { return f(a); }", "f"),
        ("function f(a) { const all = []; for (;;) { all.push(new Array(100000).fill(1)); } }", "f"),
        ("function f(a) { for (;;) try { for (;;) {} } catch {} }", "f"),
        ("throw new Error('no');", None),
        ("process.exit(2);", None),
        ("console.log(require('child_process').execSync('id'));", None),
        ("console.log(require('fs').readFileSync('/etc/passwd', 'utf8'));", None),
    ],
)  # fmt: skip
async def test_what_comes_to_nothing_is_contained_and_does_not_count_as_executed(
    code: str, entry: str | None
) -> None:
    report = await examine(Subject(code, "javascript", entry), ENGINE)
    assert not report.tests.executed
    assert report.skipped["tried"]
    assert quality(report).score <= 6


@pytest.mark.parametrize(
    ("right", "wrong", "entry"),
    [
        (STACK, STACK.replace("get size() { return this.#items", "get size() { return items"), "Stack"),
        (REVERSE, REVERSE.replace("sentence.split", "text.split"), "rev"),
        (READS, READS.replace("new Set(lines)", "new Set(line)"), None),
    ],
)  # fmt: skip
async def test_right_code_scores_above_wrong_code_without_an_example(
    right: str, wrong: str, entry: str | None
) -> None:
    above, below = [
        quality(await examine(Subject(code, "javascript", entry), ENGINE)).score
        for code in (right, wrong)
    ]
    assert above > 8
    assert above > below


async def test_a_promise_that_is_rejected_or_never_settled_is_no_value() -> None:
    code = "async function f(n: number) { if (n > 3) { throw new TypeError('much'); } if (n === 0) { await new Promise(() => {}); } return n; }"
    found = await tried(Subject(code, "typescript", "f"), ENGINE, within_s=5)
    came = dict(zip(found.inputs, ((one.kind, one.text) for one in found.outcomes), strict=True))
    assert (came["(3,)"], came["(7,)"], came["(0,)"]) == (("value", "3"), ("raised", "TypeError"), ("raised", "Error"))  # fmt: skip


async def test_a_name_that_does_not_exist_is_odd_in_a_class() -> None:
    code = STACK.replace("get size() { return this.#items", "get size() { return items")
    asked = Subject(code, "javascript", "Stack")
    assert [one.rule for one in odd(await tried(asked, ENGINE, within_s=5), asked)] == ["raises"]


async def test_without_a_sandbox_nothing_is_executed() -> None:
    report = await examine(Subject(REVERSE, "javascript", "rev"), NoSandbox("none here"))
    assert not report.tests.executed
    assert "none here" in report.skipped["tried"]


async def test_what_tests_print_is_told_and_what_the_code_prints_is_not() -> None:
    code = "console.log('mine');\nfunction f(a: number): number { console.log(a); return a; }"
    test = Test("t", "assert.strictEqual(f(1), 1); console.log('said');")
    ran = await ENGINE.run(Program({"main.ts": code}, "main.ts", tests=(test,)), Limits())
    assert ran.passed
    assert ran.stdout == "said\n"


async def test_what_is_to_go_on_doing_the_same_is_compared_with_what_was_given() -> None:
    given = "function f(a) { var r = []; for (var i = 0; i < a.length; i++) { if (a[i] > 0) { r.push(a[i] * 2); } } return r; }"
    for code, holds in (
        ("const f = (a) => a.filter((one) => one > 0).map((one) => one * 2);", True),
        ("const f = (a) => a.map((one) => one * 2);", False),
    ):
        report = await examine(Subject(code, "javascript", "f", given=given), ENGINE)
        assert report.tests.passed
        assert (not report.tests.failed) is holds


@pytest.mark.parametrize("kind", ["function", "class", "script"])
def test_what_is_no_json_never_becomes_a_test(kind: str) -> None:
    """The code may have put something else in the place of `JSON.stringify`."""
    given = {"function": "(1,)", "class": "((), [('pop', ())])", "script": "((), '')"}[kind]
    text = '[["value", "process.exit()"]]' if kind == "class" else "process.exit()"
    first = [["value", text, "number"]]
    said = {"best": 0, "places": [0], "first": first, "steady": [True], "differs": [[0]]}
    ran = Ran(0, json.dumps(said), tests=(Tested("tried", passed=True),))
    assert kept(read(ran, Thing(kind, "f", shapes=((given,),)))) == ()
