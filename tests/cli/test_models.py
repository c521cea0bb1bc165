"""`arriero models`: what it prints and how it exits, over a models folder of the test's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from arriero.cli.models import models
from arriero.core.errors import ModelMissing, NotFound

DATA = b"weights" * 1_000
ROW = f"""
[[model]]
name = "tiny"
title = "A tiny model"
kind = "generator"
licence = "MIT"
origin = "a test"
[[model.file]]
name = "weights.bin"
size = {len(DATA)}
sha256 = "{hashlib.sha256(DATA).hexdigest()}"
[[model.file.source]]
local = "/nowhere/weights.bin"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A models folder with a row of its own, and settings that name it."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "catalogue.toml").write_text(ROW)
    (tmp_path / "arriero.toml").write_text(f'[models]\nfolder = "{folder}"\n')
    return folder


def _run(folder: Path, *argv: str) -> Result:
    config = str(folder.parent / "arriero.toml")
    return CliRunner().invoke(models, [argv[0], "--config", config, *argv[1:]])


def _give(folder: Path, data: bytes) -> None:
    (folder / "tiny").mkdir()
    (folder / "tiny" / "weights.bin").write_bytes(data)


def test_list_names_every_model_with_its_licence(folder: Path) -> None:
    said = _run(folder, "list").output
    assert all(word in said for word in ("smollm2-135m", "Apache-2.0", "tiny", "MIT"))


def test_list_says_what_is_here(folder: Path) -> None:
    assert "yes" not in _run(folder, "list").output
    _give(folder, DATA)
    assert "yes" in _run(folder, "list").output


def test_list_says_what_is_corrupt(folder: Path) -> None:
    _give(folder, DATA[:-1])
    assert "CORRUPT" in _run(folder, "list").output


def test_verify_of_whole_and_missing_models_is_no_failure(folder: Path) -> None:
    _give(folder, DATA)
    done = _run(folder, "verify")
    assert done.exit_code == 0
    assert "missing  smollm2-135m" in done.output


def test_verify_of_a_corrupt_model_fails_and_says_what_to_run(folder: Path) -> None:
    _give(folder, b"?" * len(DATA))
    done = _run(folder, "verify", "tiny")
    assert done.exit_code == 1
    assert "arriero models pull tiny" in done.output


def test_path_prints_what_is_loaded(folder: Path) -> None:
    _give(folder, DATA)
    assert _run(folder, "path", "tiny").output == f"{folder}/tiny/weights.bin\n"


def test_path_of_a_missing_model_is_an_error(folder: Path) -> None:
    assert isinstance(_run(folder, "path", "tiny").exception, ModelMissing)


def test_pull_from_a_file_puts_it_in_its_place(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    done = _run(folder, "pull", "tiny", "--from", str(tmp_path / "mine"))
    assert done.exit_code == 0, done.output
    assert (folder / "tiny" / "weights.bin").read_bytes() == DATA


def test_pull_of_an_unknown_model_is_an_error(folder: Path) -> None:
    assert isinstance(_run(folder, "pull", "llama-9").exception, NotFound)


def test_pull_from_a_file_takes_one_name(folder: Path) -> None:
    assert _run(folder, "pull", "--from", "x").exit_code == 2


def test_pull_of_a_model_whose_copy_cannot_be_made_says_so_and_is_done(
    folder: Path, tmp_path: Path
) -> None:
    row = ROW.replace('"generator"', '"encoder"\nrepack = "rows_first"')
    (folder / "catalogue.toml").write_text(row)
    (tmp_path / "mine").write_bytes(DATA)
    done = _run(folder, "pull", "tiny", "--from", str(tmp_path / "mine"))
    assert done.exit_code == 0, done.output
    assert "tiny: no smaller copy: " in done.output
    assert "no ONNX file" in done.output
    assert {path.name for path in (folder / "tiny").iterdir()} == {
        "weights.bin",
        "verified.json",
        ".lock",
    }
