"""The score of an answer: P(acceptable), so that 0.7 means that 70 of 100 such answers are right.

Two calibrated verdicts make it, both explained by their reasons: `grounded` (every sentence is
supported by what it cites) and `relevant` (it answers what was asked). An answer is acceptable when
both hold; their chances are multiplied as if they were independent, which is assumed, not shown. A blocking check that
failed (a fact that no source holds, a placeholder, a rude word) makes it 0.

The coefficients are in `quality.json`, fitted by `python -m arriero.bench.fit_quality`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arriero.apps.support.checks import Relevant
from arriero.checks.base import Check, Group
from arriero.checks.facts import facts_are_sourced
from arriero.checks.form import (
    Length,
    answers_in_the_language_asked,
    does_not_repeat_itself,
    is_polite_and_promises_nothing,
    names_a_next_step,
    no_placeholder_is_left,
)
from arriero.checks.grounded import Grounded
from arriero.checks.kind import SaysTheKindAsked
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.core.words import Verdict
from arriero.models.base import Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from arriero.models.projection import Projection

COEFFICIENTS = Path(__file__).with_name("quality.json")
# Origins whose wording a person has approved: the answer need not resemble the question or a source.
APPROVED = frozenset(
    {
        "template",
        "approved",
        "handover",
        "unknown-order",
        "out-of-scope",
        "flow",
        "clarify",
        "fixed",
    }
)
NEEDED = ("grounded", "relevant")
# Of `Relevant`, in its order.
LAYERS = (
    "relevant",
    "relevant_by_words",
    "relevant_to_expected",
    "relevant_beside_unanswered",
)
# In place of the last two where likeness was learned: it is spread otherwise than the encoder's.
LEARNED = (*LAYERS[:2], "relevant_to_learned", "relevant_beside_learned")


def score(verdicts: Sequence[Verdict]) -> float:
    """P(acceptable) of a draft, from its verdicts alone, so that a replay finds the same.

    0 when `grounded` failed or either verdict is missing: then an earlier blocking check failed.
    """
    given = {verdict.check: verdict for verdict in verdicts}
    if any(name not in given for name in NEEDED) or not given["grounded"].passed:
        return 0.0
    return min(1.0, given["grounded"].score * given["relevant"].score)


def reason(verdicts: Sequence[Verdict]) -> str:
    """What cost the score most, in a few words: a failed check, else the weaker of the two."""
    given = {verdict.check: verdict for verdict in verdicts}
    failed = [
        one for one in verdicts if not one.passed and one.check not in {"relevant", "next-step"}
    ]
    judged = [given[name] for name in NEEDED if name in given]
    worst = failed[0] if failed else min(judged, key=lambda one: one.score, default=None)
    return f"{worst.check}: {worst.reason}" if worst is not None and worst.reason else ""


def checks(
    texts: Iterable[str],
    encoder: Encoder | None,
    approved: frozenset[str] = APPROVED,
    *,
    unanswered: NDArray[np.float32] | None = None,
    projection: Projection | None = None,
) -> tuple[Group, ...]:
    """Support's groups of checks. `texts` are the company's articles: they say which words are rare.

    `unanswered` are the vectors of questions that nothing answers, where the company knows some;
    `projection` is the index's, where likeness was learned.
    """
    rarity = Rarity.of(texts)
    return (
        (no_placeholder_is_left, Length(), is_polite_and_promises_nothing, does_not_repeat_itself),
        (facts_are_sourced, answers_in_the_language_asked, SaysTheKindAsked(approved)),
        (
            grounded(rarity, approved),
            relevant(rarity, encoder, approved, unanswered, projection),
            names_a_next_step,
        ),
    )


def grounded(rarity: Rarity, approved: frozenset[str] = APPROVED) -> Check:
    """The check of support, with the fitted coefficients."""
    return Grounded(_layer("grounded"), rarity, approved)


def relevant(
    rarity: Rarity,
    encoder: Encoder | None,
    approved: frozenset[str] = APPROVED,
    unanswered: NDArray[np.float32] | None = None,
    projection: Projection | None = None,
) -> Check:
    """The check of relevance, with the fitted coefficients.

    The likeness of vectors was weighed for one encoder; with another, words alone decide.
    """
    if encoder is not None and not weighed_for(encoder):
        encoder = None
    known = None
    if unanswered is not None:
        from arriero.models.compact import Compact  # noqa: PLC0415  # needs the extra `local`

        known = Compact(unanswered if projection is None else projection.of(unanswered))
    plain, wordy, expecting, warned = map(_layer, LEARNED if projection else LAYERS)
    return Relevant(plain, wordy, expecting, warned, rarity, encoder, known, approved, projection)


def weighed_for(encoder: Encoder) -> bool:
    """Whether the likeness of this encoder's vectors was weighed; words alone judge with another."""
    fitted_on: str = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["encoder"]
    return encoder.name == fitted_on


@cache
def _layer(name: str) -> Logistic:
    return Logistic.load(COEFFICIENTS, name)
