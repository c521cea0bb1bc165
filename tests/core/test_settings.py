"""A wrong setting is one sentence that names the key; every default works without a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.core.errors import SettingsError
from arriero.core.settings import Roles, RoleSettings, Settings


def written(folder: Path, text: str) -> Path:
    file = folder / "arriero.toml"
    file.write_text(text)
    return file


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load().server.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 'red'", "unknown setting 'colour'"),
        ("[server]\nprot = 1", "unknown setting 'server.prot'"),
        ("[server]\nport = 'x'", "'server.port'"),
        ("[server]\nport = 99999", "99999"),
        ("[server]\nhost = '0.0.0.0'", "refused until identity and limits exist"),
        ("[models]\nencoder = 'magic'", "'models.encoder'"),
        ("[learning.rollout]\nsteps = [{share = 1.0}]", "the first one must leave some units"),
        ("[learning.rollout]\ndeadline_h = 24", "must be longer than all steps hold (25 h)"),
        ("[learning]\nevery_h = inf", "'learning.every_h': Input should be a finite number"),
        ("not toml", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(written(tmp_path, text))
    assert told in caught.value.message


def test_a_password_in_a_wrong_url_is_not_repeated(tmp_path: Path) -> None:
    text = "[webhooks.x]\nsecret_file = 's'\nurl = 'https://me:hush-hush@ops.example/in'"
    with pytest.raises(SettingsError, match="without a name or password in it") as caught:
        Settings.load(written(tmp_path, text))
    assert "ops.example/in" in caught.value.message
    assert "hush" not in caught.value.message


def test_a_file_may_begin_with_the_mark_that_some_editors_put_there(tmp_path: Path) -> None:
    assert Settings.load(written(tmp_path, "\ufeffdata = 'here'")).data == Path("here")


def test_a_missing_file_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no settings file"):
        Settings.load(tmp_path / "nowhere.toml")


class _Roles(Roles):
    writer: RoleSettings = RoleSettings(model="llama:small", temperature=0.3)


def test_a_role_keeps_the_defaults_of_what_the_file_does_not_name() -> None:
    writer = _Roles.model_validate({"writer": {"model": "openai:big"}}).writer
    assert (writer.model, writer.temperature) == ("openai:big", 0.3)


def test_an_override_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "data = 'a'")
    assert Settings.load(file, data=Path("b")).data == Path("b")
