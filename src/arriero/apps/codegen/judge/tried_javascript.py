"""Tries a JavaScript function: its mutants with the examples, and other inputs than theirs.

The tests' engine calls it and tells the outcomes as the text of an error, so the code cannot forge one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from time import monotonic

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.inputs import near
from arriero.apps.codegen.judge.mutants_text import mutants
from arriero.apps.codegen.judge.ticking_javascript import ticking
from arriero.apps.codegen.judge.tried import Outcome, Tried
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test

MOST, A_TEST = 12, 4  # inputs; inputs a test, so that one that never ends takes few others with it
WITHIN_S, A_MUTANT_S = (
    0.6,
    0.2,
)  # for all mutants, for one: most take 3 ms, one that never ends is killed
OUTCOMES_S = 1.5  # for all inputs; they take 20 ms, and on a busy machine none may be called endless for that
TOLD = re.compile(r"^Told: (\[.*?\])(?: \[.*)?$", re.DOTALL)
WORDS = {"true": "True", "false": "False", "null": "None"}
# Stands behind the code, so that what stands first in it, such as 'use strict', stays first.
FUEL = """
var arriero_left = 40000;
function arriero_tick() { if (--arriero_left < 0) throw new Error("it goes on and on"); }
function arriero_fill() { arriero_left = 40000; }
function arriero_spent() { return arriero_left < 0; }
"""
TRY = """
const told = [];
for (const args of %s) {
  arriero_fill();
  try {
    const got = %s(...args);
    told.push(["value", got === undefined ? "undefined" : got === null ? "null" : Number.isNaN(got) ? "NaN" : Array.isArray(got) ? "array" : typeof got]);
  } catch (error) { told.push(["raised", `${error.name}`, `${error.message}`.slice(0, 60)]); }
  if (arriero_spent()) told[told.length - 1] = ["endless", "", ""];
}
const error = new Error(JSON.stringify(told));
error.name = "Told";
throw error;
"""


async def tried(subject: Subject, sandbox: Sandbox, *, within_s: float) -> Tried:
    """Outcomes for up to twelve inputs near the examples' own, and which mutants the examples kill; 50 ms."""
    entry = subject.entry or ""
    if not entry.isidentifier() or not subject.tests:
        return Tried(why="there is no function with examples to try")
    examples = tuple(dict.fromkeys(_calls(subject, entry)))
    given = _inputs(examples)
    told = await _outcomes(subject, sandbox, entry, given, within_s) if given else Tried(entry)
    if told.why:
        return told
    killed: list[tuple[bool, tuple[int, ...]]] = []
    begun = monotonic()
    for text in mutants(subject.code, subject.language, entry):
        if monotonic() - begun > min(WITHIN_S, within_s):
            break
        program = Program({subject.main: text}, subject.main, tests=subject.tests)
        ran = await sandbox.run(program, Limits(wall_s=A_MUTANT_S, memory_mb=64))
        if not ran.executed:
            return replace(told, why=ran.reason)
        killed.append((not ran.passed, ()))
    return replace(told, killed=tuple(killed), examples=examples)


async def _outcomes(
    subject: Subject, sandbox: Sandbox, entry: str, given: tuple[str, ...], within_s: float
) -> Tried:
    groups = [given[start : start + A_TEST] for start in range(0, len(given), A_TEST)]
    tests = tuple(
        Test(f"tried {number}", TRY % (json.dumps([trees.literal(one) for one in group]), entry))
        for number, group in enumerate(groups)
    )
    code = ticking(subject.code, subject.language) + FUEL
    program = Program({subject.main: code}, subject.main, tests=tests)
    ran = await sandbox.run(program, Limits(wall_s=min(OUTCOMES_S, within_s), memory_mb=64))
    return _read(ran, entry, groups)


def _read(ran: Ran, entry: str, groups: list[tuple[str, ...]]) -> Tried:
    if not ran.executed:
        return Tried(why=ran.reason)
    inputs: list[str] = []
    outcomes: list[Outcome] = []
    for group, test in zip(groups, ran.tests, strict=True):
        match = TOLD.match(test.reason)
        if match is None:
            endless = "limit was reached" in test.reason
            if endless and not test.reason.startswith(f"{entry}("):
                continue  # the time was up before it was called
            inputs.append(_blamed(group, entry, test.reason))
            outcomes.append(Outcome("endless" if endless else "object", "", ""))
            continue
        try:
            rows = json.loads(match[1])
        except ValueError:
            continue
        for text, row in zip(group, rows, strict=False):
            inputs.append(text)
            kind, *rest = map(str, row)
            plain = kind == "value"
            outcomes.append(Outcome(kind, rest[0], NOTHING.get(rest[0], rest[0]) if plain else rest[-1]))  # fmt: skip
    return Tried(entry, tuple(inputs), tuple(outcomes))


def _blamed(group: tuple[str, ...], entry: str, reason: str) -> str:
    """The arguments of the call that a reason begins with; the first of the group where they are written otherwise."""
    for text in group:
        if reason.startswith(f"{entry}({json.dumps(trees.literal(text))[1:-1]})"):
            return text
    return group[0]


# What `tried.odd` calls nothing, in JavaScript's words.
NOTHING = {"undefined": "NoneType", "NaN": "NoneType"}


def _inputs(examples: Sequence[str]) -> tuple[str, ...]:
    """Argument lists near those of the examples, the examples' own first."""
    others = zip_longest(*(near(trees.literal(text)) for text in examples))
    rest = (repr(one) for one in chain.from_iterable(others) if one is not None)
    return tuple(dict.fromkeys(chain(examples[:4], rest)))[:MOST] if examples else ()


def _calls(subject: Subject, entry: str) -> Iterator[str]:
    """The arguments with which tests call `entry`, as texts of Python tuples, where JSON has the same values."""
    for test in subject.tests:
        for node in grammars.nodes(grammars.tree(test.code, subject.language)):
            if node.type != "call_expression":
                continue
            function, args = (node.child_by_field_name(name) for name in ("function", "arguments"))
            if function is None or args is None or grammars.text(function) != entry:
                continue
            text = re.sub(
                r"\b(true|false|null)\b", lambda word: WORDS[word[0]], grammars.text(args)
            )
            try:
                values = trees.literal(f"({text[1:-1]},)" if text != "()" else "()")
                json.dumps(values)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
            yield repr(values)
