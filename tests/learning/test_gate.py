"""The gate: how an answer is valued, when a pair is won, and what pairs say of a challenger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from arriero.core.words import Ended, Verdict
from arriero.learning.experiment.findings import Says
from arriero.learning.gate import GateCase, Kind, Pair, Told, fingerprint, judge, said, value_of
from tests.store.samples import a_run

CASE = GateCase(
    "g-1", Kind.GOLDEN, "default", {"message": "What?"}, facts=("12.90 EUR", "working day")
)
ANSWERED = a_run(ended=Ended.ANSWERED, score=0.8, verdicts=(Verdict("facts", True, 1.0),))
FELL = replace(ANSWERED, ended=Ended.FALLBACK)


def told(value: float, *, reached: bool = True, failed: Sequence[str] = ()) -> Told:
    return Told(value, None, Ended.ANSWERED, reached, tuple(failed))


def pairs(won: int, lost: int, tied: int = 0, *, reached: bool = True) -> list[Pair]:
    values = [(0.0, 1.0)] * won + [(1.0, 0.0)] * lost + [(0.5, 0.51)] * tied
    return [Pair(CASE, told(a, reached=reached), told(b, reached=reached)) for a, b in values]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Express costs 12.90 EUR and comes the next working  day.", 1.0),
        ("It costs 12.90 eur.", 0.5),
        ("It costs 112.90 EUR and comes the next working day.", 0.5),
        ("I do not know.", 0.0),
    ],
)
def test_a_golden_answer_is_worth_the_share_of_its_facts(text: str, value: float) -> None:
    assert value_of(CASE, ANSWERED, text) == value


def test_what_a_right_answer_never_says_makes_it_worthless() -> None:
    case = replace(CASE, never=("9.90 EUR",))
    assert value_of(case, ANSWERED, "12.90 EUR, not 9.90 EUR, on a working day") == 0.0


def test_an_answer_that_was_not_given_says_nothing() -> None:
    assert value_of(CASE, FELL, "12.90 EUR, working day") == 0.0


def test_what_cannot_be_answered_is_best_not_answered() -> None:
    case = replace(CASE, facts=(), answerable=False)
    assert value_of(case, ANSWERED, "Yes!") == 0.0
    assert value_of(case, FELL, "Sorry.") == 1.0


def test_a_recent_run_is_worth_its_score_and_nothing_when_a_check_failed() -> None:
    case = replace(CASE, facts=())
    assert value_of(case, ANSWERED, "x") == 0.8
    failed = replace(ANSWERED, verdicts=(Verdict("facts", False, 0.0),))
    assert value_of(case, failed, "x") == 0.0


def test_many_won_pairs_prove_a_challenger_better_and_lost_ones_worse() -> None:
    assert judge(pairs(60, 10), 0.0125, tie=0.02).says is Says.BETTER
    assert judge(pairs(10, 60), 0.0125, tie=0.02).says is Says.WORSE


def test_few_or_equal_pairs_prove_nothing() -> None:
    assert judge(pairs(3, 0), 0.0125, tie=0.02).says is Says.UNSURE
    even = judge(pairs(50, 50, 20), 0.0125, tie=0.02)
    assert (even.says, even.pairs.ties, even.cases) == (Says.UNSURE, 20, 120)


def test_pairs_that_never_reached_what_was_trained_do_not_count() -> None:
    mixed = [*pairs(80, 0, reached=False), *pairs(2, 1)]
    verdict = judge(mixed, 0.0125, tie=0.02)
    assert (verdict.says, verdict.reached, verdict.pairs.decisive) == (Says.UNSURE, 3, 3)
    nothing = judge(pairs(80, 0, reached=False), 0.0125, tie=0.02)
    assert nothing.says is Says.INVALID
    assert nothing.because == "none of 80 cases reached what was trained"


def test_no_case_at_all_is_no_verdict_on_the_challenger() -> None:
    nothing = judge([], 0.0125, tie=0.02)
    assert (nothing.says, nothing.because) == (
        Says.INVALID,
        "none of 0 cases reached what was trained",
    )


def test_one_broken_safety_check_outweighs_every_win() -> None:
    bad = Pair(CASE, told(0.5), told(0.5, failed=["injection"]))
    verdict = judge([*pairs(60, 0), bad], 0.0125, tie=0.02, safety=("injection",))
    assert (verdict.says, verdict.broken) == (Says.WORSE, ("injection",))
    both = Pair(CASE, told(0.5, failed=["injection"]), told(0.5, failed=["injection"]))
    assert judge([*pairs(60, 0), both], 0.0125, tie=0.02, safety=("injection",)).says is Says.BETTER


def test_every_text_of_an_answer_is_read_whatever_its_shape() -> None:
    assert (
        said({"code": "x = 1", "parts": ["a", {"b": "c"}], "n": 3, "none": None}) == "x = 1\na\nc"
    )


def test_a_frozen_set_is_named_by_what_is_in_it() -> None:
    assert fingerprint([CASE]) == fingerprint([replace(CASE, tenant="other")])
    assert fingerprint([CASE]) != fingerprint([replace(CASE, facts=())])
