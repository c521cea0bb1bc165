"""Quality by slice: where answers are worse than on average, by how much, and how sure that is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arriero.apps.support.resolution import LOW_RATING, channel_of, intent_of, mean_interval
from arriero.core.statistics import Interval, wilson
from arriero.core.words import Ended, Feedback, Mode, Run

MINIMUM = 100  # answers below which a slice says nothing (the bar's own n)
WORSE = 0.03
LENGTHS = ((5, "1-5 words"), (15, "6-15 words"), (40, "16-40 words"))
LONG = "over 40 words"


@dataclass(frozen=True, slots=True)
class Slice:
    """Answers that have `value` in common: their mean score, and the share that turned out wrong.

    `below` is how far the score lies under the mean of all, in points of the score, with the slice's
    own interval; `worse` that score or wrong answers are more than 3 points worse than the mean,
    `certain` that the whole interval is.
    """

    by: str
    value: str
    n: int
    score: Interval
    wrong: Interval
    below: Interval
    worse: bool = False
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """All answers, and their slices: those that are worse first, then the larger ones."""

    all: Slice
    slices: tuple[Slice, ...]
    too_small: int


def quality(
    runs: Sequence[Run],
    feedback: Mapping[str, Sequence[Feedback]],
    segments: Mapping[str, str],
    *,
    minimum: int = MINIMUM,
) -> Quality:
    """The quality of what live runs answered. `segments` names the segment of a customer.

    Slices of fewer than `minimum` answers are counted, not shown: of many small ones some look bad by
    chance alone.
    """
    answers = [
        (run, run.score, is_wrong(feedback.get(run.id, ())))
        for run in runs
        if run.mode is Mode.LIVE and run.ended is Ended.ANSWERED and run.score is not None
    ]
    everything = _slice("all", "all", [(score, wrong) for _, score, wrong in answers], None)
    groups: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    for run, score, wrong in answers:
        for by, value in slices_of(run, segments).items():
            groups[by, value].append((score, wrong))
    shown = [
        _slice(by, value, members, everything)
        for (by, value), members in groups.items()
        if len(members) >= minimum
    ]
    shown.sort(key=lambda one: (not one.certain, not one.worse, -one.n, one.by, one.value))
    return Quality(everything, tuple(shown), len(groups) - len(shown))


def slices_of(run: Run, segments: Mapping[str, str]) -> Mapping[str, str]:
    """What a run is grouped by."""
    customer = str(run.input.get("customer") or "")
    return {
        "segment": segments.get(customer, "unknown") if customer else "nobody known",
        "intent": intent_of(run),
        "channel": channel_of(run),
        "length": length_of(str(run.input.get("message", ""))),
    }


def length_of(message: str) -> str:
    """The class of a message's length."""
    words = len(message.split())
    return next((name for most, name in LENGTHS if words <= most), LONG)


def is_wrong(given: Sequence[Feedback]) -> bool:
    """Whether somebody said, or showed by coming back, that an answer did not help."""
    return any(
        (one.kind in {"thumb", "resolved"} and one.value is False)
        or (one.kind == "recontact" and one.value is True)
        or (one.kind == "rating" and isinstance(one.value, int) and one.value <= LOW_RATING)
        for one in given
    )


def _slice(
    by: str, value: str, members: Sequence[tuple[float, bool]], everything: Slice | None
) -> Slice:
    n = len(members)
    score = mean_interval([one for one, _ in members], 0, 1)
    wrong = wilson(sum(bad for _, bad in members), n)
    if everything is None:
        return Slice(by, value, n, score, wrong, Interval(0.0, 0.0, 0.0))
    mean, errors = everything.score.value, everything.wrong.value
    below = Interval(mean - score.value, mean - score.high, mean - score.low)
    return Slice(
        by, value, n, score, wrong, below,
        worse=below.value > WORSE or wrong.value - errors > WORSE,
        certain=below.low > WORSE or wrong.low - errors > WORSE,
    )  # fmt: skip
