"""The later compliance corpora: their sealed halves are the files that were sealed, and all halves are whole."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest

from arriero.bench.compliance import CLEAN, KINDS, read_rows
from bars.compliance import SEALED
from bars.result import HERE

SEALS = {
    2: "6e65558394b743ce9363a4128f43e939e8fe8dc0d976f03acb165b4fc84cfc4b",
    3: "2e8c5b4bdcdb143fb37ed0bb4d8b713cc5513f5871543c130dc857029f8d67cb",
    4: "28980e160fd35bb6678ecdef7da4a30ddcf3a33585438b6b8bff2230e2580ef6",
    5: SEALED,
}
UNREAD = max(SEALS)  # what the bar looks at: nothing of it is fitted on
DEALT_AT_RANDOM = 5  # the first whose halves were not dealt within kind and rule
HALVES = {(at, half): HERE / f"compliance{at}_{half}.jsonl" for at in SEALS for half in ("open", "sealed")}  # fmt: skip
RULES = {f"C{at:02}" for at in range(1, 27)}


@pytest.mark.parametrize("at", SEALS)
def test_the_sealed_half_is_the_one_that_was_sealed(at: int) -> None:
    assert hashlib.sha256(HALVES[at, "sealed"].read_bytes()).hexdigest() == SEALS[at]


@pytest.mark.parametrize("which", [one for one in HALVES if one[0] < DEALT_AT_RANDOM])
def test_each_half_breaks_each_rule_plainly_and_in_other_words(which: tuple[int, str]) -> None:
    rows = read_rows(HALVES[which])
    for kind in ("violation", "paraphrase"):
        assert {one.rule for one in rows if one.kind == kind} == RULES


@pytest.mark.parametrize("which", HALVES)
def test_each_half_breaks_each_rule_and_has_every_kind(which: tuple[int, str]) -> None:
    rows = read_rows(HALVES[which])
    assert {one.rule for one in rows if one.rule} == RULES
    assert {one.kind for one in rows} == set(KINDS)
    assert all((one.rule is None) == (one.kind in CLEAN) for one in rows)


@pytest.mark.parametrize("at", SEALS)
def test_no_row_and_no_text_stands_twice(at: int) -> None:
    rows = [one for half in ("open", "sealed") for one in read_rows(HALVES[at, half])]
    for seen in (Counter(one.id for one in rows), Counter(one.publication.text for one in rows)):
        assert max(seen.values()) == 1  # no text is shown here when it fails


def test_breaches_are_marked_in_what_is_fitted_on_and_in_sentences_that_are_there() -> None:
    from bars._listener import CLAIMS, CORPORA, sentences_of

    marked = json.loads(CLAIMS.read_text(encoding="utf-8"))
    assert set(marked) <= {name for names in CORPORA.values() for name in names}
    assert set(marked) == {path.name for (at, _), path in HALVES.items() if at != UNREAD}
    for name, claims in marked.items():
        texts = {one.id: one.publication.text for one in read_rows(HERE / name) if one.rule}
        assert set(claims) <= set(texts)
        for id, found in claims.items():
            last = len(sentences_of(texts[id])) - 1
            assert all(0 <= one <= other <= last for one, other in found), id
