"""Errors thrown away, loops without an end, races, and what is never closed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from arriero.apps.codegen.security.findings import Weakness
from arriero.apps.codegen.security.names import dotted
from arriero.apps.codegen.security.shape import Shaped, weakness

GUARD = re.compile(
    r"(?i)verif|valid|auth|check|login|permission|certif|signature|decrypt|integrity|allow|polic|licen[cs]e|sanit|limit|lock|set[ug]id|chmod|chown"
)
ACCESS = re.compile(
    r"(?i)admin|role|permission|is_staff|is_superuser|authenticated|authori[sz]ed|owner|password|request\.(form|args|json|headers|GET|POST|cookies|user)|\buser\b|balance|allowed|signature"
)
LEAVES = (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)
# Loops of servers: they wait for the next piece of work in each round.
WAITS = re.compile(
    r"accept|sleep|wait|select|poll|\bget\(|serve|recvfrom|input\(|exit|schedule|run_pending|listen|next\(|consume|communicate|join\("
)
GROWS = frozenset({"append", "extend", "add", "write", "put"})
CLOSES = frozenset({"close", "release", "shutdown", "disconnect", "quit"})


def swallowed(shaped: Shaped) -> Iterator[Weakness]:
    """`except Exception: pass` around a check, or anywhere."""
    for node in shaped.of(ast.Try):
        for handler in node.handlers:
            if _broad(handler) and all(_nothing(one) for one in handler.body):
                called = " ".join(
                    dotted(part.func, str)
                    for one in node.body
                    for part in ast.walk(one)
                    if isinstance(part, ast.Call)
                )
                yield weakness(
                    "swallowed" if GUARD.search(called) else "swallowed-anywhere", handler
                )
            elif _broad(handler) and _says_yes(handler.body):
                yield weakness("swallowed", handler)


def _broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def _nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass | ast.Continue) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _says_yes(body: list[ast.stmt]) -> bool:
    match body:
        case [*_, ast.Return(value=ast.Constant(value=True))]:
            return True
    return False


def endless(shaped: Shaped) -> Iterator[Weakness]:
    """`while True` that collects and never leaves."""
    for node in shaped.of(ast.While):
        if not isinstance(node.test, ast.Constant) or not node.test.value:
            continue
        parts = [part for one in node.body for part in ast.walk(one)]
        leaves = any(isinstance(part, LEAVES) for part in parts)
        text = "\n".join(ast.unparse(one) for one in node.body)
        grows = any(
            isinstance(part, ast.AugAssign) or (isinstance(part, ast.Call) and _last(part) in GROWS)
            for part in parts
        )
        idle = not any(isinstance(part, ast.Call) for part in parts)
        if not leaves and (grows or idle) and not WAITS.search(text):
            yield weakness("endless", node)


def asserted(shaped: Shaped) -> Iterator[Weakness]:
    """`assert` where somebody's access or input is checked."""
    for event_line, text in shaped.handlers.items():
        for node in shaped.of(ast.Assert):
            end = event_line + text.count("\n") + 1
            if event_line <= node.lineno <= end and ACCESS.search(ast.unparse(node.test)):
                yield weakness("asserted", node)
    for node in shaped.of(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.lineno not in shaped.handlers and not node.name.startswith("test"):
            for part in ast.walk(node):
                if isinstance(part, ast.Assert) and re.search(
                    r"(?i)is_admin|\.role|permission|is_staff|is_superuser|authenticated|authori[sz]ed",
                    ast.unparse(part.test),
                ):
                    yield weakness("asserted", part)


def exists_then(shaped: Shaped) -> Iterator[Weakness]:
    """`if not os.path.exists(path): open(path, "w")`."""
    for node in shaped.of(ast.If):
        asked = {
            ast.unparse(call.args[0])
            for call in _calls(node.test)
            if _last(call) in {"exists", "isfile", "lexists", "islink"} and call.args
        }
        asked |= {
            ast.unparse(call.func.value)
            for call in _calls(node.test)
            if _last(call) in {"exists", "is_file", "is_symlink"}
            and isinstance(call.func, ast.Attribute)
            and not call.args
        }
        for call in (call for one in (*node.body, *node.orelse) for call in _calls(one)):
            if asked and (_subject(call) in asked) and _changes(call):
                yield weakness("exists-then", call)


def _changes(call: ast.Call) -> bool:
    last = _last(call)
    if last == "open":
        mode = next(
            (
                arg.value
                for arg in [*call.args, *(key.value for key in call.keywords)]
                if isinstance(arg, ast.Constant)
                and isinstance(arg.value, str)
                and set(arg.value) <= set("rwaxbt+")
            ),
            "r",
        )
        return "w" in str(mode) or "a" in str(mode)
    return last in {"remove", "unlink", "rename", "write_text", "write_bytes", "chown", "chmod"}


def _subject(call: ast.Call) -> str:
    if (
        _last(call) in {"write_text", "write_bytes", "unlink"}
        and isinstance(call.func, ast.Attribute)
        and dotted(call.func.value, str) != "os"
    ):
        return ast.unparse(call.func.value)
    if (
        _last(call) == "open"
        and isinstance(call.func, ast.Attribute)
        and dotted(call.func.value, str) not in {"io", "codecs"}
    ):
        return ast.unparse(call.func.value)
    return ast.unparse(call.args[0]) if call.args else ""


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))


def _last(call: ast.Call) -> str:
    return dotted(call.func, str).rpartition(".")[2]


def leaks(shaped: Shaped) -> Iterator[Weakness]:
    """`file = open(...)` that is used here and closed nowhere."""
    for function in shaped.of(ast.FunctionDef, ast.AsyncFunctionDef):
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if (
                    shaped.module.name(call.func)
                    in {"open", "io.open", "socket.socket", "socket.create_connection"}
                ):
                    if not _leaves(function, name):
                        yield weakness("leak", node)


def _leaves(function: ast.AST, name: str) -> bool:
    """Whether the variable is closed, handed on, returned, or managed by `with` somewhere in the function."""
    receivers: set[int] = set()
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id=used) as part, attr=attr) if used == name:
                receivers.add(id(part))
                if attr in CLOSES:
                    return True
            case (
                ast.For(iter=ast.Name(id=used) as part)
                | ast.comprehension(iter=ast.Name(id=used) as part)
            ) if used == name:
                receivers.add(id(part))
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and id(node) not in receivers
        for node in ast.walk(function)
    )


def races(shaped: Shaped) -> Iterator[Weakness]:
    """A global that functions on threads count up without a lock."""
    text = shaped.module.text
    if not re.search(r"Thread\(|ThreadPool|threading", text) or re.search(
        r"Lock\(|Semaphore\(", text
    ):
        return
    for function in shaped.of(ast.FunctionDef):
        names = {
            name
            for node in ast.walk(function)
            if isinstance(node, ast.Global)
            for name in node.names
        }
        on_thread = re.search(rf"(target=|submit\(|map\(){function.name}\b", text) is not None
        for node in ast.walk(function):
            counted = isinstance(node, ast.AugAssign) and dotted(node.target, str) in names
            set_anew = isinstance(node, ast.Assign) and any(
                dotted(target, str) in names for target in node.targets
            )
            if counted or (
                set_anew
                and on_thread
                and not isinstance(getattr(node, "value", None), ast.Constant)
            ):
                yield weakness("race", node)


def locks(shaped: Shaped) -> Iterator[Weakness]:
    """`lock.acquire()` and `lock.release()` with code between that may raise."""
    for node in shaped.nodes:
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        taken = {
            _method(one, "acquire"): place
            for place, one in enumerate(body)
            if _method(one, "acquire")
        }
        for place, one in enumerate(body):
            start = taken.get(_method(one, "release"))
            if start is not None and place > start + 1:
                yield weakness("unowned-lock", body[start])


def _method(node: ast.stmt, name: str) -> str:
    """The object whose method `name` is called as a statement; empty otherwise."""
    call = (
        node.value.value
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await)
        else getattr(node, "value", None)
    )
    if isinstance(node, ast.Expr) and isinstance(call, ast.Call) and _last(call) == name:
        return dotted(call.func, str).rpartition(".")[0]
    return ""
