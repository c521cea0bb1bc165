"""Keys and passwords that stand in code of any language, by their well-known forms and by the names they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.apps.codegen.judge.report import Problem
from arriero.apps.codegen.security.shapes_secrets import EMPTY, KEY, KNOWN, PASSWORD

# `password = "..."`, `apiKey: '...'`, `SECRET := "..."`: a name, a sign, a text of eight characters or more.
GIVEN = re.compile(
    r"""(?<!\w)([A-Za-z_][\w-]{0,80})["']?\s*(?::=|=>|[:=])\s*(["'`])([^"'`\n]{8,200})\2"""
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def secrets(code: str) -> tuple[Problem, ...]:
    """One problem a line at most. A text that stands for a secret (`<your key>`, `${KEY}`) is none."""
    return tuple(_found(code))


def _found(code: str) -> Iterator[Problem]:
    for number, line in enumerate(code.splitlines(), 1):
        if KNOWN.search(line):
            yield Problem(number, "a key or password stands in the code", "known-form")
            continue
        for match in GIVEN.finditer(line):
            name = CAMEL.sub("_", match[1]).replace("-", "_")
            value = match[3]
            named = PASSWORD.search(name) or KEY.search(name)
            if named and not EMPTY.match(value) and " " not in value.strip():
                yield Problem(number, f"{match[1]} is given a literal value", "named")
                break
