"""One report of the judge as the flow's verdicts: a check an aspect, and the quality that the score is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from arriero.apps.codegen.judge.report import Problem, Report
from arriero.apps.codegen.workbench import Judgement
from arriero.checks.base import Exhibit, Group
from arriero.core.words import Verdict

QUALITY = "quality"
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Examination:
    """The subject of an exhibit: what is asked for the judgement of the draft."""

    judged: Callable[[], Awaitable[Judgement]]


@dataclass(frozen=True, slots=True)
class Aspect:
    """A check that reads its part of the report. All of them wait for the same examination."""

    name: str
    read: Callable[[Judgement], tuple[float, str, Sequence[str]]]
    blocking: bool = False
    pass_at: float = 1.0

    async def judge(self, exhibit: Exhibit) -> Verdict:
        assert isinstance(exhibit.subject, Examination)  # noqa: S101  # `CodegenApp.exhibit` gives it
        score, reason, told = self.read(await exhibit.subject.judged())
        return Verdict(self.name, score >= self.pass_at, score, reason, tuple(told[:MOST_TOLD]))


Read = tuple[float, str, Sequence[str]]


def _problems(found: Sequence[Problem]) -> Read:
    told = [
        f"{one.file + ' ' if one.file else ''}line {one.line}: {one.message}"
        if one.line
        else one.message
        for one in found
    ]
    return (0.0 if told else 1.0), (told[0] if told else ""), told


def _unless_off(name: str, report: Report, read: Read) -> Read:
    if name in report.off:
        return 1.0, "switched off", ()
    if name in report.skipped:
        return 1.0, f"not checked: {report.skipped[name]}", ()
    return read


def _syntax(judgement: Judgement) -> Read:
    return _unless_off("syntax", judgement.report, _problems(judgement.report.syntax))


def _imports(judgement: Judgement) -> Read:
    imports = judgement.report.imports
    told = [f"{name} does not exist here" for name in imports.unknown]
    told += [f"{name} was forbidden" for name in imports.forbidden]
    return (0.0 if told else 1.0), "; ".join(told), told


def _tests(judgement: Judgement) -> Read:
    tests = judgement.report.tests
    if why := tests.unproved:
        return (0.0 if tests.crashed else 1.0), why, ()
    count = len(tests.passed) + len(tests.failed)
    told = [one.told for one in tests.failed]
    return tests.ratio or 0.0, f"{len(tests.passed)} of {count} examples hold", told


def _security(judgement: Judgement) -> Read:
    report = judgement.report
    found = report.findings.serious if report.findings else ()
    told = [f"line {one.span.line}: {one.message} (CWE-{one.cwe})" for one in found]
    return _unless_off("security", report, ((0.0 if told else 1.0), "; ".join(told[:1]), told))


def _performance(judgement: Judgement) -> Read:
    slow = _problems(judgement.report.slow)
    scaling = judgement.report.performance
    grows = f"{scaling.grows} in the size of its input" if scaling and scaling.sure else ""
    return _unless_off("performance", judgement.report, (slow[0], slow[1] or grows, slow[2]))


def _quality(judgement: Judgement) -> Read:
    """The score from 0 to 1; its evidence is each term."""
    quality = judgement.quality
    told = [
        f"{one.name} {one.got:.2f} of {one.out_of:g}" + (f": {one.why}" if one.why else "")
        for one in quality.terms
    ]
    return quality.score / 10, quality.cap or f"{quality.score:.1f} of 10", told


CHECKS: Sequence[Group] = (
    (
        Aspect("syntax", _syntax, blocking=True),
        Aspect("imports", _imports, blocking=True),
        Aspect("tests", _tests),
        Aspect("security", _security),
        Aspect("secrets", lambda one: _problems(one.report.secrets)),
        Aspect("types", lambda one: _problems(one.report.types)),
        Aspect("lint", lambda one: _problems(one.report.lint)),
        Aspect("copied", lambda one: _problems(one.report.copied)),
        Aspect("performance", _performance),
        Aspect(QUALITY, _quality, pass_at=0.0),
    ),
)


def score_of(verdicts: Sequence[Verdict]) -> float:
    """The quality, from 0 to 1."""
    return next((one.score for one in verdicts if one.check == QUALITY), 0.0)
