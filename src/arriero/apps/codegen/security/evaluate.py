"""What an expression's value is made of; calls, comparisons and the like are written down as events on the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from arriero.apps.codegen.security.env import Env
from arriero.apps.codegen.security.guards import vouched
from arriero.apps.codegen.security.module import Arg, Event, Module, Scope
from arriero.apps.codegen.security.names import dotted, paths
from arriero.apps.codegen.security.tables import (
    cleaned_by_attribute,
    cleaned_by_call,
    hides_secrets,
    promise,
    source_of,
)
from arriero.apps.codegen.security.value import (
    ALL,
    CONSTANT,
    UNKNOWN,
    Value,
    joined,
    said_by,
)

# Identifiers that hold what nobody should read. A plain `token` is a parser's as often as a login's.
SECRET = re.compile(
    r"(^|_)(password|passwd|passphrase|pwd|secret|secret_?key|api_?key|private_?key|access_?token|auth_?token|refresh_?token|bearer_?token"
    r"|credit_?card|card_?number|cvv|ssn|pin_?code)(_?(value|text|plain|raw))?$",
    re.IGNORECASE,
)
COLLECTS = frozenset(
    {"append", "add", "extend", "insert", "update", "appendleft", "put", "setdefault"}
)
JOINS = frozenset({"format", "join", "format_map"})  # put text together
KEEPS = frozenset("strip lower upper encode decode replace rstrip lstrip title strftime".split())
LONGEST = 160  # characters of a dotted name that are kept


@dataclass(slots=True)
class Evaluator:
    """Reads expressions of one scope in one environment."""

    module: Module
    scope: Scope
    env: Env
    record: Callable[[Event], None]
    target: str = ""  # the variable that will hold what is evaluated

    def name(self, node: ast.AST) -> str:
        """The dotted name of `node`; a variable stands for the call that made it."""
        return dotted(node, self._known)[-LONGEST:]

    def _known(self, name: str) -> str:
        value = self.env.values.get(name)
        if value is not None:
            return value.made or name
        return self.module.names.get(name, name)

    def value(self, node: ast.expr | None) -> Value:
        """What is known of the value of `node`."""
        if node is None:
            return CONSTANT
        found = self._value(node)
        if self.env.vouched and isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            uses = self.env.vouched.get(ast.unparse(node))
            if uses:
                return found.cleaned(uses)
        return found

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant():
                return CONSTANT
            case ast.Name(id=name):
                return self._variable(name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._item(node)
            case ast.Call():
                return self._call(node)
            case ast.JoinedStr(values=values):
                return joined([self.value(part) for part in values], built=True)
            case ast.FormattedValue(value=value, conversion=conversion):
                found = self.value(value)
                return found.cleaned({"log"}) if conversion == ord("r") else found
            case ast.BinOp():
                return self._operation(node)
            case ast.BoolOp(values=values):
                return self._either(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.value(operand)
                return UNKNOWN.cleaned(ALL)
            case ast.UnaryOp(operand=operand):
                return self.value(operand)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.value(test)
                return joined(
                    (self._under(test, True).value(body), self._under(test, False).value(orelse))
                )
            case ast.Dict(keys=keys, values=values):
                return (
                    joined([self.value(part) for part in (*keys, *values) if part is not None])
                    .cleaned({"html"})
                    .seen_as("{}")
                )
            case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Tuple(elts=parts):
                return joined([self.value(part) for part in parts]).seen_as("[]")
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
                return self._comprehension(node.generators, elt)
            case ast.DictComp(key=key, value=value):
                return self._comprehension(node.generators, key, value)
            case ast.Lambda(args=args, body=body):
                inner = Evaluator(
                    self.module, self.scope, self.env.copy(), self.record, self.target
                )
                for arg in args.args:
                    inner.env.bind(arg.arg, said_by("parameter"))
                inner.value(body)
                return UNKNOWN
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                found = self.value(value)
                self.env.bind(name, found, paths(value))
                return found
            case ast.Await(value=value) | ast.Starred(value=value) | ast.YieldFrom(value=value):
                return self.value(value)
            case ast.Yield(value=value):
                return self.value(value)
            case ast.Slice(lower=lower, upper=upper, step=step):
                return joined([self.value(part) for part in (lower, upper, step)])
        return UNKNOWN

    def _variable(self, name: str) -> Value:
        value = self.env.values.get(name)
        if value is None:
            full = self.module.names.get(name, name)
            if source_of(full):
                return said_by(source_of(full), full)
            made = full if full != name else ""
            value = UNKNOWN.cleaned(ALL) if name.isupper() else UNKNOWN.seen_as(made)
        return value.also("secret") if SECRET.search(name) and value.dynamic else value

    def _attribute(self, node: ast.Attribute) -> Value:
        written, name = dotted(node, str), self.name(node)
        found = self.env.values.get(written)
        if found is None:
            found = _part_of(self.value(node.value), name)
            if node.attr.isupper() and not found.sources:
                found = UNKNOWN.cleaned(ALL)
        found = found.cleaned(cleaned_by_attribute(name))
        return found.also("secret") if SECRET.search(node.attr) and found.dynamic else found

    def _item(self, node: ast.Subscript) -> Value:
        base, name = self.value(node.value), self.name(node)
        self.value(node.slice)
        written = self.env.values.get(dotted(node, str))
        if written is not None:
            return written
        found = _part_of(base.soiled({"html"}) if base.made == "{}" else base, name)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else ""
        if isinstance(key, str) and SECRET.search(key):
            return found.also("secret")
        return found if found.dynamic else UNKNOWN.cleaned(ALL)

    def _operation(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        both = {"0": Arg(node.left, left), "1": Arg(node.right, right)}
        if isinstance(node.op, ast.Mult):
            self.record(Event("repeat", "repeat", node, both, self.scope))
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) and not _is_text(node.left, left):
            self.record(Event("divide", "divide", node, both, self.scope))
        if isinstance(node.op, ast.Div):
            return joined((left, right)).seen_as("pathlib.Path()")
        if isinstance(node.op, ast.Add | ast.Mod):
            return joined((left, right), built=True)
        return joined((left, right))

    def _either(self, node: ast.BoolOp) -> Value:
        given = self
        found: list[Value] = []
        for part in node.values:
            found.append(given.value(part))
            given = given._under(part, isinstance(node.op, ast.And))
        return joined(found)

    def _comparison(self, node: ast.Compare) -> Value:
        left = Arg(node.left, self.value(node.left))
        for op, right in zip(node.ops, node.comparators, strict=True):
            other = Arg(right, self.value(right))
            self.record(
                Event("compare", type(op).__name__, node, {"0": left, "1": other}, self.scope)
            )
            left = other
        return UNKNOWN.cleaned(ALL)

    def _under(self, test: ast.expr, answer: bool) -> Evaluator:
        inner = Evaluator(self.module, self.scope, self.env.copy(), self.record, self.target)
        inner.env.accept(vouched(test, answer, self.module.functions.__contains__))
        return inner

    def _comprehension(self, generators: list[ast.comprehension], *results: ast.expr) -> Value:
        inner = Evaluator(self.module, self.scope, self.env.copy(), self.record, self.target)
        for generator in generators:
            over = inner.value(generator.iter)
            for name in paths(generator.target):
                inner.env.bind(name, element(over), paths(generator.iter))
            for test in generator.ifs:
                inner.value(test)
                inner.env.accept(vouched(test, True, self.module.functions.__contains__))
        return joined([inner.value(result) for result in results]).seen_as("[]")

    def _call(self, node: ast.Call) -> Value:
        name = self.name(node.func)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else CONSTANT
        args: dict[str, Arg] = {}
        if isinstance(node.func, ast.Attribute):
            args["."] = Arg(node.func.value, receiver)
        spread = False
        for position, arg in enumerate(node.args):
            spread = spread or isinstance(arg, ast.Starred)
            args[str(position)] = Arg(arg, self.value(arg))
        for keyword in node.keywords:
            if keyword.arg is None:
                spread = True
                args["**"] = Arg(keyword.value, self.value(keyword.value))
            else:
                args[keyword.arg] = Arg(keyword.value, self.value(keyword.value))
        self.record(Event("call", name, node, args, self.scope, spread, self.target))
        self._collect(node, args)
        return self._result(node, name, receiver, args)

    def _collect(self, node: ast.Call, args: dict[str, Arg]) -> None:
        """`parts.append(x)`: the list now holds what `x` holds."""
        match node.func:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if (
                attr in COLLECTS and name in self.env.values
            ):
                held = self.env.values[name]
                whole = joined([held, *(arg.value for arg in args.values())]).seen_as(held.made)
                self.env.values[name] = whole
                self.env.origins[name] = self.env.origins.get(name, frozenset()) | frozenset(
                    part for arg in args.values() for part in paths(arg.node)
                )

    def _result(self, node: ast.Call, name: str, receiver: Value, args: dict[str, Arg]) -> Value:
        made = f"{name}()"
        if source_of(made):
            return said_by(source_of(made), made)
        last = name.rpartition(".")[2]
        given = joined([arg.value for arg in args.values()])
        if hides_secrets(name):
            given = given.without("secret")
        uses = self._uses(node, name, last)
        if last in self.module.functions:
            local = self.module.returned.get(last)
            found = given if local is None else _returned(local, given)
            return found.cleaned(uses).seen_as(made)
        if last in {"get", "pop"} and not receiver.dynamic and isinstance(node.func, ast.Attribute):
            return UNKNOWN.cleaned(ALL)
        if last in JOINS:
            return joined([arg.value for arg in args.values()], built=True).cleaned(uses)
        whole = given if given.dynamic or last in KEEPS else UNKNOWN
        return whole.cleaned(uses).seen_as(made)

    def _uses(self, node: ast.Call, name: str, last: str) -> frozenset[str]:
        """What the result of a call is safe for: by the tables, by its text, by its name."""
        uses = cleaned_by_call(name) | self._cleaned_text(last, node)
        if last == "map" and node.args:
            uses |= cleaned_by_call(self.name(node.args[0]))
        local = last in self.module.functions
        if last in self.module.enums or (not local and promise().search(last.lower())):
            uses |= ALL
        return uses

    @staticmethod
    def _cleaned_text(last: str, node: ast.Call) -> frozenset[str]:
        r"""What `text.replace("\n", "")`, `re.sub("[^a-z]", "", text)` and their like make safe."""
        texts = [
            arg.value
            for arg in node.args
            if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if last in {"replace", "translate", "sub", "split", "splitlines", "strip"}:
            if last == "sub" and texts and re.match(r"\[\^|\\W|\[\\W", texts[0]):
                return ALL
            if last == "splitlines" or (
                texts and last != "strip" and re.search(r"\n|\r|\\n|\\r|\\x0|\\s|\x00-", texts[0])
            ):
                return frozenset({"log", "header"})
            if last == "sub" and texts and "<" in texts[0]:
                return frozenset()
        if last == "encode" and "unicode_escape" in texts:
            return frozenset({"log", "header"})
        return frozenset()


def element(whole: Value) -> Value:
    """What an element of `whole` holds."""
    return _part_of(whole, f"{whole.made}[]" if whole.made else "")


def _part_of(whole: Value, name: str) -> Value:
    """An attribute or item `name` of `whole`; the name alone may say who speaks."""
    return whole.also(source_of(name)).seen_as(name)


def _returned(local: Value, given: Value) -> Value:
    """What a function of the module gives back: its own parts, and the arguments as far as it cleaned them."""
    passed = [part.clean for part in local.parts if part.source == "parameter"]
    mine = Value(frozenset(part for part in local.parts if part.source != "parameter"), local.built)
    return joined((mine, given.cleaned(passed[0]))) if passed else mine


def _is_text(node: ast.expr, value: Value) -> bool:
    return (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
        or value.made == "text"
        or (isinstance(node, ast.Name) and node.id.isupper())
    )
