"""`arriero support train` and `arriero bench intents`, with the fake encoder."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from arriero.cli.bench_intents import intents
from arriero.cli.support_train import train
from arriero.core.errors import InputError, MissingExtra, ModelMissing
from arriero.core.settings import Settings
from arriero.models.engines import Engines
from arriero.store.cache import MemoryCache

PHRASES = {
    "status": ["where is my {}", "has the {} shipped", "track the {}"],
    "return": ["send back the {}", "I return the {}", "refund for a {}"],
}
THINGS = ["tent", "rope", "stove", "lamp", "axe"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = [
        f"{phrase.format(thing)},{label}"
        for label, phrases in PHRASES.items()
        for phrase in phrases
        for thing in THINGS
    ]
    (tmp_path / "arriero.toml").write_text(
        f'data = "{tmp_path / "data"}"\n[models]\nencoder = "fake:words"\n', encoding="utf-8"
    )
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(["text,label", *lines, lines[0]]), encoding="utf-8")
    return file


def _train(table: Path, *more: str) -> Result:
    config = str(table.parent / "arriero.toml")
    return CliRunner().invoke(train, [str(table), "--config", config, *more])


def test_the_server_finds_what_was_trained(table: Path) -> None:
    result = _train(table)
    assert result.exit_code == 0, result.output
    assert "accuracy" in result.output
    assert "1 repeated rows counted once" in result.output
    assert f'intents = "{table}"' in result.output
    settings = Settings.load(table.parent / "arriero.toml")
    folders = list((settings.data / "heads").iterdir())
    before = (folders[0] / "head.json").stat().st_mtime_ns

    async def start() -> None:
        engines = Engines(settings, MemoryCache())
        await engines.fit({"support-intents": table})
        await engines.close()

    asyncio.run(start())
    assert list((settings.data / "heads").iterdir()) == folders
    assert (folders[0] / "head.json").stat().st_mtime_ns == before


def test_the_server_finds_it_below_a_home_too(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "arriero.toml"
    config.write_text('data = "~/mine"\n[models]\nencoder = "fake:words"\n', encoding="utf-8")
    assert _train(table).exit_code == 0
    assert list((tmp_path / "mine" / "heads").iterdir())
    assert not (tmp_path / "~").exists()


def test_what_the_settings_name_already_is_not_advised(table: Path) -> None:
    config = table.parent / "arriero.toml"
    config.write_text(config.read_text() + f'[apps.support]\nintents = "{table}"\n')
    said = _train(table).output
    assert "intents names this file: the next start serves it" in said
    assert "To serve it" not in said
    assert f'intents = "{table}"' in _train(table, "--name", "another").output


def test_semicolons_are_told_in_one_sentence(table: Path) -> None:
    table.write_text(table.read_text("utf-8").replace(",", ";"), "utf-8")
    wrong = _train(table).exception
    assert isinstance(wrong, InputError)
    assert "rows.csv has semicolons between its columns; save it with commas" in wrong.message


def test_another_folder_may_be_named(table: Path, tmp_path: Path) -> None:
    result = _train(table, "--out", str(tmp_path / "mine"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine" / "head.json").exists()
    assert "To serve it" not in result.output


def test_rows_that_look_mislabelled_are_listed(table: Path) -> None:
    with table.open("a", encoding="utf-8") as file:
        file.write("\nwhere is my green tent,return\n")
    result = _train(table)
    assert "rows look mislabelled" in result.output
    assert "'where is my green tent': return" in result.output


def test_a_label_in_brackets_is_shown_as_it_stands(table: Path) -> None:
    table.write_text(table.read_text("utf-8").replace(",return", ",[/return]"), encoding="utf-8")
    with table.open("a", encoding="utf-8") as file:
        file.write("\nwhere is my green tent,[/return]\n")
    result = _train(table)
    assert result.exit_code == 0, result.output
    assert "[/return] as status" in result.output


def test_tuning_without_torch_says_which_extra_has_it(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "arriero.models.bert", raising=False)
    result = _train(table, "--tune")
    assert isinstance(result.exception, MissingExtra)
    assert "pip install 'arriero[train]'" in str(result.exception)


def test_tuning_without_its_weights_says_what_to_pull(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="tuning needs it: pip install 'arriero[train]'")
    config = table.parent / "arriero.toml"
    config.write_text(config.read_text() + f'folder = "{tmp_path / "no-models"}"\n')
    result = _train(table, "--tune")
    assert isinstance(result.exception, ModelMissing)
    assert "arriero models pull minilm-l6-float" in str(result.exception)


def test_one_label_only_is_explained(table: Path) -> None:
    table.write_text("text,label\na,x\nb,x\n", encoding="utf-8")
    result = _train(table)
    assert isinstance(result.exception, InputError)
    assert "needs two labels, not 1" in str(result.exception)


def test_blank_lines_are_passed_over_and_an_empty_field_is_named_with_its_line(table: Path) -> None:
    with table.open("a", encoding="utf-8") as file:
        file.write("\n\n\n")
    assert _train(table).exit_code == 0
    with table.open("a", encoding="utf-8") as file:
        file.write("where is my stove,\n")
    wrong = _train(table).exception
    assert isinstance(wrong, InputError)
    assert "line" in str(wrong)
    assert "empty" in str(wrong)


def test_bench_intents_writes_its_metrics(table: Path, tmp_path: Path) -> None:
    test, out = tmp_path / "test.csv", tmp_path / "out.json"
    test.write_text("text,label\nwhere is my hat,status\nrefund for my hat,return\n", "utf-8")
    config = str(table.parent / "arriero.toml")
    argv = ["--train", str(table), "--test", str(test), "--oos", str(test), "--json", str(out)]
    result = CliRunner().invoke(intents, [*argv, "--config", config])
    assert result.exit_code == 0, result.output
    written = json.loads(out.read_text("utf-8"))
    assert written["results"]["accuracy"]["n"] == 2
    assert {"oos_auroc", "oos_recall", "oos_fpr95"} <= set(written["results"])
