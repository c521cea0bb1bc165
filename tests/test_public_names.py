"""The public API: a name that is added, moved or dropped has to be changed here and in CHANGELOG.md."""

from __future__ import annotations

import importlib
import inspect

import pytest

# What a stranger may import and rely on; everything else may change without a word.
PUBLIC = {
    "arriero": {"Settings", "open_platform"},
}


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_these(module: str) -> None:
    assert set(importlib.import_module(module).__all__) == PUBLIC[module]


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in PUBLIC for name in sorted(PUBLIC[module])]
)
def test_a_public_name_is_there_and_says_its_promise(module: str, name: str) -> None:
    thing = getattr(importlib.import_module(module), name)
    assert inspect.getdoc(thing), f"{module}.{name} has no docstring"
