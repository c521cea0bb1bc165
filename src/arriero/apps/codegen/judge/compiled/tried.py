"""Calls compiled code that has no example: a function with values of its parameters' types, a class, a script as it is run.

Where its types say what it takes, there is little to guess; where it has none, several shapes of values are tried and the
one is taken that it answers best. What comes of it says that it runs, never that it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import scripts
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import Answers, Came, answers, ended, refused
from arriero.apps.codegen.judge.compiled.calls import is_literal
from arriero.apps.codegen.judge.compiled.dialect import Dialect, Driven, Unspoken
from arriero.apps.codegen.judge.compiled.mutated import mutated, quick
from arriero.apps.codegen.judge.compiled.untyped import Untyped
from arriero.apps.codegen.judge.guesses import Parameter, shapes
from arriero.apps.codegen.judge.sessions import sessions
from arriero.apps.codegen.judge.tried import NOTHING, Outcome, Tried
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox

LOST = Came("limit")  # a call that was not begun, since one before it took all the time
# How languages tell that nobody caught what was raised.
CRASHED = re.compile(
    r"^(?:panic: |fatal error: |thread '.*' panicked at |Exception in thread |terminate called |(?:PHP )?Fatal error: )"
    r"|^\S+\.rb:\d+:in .*\([\w:]+\)$",
    re.MULTILINE,
)
MOST = 12  # calls
MOST_ENDED = 4  # calls that end the program or reach a limit; each costs a box
ENOUGH = 4  # different things that a script printed
CPU_S = 1.0  # for all calls of one program; a guess that never ends takes all of it


async def tried(
    subject: Subject, dialect: Dialect, sandbox: Sandbox, limits: Limits, *, changed: bool = False
) -> tuple[Tried, Answers]:
    """(what calling it came to, or why there is nothing to call; what building it said).

    `changed`: small changes of it are called as well, to see which of the calls tell them apart.
    """
    within_s = limits.wall_s if changed else 0.0
    limits = replace(limits, cpu_s=min(CPU_S, limits.cpu_s))
    entry = subject.entry or (dialect.last(subject.code) if isinstance(dialect, Untyped) else "")
    if not entry and dialect.starts(subject.code):
        return await _script(subject, dialect, sandbox, limits, within_s)
    try:
        kind, every = _rows(dialect, subject.code, entry)
        rows = [row for shape in every for row in shape]
        driven = dialect.driven(subject.code, entry, rows)
    except Unspoken as error:
        built = await answers(dialect.driven(subject.code, "", ()), sandbox, limits)
        return Tried(why=str(error)), built
    ends = list(accumulate(map(len, every)))
    found = await _answered(driven, sandbox, limits, ends)
    seen = {driven.rows[at]: outcome(one, kind) for at, one in found.came.items()}
    shaped = [
        [(at, repr(rows[at]), seen[at]) for at in range(end - len(shape), end) if at in seen]
        for shape, end in zip(every, ends, strict=True)
    ]
    best = max(range(len(every)), key=lambda at: _worth([one for *_, one in shaped[at]], kind))
    told, shape, end = shaped[best], every[best], ends[best]
    if not any(one.kind in {"value", "object"} for _, _, one in told):
        return Tried(why=found.why or NOTHING[kind]), found
    places, inputs, outcomes = zip(*told, strict=True)
    came = Tried(entry, inputs, outcomes, kind=kind, guessed=True, language=dialect.language)

    before = end - len(shape)
    said = tuple(row - before for row in driven.rows if before <= row < end)

    async def again(code: str) -> tuple[list[Outcome], bool] | None:
        try:
            other = dialect.driven(code, entry, shape)
        except Unspoken:
            return None
        its = await answers(other, sandbox, quick(limits))
        if its.why or its.broken or other.rows != said:
            return None
        row = {row + before: its.came.get(at, LOST) for at, row in enumerate(said)}
        return [outcome(row[at], kind) for at in places], True

    if not changed:
        return came, found
    name = entry if kind == "function" else ""  # methods may stand apart from their type
    return await mutated(
        came, subject.code, dialect.language, name, again, within_s=within_s
    ), found


async def _answered(
    driven: Driven, sandbox: Sandbox, limits: Limits, ends: Sequence[int]
) -> Answers:
    """What all calls gave; a call that reaches a limit takes the rest of its shape with it, which ends before one of `ends`."""
    found = Answers()
    first, most = 0, MOST_ENDED if len(ends) > 1 else None
    while True:
        more = await answers(driven, sandbox, limits, first=first, most_ended=most)
        found = replace(more, came={**found.came, **more.came})
        ended = sum(one.kind in {"ended", "limit"} for one in found.came.values())
        if more.why or more.broken or not more.came or ended >= MOST_ENDED or len(ends) == 1:
            break
        last = max(more.came)
        end = next((one for one in ends if one > driven.rows[last]), len(driven.rows))
        first = next((at for at in range(last + 1, len(driven.rows)) if driven.rows[at] >= end), len(driven.rows))  # fmt: skip
        if first >= len(driven.rows):
            break
    return found


def _worth(outcomes: Sequence[Outcome], kind: str) -> float:
    """How well a shape is answered: by how many different values, by how many steps of a class."""
    values = {one.text for one in outcomes if one.kind == "value" and one.text != "None"}
    if kind == "class":
        steps = chain.from_iterable(trees.literal(text) for text in values)
        return float(sum(how != "raised" for how, _ in steps))
    return len(values) + 0.01 * sum(one.kind == "object" for one in outcomes)


def _rows(dialect: Dialect, code: str, entry: str) -> tuple[str, list[list[tuple[object, ...]]]]:
    """(what it is, the argument lists of each shape by what it takes, or the sessions of a class)."""
    if not entry:
        raise Unspoken("there is no function of that name to try")
    offered = dialect.offers(code, entry)
    untyped = isinstance(dialect, Untyped)
    if offered is not None:
        texts = sessions(offered)
        made = texts if untyped else (tuple(chain.from_iterable(texts)),)
        return "class", [[trees.literal(text) for text in shape[:MOST]] for shape in made]
    if isinstance(dialect, Untyped):
        every = shapes(dialect.asked(code, entry))
    else:
        takes = dialect.takes(code, entry)
        every = shapes([Parameter(f"arg{at}", one) for at, one in enumerate(takes)])[:1]
    return "function", [[trees.literal(text) for text in shape[:MOST]] for shape in every]


def _told(how: object, came: object) -> str:
    """The text of what a step came to: the source of a value, the name of what was raised."""
    return came if how == "raised" and isinstance(came, str) else repr(came)


def outcome(came: Came, kind: str = "function") -> Outcome:
    """What a call came to, as other languages tell it; a crash is raised by its signal."""
    match came:
        case Came("value", steps) if kind == "class":
            pairs = [one for one in steps if isinstance(one, list) and len(one) == 2] if isinstance(steps, list) else []  # fmt: skip
            read = [
                (str(how) if is_literal(one) else "object", _told(how, one)) for how, one in pairs
            ]
            answers_ = any(how != "raised" for how, _ in read)
            return Outcome("value" if answers_ else "raised", repr(read), "")
        case Came("value", value):
            return Outcome("value" if is_literal(value) else "object", repr(value), type(value).__name__)  # fmt: skip
        case Came("limit"):
            return Outcome("endless", "", "")
        case Came(text=said):
            signal = (
                re.search(r"\bSIG[A-Z]+|Allowed memory size", said)
                if came.kind == "ended"
                else None
            )
            name, _, more = said.partition(": ")
            return Outcome("raised", signal[0], said) if signal else Outcome("raised", name, more)


async def crash(subject: Subject, dialect: Dialect, sandbox: Sandbox, limits: Limits) -> str:
    """How the program that stands around what was asked for crashes by itself; "" where it does not.

    Often it is an example of how the rest is used. One that takes arguments or input is not run: it may rightly refuse
    to go on without them; nor does it count what ends for want of what a box does not have.
    """
    alone = repr(((), ""))
    if not subject.entry or not dialect.starts(subject.code) or scripts.runs(subject.code) != (alone,):  # fmt: skip
        return ""
    limits = replace(limits, cpu_s=min(CPU_S, limits.cpu_s))
    ran = await sandbox.run(dialect.alone(subject.code).program, limits)
    broken = ran.executed and ran.hit is None and not ran.diagnosis
    crashed = (ran.status or 0) < 0 or (ran.status and CRASHED.search(ran.stderr))
    if broken and crashed and not scripts.lacks(ran.stderr):
        return f"{subject.main}: {ended(ran)}"
    return ""


async def _script(
    subject: Subject, dialect: Dialect, sandbox: Sandbox, limits: Limits, within_s: float
) -> tuple[Tried, Answers]:
    """Runs it with the usual forms of what it reads; the runs that end well and print count."""
    driven = dialect.alone(subject.code)
    steady = scripts.PASSING.search(subject.code) is None
    seen: dict[str, str] = {}
    by, crashed = "", ""
    for text in scripts.runs(subject.code):
        ran = await sandbox.run(_given(driven, text), limits)
        if not ran.executed:
            return Tried(why=ran.reason), Answers(why=ran.reason)
        if ran.diagnosis:
            return Tried(), refused(driven, ran.diagnosis)
        by = ran.by
        if (
            not crashed
            and ran.hit is None
            and ((ran.status or 0) < 0 or (ran.status and ran.stderr))
        ):
            crashed = f"{scripts.told_run(subject.main, trees.literal(text))}: {ended(ran)}"
        if ran.passed and ran.stdout.strip():
            seen.setdefault(_printed(ran), text)
        if len(seen) >= ENOUGH or ran.hit is not None:
            break
    if not seen:
        return Tried(why=NOTHING["script"], crashed=crashed), Answers(by=by)
    outcomes = tuple(Outcome("value", printed, "", steady=steady) for printed in seen)
    given = tuple(seen.values())
    came = Tried(
        subject.main, given, outcomes, kind="script", guessed=True, language=dialect.language
    )

    async def again(code: str) -> tuple[list[Outcome], bool] | None:
        other = dialect.alone(code)
        its = []
        for text in given:
            ran = await sandbox.run(_given(other, text), quick(limits))
            if not ran.executed or ran.diagnosis:
                return None
            its.append(Outcome("value" if ran.passed else "raised", _printed(ran), ""))
        return its, True

    if within_s and steady:
        came = await mutated(came, subject.code, dialect.language, "", again, within_s=within_s)
    return came, Answers(by=by)


def _given(driven: Driven, text: str) -> Program:
    """A script with one of the usual forms of what it reads."""
    args, said = trees.literal(text)
    files = {**scripts.FILES, **driven.program.files}
    return replace(driven.program, files=files, argv=args, stdin=said)


def _printed(ran: Ran) -> str:
    return repr((0, ran.stdout[:2_000]))
