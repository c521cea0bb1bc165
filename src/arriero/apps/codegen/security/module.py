"""A module under the eyes of the scan: its functions, who calls them, and the events that were seen in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from arriero.apps.codegen.security.names import dotted, imports
from arriero.apps.codegen.security.value import ALL, UNKNOWN, Value, joined, said_by

Function = ast.FunctionDef | ast.AsyncFunctionDef
ROUTES = frozenset({"get", "post", "put", "delete", "patch", "head", "options"})
ALWAYS_ROUTES = frozenset(
    ("route", "websocket", "api_view", "view_config", "expose", "websocket_route", "on_event_http")
)
FRAMEWORKS = frozenset(
    "django flask fastapi starlette aiohttp rest_framework sanic bottle pyramid tornado falcon quart litestar cherrypy webob werkzeug".split()
)
COMMANDS = frozenset({"command", "argument", "option"})
VIEW_CLASS = re.compile(r"(View|Handler|Resource|Endpoint|Controller|ViewSet)$")
VIEW_METHODS = ROUTES | {"list", "create", "retrieve", "update", "destroy", "dispatch"}
# Parameters of handlers that the framework fills in, not the caller.
OURS = re.compile(
    r"^(self|cls|db|session|conn|cursor|settings|config|current_\w+|user|context|response|background_tasks|req|ws|websocket|client|app|exc|exception|error|err|call_next|next|handler|get_response|scope|loop|args|kwargs)$"
)
# Parameters that say in their name that a stranger wrote them.
STRANGE = re.compile(
    r"^(user_?(input|data|supplied\w*|provided\w*|url|path|file(name)?|query|agent|command|code|expr(ession)?|xml|text|html)|untrusted\w*|raw_input|tainted\w*"
    r"|client_(data|input)|attacker\w*|upload(ed)?(_\w+)?|request_(data|body|args|params)|query_string)$"
)
PLAIN = frozenset(
    "int float bool UUID uuid.UUID date datetime datetime.date datetime.datetime Decimal Literal".split()
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The function around an event (or the module): its name, its text, and whether strangers call it."""

    name: str
    node: ast.AST
    text: str
    handler: bool = False
    inside: str = ""  # the class around it


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument: the expression and what is known of its value."""

    node: ast.expr
    value: Value


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens in the code: a `call`, `assign`, `return`, `compare`, `repeat` or `divide`.

    `name` is the dotted name of what is called or assigned. `args` has positions ("0") and keywords; `spread`
    says that `*args` or `**options` may hold more. `target` is the variable that takes the result.
    """

    kind: str
    name: str
    node: ast.AST
    args: Mapping[str, Arg]
    scope: Scope
    spread: bool = False
    target: str = ""


@dataclass(slots=True)
class Module:
    """What is known of the whole module, filled in by the first pass and read by the second."""

    tree: ast.Module
    text: str
    names: Mapping[str, str] = field(init=False)
    lines: list[str] = field(init=False)
    web: bool = field(init=False)  # whether a web framework is imported
    functions: dict[str, Function] = field(default_factory=dict)
    enums: set[str] = field(default_factory=set)
    called: dict[str, dict[str, Value]] = field(
        default_factory=dict
    )  # function -> parameter -> seen
    returned: dict[str, Value] = field(default_factory=dict)
    vouched: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = imports(self.tree)
        self.lines = self.text.splitlines()
        self.web = any(name.partition(".")[0] in FRAMEWORKS for name in self.names.values())
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                self.functions.setdefault(node.name, node)
            elif isinstance(node, ast.ClassDef) and any(
                "Enum" in self.name(base) for base in node.bases
            ):
                self.enums.add(node.name)

    def name(self, node: ast.AST) -> str:
        """The dotted name of `node`, as far as imports tell."""
        return dotted(node, lambda name: self.names.get(name, name))

    def parameters(
        self, function: Function, inside: str = "", bases: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, Value]]:
        """(parameter, what is known of it) for every parameter of `function`."""
        source = self.speaker(function, bases)
        routes = " ".join(_route_texts(function))
        arguments = function.args
        defaults = dict(_defaults(arguments))
        seen = self.called.get(function.name, {})
        for arg in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *_stars(arguments),
        ):
            yield (
                arg.arg,
                self._parameter(arg, source, routes, defaults.get(arg.arg), seen.get(arg.arg)),
            )

    def speaker(self, function: Function, bases: tuple[str, ...] = ()) -> str:
        """Who fills the parameters of `function`: `request`, `argv`, or only its callers (`parameter`)."""
        for decorator in function.decorator_list:
            name = self.name(decorator).removesuffix("()")
            last = name.rpartition(".")[2]
            if last in ALWAYS_ROUTES or (last in ROUTES and _is_route(decorator)):
                return "request"
            if last in COMMANDS and name.startswith(("click.", "typer.", "app.", "cli.")):
                return "argv"
        first = [arg.arg for arg in function.args.args if arg.arg not in {"self", "cls"}][:2]
        if first == ["event", "context"] and "handler" in function.name:
            return "request"
        if (
            first[:1] == ["request"]
            and self.web
            and (
                function.args.args[0].arg != "self"
                or any(VIEW_CLASS.search(base) for base in bases)
            )
        ):
            return "request"
        if function.name in VIEW_METHODS and any(VIEW_CLASS.search(base) for base in bases):
            return "request"
        return "parameter"

    def _parameter(
        self, arg: ast.arg, source: str, routes: str, default: ast.expr | None, seen: Value | None
    ) -> Value:
        if arg.arg in {"self", "cls"}:
            return UNKNOWN
        annotation = ast.unparse(arg.annotation) if arg.annotation is not None else ""
        if arg.arg == "request" or annotation.endswith(("Request", "WebSocket")):
            return UNKNOWN.seen_as("request")
        who = "request" if STRANGE.match(arg.arg) else source
        given = default is not None and self.name(default).rpartition(".")[2] in {
            "Depends()",
            "Security()",
        }
        if who == "request" and (given or "Depends(" in annotation or OURS.match(arg.arg)):
            who = "parameter"
        value = said_by(who)
        if seen is not None and seen.dynamic:  # what this module's own callers hand over
            value = joined((seen, said_by(who).cleaned(seen.clean if who == "parameter" else ())))
        plain = (
            annotation.removesuffix(" | None").removeprefix("Optional[").split("[")[0].rstrip("]")
        )
        if (
            plain in PLAIN
            or plain in self.enums
            or f"int:{arg.arg}" in routes
            or f"uuid:{arg.arg}" in routes
        ):
            return value.cleaned(ALL)
        return value


def _is_route(decorator: ast.expr) -> bool:
    """`@app.get("/x")`, and not `@mock.patch("a.b")` or `@property.getter`."""
    match decorator:
        case ast.Call(args=[ast.Constant(value=str(path)), *_]):
            return path == "" or path.startswith("/")
        case ast.Call(args=[], keywords=[]):
            return False
    return False


def _route_texts(function: Function) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call):
            yield from (str(arg.value) for arg in decorator.args if isinstance(arg, ast.Constant))


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        yield from (
            (arg.arg, node)
            for arg, node in zip(
                positional[-len(arguments.defaults) :], arguments.defaults, strict=True
            )
        )
    yield from (
        (arg.arg, node)
        for arg, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if node is not None
    )


def _stars(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (arg for arg in (arguments.vararg, arguments.kwarg) if arg is not None)
