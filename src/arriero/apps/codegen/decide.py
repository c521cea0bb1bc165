"""Whether a candidate is delivered, and what is said with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.workbench import Judgement


class Decision(StrEnum):
    """Delivered as it is, delivered with what is wrong said first, or withheld."""

    SHIP = "ship"
    WARN = "ship with warnings"
    REFUSE = "refuse"


def decision(judgement: Judgement, *, ship_at: float, refuse_at: float) -> Decision:
    """Nothing with a syntax error or an import that does not exist leaves, whatever its score.

    Shipped without a warning is only what was run and passed, from `ship_at` on.
    """
    if judgement.report.blocked or judgement.score < refuse_at:
        return Decision.REFUSE
    return Decision.SHIP if judgement.score >= ship_at and is_clean(judgement) else Decision.WARN


def is_clean(judgement: Judgement) -> bool:
    """Whether it was run, every example held, and no weakness of medium severity or above was found."""
    report = judgement.report
    flagged = report.findings is not None and report.findings.flagged
    return (
        not report.tests.unproved and not report.tests.failed and not flagged and not report.secrets
    )


def warnings(requirement: Requirement, judgement: Judgement) -> Iterator[str]:
    """What the caller should know before using it, the worst first."""
    report = judgement.report
    yield from (f"an example does not hold: {one.told}" for one in report.tests.failed)
    if why := report.tests.unproved:
        yield why
    elif report.tests.ratio is None:
        yield "it ran, and no example says what is right"
    for weakness in report.findings.serious if report.findings else ():
        yield f"line {weakness.span.line}: {weakness.message} (CWE-{weakness.cwe}); {weakness.safe}"
    for found, what in (
        (report.secrets, "a secret"),
        (report.copied, "copied code"),
        (report.types, "a type that does not fit"),
        (report.slow, "slow"),
    ):
        yield from (f"{what}, line {one.line}: {one.message}" for one in found)
    yield from (f"the {name} check was switched off" for name in report.off)
    if "<SECRET>" in requirement.text:
        yield "a secret in the requirement was taken out; the code should read it from the environment"


def refused_because(judgement: Judgement, refuse_at: float) -> str:
    """Why nothing is delivered."""
    if judgement.report.blocked:
        return f"the code is withheld: {judgement.report.blocked}"
    why = f"a score of {judgement.quality.score:.1f}"
    if judgement.quality.cap:
        why = f"{judgement.quality.cap}; {why}"
    return f"the code is withheld: {why} (below {refuse_at * 10:g} of 10)"
