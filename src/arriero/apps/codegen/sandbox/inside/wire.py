"""How tests in one process call code in another that they do not trust.

Both sides are a `Peer`. A value crosses as JSON of plain data, by value; everything else stays where it is
and crosses as a number, for which the other side gets a `Remote`. What arrives is made anew from plain
data, so an object that calls itself equal to anything cannot cross: its number can, and a `Remote` equals no
plain value. While a peer waits for an answer it serves the other's calls (a callback that a test passed).
"""

from __future__ import annotations

import builtins
import importlib
import json
import operator
import sys
import types
from contextlib import suppress

if False:  # the types below are for whoever reads; `typing` would take the box 5 ms to import
    from collections.abc import Callable
    from typing import Any

MAX_LINE = 64_000_000  # bytes of one message
MAX_DEPTH = 200  # of lists in lists
ENDED = "the code under test ended"
# Values that cross as text, made anew by their class; whether as ISO 8601.
TEXTUAL = {
    ("decimal", "Decimal"): False,
    ("fractions", "Fraction"): False,
    ("datetime", "date"): True,
    ("datetime", "datetime"): True,
    ("datetime", "time"): True,
}
CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
MAKE_CONTAINER: dict[str, Callable[[Any], Any]] = {name: kind for kind, name in CONTAINERS.items()}
BASES = (int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
# What may be asked of an object, by the name of its method. The first need an operand.
COMPARED = "eq ne lt le gt ge".split()
WITH = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod radd rsub rmul rtruediv".split()
ALONE = "len iter next bool str repr hash int float abs neg pos invert enter reversed index".split()
OTHER = "contains getitem setitem delitem exit call".split()
# From these all of an interpreter can be reached: its built-in functions, its tests, their nonce.
INTERNAL = (types.FrameType, types.CodeType, types.TracebackType, types.ModuleType)
OPERATIONS: dict[str, Callable[..., Any]] = {
    "divmod": divmod, "len": len, "iter": iter, "next": next, "bool": bool, "str": str, "repr": repr,
    "hash": hash, "int": int, "float": float, "abs": abs, "reversed": reversed,
    "radd": lambda a, b: b + a, "rsub": lambda a, b: b - a, "rmul": lambda a, b: b * a,
    "rtruediv": lambda a, b: b / a, "call": lambda a, *rest, **named: a(*rest, **named),
    "enter": lambda a: type(a).__enter__(a), "exit": lambda a, *rest: type(a).__exit__(a, *rest),
    "index": operator.index,
}  # fmt: skip


class Gone(BaseException):
    """The other side ended or said what cannot be read. No test catches it by `except Exception`."""


class Remote:
    """An object of the other side.

    Only where `objects` was granted may it say how it compares and what comes of adding it up. Elsewhere
    one that derives from a built-in stands for that built-in's plain value, and any other equals nothing.
    """

    __slots__ = ("_base", "_number", "_peer")

    def __init__(self, peer, number, base):
        for name, value in (("_peer", peer), ("_number", number), ("_base", base)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        return self._peer.ask("get", self, name)

    def __setattr__(self, name, value):
        self._peer.ask("set", self, name, value)

    def __instancecheck__(self, other):
        return isinstance(other, Remote) and self._peer.ask("isinstance", other, self) is True

    def __call__(self, *args, **named):
        return self._peer.call(self, args, named)

    def __contains__(self, other):
        if self._peer.objects:
            return self._peer.ask("op", self, "contains", other)
        return any(item == other for item in list(self))


def _with(name):
    otherwise = {"eq": False, "ne": True}.get(name, NotImplemented)

    def operate(self, *others):
        if self._peer.objects:
            return self._peer.ask("op", self, name, *others)
        if self._base is None or any(
            isinstance(other, Remote) and not other._base for other in others
        ):
            return otherwise
        plain = [other._base[0] if isinstance(other, Remote) else other for other in others]
        return _operation(name)(self._base[0], *plain)

    return operate


def _alone(name):
    return lambda self, *others: self._peer.ask("op", self, name, *others)


def _operation(name):
    return OPERATIONS.get(name) or getattr(operator, f"__{name}__")


for _name in (*COMPARED, *WITH):
    setattr(Remote, f"__{_name}__", _with(_name))
for _name in (*ALONE, "getitem", "setitem", "delitem", "exit"):
    setattr(Remote, f"__{_name}__", _alone(_name))


class Peer:
    """One end. A side that does not serve all lends calls, operations and public names of what it handed over.

    No more: not Python's own classes (one that is made there may call itself equal to anything), and no way
    from a generator to the frame it runs in. `objects`: whether the other side's objects may say how they compare.
    """

    def __init__(self, reads, writes, *, serves_all):
        self._reads, self._writes, self._serves_all = reads, writes, serves_all
        self._lent, self._numbers, self._errors = {}, {}, {}
        self._after = None
        self.objects = False

    # -- asking

    def ask(self, what, *words):
        self._write([what, *(self.encode(word) for word in words)])
        return self._answer()

    def call(self, remote, args, named):
        """Call it, and let lists, dicts and sets among the arguments become what it made of them."""
        self._write(["call", self.encode(remote), self.encode(args), self.encode(named)])
        result, after = self._answer(), self._after
        if after is not None:
            for mine, theirs in zip((*args, *named.values()), after, strict=False):
                _become(mine, theirs)
        return result

    def _answer(self):
        while True:
            message = self._read()
            if message[0] == "ok":
                result = self.decode(message[1])
                self._after = self.decode(message[2]) if len(message) > 2 else None
                return result
            if message[0] == "raised":
                raise self._error(*message[1:])
            self.serve(message)

    # -- serving

    def serve(self, message):
        try:
            answer = self._do(*message)
        except Gone:
            raise
        except BaseException as error:
            answer = ["raised", *self._told(error)]
        try:
            self._write(answer)
        except (ValueError, TypeError, RecursionError) as error:
            self._write(["raised", *self._told(error)])

    def serve_until_gone(self):
        with suppress(Gone):
            while True:
                self.serve(self._read())

    def _do(self, what, number, *rest):
        if not self._serves_all and not (isinstance(number, dict) and "yours" in number):
            raise AttributeError(f"{what} of what was not handed over is not lent")
        target = self.decode(number)
        if what == "call":
            args, named = self.decode(rest[0]), self.decode(rest[1])
            before = json.dumps(rest)
            result = target(*args, **named)
            if self._serves_all:
                result = finished(result)
            changed = [self.encode(args), self.encode(named)]
            if json.dumps(changed) == before:
                return ["ok", self.encode(result)]
            return ["ok", self.encode(result), self.encode([*args, *named.values()])]
        words = [self.decode(word) for word in rest]
        if not self._serves_all and (what not in {"get", "op"} or str(words[0]).startswith("_")):
            raise AttributeError(f"{what} {words[:1]} is not lent")
        if what == "module":
            return ["ok", self.encode(importlib.import_module(target))]
        if what == "get":
            value = getattr(target, words[0])
            if not self._serves_all and isinstance(value, INTERNAL):
                raise AttributeError(f"{what} {words[:1]} is not lent")
            return ["ok", self.encode(value)]
        if what == "set":
            setattr(target, words[0], words[1])
            return ["ok", None]
        if what == "isinstance":
            return ["ok", isinstance(target, words[0])]
        if what == "op" and words[0] in {*COMPARED, *WITH, *ALONE, *OTHER}:
            return ["ok", self.encode(_operation(words[0])(target, *words[1:]))]
        raise ValueError(f"no request is called {what!r}")

    # -- values

    def encode(self, value, depth=0):
        if depth > MAX_DEPTH:
            raise ValueError("a value nests too deep to be handed over")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return {"int": hex(value)}
        if kind is float:
            return {"float": value.hex()}
        if kind is complex:
            return {"complex": [value.real.hex(), value.imag.hex()]}
        if kind is bytes or kind is bytearray:
            return {kind.__name__: value.hex()}
        if kind in CONTAINERS:
            return {CONTAINERS[kind]: [self.encode(item, depth + 1) for item in value]}
        if kind is dict:
            return {
                "dict": [
                    [self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()
                ]
            }
        if kind is range:
            return {"range": [hex(n) for n in (value.start, value.stop, value.step)]}
        if value is Ellipsis or value is NotImplemented:
            return {"constant": str(value)}
        where = (kind.__module__, kind.__qualname__)
        if where in TEXTUAL and kind is getattr(sys.modules.get(where[0]), where[1], None):
            return {"text": [*where, value.isoformat() if TEXTUAL[where] else str(value)]}
        if isinstance(value, type) and _is_builtin(value):
            return {"builtin": value.__name__}
        if kind is Remote:
            return {"yours": value._number}
        return self._lend(value, depth)

    def _lend(self, value, depth):
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"error": self._told_kind(value)}
        base = None
        for plain in BASES:
            if isinstance(value, plain) and not isinstance(value, type):
                base = [self.encode(_as(plain, value), depth + 1)]
                break
        return {"lent": [self._number(value), base]}

    def _number(self, value):
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._lent) + 1
            self._lent[number] = value  # kept, so that its id stays its own
        return number

    def decode(self, told):
        if told is None or isinstance(told, (bool, str)):
            return told
        ((name, held),) = told.items()
        if name == "int":
            return int(held, 16)
        if name == "float":
            return float.fromhex(held)
        if name == "complex":
            return complex(float.fromhex(held[0]), float.fromhex(held[1]))
        if name in {"bytes", "bytearray"}:
            return getattr(builtins, name)(bytes.fromhex(held))
        if name in MAKE_CONTAINER:
            return MAKE_CONTAINER[name](self.decode(item) for item in held)
        if name == "dict":
            return {self.decode(key): self.decode(value) for key, value in held}
        if name == "range":
            return range(*(int(n, 16) for n in held))
        if name == "constant":
            return {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[held]
        if name == "text":
            module, kind, text = held
            iso = TEXTUAL[module, kind]
            make = getattr(importlib.import_module(module), kind)
            return make.fromisoformat(text) if iso else make(text)
        if name == "builtin":
            return _builtin(held)
        if name == "yours":
            return self._lent[held]
        if name == "error":
            return self._error_kind(*held)
        if name == "lent":
            number, base = held
            return Remote(self, int(number), None if base is None else [self.decode(base[0])])
        raise ValueError(f"no value is called {name!r}")

    # -- errors

    def _told(self, error):
        try:
            args = self.encode(error.args)
        except (ValueError, TypeError, RecursionError):
            args = self.encode((repr(error)[:1000],))
        return self._told_kind(type(error)), args

    def _told_kind(self, kind):
        known = [base.__name__ for base in kind.__mro__ if _is_builtin(base)]
        own = [
            f"{base.__module__}.{base.__qualname__}"
            for base in kind.__mro__
            if not _is_builtin(base)
        ]
        return [own, known[0]]

    def _error_kind(self, own, known):
        """The class of that name here, with the other side's inheritance: `except` works on it."""
        kind = _builtin(known)
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise TypeError(f"{known!r} is no error")
        for name in reversed(own):
            key = (str(name), kind)
            if key not in self._errors:
                self._errors[key] = type(str(name).rpartition(".")[2], (kind,), {})
            kind = self._errors[key]
        return kind

    def _error(self, kind, args):
        error = self._error_kind(*kind)
        values = self.decode(args)
        try:
            return error(*values)
        except Exception:  # some builtin errors want other arguments
            return RuntimeError(f"{error.__name__}: {values!r:.500}")

    # -- lines

    def _write(self, message):
        line = json.dumps(message).encode() + b"\n"
        try:
            self._writes.write(line)
            self._writes.flush()
        except OSError:
            raise Gone(ENDED) from None

    def _read(self):
        line = self._reads.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            raise Gone(ENDED if len(line) < MAX_LINE else "too much was said at once")
        try:
            message = json.loads(line)
            if isinstance(message, list) and message and isinstance(message[0], str):
                return message
        except (ValueError, RecursionError):
            pass
        raise Gone("what the other side said cannot be read")


def finished(result):
    """What a coroutine comes to: it cannot cross. Any other value is given as it is."""
    if not isinstance(result, types.CoroutineType):
        return result
    import asyncio  # noqa: PLC0415  # most code has no use for it, and it takes as long to import as all the rest

    return asyncio.run(result)


def _is_builtin(kind):
    return vars(builtins).get(kind.__name__) is kind


def _builtin(name):
    value = getattr(builtins, str(name), None)
    if not isinstance(value, type):
        raise ValueError(f"{name!r} is no built-in type")  # noqa: TRY004  # a name is
    return value


def _as(plain, value):
    """`value` as the built-in that it derives from, whatever it overrides."""
    if plain in {list, tuple, set, frozenset}:
        return plain(plain.__iter__(value))
    if plain is dict:
        return dict(dict.items(value))
    if plain is complex:
        return complex(complex.__pos__(value))
    return plain.__str__(value) if plain is str else plain.__getnewargs__(value)[0]


def _become(mine, theirs):
    """`mine` in place what the other side made of it."""
    if isinstance(mine, (list, bytearray)) and type(theirs) is type(mine):
        if mine != theirs:
            mine[:] = theirs
    elif isinstance(mine, (dict, set)) and type(theirs) is type(mine) and mine != theirs:
        mine.clear()
        mine.update(theirs)


def module_of(peer, name):
    """A module here whose names are looked up over there, when they are first used."""
    module = types.ModuleType(name)
    module.__path__ = []
    there: list[Any] = []

    def look_up(attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if not there:
            there.append(peer.ask("module", name))
        value = peer.ask("get", there[0], attribute)
        setattr(module, attribute, value)
        return value

    module.__getattr__ = look_up  # type: ignore[method-assign]
    return module
