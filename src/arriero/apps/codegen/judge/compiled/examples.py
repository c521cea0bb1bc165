"""How code in a language that is compiled went: with the caller's examples, or else with calls of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.compiled.answers import Answers, Came, answers
from arriero.apps.codegen.judge.compiled.calls import Call, call_of, holds_object, same
from arriero.apps.codegen.judge.compiled.dialect import OPTIONAL, Driven, Unspoken
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.mutated import mutated, quick
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.compiled.tried import CPU_S, LOST, crash, outcome, tried
from arriero.apps.codegen.judge.compiled.untyped import Untyped
from arriero.apps.codegen.judge.inputs import near
from arriero.apps.codegen.judge.report import Failure, Tests
from arriero.apps.codegen.judge.tried import Outcome, Tried, kept, odd
from arriero.apps.codegen.sandbox.base import Limits, Sandbox, Test

MOST_NEAR = 10  # calls near the examples; all of one program


async def examples(subject: Subject, sandbox: Sandbox, limits: Limits) -> Tests:
    """Builds the code with a call for each example and compares what they give; without examples it is tried.

    Nothing runs outside of the sandbox. What the language cannot say is not executed; code that does not compile is broken.
    """
    if subject.files:
        return Tests(
            executed=False, reason=f"{subject.language} of several files is not executed here"
        )
    given = included(subject.given, subject.language)
    if given != subject.given:
        # A piece of a file, as it was given: it is judged with the headers that the rest of the file has.
        code = included(subject.code, subject.language)
        tests = await examples(replace(subject, code=code, given=given), sandbox, limits)
        # The edits are of lines that stand elsewhere in the piece.
        return replace(tests, broken=tuple(replace(one, edits=()) for one in tests.broken))
    asked = [(test, call) for test in subject.tests if (call := call_of(test)) is not None]
    if not asked:
        return await _tried(subject, sandbox, limits)
    calls = [call for _, call in asked]
    rows = _rows(calls)
    try:
        driven, count = driven_by(subject, calls, rows)
    except Unspoken as error:
        built = await answers(DIALECTS[subject.language].driven(subject.code, "", ()), sandbox, limits)  # fmt: skip
        why = built.why or ("" if built.broken else str(error))
        return await _unrun(subject, replace(built, why=why), sandbox, limits)
    found = await answers(driven, sandbox, limits, last=count)
    if (found.uncalled or found.broken) and count < len(driven.rows):
        # Not for what we asked beside the examples.
        rows = rows[: len(calls)]
        driven, count = driven_by(subject, calls, rows)
        found = await answers(driven, sandbox, limits, last=count)
    if found.why or found.broken:
        return await _unrun(subject, found, sandbox, limits)
    told = [(*asked[row], found.came.get(at)) for at, row in enumerate(driven.rows[:count])]
    if any(came is not None and holds_object(came.value) for _, _, came in told):
        return Tests(executed=False, reason="it gives what is no plain value", by=found.by)
    tests = _compared(subject, told, found)
    if tests.failed:
        return tests
    tried = await _changed(subject, calls, rows, driven, found, sandbox, limits)
    # Nothing where others are something is meant where the types say so.
    meant = subject.language in OPTIONAL
    return replace(
        tests,
        odd=tuple(one for one in odd(tried, subject) if not (meant and one.rule == "mixed")),
        generated=kept(tried),
        strength=tried.strength,
        mutants=len(tried.killed),
        loose=tried.loose,
    )


async def _changed(
    subject: Subject,
    calls: Sequence[Call],
    rows: Sequence[tuple[object, ...]],
    driven: Driven,
    found: Answers,
    sandbox: Sandbox,
    limits: Limits,
) -> Tried:
    """What the calls of the examples, which `found` holds, and those beside them came to, and which mutants they tell apart."""
    few = replace(limits, cpu_s=min(CPU_S, limits.cpu_s))
    count = sum(row < len(calls) for row in driven.rows)
    others = await answers(driven, sandbox, few, first=count) if count < len(driven.rows) else found
    came = {**found.came, **others.came}
    seen = [(row, came[at]) for at, row in enumerate(driven.rows) if at in came]
    tried = Tried(
        _entry(subject, calls),
        tuple(repr(rows[row]) for row, _ in seen),
        tuple(outcome(one) for _, one in seen),
        language=subject.language,
        examples=tuple(repr(call.args) for call in calls),
    )

    async def again(code: str) -> tuple[list[Outcome], bool] | None:
        try:
            other, _ = driven_by(replace(subject, code=code), calls, rows)
        except Unspoken:
            return None
        its = await answers(other, sandbox, quick(limits))
        if its.why or its.broken or other.rows != driven.rows:
            return None
        row = {row: its.came.get(at, LOST) for at, row in enumerate(other.rows)}
        holds = all(_holds(subject, calls[at], row[at]) for at in driven.rows[:count])
        return [outcome(row[at]) for at, _ in seen], holds

    return await mutated(
        tried, subject.code, subject.language, tried.entry, again, within_s=limits.wall_s
    )


def _rows(calls: Sequence[Call]) -> list[tuple[object, ...]]:
    """The arguments of the calls, then others near them."""
    given = [call.args for call in calls]
    others = chain.from_iterable(zip_longest(*map(near, given)))
    known = {repr(one) for one in given}
    made = {repr(one): one for one in others if one is not None and repr(one) not in known}
    return [*given, *list(made.values())[:MOST_NEAR]]


def _entry(subject: Subject, calls: Sequence[Call]) -> str:
    return subject.entry or calls[0].function


def driven_by(
    subject: Subject, calls: Sequence[Call], rows: Sequence[tuple[object, ...]]
) -> tuple[Driven, int]:
    """(the program that makes a call with each of the rows, of which the calls' own are the first; how many of these it makes).

    Raises `Unspoken` where none of the calls can be said.
    """
    entry, dialect = _entry(subject, calls), DIALECTS[subject.language]
    if any(call.function != entry for call in calls):
        raise Unspoken("the examples call several functions")
    if dialect.offers(subject.code, entry) is not None:
        raise Unspoken(f"{entry} is a class; only functions are called with examples")
    driven = dialect.driven(subject.code, entry, rows)
    count = sum(row < len(calls) for row in driven.rows)
    if count == 0:
        raise Unspoken(driven.unsaid[0])
    return driven, count


async def _tried(subject: Subject, sandbox: Sandbox, limits: Limits) -> Tests:
    told, found = await tried(subject, DIALECTS[subject.language], sandbox, limits, changed=True)
    if found.why or found.broken:
        return await _unrun(subject, found, sandbox, limits)
    if not told.outcomes:
        return Tests(executed=False, reason=told.why, by=found.by, crashed=told.crashed)
    why = "it was tried; there are no examples"
    return Tests(
        executed=True,
        crashed=await crash(subject, DIALECTS[subject.language], sandbox, limits),
        reason=why,
        odd=odd(told, subject),
        generated=kept(told),
        mutants=len(told.killed),
        loose=told.loose,
        by=found.by,
    )


async def _unrun(subject: Subject, found: Answers, sandbox: Sandbox, limits: Limits) -> Tests:
    """What is said of code that was not run.

    A package that the caller says exists may only lack here. Code that goes on as given is not broken by what the given
    code lacks as well, such as its includes.
    """
    if found.why:
        return Tests(executed=False, reason=found.why)
    absent = next((name for name in subject.declared for one in found.broken if name in one.message), None)  # fmt: skip
    if absent is not None:
        return Tests(executed=False, reason=f"{absent} is not in the sandbox")
    if subject.given:
        whole = included(subject.given, subject.language)
        given = DIALECTS[subject.language].driven(whole, "", ())
        if (await answers(given, sandbox, limits)).broken:
            return Tests(
                executed=False, reason="the code that was given does not compile by itself"
            )
    return Tests(executed=False, reason="it does not compile", broken=found.broken)


def _holds(subject: Subject, call: Call, came: Came) -> bool:
    """Whether a call gave what its example expects."""
    dialect = DIALECTS[subject.language]
    loose = {"truth": dialect.truthless, "letters": dialect.letterless}
    expected = dialect.held(call.expected) if isinstance(dialect, Untyped) else call.expected
    return came.kind == "value" and same(expected, came.value, **loose)


def _compared(
    subject: Subject, told: list[tuple[Test, Call, Came | None]], found: Answers
) -> Tests:
    passed, failed = [], []
    limit = next((came.text for came in found.came.values() if came.kind == "limit"), "")
    for test, call, came in told:
        match came:
            case None:
                failed.append(Failure(test.name, error=f"no result: the {limit} limit was reached"))
            case Came("value") if _holds(subject, call, came):
                passed.append(test.name)
            case Came("value", value):
                failed.append(Failure(test.name, call.told, repr(call.expected), got=repr(value)[:300]))  # fmt: skip
            case Came("limit", text=which):
                failed.append(Failure(test.name, call.told, error=f"no result: the {which} limit was reached"))  # fmt: skip
            case Came(text=said):
                failed.append(Failure(test.name, call.told, repr(call.expected), error=said))
    return Tests(executed=True, passed=tuple(passed), failed=tuple(failed), by=found.by)
