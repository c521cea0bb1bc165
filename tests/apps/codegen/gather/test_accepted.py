"""Which outputs are examples: shipped, run, and found good by people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arriero.apps.codegen.gather.accepted import accepted, liked
from arriero.core.words import Ended, Feedback, JsonValue, Mode, Run
from arriero.store.base import Rated

NOW = datetime(2026, 11, 27, tzinfo=UTC)
GOOD = {"code": "def f(): ...\n", "decision": "ship", "executed": True, "tests": "def test(): ...", "language": "python", "main": "main.py"}  # fmt: skip


def _said(kind: str, value: JsonValue, actor: str = "a") -> Feedback:
    return Feedback("f", "default", "r", actor, NOW, kind, value)


def _rated(id: str = "r1", answer: JsonValue = None, *feedback: Feedback) -> Rated:
    run = Run(
        id=id, tenant="default", app="codegen", unit=None, actor="a", mode=Mode.LIVE, variant="v", config="c",
        started_at=NOW, duration_ms=1.0, ended=Ended.ANSWERED, reason="", score=0.9,
        input={"requirement": "Add two\nnumbers"}, answer=GOOD if answer is None else answer, origin="written",
        labels={}, stages=(), verdicts=(), sources=(), versions={}, tokens_in=1, tokens_out=1, cost=0.0,
    )  # fmt: skip
    return Rated(run, feedback or (_said("thumb", value=True),))


def test_a_shipped_output_that_somebody_liked_is_an_example() -> None:
    (one,) = accepted([_rated()], since=NOW - timedelta(days=1))
    assert (one.id, one.title, one.code) == ("accepted/r1", "Add two numbers", "def f(): ...\n")


@pytest.mark.parametrize(
    "answer",
    [
        GOOD | {"decision": "ship with warnings"},
        GOOD | {"executed": False},
        GOOD | {"tests": ""},
        GOOD | {"code": ""},
        "text",
    ],
)
def test_what_was_not_verified_is_none(answer: JsonValue) -> None:
    assert accepted([_rated("r1", answer)], since=NOW - timedelta(days=1)) == ()


def test_what_is_old_is_none_and_the_same_code_counts_once() -> None:
    rows = [_rated("r1"), _rated("r2")]
    assert [one.id for one in accepted(rows, since=NOW - timedelta(days=1))] == ["accepted/r2"]
    assert accepted(rows, since=NOW + timedelta(days=1)) == ()
    old = replace(rows[0], run=replace(rows[0].run, started_at=NOW - timedelta(days=9)))
    assert accepted([old], since=NOW - timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ([_said("thumb", value=True)], True),
        ([_said("rating", 5)], True),
        ([_said("rating", 3)], False),
        ([_said("comment", "fine")], False),
        ([_said("thumb", value=True), _said("edit", "def g(): ...")], False),
        ([_said("thumb", value=True), _said("thumb", False, "b")], False),
        ([_said("thumb", value=False), _said("thumb", value=True)], True),
        ([], False),
    ],
)
def test_a_persons_last_word_counts_and_nobody_may_be_against_it(
    said: list[Feedback], good: bool
) -> None:
    assert liked(said) is good
