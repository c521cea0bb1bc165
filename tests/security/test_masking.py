"""What a pattern and a checksum can prove is taken out, and nothing else."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from arriero.core.words import FreeText
from arriero.security.masking import PatternMasker, Vault, is_card, is_iban, mask_input


class Nested(BaseModel, frozen=True):
    text: FreeText


class Form(BaseModel, frozen=True):
    message: FreeText
    order: str = ""
    history: tuple[Nested, ...] = ()


@pytest.mark.parametrize(
    ("private", "kind"),
    [
        ("jane.doe+shop@mail.example.org", "EMAIL"),
        ("4111 1111 1111 1111", "CARD"),
        ("4111-1111-1111-1111", "CARD"),
        ("DE89 3704 0044 0532 0130 00", "IBAN"),
        ("GB29NWBK60161331926819", "IBAN"),
        ("+49 170 1234567", "PHONE"),
        ("0033 1 23 45 67 89", "PHONE"),
    ],
)
def test_private_values_are_replaced_and_restored(private: str, kind: str) -> None:
    vault = Vault()
    masked = PatternMasker().mask(f"reach me: {private}, thanks", vault)
    assert masked == f"reach me: <{kind}_1>, thanks"
    assert vault.restore(masked) == f"reach me: {private}, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "order 10234 came on 12.05.2026",
        "my number is 4111 1111 1111 1112",  # fails the Luhn check
        "DE00 3704 0044 0532 0130 00",  # fails mod 97
        "two tents for 1,299.00 EUR and 3 x 12345",
    ],
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert PatternMasker().mask(text, Vault()) == text


def test_the_same_value_keeps_one_placeholder_across_fields() -> None:
    form = Form(message="a@b.org or c@d.org", history=(Nested(text="I am a@b.org"),))
    masked, vault = mask_input(form, PatternMasker())
    assert masked.message == "<EMAIL_1> or <EMAIL_2>"
    assert masked.history[0].text == "I am <EMAIL_1>"
    assert vault.restore_json({"x": [masked.message]}) == {"x": ["a@b.org or c@d.org"]}


def test_fields_that_are_not_free_text_are_left_alone() -> None:
    masked, _ = mask_input(Form(message="hi", order="a@b.org"), PatternMasker())
    assert masked.order == "a@b.org"


def test_checksums_tell_right_from_wrong() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert is_iban("GB29 NWBK 6016 1331 9268 19")
    assert not is_iban("GB28 NWBK 6016 1331 9268 19")
