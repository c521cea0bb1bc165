"""A text as the recognisers read it: odd digits, dashes and spaces made plain, nothing hidden in it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

# Where a word begins. A pattern of many words says it first, and is tried at no other place.
BEGINS = r"(?<!\w)(?=\w)"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_PLAIN = {ord(dash): "-" for dash in _DASHES} | {ord("\u2019"): "'", ord("\u00b4"): "'"}


@dataclass(frozen=True, slots=True)
class Found:
    """A private value: its kind, and where it stands in the text (half open, in characters)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` is what is searched; `places[i]` says where its character `i` stood originally."""

    text: str
    places: Sequence[int] | None = None  # None: every character kept its place

    def original(self, found: Found) -> Found:
        """`found` in the characters of the original text."""
        if self.places is None:
            return found
        return Found(found.kind, self.places[found.start], self.places[found.end - 1] + 1)


def reading(text: str) -> Reading:
    """`text` made plain: full-width and other digits as 0-9, dashes as -, tabs as spaces, no invisible characters,
    of a long row of signs or spaces its two ends.

    Linear in the length; an ASCII text is taken as it is.
    """
    text = text.replace("\t", " ")
    if text.isascii():
        return _shortened(text)
    table = dict(_PLAIN)
    hidden = False
    for char in set(text):
        if char.isascii():
            continue
        if char.isdecimal():
            table[ord(char)] = str(unicodedata.decimal(char))
        elif char.isspace():
            table[ord(char)] = " "
        elif "\uff01" <= char <= "\uff5e":  # full-width forms of ASCII
            table[ord(char)] = chr(ord(char) - 0xFEE0)
        elif unicodedata.category(char) == "Cf":  # zero-width space, joiners, soft hyphen
            hidden = True
    plain = text.translate(table)
    if not hidden:
        return _shortened(plain)
    kept = [at for at, char in enumerate(plain) if unicodedata.category(char) != "Cf"]
    return _shortened("".join(plain[at] for at in kept), kept)


# No value holds so many signs or spaces in a row, and patterns try every way to share a long row out.
_LONG_GAP = re.compile(r"(?<=[\W_]{6})[\W_]+(?=[\W_]{6})")


def _shortened(text: str, places: Sequence[int] | None = None) -> Reading:
    """`text` with the middle of every long row of signs and spaces left out."""
    if not _LONG_GAP.search(text):
        return Reading(text, places)
    before = range(len(text)) if places is None else places
    parts: list[str] = []
    kept: list[int] = []
    at = 0
    for gap in _LONG_GAP.finditer(text):
        parts.append(text[at : gap.start()])
        kept += before[at : gap.start()]
        at = gap.end()
    return Reading("".join((*parts, text[at:])), [*kept, *before[at:]])


def apart(text: str, found: Iterable[Found]) -> Sequence[Found]:
    """What of `found` overlaps no earlier one, in the order of `text`.

    Of a name the rest counts too: with "Ilka" taken, "Ilka Szabo" leaves "Szabo"; so of an address that
    runs on into something else. Addresses that share a part are one: a code with its town and the street
    before it.
    """
    taken: list[Found] = []  # always in order, so that a text full of them takes no quadratic time
    for one in found:
        if one.start >= one.end:
            continue
        first = bisect_right(taken, one.start, key=lambda other: other.end)
        last = bisect_left(taken, one.end, key=lambda other: other.start)
        over = taken[first:last]
        if not over:
            taken.insert(first, one)
        elif all(other.kind == one.kind == "ADDRESS" for other in over):
            start, end = min(one.start, over[0].start), max(one.end, over[-1].end)
            taken[first:last] = [Found(one.kind, start, end)]
        elif one.kind == "PERSON" or (one.kind == "ADDRESS" and all(other.kind for other in over)):
            starts = [one.start, *(other.end for other in over)]
            ends = [*(other.start for other in over), one.end]
            pieces = (
                _trimmed(text, one.kind, *ends_of) for ends_of in zip(starts, ends, strict=True)
            )
            kept = [*over, *(piece for piece in pieces if piece is not None)]
            taken[first:last] = sorted(kept, key=lambda other: other.start)
    return taken


def _trimmed(text: str, kind: str, start: int, end: int) -> Found | None:
    """The piece without the spaces and signs around it; None when only an initial or a particle is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    left = end - start > 1 and text[start:end] not in _PARTICLES
    return Found(kind, start, end) if left else None


_PARTICLES = frozenset("de da do dos das del der den di du el la le van von of".split())


def corrected(seen: Reading, slips: Mapping[str, str], words: Collection[str]) -> Reading | None:
    """`seen` with the slips of the fingers in cue words undone; None when there are none.

    `slips` is from `slips_of`; a token that is one of `words` (ordinary words, in lower case) stays.
    """
    parts: list[str] = []
    places: list[int] = []
    at = 0
    for match in _LONG_WORD.finditer(seen.text):
        token = match.group().lower()
        if token in words:
            continue
        meant = next((slips[key] for key in (token, *_shorter(token)) if key in slips), None)
        if meant is None or meant == token:
            continue
        start, end = match.span()
        parts += [seen.text[at:start], meant]
        places += range(at, start)
        places += [min(start + index, end - 1) for index in range(len(meant))]
        at = end
    if not parts:
        return None
    parts.append(seen.text[at:])
    places += range(at, len(seen.text))
    if seen.places is not None:
        places = [seen.places[place] for place in places]
    return Reading("".join(parts), places)


def slips_of(words: Collection[str]) -> Mapping[str, str]:
    """Each of `words` by itself and by every form with one letter left out (as SymSpell keys them).

    Two words that share a key are one letter missing, added, changed or swapped apart.
    """
    keys = {key: word for word in sorted(words) for key in _shorter(word)}
    return keys | {word: word for word in words}


def _shorter(word: str) -> Iterable[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


_LONG_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{6,20}(?![^\W_])")
