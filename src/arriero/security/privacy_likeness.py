"""How much a word looks like a person's name, by its letters alone: for names that no list holds.

A linear model over runs of two to five letters, fitted by `privacy_likeness_fit` on the name lists
and the ordinary words beside this file. Plain Python: masking needs no extra.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

FILE = "names_likeness.json"
SHORTEST, LONGEST = 2, 5
_OWN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "\u0131": "i", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Likeness:
    """Weights in thousandths by run of letters; `^` and `$` are a word's ends."""

    weights: Mapping[str, int]
    base: int

    def odds(self, word: str) -> float:
        """The log-odds that a word is a name: as many of the fitted words were names as not."""
        known = self.weights
        return (self.base + sum(known.get(run, 0) for run in set(runs(folded(word))))) / 1_000


@cache
def packaged() -> Likeness:
    """The model of the package."""
    table = json.loads((files("arriero.security") / FILE).read_text(encoding="utf-8"))
    return Likeness(table["weights"], table["base"])


@lru_cache(maxsize=8_192)
def likeness(word: str) -> float:
    """`Likeness.odds` of the packaged model."""
    return packaged().odds(word)


def runs(word: str) -> Iterator[str]:
    """The runs of letters of a folded word."""
    marked = f"^{word}$"
    for size in range(SHORTEST, LONGEST + 1):
        for at in range(len(marked) - size + 1):
            yield marked[at : at + size]


@lru_cache(maxsize=8_192)
def folded(word: str) -> str:
    """`word` in small letters without accents, as the name lists have it."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.lower().translate(_OWN_LETTERS))
    return "".join(char for char in plain if not unicodedata.combining(char))
