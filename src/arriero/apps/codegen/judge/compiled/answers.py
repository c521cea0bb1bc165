"""Runs a program that makes calls, and reads what each gave; a call that ends the program costs the others nothing."""

from __future__ import annotations

import json
import re
import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arriero.apps.codegen.judge.compiled.calls import Object, plain
from arriero.apps.codegen.judge.compiled.dialect import Driven
from arriero.apps.codegen.judge.compiled.edits import edits_in
from arriero.apps.codegen.judge.report import COMPILER, Problem
from arriero.apps.codegen.sandbox.base import Limits, Ran, Sandbox
from arriero.apps.codegen.sandbox.compilers.base import MADE

ERROR = re.compile(
    r"^(?P<file>[^\s:]+):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<said>.*)$", re.MULTILINE
)
SYMBOL = re.compile(r"^\s*symbol:\s*(.*)$", re.MULTILINE)
HINT = re.compile(r"(#include <[\w./]+>)")
FATAL = re.compile(r"^(?:fatal error: |panic: |thread '.*' panicked at ).*", re.MULTILINE)
TRACE = re.compile(r"\s|#\d+ |Stack trace:$|$")
MOST_DIGITS = 4_000  # Python neither reads nor writes more than 4,300
UNDEFINED = re.compile(r"undefined reference to [`'](.*?)'")


@dataclass(frozen=True, slots=True)
class Came:
    """What a call came to: `value`, `raised` (its words), `ended` (how the program ended in it) or `limit` (which)."""

    kind: str
    value: object = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of the calls that were begun, by their number. `why`: nothing was executed; `broken`: it does not compile.

    `uncalled`: the compiler refuses our calls of it, not the code.
    """

    came: Mapping[int, Came] = field(default_factory=dict)
    why: str = ""
    broken: tuple[Problem, ...] = ()
    by: str = ""
    uncalled: bool = False


async def answers(
    driven: Driven,
    sandbox: Sandbox,
    limits: Limits,
    *,
    first: int = 0,
    last: int | None = None,
    most_ended: int | None = None,
) -> Answers:
    """What the calls from `first` to before `last` gave. After one that ends the program the next begins in another box.

    After `most_ended` such calls the others are left.
    """
    nonce = secrets.token_hex(16)
    came: dict[int, Came] = {}
    number, end = first, len(driven.rows) if last is None else last
    while True:
        program = replace(driven.program, argv=(nonce, str(number), str(end)))
        ran = await sandbox.run(program, limits)
        if not ran.executed:
            return Answers(came, why=ran.reason)
        if ran.diagnosis:
            return refused(driven, ran.diagnosis)
        told = _told(ran.stdout, nonce)
        while number in told and number < end:
            came[number] = told[number]
            number += 1
        if number < end:
            came[number] = Came("limit", text=str(ran.hit)) if ran.hit else Came("ended", text=ended(ran))  # fmt: skip
            number += 1
        ended_ = sum(one.kind == "ended" for one in came.values())
        if number >= end or ran.hit or ended_ == most_ended:
            return Answers(came, by=ran.by)


def _told(stdout: str, nonce: str) -> dict[int, Came]:
    """The first line of each call that was told with the nonce."""
    found: dict[int, Came] = {}
    for line in stdout.split("\n"):  # a value may hold other ends of lines
        words = line.split(" ", 3)
        if len(words) != 4 or words[0] != nonce or words[2] not in {"value", "raised"}:
            continue
        try:
            number, value = int(words[1]), plain(json.loads(words[3], parse_int=_whole))
        except (ValueError, TypeError, RecursionError):  # no driver of ours writes such
            continue
        if words[2] == "raised":
            found.setdefault(number, Came("raised", text=str(value).replace(f"{MADE}/", "")[:700]))
        else:
            found.setdefault(number, Came("value", value))
    return found


def _whole(digits: str) -> int | Object:
    """A whole number; one that Python would not write out again is no plain value."""
    return (
        int(digits) if len(digits) <= MOST_DIGITS else Object(f"a number of {len(digits):,} digits")
    )


def ended(ran: Ran) -> str:
    """How a program ended itself, with the last thing it said."""
    status = ran.status or 0
    how = f"status {status}"
    if status < 0:
        try:
            how = signal.Signals(-status).name
        except ValueError:
            how = f"signal {-status}"
    last = _last_said(ran.stderr)[:200]
    return f"it ended the program with {how}" + (f" ({last})" if last else "")


def _last_said(stderr: str) -> str:
    """The last line that is no step of a trace, which PHP, Ruby and Java print below what went wrong."""
    if fatal := FATAL.search(stderr):  # behind it Go tells where every goroutine was
        return fatal[0]
    lines = stderr.replace(f"{MADE}/", "").strip().splitlines()
    plain = [one for one in lines if not TRACE.match(one)]
    return (plain or lines or [""])[-1]


def refused(driven: Driven, said: str) -> Answers:
    """What the compiler's words mean: the code is broken, or the calls of it cannot be said.

    An error of the code may be told behind those of the calls, which then follow from it.
    """
    every = list(ERROR.finditer(said))
    found = [one for one in every if one["file"] == driven.code]
    if not every:
        lacking = UNDEFINED.search(said)
        message = f"{lacking[1]} is declared and has no body" if lacking else said.splitlines()[0]
        return Answers(broken=(Problem(0, message, COMPILER),))
    if not found:
        message = _about(said, every[0])
        return Answers(why=f"it cannot be called with the examples: {message}", uncalled=True)
    return Answers(
        broken=tuple(
            Problem(int(one["line"]), _about(said, one), COMPILER, edits=edits_in(_below(said, one), driven.code))
            for one in found
        )
    )  # fmt: skip


def _below(said: str, one: re.Match[str]) -> str:
    """What stands below an error, before the next."""
    behind = said[one.end() :]
    until = ERROR.search(behind)
    return behind[: until.start()] if until else behind


def _about(said: str, one: re.Match[str]) -> str:
    """What an error says, with the symbol that Java and the header that GCC name below it."""
    message, about = one["said"], _below(said, one)
    if symbol := SYMBOL.search(about):
        message += f": {symbol[1]}"
    if hint := HINT.search(about):
        message += f" ({hint[1]} is missing)"
    return message[:300]
