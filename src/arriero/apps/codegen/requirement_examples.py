"""The examples of a requirement as tests: doctests, asserts, `f(1) == 2`, `f(1) -> 2`, input and output, tables.

Only what can be nothing else becomes a test: a call with plain values on one side, a plain value on the other.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from arriero.apps.codegen import trees
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_values import in_python

MOST = 40  # examples of one requirement; more are a test file, which comes as `tests`
NEAR_ENOUGH = 1e-6  # absolute, for an expected float: what HumanEval's own tests allow

_BUILTIN = frozenset(dir(builtins))
_CALL = re.compile(r"(?<![\w.])(?P<name>[A-Za-z_]\w*)\(")
_GIVES = re.compile(
    r"""\s*[`'"]?\s*(?:\#\s*)?(?:
        ={1,3}>|-{1,2}>|[➞→⇒➔⟶⟹]|={1,3}(?!=)|:
      | \b(?:should|must|will|would|shall)\s+(?:be|return|give|output|equal|evaluate\s+to|result\s+in|yield)(?:\s+(?:to\s+)?(?:equal)?)?
      | \b(?:returns?|gives?|is|equals?|outputs?|yields?|evaluates?\s+to|results?\s+in)\b
    )\s*:?\s*[`]?\s*""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?j?(?!\w|\.\d)")
_WORD = re.compile(r"(?:True|False|None|true|false|null|nil)\b")
_STRING = re.compile(
    r"""[rbuRBU]{0,2}(?:\"(?:\\.|[^"\\\n])*\"|'(?:\\.|[^'\\\n])*')""",
)
_CONTAINER = re.compile(r"(?:set|frozenset|tuple|list|dict)\(")
_PLAIN_WORDS = {"true": "True", "false": "False", "null": "None", "nil": "None"}
_IN_OUT = re.compile(
    r"\binputs?\s*:\s*(?P<given>[^\n]+?)[\s,;.]*(?:\n\s*)?\b(?:expected\s+)?outputs?\s*:\s*(?P<gives>[^\n]+)",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\b(?:for|if|given|when|with)\s+(?=\w+\s*=)", re.IGNORECASE)
_RESULT = re.compile(
    r"[^\n.]{0,40}?(?:\b(?:output|result|answer|return(?:s|ed)?(?:\s+value)?)\b|->|=>|==)"
    r"(?:\s+(?:should|must|will|would)\s+be|\s+is|\s+equals?|\s+value)?\s*[:=]?\s*`?",
    re.IGNORECASE,
)


def examples_in(
    text: str,
    entry: str | None = None,
    names: frozenset[str] = frozenset(),
    language: str | None = None,
) -> tuple[Example, ...]:
    """What `text` shows, in its order, each once. `names` are the functions and classes that it is about.

    Without `names` any function that Python does not have counts. `entry` is what "Input: ..." is given to, `language`
    what the code is to be written in, whose values it may show.
    """
    found: dict[str, Example] = {}
    rest = in_python(text, language)
    known = names | ({entry} if entry else set())
    for reader in (_doctests, _asserts, _arrows):
        shown, rest = reader(rest)
        for one in shown:
            if (not known or one.entry in known) and one.code not in found:
                found[one.code] = one
    about = entry or next((one.entry for one in found.values()), None)
    if about:
        for one in (*_tables(rest, about), *_pairs(rest, about)):
            found.setdefault(one.code, one)
    return tuple(found.values())[:MOST]


def example(call: str, expected: str, setup: str = "") -> Example | None:
    """The test that `call` gives `expected`; None unless it is a call and a plain value."""
    tree, value = _expression(call), literal(expected)
    if not isinstance(tree, ast.Call) or value is None:
        return None
    name = entry_of(tree)
    if name is None:
        return None
    return Example(name, call.strip(), value, _lines(setup, _assert(call.strip(), value)), setup)


def contradictions(examples: Sequence[Example]) -> tuple[tuple[Example, Example], ...]:
    """Pairs of examples that give the same call different values."""
    first: dict[tuple[str, str], Example] = {}
    against = []
    for one in examples:
        tree = _expression(one.call)
        if tree is None or not one.expected:
            continue
        known = first.setdefault((one.setup, ast.dump(tree)), one)
        if known is not one and not _equal(known.expected, one.expected):
            against.append((known, one))
    return tuple(against)


def entry_of(tree: ast.expr) -> str | None:
    """The outermost function of an expression that Python does not have itself."""
    for node in ast.walk(tree):  # breadth first: the outermost comes first
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id not in _BUILTIN:
            return called.id
    return None


def literal(text: str) -> str | None:
    """`text` as the source of a plain value, `true`, `null` and `nil` as Python has them; None if it is none."""
    text = text.strip().rstrip(".;,").strip("`").strip()
    text = _PLAIN_WORDS.get(text, text)
    tree = _expression(text)
    if tree is None or not _is_plain(tree):
        return None
    return text


def scanned(text: str, at: int) -> tuple[str, int] | None:
    """The plain value that begins at `at`, as source, and where it ends."""
    rest = text[at:]
    if rest[:1] and rest[0] in "[({":
        end = _closing(text, at)
        return None if end is None else _value(text, at, end)
    if found := _CONTAINER.match(rest):
        end = _closing(text, at + found.end() - 1)
        return None if end is None else _value(text, at, end)
    for pattern in (_STRING, _NUMBER, _WORD):
        if found := pattern.match(rest):
            return _value(text, at, at + found.end())
    return None


def _value(text: str, at: int, end: int) -> tuple[str, int] | None:
    plain = literal(text[at:end])
    return None if plain is None else (plain, end)


def _closing(text: str, at: int) -> int | None:
    """Just behind the bracket that closes the one at `at`; strings in between are skipped."""
    open_, place = [], at
    while place < len(text):
        sign = text[place]
        if sign in "\"'":
            found = _STRING.match(text, place)
            if found is None:
                return None
            place = found.end()
            continue
        if sign in "[({":
            open_.append(sign)
        elif sign in "])}":
            if not open_ or "[({".index(open_.pop()) != "])}".index(sign):
                return None
            if not open_:
                return place + 1
        place += 1
    return None


def _expression(text: str) -> ast.expr | None:
    try:
        return trees.expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_plain(tree: ast.expr) -> bool:
    """Whether it is made of constants and built-in containers alone."""
    allowed = (
        ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.UAdd,
        ast.Load, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Pow,
    )  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _BUILTIN:
                return False
        elif isinstance(node, ast.Name):
            if node.id not in _BUILTIN:
                return False
        elif not isinstance(node, allowed):
            return False
    return True


def _equal(one: str, other: str) -> bool:
    try:
        return bool(trees.literal(one) == trees.literal(other))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return one == other


def _assert(call: str, expected: str) -> str:
    try:
        is_float = isinstance(trees.literal(expected), float)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        is_float = False
    if is_float and expected.strip("+-")[:3] not in {"inf", "nan"}:
        return f"assert abs({call} - {_bracketed(expected)}) < {NEAR_ENOUGH}"
    return f"assert {call} == {expected}"


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _lines(setup: str, code: str) -> str:
    return f"{setup.rstrip()}\n{code}" if setup.strip() else code


def _doctests(text: str) -> tuple[list[Example], str]:
    """Sessions at the prompt `>>>`, and the text without them."""
    found, rest, setup = list[Example](), list[str](), list[str]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        bare = lines[place].strip()
        if not bare.startswith(">>>"):
            rest.append(lines[place])
            if bare:
                setup = []
            place += 1
            continue
        source = [bare[3:].strip()]
        place += 1
        while place < len(lines) and lines[place].strip().startswith("..."):
            source.append(lines[place].strip()[4:])
            place += 1
        want = []
        while place < len(lines) and _is_output(lines[place]):
            want.append(lines[place].strip())
            place += 1
        found += _session("\n".join(source), want, setup)
    return found, "\n".join(rest)


def _is_output(line: str) -> bool:
    bare = line.strip()
    return bool(bare) and not bare.startswith((">>>", '"""', "'''", "```"))


def _session(source: str, want: Sequence[str], setup: list[str]) -> Iterator[Example]:
    """The example that one input at the prompt is; statements without output are kept as setup."""
    tree = _expression(source.partition("  #")[0]) or _expression(source)
    before = "\n".join(setup)
    if tree is None:
        shown, _ = _arrows(source)
        if shown:
            yield from (replace(one, setup=before, code=_lines(before, one.code)) for one in shown)
        elif not want:
            setup.append(source)
        return
    if not want:
        if isinstance(tree, ast.Compare):
            yield from _assert_of(f"assert {source}")
        elif entry_of(tree):
            setup.append(source)
        return
    call = ast.unparse(tree)
    if want[0].startswith("Traceback"):
        error = want[-1].partition(":")[0].strip().rpartition(".")[2]
        name = entry_of(tree)
        if name and error.isidentifier():
            yield Example(name, call, "", _lines(before, _raising(call, error)), before, error)
        return
    value = literal("\n".join(want)) or literal(want[0])
    name = entry_of(tree)
    if value is not None and name is not None:
        objects = _has_objects(_before(before), name) or _has_objects(tree, name)
        yield Example(
            name, call, value, _lines(before, _assert(call, value)), before, objects=objects
        )


def _before(setup: str) -> ast.Module:
    """The statements of a setup; none where it is no Python."""
    try:
        return trees.parse(setup)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _raising(call: str, error: str) -> str:
    return (
        f"try:\n    {call}\nexcept {error}:\n    pass\nelse:\n"
        f"    raise AssertionError({f'{call} raised no {error}'!r})"
    )


def _asserts(text: str) -> tuple[list[Example], str]:
    """`assert` statements, over several lines if a bracket is open."""
    found, rest = list[Example](), list[str]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        bare = lines[place].strip().strip("`")
        if not re.match(r"assert\b", bare):
            rest.append(lines[place])
            place += 1
            continue
        taken, source = 1, bare
        while _statement(source) is None and taken < 12 and place + taken < len(lines):
            source += "\n" + lines[place + taken]
            taken += 1
        if _statement(source) is None:
            rest.append(lines[place])
            place += 1
            continue
        found += _assert_of(source)
        place += taken
    return found, "\n".join(rest)


def _statement(source: str) -> ast.Assert | None:
    try:
        body = trees.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return body[0] if len(body) == 1 and isinstance(body[0], ast.Assert) else None


def _assert_of(source: str) -> Iterator[Example]:
    tree = _statement(source)
    if tree is None:
        return
    name = entry_of(tree.test)
    if name is None:
        return
    call, expected = ast.unparse(tree.test), "True"
    if isinstance(tree.test, ast.Compare) and len(tree.test.ops) == 1:
        if isinstance(tree.test.ops[0], ast.Eq | ast.Is):
            left, right = tree.test.left, tree.test.comparators[0]
            if entry_of(left) is None:
                left, right = right, left
            call, expected = ast.unparse(left), ast.unparse(right)
    elif isinstance(tree.test, ast.UnaryOp) and isinstance(tree.test.op, ast.Not):
        call, expected = ast.unparse(tree.test.operand), "False"
    yield Example(name, call, expected, ast.unparse(tree), objects=_has_objects(tree, name))


def _has_objects(tree: ast.AST, entry: str) -> bool:
    """Whether a test makes objects of the program's own classes, or calls their methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id[:1].isupper():
                return node.func.id not in _BUILTIN
            if isinstance(node.func, ast.Attribute) and entry[:1].isupper():
                return True
    return False


def _arrows(text: str) -> tuple[list[Example], str]:
    """`f(1) == 2`, `f(1) -> 2`, `f(1) should return 2` anywhere in prose."""
    found, taken = list[Example](), list[tuple[int, int]]()
    at = 0
    while call := _CALL.search(text, at):
        at = call.end()
        end = _closing(text, call.end() - 1)
        if end is None or call["name"] in _BUILTIN or _defines(text, call.start()):
            continue
        sign = _GIVES.match(text, end)
        value = scanned(text, sign.end()) if sign else None
        if value is None or re.match(r"\s*,\s*[-\d\"'\[({]", text[value[1] :]):
            continue  # `f(1) = 2, 3` may be a tuple or two answers
        if (one := example(text[call.start() : end], value[0])) and _plain_call(one.call):
            found.append(one)
            taken.append((call.start(), value[1]))
            at = value[1]
    return found, _without(text, taken)


def _defines(text: str, at: int) -> bool:
    return bool(re.search(r"\b(?:def|class|function|func|fn)\s+$", text[max(0, at - 12) : at]))


def _plain_call(call: str) -> bool:
    """Whether everything that it is given is a plain value: `f(x) = 2` says nothing that can be tried."""
    tree = _expression(call)
    return isinstance(tree, ast.Call) and all(
        _is_plain(one) for one in (*tree.args, *(word.value for word in tree.keywords))
    )


def _without(text: str, taken: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(taken):
        text = text[:start] + text[end:]
    return text


def _tables(text: str, entry: str) -> Iterator[Example]:
    """Rows of a Markdown table whose heads say input and output."""
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if line.count("|") < 2 or len(cells) < 2:
            heads = []
        elif not heads:
            heads = [cell.lower() for cell in cells]
        elif set("".join(cells)) <= set("-: "):
            continue
        elif re.search(r"output|result|returns?|expected|gives|=", heads[-1]) or "(" in heads[-1]:
            call = (
                cells[0]
                if cells[0].startswith(f"{entry}(")
                else f"{entry}({', '.join(cells[:-1])})"
            )
            if (one := example(call, cells[-1])) and _plain_call(one.call):
                yield one


def _pairs(text: str, entry: str) -> Iterator[Example]:
    """`Input: 3 Output: 9`, and `for n = 3 the result is 9`."""
    for found in _IN_OUT.finditer(text):
        given = found["given"].strip().rstrip(",;.")
        given = f"{entry}({given})" if not given.startswith(f"{entry}(") else given
        value = scanned(found["gives"].strip().strip("`"), 0)
        if value and (one := example(_by_position(given), value[0])) and _plain_call(one.call):
            yield one
    for found in _WHERE.finditer(text):
        values, at = [], found.end()
        while word := re.compile(r"\w+\s*=\s*").match(text, at):
            value = scanned(text, word.end())
            if value is None:
                break
            values.append(value[0])
            at = value[1] + len(re.match(r"\s*(?:,|and)?\s*(?:and\s+)?", text[value[1] :]).group())  # type: ignore[union-attr]  # it matches nothing too
        sign = _RESULT.match(text, at)
        value = scanned(text, sign.end()) if sign and values else None
        if value and (one := example(f"{entry}({', '.join(values)})", value[0])):
            yield one


def _by_position(call: str) -> str:
    """`f(nums = [1], k = 2)` as `f([1], 2)`: the names in a puzzle's input are its own."""
    tree = _expression(call)
    if not isinstance(tree, ast.Call):
        return call
    tree.args += [word.value for word in tree.keywords]
    tree.keywords = []
    return ast.unparse(tree)
