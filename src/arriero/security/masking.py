"""Private data out of a person's words before any model, cache or log sees them, and back in the answer.

This is the hook every run passes through. `PatternMasker` finds what a pattern and a checksum can
prove (e-mail, payment card, IBAN, international phone number); it makes no claim about names or
addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from arriero.core.words import JsonValue, is_free_text

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Vault:
    """What was taken out of one case: placeholder -> value. Lives as long as the case does."""

    values: dict[str, str] = field(default_factory=dict)

    def keep(self, kind: str, value: str) -> str:
        """The placeholder of `value`; the same value always gets the same one."""
        for placeholder, known in self.values.items():
            if known == value:
                return placeholder
        placeholder = f"<{kind}_{len(self.values) + 1}>"
        self.values[placeholder] = value
        return placeholder

    def restore(self, text: str) -> str:
        for placeholder, value in self.values.items():
            text = text.replace(placeholder, value)
        return text

    def restore_json(self, value: JsonValue) -> JsonValue:
        """`value` with every string restored, however deep it lies."""
        if isinstance(value, str):
            return self.restore(value)
        if isinstance(value, Mapping):
            return {key: self.restore_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.restore_json(item) for item in value]
        return value


class Masker(Protocol):
    """Replaces private values in a text by placeholders that the vault remembers."""

    def mask(self, text: str, vault: Vault) -> str: ...


_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_PHONE = re.compile(r"(?<![\w+])(?<!\d )(?:\+|00)[1-9](?:[ ()/.-]{0,2}\d){7,13}\b")


class PatternMasker:
    """E-mail, card (Luhn), IBAN (mod 97) and international phone numbers, checksums first."""

    def mask(self, text: str, vault: Vault) -> str:
        text = _EMAIL.sub(_keep("EMAIL", vault, lambda value: True), text)
        text = _IBAN.sub(_keep("IBAN", vault, is_iban), text)
        text = _CARD.sub(_keep("CARD", vault, is_card), text)
        return _PHONE.sub(_keep("PHONE", vault, lambda value: True), text)


def is_card(value: str) -> bool:
    """Whether the digits pass the Luhn check (ISO/IEC 7812-1 annex B)."""
    digits = [int(char) for char in reversed(value) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) >= 13 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_iban(value: str) -> bool:
    """Whether the check digits fit (ISO 13616, mod 97-10)."""
    plain = value.replace(" ", "").upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def mask_input(value: Model, masker: Masker) -> tuple[Model, Vault]:
    """`value` with every `FreeText` field masked (also in nested models), and what was taken out."""
    vault = Vault()
    return _masked(value, masker, vault), vault


def _masked(value: Model, masker: Masker, vault: Vault) -> Model:
    changed: dict[str, Any] = {}
    for name, info in type(value).model_fields.items():
        old = getattr(value, name)
        new = _field(old, is_free_text(info.metadata), masker, vault)
        if new is not old:
            changed[name] = new
    return value.model_copy(update=changed) if changed else value


def _field(value: Any, free: bool, masker: Masker, vault: Vault) -> Any:
    if isinstance(value, str):
        return masker.mask(value, vault) if free else value
    if isinstance(value, BaseModel):
        return _masked(value, masker, vault)
    if isinstance(value, tuple | list):
        return type(value)(_field(item, free, masker, vault) for item in value)
    return value


def _keep(kind: str, vault: Vault, proves: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        found = match.group()
        return vault.keep(kind, found) if proves(found) else found

    return replace
