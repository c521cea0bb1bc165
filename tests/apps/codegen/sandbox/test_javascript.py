"""What JavaScript in its sandbox may do and reach, and that it cannot say of itself that it is right."""

from __future__ import annotations

import resource

import pytest

from arriero.apps.codegen.sandbox.base import Limit, Limits, NoSandbox, Program, Ran, Test
from arriero.apps.codegen.sandbox.javascript import ByLanguage, JavaScript

QUICK = Limits(wall_s=1.0, memory_mb=64)
USUAL = Limits(wall_s=10.0, memory_mb=64)


@pytest.fixture(scope="module")
def javascript() -> JavaScript:
    return JavaScript.open()


async def run(
    sandbox: JavaScript, code: str, *tests: str, name: str = "main.js", limits: Limits = USUAL
) -> Ran:
    named = tuple(Test(f"t{number}", test) for number, test in enumerate(tests))
    return await sandbox.run(Program({name: code}, name, tests=named), limits)


@pytest.mark.parametrize(
    ("code", "test"),
    [
        ("const f = (a, b) => a + b;", "console.assert(f(1, 2) === 3)"),
        ("function f(xs) { return xs.map(x => x * 2); }", "assert.deepStrictEqual(f([1, 2]), [2, 4])"),
        ("module.exports = { f: s => s.toUpperCase() };", "assert.strictEqual(f('a'), 'A')"),
        ("export function f() { return { a: [1, { b: null }], c: undefined }; }", "assert.deepStrictEqual(f(), { a: [1, { b: null }], c: undefined })"),
        ("const f = () => [NaN, -0, Infinity, 10n];", "const [a, b, c, d] = f(); assert(Number.isNaN(a) && Object.is(b, -0) && c === Infinity && d === 10n)"),
        ("const f = (s) => { s.add(3); return new Map([[1, s]]); };", "assert.deepStrictEqual(f(new Set([1])), new Map([[1, new Set([1, 3])]]))"),
        ("const f = (xs) => { xs.sort(); };", "const xs = [3, 1]; f(xs); assert.deepStrictEqual(xs, [1, 3])"),
        ("const f = () => { throw new RangeError('no'); };", "try { f(); assert(false) } catch (e) { assert(e instanceof RangeError && e.message === 'no') }"),
        ("const f = x => x;", "const test = () => { console.assert(f(1) === 1) }; test()"),
        ("const f = x => x;", "const assert = require('node:assert'); assert.strictEqual(f(1), 1)"),
        ("console.log('x'); const f = () => 1;", "assert(f() === 1)"),
        ("const f = () => { for (i of [1, 2]) { last = i; } return last; };", "total = f(); assert(total === 2)"),
        ("'use strict'; const f = function () { return this === undefined; };", "assert(f())"),
    ],
)  # fmt: skip
async def test_right_code_passes(javascript: JavaScript, code: str, test: str) -> None:
    ran = await run(javascript, code, test)
    assert (ran.executed, ran.by) == (True, "javascript")
    assert [(one.passed, one.reason) for one in ran.tests] == [(True, "")]


async def test_typescript_runs_without_its_types(javascript: JavaScript) -> None:
    code = "export function f(a: number, b?: string): Array<number> { const c: number = a; return [c]; }"
    ran = await run(
        javascript, code, "const x: number[] = f(1); assert.deepStrictEqual(x, [1])", name="main.ts"
    )
    assert ran.passed


@pytest.mark.parametrize(
    ("code", "test"),
    [
        ("async function f(n) { return [n, await g(n)]; }\nconst g = async n => n * 2;", "assert.deepStrictEqual(f(2), [2, 4])"),
        ("const f = (n) => Promise.resolve(n).then((m) => m + 1);", "assert.strictEqual(f(2), 3); assert.strictEqual(f(5), 6)"),
        ("const f = async (xs) => { await null; xs.sort(); };", "const xs = [3, 1]; f(xs); assert.deepStrictEqual(xs, [1, 3])"),
        ("const wait = (ms) => new Promise((done) => setTimeout(done, ms));\nconst f = async () => { const said = []; await Promise.all([wait(90_000).then(() => said.push('b')), wait(10).then(() => said.push('a'))]); return said; };", "assert.deepStrictEqual(f(), ['a', 'b'])"),
        ("const f = () => new Promise((done) => { let n = 0; const id = setInterval(() => { n += 1; if (n === 3) { clearInterval(id); done(n); } }, 5); });", "assert.strictEqual(f(), 3)"),
        ("const f = (act, n) => new Promise((done) => { const id = setTimeout(done, 5, 'late'); if (n) { clearTimeout(id); setImmediate(done, 'now'); } });", "assert.strictEqual(f(null, 1), 'now'); assert.strictEqual(f(null, 0), 'late')"),
        ("const f = async () => { throw new RangeError('no'); };", "assert.throws(() => f()); try { f(); assert(false) } catch (e) { assert(e instanceof RangeError && e.message === 'no') }"),
        ("const f = () => Promise.reject(7);", "try { f(); assert(false) } catch (e) { assert.strictEqual(e.message, '7') }"),
    ],
)  # fmt: skip
async def test_what_a_promise_comes_to_is_compared(
    javascript: JavaScript, code: str, test: str
) -> None:
    ran = await run(javascript, code, test)
    assert [(one.passed, one.reason) for one in ran.tests] == [(True, "")]


async def test_a_promise_that_is_wrong_rejected_or_pending_says_so(javascript: JavaScript) -> None:
    code = "const f = async (n) => { if (n < 0) throw new TypeError('below'); if (n > 9) await new Promise(() => {}); return n ? n : () => n; };"
    tests = [f"assert.strictEqual(f({number}), 3)" for number in (2, -1, 10, 0)]
    reasons = [one.reason for one in (await run(javascript, code, *tests)).tests]
    assert reasons == [
        "AssertionError: got 2, expected 3 [f(2) gave 2]",
        "TypeError: below [f(-1) gave TypeError: below]",
        "Error: its promise is never settled [f(10) gave Error: its promise is never settled]",
        "f(0) returned what is no plain value",
    ]


async def test_promises_end_with_the_time(javascript: JavaScript) -> None:
    for code in ("for (;;) {}", "for (;;) await null;", "await null; for (;;) {}", "for (;;) await new Promise((done) => setTimeout(done, 1));"):  # fmt: skip
        ran = await run(javascript, f"async function f() {{ {code} }}", "f()", limits=QUICK)
        assert (ran.passed, ran.hit) == (False, Limit.WALL)
        assert ran.wall_s < 5


@pytest.mark.parametrize(
    "test",
    [
        "(async () => { assert.strictEqual(await f(2), 5); })();",
        "f(2).then((got) => assert.strictEqual(got, 5));",
        "const test = async function () { assert(false); }; test();",
    ],
)
async def test_a_test_that_nothing_would_see_fail_is_not_executed(
    javascript: JavaScript, test: str
) -> None:
    ran = await run(javascript, "const f = async n => n;", test)
    assert not ran.executed
    assert "waits" in ran.reason


async def test_a_failed_test_says_what_it_got_and_expected(javascript: JavaScript) -> None:
    ran = await run(
        javascript,
        "const f = (a, b) => a - b;",
        "assert.strictEqual(f(1, 2), 3)",
        "console.assert(f(5, 1) === 3)",
    )
    first, second = ran.tests
    assert first.reason == "AssertionError: got -1, expected 3 [f(1, 2) gave -1]"
    assert second.reason == "AssertionError: it does not hold [f(5, 1) gave 4]"


# Each tries to pass `assert.strictEqual(f(2), 3)` without being right.
FORGERIES = {
    "console.assert is replaced": "globalThis.console = { assert() {} }; const f = () => 0;",
    "assert is replaced": "globalThis.assert = () => {}; const f = () => 0;",
    "JSON.stringify lies": "JSON.stringify = () => '{\"ok\":{\"t\":\"v\",\"v\":3}, \"after\":{\"t\":\"array\",\"v\":[]}}'; const f = () => 0;",
    "Object.is is replaced": "Object.is = () => true; const f = () => 0;",
    "a value says what equals it": "const f = () => ({ valueOf: () => 3, toString: () => '3', [Symbol.toPrimitive]: () => 3 });",
    "a proxy": "const f = () => new Proxy({}, { get: () => 3, getPrototypeOf: () => Number.prototype });",
    "setters on the prototype": "Object.defineProperty(Object.prototype, 't', { set() {}, get() { return 'v'; } }); const f = () => 0;",
    "the bridge is replaced": "globalThis.__bridge = { call: () => '{\"ok\":{\"t\":\"v\",\"v\":3}}' }; const f = () => 0;",
    "a promise of something else": "const f = async () => 4;",
    "a promise that is never settled": "const f = () => new Promise(() => {});",
    "promises without end": "const f = async () => { for (;;) await null; };",
    "timers without end": "const f = () => new Promise(() => { setInterval(() => {}, 1); });",
    "Promise is replaced": "Promise.prototype.then = function (done) { done(3); }; const f = async () => 4;",
    "timers are replaced": "__timers = { next: () => true }; const f = () => new Promise(() => {});",
    "a thing with a then": "const f = () => ({ then(done) { done(3); } });",
    "an error with a magic text": "const f = () => { throw { name: 'ok', message: '3' }; };",
    "it never comes back": "const f = () => { while (true) {} };",
    "a function that throws at the test": "const f = () => { throw null; };",
}  # fmt: skip


@pytest.mark.parametrize("code", FORGERIES.values(), ids=FORGERIES)
async def test_code_cannot_pass_a_test_without_being_right(
    javascript: JavaScript, code: str
) -> None:
    ran = await run(javascript, code, "assert.strictEqual(f(2), 3)", limits=QUICK)
    assert not ran.passed
    assert ran.tests[0].reason


async def test_tests_that_catch_everything_do_not_hide_a_limit(javascript: JavaScript) -> None:
    code = "const f = () => { while (true) {} };"
    ran = await run(javascript, code, "try { f() } catch (e) {}", limits=QUICK)
    assert not ran.passed
    assert ran.hit is Limit.WALL


async def test_nothing_of_this_machine_is_there(javascript: JavaScript) -> None:
    names = "process require('fs') std os fetch XMLHttpRequest WebAssembly Deno Bun scriptArgs print __loadScript".split()
    code = "const there = n => { try { return typeof eval(n) !== 'undefined' ? n : ''; } catch { return ''; } };"
    tests = [f"assert.strictEqual(there({name!r}), '')".replace('"', "`") for name in names]
    ran = await run(javascript, code, *tests)
    assert {test.reason for test in ran.tests} == {""}
    ran = await run(
        javascript, "const f = async () => (await import('fs')) && 1;", "assert.strictEqual(f(), 1)"
    )
    assert not ran.passed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("const f = () => { const a = []; while (true) a.push(new Array(100000).fill(1)); };", "limit"),
        ("const f = () => { let s = 'x'; while (true) s += s; };", "memory|RangeError|InternalError|limit"),
        ("const f = n => f(n) + 1;", "RangeError|InternalError"),
        ("const f = () => /(a+)+$/.test('a'.repeat(60) + 'b');", "limit"),
        ("while (true) {}", "while it was loaded"),
        ("const f = (", "while it was loaded: SyntaxError"),
    ],
)  # fmt: skip
async def test_what_runs_away_is_stopped_and_told(
    javascript: JavaScript, code: str, words: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran = await run(javascript, code, "f(1)", "f(2)", limits=QUICK)
    assert ran.executed
    assert not ran.passed
    assert any(word in ran.tests[0].reason for word in words.split("|")), ran.tests[0].reason
    assert ran.wall_s < 10
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 400  # MiB: two engines of 64, their compiled code, and what they free late


async def test_more_than_one_file_and_what_has_no_tests_is_not_executed(
    javascript: JavaScript,
) -> None:
    two = Program({"main.js": "1", "b.js": "2"}, "main.js", tests=(Test("t", "1"),))
    assert "more than one file" in (await javascript.run(two, QUICK)).reason
    assert "no tests" in (await javascript.run(Program({"main.js": "1"}, "main.js"), QUICK)).reason


async def test_each_language_goes_to_its_own_sandbox(javascript: JavaScript) -> None:
    both = ByLanguage(javascript, NoSandbox("the rest"))
    assert (await both.run(Program({"main.py": "1"}), QUICK)).reason == "the rest"
    script = Program({"a.js": "const f = () => 1"}, "a.js", tests=(Test("t", "assert(f() === 1)"),))
    assert (await both.run(script, QUICK)).passed
