"""Which language a text is in: known words and letter patterns of eight languages, no model needed.

The profiles are made of this project's own sentences (`language_samples.toml`) when first asked for.
A library was weighed and not taken: those that are good at short messages weigh 49 MB and more, the
light ones need numpy and are made for paragraphs.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path

SAMPLES = Path(__file__).with_name("language_samples.toml")
OTHER = "und"  # ISO 639-2 for "undetermined": a language, but none that is known here
GRAM = 3  # letters of a pattern, over words with their edges
SMOOTHING = 0.3
KNOWN = 2.0  # what a known word says beyond its letters, shared by the languages that know it
PROPER = 0.25  # a capitalised unknown word in mid-sentence is a name or a product: it says less
CLEAR = 1.6  # lead over the second language, in nats; chosen on sentences kept from the samples
CLEAR_UNKNOWN = 7.0  # the lead that letters alone need, without one known word
MOST_LETTERS = 600  # the beginning of a long text says it all
_PLACEHOLDER = re.compile(
    r"<[A-Z]+_\d+>|https?://\S+|\S+@\S+|\b\w*\d\w*\b|\{\{?[^}]*\}?\}|\[[^\]]*\]"
)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one language looks like: its words, and how likely each pattern of letters is."""

    words: frozenset[str]
    grams: Mapping[str, float]
    unseen: float

    def letters(self, word: str) -> float:
        """Log-likelihood of the word's patterns."""
        grams, unseen = self.grams, self.unseen
        return sum(grams.get(gram, unseen) for gram in _grams(word))


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the likeliest of eight languages, or None when the text does not tell.

    None for too little text or too small a lead (a lone "ok"); `OTHER` for another script, which is
    a language that nobody here answers in. Numbers, addresses and placeholders are not looked at.
    """
    plain = _PLACEHOLDER.sub(" ", text[: 4 * MOST_LETTERS])[:MOST_LETTERS]
    words = [match.group().replace("\u2019", "'") for match in _WORD.finditer(plain)]
    if not words:
        return None
    if not plain.isascii() and _is_of_another_script(words):
        return OTHER
    shouted = plain.isupper()
    told = [
        _told_by(given.lower(), proper=not (shouted or at == 0) and given[0].isupper())
        for at, given in enumerate(words)
    ]
    sums = [sum(column) for column in zip(*(likely for likely, _ in told), strict=True)]
    second, best = sorted(sums)[-2:]
    at = sums.index(best)
    knows = any(known[at] for _, known in told)
    return tuple(_profiles())[at] if best - second >= (CLEAR if knows else CLEAR_UNKNOWN) else None


@lru_cache(maxsize=4_000)  # a language's common words come in every message
def _told_by(word: str, *, proper: bool) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """What a word says for each language, by its letters and by being a known word, and which languages know it.

    `proper`: it stands with a capital where none is needed.
    """
    profiles = _profiles().values()
    who = tuple(word in profile.words for profile in profiles)
    bonus = KNOWN * (1 + log(len(who) / sum(who))) if any(who) else 0.0
    weight = PROPER if proper and not any(who) else 1.0
    likely = (weight * profile.letters(word) for profile in profiles)
    return tuple(one + bonus * knows for one, knows in zip(likely, who, strict=True)), who


def _is_of_another_script(words: list[str]) -> bool:
    letters = "".join(words)
    foreign = sum(not unicodedata.name(char, "").startswith("LATIN") for char in letters)
    return foreign > len(letters) / 2


def _grams(word: str) -> Iterator[str]:
    padded = f" {word} "
    for at in range(len(padded) - GRAM + 1):
        yield padded[at : at + GRAM]


@lru_cache(maxsize=1)
def _profiles() -> Mapping[str, Profile]:
    table = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))
    read: dict[str, tuple[frozenset[str], Counter[str]]] = {}
    for code, sample in table.items():
        text = [match.group().lower() for match in _WORD.finditer(sample["text"])]
        words = frozenset([*sample["words"].split(), *text])
        read[code] = words, Counter(gram for word in [*words, *text] for gram in _grams(word))
    kinds = len({gram for _, counts in read.values() for gram in counts})
    return {code: _profile(words, counts, kinds) for code, (words, counts) in read.items()}


def _profile(words: frozenset[str], counts: Counter[str], kinds: int) -> Profile:
    total = counts.total() + SMOOTHING * kinds
    grams = {gram: log((count + SMOOTHING) / total) for gram, count in counts.items()}
    return Profile(words, grams, log(SMOOTHING / total))
