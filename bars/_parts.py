"""The multi-part tasks with their hidden tests and a reference that shows the tests to be right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arriero.apps.codegen.sandbox.base import Test
from arriero.bench.problems import Asked, Problem
from bars.result import HERE

DEVELOPMENT = (
    8  # the first tasks, on which the pipeline was looked at step by step; no bar counts them
)


@dataclass(frozen=True, slots=True)
class Part:
    """A task; `reference` are files that pass its tests."""

    problem: Problem
    reference: Mapping[str, str]


def parts() -> tuple[Part, ...]:
    """All tasks, in the order in which they were written."""
    asked, hidden = (_rows(name) for name in ("code_parts", "code_parts_tests"))
    return tuple(
        _part(one, other) for one, other in zip(asked, hidden, strict=True) if _same(one, other)
    )


def held_out() -> tuple[Part, ...]:
    """The tasks that a bar may report: all but those of development."""
    return parts()[DEVELOPMENT:]


def _part(row: Mapping[str, Any], hidden: Mapping[str, Any]) -> Part:
    tests = tuple(
        Test(f"test {at}", code, bool(hidden.get("objects")))
        for at, code in enumerate(hidden["tests"], 1)
    )
    asked = Asked(row["requirement"], files=tuple(row["files"]))
    return Part(Problem(row["id"], asked, tests), hidden["reference"])


def _same(row: Mapping[str, Any], hidden: Mapping[str, Any]) -> bool:
    assert row["id"] == hidden["id"], f"{row['id']} stands beside the tests of {hidden['id']}"
    return True


def _rows(name: str) -> list[dict[str, Any]]:
    text = (HERE / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
