"""The language of short messages, with product names and numbers in them, is told or left open."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from arriero.checks.language import OTHER, language_of

# Short messages that were written apart from the samples and never used to choose anything.
HELD_OUT = Path(__file__).with_name("languages.tsv")


def test_short_messages_are_mostly_told_and_hardly_ever_wrong() -> None:
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        rows = [(row["language"], row["text"]) for row in csv.DictReader(file, delimiter="\t")]
    told = [(code, language_of(text)) for code, text in rows]
    assert len(told) >= 120
    assert sum(code == found for code, found in told) >= 0.85 * len(told)
    assert sum(found not in {code, None} for code, found in told) <= 0.02 * len(told)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ist die Siesta Air Winter Mat wieder lieferbar?", "de"),
        ("je voudrais le Suri down jacket en taille M", "fr"),
        ("Quiero devolver la Lucero 400 headlamp", "es"),
        ("il mio Wayra trekking pack è arrivato rotto", "it"),
        ("Mijn Siesta Air Winter mat is lek", "nl"),
        ("o meu Suri down jacket não chegou", "pt"),
        ("mój Suri down jacket nie przyszedł", "pl"),
        ("My Suri jacket has not arrived", "en"),
        ("tent hire per day", "en"),  # "per" is Italian as well
        ("quanto costa la tenda per giorno", "it"),
    ],
)
def test_a_product_name_does_not_change_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["10234", "<NAME_1>", "TP12345678 <EMAIL_1>", "ok", "", "!?", "Haloo"]
)
def test_what_says_nothing_is_left_open(text: str) -> None:
    assert language_of(text) is None


def test_placeholders_and_numbers_do_not_take_part() -> None:
    assert language_of("Bestellung 10234 <ORDER_1> <NAME_1> a@b.org") == "de"


@pytest.mark.parametrize("text", ["Где мой заказ?", "注文はどこですか", "أين طلبي؟"])
def test_another_script_is_a_language_that_is_not_ours(text: str) -> None:
    assert language_of(text) == OTHER
