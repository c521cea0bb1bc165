"""How recipe cards are read; that each of them holds is told by the tests of its language."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.codegen.gather.cards import cards, languages, read
from arriero.core.errors import SettingsError

ONE = """
[[card]]
id = "double-a-number"
title = "Double a number"
asks = ["twice a number"]
code = "def double(n):\\n    return 2 * n\\n"
check = "assert double(2) == 4"
"""


def _file(folder: Path, text: str) -> Path:
    file = folder / "numbers.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_card_is_read_as_it_is_written(tmp_path: Path) -> None:
    (card,) = read(_file(tmp_path, ONE), "python")
    assert (card.id, card.title, card.asks, card.uses) == (
        "double-a-number", "Double a number", ("twice a number",), (),
    )  # fmt: skip
    assert card.code.startswith("def double")
    assert card.language == "python"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ONE.replace("[[card]]", "[[recipe]]"), "not 'recipe'"),
        (ONE.replace("double-a-number", "Double A"), "id"),
        (ONE.replace("check = ", "chek = "), "chek"),
        (ONE.replace('"Double a number"', '" "'), "title"),
        ("[[card", "cannot be used"),
        (ONE + "\xff\x00", "cannot be used"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_is_wrong(
    tmp_path: Path, wrong: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=r"numbers\.toml") as caught:
        read(_file(tmp_path, wrong), "python")
    assert told in caught.value.message


def test_a_language_without_cards_has_none() -> None:
    assert cards("cobol") == ()
    assert cards("../codegen") == ()


def test_every_card_that_ships_can_be_read() -> None:
    assert all(cards(language) for language in languages())
