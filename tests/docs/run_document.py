"""Runs one Markdown document's blocks in the current folder: python run_document.py DOCUMENT.

A child process of test_docs_run.py. An error's traceback names the document and its line.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.docs.blocks import Block, Way, blocks

TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


async def run(document: Path) -> None:
    """Run every block of `document`; the first that fails ends it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(document.read_text(encoding="utf-8")):
        sys.stdout.write(f"{document.name}:{block.line} {block.way}\n")
        match block.way:
            case Way.EXECUTE:
                await execute(compiled(block, document), namespace)
            case Way.WRITE:
                write(block)
            case Way.SHELL:
                shell(block)
            case Way.SHOW:
                pass


def compiled(block: Block, document: Path) -> CodeType:
    """The block's code, its line numbers those of the document."""
    text = "\n" * (block.line - 1) + block.text
    code: CodeType = compile(text, str(document), "exec", flags=TOP_LEVEL_AWAIT)
    return code


async def execute(code: CodeType, namespace: dict[str, Any]) -> None:
    result = FunctionType(code, namespace)()
    if inspect.isawaitable(result):
        await result


def write(block: Block) -> None:
    path = Path(block.file or "")
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"line {block.line}: {path} is outside the document's folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


def shell(block: Block) -> None:
    """`$ ` prompts and the output under them are taken off a console block."""
    script = block.text
    if block.language == "console":
        lines = [line[2:] for line in script.splitlines() if line.startswith("$ ")]
        script = "\n".join(lines)
    here = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, env=os.environ | here)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    asyncio.run(run(Path(sys.argv[1])))
