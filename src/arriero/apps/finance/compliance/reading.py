"""A text as a reader sees it: in plain small letters, however its letters were drawn, spaced or split.

Look-alikes, accents, full width, invisible characters, mark-up, spaced-out letters, digits for letters, words
in pieces and misspelt key words become plain words; each letter knows which character of the text it is from.
A word is only mended when what comes out is a word of the grammar, so ordinary prose stays as it is.
"""

# ruff: noqa: RUF001  # look-alike letters are what this module reads

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from arriero.security.injection_views import View, folded

# What `folded` does not know: letters of other scripts that are drawn like Latin ones, one for one.
_ALIKE = str.maketrans(
    dict(
        pair.split("=")
        for pair in (
            "γ=y ς=s σ=o δ=d ϲ=c ϳ=j ԍ=g ց=g հ=h ո=n օ=o ս=u զ=q ё=e й=u ї=i ґ=r ѓ=r џ=u Ꮯ=c Ꭺ=a Ꭼ=e Ꭲ=t Ꮢ=r "
            "Ꭱ=r Ꭰ=d Ꮤ=w Ꮇ=m Ꮪ=s Ꮲ=p Ꮮ=l Ꮶ=k Ꭵ=i Ᏼ=b ꓐ=b ꓓ=d ꓖ=g ꓡ=l ꓢ=s ꓣ=r г=r п=n и=u ц=u л=n я=r "
            "∣=l ǀ=l ո=n վ=u ѵ=v ѕ=s ᴦ=r ᴨ=n λ=l"
        ).split()
    )
)
_BLANK = dict.fromkeys(map(ord, "\u3164\u115f\u1160\uffa0\u2800"), "\u200b")  # drawn as nothing
_NAMED = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?(?:SCRIPT |OPEN |DOTLESS |LONG )?([A-Z])\b|SQUARED LATIN CAPITAL LETTER ([A-Z])$|CIRCLED LATIN CAPITAL LETTER ([A-Z])$|REGIONAL INDICATOR SYMBOL LETTER ([A-Z])$")  # fmt: skip
_MARKUP = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>|<!--.*?-->|&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});", re.DOTALL)  # fmt: skip
_SPELT = re.compile(r"(?<![^\W_'])(?:[a-z0-9@$!|][ .\-_*~|/,·•+]{1,4}){3,}[a-z0-9@$!|](?![^\W_])")
_TOKEN = re.compile(r"[a-z0-9@$!|+]*[a-z][a-z0-9@$!|+]*|[0-9]+")
_JOINT = re.compile(r"[ \-_*.~|/\n·•'\u2010-\u2015]{1,3}")
_LEET = (str.maketrans("013457@$!|+9", "oieastasiitg"), str.maketrans("0134578@$!|+", "oleastbaslit"))  # fmt: skip
_DOT = re.compile(r"(?<=\ba)\.(?=i\b)|(?<=\ba\.i)\.|(?<=\d)\.(?=\d)|(?<=\bu)\.(?=s)|(?<=\b(?:no|mr|vs|co|st|dr|jr))\.|(?<=\b(?:inc|ltd|mrs|llc|etc|est))\.(?=.{0,3}\w)|(?<=\b(?:corp))\.|(?<=\bu\.s)\.|(?<=\b[ei])\.(?=[eg])|(?<=\b[ei]\.[eg])\.")  # fmt: skip
_WRAP = re.compile(r"(?<=[^\n.!?:;])\n(?=[^\n\s•*\-#|\d])")
_REPEATED = re.compile(r"([a-z])\1{2,}")
ASKED = "\u00bf"  # stands for a question mark that ends no statement
COMPANY = "thecompany"  # what every name of the company is read as; the grammar knows no company
SHORTEST_NAME = 3  # letters; a ticker of one or two is a word too often
_LEGAL_FORM = re.compile(
    r",?\s+(?:inc|corp|corporation|co|ltd|plc|ag|sa|nv|llc|company)\b.*$|\s*\(.*$"
)
SHORTEST_JOINED = 6  # letters of a word that is put together from pieces
SHORTEST_MENDED = 8  # letters of a word in which one wrong letter is overlooked


@dataclass(frozen=True, slots=True)
class Words:
    """The words that mending may end in. `stems` are beginnings; `keys` are looked for misspelt, too."""

    whole: frozenset[str]
    stems: tuple[str, ...]
    keys: frozenset[str] = frozenset()

    def known(self, word: str) -> bool:
        return word in self.whole or word.startswith(self.stems)


def reading(text: str, words: Words, names: Collection[str] = ()) -> View:
    """`text` as it is read; `View.span` leads back to its characters.

    `names` are those of the company that is written about: each is read as the one word `COMPANY`.
    """
    plain = _plain(text)
    plain = _replaced(plain, _named(plain.text, names, words))
    plain = _replaced(plain, _spelt(plain.text, words))
    plain = _replaced(plain, _mended(plain.text, words))
    # A question and its answer are one statement: "Will it rise? Yes."
    letters = _WRAP.sub(" ", _DOT.sub(",", plain.text)).replace("?", ASKED)
    return View("", letters, 0, len(text), plain.origins)


def _named(text: str, names: Collection[str], words: Words) -> Iterator[tuple[int, int, str]]:
    """The company's full name, its first word and its ticker, unless that is a word like any other."""
    called = {
        " ".join(re.findall(r"[a-z0-9&'-]+", _LEGAL_FORM.sub("", one.lower()))) for one in names
    }
    called |= {one.split(" ")[0] for one in called if one}
    whole = [one for one in called if len(one) >= SHORTEST_NAME and not words.known(one)]
    if whole:
        several = "|".join(re.escape(one) for one in sorted(whole, key=len, reverse=True))
        for match in re.finditer(rf"(?<!\w)(?:{several})(?!\w)", text, re.IGNORECASE):
            yield match.start(), match.end(), COMPANY


def _plain(text: str) -> View:
    chars: list[str] = []
    origins: list[int] = []
    at = 0
    for match in [*_MARKUP.finditer(text), None]:
        end = match.start() if match else len(text)
        chars += text[at:end]
        origins += range(at, end)
        if match:
            at = match.end()
            if match.group().startswith("&") and (said := html.unescape(match.group())) != match.group():  # fmt: skip
                chars.append(said[:1])
                origins.append(match.start())
    seen = "".join(_letter(char) for char in chars)
    view = folded(seen)
    return View("", view.text, 0, len(text), [origins[one] for one in view.origins])


@lru_cache(maxsize=4096)
def _letter(char: str) -> str:
    """`char`, or the one Latin letter that it is drawn like."""
    if char.isascii():
        return char
    if (found := char.translate(_ALIKE).translate(_BLANK)) != char:
        return found
    named = _NAMED.search(unicodedata.name(char, ""))
    return next(group for group in named.groups() if group).lower() if named else char


def _replaced(view: View, changes: Iterator[tuple[int, int, str]]) -> View:
    """`view` with the pieces `start:end` read as other words."""
    letters: list[str] = []
    origins: list[int] = []
    at = 0
    for start, end, word in changes:
        letters += [view.text[at:start], word]
        origins += view.origins[at:start]
        origins += [view.origins[start]] * (len(word) - 1) + [view.origins[end - 1]]
        at = end
    letters.append(view.text[at:])
    origins += view.origins[at:]
    return View("", "".join(letters), view.start, view.end, origins)


def _spelt(text: str, words: Words) -> Iterator[tuple[int, int, str]]:
    """Words whose letters stand apart: `g u a r a n t e e d`, `r.i.s.k  f.r.e.e`."""
    for match in _SPELT.finditer(text):
        gaps = [len(gap) for gap in re.findall(r"[ .\-_*~|/,·•+]+", match.group())]
        parts = re.split(rf"[ .\-_*~|/,·•+]{{{min(gaps) + 1},}}", match.group())
        joined = [re.sub(r"[ .\-_*~/,·•+]", "", part) for part in parts]
        read = [" ".join(_segmented(_unleet(part, words), words) or (part,)) for part in joined]
        yield match.start(), match.end(), " ".join(read)


def _unleet(word: str, words: Words) -> str:
    if word.isalpha():
        return word
    read = [word.translate(table) for table in _LEET]
    return next((one for one in read if _segmented(one, words)), word)


def _segmented(letters: str, words: Words) -> tuple[str, ...]:
    """`letters` cut into words of the grammar, as few as possible; empty when they cannot be."""
    if not letters.isalpha():
        return ()
    best: list[tuple[str, ...] | None] = [(), *[None] * len(letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 16), end):
            before, word = best[start], letters[start:end]
            if before is None or not (word in words.whole or (len(word) > 5 and words.known(word))):
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or ()):
                best[end] = (*before, word)
    return best[-1] or ()


def _mended(text: str, words: Words) -> Iterator[tuple[int, int, str]]:
    """Words in pieces, with digits for letters, with letters too many, or with one wrong letter."""
    tokens = list(_TOKEN.finditer(text))
    taken = 0
    for at, token in enumerate(tokens):
        if token.start() < taken:
            continue
        word = token.group()
        joined = _joined(text, tokens[at : at + 5], words)
        if joined is not None:
            yield joined
            taken = joined[1]
        elif (read := _read(word, words)) != word:
            yield token.start(), token.end(), read
            taken = token.end()


def _joined(
    text: str, tokens: Sequence[re.Match[str]], words: Words
) -> tuple[int, int, str] | None:
    """The longest word of the grammar that begins with the first token and goes on in the next ones."""
    reach = 1
    for one, other in pairwise(tokens):
        if not _JOINT.fullmatch(text, one.end(), other.start()):
            break
        reach += 1
    for count in range(reach, 1, -1):
        pieces = [token.group() for token in tokens[:count]]
        if all(words.known(piece) or (len(piece) > 3 and piece in COMMON) for piece in pieces):
            continue
        word = "".join(pieces)
        if len(word) < SHORTEST_JOINED or not word[0].isalnum():
            continue
        read = word if word.isalpha() else _unleet(word, words)
        if read in words.whole:
            return tokens[0].start(), tokens[count - 1].end(), read
    return None


def _read(word: str, words: Words) -> str:
    if word.isalpha():
        if words.known(word):
            return word
        if _REPEATED.search(word):
            fewer = (_REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word))
            return next((one for one in fewer if words.known(one)), word)
        return _respelt(word, words.keys)
    if not any(char.isalpha() for char in word) or re.search(r"\d{3}", word):
        return word
    stripped = word.rstrip("!|+")
    for table in _LEET:
        read = stripped.translate(table)
        if read.isalpha() and len(read) > 1 and read in words.whole and stripped != read:
            return read + " " * (len(word) - len(stripped))
        if read.isalpha() and len(read) > 5 and stripped != read:
            if words.known(read):
                return read
            if (near := _respelt(read, words.keys)) != read:
                return near
    return word


@lru_cache(maxsize=8192)
def _respelt(word: str, keys: frozenset[str]) -> str:
    """The key word from which `word` differs in one letter (too many, too few, another, two swapped)."""
    if len(word) < SHORTEST_MENDED - 1:
        return word
    for key in sorted(keys):
        if abs(len(key) - len(word)) <= 1 and key[0] == word[0] and _one_apart(word, key):
            return key
    return word


def _one_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    at = next((at for at, char in enumerate(one) if char != other[at]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]


# Short words that never are a piece of a word that was torn apart.
COMMON = frozenset(
    "a an and are as at be but by can do for from get has have he her his i if in is it its may me more my no not of "
    "off on one or our out over per so than that the their them then they this to up us was we were what when which who "
    "will with you your all any back down each ever even every good high into just last like long make many most much "
    "must near next only other some such sure take time very well year years about after again could first great money "
    "never price share shares should stock stocks their there these those under where while would market".split()
)
