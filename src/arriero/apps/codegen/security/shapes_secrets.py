"""Secrets that stand in the source, and secrets that are compared so that the time tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from arriero.apps.codegen.security.findings import Weakness
from arriero.apps.codegen.security.module import Arg
from arriero.apps.codegen.security.names import dotted, words
from arriero.apps.codegen.security.shape import Shaped, weakness

PASSWORD = re.compile(r"(^|_)(password|passwd|pwd|passphrase|pass)$", re.IGNORECASE)
KEY = re.compile(
    r"(^|_)(secret|secret_?key|api_?key|api_?secret|private_?key|access_?key(_id)?|auth_?key|encryption_?key|signing_?key|client_?secret|jwt_?secret"
    r"|(access|auth|api|bearer|refresh|session|service|bot|deploy|github|slack)_?token|token|credential)s?$",
    re.IGNORECASE,
)
# Keys whose form alone says what they are: AWS, GitHub, Slack, Stripe, PEM, an address with a password in it.
KNOWN = re.compile(
    r"AKIA[0-9A-Z]{16}|\bgh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|\b[sr]k_live_[A-Za-z0-9]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b[a-z][a-z0-9+]{2,}://[^\s:/@{}<>$%]+:(?!\*+@|x+@|password@|pass@)[^\s:/@{}<>$%]{4,}@[\w.-]+"
)
LOGS_IN = frozenset(
    {
        "HTTPBasicAuth",
        "HTTPDigestAuth",
        "BasicAuth",
        "login",
        "DigestAuth",
        "AuthProvider",
        "UsernamePasswordCredentials",
        "username_pw_set",
    }
)
EMPTY = re.compile(
    r"^(|.{1,3}|[x*.#-]+|<.*>|\$\{?.*\}?|\{.*\}|%.*|your.*|todo.*|none|null|n/?a|undefined|unset|placeholder|redacted|\W+)$",
    re.IGNORECASE,
)
PROOF = re.compile(
    r"(?i)(^|_)(signature|sig|digest|hmac|mac|checksum|expected|otp|reset_?token|api_?key|csrf_?token|token|tag|hash(ed)?|password_?hash)(_|$)|hexdigest"
)


def written(shaped: Shaped) -> Iterator[Weakness]:
    """Literals under the name of a secret: assigned, passed, defaulted, compared; and well-known forms of keys."""
    for node in shaped.nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _literal(_last(target), value, node)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _literal(_last(target), value, node)
            case ast.Call(args=[_, ast.Constant(value=str()) as value, *_]) if (
                _last(node.func) in LOGS_IN
            ):
                yield from _literal("password", value, value, named="credential")
            case ast.keyword(arg="auth", value=ast.Tuple(elts=[_, value])):
                yield from _literal("password", value, value, named="credential")
            case ast.keyword(arg=str(name), value=value):
                yield from _literal(name, value, value, named="credential")
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield from _literal(key.value, value, value, named="credential")
            case ast.arguments():
                yield from _defaults(node)
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                yield from _literal(_last(left), right, node)
                yield from _literal(_last(right), left, node)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), value, *_]):
                if dotted(func, str).rpartition(".")[2] in {
                    "getenv",
                    "get",
                } and "environ" in ast.unparse(func) + "environ" * ("getenv" in ast.unparse(func)):
                    yield from _literal(name, value, node, named="credential")
            case ast.Constant(value=str(text)) if (
                KNOWN.search(text) and "\n\n" not in text
            ):  # no docstring
                yield weakness("credential", node, "a key or password")


def _literal(
    name: str, value: ast.expr, node: ast.AST, *, named: str = "password"
) -> Iterator[Weakness]:
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str | bytes):
        return
    text = value.value if isinstance(value.value, str) else value.value.decode("latin-1")
    if EMPTY.match(text) or " " in text.strip() or _same(name, text):
        return
    if PASSWORD.search(name):
        yield weakness(named, node, f"the password {name!r}")
    elif KEY.search(name) and _looks_random(text, name):
        yield weakness("credential", node, f"the secret {name!r}")


def _looks_random(text: str, name: str) -> bool:
    """`TOKEN = "refresh_token"` names a field; a key has digits or length. A plain `token` has to look like one."""
    strict = re.search(r"(?i)(^|_)(token|credential)s?$", name) is not None
    mixed = re.search(r"\d", text) is not None and re.search(r"[A-Za-z]", text) is not None
    address = text.startswith(("/", "http://", "https://"))
    if strict:
        return mixed and len(text) >= 12 and not address
    return (mixed or len(text) >= 8) and not address and not re.fullmatch(r"[a-z]+(_[a-z]+)*", text)


def _same(name: str, text: str) -> bool:
    """`PASSWORD = "password"` is the name of a field."""
    plain = re.sub(r"[\W_]", "", text.lower())
    return plain in {
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "passphrase",
    } or plain == re.sub(r"[\W_]", "", name.lower())


def _defaults(arguments: ast.arguments) -> Iterator[Weakness]:
    positional = [*arguments.posonlyargs, *arguments.args]
    given = [
        *zip(
            positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
        ),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for arg, default in given:
        if default is not None:
            yield from _literal(arg.arg, default, default)


def _last(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
    return ""


def compared(shaped: Shaped) -> Iterator[Weakness]:
    """`signature == expected`, where the time of the comparison tells how much was right."""
    for event in shaped.events:
        if event.kind != "compare" or event.name not in {"Eq", "NotEq"}:
            continue
        left, right = event.args["0"].node, event.args["1"].node
        if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
            continue
        text = event.scope.text
        named = all(any(PROOF.search(word) for word in words(side)) for side in (left, right))
        secret = any("secret" in event.args[key].value.sources for key in ("0", "1")) and any(
            re.search(r"(?i)api_?key|secret|token", word)
            for side in (left, right)
            for word in words(side)
        )
        hashing = re.search(
            r"hmac|hashlib|digest|signature|compare_digest|token|api_?key", text, re.IGNORECASE
        )
        if hashing and (
            "digest" in event.args["0"].value.sources | event.args["1"].value.sources
            or (named and "hmac" in text)
            or secret
            or _proof_of_a_stranger(event.args["0"], event.args["1"])
        ):
            yield weakness("compared", event.node)
        elif _password_as_it_is(left, right):
            yield weakness("password-compared", event.node)


def _proof_of_a_stranger(left: Arg, right: Arg) -> bool:
    return any(
        "request" in side.value.sources
        and any(
            re.search(r"(?i)signature|token|api_?key|hmac|digest", word)
            for word in words(side.node)
        )
        for side in (left, right)
    )


def _password_as_it_is(left: ast.expr, right: ast.expr) -> bool:
    """`user.password == password`: both sides are passwords, one of them stored."""
    sides = [_last(side) for side in (left, right)]
    stored = any(isinstance(side, ast.Attribute | ast.Subscript) for side in (left, right))
    return (
        stored
        and all(PASSWORD.search(name) for name in sides)
        and not all(isinstance(side, ast.Name) for side in (left, right))
    )


def short(shaped: Shaped) -> Iterator[Weakness]:
    """`len(password) < 4`: a rule for passwords that lets short ones pass."""
    for node in shaped.of(ast.Compare):
        match node:
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="len"), args=[subject]),
                ops=[op],
                comparators=[ast.Constant(value=int(limit))],
            ):
                least = limit + (1 if isinstance(op, ast.Gt | ast.LtE) else 0)
                if 0 < least < 8 and PASSWORD.search(_last(subject)):
                    yield weakness("short-password", node, least)
