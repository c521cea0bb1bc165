"""Agreement on inputs that tell candidates apart."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.report import Failure, Problem, Report, Tests
from arriero.apps.codegen.select import Judged, agree, best_of, chosen, is_doubtful
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import Judgement


def judged(code: str, *values: str, odd: int = 0, failed: int = 0) -> Judged:
    came = tuple((f"f({place})", value) for place, value in enumerate(values))
    oddities = (Problem(0, "f(0) raises IndexError", "raises"),) * odd
    failures = (Failure("example 1", "f(9)", "1", "2"),) * failed
    tests = Tests(executed=True, passed=("one",), failed=failures, odd=oddities, came=came)
    report = Report("python", tests=tests)
    return Generated(code=code), Judgement(report, quality(report))


def test_the_candidate_that_most_others_agree_with_is_taken() -> None:
    alone = judged("alone", "1", "9", "9")
    assert chosen([alone, judged("one", "1", "2", "3"), judged("other", "1", "2", "3")]).code == "one"  # fmt: skip


def test_agreement_counts_call_by_call_so_that_one_slip_does_not_leave_everybody_alone() -> None:
    near = [judged("a", "1", "2", "8"), judged("b", "1", "2", "3"), judged("c", "7", "2", "3")]
    assert chosen(near).code == "b"


def test_two_that_raise_at_the_same_call_do_not_speak_for_each_other() -> None:
    crash = [judged("first", "1", "", odd=1), judged("second", "1", "", odd=1)]
    assert chosen([*crash, judged("whole", "1", "0")]).code == "whole"


def test_of_candidates_that_agree_with_nobody_the_first_is_taken() -> None:
    assert chosen([judged("first", "1"), judged("second", "2")]).code == "first"


def test_candidates_agree_when_every_call_gave_the_same() -> None:
    one = judged("one", "1", "")
    assert agree([one, judged("two", "1", "")])
    assert not agree([one, judged("two", "1", "0")])
    assert not agree(
        [judged("one", ""), judged("two", "")]
    )  # nothing was given, so nothing is said


def test_those_with_the_most_examples_passed_go_on() -> None:
    whole, half = judged("whole", "1"), judged("half", "1", failed=1)
    assert best_of([half, whole]) == [whole]
    assert best_of([]) == []


@pytest.mark.parametrize(
    ("passed", "loose", "rule", "doubtful"),
    [
        (("one",), 0.0, "", False),
        (("one",), 0.5, "", True),  # mutants live that other calls tell apart
        (("one",), 0.0, "raises", True),
        (("one",), 0.0, "changes", False),  # a matter of style
        ((), 1.0, "", False),  # without examples every mutant lives
        ((), 1.0, "endless", True),
    ],
)
def test_a_draft_is_doubtful_where_its_examples_leave_open_what_is_right(
    passed: tuple[str, ...], loose: float, rule: str, doubtful: bool
) -> None:
    oddities = (Problem(0, "odd", rule),) if rule else ()
    tests = Tests(executed=True, passed=passed, loose=loose, odd=oddities, came=(("f(0)", "1"),))
    report = Report("python", tests=tests)
    assert is_doubtful(Judgement(report, quality(report))) is doubtful
