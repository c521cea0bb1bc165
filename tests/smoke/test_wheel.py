"""The installed package, tried from an empty folder, as the command and as a library.

`make smoke` copies this folder away and runs it against the built wheel, first with the core alone, then
with the `local` extra. It also runs in the ordinary suite, against the editable install.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("arriero")
ON_WHEEL = os.environ.get("ARRIERO_SMOKE_WHEEL") == "1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with settings that bind every role to a fake."""
    shutil.copy(Path(__file__).with_name("arriero.toml"), tmp_path)
    return tmp_path


def _run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not ON_WHEEL, reason="only make smoke puts src/ out of the way")
def test_the_package_comes_from_the_wheel(folder: Path) -> None:
    where = _run(sys.executable, "-c", "import arriero; print(arriero.__file__)", cwd=folder)
    assert "site-packages" in where


def test_the_package_and_its_public_names_can_be_imported(folder: Path) -> None:
    code = "import arriero; print([getattr(arriero, n) for n in arriero.__all__])"
    assert "open_platform" in _run(sys.executable, "-c", code, cwd=folder)


def test_help_names_the_commands(folder: Path) -> None:
    said = _run(COMMAND, "--help", cwd=folder)
    assert all(command in said for command in ("up", "ask", "runs", "models", "config"))


def test_config_prints_what_would_run(folder: Path) -> None:
    assert "fake:echo" in _run(COMMAND, "config", cwd=folder)


def test_the_catalogue_is_in_the_package(folder: Path) -> None:
    assert "smollm2-135m" in _run(COMMAND, "models", "list", cwd=folder)


@pytest.mark.skipif(find_spec("numpy") is None, reason="the support app needs arriero[local]")
def test_an_inquiry_on_fake_models_ends_well_and_is_recorded(folder: Path) -> None:
    said = json.loads(_run(COMMAND, "ask", "--json", "Where is my order 10234?", cwd=folder))
    assert said["answer"]["outcome"] in {"answered", "clarify", "fallback"}
    assert said["run"]["id"] in _run(COMMAND, "runs", "show", said["run"]["id"], cwd=folder)
