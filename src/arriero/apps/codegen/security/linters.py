"""Bandit (in this process) and ruff's S rules (a child process), heard beside our own pass.

`rules/linters.toml` says which of their tests count, as which CWE and how much: many are audits ("look at this
call") that our pass decides by following the value. A linter that is not installed is not heard, and `tools` says so.
"""

from __future__ import annotations

import io
import json
import logging
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from arriero.apps.codegen import trees
from arriero.apps.codegen.security.findings import Severity, Span, Weakness
from arriero.apps.codegen.security.tables import table

RUFF_SECONDS = 10.0  # it takes 20-30 ms; a child that hangs is not waited for


@dataclass(frozen=True, slots=True)
class Heard:
    """What a linter said in its own words; `test` is bandit's number (ruff's S101 is bandit's B101)."""

    tool: str
    test: str
    cwe: int
    severity: Severity
    span: Span
    text: str


def weaknesses(text: str) -> tuple[list[Weakness], tuple[str, ...]]:
    """(what the linters that are installed found and that counts, their names)."""
    found: list[Weakness] = []
    tools: list[str] = []
    for name, said in (("bandit", bandit(text)), ("ruff", ruff(text))):
        if said is not None:
            tools.append(name)
            found.extend(one for heard in said if (one := _counted(heard)) is not None)
    return found, tuple(tools)


def bandit(text: str) -> list[Heard] | None:
    """Everything bandit says of `text`; None when it is not installed. Comments (`# nosec`) silence nothing."""
    kit = _bandit()
    if kit is None:
        return None
    visitor_of, manager = kit
    data, lines = text.encode("utf-8", "replace"), trees.lines(text)

    def visited() -> Any:
        visitor = visitor_of(
            "draft.py", io.BytesIO(data), manager.b_ma, manager.b_ts, False, {}, manager.metrics
        )
        manager.metrics.begin("draft.py")
        visitor.process(data)
        return visitor

    return [
        Heard(
            "bandit",
            issue.test_id,
            issue.cwe.id,
            Severity(issue.severity.lower()),
            Span(
                issue.lineno,
                issue.col_offset + 1,
                max(issue.linerange or [issue.lineno]),
                issue.end_col_offset + 1,
            ).in_characters(lines),
            issue.text,
        )
        for issue in trees.again(visited).tester.results
    ]


def ruff(text: str) -> list[Heard] | None:
    """Everything that ruff's S rules say of `text`; None when ruff is not installed or does not answer."""
    program = _ruff()
    if program is None:
        return None
    argv = [
        program,
        "check",
        "--isolated",
        "--no-cache",
        "--ignore-noqa",
        "--select",
        "S",
        "--output-format",
        "json",
        "--quiet",
        "--exit-zero",
        "-",
    ]
    try:
        done = subprocess.run(
            argv,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=RUFF_SECONDS,
            check=True,
        )
        rows: Sequence[Mapping[str, Any]] = json.loads(done.stdout or "[]")
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return [
        Heard("ruff", f"B{row['code'][1:]}", 0, Severity.MEDIUM, _span(row), row["message"])
        for row in rows
        if (row.get("code") or "").startswith("S") and row["code"][1:].isdigit()
    ]


def _counted(heard: Heard) -> Weakness | None:
    row = _table().get(heard.test)
    if row is None:
        return None
    return Weakness(
        row["cwe"],
        Severity(row["severity"]),
        heard.span,
        row.get("message", heard.text),
        row["safe"],
        heard.test,
        heard.tool,
    )


def _span(row: Mapping[str, Any]) -> Span:
    start, end = row["location"], row["end_location"]
    return Span(start["row"], start["column"], end["row"], end["column"])


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    return table("linters")


@cache
def _bandit() -> tuple[Any, Any] | None:
    """Bandit's visitor and a manager with its tests loaded (0.3 s, once)."""
    logging.getLogger("bandit").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it loads its tests in a way that stevedore gives up
        try:
            from bandit.core import config, manager, node_visitor  # noqa: PLC0415  # of the extra `codegen`
        except ImportError:
            return None
        return node_visitor.BanditNodeVisitor, manager.BanditManager(config.BanditConfig(), "file")


@cache
def _ruff() -> str | None:
    try:
        from ruff import find_ruff_bin  # noqa: PLC0415  # of the extra `codegen`
    except ImportError:
        return None
    try:
        return str(find_ruff_bin())
    except FileNotFoundError:
        return None
