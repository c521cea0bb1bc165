"""The second compliance corpus: its sealed half is the file that was sealed, and both halves are whole."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from arriero.bench.compliance import CLEAN, KINDS, read_rows
from bars.result import HERE

SEALED = "6e65558394b743ce9363a4128f43e939e8fe8dc0d976f03acb165b4fc84cfc4b"
HALVES = {half: HERE / f"compliance2_{half}.jsonl" for half in ("open", "sealed")}
RULES = {f"C{at:02}" for at in range(1, 27)}


def test_the_sealed_half_is_the_one_that_was_sealed() -> None:
    assert hashlib.sha256(HALVES["sealed"].read_bytes()).hexdigest() == SEALED


@pytest.mark.parametrize("half", HALVES)
def test_each_half_breaks_each_rule_plainly_and_in_other_words(half: str) -> None:
    rows = read_rows(HALVES[half])
    for kind in ("violation", "paraphrase"):
        assert {one.rule for one in rows if one.kind == kind} == RULES
    assert {one.kind for one in rows} == set(KINDS)
    assert all((one.rule is None) == (one.kind in CLEAN) for one in rows)


def test_no_row_and_no_text_stands_twice() -> None:
    rows = [one for file in HALVES.values() for one in read_rows(file)]
    for seen in (Counter(one.id for one in rows), Counter(one.publication.text for one in rows)):
        assert max(seen.values()) == 1  # no text is shown here when it fails
