"""No text of a benchmark stands in a card: eight words in a row are the same nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.apps.codegen.gather.barred import Barred
from arriero.apps.codegen.gather.cards import Card, cards, languages

FILES = (
    "humaneval/HumanEval.jsonl",
    "mbpp/mbpp.jsonl",
    "humanevalpack/humanevalpack-python.jsonl",
    "humanevalpack/humanevalpack-js.jsonl",
)
FIELDS = ("prompt", "text", "canonical_solution", "canonical_solution")


@pytest.fixture(scope="module")
def barred(data_folder: Path) -> Barred:
    return Barred.read([data_folder / name for name in FILES])


def _texts(card: Card) -> tuple[str, ...]:
    return card.title, *card.asks, card.code, card.check


@pytest.mark.parametrize(("name", "field"), list(zip(FILES, FIELDS, strict=True)))
def test_every_problem_is_compared(
    data_folder: Path, barred: Barred, name: str, field: str
) -> None:
    """So that the test below cannot hold because nothing was read."""
    rows = [json.loads(line) for line in (data_folder / name).read_text("utf-8").splitlines()]
    assert len(rows) >= 164
    assert all(barred.holds(row[field]) for row in rows)


def test_no_card_shares_eight_words_in_a_row_with_a_benchmark(barred: Barred) -> None:
    every = [card for language in languages() for card in cards(language)]
    assert len(every) > 60
    taken = [f"{card.language}/{card.id}" for card in every if any(map(barred.holds, _texts(card)))]
    assert taken == []
