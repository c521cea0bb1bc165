"""What ty says of the types of Python: attributes that are not there, values of another type than was promised."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from arriero.apps.codegen.judge.child import program, told
from arriero.apps.codegen.judge.report import Problem

LINE = re.compile(r"^(.+?):(\d+):\d+: (error|warning)\[([\w-]+)\] (.*)$")
# Imports have a check of their own.
ELSEWHERE = frozenset({"import-not-found", "unresolved-import"})


async def types(
    files: Mapping[str, str], main: str, *, within_s: float = 3.0
) -> tuple[Problem, ...]:
    """Errors by line; 40 to 60 ms. ty reads the files in a folder of their own and runs nothing.

    Raises MissingExtra or ToolError when ty cannot be heard.
    """
    argv = [
        *(program("ty", "find_ty_bin"), "check", "--output-format", "concise"),
        *("--python", sys.prefix, "--python-version", "3.11", "--color", "never", "--exit-zero"),
    ]
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        root = Path(folder)
        for name, text in files.items():
            if name.endswith((".py", ".pyi")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8", errors="replace")
        said = await told([*argv, "--project", folder], cwd=root, within_s=within_s)
    return tuple(_problems(said, main))


def _problems(said: str, main: str) -> list[Problem]:
    found = []
    for line in said.splitlines():
        match = LINE.match(line)
        if match and match[3] == "error" and match[4] not in ELSEWHERE:
            file = "" if match[1] == main else match[1]
            found.append(Problem(int(match[2]), match[5], match[4], file))
    return found
