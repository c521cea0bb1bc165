"""The catalogue: its rows, and what is found in the models folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from arriero.core.errors import ModelCorrupt, ModelMissing, NotFound, SettingsError
from arriero.models import catalogue
from arriero.models.catalogue import Entry, State
from arriero.models.files import sha256_of, write_json
from tests.models.packages import entry

DATA = b"weights" * 1_000
SOURCE = {"local": "/nowhere"}


@pytest.fixture
def row() -> Entry:
    return entry(DATA, SOURCE)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a pulled model."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "weights.bin").write_bytes(DATA)
    return tmp_path / "tiny"


def test_the_default_models_have_rows() -> None:
    assert set(catalogue.DEFAULTS) <= set(catalogue.entries())


def test_every_row_names_a_licence_and_an_origin() -> None:
    assert all(row.licence and row.origin for row in catalogue.entries().values())


def test_every_file_has_a_source_that_works_without_the_hub() -> None:
    files = [file for row in catalogue.entries().values() for file in row.files]
    assert all(any(source.wheels for source in file.sources) for file in files)


def test_every_hub_address_names_a_fixed_revision() -> None:
    files = [file for row in catalogue.entries().values() for file in row.files]
    hubs = [source.hub for file in files for source in file.sources if source.hub]
    assert hubs
    assert not [hub for hub in hubs if "/resolve/main/" in hub]


def test_a_row_of_the_users_own_is_known(tmp_path: Path) -> None:
    (tmp_path / catalogue.OWN).write_text(_toml("mine"))
    assert catalogue.entry_of("mine", tmp_path).title == "t"


def test_a_row_of_the_users_own_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / catalogue.OWN).write_text(_toml("minilm-l6"))
    assert catalogue.entry_of("minilm-l6", tmp_path).title == "t"


def test_rows_of_the_users_own_that_are_no_text_are_said(tmp_path: Path) -> None:
    (tmp_path / catalogue.OWN).write_bytes("title = 'größer'".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        catalogue.entries(tmp_path)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(NotFound, match=r"'llama-9'.*smollm2-135m"):
        catalogue.entry_of("llama-9")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({'name = "mine"': 'name = "../mine"'}, "name"),
        ({'name = "w.bin"': 'name = "../w.bin"'}, "name"),
        ({"size = 3": "size = 0"}, "size"),
        ({"sha256 = '": "sha256 = 'xx"}, "sha256"),
        ({'local = "/w"': 'hub = "http://example.org/w"'}, "hub"),
        ({'local = "/w"': 'wheels = "w==1"'}, "member"),
        ({'local = "/w"': 'local = "/w"\nhub = "https://example.org/w"'}, "one of"),
        ({"title": "titel"}, "titel"),
    ],
)
def test_a_row_that_cannot_be_used_is_said(change: Mapping[str, str], said: str) -> None:
    text = _toml("mine")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(SettingsError, match=said):
        catalogue.parse(text, "a test")


def test_a_model_that_is_not_here_says_how_to_get_it(row: Entry, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="arriero models pull tiny"):
        catalogue.path_of(row, tmp_path)


def test_one_file_is_loaded_as_a_file(row: Entry, home: Path) -> None:
    assert catalogue.path_of(row, home.parent) == home / "weights.bin"


def test_several_files_are_loaded_as_their_folder(row: Entry, home: Path) -> None:
    other = row.files[0].model_copy(update={"name": "tokenizer.json"})
    (home / "tokenizer.json").write_bytes(DATA)
    both = row.model_copy(update={"files": (*row.files, other)})
    assert catalogue.path_of(both, home.parent) == home


def test_a_truncated_file_says_what_to_run(row: Entry, home: Path) -> None:
    (home / "weights.bin").write_bytes(DATA[:-1])
    with pytest.raises(ModelCorrupt, match=r"6,999 bytes .* arriero models pull tiny"):
        catalogue.path_of(row, home.parent)


def test_a_changed_file_is_found_before_it_is_loaded(row: Entry, home: Path) -> None:
    catalogue.path_of(row, home.parent)
    (home / "weights.bin").write_bytes(DATA[:-1] + b"?")
    os.utime(home / "weights.bin", (1, 1))
    with pytest.raises(ModelCorrupt, match="expected"):
        catalogue.path_of(row, home.parent)


def test_an_unchanged_file_is_not_hashed_again(
    row: Entry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.path_of(row, home.parent)
    monkeypatch.setattr(catalogue, "sha256_of", _refuse)
    assert catalogue.path_of(row, home.parent).exists()


def test_a_folder_that_cannot_be_written_is_still_used(
    row: Entry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "write_json", _refuse)
    assert catalogue.path_of(row, home.parent).exists()


def test_whether_a_model_is_pulled_is_told_without_hashing_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.parent / catalogue.OWN).write_text(_toml("tiny").replace("w.bin", "weights.bin"))
    monkeypatch.setattr(catalogue, "sha256_of", _refuse)
    assert catalogue.is_pulled("tiny", home.parent)  # though its size is not what the row says
    (home / "weights.bin").unlink()
    assert not catalogue.is_pulled("tiny", home.parent)


@pytest.mark.parametrize(
    ("data", "state"), [(DATA, State.OK), (b"?" * 7_000, State.CORRUPT), (None, State.MISSING)]
)
def test_verify_says_what_is_there(
    row: Entry, home: Path, data: bytes | None, state: State
) -> None:
    (home / "weights.bin").unlink()
    if data is not None:
        (home / "weights.bin").write_bytes(data)
    assert catalogue.verify(row, home.parent).state is state


def test_verify_hashes_even_what_was_verified_before(row: Entry, home: Path) -> None:
    catalogue.path_of(row, home.parent)
    before = (home / "weights.bin").stat()
    (home / "weights.bin").write_bytes(DATA[:-1] + b"?")
    os.utime(home / "weights.bin", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert catalogue.verify(row, home.parent).state is State.CORRUPT


def test_the_faster_copy_is_loaded_when_asked_for(row: Entry, home: Path) -> None:
    row = _with_copy(row, home)
    assert catalogue.path_of(row, home.parent, repacked=True) == home / "copy.gguf"
    assert catalogue.path_of(row, home.parent) == home / "weights.bin"


def test_a_copy_of_another_original_is_not_loaded(row: Entry, home: Path) -> None:
    row = _with_copy(row, home, made_from="0" * 64)
    assert catalogue.path_of(row, home.parent, repacked=True) == home / "weights.bin"


def test_a_truncated_copy_is_not_loaded(row: Entry, home: Path) -> None:
    row = _with_copy(row, home)
    (home / "copy.gguf").write_bytes(b"c")
    assert catalogue.path_of(row, home.parent, repacked=True) == home / "weights.bin"


def test_verify_finds_a_changed_copy(row: Entry, home: Path) -> None:
    row = _with_copy(row, home)
    (home / "copy.gguf").write_bytes(b"CPOY")
    assert catalogue.verify(row, home.parent).state is State.CORRUPT


def test_a_damaged_note_is_no_copy(row: Entry, home: Path) -> None:
    row = _with_copy(row, home)
    (home / catalogue.REPACKED).write_text("{")
    assert catalogue.path_of(row, home.parent, repacked=True) == home / "weights.bin"


def _with_copy(row: Entry, home: Path, made_from: str = "") -> Entry:
    copy = home / "copy.gguf"
    copy.write_bytes(b"copy")
    note = {"file": "copy.gguf", "kind": "q4_0", "size": 4, "sha256": sha256_of(copy), "loss": {}}
    write_json(home / catalogue.REPACKED, note | {"from": made_from or row.files[0].sha256})
    assert json.loads((home / catalogue.REPACKED).read_text())["size"] == 4
    return row.model_copy(update={"repack": "q4_0"})


def _refuse(*_: object) -> str:
    raise OSError("must not be called")


def _toml(name: str) -> str:
    return (
        f'[[model]]\nname = "{name}"\ntitle = "t"\nkind = "generator"\nlicence = "MIT"\n'
        'origin = "me"\n[[model.file]]\nname = "w.bin"\nsize = 3\n'
        f"sha256 = '{'0' * 64}'\n" + '[[model.file.source]]\nlocal = "/w"\n'
    )
