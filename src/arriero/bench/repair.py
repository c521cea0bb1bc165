"""Repair of code with a bug, in HumanEvalPack's format: only the tests that the prompt shows may be seen.

A row has the prompt, `buggy_solution`, `example_test` (seen) and `test` (hidden, it only scores). The broken
code is handed over with its docstring; nothing says what is wrong with it or whether an example fails.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from pathlib import Path

from arriero.apps.codegen import trees
from arriero.bench.jsonl import Row, objects
from arriero.bench.problems import PYTHON, Asked, Problem, checked, given, language_of, text
from arriero.bench.report import Metric
from arriero.core.errors import InputError

REQUIREMENT = "Repair this code, so that `{entry}` does what its docstring says."
NAMES = {"pass1_bare": "repaired_bare", "pass1_pipeline": "repaired_pipeline"}


def read_broken(file: Path) -> tuple[Problem, ...]:
    """The rows of a file as problems whose `Asked` holds the broken code. `InputError` names a row that is none."""
    found = tuple(_broken(row, f"{file.name}, row {number}") for number, row in objects(file))
    if not found:
        raise InputError(f"{file.name} has no rows; give JSONL in HumanEvalPack's format")
    return found


def renamed(metrics: Mapping[str, Metric]) -> Mapping[str, Metric]:
    """The metrics of a trial under DESIGN §6's names for repairs."""
    return {NAMES.get(name, name): metric for name, metric in metrics.items()}


def asserts(shown: str) -> str:
    """The assertions of an `example_test`, one by one; as it is where it is more than assertions."""
    try:
        tree = trees.parse(textwrap.dedent(shown))
    except (SyntaxError, ValueError):
        return shown
    body = [
        inner
        for node in tree.body
        for inner in (node.body if isinstance(node, ast.FunctionDef) else [])
    ]
    if not body or not all(isinstance(node, ast.Assert) for node in body):
        return shown
    return "".join(f"{ast.unparse(node)}\n" for node in body)


def _broken(row: Row, where: str) -> Problem:
    name = text(row, "task_id", where)
    if language_of(row) not in PYTHON:
        raise InputError(f"{where}: {name} is no Python; only Python is run, give its rows")
    prompt, bug, entry = (
        text(row, key, where) for key in ("prompt", "buggy_solution", "entry_point")
    )
    shown, hidden = asserts(str(row.get("example_test", ""))), text(row, "test", where)
    asked = Asked(REQUIREMENT.format(entry=entry), entry, code=f"{prompt}{bug}", shown=shown)
    return Problem(name, asked, (checked(hidden, entry),), given(prompt, entry))
