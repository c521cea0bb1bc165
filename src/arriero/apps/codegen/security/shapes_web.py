"""Handlers that ask nobody who they are, that a link can set off, and that a list of forbidden things guards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from arriero.apps.codegen.security.findings import Weakness
from arriero.apps.codegen.security.module import Event, Function
from arriero.apps.codegen.security.shape import Shaped, weakness

ASKS = re.compile(
    r"(?i)auth|log_?in|permission|token|session|current_user|g\.user|request\.user|api_?key|depends|security|role|_required|abort\(40[13]|40[13]\b|jwt|credential|identity|verify|owner|is_staff|principal"
)
KNOWN = re.compile(
    r"(?i)login_required|current_user|get_jwt_identity|jwt_required|request\.user|g\.user|session\.get\(|session\[|get_current_user|auth"
)
OWNED = re.compile(
    r"(?i)owner|user_id\s*[!=]=|\.user\s*[!=]=|user=|user_id=|author|has_perm|permission|40[13]\b|filter_by\(.*user|current_user\.(id|\w+s)\b|created_by|belongs_to|tenant|customer_id\s*[!=]=|is_admin|is_staff|admin_required|role|=\s*(request\.user|g\.user|current_user)\b"
)
SENSITIVE = re.compile(
    r"(?i)(^|[/_-])(admin|delete|remove|shutdown|reset|backup|config|settings|users?/all|export|purge|wipe|restart|deploy|grant|promote)([/_-]|$|\b)"
)
LOOKS_UP = re.compile(
    r"(^|.*\.)(query\.get|objects\.get|get_object_or_404|get_or_404|session\.get|query\.get_or_404|find_one|db\.get)$"
)
# What has the sound of a question about the caller and is only the way to the database.
OUR_DATABASE = re.compile(
    r"Depends\(get_\w*(db|session|engine|conn)\w*\)|db\.session|\bSession\b|session(?=[.:,)])"
)
PROGRAMS = frozenset(
    {"run", "Popen", "call", "check_call", "check_output", "create_subprocess_exec"}
)
HOST = re.compile(
    r"^(https?://)?[\w-]+(\.[\w-]+)*\.(com|org|net|io|dev|internal|local|edu|de|gov|example)/?$"
)
OPEN_HOST = re.compile(
    r"https?://[\w-]*(?<!\\)(\.[\w-]+)+|^\^?[\w-]+(?<!\\)\.(example|com|org|net|io|\w+\.(com|org))"
)


def exempt(shaped: Shaped) -> Iterator[Weakness]:
    """`@csrf_exempt` above a view."""
    for node in shaped.of(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for decorator in node.decorator_list:
            text = ast.unparse(decorator)
            if re.search(r"csrf_exempt|csrf\.exempt", text):
                yield weakness("csrf", decorator)


def unasked(shaped: Shaped) -> Iterator[Weakness]:
    """A handler under an administrator's address or name that asks for nobody."""
    for event in _first_of_each_handler(shaped):
        node, text = event.scope.node, event.scope.text
        routes = " ".join(
            str(arg.value)
            for decorator in getattr(node, "decorator_list", ())
            if isinstance(decorator, ast.Call)
            for arg in decorator.args
            if isinstance(arg, ast.Constant)
        )
        if (
            SENSITIVE.search(routes)
            and not ASKS.search(text.replace(routes, ""))
            and not _asked_outside(shaped)
        ):
            yield weakness("unauthenticated", node)
        elif re.search(
            r"""methods=\[['"]GET['"]\]|\.get\(|route\((?!.*methods)""", text.partition("def ")[0]
        ) and _changes(text):
            yield weakness("state-by-get", node)


def unowned(shaped: Shaped) -> Iterator[Weakness]:
    """A handler deletes the row that a stranger names, and asks nobody whether they may."""
    for event in shaped.events:
        if event.kind != "call" or not event.scope.handler or not event.name.endswith(".delete"):
            continue
        node = event.scope.node
        named = {arg.arg for arg in node.args.args} if isinstance(node, Function) else set()
        by_stranger = any(
            isinstance(part, ast.Name) and part.id in named - {"self", "request", "db", "session"}
            for part in ast.walk(event.node)
        )
        if (
            by_stranger
            and not ASKS.search(OUR_DATABASE.sub("", event.scope.text))
            and not _asked_outside(shaped)
        ):
            yield weakness("unowned", event.node)


def _asked_outside(shaped: Shaped) -> bool:
    return (
        re.search(
            r"before_request|dependencies=|add_middleware\(\w*Auth|LoginManager|permission_classes|Basic",
            shaped.module.text,
        )
        is not None
    )


def _changes(text: str) -> bool:
    return (
        re.search(
            r"\.delete\(\)|db\.session\.delete|transfer\w*\(|DELETE FROM|UPDATE \w+ SET|INSERT INTO|\.remove\(|delete_\w+\(",
            text,
        )
        is not None
        and "commit" in text + "commit"
    )


def _first_of_each_handler(shaped: Shaped) -> Iterator[Event]:
    seen: set[int] = set()
    for event in shaped.events:
        if event.scope.handler and id(event.scope.node) not in seen:
            seen.add(id(event.scope.node))
            yield event


def foreign(shaped: Shaped) -> Iterator[Weakness]:
    """An object is looked up by a stranger's number, and its owner is not asked."""
    for event in shaped.events:
        if event.kind != "call" or not event.scope.handler or not LOOKS_UP.match(event.name):
            continue
        by_stranger = any(
            "request" in arg.value.sources for key, arg in event.args.items() if key != "."
        )
        if by_stranger and KNOWN.search(event.scope.text) and not OWNED.search(event.scope.text):
            yield weakness("foreign-object", event.node)


def options(shaped: Shaped) -> Iterator[Weakness]:
    """A stranger's text as a whole argument of a program, with no `--` before it."""
    for event in shaped.events:
        if (
            event.kind != "call"
            or event.name.rpartition(".")[2] not in PROGRAMS
            or "0" not in event.args
        ):
            continue
        command = event.args["0"].node
        if (
            not isinstance(command, ast.List | ast.Tuple)
            or "request" not in event.args["0"].value.sources
        ):
            continue
        for part in command.elts:
            if isinstance(part, ast.Constant) and part.value == "--":
                break
            if isinstance(
                part, ast.Name | ast.Subscript | ast.Call | ast.Attribute | ast.Starred
            ) and _strange(event, part):
                yield weakness("option", event.node)
                break


def _strange(event: Event, part: ast.expr) -> bool:
    return "request" in event.args["0"].value.unsafe("option") and not isinstance(
        part, ast.Constant
    )


def addresses(shaped: Shaped) -> Iterator[Weakness]:
    """`"example.org" in url`, and patterns of hosts with a bare dot."""
    for event in shaped.events:
        if event.kind == "compare" and event.name in {"In", "NotIn"}:
            left, right = event.args["0"].node, event.args["1"].node
            named = re.search(
                r"(?i)url|link|host|origin|referr?er|target|redirect|next|uri|address|domain",
                ast.unparse(right),
            )
            if (
                isinstance(left, ast.Constant)
                and isinstance(left.value, str)
                and HOST.match(left.value)
                and named
                and not isinstance(right, ast.List | ast.Set | ast.Tuple)
            ):
                yield weakness("part-of-address", event.node)
            elif (
                isinstance(left, ast.Constant)
                and left.value
                in {"<script>", "<script", "javascript:", "../", "..", ";", "'", "--", "DROP"}
                and _only_guard(event)
            ):
                yield weakness("listed-kinds", event.node)
        elif (
            event.kind == "call"
            and event.name in {"re.match", "re.compile", "re.search", "re.fullmatch"}
            and "0" in event.args
        ):
            pattern = event.args["0"].node
            if (
                isinstance(pattern, ast.Constant)
                and isinstance(pattern.value, str)
                and OPEN_HOST.search(pattern.value)
                and "\\." not in pattern.value
            ):
                yield weakness("open-pattern", event.node)


def _only_guard(event: Event) -> bool:
    """A test for one bad word, with nothing in the function that would do it properly."""
    text = event.scope.text
    return event.args["1"].value.sources & {
        "request",
        "input",
        "parameter",
    } != frozenset() and not re.search(
        r"resolve\(|is_relative_to|realpath|escape\(|\?|quote\(|fullmatch|['\"]/['\"]|os\.sep", text
    )


def removals(shaped: Shaped) -> Iterator[Weakness]:
    """`text.replace("<script>", "")` or `.replace("../", "")` as the only cleaning."""
    for event in shaped.events:
        if event.kind == "call" and event.name.endswith(".replace") and "0" in event.args:
            first = event.args["0"].node
            if (
                isinstance(first, ast.Constant)
                and first.value
                in {"<script>", "</script>", "../", "..", "javascript:", "--", "'", ";"}
                and event.args["."].value.sources & {"request", "input", "parameter"}
            ):
                second = event.args["1"].node if "1" in event.args else None
                queries = first.value not in {"--", "'", ";"} or re.search(
                    r"(?i)select|insert|update|execute", event.scope.text
                )
                if (
                    queries
                    and isinstance(second, ast.Constant)
                    and second.value == ""
                    and not re.search(
                        r"escape\(|resolve\(|is_relative_to|realpath|quote\(", event.scope.text
                    )
                ):
                    yield weakness("listed-kinds", event.node)


def identities(shaped: Shaped) -> Iterator[Weakness]:
    """`role is "admin"`."""
    for node in shaped.of(ast.Compare):
        for op, side in zip(node.ops, node.comparators, strict=True):
            literal = any(
                isinstance(one, ast.Constant)
                and isinstance(one.value, str | int | bytes | float)
                and not isinstance(one.value, bool)
                for one in (node.left, side)
            )
            if isinstance(op, ast.Is | ast.IsNot) and literal:
                yield weakness("identity", node)
