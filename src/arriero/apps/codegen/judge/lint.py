"""What ruff says of Python: mistakes and habits that become some. Style that a formatter decides is not asked."""

from __future__ import annotations

import json

from arriero.apps.codegen.judge.child import ToolError, program, told
from arriero.apps.codegen.judge.report import Problem

# Pyflakes, bugbear, comparisons, a way out without a return, pylint's errors and warnings, errors that are swallowed.
# Shorter forms (C4, SIM, RET504) are taste: on our own bugs in MBPP's solutions they favoured the broken program.
RULES = "F,E7,E9,B,RET503,PLE,PLW,PERF1,BLE,F632"
QUIET = "E741,E731,B905,PLW2901"  # names like `l`; `zip` without `strict`, which most pupils of Python 3.9 write


async def lint(code: str, *, within_s: float = 2.0) -> tuple[Problem, ...]:
    """Problems by line; 20 to 30 ms. Raises MissingExtra or ToolError when ruff cannot be heard."""
    argv = [
        *(program("ruff", "find_ruff_bin"), "check", "--isolated", "--no-cache", "--ignore-noqa"),
        *("--select", RULES, "--ignore", QUIET, "--target-version", "py311"),
        *("--output-format", "json", "--quiet", "--exit-zero", "-"),
    ]
    try:
        rows = json.loads(await told(argv, stdin=code, within_s=within_s) or "[]")
        return tuple(
            Problem(int(row["location"]["row"]), str(row["message"]), str(row["code"] or ""))
            for row in rows
        )
    except (ValueError, KeyError, TypeError):
        raise ToolError("ruff said what cannot be read") from None
