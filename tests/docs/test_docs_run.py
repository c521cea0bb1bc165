"""Every Python block of README.md and docs/*.md runs, and so does every shell block marked `run`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import Way, blocks, documents

REPOSITORY = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("run_document.py")


def _run(document: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(RUNNER), str(document)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=folder,
    )


@pytest.mark.parametrize("document", documents(REPOSITORY), ids=lambda path: path.stem)
def test_the_blocks_of_a_document_run(document: Path, tmp_path: Path) -> None:
    done = _run(document, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_block_fails_and_names_its_line(tmp_path: Path) -> None:
    document = tmp_path / "wrong.md"
    document.write_text("text\n\n```python\nx = 1\nassert x == 2\n```\n", encoding="utf-8")
    done = _run(document, tmp_path)
    assert done.returncode != 0
    assert 'wrong.md", line 5' in done.stderr


def test_blocks_share_a_namespace_may_await_and_may_write_files(tmp_path: Path) -> None:
    document = tmp_path / "right.md"
    document.write_text(
        "```python file=shop.py\nprice = 3\n```\n"
        "```python\nimport asyncio, shop\nawait asyncio.sleep(0)\n```\n"
        "```python\nassert shop.price == 3\n```\n"
        "```sh run\ntest -f shop.py; echo done > seen\n```\n"
        "```sh\nexit 1\n```\n",
        encoding="utf-8",
    )
    done = _run(document, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "seen").exists()


def test_a_failing_shell_block_fails_the_document(tmp_path: Path) -> None:
    document = tmp_path / "shell.md"
    document.write_text("```sh run\nfalse\n```\n", encoding="utf-8")
    assert _run(document, tmp_path).returncode != 0


def test_a_block_inside_a_longer_fence_is_text() -> None:
    (outer,) = blocks("````text\n```python\nx\n```\n````\n")
    assert outer.way is Way.SHOW


def test_a_fence_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1 is never closed"):
        blocks("```python\nx = 1\n")
