"""Slices of quality: which are worse, by how much, and which are too small to say."""

from __future__ import annotations

import random

from arriero.apps.support.resolution_quality import Quality, length_of, quality
from arriero.core.words import Ended, Feedback, Mode, Run
from tests.apps.support.visited import given, said


def answers(n: int, score: float, *, customer: str = "c-1", **changes: object) -> list[Run]:
    draw = random.Random(n)
    return [
        said(customer=customer, score=min(1.0, score + draw.uniform(-0.05, 0.05)), **changes)  # type: ignore[arg-type]
        for _ in range(n)
    ]


def worse(told: Quality) -> list[tuple[str, str, bool]]:
    return [(one.by, one.value, one.certain) for one in told.slices if one.worse]


def test_a_slice_far_below_the_mean_is_flagged_with_its_interval() -> None:
    runs = [*answers(300, 0.92), *answers(120, 0.7, customer="c-2", intent="return_item")]
    told = quality(runs, {}, {"c-1": "regular", "c-2": "club"})
    assert worse(told) == [("intent", "return_item", True), ("segment", "club", True)]
    flagged = told.slices[0]
    assert flagged.n == 120
    assert flagged.below.low > 0.03
    assert flagged.below.low < flagged.below.value < flagged.below.high


def test_equal_slices_are_not_flagged() -> None:
    runs = [*answers(200, 0.9), *answers(200, 0.9, customer="c-2", actor="mail")]
    assert worse(quality(runs, {}, {"c-1": "regular", "c-2": "club"})) == []


def test_wrong_signals_flag_a_slice_whose_score_looks_fine() -> None:
    good, bad = answers(200, 0.9), answers(200, 0.9, actor="mail")
    feedback: dict[str, list[Feedback]] = {
        run.id: [given(run, "recontact", value=True)] for run in bad[:60]
    }
    told = quality([*good, *bad], feedback, {})
    assert worse(told) == [("channel", "mail", True)]
    assert told.all.wrong.value == 60 / 400


def test_what_is_small_is_counted_and_not_shown() -> None:
    runs = [*answers(200, 0.9), *answers(99, 0.2, intent="return_item")]
    told = quality(runs, {}, {})
    assert ("intent", "return_item") not in {(one.by, one.value) for one in told.slices}
    assert told.too_small == 1
    assert worse(quality(runs, {}, {}, minimum=99)) == [("intent", "return_item", True)]


def test_only_live_answers_with_a_score_count() -> None:
    runs = [said(mode=Mode.SHADOW), said(ended=Ended.FALLBACK), said(score=None), said()]
    assert quality(runs, {}, {}).all.n == 1
    assert quality([], {}, {}).all.n == 0


def test_a_message_has_a_length() -> None:
    assert [length_of("word " * n) for n in (1, 5, 6, 40, 41)] == [
        "1-5 words", "1-5 words", "6-15 words", "16-40 words", "over 40 words",
    ]  # fmt: skip
