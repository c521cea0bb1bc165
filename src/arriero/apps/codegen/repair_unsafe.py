"""Unsafe calls replaced by their safe forms. The tests run again afterwards: what breaks them is not kept."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from arriero.apps.codegen import trees
from arriero.apps.codegen.repair_names import place_of_imports


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a node."""

    node: ast.expr | ast.keyword
    text: str


@dataclass(frozen=True, slots=True)
class Added:
    """An import that an edit takes."""

    line: str


Change = Edit | Added


def safer(code: str, asked: str = "", *, tried: bool = True) -> str:
    """`code` with each unsafe call that has one safe form replaced by it; as it is if it does not parse.

    What the words in `asked` name stays: who asks for an MD5 sum means it. Unless the code is `tried` by examples, `eval`
    stays as well: of a calculator nothing would be left.
    """
    try:
        tree = trees.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return code
    swaps = [
        swap
        for swap in SWAPS
        if not ((swap is _eval and not tried) or (swap is _digest and _BROKEN.search(asked)))
    ]
    changes = [change for node in ast.walk(tree) for swap in swaps for change in swap(node)]
    edits = [one for one in changes if isinstance(one, Edit)]
    if not edits:
        return code
    done = _edited(code, edits)
    have = trees.lines(done)
    lines = [one.line for one in changes if isinstance(one, Added) and one.line not in have]
    if not lines:
        return done
    at = place_of_imports(trees.parse(done), have)
    return "\n".join([*have[:at], *dict.fromkeys(lines), *have[at:]]) + "\n"


def _edited(code: str, edits: Sequence[Edit]) -> str:
    """The edits from the last to the first, so that places stay right; nested ones only once."""
    # Lines as Python counts them: not after a form feed, nor after a separator within a text.
    lines = [line.encode() for line in re.findall(r"[^\n]*\n|[^\n]+", code)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    raw, last = code.encode(), len(code.encode()) + 1
    for edit in sorted(edits, key=lambda one: (one.node.lineno, one.node.col_offset), reverse=True):
        begin = starts[edit.node.lineno - 1] + edit.node.col_offset
        end = starts[(edit.node.end_lineno or 1) - 1] + (edit.node.end_col_offset or 0)
        if end <= last:
            raw = raw[:begin] + edit.text.encode() + raw[end:]
            last = begin
    return raw.decode()


def _name(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _keyword(call: ast.Call, name: str) -> ast.keyword | None:
    return next((one for one in call.keywords if one.arg == name), None)


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


_BROKEN = re.compile(r"\bmd-?5\b|\bsha-?1\b|md5|sha1", re.IGNORECASE)
_LOADERS = frozenset({"Loader", "FullLoader", "UnsafeLoader", "SafeLoader", "CLoader", "CSafeLoader", "None"})  # fmt: skip
# What a shell makes more of than words: "a | b", "a > b", "*.txt".
_OF_A_SHELL = re.compile(r"[|&;<>*?$`~]")


def _yaml(node: ast.AST) -> Iterator[Change]:
    """`yaml.load(x, Loader=...)` builds any object; `safe_load` plain ones."""
    if isinstance(node, ast.Call) and _name(node) in {
        "yaml.load",
        "yaml.unsafe_load",
        "yaml.full_load",
    }:
        word = _keyword(node, "Loader")
        loaders = [*node.args[1:2], *([word.value] if word else [])]
        own = [one for one in loaders if ast.unparse(one).rpartition(".")[2] not in _LOADERS]
        if node.args and not own:
            yield Edit(node, f"yaml.safe_load({ast.unparse(node.args[0])})")


def _eval(node: ast.AST) -> Iterator[Change]:
    """`eval` of a text that is data."""
    if isinstance(node, ast.Call) and _name(node) == "eval" and len(node.args) == 1:
        yield Edit(node.func, "ast.literal_eval")
        yield Added("import ast")


def _shell(node: ast.AST) -> Iterator[Change]:
    """`subprocess.run(text, shell=True)` and `os.system(text)`."""
    if not isinstance(node, ast.Call) or not node.args or _needs_a_shell(node.args[0]):
        return
    if _name(node) == "os.system":
        yield Edit(node, f"subprocess.run(shlex.split({ast.unparse(node.args[0])}), check=False).returncode")  # fmt: skip
        yield Added("import shlex")
        yield Added("import subprocess")
        return
    shell = _keyword(node, "shell")
    if _name(node).startswith("subprocess.") and shell is not None and _is(shell.value, True):
        if not isinstance(node.args[0], ast.List | ast.Tuple):
            yield Edit(node.args[0], f"shlex.split({ast.unparse(node.args[0])})")
            yield Added("import shlex")
        yield Edit(shell, "shell=False")


def _needs_a_shell(command: ast.expr) -> bool:
    told = (one.value for one in ast.walk(command) if isinstance(one, ast.Constant))
    return any(isinstance(one, str) and _OF_A_SHELL.search(one) for one in told)


_VERBS = ("get", "post", "put", "patch", "delete", "head", "request")


def _verify(node: ast.AST) -> Iterator[Change]:
    """Certificates are checked, and nobody is waited for without end."""
    if not isinstance(node, ast.Call):
        return
    verbs = {f"requests.{verb}" for verb in _VERBS}
    verify = _keyword(node, "verify")
    owner, _, called = _name(node).rpartition(".")
    fetches = owner in {"requests", "httpx"} or (owner and called in _VERBS)
    if verify is not None and _is(verify.value, False) and fetches:
        yield Edit(verify, "verify=True")
    if _name(node) in verbs and _keyword(node, "timeout") is None and (node.args or node.keywords):
        last = [*node.args, *(word.value for word in node.keywords)][-1]
        if verify is None or last is not verify.value:
            yield Edit(last, f"{ast.unparse(last)}, timeout=10")


def _temporary(node: ast.AST) -> Iterator[Change]:
    """`mktemp` names a file that somebody else can make first."""
    if _name(node) == "tempfile.mktemp":
        assert isinstance(node, ast.Call)  # noqa: S101  # it has a name
        told = ", ".join(ast.unparse(one) for one in (*node.args, *node.keywords))
        yield Edit(node, f"tempfile.mkstemp({told})[1]")


def _debug(node: ast.AST) -> Iterator[Change]:
    """Flask's debugger runs what strangers send it."""
    if isinstance(node, ast.Call) and _name(node).endswith(".run"):
        debug = _keyword(node, "debug")
        if debug is not None and _is(debug.value, True):
            yield Edit(debug, "debug=False")


def _archive(node: ast.AST) -> Iterator[Change]:
    """An archive's members may name places outside of the folder."""
    if isinstance(node, ast.Call) and _name(node).endswith(".extractall"):
        owner = _name(node).rpartition(".")[0]
        if (
            re.search(r"(?<![a-z])tar(?!get)", owner, re.IGNORECASE)
            and _keyword(node, "filter") is None
        ):
            told = [ast.unparse(one) for one in (*node.args, *node.keywords)]
            words = ", ".join([*told, 'filter="data"'])
            yield Edit(node, f"{owner}.extractall({words})")


def _digest(node: ast.AST) -> Iterator[Change]:
    """MD5 and SHA-1 are broken."""
    if not isinstance(node, ast.Call) or _keyword(node, "usedforsecurity") is not None:
        return
    if _name(node) in {"hashlib.md5", "hashlib.sha1"}:
        yield Edit(node.func, "hashlib.sha256")


SWAPS: Sequence[Callable[[ast.AST], Iterator[Change]]] = (
    _yaml, _eval, _shell, _verify, _temporary, _debug, _archive, _digest,
)  # fmt: skip
