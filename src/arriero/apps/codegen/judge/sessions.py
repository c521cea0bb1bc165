"""What is done with a class that has no example: an object is made, and its methods are called in some order.

A session is (what the object is made with, the steps); what it comes to is a list of what each step came to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arriero.apps.codegen.judge.guesses import OTHER, Parameter, arguments, constructors
from arriero.apps.codegen.judge.parse import Function

ROUNDS = 3
MOST_STEPS = 24


@dataclass(frozen=True, slots=True)
class Method:
    """A public method, or what is read without brackets (`read`)."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    read: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """What a class offers. `made_with` are the constructor's parameters that have no default."""

    name: str
    made_with: tuple[Parameter, ...] = ()
    methods: tuple[Method, ...] = ()


def sessions(of: Class) -> tuple[tuple[str, ...], ...]:
    """Shapes as `guesses.shapes` gives them: for each way to make an object two sessions, as texts of tuples."""
    return tuple(
        tuple(repr((made, steps)) for steps in _plans(of)) for made in constructors(of.made_with)
    )


def _plans(of: Class) -> Iterator[list[tuple[str, tuple[object, ...] | None]]]:
    """Methods that take something come twice a round before those that only tell; once in the order of the class."""
    takes = [one for one in of.methods if one.parameters]
    tells = [one for one in of.methods if not one.parameters]
    given = {one.name: arguments(one.parameters) for one in of.methods if not one.read}
    for first, second in ((takes, tells), (list(of.methods), [])):
        steps: list[tuple[str, tuple[object, ...] | None]] = []
        for number in range(ROUNDS):
            steps += [
                (one.name, _at(given, one, 2 * number + turn))
                for one in first
                for turn in ((0, 1) if one.parameters else (0,))
            ]
            steps += [(one.name, _at(given, one, number)) for one in second]
        yield steps[:MOST_STEPS]


def _at(
    given: dict[str, tuple[tuple[object, ...], ...]], one: Method, number: int
) -> tuple[object, ...] | None:
    return None if one.read else given[one.name][number % len(given[one.name])]


def class_in(node: ast.ClassDef) -> Class:
    """What a class of Python offers: its public methods, its properties, what `__init__` takes."""
    made: tuple[Parameter, ...] = ()
    methods: list[Method] = []
    marks = {ast.unparse(mark).partition("(")[0].rpartition(".")[2] for mark in node.decorator_list}
    if "dataclass" in marks:
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and one.value is None]
        made = tuple(
            Parameter(ast.unparse(one.target), ast.unparse(one.annotation)) for one in fields
        )
    for item in node.body:
        if not isinstance(item, Function):
            continue
        decorated = {ast.unparse(mark).rpartition(".")[2] for mark in item.decorator_list}
        if item.name == "__init__":
            made = parameters_of(item, node.name, bound=True)
        elif not item.name.startswith("_") and not decorated & {"setter", "deleter"}:
            read = bool(decorated & {"property", "cached_property"})
            bound = "staticmethod" not in decorated
            methods.append(
                Method(item.name, () if read else parameters_of(item, node.name, bound=bound), read)
            )
    return Class(node.name, made, tuple(methods))


def parameters_of(
    function: Function | ast.Lambda, owner: str = "", *, bound: bool = False
) -> tuple[Parameter, ...]:
    """The parameters that have to be given by position, without `self`. Those that take `owner` are `other`."""
    every = [*function.args.posonlyargs, *function.args.args]
    every = every[: len(every) - len(function.args.defaults)][1 if bound else 0 :]
    found = []
    for one in every:
        text = ast.unparse(one.annotation).strip("'\"") if one.annotation else ""
        found.append(
            Parameter("other", "") if owner and text == owner else Parameter(one.arg, text)
        )
    return tuple(found)


def told_steps(entry: str, session: tuple[Sequence[object], Sequence[Sequence[object]]]) -> str:
    """A session in one line: `Stack(): push(3), pop()`."""
    made, steps = session
    shown = [str(name) if args is None else f"{name}({_args(args)})" for name, args in steps]  # type: ignore[arg-type]
    return f"{entry}({_args(made)}): {', '.join(shown)}"


def _args(args: Sequence[object]) -> str:
    return ", ".join("other" if one == OTHER else repr(one) for one in args)


def as_test(
    entry: str, session: tuple[Sequence[object], Sequence[Sequence[object]]], came: str
) -> str:
    """The session as Python code that asserts what each step came to, as far as that is a plain value."""
    made, steps = session
    lines = [f"one = {entry}({_args(made)})"]
    if any(OTHER in args for _, args in steps if args):  # type: ignore[operator]
        lines.append(f"other = {entry}({_args(made)})")
    for (name, args), (kind, text) in zip(steps, ast.literal_eval(came), strict=False):
        call = f"one.{name}" if args is None else f"one.{name}({_args(args)})"  # type: ignore[arg-type]
        if kind == "value":
            lines.append(f"assert {call} == {text}")
        elif kind == "raised":
            lines += ["try:", f"    {call}", f"except {text if text.isidentifier() else 'Exception'}:", "    pass",
                      "else:", f"    raise AssertionError({f'{call} raised no {text}'!r})"]  # fmt: skip
        else:
            lines.append(call)
    return "\n".join(lines)
