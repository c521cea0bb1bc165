"""Passwords, codes and numbers that a word some way off makes private; what only stands near such a word stays."""

from __future__ import annotations

from time import perf_counter

import pytest

from arriero.security.masking import PatternMasker, Vault


def masked(text: str) -> str:
    """`text` masked by patterns alone."""
    return PatternMasker().mask(text, Vault())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my pin, as far as i know, is 7315", "7315"),
        ("pin 4417 not accepted", "4417"),
        ("the cvv on the back says 802", "802"),
        ("password: Kettle1987", "Kettle1987"),
        ("reset it to Meadow4411! please", "Meadow4411"),
        ("it sent me k9T$wwQz2 by mail", "k9T$wwQz2"),
        ("the last four digits of the card are 9026", "9026"),
        ("insured with the fund, no. R551 820 946", "R551 820 946"),
        ("life policy QX.8841.2075", "QX.8841.2075"),
        ("PPS no 4482917T", "4482917T"),
        ("my Latvian ID KR 482913", "KR 482913"),
        ("invoice us under ATU48210937", "ATU48210937"),
        ("sort code 40-22-19, I typed 40-22-91", "40-22-91"),
        ("bank details: 40-22-19 then 30918472", "30918472"),
        ("login fails for WEST\\mlarsen", "mlarsen"),
        ("my nickname there is tea_kraken", "tea_kraken"),
        ("ruft (0 40) 55 61 70-12 an", "55 61 70-12"),
        ("reg no K 381 BVD", "K 381 BVD"),
    ],
)
def test_a_word_some_way_off_says_what_a_value_is(text: str, value: str) -> None:
    assert value not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password, order 10234",
        "the policy allows 30 days",
        "the security code is missing",
        "my PIN came with order 10234",
        "delivered on 12-05-26 as ticket 88120457 says",
        "the file trail_map is too large",
        "def login(user: str, password: string) -> bool:",
        "password = getpass.getpass()",
        "const pwd = process.env.PASSWORD;",
        "stored as password = sha256(salt)",
        "password: required",
    ],
)
def test_what_only_stands_near_such_a_word_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "bit", ["password ", "pin ", "aA1#", "policy 1", "set it to ", "a_", "last 4 ", "pps 1 ", "A\\"]
)
def test_a_row_of_cues_does_not_take_for_ever(bit: str) -> None:
    began = perf_counter()
    masked((bit * 8_000)[:8_000] + "!")
    assert perf_counter() - began < 5.0  # 0.2 s on an idle machine
