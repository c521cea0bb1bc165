"""The bar of the compliance gate: its lazy gates, and how paragraphs are cut."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from arriero.apps.finance.compliance.complete import publication
from arriero.bench.compliance import gate
from arriero.core.errors import InputError
from arriero.core.words import Ended
from bars import compliance
from bars._finance import analyst, asked
from bars._paragraphs import paragraphs

LINES = "\n".join(f"Paragraph {at} " + "of words " * 20 for at in range(60))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "item1a-a.txt.gz").write_bytes(gzip.compress(f"Item 1A\n{LINES}".encode()))
    html = "<ix:header><p>hidden " + "x " * 30 + "</p></ix:header><p>A &amp; B " + "say so " * 20
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(html.encode()))
    return tmp_path


def test_each_paragraph_falls_into_one_half(folder: Path) -> None:
    first, second = paragraphs(folder, "develop"), paragraphs(folder, "test")
    assert not set(first) & set(second)
    assert len(first) + len(second) == 61
    assert any(one.startswith("A & B say so") for one in (*first, *second))
    assert paragraphs(folder, "test", 3) == second[:3]


def test_a_folder_without_filings_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no filings"):
        paragraphs(tmp_path, "test")


def test_the_lazy_gates_are_lazy() -> None:
    harmless = publication("adviser", "retail", "No return is guaranteed.")
    assert compliance.block_all(harmless)
    assert not compliance.pass_all(harmless)
    assert compliance.banned_words(harmless)
    assert not gate(harmless)


@pytest.mark.slow
async def test_two_hundred_analyses_are_released_without_an_encoder() -> None:
    """What our templates say raises no doubt in the second listener, so nothing has to clear it."""
    async with analyst(cached=True) as one:
        ended = [(await one.ask(question)).outcome.ended for question in asked(200, 5)]
    assert ended == [Ended.ANSWERED] * 200
