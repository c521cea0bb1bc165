"""Tries JavaScript and TypeScript that has no example: a function, a class or a script, with arguments that are guessed.

One program holds the code and its mutants, each in a function of its own, and calls all of them with the same
arguments. They share an engine with what calls them and could lie: what is told is never that the code is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import grammars, scripts
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.guesses import Parameter, shapes
from arriero.apps.codegen.judge.mutants_text import mutants
from arriero.apps.codegen.judge.parse import defined_in
from arriero.apps.codegen.judge.sessions import Class, Method, sessions
from arriero.apps.codegen.judge.ticking_javascript import FUNCTIONS, ticking
from arriero.apps.codegen.judge.tried import (
    NOTHING,
    UNREADABLE,
    Outcome,
    Thing,
    Tried,
    check_value,
    nothing,
)
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test

MOST_MUTANTS = 10
WITHIN_S, MEMORY_MB = 1.5, 96  # a run takes 30 ms; a busy machine may take many times as long
DRIVER = """
let arriero_left = 0;
const arriero_tick = () => { if (--arriero_left < 0) throw { arriero: "endless" }; };
const arriero_text = (value) => {
  if (value === undefined) return ["value", "undefined", "undefined"];
  if (typeof value === "number" && !Number.isFinite(value)) return ["object", String(value), "number"];
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return ["object", typeof value, ""];
  try {
    const text = JSON.stringify(value), proto = value === null || typeof value !== "object" ? Object.prototype : Object.getPrototypeOf(value);
    const plain = proto === Object.prototype || proto === Array.prototype || proto === null;
    return plain && text.length <= 300 ? ["value", text, value === null ? "null" : Array.isArray(value) ? "array" : typeof value] : ["object", value.constructor ? value.constructor.name : "", ""];
  } catch { return ["object", typeof value, ""]; }
};
const arriero_raised = (error) => {
  if (error && error.arriero) return ["endless", "", ""];
  return ["raised", String(error && error.name || "Error"), String(error && error.message || error).slice(0, 80)];
};
const arriero_settled = (value) => !(value instanceof Promise) ? value : new Promise((done, fail) => {
  const late = setTimeout(() => fail(new Error("its promise is never settled")), 1e12);
  value.then((held) => { clearTimeout(late); done(held); }, (error) => { clearTimeout(late); fail(error); });
});
const arriero_one = async (thing, kind, given) => {
  if (kind === "script") return thing(given[0], given[1]);
  if (kind === "function") return arriero_text(await arriero_settled(thing(...given)));
  const [made, steps] = given, one = new thing(...made), came = [];
  let other = null;
  for (const [name, args] of steps) {
    try {
      const mine = (args || []).map((arg) => arg === "\\0other" ? (other = other || new thing(...made)) : arg);
      came.push(arriero_text(await arriero_settled(args === null ? one[name] : one[name](...mine))).slice(0, 2));
    } catch (error) { if (error && error.arriero) throw error; came.push(arriero_raised(error).slice(0, 2)); }
  }
  return ["value", JSON.stringify(came), ""];
};
const arriero_try = async (which, kind, rows, fuel) => {
  let thing;
  try { arriero_left = fuel; thing = arriero_made[which](); } catch (error) { return rows.map(() => arriero_raised(error)); }
  const came = [];
  for (const given of rows) {
    arriero_left = fuel;
    try { came.push(await arriero_one(thing, kind, JSON.parse(JSON.stringify(given)))); } catch (error) { came.push(arriero_raised(error)); }
  }
  return came;
};
"""
# Chooses as `inside/probe.py` does: the shape that the code answers best, of a script the runs that end well.
CHOOSE = """
const all = %(shapes)s, kind = %(kind)s;
const worth = (outs) => {
  const values = [...new Set(outs.filter((one) => one[0] === "value" && one[1] !== "undefined").map((one) => one[1]))];
  if (kind !== "class") return values.length + 0.01 * outs.filter((one) => one[0] === "object").length;
  return values.reduce((sum, text) => sum + JSON.parse(text).filter((one) => one[0] !== "raised" && one[0] !== "endless").length, 0);
};
let best = 0;
if (kind !== "script" && all.length > 1) {
  const worths = all.map((shape) => worth(arriero_try(0, kind, shape, 4000)));
  worths.forEach((one, at) => { if (one > worths[best]) best = at; });
}
let rows = all[best], places = rows.map((_, at) => at);
let first = arriero_try(0, kind, rows, 40000);
if (kind === "script") {
  const seen = new Set();
  const crashed = places.filter((at) => first[at][0] === "raised").slice(0, 1);
  places = places.filter((at) => first[at][0] === "value" && first[at][2] === "" && !seen.has(first[at][1]) && seen.add(first[at][1])).slice(0, 4);
  if (!places.length) places = crashed;
  rows = places.map((at) => rows[at]);
  first = places.map((at) => first[at]);
}
const again = arriero_try(0, kind, rows, 40000);
const steady = first.map((one, at) => JSON.stringify(one) === JSON.stringify(again[at]));
const differs = [];
for (let which = 1; which < %(count)s; which++) {
  const other = arriero_try(which, kind, rows, 40000);
  differs.push(other.map((one, at) => JSON.stringify(one) === JSON.stringify(first[at]) ? -1 : at).filter((at) => at >= 0));
}
console.log(JSON.stringify({ best, places, first, steady, differs }));
"""
# What a script of Node finds. It reaches nothing: input, arguments and files are texts, and what it prints is kept.
NODE = """
const arriero_script = (main) => async (argv, said) => {
  const files = %(files)s, out = [], late = [], lines = said.split("\\n");
  if (lines[lines.length - 1] === "") lines.pop();
  const show = (value) => typeof value === "string" ? value : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  const print = (...words) => { out.push(words.map(show).join(" ") + "\\n"); };
  const handles = () => {
    const on = {};
    return { on(name, call) { (on[name] = on[name] || []).push(call); return this; }, fire(name, ...args) { (on[name] || []).forEach((call) => call(...args)); } };
  };
  const stdin = Object.assign(handles(), { setEncoding() {}, resume() {}, pause() {}, isTTY: false, fd: 0 });
  let over = null;
  class Ended { constructor(status) { over = status; } }
  const process = {
    argv: ["node", "main.js", ...argv], stdin, env: {}, exitCode: 0, platform: "linux",
    stdout: { write(text) { out.push(String(text)); return true; }, columns: 80 }, stderr: { write() { return true; } },
    exit(status) { throw new Ended(status === undefined ? process.exitCode : status); }, on() {}, cwd: () => "/work",
  };
  const read = (name, how) => {
    const text = name === 0 || name === "/dev/stdin" || name === stdin.fd ? said : files[name];
    if (text === undefined) { const error = new Error("ENOENT: no such file or directory, open '" + name + "'"); error.code = "ENOENT"; throw error; }
    return how === undefined ? { toString: () => text, trim: () => text.trim(), split: (by) => text.split(by) } : text;
  };
  const fs = { readFileSync: read, existsSync: (name) => name in files, readFile(name, how, call) { call = call || how; late.push(() => { let text; try { text = read(name, "utf8"); } catch (error) { return call(error); } call(null, text); }); } };
  const readline = { createInterface() {
    const one = handles(), asked = [];
    let open = true;
    one.question = (text, call) => { out.push(text); asked.push(call); };
    one.close = () => { if (open) { open = false; one.fire("close"); } };
    one.prompt = () => {}; one.setPrompt = () => {};
    late.push(() => {
      while (open && lines.length) { const call = asked.shift(), line = lines.shift(); if (call) call(line); else one.fire("line", line); }
      one.close();
    });
    return one;
  } };
  const path = { basename: (name) => name.split("/").pop(), join: (...parts) => parts.join("/"), resolve: (...parts) => parts[parts.length - 1] };
  const modules = { fs, readline, path, process };
  const require = (name) => { const found = modules[name.replace("node:", "")]; if (!found) throw new Error("Cannot find module '" + name + "'"); return found; };
  require.main = { main: true };
  const console = { log: print, info: print, error() {}, warn() {}, debug() {}, table: print, assert() {} };
  const told = (status) => ["value", JSON.stringify([status, out.join("").slice(0, 2000)]), status === 0 && out.join("").trim() ? "" : "not"];
  try {
    main(process, require, console, require.main);
    late.push(() => { stdin.fire("data", said); stdin.fire("end"); });
    while (late.length) late.shift()();
    await new Promise((done) => setTimeout(done, 1e12));  // what it waits for comes before
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return told(over === null ? process.exitCode : over);
};
"""


async def tried(subject: Subject, sandbox: Sandbox, *, within_s: float) -> Tried:
    """What calling it came to, or why there is nothing to call. Nothing runs outside of the sandbox."""
    thing = thing_of(subject)
    if isinstance(thing, str):
        return Tried(why=thing)
    limits = Limits(wall_s=min(WITHIN_S, within_s), memory_mb=MEMORY_MB)
    changed = mutants(subject.code, subject.language, thing.entry, most=MOST_MUTANTS)
    told = Tried(why="it cannot be made a program")
    for texts in ([subject.code, *changed], [subject.code]):  # a mutant may be no JavaScript
        told = read(await sandbox.run(_program(subject, thing, texts), limits), thing)
        if told.outcomes or told.why in NOTHING.values():
            break
    told = replace(told, entry=thing.entry or subject.main)
    if thing.kind == "script" and scripts.PASSING.search(subject.code):
        told = replace(told, outcomes=tuple(replace(one, steady=False) for one in told.outcomes))
    return told


def thing_of(subject: Subject) -> Thing | str:
    """What there is to call: what was asked for by name, else the script."""
    root = grammars.tree(subject.code, subject.language)
    entry = subject.entry or ""
    if not entry:
        return Thing("script", "", shapes=(scripts.runs(subject.code),))
    found = defined_in(root, entry)
    if found is None or not entry.isidentifier():
        return "there is no function or class of that name to try"
    if found.type in {"class_declaration", "abstract_class_declaration", "class"}:
        return Thing("class", entry, shapes=sessions(_class(found, entry)))
    value = found.child_by_field_name("value")
    function = value if found.type == "variable_declarator" else found
    if function is not None and function.type == "class":
        return Thing("class", entry, shapes=sessions(_class(function, entry)))
    if function is None or function.type not in FUNCTIONS:
        return "what was asked for is no plain function"
    return Thing("function", entry, shapes=shapes(_parameters(function)))


def _class(node: Any, name: str) -> Class:
    made: tuple[Parameter, ...] = ()
    methods: list[Method] = []
    body = node.child_by_field_name("body")
    for item in body.named_children if body is not None else ():
        called = item.child_by_field_name("name")
        if item.type != "method_definition" or called is None:
            continue
        words = {child.type for child in item.children} | {grammars.text(child) for child in item.children if child.type == "accessibility_modifier"}  # fmt: skip
        if grammars.text(called) == "constructor":
            made = _parameters(item, name)
        elif not grammars.text(called).startswith(("_", "#")) and not words & {"private", "protected", "set", "static"}:  # fmt: skip
            read = "get" in words
            methods.append(Method(grammars.text(called), () if read else _parameters(item, name), read))  # fmt: skip
    return Class(name, made, tuple(methods))


def _parameters(function: Any, owner: str = "") -> tuple[Parameter, ...]:
    """Those that have to be given. Those whose type is `owner` are another object of it."""
    listed = function.child_by_field_name("parameters")
    if listed is None:
        alone = function.child_by_field_name("parameter")
        return (Parameter(grammars.text(alone)),) if alone is not None else ()
    found: list[Parameter] = []
    for one in listed.named_children:
        pattern = one.child_by_field_name("pattern") or one
        default = one.child_by_field_name("value") or one.child_by_field_name("right")
        if one.type in {"optional_parameter", "comment"} or default is not None:
            continue
        if pattern.type == "rest_pattern":
            break
        kind = one.child_by_field_name("type")
        type_ = grammars.text(kind).lstrip(":? ").strip() if kind is not None else ""
        name = "options" if pattern.type == "object_pattern" else grammars.text(pattern)
        found.append(Parameter("other") if owner and type_ == owner else Parameter(name, type_))
    return tuple(found)


def _program(subject: Subject, thing: Thing, texts: Sequence[str]) -> Program:
    wanted = (
        f"typeof {thing.entry} !== 'undefined' ? {thing.entry} : module.exports[{thing.entry!r}]"
    )
    bodies = []
    for text in texts:
        code = _inside(ticking(text, subject.language))
        if thing.kind == "script":
            bodies.append(f"() => arriero_script((process, require, console, module) => {{\n{code}\n}})")  # fmt: skip
        else:
            bodies.append(f"() => {{\n{code}\n;return {wanted};\n}}")
    node = NODE % {"files": json.dumps(scripts.FILES)} if thing.kind == "script" else ""
    code = f"{DRIVER}{node}const arriero_made = [\n{','.join(bodies)}\n];\n"
    every = [[trees.literal(text) for text in shape] for shape in thing.shapes]
    test = CHOOSE % {
        "shapes": json.dumps(every),
        "kind": json.dumps(thing.kind),
        "count": len(texts),
    }
    return Program({subject.main: code}, subject.main, tests=(Test("tried", test),))


def _inside(code: str) -> str:
    """Code as it can stand in a function: without exports, and with `require` for imports."""
    code = re.sub(r"^#!.*", "", code)
    code = re.sub(r"^export\s*\{[^}]*\}\s*;?", "", code, flags=re.MULTILINE)
    code = re.sub(r"^export\s+(?:default\s+)?", "", code, flags=re.MULTILINE)
    code = re.sub(r"^import\s+(?:\*\s+as\s+)?([\w$]+)\s+from\s+(['\"][^'\"]*['\"])", r"const \1 = require(\2)", code, flags=re.MULTILINE)  # fmt: skip
    return re.sub(
        r"^import\s+(\{[^}]*\})\s+from\s+(['\"][^'\"]*['\"])",
        lambda found: f"const {found[1].replace(' as ', ': ')} = require({found[2]})",
        code,
        flags=re.MULTILINE,
    )


def read(ran: Ran, thing: Thing) -> Tried:
    """What the run says; what cannot be read says nothing."""
    if not ran.executed:
        return Tried(why=ran.reason)
    try:
        if not ran.tests[0].passed:
            return Tried(why=f"it was not tried to its end: {ran.tests[0].reason[:200]}")
        told = json.loads(ran.stdout)
        shape = thing.shapes[told["best"]]
        given = tuple(shape[place] for place in told["places"])
        outcomes = tuple(
            Outcome(str(one[0]), str(one[1]), NAMED.get(str(one[2]), str(one[2])), steady=bool(steady))
            for one, steady in zip(told["first"], told["steady"], strict=True)
        )  # fmt: skip
        for one in outcomes:
            if one.kind == "value":
                check_value(thing.kind, _literal(one.text), _literal)
        killed = tuple((False, tuple(int(place) for place in places)) for places in told["differs"])
    except UNREADABLE:
        return Tried(why="it was not tried to its end")
    answered = [one for one in outcomes if one.kind in {"value", "object"} and one.text != "undefined"]  # fmt: skip
    if not answered:
        return nothing(thing.kind, given, outcomes)
    return Tried(
        thing.entry, given, outcomes, killed, kind=thing.kind, guessed=True, language="javascript"
    )


def _literal(text: str) -> Any:
    """The value of a text that becomes code of a test: JSON, or `undefined`. Raises `ValueError` for any other."""
    return None if text == "undefined" else json.loads(text)


NAMED = {"undefined": "NoneType", "null": "NoneType"}
