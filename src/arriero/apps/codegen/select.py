"""Which of several candidates: the one whose results most others share.

Every candidate was tried on the same calls beside the examples (the edges of their types among them), and a call
speaks for a candidate as often as another one gives the same value. It needs no expected values, so it also chooses
among candidates that pass every example. After Shi et al., "Natural language to code translation with execution"
(arXiv 2204.11454), with the inputs that tell candidates apart of S* (arXiv 2502.14382).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import Judgement

Judged: TypeAlias = tuple[Generated, Judgement]

LOOSE = 0.3  # the share of mutants that live from which on examples leave open what is right
SURPRISING = frozenset({"raises", "endless", "unsteady", "mixed"})


def best_of(candidates: Sequence[Judged]) -> list[Judged]:
    """Those that share the highest share of passed examples."""
    most = max((judgement.share for _, judgement in candidates), default=0.0)
    return [one for one in candidates if one[1].share == most]


def chosen(candidates: Sequence[Judged]) -> Generated:
    """The candidate that the others agree with most; of equal ones that with fewer oddities, then the earliest.

    A call that raises or never ends agrees with nobody: what two programs cannot do, neither does right.
    """
    votes = Counter(one for _, judgement in candidates for one in _values(judgement))

    def weight(judged: Judged) -> tuple[int, int]:
        report = judged[1].report
        return sum(votes[one] - 1 for one in _values(judged[1])), -len(report.tests.odd)

    return max(candidates, key=weight)[0]


def agree(candidates: Sequence[Judged]) -> bool:
    """Whether all give the same for every call that was tried, and at least one call gave a value."""
    told = [judgement.report.tests.came for _, judgement in candidates]
    return len(set(told)) == 1 and any(value for _, value in told[0])


def _values(judgement: Judgement) -> list[tuple[str, str]]:
    return [one for one in judgement.report.tests.came if one[1]]


def is_wrong(judgement: Judgement) -> bool:
    """Whether another draft could be better: it does not parse, imports what is not there, fails an example or crashes by itself."""
    tests = judgement.report.tests
    return bool(judgement.report.blocked or tests.failed or tests.fault)


def is_doubtful(judgement: Judgement) -> bool:
    """Whether examples hold and yet leave open what is right.

    So it is where mutants that other calls tell apart live on, and where such a call raises or gives what nobody
    asked for. Without examples only the latter says so: else every such draft would be written twice.
    """
    tests = judgement.report.tests
    if is_wrong(judgement) or not tests.came:
        return False
    loose = tests.ratio is not None and tests.loose >= LOOSE
    return loose or any(one.rule in SURPRISING for one in tests.odd)
