"""What ruff says of Python: mistakes and habits that become some. Style that a formatter decides is not asked."""

from __future__ import annotations

import json

from arriero.apps.codegen.judge.child import ToolError, program, told
from arriero.apps.codegen.judge.report import Problem

# Pyflakes, bugbear, comparisons, returns, pylint's errors and warnings, slow habits, errors that are swallowed.
RULES = "F,E7,E9,B,RET503,RET504,PLE,PLW,PERF,BLE,SIM101,SIM103,SIM110,SIM210,C4,RUF015"
QUIET = "E741,E731,PLW2901,PERF203,PERF401"  # names like `l`, and taste


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
