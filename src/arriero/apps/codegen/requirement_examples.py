"""The examples of a requirement as tests: doctests, asserts, `f(1) == 2`, `f(1) -> 2`, `f(1)  # 2`, input and output, tables.

Only what can be nothing else becomes a test: a call with plain values on one side, a plain value or an error on the
other. What stands before a doctest or an assert and bears on it goes with it; one that rests on what nobody tells is none.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial

from arriero.apps.codegen import trees
from arriero.apps.codegen.repair_names import imported, unbound
from arriero.apps.codegen.requirement import Example
from arriero.apps.codegen.requirement_session import needed
from arriero.apps.codegen.requirement_values import in_python

MOST = 40  # examples of one requirement, and statements before one; more are a test file, which comes as `tests`
NEAR_ENOUGH = 1e-6  # absolute, for an expected float: what HumanEval's own tests allow

_BUILTIN = frozenset(dir(builtins))
_HIDDEN = "own_function_"
_MINUS = re.compile(r"\u2212(?=\.?\d)")  # of typesetters
_PLAIN_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")  # as text processors set them
# How a line of code begins that an example may rest on: `stack = Stack()`, `stack.push(1)`, `import math`.
_DOES = re.compile(
    r"[A-Za-z_][\w.]*(?:\[.*\])?(?:\s*,\s*\w+)*\s*(?:[-+*/|&]?=(?!=)|\()|(?:import|from)\s+\w"
)
_CALL = re.compile(r"(?<![\w.])(?P<name>[A-Za-z_]\w*)\(")
_GIVES = re.compile(
    r"""\s*[`'"]?\s*(?:\#\s*)?(?:
        ={1,3}>|-{1,2}>|[➞→⇒➔⟶⟹]|={1,3}(?!=)|:
      | \b(?:should|must|will|would|shall)\s+(?:be|return|give|output|equal|evaluate\s+to|result\s+in|yield)(?:\s+(?:to\s+)?(?:equal)?)?
      | \b(?:also\s+)?(?:returns?|gives?|is|equals?|outputs?|yields?|produces?|evaluates?\s+to|results?\s+in)(?:\s+also)?\b
    )\s*:?\s*[`]?\s*""",
    re.VERBOSE,
)
# `f(1)  # 2`, `print(f(1))  # prints 2`: a value and nothing more behind a comment's sign.
_CLOSES = r"(?P<closes>\)?)[^\S\n]*;?[^\S\n]*"
_TOLD = r"[^\S\n]*(?:(?:(?:(?i:expected|output|prints?|result|returns?))\b[^\S\n]*)+:?[^\S\n]*)?"
_LINE_ENDS = re.compile(r"[^\S\n]*`?[^\S\n]*(?:\n|\Z)")
_RAISES = re.compile(
    r"\s*`?\s*(?:\#\s*)?(?:(?:->|=>|:|\u2192)\s*)?(?:(?:should|must|will|would|shall)\s+)?(?:raises?|throws?)\s+(?:an?\s+)?`?(?P<error>[A-Z]\w*)"
)
_RAISING = re.compile(
    r"with\s+(?:\w+\.)?(?:r|assertR)aises\(\s*(?P<error>[\w.]+)[^\n]*\)\s*:\s*(?P<call>\S.*)?$"
)
# A value that is a part of what stands there: "3 * 2", "5! = 120", "1/2", "10 ms", "None or 0", "[1, 2] in any order".
_MORE = re.compile(
    r"[^\S\n]*(?:\*{1,2}[^\S\n]*[\w(]|/(?!/)|%|\^|\+|!?[^\S\n]*==?(?![=>])|[<>]=?[^\S\n]*[\d(]|-\w|-[^\S\n]*\d)"
    r"|[^\S\n]+(?:or[^\S\n]+[-\d\"'`\[({TFN]|\(?in\s+any\s+order|(?:ms|s|sec|seconds?|minutes?|hours?|days?|kg|km|cm|mm|m|px|bytes?|[km]b|items?|elements?|times|digits?)\b)"
)
# So is a call: "2 * f(3)", "not f(3)".
_LESS = re.compile(r"(?:[\d)\]][^\S\n]*[-+*/%]|\w[^\S\n]*[*/%]|\bnot)[^\S\n]*$")
# "connect() raises ConnectionError if the server is down" is no example of a call.
_IF = re.compile(r"`?\s+(?:if|when|whenever|unless|once|after|while|on)\b")
# "f(2) is 4 more than ..." says nothing of f(2) but that; "f(2) is 4 because ..." does.
_GOES_ON = re.compile(
    r"[^\S\n]+(?!(?:and|but|because|since|as|so|for|while|when|whereas|if|then|with|not|whilst|though|although|in|which|where|instead|given|due)\b)[a-z]"
)
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?j?(?!\w|\.\d)")
_WORD = re.compile(r"(?:True|False|None|true|false|null|nil)\b")
_STRING = re.compile(
    r"""[rbuRBU]{0,2}(?:\"(?:\\.|[^"\\\n])*\"|'(?:\\.|[^'\\\n])*')""",
)
_CONTAINER = re.compile(
    r"(?:set|frozenset|tuple|list|dict|(?:datetime\.)?(?:date|datetime|timedelta)|(?:decimal\.)?Decimal|(?:fractions\.)?Fraction)\("
)
# Values that Python's own library makes: dates, and numbers that are exact.
_VALUES = frozenset({"date", "datetime", "timedelta", "Decimal", "Fraction"})
_OF_MODULES = frozenset({"datetime.date", "datetime.datetime", "datetime.timedelta", "decimal.Decimal", "fractions.Fraction"})  # fmt: skip
_PLAIN_WORDS = {"true": "True", "false": "False", "null": "None", "nil": "None"}
# What is asked of a result in an example: `sorted(f(1)) == [2]`, `len(f(1)) == 3`.
_WRAPS = frozenset(
    "list tuple set frozenset sorted dict len sum min max any all next round abs".split()
)
_OF_ROWS = frozenset({"#", "no", "no.", "nr", "nr.", "case", "example", "test", "test case", "description", "scenario"})  # fmt: skip
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
    hidden = sorted((names & _BUILTIN) - {"print"}) if language not in {None, "python"} else []
    if hidden:  # `sum` is a name like another in Go
        return tuple(_shown_again(one, hidden) for one in _with_hidden(text, entry, names, language, hidden))  # fmt: skip
    found: dict[str, Example] = {}
    rest = in_python(_MINUS.sub("-", text), language)
    known = names | ({entry} if entry else set())
    readers = (_doctests, _asserts, partial(_arrows, slashes=language not in {None, "python"}))
    for reader in readers:
        shown, rest = reader(rest)
        for one in shown:
            own = _among(one, known)
            if own is not None and (told := _complete(own, known)):
                found.setdefault(told.code, told)
    about = entry or next((one.entry for one in found.values()), None)
    if about:
        for one in (*_tables(rest, about), *_pairs(rest, about)):
            if told := _complete(one, known):
                found.setdefault(told.code, told)
    if not found and (plain := text.translate(_PLAIN_QUOTES)) != text:
        return examples_in(plain, entry, names, language)
    return tuple(found.values())[:MOST]


def _with_hidden(
    text: str,
    entry: str | None,
    names: frozenset[str],
    language: str | None,
    hidden: Sequence[str],
) -> tuple[Example, ...]:
    """What is read with another name for each function that Python has as well."""
    text = re.sub(rf"(?<![\w.])({'|'.join(hidden)})(?=\()", rf"{_HIDDEN}\1", text)
    others = frozenset(f"{_HIDDEN}{one}" if one in hidden else one for one in names)
    about = f"{_HIDDEN}{entry}" if entry in hidden else entry
    return examples_in(text, about, others, language)


def _shown_again(one: Example, hidden: Sequence[str]) -> Example:
    fields = (one.entry, one.call, one.code)
    told = [re.sub(rf"\b{_HIDDEN}({'|'.join(hidden)})\b", r"\1", text) for text in fields]
    return replace(one, entry=told[0], call=told[1], code=told[2])


def _among(one: Example, known: AbstractSet[str]) -> Example | None:
    """`one` as an example of what is known; also where that is called within: `list(islice(primes(), 5))`."""
    if not known or one.entry in known:
        return one
    tree = _expression(one.call)
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    names = [node.id for node in called if isinstance(node, ast.Name) and node.id in known]
    return replace(one, entry=names[0]) if names else None


def _complete(one: Example, known: AbstractSet[str]) -> Example | None:
    """`one` with the imports that it takes; None where it rests on a value that nothing tells, as in `f(xs) == 3`."""
    own = {*known, one.entry}
    names = unbound(one.code) - own
    if not names:
        return one
    tree = trees.parse(one.code)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
    asked = {node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    # A function that is called may be one of the program's; a module, or a class of Python's, is brought along.
    code = imported(
        one.code, only={name for name in names if name in asked | _VALUES or name[:1].isupper()}
    )
    open_ = (unbound(code) - own) - called
    if any(not name[:1].isupper() for name in open_):
        return None
    setup = "\n".join(
        filter(None, [code.removesuffix("\n").removesuffix(one.code).strip(), one.setup])
    )
    return replace(one, code=code.rstrip("\n"), setup=setup)


def example(call: str, expected: str, setup: str = "") -> Example | None:
    """The test that `call` gives `expected`; None unless it is a call and a plain value."""
    tree, value = _expression(call), literal(expected)
    if not isinstance(tree, ast.Call | ast.Attribute) or value is None:
        return None
    name = entry_of(tree)
    if name is None:
        return None
    code = _lines(setup, _assert(call.strip(), value))
    return Example(name, call.strip(), value, code, setup, objects=_has_objects(tree, name))


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
        if isinstance(called, ast.Name) and called.id not in _BUILTIN | _VALUES:
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
    made = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    owners = {name.partition(".")[0] for name in made if name in _OF_MODULES}
    if any(name not in _BUILTIN | _VALUES | _OF_MODULES for name in made):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            continue
        if isinstance(node, ast.Attribute):
            if ast.unparse(node) not in _OF_MODULES:
                return False
        elif isinstance(node, ast.Name):
            if node.id not in _BUILTIN | _VALUES | owners:
                return False
        elif not isinstance(node, (*allowed, ast.keyword)) or (
            isinstance(node, ast.Constant) and node.value is ...
        ):
            return False  # three dots say that there is more
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
    tree = _expression(call)  # `f(1) == 2` that gives True is no chain of comparisons
    told = call if isinstance(tree, ast.Call | ast.Attribute | ast.Subscript) else f"({call})"
    return f"assert {told} == {expected}"


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _lines(setup: str, code: str) -> str:
    return f"{setup.rstrip()}\n{code}" if setup.strip() else code


def _doctests(text: str) -> tuple[list[Example], str]:
    """Sessions at the prompt `>>>`, and the text without them."""
    found, rest, session = list[Example](), list[str](), list[tuple[str, str]]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        bare = lines[place].strip()
        if not bare.startswith(">>>"):
            rest.append(lines[place])
            if bare:
                session = []
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
        found += _at_prompt("\n".join(source), want, session)
        del session[:-MOST]
    return found, "\n".join(rest)


def _is_output(line: str) -> bool:
    bare = line.strip()
    return bool(bare) and not bare.startswith((">>>", '"""', "'''", "```"))


def _at_prompt(
    source: str, want: Sequence[str], session: list[tuple[str, str]]
) -> Iterator[Example]:
    """The example that one input at the prompt is; what it does to later ones is noted in `session`.

    That is statements, and calls with what they are of: a later example finds done what was called without an answer, what
    was asked of an object, and earlier calls of its own function with the same values.
    """
    tree = _expression(source.partition("  #")[0]) or _expression(source)
    if tree is None:
        shown, _ = _arrows(source)
        if shown:
            yield from (_after(one, _done(session, one.entry)) for one in shown)
        elif not want:
            session.append((source, ""))
        return
    if not want:
        if isinstance(tree, ast.Compare) and (shown := [*_assert_of(ast.Assert(tree))]):
            yield from (_after(one, _done(session, one.entry)) for one in shown)
        elif any(isinstance(node, ast.Call) for node in ast.walk(tree)):
            session.append((source, ""))
        return
    name = entry_of(tree)
    before = _done(session, name or "")
    bound = _bound(_module(before))
    of = "" if name is None or name in bound else name
    about = of or _made_by(tree, _module(before))
    if about is None:
        return
    if bound & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
        session.append((source, of))
    call = ast.unparse(tree)
    if want[0].startswith("Traceback"):
        error = want[-1].partition(":")[0].strip().rpartition(".")[2]
        if error.isidentifier():
            yield Example(about, call, "", _lines(before, _raising(call, error)), before, error)
        return
    value = literal("\n".join(want)) or literal(want[0])
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "print":
        if len(tree.args) != 1 or tree.keywords:
            return
        call, value = f"str({ast.unparse(tree.args[0])})", repr("\n".join(want))
    if value is not None:
        objects = _has_objects(_module(before), about) or _has_objects(tree, about)
        yield Example(
            about, call, value, _lines(before, _assert(call, value)), before, objects=objects
        )


def _done(session: Sequence[tuple[str, str]], name: str) -> str:
    """What was done at the prompt before a call of `name`."""
    return "\n".join(source for source, of in session if of in {"", name})


def _after(one: Example, before: str) -> Example:
    return replace(one, setup=before, code=_lines(before, one.code))


def _bound(tree: ast.AST) -> set[str]:
    """The names of values that statements bind, and of functions that they define."""
    stored = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    return stored | {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


def _made_by(tree: ast.expr, before: ast.Module) -> str | None:
    """The function or class whose result an expression asks: of `stack.pop()` behind `stack = Stack()` that is `Stack`."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in reversed(before.body):
        if isinstance(node, ast.FunctionDef) and node.name in names and node.decorator_list:
            return ast.unparse(node.decorator_list[0]).partition("(")[0]
        if isinstance(node, ast.Assign) and names & _bound(node):
            if name := entry_of(node.value):
                return name
            names |= {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
    return None


def _module(setup: str) -> ast.Module:
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
    """`assert` statements and `with raises(...)`, over several lines if a bracket is open.

    Each with what its names stand for in the lines of code above it.
    """
    found, rest, above = list[Example](), list[str](), list[ast.stmt]()
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        taken, node = _read(lines, place)
        if node is None:
            if lines[place].strip():
                above = []
            rest.append(lines[place])
            place += 1
            continue
        if isinstance(node, ast.Assert | ast.With):
            shown = _assert_of(node, above) if isinstance(node, ast.Assert) else _raised(node, above)  # fmt: skip
            found += shown
        elif (told := _commented(node, lines[place + taken - 1])) and needed(told, above):
            found += _assert_of(told, above)  # `stack.pop()  # 2` behind `stack = Stack()`
        else:
            rest += lines[place : place + taken]
        above = [*above, node][-MOST:]
        place += taken
    return found, "\n".join(rest)


def _read(lines: Sequence[str], place: int) -> tuple[int, ast.stmt | None]:
    """How many lines the simple statement at `place` has, and it; None where the line is something else."""
    bare = lines[place].strip().strip("`").strip()
    if raising := _RAISING.match(bare):
        call = raising["call"] or "".join(lines[place + 1 : place + 2]).strip()
        return 1 if raising["call"] else 2, _statement(f"with raises({raising['error']}):\n    {call}")  # fmt: skip
    is_assert = re.match(r"assert\b", bare) is not None
    if not is_assert and not _DOES.match(bare):
        return 1, None
    taken, source = 1, bare
    while (node := _statement(source)) is None and taken < 12 and place + taken < len(lines):
        if not is_assert and not re.search(r"[\[({,]\s*$", source):
            return 1, None
        source += "\n" + lines[place + taken]
        taken += 1
    return (taken, node) if node is not None else (1, None)


def _statement(source: str) -> ast.stmt | None:
    """The one statement of `source` that an example may rest on, or None."""
    try:
        body = trees.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1:
        return None
    match body[0]:
        case ast.Assert() | ast.Assign() | ast.AugAssign() | ast.Import() | ast.ImportFrom():
            return body[0]
        case ast.With() | ast.Expr(value=ast.Call()):
            return body[0]
    return None


def _assert_of(tree: ast.Assert, above: Sequence[ast.stmt] = ()) -> Iterator[Example]:
    before = needed(tree, above)
    setup = "\n".join(map(ast.unparse, before))
    made = ast.Module(before, [])
    name = entry_of(tree.test)
    if name is None or name in _bound(made):
        name = _made_by(tree.test, made)
    if name is None:
        return
    call, expected = ast.unparse(tree.test), "True"
    if isinstance(tree.test, ast.Compare) and len(tree.test.ops) == 1:
        if isinstance(tree.test.ops[0], ast.Eq | ast.Is):
            left, right = tree.test.left, tree.test.comparators[0]
            if entry_of(left) is None and entry_of(right) is not None:
                left, right = right, left
            call, expected = ast.unparse(left), ast.unparse(right)
    elif isinstance(tree.test, ast.UnaryOp) and isinstance(tree.test.op, ast.Not):
        call, expected = ast.unparse(tree.test.operand), "False"
    objects = any(_has_objects(one, name) for one in (tree, *before))
    yield Example(name, call, expected, _lines(setup, ast.unparse(tree)), setup, objects=objects)


def _commented(node: ast.stmt, line: str) -> ast.Assert | None:
    """A call of an object with what a comment says that it gives, as an assert."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[called], keywords=[])):
            pass
        case ast.Expr(value=ast.Call(func=ast.Attribute()) as called):
            pass
        case _:
            return None
    match called:
        case ast.Call(func=ast.Attribute()):
            sign = re.search(r"#[^\S\n]*(?:=>|->)?" + _TOLD, line)
            value = scanned(line, sign.end()) if sign else None
            if value is not None and _LINE_ENDS.match(line[value[1] :]):
                tree = _expression(value[0])
                return ast.Assert(ast.Compare(called, [ast.Eq()], [tree])) if tree else None
    return None


def _raised(tree: ast.With, above: Sequence[ast.stmt]) -> Iterator[Example]:
    match tree:
        case ast.With(
            items=[ast.withitem(context_expr=ast.Call(args=[error]))],
            body=[ast.Expr(value=ast.Call() as called)],
        ):
            before = needed(called, above)
            setup = "\n".join(map(ast.unparse, before))
            kind = ast.unparse(error).rpartition(".")[2]
            call = ast.unparse(called)
            if name := entry_of(called) or _made_by(called, ast.Module(before, [])):
                yield Example(name, call, "", _lines(setup, _raising(call, kind)), setup, kind)


def _has_objects(tree: ast.AST, entry: str) -> bool:
    """Whether a test makes objects of the program's own classes, or calls their methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id[:1].isupper():
                return node.func.id not in _BUILTIN | _VALUES
            if isinstance(node.func, ast.Attribute) and entry[:1].isupper():
                return True
        if is_of_class(node):
            return True
    return False


def is_of_class(node: ast.AST) -> bool:
    """Whether it asks a class of the program for what it holds: `Color.RED`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id[:1].isupper()
        and node.value.id not in _BUILTIN | _VALUES
    )


def _arrows(text: str, *, slashes: bool = False) -> tuple[list[Example], str]:
    """`f(1) == 2`, `f(1) -> 2`, `f(1) should return 2`, `f(0) raises ValueError`, `print(f(1))  # 2` anywhere in prose.

    `slashes`: two of them begin a comment, too.
    """
    found, taken = list[Example](), list[tuple[int, int]]()
    at = 0
    while call := _CALL.search(text, at):
        at = call.end()
        end = _closing(text, call.end() - 1)
        around = call["name"] in _BUILTIN
        if end is None or (around and call["name"] not in _WRAPS) or _defines(text, call.start()):
            continue
        end = _asked(text, end) if call["name"][:1].isupper() else end
        if read := _shown(text, call.start(), end, "(?:#|//)" if slashes else "#"):
            one, at = read
            found.append(one)
            taken.append((call.start(), at))
    return found, _without(text, taken)


def _asked(text: str, end: int) -> int:
    """Just behind what is asked of an object that was made up to `end`: `Stack([1]).pop()`."""
    while asked := re.compile(r"\.[A-Za-z_]\w*(\()?").match(text, end):
        closing = _closing(text, asked.end() - 1) if asked[1] else asked.end()
        if closing is None:
            break
        end = closing
    return end


def _shown(text: str, start: int, end: int, comment: str) -> tuple[Example, int] | None:
    """The example that the call between `start` and `end` is with what stands behind it, and where that ends."""
    call = text[start:end]
    if not _plain_call(call):
        return None
    if raised := _RAISES.match(text, end):
        one = _raising_example(call, raised["error"])
        return (one, raised.end()) if one and not _IF.match(text, raised.end()) else None
    sign, behind = _GIVES.match(text, end), False
    value = scanned(text, sign.end()) if sign else None
    if value is None and (sign := re.compile(_CLOSES + comment + _TOLD).match(text, end)):
        value, behind = scanned(text, sign.end()), True
    if sign is None or value is None:
        return None
    told, rest = value[0], text[value[1] :]
    if behind and not _LINE_ENDS.match(rest):
        return None
    if re.match(r"\s*,\s*[-\d\"'\[({]", rest):
        return None  # `f(1) = 2, 3` may be a tuple or two answers
    if _MORE.match(rest) or _LESS.search(text[max(0, start - 20) : start]):
        return None
    if re.search(r"\(\s*\)$", call) and _IF.match(rest):
        return None
    if sign[0].rstrip(" `:\n")[-1:].isalpha() and told[-1].isdigit() and _GOES_ON.match(rest):
        return None
    if behind and sign["closes"]:
        before = text[:start].rstrip()
        if not before.endswith("("):
            return None
        if before.endswith("print(") and told[0] not in "[({\"'":
            call, told = f"str({call})", repr(told)  # what is printed may be a number or a text
    one = example(call, told)
    return (one, value[1]) if one else None


def _raising_example(call: str, error: str) -> Example | None:
    tree = _expression(call)
    name = entry_of(tree) if tree is not None else None
    known = getattr(builtins, error, None)
    is_error = isinstance(known, type) and issubclass(known, BaseException)
    if name is None or not (is_error or error.endswith(("Error", "Exception"))):
        return None
    return Example(name, call, "", _raising(call, error), raises=error)


def _defines(text: str, at: int) -> bool:
    return bool(re.search(r"\b(?:def|class|function|func|fn)\s+$", text[max(0, at - 12) : at]))


def _plain_call(call: str) -> bool:
    """Whether everything that is given is a plain value: `f(x) = 2` says nothing that can be tried."""
    tree = _expression(call)
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)] if tree else []
    given = [
        value
        for one in calls
        for value in (*one.args, *(word.value for word in one.keywords))
        if not (isinstance(value, ast.Call) and ast.unparse(one.func) in _WRAPS)
    ]
    return bool(calls) and all(_is_plain(one) for one in given)


def _without(text: str, taken: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(taken):
        text = text[:start] + text[end:]
    return text


def _tables(text: str, entry: str) -> Iterator[Example]:
    """Rows of a Markdown table whose heads say input and output; a column that numbers or names the rows is none of them."""
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
            told = zip(heads[:-1], cells[:-1], strict=False)
            given = [cell for head, cell in told if head not in _OF_ROWS]
            call = given[0] if given and given[0].startswith(f"{entry}(") else f"{entry}({', '.join(given)})"  # fmt: skip
            if (one := example(call, cells[-1])) and _plain_call(one.call):
                yield one


def _pairs(text: str, entry: str) -> Iterator[Example]:
    """`Input: 3 Output: 9`, and `for n = 3 the result is 9`."""
    for found in _IN_OUT.finditer(text):
        given = found["given"].strip().rstrip(",;.")
        given = f"{entry}({given})" if not given.startswith(f"{entry}(") else given
        told = found["gives"].strip().strip("`")
        value = scanned(told, 0)
        if value and _MORE.match(told, value[1]):
            continue
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
