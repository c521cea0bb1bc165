"""Private data out of a person's words before any model, cache or log sees them, and back in the answer.

This is the hook every run passes through. What the directory knows of the customer is found wherever
it occurs; the rest by checksum, format and cue (`privacy_numbers`, `privacy_places`,
`privacy_names`). bars/privacy.py measures what is missed and what is masked wrongly.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import NoneType
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from arriero.core.words import JsonValue, is_free_text
from arriero.security.privacy_addressed import addressed, beside
from arriero.security.privacy_cued import cued, spelt_mails
from arriero.security.privacy_names import Words, also_words, names, ordinary_words
from arriero.security.privacy_numbers import is_card, is_iban, numbers
from arriero.security.privacy_places import places
from arriero.security.privacy_public import ours, public_names
from arriero.security.privacy_secrets import secrets
from arriero.security.privacy_text import Found, apart, corrected, reading, slips_of

__all__ = [
    "PLACEHOLDER",
    "Known",
    "Masker",
    "PatternMasker",
    "Vault",
    "is_card",
    "is_iban",
    "mask_input",
]
Model = TypeVar("Model", bound=BaseModel)
PLACEHOLDER = re.compile(r"<[A-Z]+(?:_[A-Z]+)*(?:_\d+)?>")


@dataclass(frozen=True, slots=True)
class Known:
    """A private value that is known beforehand, such as a field of the customer's record.

    Its placeholder is `<KIND>`: the same in every conversation, and in no vault, since whoever
    knows it now can tell it again. One value a kind; write kinds in capitals: `FIRST_NAME`.
    """

    kind: str
    value: str


@dataclass(slots=True)
class Vault:
    """What was taken out of one conversation: placeholder -> value. `vault.Vaults` keeps `values`.

    `lent` are the values that are known from elsewhere and not kept.
    """

    values: dict[str, str] = field(default_factory=dict)
    lent: dict[str, str] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._places = {value: placeholder for placeholder, value in self.values.items()}

    def keep(self, kind: str, value: str) -> str:
        """The placeholder of `value`; the same value always gets the same one."""
        if f"<{kind}>" in self.lent:
            return f"<{kind}>"
        known = self._places.get(value)
        if known is not None:
            return known
        placeholder = f"<{kind}_{len(self.values) + 1}>"
        self.values[placeholder] = value
        self._places[value] = placeholder
        return placeholder

    def lend(self, known: Sequence[Known]) -> None:
        """Know these too, as long as this vault lives."""
        self.lent |= {f"<{one.kind}>": one.value for one in known}

    def known(self) -> Sequence[Known]:
        """What it holds, to be found again; of a person's name also each part that is no word."""
        found: dict[Known, None] = {}
        for placeholder, value in self.values.items():
            kind = placeholder[1:].rpartition("_")[0]
            found[Known(kind, value)] = None
            if kind == "PERSON":
                parts = (part for part in _NAME_PART.findall(value) if len(part) > 2)
                found |= {
                    Known(kind, part): None
                    for part in parts
                    if part.lower() not in ordinary_words()
                }
        return tuple(found)

    def restore(self, text: str) -> str:
        """`text` with every placeholder of this vault replaced by its value."""
        if "<" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            place = match.group()
            return self.values.get(place) or self.lent.get(place) or place

        return PLACEHOLDER.sub(value, text)

    def hide(self, text: str) -> str:
        """`text` with every value of this vault, exactly as it is kept, replaced by its placeholder."""
        return _hidden(text, self._longest_first())

    def _longest_first(self) -> Sequence[tuple[str, str]]:
        places = {value: place for place, value in self.lent.items()} | self._places
        return sorted(places.items(), key=lambda one: len(one[0]), reverse=True)

    def cover(self, value: JsonValue) -> JsonValue:
        """`value` with every string hidden, and what is lent in any case and spacing too."""
        if not self.lent and not self.values:
            return value
        # Most values occur nowhere in it: one look at everything rules them out.
        signs = _signs("".join(each_string(value)))
        lent = _by_length(
            [
                Known(place[1:-1], one)
                for place, one in self.lent.items()
                if _signs_of_value(one) in signs
            ]
        )
        exactly = [one for one in self._longest_first() if _signs_of_value(one[0]) in signs]
        if not exactly:
            return value

        def covered(text: str) -> str:
            text, parts, at = _hidden(text, exactly), list[str](), 0
            found = list(_matches(text, lent))
            if not found:
                return text
            for one in apart(text, found):
                parts += [text[at : one.start], f"<{one.kind}>"]
                at = one.end
            return "".join((*parts, text[at:]))

        return each_text(value, covered)

    def restore_json(self, value: JsonValue) -> JsonValue:
        """`value` with every string restored, however deep it lies."""
        return each_text(value, self.restore)


def each_text(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    """`value` with every string in it changed, however deep it lies; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(item, change) for item in value]
    if not isinstance(value, _NO_TEXT) and isinstance(value, Mapping):
        return each_text(dict(value), change)
    return value


def each_string(value: JsonValue) -> Sequence[str]:
    """Every string in `value`, however deep it lies; keys are none."""
    found: list[str] = []
    _gather(value, found)
    return found


def _gather(value: JsonValue, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _gather(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _gather(item, found)
    elif not isinstance(value, _NO_TEXT) and isinstance(value, Mapping):
        _gather(dict(value), found)


# Looked for before `Mapping`: to tell a mapping that is no dict costs more than all else.
_NO_TEXT = (int, float, NoneType)


class Masker(Protocol):
    """Replaces private values in a text by placeholders that the vault remembers."""

    def mask(self, text: str, vault: Vault, known: Sequence[Known] = ()) -> str: ...


@dataclass(frozen=True)
class PatternMasker:
    """Known values, then numbers by checksum and format, addresses and names by form and cue.

    `spare` are words (in lower case) that are no persons here: the company's brands and products.
    Pure code, about a millisecond for a message of a hundred words (bars/privacy.py).
    """

    spare: frozenset[str] = frozenset()

    def mask(self, text: str, vault: Vault, known: Sequence[Known] = ()) -> str:
        """`text` with every private value replaced by a placeholder that `vault` remembers.

        `known` values, and those that the vault holds already, are found wherever they occur,
        whatever their case and spacing. Placeholders that are there already stay.
        """
        vault.lend(known)
        text = unicodedata.normalize("NFC", text)  # an accent of its own would end every word
        parts, at = [], 0
        for found in self.find(text, [*known, *vault.known()]):
            parts += [text[at : found.start], vault.keep(found.kind, text[found.start : found.end])]
            at = found.end
        return "".join((*parts, text[at:]))

    def find(self, text: str, known: Sequence[Known] = ()) -> Sequence[Found]:
        """Where the private values of `text` are, in order, none overlapping another."""
        seen = reading(text)
        plain = seen.text
        taken = [Found("", *match.span()) for match in PLACEHOLDER.finditer(plain)]
        known = _by_length(known)
        exact = [one for one in known if _EXACT.search(one.value)]
        taken += [
            *_occurrences(plain, exact),
            *spelt_mails(plain),
            *(ours(plain, found) for found in numbers(plain)),
            *cued(plain),
            *secrets(plain),
            *(ours(plain, found) for found in places(plain)),
        ]
        # A name after what may hold it, such as an e-mail address.
        taken += [*_occurrences(plain, known), *_persons(plain, self.spare)]
        told = [seen.original(found) for found in taken]
        if again := corrected(seen, _slips(), ordinary_words()):
            plain = again.text
            meant = [
                *spelt_mails(plain),
                *numbers(plain),
                *cued(plain),
                *places(plain),
                *_persons(plain, self.spare),
            ]
            told += [again.original(found) for found in meant]
        return [found for found in apart(text, told) if found.kind]


# Words that say what comes next; with a slip of the fingers in them they still do.
_CUES = """address adresse anschrift dirección account customer client cliente number nummer numéro número
kundennummer kundennr passport reisepass passeport pasaporte birthday birth geboren geburtsdatum naissance
nacimiento telephone telefon téléphone teléfono telefonnummer mobile phone lieferung deliver recipient
addressed husband neighbour regards grüßen wishes cheers thanks sincerely cordialement saludos membership
member insurance national security social steuernummer steueridentifikationsnummer contact account kreditkarte
kontonummer tarjeta llamo madame señora monsieur street straße appelle nombre called signed heiße expiry
erreichen joindre customers iban""".split()


@cache
def _slips() -> Mapping[str, str]:
    return slips_of([word for word in _CUES if len(word) > 5])


def _persons(text: str, spare: frozenset[str]) -> Iterable[Found]:
    """The persons, and their names wherever else in the text they stand alone."""
    public, words = list(public_names(text)), Words(text, spare)
    persons = [
        one
        for one in (*names(text, words), *addressed(text, words))
        if not any(start < one.end and one.start < end for start, end in public)
    ]
    persons += beside(text, persons, words)
    parts = {
        word.lower()
        for one in persons
        for word in _NAME_PART.findall(text[one.start : one.end])
        if len(word) > 2
    }
    told = parts - ordinary_words() - spare
    again = (
        Found("PERSON", *match.span())
        for match in _WHOLE_WORD.finditer(text)
        if match.group().lower() in told
        and not (match.group().islower() and match.group() in also_words())
        and not any(start < match.end() and match.start() < end for start, end in public)
    )
    return [*persons, *again]


_EXACT = re.compile(r"[\d@]")
_NAME_PART = re.compile(r"[^\W\d_]+")
_WHOLE_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")


def _hidden(text: str, places: Sequence[tuple[str, str]]) -> str:
    for value, place in places:
        if value and value in text:
            text = text.replace(value, place)
    return text


def _by_length(known: Sequence[Known]) -> Sequence[Known]:
    return sorted(known, key=lambda one: len(one.value), reverse=True)


def _occurrences(text: str, known: Sequence[Known]) -> Iterable[Found]:
    """Every place of every value of `known`, which has the longest value first."""
    if not known:
        return
    signs = _signs(text)
    # A pattern takes a millisecond to make: only for what may occur.
    yield from _matches(text, [one for one in known if _signs_of_value(one.value) in signs])


def _matches(text: str, known: Sequence[Known]) -> Iterable[Found]:
    for one in known:
        pattern = _spaced(one.value)
        if pattern is not None:
            for match in pattern.finditer(text):
                yield Found(one.kind, *match.span())


_BETWEEN = re.compile(r"[\W_]+")
_NO_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}


def _signs(text: str) -> str:
    """The letters and digits of `text` in lower case, whatever stands between them."""
    if text.isascii():  # what `reading` changes in it is left out here
        return text.lower().translate(_NO_SIGNS)
    return _BETWEEN.sub("", reading(text).text.lower())


_signs_of_value = lru_cache(maxsize=4_096)(_signs)


@lru_cache(maxsize=512)  # a compiled pattern takes some kilobytes
def _spaced(value: str) -> re.Pattern[str] | None:
    """`value` in any case and spacing; a name that is also a word only with its capital.

    None for what is too short to be told from anything else (less than two letters or five digits).
    """
    plain = reading(value).text
    signs = [char for char in plain if char.isalnum()]
    if len(signs) < (5 if all(char.isdigit() for char in signs) else 2):
        return None
    if any(char.isdigit() for char in signs):
        body = r"[+(]?" + r"[\W_]{0,3}".join(re.escape(char) for char in signs)
    else:
        words = re.findall(r"[^\W_]+|[^\w\s]", plain)
        body = r"[\s.-]*".join(re.escape(word) for word in words)
    flags = re.NOFLAG if plain.lower() in ordinary_words() else re.IGNORECASE
    return re.compile(rf"(?<![^\W_]){body}(?![^\W_])", flags)


def mask_input(
    value: Model, masker: Masker, vault: Vault | None = None, known: Sequence[Known] = ()
) -> tuple[Model, Vault]:
    """`value` with every `FreeText` field masked (also in nested models), and what was taken out.

    With a `vault` its values keep their placeholders, and new ones are added to it.
    """
    vault = Vault() if vault is None else vault
    return _masked(value, lambda text: masker.mask(text, vault, known)), vault


def as_typed(value: Model, vault: Vault) -> Model:
    """`value` as a person typed it: what looks like a placeholder of `vault` is none, and stands for nothing."""

    def plain(match: re.Match[str]) -> str:
        return f"\u2039{match[0][1:-1]}\u203a" if match[0] in vault.values else match[0]

    return _masked(value, lambda text: PLACEHOLDER.sub(plain, text) if "<" in text else text)


def _masked(value: Model, mask: Callable[[str], str]) -> Model:
    changed: dict[str, Any] = {}
    for name, info in type(value).model_fields.items():
        old = getattr(value, name)
        new = _field(old, is_free_text(info.metadata), mask)
        if new is not old:
            changed[name] = new
    return value.model_copy(update=changed) if changed else value


def _field(value: Any, free: bool, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value) if free else value
    if isinstance(value, BaseModel):
        return _masked(value, mask)
    if isinstance(value, tuple | list):
        return type(value)(_field(item, free, mask) for item in value)
    return value
