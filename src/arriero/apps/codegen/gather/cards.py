"""Recipe cards: small pieces of everyday code, written for this project, each with a check that runs it.

They lie as TOML in `cards/LANGUAGE/TOPIC.toml`; `cards/README.md` tells how one is written.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from arriero.core.errors import SettingsError

FOLDER = Path(__file__).with_name("cards")
Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=20_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]


@dataclass(frozen=True, slots=True)
class Card:
    """A recipe. `title` and `asks` are how a person would ask for it, `uses` what of the standard library
    it shows. `check` is code that runs after `code` and fails when the recipe does not hold.
    """

    id: str
    title: str
    asks: tuple[str, ...]
    uses: tuple[str, ...]
    code: str
    check: str
    language: str


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class _Row:
    id: Name
    title: Text
    asks: tuple[Text, ...]
    code: Text
    check: Text
    uses: tuple[Text, ...] = ()


_TABLE: TypeAdapter[dict[str, tuple[_Row, ...]]] = TypeAdapter(dict[str, tuple[_Row, ...]])


def languages() -> tuple[str, ...]:
    """The languages that have cards."""
    return tuple(sorted({file.parent.name for file in FOLDER.glob("*/*.toml")}))


@cache
def cards(language: str) -> tuple[Card, ...]:
    """The cards of a language that ship, by file and then as they stand there; none for another language."""
    files = sorted((FOLDER / language).glob("*.toml")) if language in languages() else ()
    found = tuple(card for file in files for card in read(file, language))
    twice = [id for id, times in Counter(card.id for card in found).items() if times > 1]
    if twice:
        raise SettingsError(f"two {language} cards are called {twice[0]!r}; give each its own id")
    return found


def read(file: Path, language: str) -> tuple[Card, ...]:
    """The cards in a TOML file. `SettingsError` says what is wrong with it."""
    try:
        table = _TABLE.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise SettingsError(f"the cards in {str(file)!r} cannot be used: {error}") from None
    if other := table.keys() - {"card"}:
        raise SettingsError(
            f"the cards in {str(file)!r} cannot be used: every table is called [[card]], not {min(other)!r}"
        )
    return tuple(
        Card(row.id, row.title, row.asks, row.uses, row.code, row.check, language)
        for row in table.get("card", ())
    )
