"""`scan(code)`: what is weak in a piece of source code."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.security import linters, regexes, shapes_flow, shapes_secrets, shapes_web
from arriero.apps.codegen.security.findings import Findings, Weakness, merged
from arriero.apps.codegen.security.rules import weaknesses
from arriero.apps.codegen.security.shape import Shaped
from arriero.apps.codegen.security.taint import events
from arriero.core.errors import InputError, TooLarge

LONGEST = 1_000_000  # characters; the longest file of CPython's library has 250,000
LANGUAGES = ("python",)
SHAPES: Sequence[Callable[[Shaped], Iterator[Weakness]]] = (
    shapes_secrets.written,
    shapes_secrets.compared,
    shapes_secrets.short,
    shapes_flow.swallowed,
    shapes_flow.endless,
    shapes_flow.asserted,
    shapes_flow.exists_then,
    shapes_flow.leaks,
    shapes_flow.races,
    shapes_flow.locks,
    shapes_web.exempt,
    shapes_web.unasked,
    shapes_web.foreign,
    shapes_web.unowned,
    shapes_web.options,
    shapes_web.addresses,
    shapes_web.removals,
    shapes_web.identities,
    regexes.forever,
)


def scan(code: str, language: str = "python", *, heard: bool = True) -> Findings:
    """The weaknesses of `code`, the worst first. Pure but for `ruff`, which runs as a child process.

    `heard=False` leaves bandit and ruff out. Indented snippets are taken as they are meant. Raises InputError for
    text that is no Python, another language, or too long (TooLarge).
    """
    if language not in LANGUAGES:
        raise InputError(
            f"the security scan reads {', '.join(LANGUAGES)}, not {language!r}; if it is Python, give the language python",
            param="language",
        )
    if len(code) > LONGEST:
        raise TooLarge(
            f"the code has {len(code):,} characters; the scan takes {LONGEST:,} at most, so scan it file by file",
            param="code",
        )
    tree, text = parsed(code)
    lines = trees.lines(text)
    own = [replace(one, span=one.span.in_characters(lines)) for one in own_weaknesses(tree, text)]
    others, tools = linters.weaknesses(text) if heard else ((), ())
    return Findings(merged([*own, *others]), ("arriero", *tools))


def own_weaknesses(tree: ast.Module, text: str) -> list[Weakness]:
    """What our own pass finds; its columns count bytes."""
    module, happened = events(tree, text)
    shaped = Shaped(module, happened)
    return [*weaknesses(happened, module), *(one for shape in SHAPES for one in shape(shaped))]


def parsed(code: str) -> tuple[ast.Module, str]:
    """The syntax tree, and the text that it was made of. Raises InputError with the line that is wrong."""
    text = textwrap.dedent(code)
    try:
        return trees.parse(text), text
    except SyntaxError as error:
        place = f" in line {error.lineno}" if error.lineno else ""  # a null byte has none
        raise InputError(
            f"this is no Python: {error.msg}{place}; correct it and scan again",
            param="code",
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"this is no Python that can be read: {error}; correct it and scan again", param="code"
        ) from error
