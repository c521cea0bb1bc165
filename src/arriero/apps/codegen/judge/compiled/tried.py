"""Calls compiled code that has no example: a function with values of its parameters' types, a script as it is run.

Its types say what it takes, so there is little to guess. What comes of it says that it runs, never that it is right.
"""

from __future__ import annotations

from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import scripts
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import Answers, Came, answers, refused
from arriero.apps.codegen.judge.compiled.calls import holds_object
from arriero.apps.codegen.judge.compiled.dialect import Dialect, Driven, Unspoken
from arriero.apps.codegen.judge.guesses import Parameter, shapes
from arriero.apps.codegen.judge.tried import NOTHING, Outcome, Tried
from arriero.apps.codegen.sandbox.base import Limits, Sandbox

MOST = 12  # calls
ENOUGH = 4  # different things that a script printed
CPU_S = 1.0  # for all calls of one program; a guess that never ends takes all of it


async def tried(
    subject: Subject, dialect: Dialect, sandbox: Sandbox, limits: Limits
) -> tuple[Tried, Answers]:
    """(what calling it came to, or why there is nothing to call; what building it said)."""
    limits = replace(limits, cpu_s=min(CPU_S, limits.cpu_s))
    entry = subject.entry or ""
    if not entry and dialect.starts(subject.code):
        return await _script(subject, dialect, sandbox, limits)
    try:
        rows = _rows(dialect, subject.code, entry)
        driven = dialect.driven(subject.code, entry, rows)
    except Unspoken as error:
        built = await answers(dialect.driven(subject.code, "", ()), sandbox, limits)
        return Tried(why=str(error)), built
    found = await answers(driven, sandbox, limits)
    told = _outcomes(driven, rows, found)
    answered = [one for _, one in told if one.kind in {"value", "object"}]
    if not answered:
        return Tried(why=found.why or NOTHING["function"]), found
    inputs, outcomes = zip(*told, strict=True)
    return Tried(entry, inputs, outcomes, guessed=True), found


def _rows(dialect: Dialect, code: str, entry: str) -> list[tuple[object, ...]]:
    """Argument lists by the types of what it takes."""
    if not entry:
        raise Unspoken("there is no function of that name to try")
    takes = dialect.takes(code, entry)
    return [trees.literal(text) for text in shapes([Parameter(f"arg{at}", one) for at, one in enumerate(takes)])[0]][:MOST]  # fmt: skip


def _outcomes(
    driven: Driven, rows: list[tuple[object, ...]], found: Answers
) -> list[tuple[str, Outcome]]:
    return [
        (repr(rows[row]), _outcome(found.came[at]))
        for at, row in enumerate(driven.rows)
        if at in found.came
    ]


def _outcome(came: Came) -> Outcome:
    match came:
        case Came("value", value):
            kind = "object" if holds_object(value) else "value"
            return Outcome(kind, repr(value), type(value).__name__)
        case Came("limit"):
            return Outcome("endless", "", "")
        case Came(text=said):
            return Outcome("raised", said.partition(":")[0], said)


async def _script(
    subject: Subject, dialect: Dialect, sandbox: Sandbox, limits: Limits
) -> tuple[Tried, Answers]:
    """Runs it with the usual forms of what it reads; the runs that end well and print count."""
    driven = dialect.alone(subject.code)
    files = {**scripts.FILES, **driven.program.files}
    steady = scripts.PASSING.search(subject.code) is None
    seen: dict[str, str] = {}
    by = ""
    for text in scripts.runs(subject.code):
        args, said = trees.literal(text)
        program = replace(driven.program, files=files, argv=args, stdin=said)
        ran = await sandbox.run(program, limits)
        if not ran.executed:
            return Tried(why=ran.reason), Answers(why=ran.reason)
        if ran.diagnosis:
            return Tried(), refused(driven, ran.diagnosis)
        by = ran.by
        if ran.passed and ran.stdout.strip():
            seen.setdefault(repr((0, ran.stdout[:2_000])), text)
        if len(seen) >= ENOUGH or ran.hit is not None:
            break
    if not seen:
        return Tried(why=NOTHING["script"]), Answers(by=by)
    outcomes = tuple(Outcome("value", printed, "", steady=steady) for printed in seen)
    return Tried(subject.main, tuple(seen.values()), outcomes, kind="script", guessed=True), Answers(by=by)  # fmt: skip
