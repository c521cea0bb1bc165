"""The ways a text can be read: folded to plain small letters, spelt out, leetspeak, decoded.

A text is never changed. Each view is a reading of it that knows which characters it was read from.
"""

# ruff: noqa: RUF001  # look-alike letters are what this module reads

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote

MOST_ENCODED = 20  # encoded pieces that are read in one text: each costs a scan
# Letters of other scripts that are drawn like Latin ones; what NFKD already folds is not listed.
_ALIKE = str.maketrans(
    dict(
        pair.split("=")
        for pair in (
            "а=a в=b е=e і=i ѕ=s о=o р=p у=y е=e х=x к=k м=m т=t н=h с=c ј=j ԁ=d ԛ=q ѡ=w ь=b ɡ=g ɩ=i "
            "А=a В=b Е=e І=i Ѕ=s О=o Р=p У=y Х=x К=k М=m Т=t Н=h С=c Ј=j Ԝ=w α=a β=b ε=e ι=i κ=k ν=v "
            "ο=o ρ=p τ=t υ=u χ=x ω=w η=n Α=a Β=b Ε=e Ζ=z Η=h Ι=i Κ=k Μ=m Ν=n Ο=o Ρ=p Τ=t Υ=y Χ=x "
            "ɑ=a ʟ=l ı=i ł=l ø=o đ=d ħ=h ß=ss æ=ae œ=oe ’=' ‘=' ʼ='"
        ).split()
    )
)
_TAGS = range(0xE0020, 0xE007F)  # invisible twins of ASCII: text that only a model can read
_LEET = str.maketrans("0134578@$!|+", "oieastbasiit")
_LEET_L = str.maketrans("0134578@$!|+", "oleastbaslit")
# A "!" is a letter only before another one: at the end of a word it is what it seems.
_LEET_WORD = re.compile(
    r"(?<!\S)(?=\S*[a-z])(?=\S*(?:[0134578@$|+]|![a-z0-9@$|+]))(?!\S*[0-9]{3})"
    r"[a-z0-9@$!|+]{2,}[a-z0-9@$|+]"
)
_SPELT = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*~|/,]{1,6}){5,}[^\W\d_](?![^\W_])")
_BASE64 = re.compile(
    r"(?<![\w+/=-])(?:[A-Za-z0-9+/_-]{4}){4,}[A-Za-z0-9+/_-]{0,3}={0,2}(?![\w+/=])"
)
_HEX = re.compile(r"(?:(?:0x|\\x|%)?[0-9a-fA-F]{2}[\s,:]?){10,}")
_ROT13 = re.compile(r"vtaber|qvfertneq|cebzcg|vafgehpgvba|flfgrz|sbetrg|birevqr")
_REVERSED = re.compile(r"snoitcurtsn|erongi|tpmorp|drager|metsys|teGrof|tegrof|evoba")
_SPLIT = re.compile(r"(?<=[a-z])(?:\s?[\"'“”]\s?[+.,&]\s?[\"'“”]|[-*_~^|]{1,2}|\u00ad)(?=[a-z])")
HIDDEN = re.compile(
    r"<!--.{0,2000}?(?:-->|$)|<[^<>]{0,200}(?:display\s*:\s*none|visibility\s*:\s*hidden"
    r"|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])|color\s*:\s*(?:#fff(?:fff)?\b|white)|\bhidden\b)"
    r"[^>]{0,200}>[^<]{0,2000}|\[//\]:\s*#[^\n]{0,2000}|[\U000E0020-\U000E007E]+",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class View:
    """`text` as it was read; `origins[i]` is the character of the whole text that `text[i]` is from.

    An empty `origins` means that all of it comes from `start:end`; `how` says how it was read.
    """

    how: str
    text: str
    start: int
    end: int
    origins: Sequence[int] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the whole text."""
        if not self.origins or start >= end:
            return self.start, self.end
        return self.origins[start], self.origins[end - 1] + 1


def views(text: str) -> Iterator[View]:
    """The plain reading first; then those others that this text gives rise to."""
    plain = folded(text)
    yield plain
    yield from _letters(plain)
    for start, end, how, decoded in islice(_decoded(text), MOST_ENCODED):
        yield View(how, folded(decoded).text, start, end)


def folded(text: str) -> View:
    """NFKD without accents and invisible characters, look-alikes as Latin, in small letters."""
    if text.isascii():
        return View("", text.lower(), 0, len(text), range(len(text)))
    letters: list[str] = []
    origins: list[int] = []
    for at, char in enumerate(text):
        for letter in _folded(char):
            letters.append(letter)
            origins.append(at)
    return View("", "".join(letters), 0, len(text), origins)


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    if char.isascii():
        return char.lower()
    if ord(char) in _TAGS:
        return chr(ord(char) - 0xE0000).lower()
    whole = unicodedata.normalize("NFKD", char).translate(_ALIKE).lower()
    return "".join(
        letter for letter in whole if unicodedata.category(letter) not in {"Mn", "Cf", "Cc", "Me"}
    )


def _letters(plain: View) -> Iterator[View]:
    """Words that are hidden in the way they are spelt."""
    text = plain.text
    if spelt := list(_SPELT.finditer(text)):
        for match in spelt[:MOST_ENCODED]:
            start, end = plain.span(match.start(), match.end())
            # Wider gaps part words; without any the letters run together, which `squeezed` reads.
            words = re.split(r"[ .\-_*~|/,]{2,}", match.group())
            read = " ".join(re.sub(r"[^\w]|_", "", word) for word in words)
            yield View("spelt out", read, start, end)
    if _LEET_WORD.search(text):
        for table in (_LEET, _LEET_L):
            read = _LEET_WORD.sub(lambda match, table=table: match.group().translate(table), text)  # type: ignore[misc]
            yield View("leetspeak", read, 0, plain.end, plain.origins)
    if _SPLIT.search(text):
        yield View("split words", _SPLIT.sub("", text), 0, plain.end)
    if _ROT13.search(text):
        yield View("rot13", codecs.decode(text, "rot13"), 0, plain.end, plain.origins)
    if _REVERSED.search(text):
        yield View("reversed", text[::-1], 0, plain.end, plain.origins[::-1])


def _decoded(text: str) -> Iterator[tuple[int, int, str, str]]:
    for match in _BASE64.finditer(text):
        if (read := _readable(_of_base64(match.group()))) is not None:
            yield *match.span(), "base64", read
    for match in _HEX.finditer(text):
        digits = re.sub(r"0x|\\x|[%\s,:]", "", match.group())
        try:
            read = _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
        except ValueError:
            continue
        if read is not None:
            yield *match.span(), "hex", read
    whole = (
        ("html entities", "&#" in text, html.unescape),
        ("percent signs", text.count("%") > 4, unquote),
        ("escapes", "\\u00" in text, _unescaped),
    )
    for how, is_used, read_by in whole:
        if is_used and (other := read_by(text)) != text:
            yield 0, len(text), how, other


def _of_base64(piece: str) -> bytes:
    body = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _readable(raw: bytes) -> str | None:
    """`raw` as text if it reads like words: letters and spaces nearly throughout."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    plain = sum(char.isalpha() or char in " .,!?:'\n" for char in text)
    return text if len(text) >= 8 and " " in text and plain >= 0.85 * len(text) else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match.group(1), 16)), text)
