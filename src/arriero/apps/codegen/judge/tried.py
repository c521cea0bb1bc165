"""Tries a Python function, class or script in the sandbox: its mutants, other inputs than the examples', larger ones.

One run for all of it. The code shares a process with what tries it and could lie, so this never says that code is
right: it says how sharp the examples are, what looks odd, and how time grows.
"""

from __future__ import annotations

import ast
import json
import math
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import javascript_tests, scripts, sessions
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.edges import unspoken
from arriero.apps.codegen.judge.guesses import shapes
from arriero.apps.codegen.judge.inputs import calls, inputs
from arriero.apps.codegen.judge.mutants import mutants
from arriero.apps.codegen.judge.parse import Function, found_in
from arriero.apps.codegen.judge.report import Problem, Scaling
from arriero.apps.codegen.sandbox.base import Limits, Program, Ran, Sandbox, Test

PROBE = Path(__file__).with_name("inside") / "probe.py"
ENTRY = "arriero_probe.py"
# Work is bounded by the processor's time: on a busy machine the same work takes many times as long.
CPU_S, MEMORY_MB = 0.8, 192
# What a function raises that did not expect its input; a ValueError may be what was asked for.
SURPRISES = frozenset(
    "ArgumentCountError DivisionByZeroError FloatDomainError FrozenError NoMethodError UnhandledMatchError "
    "AttributeError IndexError KeyError NameError RecursionError TypeError UnboundLocalError ZeroDivisionError "
    "SIGABRT SIGBUS SIGFPE SIGILL SIGSEGV std::bad_alloc std::length_error std::out_of_range "
    "java.lang.ArithmeticException java.lang.ArrayIndexOutOfBoundsException java.lang.ClassCastException "
    "java.lang.IndexOutOfBoundsException java.lang.NegativeArraySizeException java.lang.NullPointerException "
    "java.lang.OutOfMemoryError java.lang.StackOverflowError java.lang.StringIndexOutOfBoundsException".split()
) | {
    "Allowed memory size", "SystemStackError",
    "attempt to calculate the remainder with a divisor of zero", "attempt to divide by zero", "attempt to subtract with overflow",
    "called `Option::unwrap()` on a `None` value", "index out of bounds", "runtime error",
}  # fmt: skip
# What is wrong whatever was given; arguments that were only guessed may surprise a right function.
NOWHERE = frozenset("NameError ReferenceError UnboundLocalError".split())
# As well as a loop without end.
TOO_DEEP = frozenset(
    {"RecursionError", "java.lang.StackOverflowError", "SystemStackError", "Allowed memory size"}
)
IN_PLACE = re.compile(
    r"in[- ]place|modif|mutat|swap|updat|sort the|append|remove|reverse", re.IGNORECASE
)
# What reading a line raises that the code wrote itself, in the name of what tries it.
UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, RecursionError, MemoryError)  # fmt: skip
LONGEST = 50_000  # characters; every mutant is the whole text once more
MOST_KEPT = 5  # generated tests; more are not read
MOST_SAME = 8  # calls that code which is changed has to answer as before


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: `value`, `object` (no plain value), `raised` or `endless`; its text; its type or message."""

    kind: str
    text: str
    more: str
    changes: bool = False
    steady: bool = True


@dataclass(frozen=True, slots=True)
class Tried:
    """What a probe told. Without outcomes nothing was tried; `why` says what stood against it.

    `crashed`: in which run a script ended in which error, where none ended well.
    `inputs` are texts of Python tuples: the arguments of a `function`, the session of a `class`, the arguments and the
    standard input of a `script`; `examples` are those of the caller's examples. `guessed`: neither examples nor types said what it takes.
    """

    entry: str = ""
    inputs: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    killed: tuple[tuple[bool, tuple[int, ...]], ...] = ()
    scaling: Scaling | None = None
    why: str = ""
    kind: str = "function"
    guessed: bool = False
    language: str = "python"
    examples: tuple[str, ...] = ()
    crashed: str = ""

    @property
    def strength(self) -> float | None:
        """The share of mutants that the examples kill (none without examples)."""
        return sum(one for one, _ in self.killed) / len(self.killed) if self.killed else None

    @property
    def loose(self) -> float:
        """The share of mutants that differ somewhere and that no example kills; one that never differs is no mutant."""
        live = sum(not by_examples and bool(places) for by_examples, places in self.killed)
        return live / len(self.killed) if self.killed else 0.0


@dataclass(frozen=True, slots=True)
class Thing:
    """What is tried, and with what: `inputs` as they are, or the one of the `shapes` that it answers best."""

    kind: str
    entry: str
    examples: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    shapes: tuple[tuple[str, ...], ...] = ()

    @property
    def guessed(self) -> bool:
        return not self.inputs and not self.examples


async def tried(subject: Subject, sandbox: Sandbox, *, performance: bool, within_s: float) -> Tried:
    """What trying came to; about 100 ms. Nothing runs outside of the sandbox."""
    thing = thing_of(subject)
    if isinstance(thing, str):
        return Tried(why=thing)
    if len(subject.code) > LONGEST:
        return Tried(why=f"it is longer than {LONGEST:,} characters")
    changed = mutants(subject.code, thing.entry or None)
    nonce = secrets.token_hex(16)
    order = {
        "nonce": nonce,
        "kind": thing.kind,
        "code": subject.code,
        "entry": thing.entry,
        "inputs": [*thing.examples, *thing.inputs],
        "shapes": thing.shapes,
        "tests": [test.code for test in subject.tests],
        "mutants": changed,
        "grows": performance and thing.kind == "function",
        "grow": (thing.examples or thing.inputs)[:4],
    }
    files = {
        **(scripts.FILES if thing.kind == "script" else {}),
        **subject.every,
        ENTRY: PROBE.read_text(encoding="utf-8"),
        "order.json": json.dumps(order),
    }
    limits = Limits(within_s, CPU_S, MEMORY_MB)
    ran = await sandbox.run(Program(files, ENTRY), limits)
    told = replace(read(ran, nonce, thing), entry=thing.entry or subject.main)
    if told.outcomes and thing.kind == "script" and scripts.PASSING.search(subject.code):
        told = replace(told, outcomes=tuple(replace(one, steady=False) for one in told.outcomes))
    return told


def thing_of(subject: Subject) -> Thing | str:
    """What there is to try, or why there is nothing."""
    tree = trees.parse(subject.code)
    entry = subject.entry or ""
    found = found_in(tree, entry) if entry else _last(tree)
    match found:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if "." not in entry:
            examples = calls(subject.tests, found.name)
            given = inputs(found, examples)
            guesses = () if examples or given else shapes(sessions.parameters_of(found))
            return Thing("function", found.name, examples, given, guesses)
        case ast.Assign(value=ast.Lambda() as made) if "." not in entry:
            examples = calls(subject.tests, entry)
            return Thing("function", entry, examples, shapes=shapes(sessions.parameters_of(made)))
        case ast.ClassDef() if not subject.tests:
            every = sessions.sessions(sessions.class_in(found))
            return Thing("class", found.name, shapes=every)
        case None if not entry and not subject.tests:
            return Thing("script", "", shapes=(scripts.runs(subject.code),))
    return "what was asked for is no plain function"


def _last(tree: ast.Module) -> ast.stmt | None:
    """Where no name was asked for: the last definition of code that does nothing by itself; None for a script."""
    definitions = [node for node in tree.body if isinstance(node, (Function, ast.ClassDef))]
    quiet = (Function, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    for node in tree.body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not text and not isinstance(node, quiet):
            return None
    public = [node for node in definitions if not node.name.startswith("_")]
    return public[-1] if public else None


def read(ran: Ran, nonce: str, thing: Thing) -> Tried:
    """What a run of the probe says; a part that is missing or unreadable says nothing."""
    if not ran.executed:
        return Tried(why=ran.reason)
    offered = {*thing.examples, *thing.inputs, *(text for shape in thing.shapes for text in shape)}
    given: tuple[str, ...] | None = None
    outcomes: tuple[Outcome, ...] = ()
    killed: list[tuple[bool, tuple[int, ...]]] = []
    scaling: Scaling | None = None
    for line in ran.stdout.splitlines():
        try:
            row = json.loads(line)
            if row["nonce"] != nonce:
                continue
            told = row["told"]
            match row["part"]:
                case "inputs":
                    given = tuple(text for text in told if text in offered)
                case "outcomes":
                    outcomes = tuple(
                        _outcome(thing.kind, what, changes, steady)
                        for what, changes, steady in told
                    )
                case "mutant":
                    places = tuple(int(place) for place in told["differs"])
                    killed.append((bool(told["by_examples"]), places))
                case "scaling":
                    sizes = tuple(map(int, told["sizes"]))
                    scaling = fitted(
                        sizes, tuple(map(float, told["seconds"])), float(told["peak_mb"])
                    )
        except UNREADABLE:
            continue
    if given is None or len(outcomes) != len(given):
        return Tried(why=f"it was not tried to its end: {ran.hit or ran.stderr.strip()[-200:]}")
    if not any(_answers(one) for one in outcomes) and thing.guessed:
        return nothing(thing.kind, given, outcomes)
    return Tried(thing.entry, given, outcomes, tuple(killed), scaling, kind=thing.kind, guessed=thing.guessed, examples=thing.examples)  # fmt: skip


def nothing(kind: str, given: Sequence[str], outcomes: Sequence[Outcome], main: str = "") -> Tried:
    """Where no call came to anything; of a script also how it crashed."""
    raised = [place for place, one in enumerate(outcomes) if one.kind == "raised"]
    if kind != "script" or not raised:
        return Tried(why=NOTHING[kind])
    first = outcomes[raised[0]]
    run = scripts.told_run(main or "the script", trees.literal(given[raised[0]]))
    error = f"{first.text}: {first.more}" if first.more else first.text
    return Tried(why=NOTHING[kind], crashed=f"{run} ended in {error}")


def _outcome(kind: str, what: Sequence[object], changes: object, steady: object) -> Outcome:
    """One outcome as it was told. Raises one of `UNREADABLE` for a value that is none: it would be code of a test."""
    told = Outcome(str(what[0]), str(what[1]), str(what[2]), bool(changes), bool(steady))
    if told.kind == "value":
        check_value(kind, trees.literal(told.text), trees.literal)
    return told


def check_value(kind: str, value: Any, literal: Callable[[str], object]) -> None:
    """Nothing when `value` is what an outcome of that kind holds, whose texts `literal` can read; else it raises."""
    if kind == "script":
        _, printed = value
        if not isinstance(printed, str):
            raise TypeError("a script prints text")
    if kind == "class":
        for how, text in value:
            if not isinstance(text, str):
                raise TypeError("a step comes to a text")
            if how == "value":
                literal(text)


NOTHING = {
    "function": "it gives no value, whatever it was called with",
    "class": "no object of it could be made, whatever it was given",
    "script": "it printed nothing or ended in an error, whatever it was given",
}


def _answers(one: Outcome) -> bool:
    return one.kind in {"value", "object"}


def fitted(sizes: tuple[int, ...], seconds: tuple[float, ...], peak_mb: float) -> Scaling:
    """The class that fits best: the slope of time over size, both on logarithmic scales (as big-O does)."""
    if len(sizes) < 3:
        return Scaling("unknown", sizes, seconds, peak_mb, sure=False)
    x = [math.log2(size) for size in sizes]
    y = [math.log2(max(second, 1e-9)) for second in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((one - middle_x) ** 2 for one in x)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / spread
    off = max(abs(b - middle_y - slope * (a - middle_x)) for a, b in zip(x, y, strict=True))
    bounds = ((0.25, "constant"), (0.75, "sublinear"), (1.2, "linear"), (1.5, "n log n"), (2.5, "quadratic"), (3.5, "cubic"))  # fmt: skip
    grows = next((name for most, name in bounds if slope < most), "exponential")
    return Scaling(grows, sizes, seconds, peak_mb, sure=off < 0.35)


def kept(told: Tried) -> tuple[Test, ...]:
    """Tests of our own: inputs that kill a mutant, the fewest that kill all that any kills (greedily)."""
    usable = {
        place
        for place, one in enumerate(told.outcomes)
        if one.kind == "value" and one.steady and not one.changes
    }
    left = [set(places) & usable for _, places in told.killed]
    left = [places for places in left if places]
    chosen: list[int] = []
    while left and len(chosen) < MOST_KEPT:
        best = max(sorted(usable), key=lambda place: sum(place in places for places in left))
        chosen.append(best)
        left = [places for places in left if best not in places]
    return tuple(
        Test(f"generated {number}", _as_test(told, place), objects=told.kind == "class")
        for number, place in enumerate(chosen, 1)
    )


def same(told: Tried) -> tuple[Test, ...]:
    """What a function answers as tests of another that is to do the same; none where it answers all calls alike.

    Calls that raise, change their arguments or are not steady are left out: whoever tidies code may mend those.
    """
    if (
        told.kind != "function"
        or len({one.text for one in told.outcomes if one.kind == "value"}) < 2
    ):
        return ()
    usable = [
        place
        for place, one in enumerate(told.outcomes)
        if one.kind == "value" and one.steady and not one.changes
    ]
    return tuple(
        Test(f"as before {number}", _as_test(told, place))
        for number, place in enumerate(usable[:MOST_SAME], 1)
    )


def _as_test(told: Tried, place: int) -> str:
    given = trees.literal(told.inputs[place])
    if told.language in {"javascript", "jsx", "tsx", "typescript"}:
        return javascript_tests.as_test(told.kind, told.entry, given, told.outcomes[place].text)
    if told.language != "python" and told.kind == "script":
        return f"{scripts.told_run(told.entry, given)}: prints {trees.literal(told.outcomes[place].text)[1]!r}"
    match told.kind:
        case "class":
            return sessions.as_test(told.entry, given, told.outcomes[place].text)
        case "script":
            _, printed = trees.literal(told.outcomes[place].text)
            return scripts.as_test(told.entry, given, printed)
    return f"assert {_call(told, place)} == {told.outcomes[place].text}"


def came(told: Tried) -> tuple[tuple[str, str], ...]:
    """Each call that was tried with the value it gave; "" where it raised, went on and on, or is not steady."""
    if told.kind != "function":
        return ()
    return tuple(
        (_call(told, place), one.text if one.kind == "value" and one.steady else "")
        for place, one in enumerate(told.outcomes)
    )


def odd(told: Tried, subject: Subject) -> tuple[Problem, ...]:
    """Properties that do not hold: it answers, the same each time, in one type, and leaves its arguments alone."""
    return tuple(_odd(told, subject))


def _odd(told: Tried, subject: Subject) -> Iterator[Problem]:
    if told.guessed:
        yield from _surely_odd(told)
        return
    seen: set[str] = set()
    for place, one in enumerate(told.outcomes):
        call = _call(told, place)
        endless = one.kind == "endless" or (one.kind == "raised" and one.text in TOO_DEEP)
        if endless and (kind := _unspoken(told, subject, place)):
            if "beyond" not in seen:
                seen.add("beyond")
                yield Problem(0, f"{call} goes on and on; nobody spoke of {kind}", "beyond")
            continue
        if one.kind == "raised" and one.text in SURPRISES and one.text not in seen:
            seen.add(one.text)
            said = f"{one.text}: {one.more}" if one.more else one.text
            yield Problem(0, f"{call} raises {said}"[:300], "raises")
        elif one.kind == "endless" and "endless" not in seen:
            seen.add("endless")
            yield Problem(0, f"{call} goes on and on", "endless")
        elif not one.steady and "unsteady" not in seen:
            seen.add("unsteady")
            yield Problem(0, f"{call} gives another result the second time", "unsteady")
        elif one.changes and "changes" not in seen and _returns(one) and not _in_place(subject):
            seen.add("changes")
            yield Problem(0, f"{call} changes its argument", "changes")
    yield from _mixed(told)


def _unspoken(told: Tried, subject: Subject, place: int) -> str:
    """What of the arguments neither the examples nor words speak of; "" where that is none of it."""
    if told.kind != "function":
        return ""
    examples = [trees.literal(text) for text in told.examples]
    return unspoken(subject, trees.literal(told.inputs[place]), examples)


def _surely_odd(told: Tried) -> Iterator[Problem]:
    """What is odd though the arguments were guessed: a name that does not exist, and nothing but endless calls."""
    for place, one in enumerate(told.outcomes):
        lost = {one.text} if one.kind == "raised" else set()
        if told.kind == "class" and one.kind == "value":
            lost = {
                text for kind, text in trees.literal(one.text) if kind == "raised"
            }  # a list in JSON as well
        if named := sorted(lost & NOWHERE):
            yield Problem(0, f"{_call(told, place)} raises {named[0]}"[:300], "raises")
            break
    endless = [place for place, one in enumerate(told.outcomes) if one.kind == "endless"]
    if 2 * len(endless) > len(told.outcomes):
        yield Problem(0, f"{_call(told, endless[0])} goes on and on", "endless")
    unsteady = [place for place, one in enumerate(told.outcomes) if not one.steady]
    if unsteady and told.kind == "function":
        yield Problem(
            0, f"{_call(told, unsteady[0])} gives another result the second time", "unsteady"
        )


def _mixed(told: Tried) -> Iterator[Problem]:
    """Another type for one input than for the examples: None where the others are numbers, say."""
    values = [(place, one.more) for place, one in enumerate(told.outcomes) if one.kind == "value"]
    kinds = [kind for _, kind in values]
    if not kinds or len(set(kinds)) == 1 or set(kinds) == {"int", "float"}:
        return
    common = max(sorted(set(kinds)), key=kinds.count)
    if any(kind == "NoneType" and told.inputs[place] in told.examples for place, kind in values):
        return  # an example says that it may
    for place, kind in values:
        if kind == "NoneType" and common != kind:
            yield Problem(0, f"{_call(told, place)} gives None, others {common}", "mixed")
            return


def _returns(one: Outcome) -> bool:
    return one.kind in {"value", "object"} and one.text != "None"


def _in_place(subject: Subject) -> bool:
    """Whether it was asked to change what it is given."""
    function = found_in(trees.parse(subject.code), subject.entry) if subject.entry else None
    words = ast.get_docstring(function) or "" if isinstance(function, Function) else ""
    return bool(IN_PLACE.search(f"{subject.asked} {words} {subject.entry}"))


def _call(told: Tried, place: int) -> str:
    given = trees.literal(told.inputs[place])
    match told.kind:
        case "class":
            return sessions.told_steps(told.entry, given)
        case "script":
            return scripts.told_run(told.entry, given)
    args: Sequence[object] = given
    return f"{told.entry}({', '.join(map(repr, args))})"
