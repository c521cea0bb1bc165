"""What a text claims: patterns over classes of words, blind to order and wording, aware of negation.

A pattern needs a word of each of its classes close together; the end of a sentence counts for three words, so a
claim that is split over sentences is found as well. A word that is negated ("cannot guarantee"), disclaimed ("there
is no assurance that ...") or told of others ("swindlers promise ...") claims nothing. The grammar is
`grammar.toml`; the classes are tagged by the lexicon that injection scanning uses.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from arriero.apps.finance.compliance.reading import ASKED, COMMON, Words, reading
from arriero.security.injection_grammar import Lexicon, Word
from arriero.security.injection_views import View

FILE = Path(__file__).with_name("grammar.toml")
NEGATED = 7  # words after a negation that it reaches, within its clause
WITHIN = 9
_SENTENCE = re.compile(r"(?<=[.!])[\"')\]\u201d\u2019*_]*\s+|\n\s*\n|\n(?=\s*(?:[•*\-#|]|\d+[.)]))")
_ANSWERED_NO = re.compile(rf"{ASKED}\s*(?:no|never|not|nobody|nothing|none|by no means|hardly)\b")
_COUNT = (
    r"(?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one|two|three|four|five|six|seven|eight|nine|twelve"
    r"|fifteen|(?:a |one )?hundred)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?"
)
_FIGURE = re.compile(
    r"(?P<money>[$\u20ac\u00a3]\s?\d[\d,]*|\b(?:usd|eur|gbp)\s?\d[\d,]*"
    r"|\d[\d,]*\s?(?:usd|eur|million|billion|trillion|dollars|euros|pounds|bucks|cents)\b)"
    rf"|(?P<percent>(?:\d[\d,]*|\b{_COUNT})\s?(?:%|percent\b|per cent\b|pct\b|points\b))"
    rf"|(?P<multiple>\b(?:\d[\d,]*|{_COUNT})[- ]?(?:x|fold|times)\b)"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words of each of `needs` (each a choice of classes) within `within` places, none of `unless` among them.

    `ordered`: in this order. `negates`: the pattern has its own negation, so that "no risk" is a claim.
    `one_sentence`: it may not cross the end of a sentence.
    """

    name: str
    rule: str
    needs: tuple[tuple[str, ...], ...]
    within: int = WITHIN
    unless: tuple[str, ...] = ()
    ordered: bool = False
    negates: bool = False
    one_sentence: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern that was found, in the words `first:last` of the scene; with a probability when it was only heard."""

    pattern: Pattern
    first: int
    last: int
    chance: float | None = None


@dataclass(frozen=True)
class Grammar:
    """The lexicon, the patterns by rule, and the words that mending a text may end in."""

    lexicon: Lexicon
    patterns: Mapping[str, tuple[Pattern, ...]]
    words: Words

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Grammar:
        """The grammar that ships. ValueError when a pattern names a class that is not there."""
        table = tomllib.loads(FILE.read_text(encoding="utf-8"))
        classes: dict[str, str] = table["classes"]
        patterns: dict[str, list[Pattern]] = {}
        for rule, rows in table["patterns"].items():
            for name, row in rows.items():
                needs = tuple(tuple(one.split("|")) for one in row["needs"])
                rest = {key: value for key, value in row.items() if key not in {"needs", "unless"}}
                unless = tuple(row.get("unless", ()))
                pattern = Pattern(name, rule, needs, unless=unless, **rest)
                known = {*classes, *MADE}
                if missing := {one for need in needs for one in need} - known | set(unless) - known:
                    raise ValueError(f"pattern {rule}/{name} asks for {sorted(missing)}")
                patterns.setdefault(rule, []).append(pattern)
        return cls(
            Lexicon.of(classes),
            {rule: tuple(rows) for rule, rows in patterns.items()},
            _words(classes, table["keys"]["words"].split()),
        )

    def scene(self, text: str, names: Collection[str] = ()) -> Scene:
        """`text` read and tagged; `names` are those of the company that is written about."""
        view = reading(text, self.words, names)
        tagged = self.lexicon.tag(view.text)
        tags = {name: list(hits) for name, hits in tagged.tags.items()}
        starts = [word.start for word in tagged.words]
        for match in _FIGURE.finditer(view.text):
            digits = match.start() + next(
                at for at, char in enumerate(match.group()) if char.isalnum()
            )
            at = bisect_right(starts, digits) - 1
            if at >= 0:
                tags.setdefault(match.lastgroup or "", []).append((at, at))
                tags.setdefault("figure", []).append((at, at))
        tags["number"] = [(at, at) for at, word in enumerate(tagged.words) if word.text.isdigit()]
        return Scene(self, text, view, tagged.words, tags)


MADE = frozenset({"money", "percent", "multiple", "figure", "number"})  # classes that code adds


@dataclass(frozen=True)
class Scene:
    """A text as it was read: its words, their classes, its sentences, and what is not claimed."""

    grammar: Grammar
    text: str
    view: View
    words: tuple[Word, ...]
    tags: Mapping[str, Sequence[tuple[int, int]]]
    heard: Mapping[str, tuple[Hit, ...]] = field(default_factory=dict)
    cleared: frozenset[Hit] = frozenset()
    _found: dict[str, tuple[Hit, ...]] = field(default_factory=dict)

    def hearing(
        self, heard: Mapping[str, tuple[Hit, ...]], cleared: frozenset[Hit] = frozenset()
    ) -> Scene:
        """The scene with what a second listener heard, by group, and without what it cleared."""
        return replace(self, heard=heard, cleared=cleared)

    def hits(self, rule: str) -> tuple[Hit, ...]:
        """What the patterns of `rule` find and what was heard, by place; one hit a pattern and first word."""
        found = [hit for hit in self.found(rule) if hit not in self.cleared]
        found += self.heard.get(rule, ())
        return tuple(sorted(found, key=lambda hit: (hit.first, hit.last)))

    def found(self, rule: str) -> tuple[Hit, ...]:
        """What the patterns of `rule` find, whatever a second listener says."""
        if rule not in self._found:
            self._found[rule] = tuple(
                hit for one in self.grammar.patterns.get(rule, ()) for hit in self._match(one)
            )
        return self._found[rule]

    def has(self, name: str, within: tuple[int, int] | None = None) -> bool:
        """Whether a word of the class stands in the words `first:last` (default: anywhere)."""
        hits = self.tags.get(name, ())
        low, high = within or (0, len(self.words))
        return any(first >= low and last <= high for first, last in hits)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The characters of the text from word `first` to word `last`."""
        return self.view.span(self.words[first].start, self.words[last].end)

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """First and last word of each sentence that has words."""
        return tuple(self._pieces(_SENTENCE))

    @cached_property
    def sections(self) -> tuple[tuple[int, int], ...]:
        """First and last word of what stands between blank lines."""
        return tuple(self._pieces(re.compile(r"\n\s*\n")))

    def sentence(self, word: int) -> tuple[int, int]:
        """The sentence that a word stands in."""
        return next(one for one in self.sentences if one[0] <= word <= one[1])

    def section(self, word: int) -> tuple[int, int]:
        return next(one for one in self.sections if one[0] <= word <= one[1])

    def said(self, first: int, last: int) -> str:
        """The words as they were read."""
        return " ".join(word.text for word in self.words[first : last + 1])

    @cached_property
    def silent(self) -> tuple[frozenset[int], frozenset[int]]:
        """Words that claim nothing: (negated, disclaimed or told of others)."""
        return self._negated(), self._disclaimed()

    def _pieces(self, between: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        starts = [word.start for word in self.words]
        low = 0
        ends = [*(match.start() for match in between.finditer(self.view.text)), len(self.view.text)]
        for end in ends:
            high = bisect_right(starts, end - 1)
            if high > low:
                yield low, high - 1
                low = high

    def _negated(self) -> frozenset[int]:
        spared = {
            at for first, last in self.tags.get("no_negation", ()) for at in range(first, last + 1)
        }
        turns = {first for first, _ in self.tags.get("contrast", ())}
        found: set[int] = set()
        for first, last in self.tags.get("negation", ()):
            if first in spared:
                continue
            for at in range(last + 1, min(last + 1 + NEGATED, len(self.words))):
                if self.words[at].place - self.words[at - 1].place > 1 or at in turns:
                    break
                found.add(at)
        for match in _ANSWERED_NO.finditer(self.view.text):
            asked = bisect_right([word.start for word in self.words], match.start()) - 1
            if asked >= 0:
                found |= set(range(self._clause(asked)[0], asked + 1))
        return frozenset(found)

    def _disclaimed(self) -> frozenset[int]:
        """From where a clause disclaims to its end or to a contrast; all of a clause that tells of others."""
        turns = {first for first, _ in self.tags.get("contrast", ())}
        found: set[int] = set()
        for name in ("disclaimer", "others"):
            for first, last in self.tags.get(name, ()):
                low, high = self._clause(first)
                found |= set(range(first, last + 1))
                for step, end in ((1, high), (-1, low)):
                    at = last if step > 0 else first
                    while at != end and at + step not in turns:
                        at += step
                        found.add(at)
        return frozenset(found)

    def _clause(self, at: int) -> tuple[int, int]:
        low = high = at
        while low > 0 and self.words[low].place - self.words[low - 1].place == 1:
            low -= 1
        while (
            high + 1 < len(self.words) and self.words[high + 1].place - self.words[high].place == 1
        ):
            high += 1
        return low, high

    def _match(self, pattern: Pattern) -> Iterator[Hit]:
        negated, disclaimed = self.silent
        mute = disclaimed if pattern.negates else negated | disclaimed
        choices = [
            sorted(hit for name in need for hit in self.tags.get(name, ()) if hit[0] not in mute)
            for need in pattern.needs
        ]
        if not all(choices):
            return
        barred = [hit for name in pattern.unless for hit in self.tags.get(name, ())]
        for first in choices[0]:
            found = self._around(first, choices[1:], pattern)
            if found is None:
                continue
            low, high = found
            begins, ends = self.sentence(low)[0], self.sentence(high)[1]
            if any(
                max(low - 2, begins) <= last and start <= min(high + 2, ends)
                for start, last in barred
            ):
                continue
            if pattern.one_sentence and self.sentence(low) != self.sentence(high):
                continue
            yield Hit(pattern, low, high)

    def _around(
        self, first: tuple[int, int], others: Sequence[Sequence[tuple[int, int]]], pattern: Pattern
    ) -> tuple[int, int] | None:
        """The narrowest words around `first` that hold one of each of the others; None when too wide."""
        taken = [first]
        for hits in others:
            low, high = min(one[0] for one in taken), max(one[1] for one in taken)
            after = taken[-1][1]
            free = (
                hit
                for hit in hits
                if (
                    hit[0] > after
                    if pattern.ordered
                    else all(hit[1] < one[0] or hit[0] > one[1] for one in taken)
                )
            )
            best = min(
                free, key=lambda hit: self._width(min(low, hit[0]), max(high, hit[1])), default=None
            )
            if best is None:
                return None
            taken.append(best)
            low, high = min(low, best[0]), max(high, best[1])
            if self._width(low, high) > pattern.within:
                return None
        return min(one[0] for one in taken), max(one[1] for one in taken)

    def _width(self, low: int, high: int) -> int:
        return self.words[high].place - self.words[low].place


def _words(classes: Mapping[str, str], keys: Sequence[str]) -> Words:
    entries = [entry for text in classes.values() for entry in text.split()]
    parts = [part for entry in entries for part in entry.split("_")]
    whole = {part for part in parts if not part.endswith("*") and not part.isdigit()}
    stems = tuple(sorted({part[:-1] for part in parts if part.endswith("*") and len(part) > 4}))
    return Words(frozenset(whole | set(keys) | COMMON), stems, frozenset(keys))
