"""Rules over events, as data: `rules/*.toml` say which calls, assignments and answers are weak.

A rule names what it watches (`calls`, `assigns`, or `on`: return, compare, repeat, divide) by glob patterns over
dotted names, the argument that matters (`arg`, the first alternative that is given), and `when` it is weak:

| when | weak if the argument |
|---|---|
| always | (no argument is looked at) |
| given | is given at all |
| constant | is known from the source |
| dynamic | is no constant and was not made safe |
| composed | is text put together from dynamic parts |
| built | is text put together from dynamic parts, or comes from a stranger |
| parameter | comes from a stranger or from a parameter of the function |
| tainted | comes from a stranger |

`use` is what it has to be safe for. `equals`, `missing`, `below`, `above`, `matches` look at further arguments; `target`
and `inside` are regular expressions over the variable that takes the result and the function's name; `with` and
`without` over the text of the function, `imports` over what the module imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from arriero.apps.codegen.security.findings import Severity, Span, Weakness
from arriero.apps.codegen.security.module import Arg, Event, Module
from arriero.apps.codegen.security.names import dotted, words
from arriero.apps.codegen.security.tables import table
from arriero.apps.codegen.security.value import PARAMETER, STRANGERS, Value

FILES = ("injection", "web", "files", "crypto", "secrets", "limits")
RISKY = STRANGERS | PARAMETER


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table; see the module's docstring."""

    id: str
    cwe: int
    severity: Severity
    message: str
    safe: str
    kind: str
    names: tuple[re.Pattern[str], ...]
    arg: tuple[str, ...] = ()
    when: str = "always"
    use: str = ""
    sources: frozenset[str] = STRANGERS
    local: Severity | None = None  # severity when only this machine's own user speaks
    equals: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    missing: tuple[str, ...] = ()
    below: tuple[tuple[str, float], ...] = ()
    above: tuple[tuple[str, float], ...] = ()
    matches: tuple[tuple[str, re.Pattern[str]], ...] = ()
    named: re.Pattern[str] | None = None
    target: re.Pattern[str] | None = None
    inside: re.Pattern[str] | None = None
    imports: re.Pattern[str] | None = None
    with_: re.Pattern[str] | None = None
    without: re.Pattern[str] | None = None
    handler: bool = False

    def severity_of(self, event: Event, module: Module) -> Severity | None:
        """How severe `event` is under this rule; None when it is not weak."""
        if self.handler and not event.scope.handler:
            return None
        if self.target and not self.target.search(event.target):
            return None
        if self.inside and not self.inside.search(event.scope.name):
            return None
        if self.imports and not any(self.imports.search(name) for name in module.names.values()):
            return None
        if not self._arguments_fit(event, module) or not self._text_fits(event):
            return None
        if self.when == "always":
            return self.severity
        arg = self._argument(event)
        if arg is None:
            return None
        if self.named and not any(self.named.search(word) for word in words(arg.node)):
            return None
        return self._judged(arg.value)

    def _judged(self, value: Value) -> Severity | None:
        if self.when == "given":
            return self.severity
        if self.when == "constant":
            return None if value.dynamic else self.severity
        unsafe = value.unsafe(self.use)
        strangers = unsafe & self.sources
        weak: frozenset[str] | bool
        match self.when:
            case "dynamic":
                weak = unsafe
            case "composed":
                weak = unsafe if value.built else False
            case "built":
                weak = unsafe if value.built else strangers
            case "parameter":
                weak = unsafe & (self.sources | PARAMETER)
            case _:
                weak = strangers
        if not weak:
            return None
        only_local = self.local is not None and strangers <= {"argv", "environment", "file"}
        return self.local if only_local else self.severity

    def _argument(self, event: Event) -> Arg | None:
        if not self.arg:
            return next((arg for key, arg in event.args.items() if key != "."), None)
        return next((event.args[key] for key in self.arg if key in event.args), None)

    def _arguments_fit(self, event: Event, module: Module) -> bool:
        return (
            all(_constant(_first(event, key), module) in values for key, values in self.equals)
            and all(_absent(event, key) for key in self.missing)
            and all(_number(_first(event, key), limit) < limit for key, limit in self.below)
            and all(_number(_first(event, key), limit) > limit for key, limit in self.above)
            and all(
                _text_matches(_first(event, key), pattern, module) for key, pattern in self.matches
            )
        )

    def _text_fits(self, event: Event) -> bool:
        if self.with_ and not self.with_.search(event.scope.text):
            return False
        return not (self.without and self.without.search(event.scope.text))


def weaknesses(events: Iterable[Event], module: Module) -> Iterator[Weakness]:
    """What the tables find in the events."""
    index = _index()
    for event in events:
        last = event.name.rpartition(".")[2]
        for rule in (*index.get((event.kind, last), ()), *index.get((event.kind, "*"), ())):
            if not any(name.fullmatch(event.name) for name in rule.names):
                continue
            severity = rule.severity_of(event, module)
            if severity is not None:
                yield Weakness(
                    rule.cwe, severity, Span.of(event.node), rule.message, rule.safe, rule.id
                )


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the tables."""
    return tuple(_rule(row) for file in FILES for row in table(file)["rule"])


@cache
def _index() -> Mapping[tuple[str, str], Sequence[Rule]]:
    found: dict[tuple[str, str], list[Rule]] = {}
    for file in FILES:
        for row in table(file)["rule"]:
            rule = _rule(row)
            for last in {pattern.rpartition(".")[2] for pattern in _patterns(row)[1]}:
                found.setdefault((rule.kind, "*" if "*" in last else last), []).append(rule)
    return found


def _patterns(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    if "calls" in row:
        return "call", row["calls"]
    if "assigns" in row:
        return "assign", row["assigns"]
    return row["on"], row.get("names", ["*"])


def _rule(row: Mapping[str, Any]) -> Rule:
    kind, patterns = _patterns(row)
    regex = {
        key: re.compile(row[key])
        for key in ("named", "target", "inside", "imports", "with", "without")
        if key in row
    }
    return Rule(
        id=row["id"],
        cwe=row["cwe"],
        severity=Severity(row["severity"]),
        message=row["message"],
        safe=row["safe"],
        kind=kind,
        names=tuple(re.compile(_glob(pattern)) for pattern in patterns),
        arg=tuple(row.get("arg", ())),
        when=row.get("when", "always"),
        use=row.get("use", ""),
        sources=frozenset(row["from"]) if "from" in row else STRANGERS,
        local=Severity(row["local"]) if "local" in row else None,
        equals=tuple((key, tuple(values)) for key, values in row.get("equals", {}).items()),
        missing=tuple(row.get("missing", ())),
        below=tuple(row.get("below", {}).items()),
        above=tuple(row.get("above", {}).items()),
        matches=tuple((key, re.compile(text)) for key, text in row.get("matches", {}).items()),
        named=regex.get("named"),
        target=regex.get("target"),
        inside=regex.get("inside"),
        imports=regex.get("imports"),
        with_=regex.get("with"),
        without=regex.get("without"),
        handler=row.get("handler", False),
    )


def _glob(pattern: str) -> str:
    """`*.execute` also stands for a bare `execute`; `*` runs over dots."""
    text = re.escape(pattern).replace(r"\*", ".*")
    return text.replace(r".*\.", r"(?:.*\.)?", 1) if text.startswith(r".*\.") else text


def _first(event: Event, keys: str) -> Arg | None:
    return next((event.args[key] for key in keys.split("|") if key in event.args), None)


def _absent(event: Event, keys: str) -> bool:
    return _first(event, keys) is None and not event.spread


def _constant(arg: Arg | None, module: Module) -> Any:
    """The constant that an argument is: a literal, or a dotted name such as `ssl.CERT_NONE`; "-" for none given."""
    match arg.node if arg is not None else None:
        case None:
            return "-"
        case ast.Constant(value=value):
            return value if isinstance(value, str | bool | int | float | bytes) else "None"
        case (
            ast.List(elts=[ast.Constant(value=value)]) | ast.Tuple(elts=[ast.Constant(value=value)])
        ):
            return value
        case ast.Name() | ast.Attribute() | ast.Call() as node:
            return dotted(node, lambda name: module.names.get(name, name))
    return "?"


def _leftmost(node: ast.expr) -> ast.expr:
    """What text put together with `+` or `%` begins with."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return node


def _number(arg: Arg | None, otherwise: float) -> float:
    """The number that an argument is; `otherwise` for anything else."""
    match arg.node if arg is not None else None:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
    return otherwise


def _text_matches(arg: Arg | None, pattern: re.Pattern[str], module: Module) -> bool:
    match arg.node if arg is not None else None:
        case None:
            return False
        case ast.Constant(value=str(text)):
            return pattern.search(text) is not None
        case ast.Constant(value=bytes(raw)):
            return pattern.search(raw.decode("latin-1")) is not None
        case ast.Constant(value=int(number)):
            return pattern.search(oct(number)) is not None
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return pattern.search(text) is not None
        case ast.BinOp() as node if isinstance(
            first := _leftmost(node), ast.Constant
        ) and isinstance(first.value, str):
            return pattern.search(first.value) is not None
        case ast.expr() as node:
            name = dotted(node, lambda name: module.names.get(name, name))
            return any(pattern.search(said) for said in (name, ast.unparse(node)) if said)
    return False
