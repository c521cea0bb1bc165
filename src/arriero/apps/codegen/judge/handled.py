"""Whether Python code that parses or does I/O handles what can go wrong in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.parse import Function
from arriero.apps.codegen.judge.report import Problem

# Calls that fail because of what is outside of the program -> what they raise then.
FAILS = {
    "open": "OSError",
    "json.load": "ValueError",
    "json.loads": "ValueError",
    "urllib.request.urlopen": "OSError",
    "urlopen": "OSError",
    "requests.get": "requests.RequestException",
    "requests.post": "requests.RequestException",
    "httpx.get": "httpx.HTTPError",
    "httpx.post": "httpx.HTTPError",
    "socket.create_connection": "OSError",
    "subprocess.run": "OSError",
    "subprocess.check_output": "OSError",
    "ET.parse": "ParseError",
    "ET.fromstring": "ParseError",
    "yaml.safe_load": "yaml.YAMLError",
}
METHODS = {"read_text": "OSError", "read_bytes": "OSError", "write_text": "OSError"}


def unhandled(code: str) -> tuple[Problem, ...]:
    """Calls outside of any `try` whose failure nobody handles or tells of; and handlers that hide everything.

    A docstring that says what is raised tells of it: then the caller handles it.
    """
    tree = trees.parse(code)
    found = sorted({*_open(tree), *_hidden(tree)}, key=lambda one: one.line)
    return tuple(found)


def _open(tree: ast.Module) -> Iterator[Problem]:
    todo: list[tuple[ast.AST, bool]] = [(tree, False)]
    while todo:
        node, safe = todo.pop()
        if isinstance(node, Function):
            safe = "raise" in (ast.get_docstring(node) or "").lower()
        if isinstance(node, ast.Try):
            todo += [(child, True) for child in (*node.body, *node.orelse)]
            todo += [(child, safe) for child in (*node.handlers, *node.finalbody)]
            continue
        if isinstance(node, ast.With) and any(
            "suppress" in ast.unparse(item.context_expr) for item in node.items
        ):
            safe = True
        if isinstance(node, ast.Call) and not safe and (raises := _raises(node)):
            name = ast.unparse(node.func)
            yield Problem(node.lineno, f"{name} may raise {raises}, which nobody handles", "open")
        todo += [(child, safe) for child in ast.iter_child_nodes(node)]


def _raises(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        return METHODS[call.func.attr]
    if isinstance(call.func, ast.Name | ast.Attribute):
        return FAILS.get(ast.unparse(call.func), "")
    return ""


def _hidden(tree: ast.Module) -> Iterator[Problem]:
    """`except: pass`, and the same for every Exception."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            every = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            if every and all(isinstance(one, ast.Pass) for one in node.body):
                yield Problem(node.lineno, "every error is hidden here", "hidden")
