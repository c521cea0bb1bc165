"""The tone of a text from words alone: a lexicon of our own, negation, and burdens that rise or fall."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORD = re.compile(r"[a-z][a-z'-]*")
STOP = re.compile(r"[.;!?]|,? (?:but|while|although|however)\b")
REACH = 3  # words before a word in which a negation turns it round
NEAR = 4  # words around a burden ("costs") in which a rise or fall decides its tone
STRENGTH = {"more": 1.5, "less": 0.5}


@dataclass(frozen=True, slots=True)
class Words:
    """Stems of one kind; a whole word is matched as it is."""

    whole: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Words:
        told = text.split()
        whole = frozenset(one[:-1] for one in told if one.endswith("$"))
        return cls(whole, tuple(sorted(one for one in told if not one.endswith("$"))))

    def has(self, word: str) -> bool:
        return word in self.whole or word.startswith(self.stems)


@cache
def words() -> dict[str, Words]:
    """The lexicon that ships, by kind."""
    told = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    return {kind: Words.of(text) for kind, text in told.items()}


def tone(text: str) -> float:
    """From -1 (bad for the company) to 1; 0 where no word of the lexicon stands."""
    found = [
        hit
        for part in STOP.split(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        for hit in _hits(WORD.findall(part))
    ]
    return sum(found) / (sum(abs(hit) for hit in found) + 0.5) if found else 0.0


def _hits(told: Sequence[str]) -> list[float]:
    """The tone of each word that has one, within one clause."""
    kinds = words()
    found = []
    taken: set[int] = set()
    for place, word in enumerate(told):
        if kinds["burden"].has(word):
            near = range(max(0, place - NEAR), min(len(told), place + NEAR + 1))
            for at in near:
                moves = kinds["up"].has(told[at]) - kinds["down"].has(told[at])
                if at != place and at not in taken and moves:
                    taken |= {at, place}
                    found.append(-float(moves) * _scale(told, at))
                    break
    for place, word in enumerate(told):
        if place in taken:
            continue
        value = float(kinds["good"].has(word)) - float(kinds["bad"].has(word))
        if value:
            found.append(value * _scale(told, place))
    return found


def _scale(told: Sequence[str], place: int) -> float:
    """Stronger, weaker or turned round by the words before; an adverb may also follow."""
    kinds, scale = words(), 1.0
    for at in range(max(0, place - REACH), min(len(told), place + 2)):
        if at == place:
            continue
        for kind, factor in STRENGTH.items():
            scale *= factor if kinds[kind].has(told[at]) else 1.0
        if at < place and kinds["not"].has(told[at]):
            scale *= -1.0
    return scale
