"""Tests without the imports of the program that they test, whose names the sandbox offers as they are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from arriero.apps.codegen.requirement_words import PACKAGES


def offered(tree: ast.Module, own: frozenset[str]) -> ast.Module:
    """`tree` with `add(1)` for `calc.add(1)`, and for `plus(1)` behind `from calc import add as plus`.

    The program's modules are those that `own` names, and any that neither Python nor a known package has: whoever tests
    what is yet to be written calls its module as he likes.
    """
    program = _Program(own)
    body = [node for node in tree.body if not program.gives(node)]
    left = ast.Module([program.visit(node) for node in body], [])
    return ast.fix_missing_locations(left)


def is_of_a_module(node: ast.AST) -> bool:
    """Whether a name stood behind that of the program's module."""
    return getattr(node, "of_a_module", False)


def is_standard(module: str) -> bool:
    """Whether tests may import it, though it is none of the program's."""
    return module.partition(".")[0] in {*sys.stdlib_module_names, "pytest"}


@dataclass
class _Program(ast.NodeTransformer):
    """What the tests call the program's modules, and its names that they call otherwise."""

    own: frozenset[str]
    modules: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def gives(self, node: ast.stmt) -> bool:
        """Whether a statement imports the program, and nothing else; notes what it brings."""
        match node:
            case ast.Import(names=names):
                mine = [one for one in names if self._is_mine(one.name)]
                self.modules |= {one.asname or one.name for one in mine}
                node.names = [one for one in names if one not in mine]
                return not node.names
            case ast.ImportFrom(level=level, module=module, names=names) if level or self._is_mine(
                module or ""
            ):
                told = dict(_told(names))
                self.modules |= {name for name, what in told.items() if what in self.own}
                self.names |= {name: what for name, what in told.items() if name != what}
                return True
        return False

    def _is_mine(self, module: str) -> bool:
        root = module.partition(".")[0]
        return module in self.own or not (is_standard(root) or root.lower() in PACKAGES)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        loads = self.modules and isinstance(node.ctx, ast.Load)
        if loads and ast.unparse(node.value) in self.modules:
            name = ast.Name(node.attr, node.ctx)
            name.of_a_module = True  # type: ignore[attr-defined]  # a mark of ours
            return name
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node


def _told(names: list[ast.alias]) -> Iterator[tuple[str, str]]:
    for one in names:
        yield one.asname or one.name, one.name
