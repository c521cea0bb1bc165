"""The glossary and the code use the same words."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "words.md"
ROW = re.compile(r"^\| (?P<word>[a-z]+) \|.*\| (?P<where>[^|]+) \|$", re.MULTILINE)
WHERE = {row["word"]: row["where"] for row in ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))}
# The nouns of the design; the glossary may know more.
NOUNS = (
    *("app", "case", "turn", "mode", "run", "call", "stage", "draft", "action", "check", "verdict"),
    *("outcome", "task", "variant", "feedback", "cycle", "rollout", "exposure", "job"),
    *("deployment", "region", "engine", "actor", "bar"),
)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_of_the_design_is_in_the_glossary(noun: str) -> None:
    assert noun in WHERE


@pytest.mark.parametrize("word", [word for word, where in WHERE.items() if "arriero." in where])
def test_a_word_lives_where_the_glossary_says(word: str) -> None:
    module, _, name = WHERE[word].strip("`").rpartition(".")
    assert hasattr(importlib.import_module(module), name)
