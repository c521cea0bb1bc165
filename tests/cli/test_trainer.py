"""`arriero trainer`, `arriero models adopt` and the adapters in `models list`: what a person is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from arriero.cli.learn import learn
from arriero.cli.models import models
from arriero.cli.trainer import trainer
from arriero.learning.trainers.environment import Environment
from tests.learning.trainers.fake_cli import fake_environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment would be: named in the settings file, so that no other is ever touched."""
    folder = tmp_path / "trainer"
    named = f"[learning.trainer]\nfolder = {json.dumps(str(folder))}\n"
    (tmp_path / "arriero.toml").write_text(named, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(trainer, words)


def test_status_says_what_is_missing_and_how_to_get_it(folder: Path) -> None:
    told = run("status")
    assert told.exit_code == 1
    assert f"missing {folder}" in told.output
    assert "run: arriero trainer install" in told.output


def test_the_environments_variable_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARRIERO_TRAINER", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    assert run("status").output.startswith(f"missing {tmp_path / 'elsewhere'}")


def test_status_of_a_whole_environment_is_zero(folder: Path) -> None:
    fake_environment(folder)
    told = run("status")
    assert told.exit_code == 0
    assert told.output.startswith(f"installed {folder}")


def test_remove_deletes_it_once(folder: Path) -> None:
    fake_environment(folder)
    assert f"installed {folder}" in run("status").output  # before anything is deleted
    assert run("remove").output.startswith("removed")
    assert Environment(folder).state == "missing"
    assert run("remove").output.startswith("nothing to remove")


def test_registered_adapters_are_listed_with_their_card(folder: Path) -> None:
    cards = folder.parent / "data" / "learning" / "adapters"
    cards.mkdir(parents=True)
    card = {
        "id": "a" * 64,
        "base": "smollm2-135m",
        "app": "support",
        "rank": 8,
        "licence": "Apache-2.0",
        "origin": "trained here",
        "parity": {"adapter": {"mean_abs": 0.03}},
    }
    (cards / f"{'a' * 64}.json").write_text(json.dumps(card))
    told = CliRunner().invoke(models, ["list", "--data", str(folder.parent / "data")])
    assert f"adapter {'a' * 64} of smollm2-135m for support, rank 8, Apache-2.0" in told.output


def test_a_yaml_without_its_datasets_is_a_usage_error(folder: Path) -> None:
    told = CliRunner().invoke(learn, ["start", "support", "--yaml", "train.yaml"])
    assert told.exit_code == 2
    assert "go together" in told.output
