"""Dotted names of expressions: `req.get(...)` under `import requests as req` is `requests.get`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping


def imports(tree: ast.AST) -> Mapping[str, str]:
    """Local name -> full name, for every import of the module."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origin = f"{node.module}." if node.module else ""
                found[alias.asname or alias.name] = f"{origin}{alias.name}"
    return found


def dotted(node: ast.AST, known: Callable[[str], str]) -> str:
    """The name of `node`, parts joined by dots; `known` gives what a plain name stands for.

    A constant key reads like an attribute (`request.args["q"]` is `request.args.q`), any other key is `[]`,
    a call ends in `()`. Empty for what has no name (an operator, a literal).
    """
    match node:
        case ast.Name(id=name):
            return known(name)
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value, known)}.{attr}"
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            return f"{dotted(value, known)}.{key}"
        case ast.Subscript(value=value):
            return f"{dotted(value, known)}[]"
        case ast.Call(func=func):
            return f"{dotted(func, known)}()"
        case ast.Await(value=value):
            return dotted(value, known)
        case ast.Constant(value=str()):
            return "text"
    return ""


def words(node: ast.AST) -> Iterator[str]:
    """Every identifier and constant key under `node`, as it is written."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                yield key.replace("-", "_")
            case ast.Call(
                func=ast.Attribute(attr="get" | "getlist" | "pop"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                yield key.replace("-", "_")


def paths(node: ast.AST) -> Iterator[str]:
    """The variables under `node` as they are written: `path`, and `self.path` as one."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            written = dotted(part, str)
            if written and "(" not in written:
                yield written
