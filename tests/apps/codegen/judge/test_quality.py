"""What the score is made of, and what caps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arriero.apps.codegen.judge.quality import (
    BLOCKED,
    EVIDENCE,
    FAILS,
    MISSING,
    OFF,
    UNRUN,
    WEIGHTS,
    Quality,
    missing,
    quality,
)
from arriero.apps.codegen.judge.report import Failure, Imports, Problem, Report, Scaling, Tests
from arriero.apps.codegen.security.findings import Findings, Severity, Span, Weakness

CLEAN = Report(
    "python",
    findings=Findings((), ("arriero",)),
    complexity=3,
    documented=1.0,
    tests=Tests(executed=True, passed=("one", "two"), strength=1.0, mutants=8),
    performance=Scaling("linear", (1, 2, 4, 8), (1e-6, 2e-6, 4e-6, 8e-6), 10.0, sure=True),
)
WRONG = Failure("two", "add(1, 2)", "3", "4")


def weak(severity: Severity) -> Findings:
    return Findings((Weakness(89, severity, Span(3, 1, 3, 9), "SQL", "bind", "sql"),), ("arriero",))


def term(found: Quality, name: str) -> float:
    return next(one.got for one in found.terms if one.name == name)


def test_code_with_nothing_against_it_has_ten_and_every_term_is_shown() -> None:
    found = quality(CLEAN)
    assert (found.score, found.cap) == (10.0, None)
    assert sum(one.out_of for one in found.terms) == 10.0
    assert all(one.why for one in found.terms)


def test_mutants_are_told_only_where_the_examples_hold() -> None:
    def why(tests: Tests) -> str:
        return quality(replace(CLEAN, tests=tests)).terms[0].why

    assert why(CLEAN.tests) == "2 of 2 examples pass; they kill 100% of 8 mutants"
    assert why(replace(CLEAN.tests, failed=(WRONG,))) == "2 of 3 examples pass"


@pytest.mark.parametrize(
    ("report", "limit", "words"),
    [
        (replace(CLEAN, syntax=(Problem(2, "invalid syntax"),)), BLOCKED, "line 2: invalid syntax"),
        (replace(CLEAN, imports=Imports(unknown=("fast_yaml",))), BLOCKED, "fast_yaml"),
        (replace(CLEAN, imports=Imports(forbidden=("os",))), BLOCKED, "forbidden: os"),
        (replace(CLEAN, findings=weak(Severity.HIGH)), BLOCKED, "CWE-89 in line 3"),
        (replace(CLEAN, tests=Tests(executed=True, passed=("a",), failed=(WRONG,))), FAILS, "1 of the examples"),
        (replace(CLEAN, tests=Tests(executed=False, reason="no sandbox")), UNRUN, "no sandbox"),
        (replace(CLEAN, off=("security",)), OFF, "switched off: security"),
    ],
)  # fmt: skip
def test_a_gate_that_is_not_passed_caps_the_score_and_says_why(
    report: Report, limit: float, words: str
) -> None:
    found = quality(report)
    assert 0 < found.score <= limit
    assert found.cap is not None
    assert words in found.cap


def test_two_that_are_capped_alike_still_differ() -> None:
    one = replace(CLEAN, tests=Tests(executed=True, passed=("a", "b"), failed=(WRONG,)))
    two = replace(CLEAN, tests=Tests(executed=True, passed=("a",), failed=(WRONG, WRONG)))
    assert quality(one).score > quality(two).score


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        (replace(CLEAN, findings=weak(Severity.MEDIUM)), "security"),
        (replace(CLEAN, secrets=(Problem(1, "a key"),)), "security"),
        (replace(CLEAN, types=(Problem(1, "no such attribute"),)), "types"),
        (replace(CLEAN, lint=(Problem(1, "unused", "F841"),)), "lint"),
        (replace(CLEAN, errors=(Problem(1, "open may raise"),)), "lint"),
        (replace(CLEAN, complexity=30), "complexity"),
        (replace(CLEAN, slow=(Problem(1, "in a loop"),)), "performance"),
        (replace(CLEAN, performance=Scaling("cubic", (1,), (1.0,), 1.0, sure=True)), "performance"),
        (replace(CLEAN, documented=0.0), "documentation"),
        (replace(CLEAN, agreement=(Problem(0, "names 7"),)), "documentation"),
        (replace(CLEAN, copied=(Problem(1, "as in bisect.py"),)), "copied"),
        (replace(CLEAN, tests=replace(CLEAN.tests, strength=0.5)), "tests"),
        (replace(CLEAN, tests=replace(CLEAN.tests, odd=(Problem(0, "raises"),))), "tests"),
        (replace(CLEAN, tests=replace(CLEAN.tests, passed=(), strength=None)), "tests"),
    ],
)  # fmt: skip
def test_each_thing_that_is_wrong_costs_its_own_term_and_no_other(worse: Report, name: str) -> None:
    before, after = quality(CLEAN), quality(worse)
    assert after.score < before.score
    changed = {one.name for one in before.terms if term(after, one.name) != one.got}
    assert changed == {name}


def test_what_cannot_be_checked_here_is_left_out_and_named() -> None:
    report = replace(CLEAN, skipped={"types": "ty is not installed"})
    (left,) = [one for one in quality(report).terms if one.left_out]
    assert (left.name, left.why) == ("types", "ty is not installed")


@pytest.mark.parametrize("language", ["python", "typescript", "cpp"])
def test_each_kind_of_evidence_that_is_missing_takes_the_same_off_the_ten(language: str) -> None:
    """Code with nothing against it, of which less and less could be checked."""
    report = replace(CLEAN, language=language)
    lacking = [report]
    for name in EVIDENCE:
        skipped = {**lacking[-1].skipped, name: "not here"}
        findings = None if name == "security" else lacking[-1].findings
        lacking.append(replace(lacking[-1], skipped=skipped, findings=findings))
    unchanged = replace(lacking[-1].tests, mutants=0, strength=None)
    lacking.append(replace(lacking[-1], tests=unchanged))
    if language == "python":  # a scan of Python that does not come to its end is a gate of its own
        lacking = [one for one in lacking if "security" not in one.skipped]
    scores = [quality(one).score for one in lacking]
    assert scores == [pytest.approx(10.0 - MISSING * len(missing(one))) for one in lacking]
    assert sorted(scores, reverse=True) == scores
    assert quality(lacking[0]).cap is None
    for one in lacking[1:]:
        cap = quality(one).cap
        assert cap is not None
        assert all(words in cap for words in missing(one))


def test_what_a_check_found_weighs_more_than_that_it_could_not_be_made() -> None:
    unseen = replace(CLEAN, skipped={"types": "not here"})
    assert quality(unseen).score > quality(replace(CLEAN, types=(Problem(1, "wrong"),) * 2)).score


def test_a_gate_stands_before_what_is_missing() -> None:
    tests = Tests(executed=True, passed=("a",), failed=(WRONG,))
    cap = quality(replace(CLEAN, tests=tests, skipped=dict.fromkeys(EVIDENCE, "not here"))).cap
    assert cap == "1 of the examples fail"


@pytest.mark.parametrize(("count", "said"), [(1, "1 finding"), (2, "2 findings")])
def test_findings_are_counted_in_plain_words(count: int, said: str) -> None:
    found = quality(replace(CLEAN, secrets=(Problem(1, "a secret"),) * count))
    assert next(one.why for one in found.terms if one.name == "security") == said


def test_no_finding_is_free() -> None:
    assert sorted(WEIGHTS) == sorted(Severity)
    assert all(weight > 0 for weight in WEIGHTS.values())


def test_where_docstrings_are_not_counted_the_words_still_are() -> None:
    plain = replace(CLEAN, language="javascript", documented=None)
    worse = replace(plain, agreement=(Problem(0, "names 7"),))
    assert quality(worse).score < quality(plain).score == 10.0
