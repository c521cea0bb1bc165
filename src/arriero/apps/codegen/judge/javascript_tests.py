"""What JavaScript that has no example came to, written down as a test of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from arriero.apps.codegen.judge.guesses import OTHER
from arriero.apps.codegen.judge.scripts import FILES


def as_test(kind: str, entry: str, given: Any, came: str) -> str:
    """The code of a test: the call and its value, a session's steps and theirs, a script's run and what it printed.

    `came` is JSON: the value, a list of (`value`, `object` or `raised`, text), or [status, what was printed].
    """
    if kind == "class":
        return "\n".join(_session(entry, given, json.loads(came)))
    if kind == "script":
        return "\n".join(_run(entry, given, json.loads(came)[1]))
    return f"assert.deepStrictEqual({entry}({_args(given)}), {came});"


def _session(entry: str, given: Any, came: Sequence[Sequence[str]]) -> list[str]:
    made, steps = given
    lines = [f"const one = new {entry}({_args(made)});"]
    if any(OTHER in args for _, args in steps if args):
        lines.append(f"const other = new {entry}({_args(made)});")
    for (name, args), (kind, text) in zip(steps, came, strict=False):
        call = f"one.{name}" if args is None else f"one.{name}({_args(args)})"
        if kind == "value":
            lines.append(f"assert.deepStrictEqual({call}, {text});")
        elif kind == "raised":
            lines.append(f"assert.throws(() => {call});")
        else:
            lines.append(f"{call};")
    return lines


def _run(main: str, given: Any, printed: str) -> list[str]:
    args, said = given
    needed = [name for name in args if name in FILES]
    files = [
        f'require("node:fs").writeFileSync({json.dumps(name)}, {json.dumps(FILES[name])});'
        for name in needed
    ]
    command = json.dumps([main, *args])
    run = f'require("node:child_process").execFileSync("node", {command}, {{ input: {json.dumps(said)}, encoding: "utf8" }})'
    return [*files, f"assert.strictEqual({run}, {json.dumps(printed)});"]


def _args(given: Sequence[object]) -> str:
    return ", ".join(
        "other" if one == OTHER else json.dumps(one, ensure_ascii=False) for one in given
    )
