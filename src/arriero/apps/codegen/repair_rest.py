"""What a correction leaves out of somebody's file stays in it.

A writer that corrects one function of a file gives back that function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge import grammars
from arriero.apps.codegen.judge.parse import name_in
from arriero.apps.codegen.repair_names import defined, place_of_imports
from arriero.core.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class Piece:
    """A statement at the top of a file: what it defines (its text, where it defines nothing), and its lines.

    `lines` are the first one's place and that behind the last one. `brings`: it imports; `does`: it defines nothing.
    """

    name: str
    lines: tuple[int, int]
    brings: bool = False
    does: bool = False


def with_rest(code: str, before: str, language: str = "python") -> str:
    """`before` with what `code` defines in its place; `code` itself where it leaves nothing out or one cannot be read."""
    new, old = _pieces(code, language), _pieces(before, language)
    have, known = {one.name for one in new}, {one.name for one in old}
    if not new or all(one.brings or one.name in have for one in old):
        return code
    lines, told = trees.lines(before), trees.lines(code)
    texts = {line.strip() for one in old for line in lines[slice(*one.lines)]}
    at = _place_of_imports(before, old, language)
    first = min((one.lines[0] for one in old if one.name in have), default=len(lines))
    for piece, others in reversed(_pairs(old, new)):
        lines[slice(*piece.lines)] = [line for one in others for line in told[slice(*one.lines)]]
    further = [one for one in new if one.name not in known]
    apart = ["", ""] if language == "python" else [""]
    anew = (one for one in further if not one.brings and not one.does)
    lines[first:first] = [line for one in anew for line in (*told[slice(*one.lines)], *apart)]
    imports = [line for one in further if one.brings for line in told[slice(*one.lines)]]
    lines[at:at] = [line for line in imports if line.strip() not in texts]
    return "\n".join(lines).rstrip("\n") + "\n"


def _pairs(old: Sequence[Piece], new: Sequence[Piece]) -> list[tuple[Piece, list[Piece]]]:
    """Each piece of `old` of which there is another version, with that.

    Of several with one name, such as overloads, the last go with the last.
    """
    left = [one for one in new if not one.brings]
    found = list[tuple[Piece, list[Piece]]]()
    for piece in reversed(old):
        same = [one for one in left if one.name == piece.name]
        if same and not piece.brings:
            is_first = piece is next(one for one in old if one.name == piece.name)
            found.append((piece, same if is_first else same[-1:]))
            left = [one for one in left if one not in found[-1][1]]
    return found[::-1]


def _pieces(code: str, language: str) -> Sequence[Piece]:
    """The statements of `code`; none where it cannot be read."""
    try:
        if language == "python":
            return tuple(map(_of_python, trees.parse(code).body))
        root = grammars.tree(code, language)
    except (SyntaxError, ValueError, RecursionError, KeyError, MissingExtra):
        return ()
    found = tuple(_of_tree(root))
    shared = any(one.lines[1] > other.lines[0] for one, other in pairwise(found))
    return () if root.has_error or shared else found


def _of_python(node: ast.stmt) -> Piece:
    text = ast.unparse(node)
    names = " ".join(sorted(defined(text)))
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]) - 1
    brings = isinstance(node, ast.Import | ast.ImportFrom)
    return Piece(names or text, (first, node.end_lineno or first + 1), brings, not names)


def _of_tree(root: Any) -> Iterator[Piece]:
    for node in root.named_children:
        if "comment" in node.type:
            continue
        # A preprocessor's line ends at the beginning of the next one.
        row, column = node.end_point
        brings = re.search(r"import|include|use_|using|require", node.type) is not None
        name = "" if brings else _name(node)
        does = not name and not node.type.startswith("impl")
        text = grammars.text(node)
        told = name or " ".join((text if does else text.partition("{")[0]).split())
        lines = node.start_point[0], row + (1 if column else 0)
        yield Piece(told, lines, brings, does)


def _name(node: Any) -> str:
    """What a statement defines; empty where that has no name, as in `impl Stack`."""
    inner = node
    while inner.type.startswith(("export_statement", "lexical_declaration", "variable_declaration", "type_declaration", "template_declaration")):  # fmt: skip
        inner = next((one for one in reversed(inner.named_children) if "comment" not in one.type), None)  # fmt: skip
        if inner is None:
            break
    held = inner and (inner.child_by_field_name("name") or inner.child_by_field_name("declarator"))
    if held is None:
        return ""
    of = inner.child_by_field_name("receiver")  # a method of Go
    kind = grammars.text(of).strip("()").split()[-1:] if of is not None else []
    return ".".join([*kind, name_in(held)])


def _place_of_imports(code: str, pieces: Sequence[Piece], language: str) -> int:
    """Where a further import may stand: behind those that are there, else at the top."""
    if language == "python":
        return place_of_imports(trees.parse(code), trees.lines(code))
    heads = [one.lines[1] for one in pieces if one.brings or _is_head(one)]
    return max(heads, default=0)


def _is_head(piece: Piece) -> bool:
    return re.match(r"package\b|<\?php|namespace\b.*;|['\"]use strict", piece.name) is not None
