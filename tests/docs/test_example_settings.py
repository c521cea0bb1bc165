"""`arriero.example.toml` tells every setting, and tells the truth about its default."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from arriero.core.settings import AppSettings, Deployment, Settings, Webhook, parse

EXAMPLE = Path(__file__).resolve().parents[2] / "arriero.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
COMMENTED = re.compile(r"^#: ", re.MULTILINE)
APPS: dict[str, type[AppSettings]] = {
    entry.name: entry.load().settings
    for entry in importlib.metadata.entry_points(group="arriero.apps")
    if entry.dist is not None and entry.dist.name == "arriero"
}


def leaves(model: BaseModel, path: str = "") -> Iterator[str]:
    """The dotted path of every setting of `model`."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def keys(table: Mapping[str, Any], known: set[str], path: str = "") -> Iterator[str]:
    """The dotted path of every key; a table that is itself one of the `known` settings is one."""
    for name, value in table.items():
        if isinstance(value, dict) and f"{path}{name}" not in known:
            yield from keys(value, known, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def every_setting() -> set[str]:
    general = {
        path for path in leaves(Settings()) if path not in {"apps", "deployments", "webhooks"}
    }
    webhooks = {f"webhooks.NAME.{name}" for name in Webhook.model_fields}
    deployments = {f"deployments.NAME.{name}" for name in Deployment.model_fields}
    apps = {f"apps.{name}.{path}" for name, model in APPS.items() for path in leaves(model())}
    return general | webhooks | deployments | apps


def test_the_file_gives_exactly_the_general_defaults() -> None:
    found = Settings.load(EXAMPLE).model_dump(exclude={"apps"})
    assert found == Settings().model_dump(exclude={"apps"})


@pytest.mark.parametrize("app", APPS)
def test_the_file_gives_exactly_the_defaults_of_an_app(app: str) -> None:
    model = APPS[app]
    told = parse(model, Settings.load(EXAMPLE).apps[app], app)
    assert told.model_dump() == model().model_dump()


def test_every_setting_is_told_and_nothing_else() -> None:
    known = every_setting()
    assert set(keys(tomllib.loads(COMMENTED.sub("", TEXT)), known)) == known


def test_a_line_that_is_taken_out_of_its_comment_is_a_valid_setting(tmp_path: Path) -> None:
    file = tmp_path / "arriero.toml"
    file.write_text(COMMENTED.sub("", TEXT), encoding="utf-8")
    settings = Settings.load(file)
    for name, model in APPS.items():
        parse(model, settings.apps[name], name)
    assert settings.deployments["NAME"].url == "http://127.0.0.1:8000/v1"
