"""Rules over classes of words: one pass tags the words of a text, the rules look at the tags alone.

A class is a list of words, `stem*` prefixes and `several_words` phrases in any number of languages,
so a rule is written once and holds in all of them, in any word order the window allows. Looking up
words costs the same however many rules there are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from string import ascii_lowercase
from typing import Any, NamedTuple

from arriero.security.injection_views import folded

_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*|[.!?;:\n]")
_BREAKS = frozenset(".!?;:\n")
BREAK = 3  # words that the end of a sentence counts for: a rule may cross one, not two
SHORTEST_STEM = 3
REMEMBERED = 40  # letters; what is longer comes once
LONG = 6  # a word this long is known with its inner letters in any order ("ignroe")


class Word(
    NamedTuple
):  # made for each word of each message: a tuple in a third of a dataclass' time
    """A word with where it stands: `place` counts words and sentence ends, `start:end` characters."""

    text: str
    place: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Words of all the classes in `needs` within a window of `within` words, none of `unless` in it.

    `weight` is how much of the doubt a match takes away: 0.9 leaves a tenth. `where` names the
    channels that the rule is for; empty means all. `ordered`: the classes in just this order.
    """

    name: str
    needs: tuple[str, ...]
    weight: float
    within: int = 8
    unless: tuple[str, ...] = ()
    ordered: bool = False
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that matched, and the characters from its first to its last word."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """The words of a text and, for each class, the words (first, last) that are of it, in order."""

    words: tuple[Word, ...]
    tags: Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Lexicon:
    """Which words and phrases are of which classes."""

    exact: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    longest_stem: int = 0
    scrambled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, classes: Mapping[str, str]) -> Lexicon:
        """From `{class: "word stem* several_words ..."}`, in any script, folded as texts are."""
        exact: dict[str, tuple[str, ...]] = {}
        stems: dict[str, tuple[str, ...]] = {}
        phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, entries in classes.items():
            for entry in folded(entries).text.split():
                if "_" in entry:
                    first, *rest = entry.split("_")
                    phrases.setdefault(first, []).append((tuple(rest), name))
                elif entry.endswith("*"):
                    stems[entry[:-1]] = (*stems.get(entry[:-1], ()), name)
                else:
                    exact[entry] = (*exact.get(entry, ()), name)
        scrambled = {_scrambled(word): names for word, names in exact.items() if len(word) >= LONG}
        return cls(exact, stems, phrases, max(map(len, stems), default=0), scrambled)

    def tag(self, text: str) -> Tagged:
        """The classes of the words of `text`, which is folded and in small letters."""
        words = tuple(_words(text))
        tags: dict[str, list[tuple[int, int]]] = {}
        for at, word in enumerate(words):
            for name in self._classes(word.text):
                tags.setdefault(name, []).append((at, at))
            for rest, name in self.phrases.get(word.text, ()):
                last = at + len(rest)
                if last < len(words) and all(
                    _fits(words[at + 1 + step].text, part) for step, part in enumerate(rest)
                ):
                    tags.setdefault(name, []).append((at, last))
        return Tagged(words, tags)

    def _classes(self, word: str) -> Iterable[str]:
        return self._remembered(word) if len(word) <= REMEMBERED else self._of(word)

    @cached_property
    def _remembered(self) -> Callable[[str], tuple[str, ...]]:
        """A language's common words come in every message."""
        return lru_cache(maxsize=4_096)(lambda word: tuple(self._of(word)))

    def _of(self, word: str) -> Iterator[str]:
        known = self.exact.get(word)
        if known is not None:
            yield from known
        elif len(word) >= LONG:
            yield from self.scrambled.get(_scrambled(word), ())
        for length in range(SHORTEST_STEM, min(len(word), self.longest_stem) + 1):
            if names := self.stems.get(word[:length]):
                yield from names


@dataclass(frozen=True, slots=True)
class Grammar:
    """A lexicon and the rules over its classes."""

    lexicon: Lexicon
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, table: Mapping[str, Any], made: Sequence[str] = ()) -> Grammar:
        """From a rule file: `[classes]` and `[[rules]]`; ValueError names a class that is missing.

        `made` names classes that code adds to what `Lexicon.tag` found.
        """
        known = {*table["classes"], *made}
        rules = tuple(_rule(row) for row in table["rules"])
        for rule in rules:
            if missing := {*rule.needs, *rule.unless} - known:
                raise ValueError(f"rule {rule.name!r} asks for {sorted(missing)}, no such class")
        return cls(Lexicon.of(table["classes"]), rules)

    def found(self, tagged: Tagged, where: str = "") -> list[Found]:
        """The rules that match, each once, at its narrowest place."""
        found = []
        for rule in self.rules:
            if rule.where and where not in rule.where:
                continue
            if all(name in tagged.tags for name in rule.needs):
                match = _narrowest(rule, tagged)
                if match is not None:
                    found.append(match)
        return found


def _rule(row: Mapping[str, Any]) -> Rule:
    values: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in row.items()
    }
    return Rule(**values)


def _words(text: str) -> Iterator[Word]:
    place = 0
    for match in _WORD.finditer(text):
        word = match.group()
        if word in _BREAKS:
            place += BREAK
        else:
            place += 1
            yield Word(word, place, match.start(), match.end())


def _scrambled(word: str) -> str:
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


def _fits(word: str, part: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def _narrowest(rule: Rule, tagged: Tagged) -> Found | None:
    words = tagged.words
    best: tuple[int, int] | None = None
    for first in tagged.tags[rule.needs[0]]:
        low, high = first
        for name in rule.needs[1:]:
            near = _nearest(tagged.tags[name], words, low, high, ordered=rule.ordered)
            if near is None:
                break
            low, high = min(low, near[0]), max(high, near[1])
        else:
            wide = words[high].place - words[low].place
            if wide >= rule.within or any(
                _within(tagged.tags.get(name, ()), low - 1, high + 1) for name in rule.unless
            ):
                continue
            if best is None or wide < words[best[1]].place - words[best[0]].place:
                best = low, high
    if best is None:
        return None
    return Found(rule, words[best[0]].start, words[best[1]].end)


def _nearest(
    hits: Sequence[tuple[int, int]], words: Sequence[Word], low: int, high: int, *, ordered: bool
) -> tuple[int, int] | None:
    """The hit that widens `low:high` least; one inside a word already taken does not count."""
    at = bisect_left(hits, (high + 1, -1))
    after = hits[at] if at < len(hits) else None
    if ordered:
        return after
    before = next((hit for hit in reversed(hits[:at]) if hit[1] < low), None)
    inside = next((hit for hit in hits if low < hit[0] and hit[1] < high), None)
    if inside is not None:
        return inside
    if after is None or before is None:
        return after or before
    gap = words[after[0]].place - words[high].place
    return after if gap <= words[low].place - words[before[1]].place else before


def _within(hits: Sequence[tuple[int, int]], low: int, high: int) -> bool:
    return any(first <= high and last >= low for first, last in hits)


def slips(of: str, but: str) -> list[str]:
    """The words one letter left out, added, changed or swapped away from those of `of`, in order.

    Words of `but` are words of their own, and the first letter of each stands.
    """
    own = {*of.split(), *but.split()}
    found: set[str] = set()
    for word in of.split():
        for left, right in ((word[:at], word[at:]) for at in range(1, len(word) + 1)):
            found.update(left + letter + right for letter in ascii_lowercase)
            if right:
                found.add(left + right[1:])
                found.update(left + letter + right[1:] for letter in ascii_lowercase)
            if len(right) > 1:
                found.add(left + right[1] + right[0] + right[2:])
    own |= {f"{word}s" for word in own}
    return sorted(found - own)
