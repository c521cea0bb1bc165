"""Names that nothing binds: the standard library's are imported, the project's own come from their file."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from arriero.apps.codegen import trees

# A name as generated code uses it -> the import that it takes. Modules stand for themselves.
_MODULES = (
    "abc argparse array ast asyncio base64 bisect calendar cmath collections concurrent copy csv dataclasses "
    "datetime decimal difflib enum fractions functools glob hashlib heapq hmac html inspect io itertools json "
    "logging math operator os pathlib pprint queue random re secrets shutil signal socket sqlite3 statistics "
    "string struct subprocess sys tempfile textwrap threading time traceback types typing unicodedata urllib "
    "uuid warnings weakref zlib"
).split()
_FROM: Mapping[str, str] = {
    name: module
    for module, names in {
        "abc": "ABC abstractmethod",
        "bisect": "bisect_left bisect_right insort",
        "collections": "Counter OrderedDict defaultdict deque namedtuple ChainMap",
        "copy": "deepcopy",
        "dataclasses": "dataclass field",
        "datetime": "date timedelta timezone",
        "decimal": "Decimal ROUND_HALF_UP ROUND_HALF_EVEN",
        "enum": "Enum IntEnum StrEnum auto",
        "fractions": "Fraction",
        "functools": "lru_cache reduce partial wraps cmp_to_key total_ordering cached_property",
        "heapq": "heappush heappop heapify heapreplace heappushpop nlargest nsmallest",
        "itertools": (
            "accumulate chain combinations combinations_with_replacement count cycle dropwhile groupby islice "
            "pairwise permutations product repeat starmap takewhile zip_longest"
        ),
        "math": "ceil comb factorial floor gcd isclose isqrt lcm prod sqrt",
        "operator": "attrgetter itemgetter mul",
        "pathlib": "Path PurePath",
        "random": "choice randint randrange shuffle uniform",
        "time": "monotonic perf_counter sleep",
        "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation",
        "typing": (
            "Any Callable DefaultDict Deque Dict FrozenSet Generator Iterable Iterator List Literal Mapping "
            "NamedTuple Optional Protocol Sequence Set Tuple Type TypedDict TypeVar Union"
        ),
    }.items()
    for name in names.split()
}  # fmt: skip
# What a module is called where it is called by a name of its own.
_AS: Mapping[str, str] = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
}
# Modules with a function of their own name, which is meant where the name is called: `time()`.
_OF_ITSELF = frozenset({"copy", "glob", "pprint", "random", "time"})
# What Python or the system reads in the first two lines of a file.
_HEADER = re.compile(r"#!|#.*coding[:=]")


def imported(
    code: str, siblings: Mapping[str, str] | None = None, *, only: AbstractSet[str] | None = None
) -> str:
    """`code` with an import for each name that is used and bound nowhere, where it is known whose it is.

    `siblings` are the project's other Python files: what one of them defines is imported from it. `only` are the names
    that may be imported; None: all.
    """
    names = unbound(code) if only is None else unbound(code) & only
    if not names:
        return code
    tree = trees.parse(code)
    lines: dict[str, None] = {}
    for name in sorted(names):
        if line := _line(name, tree, siblings or {}):
            lines[line] = None
    if not lines:
        return code
    whole = trees.lines(code)
    at = place_of_imports(tree, whole)
    apart = [""] if at == _header(whole) and whole[at : at + 1] != [""] else []
    return "\n".join([*whole[:at], *lines, *apart, *whole[at:]]) + "\n"


def _line(name: str, tree: ast.Module, siblings: Mapping[str, str]) -> str:
    for file, text in siblings.items():
        if name in defined(text):
            return f"from {module_of(file)} import {name}"
    if (
        name == "datetime"
    ):  # `datetime.now()` means the class, `datetime.datetime` and `datetime.date` the module
        inner = {getattr(node, "attr", "") for node in ast.walk(tree) if _is_of(node, name)}
        return "import datetime" if inner & {"datetime", "date", "timedelta", "timezone"} else "from datetime import datetime"  # fmt: skip
    asked = any(_is_of(node, name) for node in ast.walk(tree))
    if name in _OF_ITSELF and not asked:
        return f"from {name} import {name}"
    if name in _MODULES and (name not in _FROM or asked):
        return f"import {name}"
    if name in _AS and asked:
        return _AS[name]
    return f"from {_FROM[name]} import {name}" if name in _FROM else ""


def _is_of(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )


def unbound(code: str) -> frozenset[str]:
    """The names that `code` uses and neither binds nor finds in Python; none when it does not parse."""
    try:
        tree = trees.parse(code)
        table = symtable.symtable(code, "main.py", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body):
        return frozenset()  # anything may come from there
    top = {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported() or one.is_namespace()}  # fmt: skip
    used: set[str] = set()
    todo = [table]
    while todo:
        scope = todo.pop()
        todo.extend(scope.get_children())
        for one in scope.get_symbols():
            bound = one.is_local() and (one.is_assigned() or one.is_imported() or one.is_parameter() or one.is_namespace())  # fmt: skip
            if one.is_referenced() and not bound and not one.is_free():
                used.add(one.get_name())
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}  # fmt: skip
    globals_ = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}  # fmt: skip
    return frozenset(used - top - (assigned & globals_) - frozenset(dir(builtins)) - {"__name__", "__file__", "__class__"})  # fmt: skip


def defined(code: str) -> frozenset[str]:
    """What a file binds at its top level."""
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)


def module_of(file: str) -> str:
    """`pkg/store.py` as it is imported: `pkg.store`."""
    return file.removesuffix(".py").replace("/", ".")


def place_of_imports(tree: ast.Module, lines: Sequence[str]) -> int:
    """How many of the `lines` stand before the first import may: a header, a docstring and `from __future__` lines."""
    at = _header(lines)
    for node in tree.body:
        is_doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_doc or is_future):
            break
        at = node.end_lineno or at
    return at


def _header(lines: Sequence[str]) -> int:
    """How many comments open a file and speak of it: `#!`, the coding, and a block with an empty line behind it."""
    comments = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if lines[comments : comments + 1] == [""]:
        return comments
    told = (at + 1 for at, line in enumerate(lines[: min(comments, 2)]) if _HEADER.match(line))
    return max(told, default=0)


def unshadowed(code: str) -> str:
    """`code` with another name for a variable that hides the function which gives its value: `total = total(lines)`.

    Python then knows no function `total` there, and the call fails. As it is where a name cannot be found again.
    """
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return code
    known = defined(code) | {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lines = [line.encode() for line in trees.lines(code)]
    places = sorted(_hiding(tree, known), key=lambda one: (one.lineno, one.col_offset))
    for node in reversed(places):
        line, name = lines[node.lineno - 1], node.id.encode()
        end = node.col_offset + len(name)
        if line[node.col_offset : end] != name:
            return code
        lines[node.lineno - 1] = line[:end] + b"_" + line[end:]
    return b"\n".join([*lines, b""]).decode() if places else code


def _hiding(tree: ast.Module, known: frozenset[str] | set[str]) -> list[ast.Name]:
    """The names of local variables that are called as functions of the file as well, where they are no call."""
    found = []
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        called = {id(node.func): node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
        stored = {one.id for one in names if isinstance(one.ctx, ast.Store)}
        outer = {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}  # fmt: skip
        hidden = (stored & set(called.values()) & known) - outer
        found += [one for one in names if one.id in hidden and id(one) not in called]
    return found
