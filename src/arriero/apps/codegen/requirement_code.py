"""Code that stands in a requirement: a Python stub to be completed, or code that is there and is to be changed."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.judge.grammars import GRAMMARS, text, tree
from arriero.apps.codegen.judge.parse import name_in
from arriero.apps.codegen.requirement import Kind, Part
from arriero.core.errors import MissingExtra

_FENCED = re.compile(r"```(?P<tag>[\w+#]*)[^\S\n]*\n(?P<code>.*?)(?:\n[^\S\n]*```|\Z)", re.DOTALL)
_OPENING = re.compile(r"^(?:from\s+\w|import\s+\w|def\s|async\s+def\s|class\s|@\w)", re.MULTILINE)
_DATA = frozenset("text txt json jsonl csv tsv yaml toml xml console output plain diff".split())

# What is asked of code that is there when it is to go on doing what it does.
_REFACTORS = re.compile(
    r"\bre-?factor\w*|\bclean(?:er|(?:ing)?\s+(?:it|this|that|my|the\s+code)?\s*up|\s+this)\b|\btid(?:y|ier)\b"
    r"|\bsimplif(?:y|ied)\b|\brestructure\b|\bmoderni[sz]e\b|\bidiomatic\b|\bre-?write\s+(?:this|the\s+following|my)\b"
    r"|\bmore\s+(?:readable|pythonic|elegant|concise|maintainable)\b|\beasier\s+to\s+(?:read|understand|maintain|test)\b"
    r"|\bwithout\s+changing\s+(?:what|how|its|the)\b|\b(?:keep(?:ing)?|preserv\w+)\s+(?:its|the)\s+behaviou?r\b"
    r"|\bimprove\s+(?:the\s+)?(?:readability|structure|naming|names|quality|style)\b|\boptimi[sz]e\s+(?:this|the\s+following|my)\b"
    r"|\bmake\s+(?:this|the\s+following|my)\b[^.\n]{0,60}\b(?:faster|shorter|readable|clearer|nicer)\b",
    re.IGNORECASE,
)
_THIS = r"(?:this|these|my|the\s+following|(?:the\s+)?(?:code|function|class|method|script|program)\s+(?:below|above))"
_CHANGES = re.compile(
    rf"\b(?:fix|debug|repair|correct|mend|improve|extend|change|review|document|translate|port|convert|update|adapt)\b"
    rf"[^.\n]{{0,60}}\b{_THIS}\b"
    rf"|\b{_THIS}\b[^.\n]{{0,80}}\b(?:wrong|fails?|broken|bugs?|buggy|crash(?:es)?|slow|incorrect|(?:does\s+not|doesn't)\s+work)\b"
    rf"|\b(?:bug|mistake|error)s?\s+in\s+{_THIS}\b",
    re.IGNORECASE,
)


def prose_of(text: str, given: str = "") -> str:
    """The requirement without its blocks of code, and without `given` where that stands in no block."""
    bare = _FENCED.sub("\n", text)
    before, _, behind = bare.partition(given) if given else (bare, "", "")
    return before + behind


def refactors(prose: str) -> bool:
    """Whether code is to be written otherwise and to do what it did."""
    return _REFACTORS.search(prose) is not None


def given_in(text: str, language: str) -> str:
    """The code that `text` holds and asks to be changed; "" when it asks for new code.

    It stands between fences, or, in Python, from its first `def`, `class` or `import` to the last line that is code.
    """
    prose = prose_of(text)
    opening = _OPENING.search(prose) if language == "python" else None
    asked = prose[: opening.start()] if opening else prose
    if not (refactors(asked) or _CHANGES.search(asked)):
        return ""
    for found in _FENCED.finditer(text):
        code = textwrap.dedent(found["code"]).strip("\n")
        if found["tag"].lower() not in _DATA and not _is_shown(code):
            return code
    code = _code_at(prose[opening.start() :]) if opening else ""
    return code if code and not _is_shown(code) else ""


def _code_at(text: str) -> str:
    """The Python with which `text` begins; sentences may stand behind it, but no code that does not parse."""
    lines = text.strip().splitlines()
    for end in range(len(lines), 0, -1):
        behind = "\n".join(lines[end:]).strip("\n")
        if not behind.startswith((" ", "\t")) and parsed("\n".join(lines[:end])) is not None:
            return "" if _OPENING.search(behind) else "\n".join(lines[:end]).strip()
    return ""


def _is_shown(code: str) -> bool:
    """Whether a block holds nothing but examples."""
    lines = [line.strip() for line in code.splitlines() if line.strip()]
    return not lines or any(line.startswith(">>>") for line in lines[:1]) or all(
        line.startswith(("assert ", "#", "//")) for line in lines
    )  # fmt: skip


def stub_in(text: str) -> str:
    """Python that the text opens: imports, helpers, and at its end a `def` whose body is missing.

    The whole text may be that (HumanEval), or a block between fences; "" when there is none.
    """
    blocks = [found["code"] for found in _FENCED.finditer(text)]
    if found := _OPENING.search(text):
        blocks.append(text[found.start() :].partition("```")[0])
    for block in blocks:
        code = textwrap.dedent(block).rstrip()
        tree = parsed(code)
        if tree is None:
            continue
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef) and _is_open(last):
            return code
    return ""


def parsed(code: str) -> ast.Module | None:
    """The tree of Python `code`, whose last function may lack its body."""
    for ending in ("", "\n    pass", "\n        pass"):
        try:
            return trees.parse(code + ending)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _is_open(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether there is nothing in it but a docstring, `pass` or `...`."""
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def defined_by(code: str, language: str) -> tuple[Part, ...]:
    """The functions and classes at the top of `code`, with what stands between their brackets."""
    if language == "python":
        module = parsed(code)
        return tuple(_of_python(module)) if module is not None else ()
    if language not in GRAMMARS:
        return ()
    try:
        root = tree(code, language)
    except MissingExtra:  # without the extra no code of that language is checked either
        return ()
    return tuple(_of_tree(root))


def _of_python(module: ast.Module) -> Iterator[Part]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield Part(node.name, kind=Kind.CLASS)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returns = ast.unparse(node.returns) if node.returns else ""
            yield Part(
                node.name, ast.unparse(node.args), returns,
                task=ast.get_docstring(node) or "", waits=isinstance(node, ast.AsyncFunctionDef),
            )  # fmt: skip


# What tree-sitter's grammars call a thing with a body of its own, by the end of its type's name.
_CLASSES = re.compile(r"^(?:abstract_)?(?:class|struct|interface|enum|trait|record|type)(?:_|$)")
_FUNCTIONS = re.compile(r"^(?:generator_)?(?:function|method|local_function)(?:_|$)")
_WRAPS = frozenset({"export_statement", "global_statement", "lexical_declaration", "variable_declaration", "type_declaration", "template_declaration", "declaration_list"})  # fmt: skip


def _of_tree(root: Any) -> Iterator[Part]:
    for node in root.named_children:
        if node.type in _WRAPS:
            yield from _of_tree(node)
            continue
        named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
        if named is None:
            continue
        value = node.child_by_field_name("value")
        is_function = value is not None and value.type in {"arrow_function", "function_expression"}
        if _CLASSES.match(node.type):
            yield Part(name_in(named), kind=Kind.CLASS)
        elif _FUNCTIONS.match(node.type) or is_function:
            yield Part(name_in(named), _parameters(value if is_function else node))


def _parameters(function: Any) -> str | None:
    inner = function
    while inner is not None:
        held = inner.child_by_field_name("parameters") or inner.child_by_field_name("parameter")
        if held is not None:
            return text(held).strip().removeprefix("(").removesuffix(")").strip()
        inner = inner.child_by_field_name("declarator")
    return None
