"""The requests for code: how many of which kind, and that the file is what the grammar gives."""

from __future__ import annotations

import json
from collections import Counter

from bars._requests import FILE, LANGUAGES, requests

ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_the_file_is_what_the_grammar_gives() -> None:
    assert list(requests()) == ROWS


def test_there_are_five_hundred_different_ones_in_twelve_languages_and_four_kinds() -> None:
    assert len({row["requirement"] for row in ROWS}) == 500
    assert Counter(row["language"] for row in ROWS) == LANGUAGES
    kinds = Counter(row["kind"] for row in ROWS)
    assert set(kinds) == {"function", "class", "script", "refactoring"}
    assert min(kinds.values()) >= 20


def test_a_request_names_its_language() -> None:
    assert all(row["language"] in row["requirement"] for row in ROWS)
