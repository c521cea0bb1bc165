"""What strangers say, followed through a Python module statement by statement.

`events(tree, text)` runs every function twice: first to see what callers hand over and what comes back,
then to write down the events. Branches are followed and joined; after a test that ends the function for bad
values, the value counts as vouched for (`guards`). One module is seen at a time, loops run once, and attributes
of objects are followed inside one function only: a scanner for drafts of some hundred lines, not a prover.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from arriero.apps.codegen import trees
from arriero.apps.codegen.security.env import Env
from arriero.apps.codegen.security.evaluate import Evaluator, element
from arriero.apps.codegen.security.findings import Span
from arriero.apps.codegen.security.guards import ends, vouched
from arriero.apps.codegen.security.module import Arg, Event, Function, Module, Scope
from arriero.apps.codegen.security.names import dotted, paths
from arriero.apps.codegen.security.tables import source_of, vouching
from arriero.apps.codegen.security.value import ALL, CONSTANT, UNKNOWN, Value, joined, said_by

# Methods after which a stranger's text is still that text.
ANSWERS = frozenset(
    "strip lower upper str replace title decode format join get lstrip rstrip make_response Markup".split()
)


def events(tree: ast.Module, text: str) -> tuple[Module, tuple[Event, ...]]:
    """The module and what happens in it, in the order of the text."""
    module = Module(tree, text)
    _Walk(module, {}).module()
    seen: dict[tuple[Span, str], Event] = {}
    _Walk(module, seen).module()
    return module, tuple(seen.values())


@dataclass(slots=True)
class _Walk:
    """One pass over the module. `seen` keeps the last event of each place."""

    module_: Module
    seen: dict[tuple[Span, str], Event]
    scope: Scope = field(init=False)
    env: Env = field(default_factory=Env)
    bases: tuple[str, ...] = ()
    results: list[Value] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope("", self.module_.tree, self.module_.text)

    def module(self) -> None:
        """Statements first, then functions, which see what the statements left."""
        later: list[tuple[Function, str, tuple[str, ...]]] = []
        self.body(self.module_.tree.body, later)
        for function, inside, bases in later:
            self.function(function, inside, bases)

    def record(self, event: Event) -> None:
        self.seen[Span.of(event.node), event.kind + event.name] = event
        if event.kind == "call":
            self._hand_over(event)

    def _hand_over(self, event: Event) -> None:
        """Note what a function of this module is called with."""
        function = self.module_.functions.get(event.name.rpartition(".")[2])
        if function is None:
            return
        names = [
            arg.arg
            for arg in (*function.args.posonlyargs, *function.args.args)
            if arg.arg not in {"self", "cls"}
        ]
        seen = self.module_.called.setdefault(function.name, {})
        for key, arg in event.args.items():
            name = names[int(key)] if key.isdigit() and int(key) < len(names) else key
            seen[name] = joined((seen[name], arg.value)) if name in seen else arg.value

    def evaluator(self, target: str = "") -> Evaluator:
        return Evaluator(self.module_, self.scope, self.env, self.record, target)

    def value(self, node: ast.expr | None, target: str = "") -> Value:
        return self.evaluator(target).value(node)

    def function(self, node: Function, inside: str, bases: tuple[str, ...]) -> None:
        """Run a function's body with what is known of its parameters."""
        first = min((one.lineno for one in node.decorator_list), default=node.lineno)
        text = "\n".join(self.module_.lines[first - 1 : node.end_lineno])
        handler = self.module_.speaker(node, bases) == "request"
        scope = Scope(node.name, node, text, handler or node.name.startswith("do_"), inside)
        walk = _Walk(self.module_, self.seen, env=self.env.copy(), bases=bases)
        walk.scope = scope
        given = dict(self.module_.parameters(node, inside, bases))
        for name, value in given.items():
            walk.env.bind(name, value)
        if node.name.startswith("do_") and any("Handler" in base for base in bases):
            for name in ("self.path", "self.headers", "self.rfile"):
                walk.env.bind(name, said_by("request"))
        walk.body(node.body)
        if walk.results:
            self.module_.returned[node.name] = joined(walk.results)
        self.module_.vouched[node.name] = {
            name: gained
            for name, before in given.items()
            if (gained := walk.env.values.get(name, before).clean - before.clean)
        }

    def body(
        self,
        statements: Iterable[ast.stmt],
        later: list[tuple[Function, str, tuple[str, ...]]] | None = None,
        inside: str = "",
    ) -> None:
        """Run statements in order. Functions are put off to `later`, if that is given."""
        for statement in statements:
            if isinstance(statement, Function) and later is not None:
                for decorator in statement.decorator_list:
                    self.value(decorator)
                    if not isinstance(decorator, ast.Call):
                        name = self.module_.name(decorator)
                        self.record(Event("call", name, decorator, {}, self.scope))
                for default in (*statement.args.defaults, *statement.args.kw_defaults):
                    self.value(default)
                later.append((statement, inside, self.bases))
            else:
                self.statement(statement, later)

    def statement(
        self, node: ast.stmt, later: list[tuple[Function, str, tuple[str, ...]]] | None
    ) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node, "", self.bases)
            case ast.ClassDef():
                self._class(node, later)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, node)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value, node)
            case ast.AugAssign(target=target, value=value):
                whole = ast.BinOp(_loaded(target), node.op, value)
                self._bind(
                    target,
                    self.value(ast.copy_location(whole, node)),
                    (*paths(target), *paths(value)),
                )
            case ast.If(test=test, body=then, orelse=orelse):
                self.value(test)
                self._branch(test, then, orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                self.value(test)
                self._branch(test, body, orelse)
            case ast.For() | ast.AsyncFor():
                self._bind(node.target, element(self.value(node.iter)), paths(node.iter))
                before = self.env.copy()
                self.body(node.body)
                self.env.merge(before)
                self.body(node.orelse)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    target_name = dotted(item.optional_vars, str) if item.optional_vars else "with"
                    found = self.value(item.context_expr, target_name)
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, found, paths(item.context_expr))
                self.body(node.body)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Match():
                self._match(node)
            case ast.Return(value=ast.expr() as value):
                found = self.value(value, "return")
                self.results.append(found)
                self.record(
                    Event(
                        "return",
                        "return",
                        node,
                        {"0": Arg(value, self._answer(value, found))},
                        self.scope,
                    )
                )
            case ast.Raise(exc=exc, cause=cause):
                self.value(exc)
                self.value(cause)
            case ast.Assert(test=test):
                self.value(test)
                self.env.accept(vouched(test, True, self._is_local))
            case ast.Expr(value=value):
                self.value(value)
                self._vouched_by_call(value)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.value(target)

    def _answer(self, node: ast.expr, value: Value) -> Value:
        """What a handler's answer shows in a browser: dicts and lists become JSON; of a tuple the first part is the page."""
        last = value.made.removesuffix("()").rpartition(".")[2]
        if (
            value.made.endswith("()")
            and not value.built
            and not source_of(value.made)
            and last not in ANSWERS
        ):
            return value.cleaned(
                {"html"}
            )  # what another function makes of it is no longer text to be shown
        match node:
            case ast.Dict() | ast.List() | ast.ListComp() | ast.DictComp():
                return value.cleaned({"html"})
            case ast.Tuple(elts=[page, *rest]):
                plain = any(
                    "html" not in ast.unparse(part) and "text/" in ast.unparse(part)
                    for part in rest
                )
                return (
                    self.value(page).cleaned({"html"} if plain else ())
                    if not isinstance(page, ast.Dict)
                    else value.cleaned({"html"})
                )
        return value

    def _class(
        self, node: ast.ClassDef, later: list[tuple[Function, str, tuple[str, ...]]] | None
    ) -> None:
        bases = self.bases
        self.bases = tuple(self.module_.name(base) for base in node.bases)
        mine: list[tuple[Function, str, tuple[str, ...]]] = []
        outer = self.env
        self.env = outer.copy()
        self.body(node.body, mine, node.name)
        self.env = outer
        if later is not None:
            later.extend(mine)
        else:
            for function, inside, own in mine:
                self.function(function, inside, own)
        self.bases = bases

    def _assign(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> None:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            for part, given in zip(target.elts, value.elts, strict=True):
                self._assign(part, given, node)
            return
        name = dotted(target, str)
        found = self.value(value, name)
        shown = self.evaluator().name(target) if not isinstance(target, ast.Name) else name
        self.record(
            Event("assign", shown, node, {"value": Arg(value, found)}, self.scope, target=name)
        )
        self._bind(target, found, paths(value))

    def _bind(self, target: ast.expr, value: Value, of: Iterable[str]) -> None:
        of = tuple(of)
        match target:
            case ast.Name(id=name):
                self.env.bind(name, value, of)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, element(value), of)
            case ast.Starred(value=inner):
                self._bind(inner, value, of)
            case ast.Attribute():
                self.env.bind(dotted(target, str), value, of)
            case ast.Subscript(value=ast.Name(id=name)) if name in self.env.values:
                held = self.env.values[name]
                self.env.values[name] = joined((held, value)).seen_as(held.made)

    def _branch(self, test: ast.expr, then: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        other = self.env.copy()
        self.env.accept(vouched(test, True, self._is_local))
        other.accept(vouched(test, False, self._is_local))
        self.body(then)
        after_then = self.env
        self.env = other
        self.body(orelse)
        if ends(then):
            return
        if ends(orelse):
            self.env = after_then
            return
        self.env.merge(after_then)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        before = self.env.copy()
        self.body(node.body)
        self.body(node.orelse)
        ways = [self.env] if not ends(node.body) else []
        for handler in node.handlers:
            self.env = before.copy()
            if handler.name:
                self.env.bind(handler.name, said_by("error"))
            self.body(handler.body)
            if not ends(handler.body):
                ways.append(self.env)
        if ways:
            self.env = ways[0]
            for way in ways[1:]:
                self.env.merge(way)
        self.body(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        before = self.env.copy()
        ways: list[Env] = []
        for case in node.cases:
            self.env = before.copy()
            for name in _captured(case.pattern):
                self.env.bind(name, subject, paths(node.subject))
            if _is_literal(case.pattern):
                for name in paths(node.subject):
                    if name in self.env.values:
                        self.env.values[name] = self.env.values[name].cleaned(ALL)
            self.value(case.guard)
            self.body(case.body)
            if not ends(case.body):
                ways.append(self.env)
        self.env = before
        for way in ways:
            self.env.merge(way)

    def _vouched_by_call(self, node: ast.expr) -> None:
        """`check_path(name)` raises for a bad name, so behind it the name is good."""
        call = node.value if isinstance(node, ast.Await) else node
        if not isinstance(call, ast.Call):
            return
        last = dotted(call.func, str).rpartition(".")[2]
        if last in self.module_.functions:
            names = [
                arg.arg
                for arg in self.module_.functions[last].args.args
                if arg.arg not in {"self", "cls"}
            ]
            gained = self.module_.vouched.get(last, {})
            for name, arg in zip(names, call.args, strict=False):
                self._accept(arg, gained.get(name, frozenset()))
        elif vouching().search(last):
            for arg in call.args:
                self._accept(arg, ALL)

    def _accept(self, node: ast.expr, uses: frozenset[str]) -> None:
        for name in paths(node) if uses else ():
            if name in self.env.values and self.env.values[name] not in {CONSTANT, UNKNOWN}:
                self.env.values[name] = self.env.values[name].cleaned(uses)

    def _is_local(self, name: str) -> bool:
        return name in self.module_.functions


def _loaded(target: ast.expr) -> ast.expr:
    loaded = trees.expression(ast.unparse(target))
    return ast.copy_location(loaded, target)


def _captured(pattern: ast.pattern) -> Iterable[str]:
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name


def _is_literal(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchValue | ast.MatchSingleton) or (
        isinstance(pattern, ast.MatchOr) and all(_is_literal(one) for one in pattern.patterns)
    )
