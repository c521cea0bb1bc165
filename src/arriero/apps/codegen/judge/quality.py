"""One score from 0 to 10, every term of it shown.

The weights are of this project's notes on code generation: what was run counts most (4.0 tests), then security
(1.5), types, lint and complexity (1.0 each), performance, documentation and copied code (0.5 each). No model's
opinion is in it. A gate that is not passed caps the score, whatever the rest says; so does each kind of evidence that
could not be had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from arriero.apps.codegen.judge.report import Problem, Report
from arriero.apps.codegen.security.findings import Severity

BLOCKED = 3.0  # does not parse, imports what is not there, a weakness of high severity
FAILS = 4.5  # an example fails: whatever else is well made, it does not do what was asked
OFF = 8.0  # a check was switched off, or the scan did not come to its end
UNRUN = 6.0  # nothing of it was executed, so what counts most says nothing
MISSING = 0.2  # what a check that could not be made takes off the ten: as much as one mistake that a linter finds
EVIDENCE = {"security": "a security scan", "types": "a type checker", "lint": "a linter"}
UNSHOWN = (
    0.6  # share of the tests term for code that ran without an example that says what is right ...
)
PINNED = 0.75  # ... and when tests of our own kill mutants: what it does is written down, though nobody asked for it
WEIGHTS = {"low": 0.1, "medium": 0.5, "high": 1.5}
# What a property that does not hold costs. Among our own bugs in MBPP's solutions that pass the example each of these
# stood against the broken program only; how many mutants the examples kill was right in two of three, so it weighs less.
# `beyond` is a note: a call that never ends, given a number that nobody spoke of.
ODD = {"endless": 0.4, "beyond": 0.0, "unsteady": 0.3, "mixed": 0.3, "raises": 0.2, "changes": 0.2}
SHARP = 0.05  # share of the tests term that hangs on the mutants
# Cognitive complexity up to which a function is taken in at once (SonarSource's own limit).
SIMPLE = 15
FAST = ("constant", "logarithmic", "linear", "n log n")


@dataclass(frozen=True, slots=True)
class Term:
    """`got` of `out_of`, and why. A term that nothing could be said of here is `left_out` and scaled away."""

    name: str
    got: float
    out_of: float
    why: str
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """The score in [0, 10], its terms, and what caps it."""

    score: float
    terms: tuple[Term, ...]
    cap: str | None = None


def quality(report: Report) -> Quality:
    """The score of a report. Pure: the same report has the same score."""
    terms = tuple(_terms(report))
    counted = [term for term in terms if not term.left_out]
    whole = sum(term.out_of for term in counted)
    plain = 10 * sum(term.got for term in counted) / whole if whole else 0.0
    limit, why = min(_caps(report), default=(10.0, None))
    # Scaled and not cut off: of two that are capped alike the better one still stands first.
    return Quality(round(plain * limit / 10, 3), terms, why)


def missing(report: Report) -> tuple[str, ...]:
    """By what it was not checked, of all that tells whether code is right and safe; the same for every language.

    A term of which nothing can be said is scaled away, so without this ten would be had with less behind it.
    """
    changed = () if report.tests.mutants else ("mutants",)
    return (*changed, *(words for name, words in EVIDENCE.items() if name in report.skipped))


def _caps(report: Report) -> Iterator[tuple[float, str]]:
    if report.blocked:
        yield BLOCKED, report.blocked
    if report.findings is not None:
        for one in report.findings.weaknesses:
            if one.severity is Severity.HIGH:
                yield BLOCKED, f"CWE-{one.cwe} in line {one.span.line}: {one.message}"
                break
    if report.tests.failed:
        yield FAILS, f"{len(report.tests.failed)} of the examples fail"
    if why := report.tests.unproved:
        yield UNRUN, why
    if report.off:
        yield OFF, f"switched off: {', '.join(report.off)}"
    if report.language == "python" and "security" in report.skipped:
        yield OFF, f"not scanned: {report.skipped['security']}"
    if absent := missing(report):
        why = f"not checked by {', '.join(absent)}: {MISSING:g} less for each"
        yield 10.0 - MISSING * len(absent), why


def _terms(report: Report) -> Iterator[Term]:
    yield _tests(report)
    yield _security(report)
    yield _counted("types", 1.0, report.types, 0.25, report)
    yield _lint(report)
    yield _complexity(report)
    yield _performance(report)
    yield _documentation(report)
    yield _counted("copied", 0.5, report.copied, 0.25, report)


def _tests(report: Report) -> Term:
    tests = report.tests
    if why := tests.unproved:
        return Term("tests", 0.0, 4.0, why, left_out=not tests.crashed)
    odd = min(1.0, sum(ODD.get(one.rule, 0.1) for one in tests.odd))
    ratio = tests.ratio
    if ratio is None:
        share = (PINNED if tests.generated else UNSHOWN) * 4.0 - odd
        why = f"it ran; no example says what is right; {len(tests.generated)} tests of our own"
        return Term("tests", max(0.0, share), 4.0, why)
    strength = tests.strength
    sharp = 1.0 if strength is None else 1.0 - SHARP * (1.0 - strength)
    why = f"{len(tests.passed)} of {len(tests.passed) + len(tests.failed)} examples pass"
    if strength is not None and not tests.failed:  # what fails as it is, fails changed as well
        why += f"; they kill {strength:.0%} of {tests.mutants} mutants"
    if tests.odd:
        why += f"; {tests.odd[0].message}"
    return Term("tests", max(0.0, 4.0 * ratio * sharp - odd), 4.0, why)


def _security(report: Report) -> Term:
    if "security" in report.off:
        return Term("security", 0.0, 1.5, "switched off")
    lost = WEIGHTS["high"] * len(report.secrets)
    if report.findings is None:
        why = report.skipped.get("security", "not scanned")
        if report.secrets:
            return Term("security", max(0.0, 1.5 - lost), 1.5, _first(report.secrets))
        return Term("security", 0.0, 1.5, why, left_out=True)
    lost += sum(WEIGHTS[one.severity] for one in report.findings.weaknesses)
    count = len(report.findings.weaknesses) + len(report.secrets)
    many = f"{count} finding{'' if count == 1 else 's'}"
    why = many if count else f"nothing found by {', '.join(report.findings.tools)}"
    return Term("security", max(0.0, 1.5 - lost), 1.5, why)


def _counted(
    name: str, out_of: float, problems: tuple[Problem, ...], each: float, report: Report
) -> Term:
    if name in report.skipped:
        return Term(name, 0.0, out_of, report.skipped[name], left_out=True)
    got = max(0.0, out_of - each * len(problems))
    return Term(name, got, out_of, _first(problems) if problems else "nothing found")


def _lint(report: Report) -> Term:
    """Ruff's problems, and errors that nobody handles."""
    if "lint" in report.skipped:
        return Term("lint", 0.0, 1.0, report.skipped["lint"], left_out=True)
    problems = (*report.lint, *report.errors)
    serious = ("F", "B", "PLE", "RET", "hidden")
    lost = sum(0.2 if one.rule.startswith(serious) else 0.1 for one in problems)
    return Term(
        "lint", max(0.0, 1.0 - lost), 1.0, _first(problems) if problems else "nothing found"
    )


def _complexity(report: Report) -> Term:
    if report.complexity is None:
        why = report.skipped.get("complexity", "not measured")
        return Term("complexity", 0.0, 1.0, why, left_out=True)
    over = max(0, report.complexity - SIMPLE)
    got = max(0.0, 1.0 - over / SIMPLE)
    return Term("complexity", got, 1.0, f"cognitive complexity {report.complexity}")


def _performance(report: Report) -> Term:
    if "performance" in report.off:
        return Term("performance", 0.0, 0.5, "switched off")
    lost = 0.1 * len(report.slow)
    why = report.slow[0].message if report.slow else ""
    grows = report.performance
    if grows is not None and grows.sure:
        lost += 0.0 if grows.grows in FAST else 0.2 if grows.grows == "quadratic" else 0.4
        why = f"{grows.grows} in the size of its input" + (f"; {why}" if why else "")
    if grows is None and "slow" in report.skipped:
        return Term("performance", 0.0, 0.5, report.skipped["slow"], left_out=True)
    return Term("performance", max(0.0, 0.5 - lost), 0.5, why or "no slow form found")


def _documentation(report: Report) -> Term:
    """Where docstrings are not counted, what the words say still is."""
    lost = sum(0.02 if one.rule == "unnamed" else 0.1 for one in report.agreement)
    agrees = max(0.0, 0.3 - lost)
    behind = f"; {report.agreement[0].message}" if report.agreement else ""
    if report.documented is None:
        return Term("documentation", agrees, 0.3, f"words and code are compared{behind}")
    share = report.documented
    why = f"{share:.0%} of what is public is documented{behind}"
    return Term("documentation", 0.2 * share + agrees, 0.5, why)


def _first(problems: tuple[Problem, ...]) -> str:
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"line {problems[0].line}: {problems[0].message}{more}"
