"""Where quality is lost, from opinions: by label, origin, source, stage and variant. Pure.

A group's share of bad answers is shrunk towards the others of its kind (a beta-binomial fitted by
moments), so that a group of three does not lead. What to fix first is the group that explains most
of the bad answers beyond what would be expected of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from arriero.core.statistics import Interval, wilson
from arriero.core.words import Ended, Stage
from arriero.learning.opinion import Heard, Opinion, Stance

LEAST = 5  # opinions on a group before it may be named
STRENGTHS = (2.0, 1_000.0)  # of the prior, in opinions: never nothing, never everything


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that have something in common: `kind` (label:intent, origin, ...) is `name`.

    `share` of `bad` answers among `n` with its interval, corrected for looking at every group
    (Bonferroni, 95 % together); `shrunk` is what is expected of it next; `excess` the bad answers
    beyond those expected, were it like the others of its kind; `stands_out` when the interval lies above
    the share of all.
    """

    kind: str
    name: str
    n: int
    bad: int
    share: Interval
    shrunk: float
    excess: float
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """Where quality is lost. `first` is what to fix first; None when nothing stands out."""

    app: str
    runs: int
    bad: int
    share: Interval
    undecided: int
    silent: int
    events: int
    burst: int
    over_cap: int
    people: int
    groups: tuple[Group, ...]
    first: Group | None
    examples: tuple[str, ...]

    @property
    def advice(self) -> str:
        """One sentence for a person."""
        if 2 * (self.burst + self.over_cap) > self.events:
            return (
                f"{self.burst + self.over_cap:,} of {self.events:,} events were set aside because one "
                "person said them; if that is your own system, name the person behind each with `user`"
            )
        if not self.runs:
            return "nobody said yet whether an answer was good: collect feedback first"
        if self.first is None:
            return (
                f"no group of answers is worse than the others beyond doubt "
                f"({self.bad} of {self.runs} were bad); collect more feedback"
            )
        one = self.first
        return (
            f"fix {one.kind} {one.name!r} first: {one.bad} of {one.n} answers were bad "
            f"({one.share.low:.0%} to {one.share.high:.0%}), {self.share.value:.0%} of all; "
            f"about {one.excess:.0f} bad answers would go"
        )


def analyse(app: str, heard: Heard) -> Analysis:
    """Where the app's quality is lost, among the runs of which people said clearly how they were."""
    counted = [one for one in heard.opinions if one.counts]
    bad = sum(one.lost for one in counted)
    found = _groups(counted)
    looks = sum(len(by_name) for by_name in found.values())
    overall = wilson(bad, len(counted))
    groups = [
        group for kind, by_name in found.items() for group in _judged(kind, by_name, overall, looks)
    ]
    groups.sort(key=lambda one: (-one.excess, one.kind, one.name))
    first = next((one for one in groups if one.stands_out), None)
    return Analysis(
        app,
        runs=len(counted),
        bad=bad,
        share=overall,
        undecided=sum(one.stance is Stance.UNDECIDED and not one.lost for one in heard.opinions),
        silent=sum(one.stance is Stance.NONE and not one.lost for one in heard.opinions),
        events=heard.events,
        burst=heard.burst,
        over_cap=heard.over_cap,
        people=heard.people,
        groups=tuple(groups),
        first=first,
        examples=() if first is None else _examples(found[first.kind][first.name]),
    )


def _groups(opinions: Sequence[Opinion]) -> Mapping[str, Mapping[str, list[Opinion]]]:
    found: defaultdict[str, defaultdict[str, list[Opinion]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for opinion in opinions:
        for kind, names in _kinds(opinion).items():
            for name in names:
                found[kind][name].append(opinion)
    return found


def _kinds(opinion: Opinion) -> Mapping[str, Iterable[str]]:
    """What a run has in common with others. Labels are those that were understood, right or wrong."""
    run = opinion.run
    return {
        **{f"label:{name}": (value,) for name, value in run.labels.items()},
        "origin": (run.origin or run.ended.value,),
        "source": dict.fromkeys(source.id for source in run.sources),
        "stage": (stage_of(opinion).value,) if opinion.lost else (),
        "variant": (run.variant,),
    }


def stage_of(opinion: Opinion) -> Stage:
    """The stage at which quality was probably lost, the first of these that holds.

    A stage that failed; *understand*, when somebody corrected a label; *judge*, when a check failed and
    it was answered all the same; *gather*, when no answer was given and there was
    nothing to judge; *decide*, when one was judged and not given; else *draft*.
    """
    run = opinion.run
    if failed := next((stage.stage for stage in run.stages if stage.error), None):
        return failed
    if opinion.labels:
        return Stage.UNDERSTAND
    if run.ended is Ended.ANSWERED and any(not verdict.passed for verdict in run.verdicts):
        return Stage.JUDGE
    if run.ended in {Ended.FALLBACK, Ended.REFUSED, Ended.CLARIFY}:
        return Stage.DECIDE if run.verdicts else Stage.GATHER
    return Stage.DRAFT


def _judged(
    kind: str, by_name: Mapping[str, Sequence[Opinion]], overall: Interval, looks: int
) -> Iterable[Group]:
    counts = {name: (sum(one.lost for one in ones), len(ones)) for name, ones in by_name.items()}
    if kind == "stage":  # only lost runs have one: its share is of all that was lost
        return _stages(counts)
    mean, strength = _prior(list(counts.values()))
    return [
        _group(kind, name, bad, n, mean, strength, overall, looks)
        for name, (bad, n) in counts.items()
    ]


def _group(
    kind: str,
    name: str,
    bad: int,
    n: int,
    mean: float,
    strength: float,
    overall: Interval,
    looks: int,
) -> Group:
    share = wilson(bad, n, confidence=1 - 0.05 / max(1, looks))
    shrunk = (bad + strength * mean) / (n + strength)
    excess = n * max(0.0, shrunk - mean)
    out = n >= LEAST and share.low > overall.value
    return Group(kind, name, n, bad, share, shrunk, excess, out)


def _stages(counts: Mapping[str, tuple[int, int]]) -> list[Group]:
    lost = sum(n for _, n in counts.values())
    return [
        Group("stage", name, lost, n, wilson(n, lost), n / lost, 0.0, stands_out=False)
        for name, (_, n) in counts.items()
    ]


def _prior(counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The mean share of the groups, and how many opinions it weighs (a + b of the beta).

    By moments: what the shares of the groups vary beyond what chance would (Kleinman, "Proportions
    with extraneous variance", JASA 68, 1973).
    """
    total = sum(n for _, n in counts)
    mean = sum(bad for bad, _ in counts) / total
    chance = mean * (1 - mean)
    low, high = STRENGTHS
    if len(counts) < 2 or not chance:
        return mean, high
    spread = sum(n * (bad / n - mean) ** 2 for bad, n in counts)
    squares = total - sum(n * n for _, n in counts) / total
    between = (spread - (len(counts) - 1) * chance) / (squares - (len(counts) - 1) or 1)
    if between <= 0:
        return mean, high
    return mean, min(high, max(low, chance / between - 1))


def _examples(opinions: Sequence[Opinion], most: int = 5) -> tuple[str, ...]:
    newest = sorted((one for one in opinions if one.lost), key=lambda one: one.run.id, reverse=True)
    return tuple(one.run.id for one in newest[:most])
