"""Syntax trees of languages other than Python, by tree-sitter.

One small wheel a language (30 MB installed for twelve) instead of the pack of 170 (192 MB, and its newer versions
download their grammars when they are first used). A language that has no grammar here is not checked, and says so.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from arriero.core.errors import MissingExtra

# language -> (package, the function in it that gives the grammar)
GRAMMARS = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "jsx": ("tree_sitter_javascript", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}
BARE_PHP = ("tree_sitter_php", "language_php_only")  # a piece of PHP without `<?php`


def tree(code: str, language: str) -> Any:
    """The root node. Raises KeyError for a language without a grammar, MissingExtra without its package."""
    bare = language == "php" and is_bare(code)
    return (
        _parser(*(BARE_PHP if bare else GRAMMARS[language]))
        .parse(code.encode(errors="replace"))
        .root_node
    )


def is_bare(code: str) -> bool:
    """Whether code of PHP lacks the mark that it begins with; `<?xml` in a text is none."""
    return re.search(r"<\?(?:php\b|=|\s)", code) is None


def nodes(root: Any) -> Iterator[Any]:
    """Every node, in the order of the text. No recursion: code may nest deeper than Python's stack."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def name(node: Any) -> str:
    """What a definition is called; "" where it has no name."""
    held = node.child_by_field_name("name")
    return text(held) if held is not None else ""


def text(node: Any) -> str:
    """The source text of a node."""
    return str(node.text.decode(errors="replace")) if node.text is not None else ""


@cache
def _parser(package: str, function: str) -> Any:
    try:
        sitter = importlib.import_module("tree_sitter")
        grammar = getattr(importlib.import_module(package), function)()
    except ImportError:
        raise MissingExtra(package.replace("_", "-"), "codegen") from None
    return sitter.Parser(sitter.Language(grammar))
