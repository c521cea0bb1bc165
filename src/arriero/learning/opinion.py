"""What people think of an answer, from all that they said of it. Pure.

One person counts once: their last word of a kind holds, a burst is set aside, and beyond a cap they are
not heard. So ten thousand thumbs of one person weigh as much as a few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from arriero.core.settings import LearningSettings
from arriero.core.statistics import wilson
from arriero.core.words import Feedback, Run
from arriero.learning.give import PERSON
from arriero.store.base import Rated

GOOD_FROM = 4  # of 5: above the middle, which says neither


class Stance(StrEnum):
    """Whether an answer was good, as far as people said."""

    GOOD = "good"
    BAD = "bad"
    UNDECIDED = "contradictory"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people say of a run: how many say good, how many bad, and how many say both.

    `signals` counts the separate signs that it was bad (a thumb and a re-contact of one person are
    two). `edit` is the newest better answer that differs, `labels` the corrected labels, `speakers` the
    pseudonyms of those who were named with it, `at` when the last of it was said.
    """

    run: Run
    good: int = 0
    bad: int = 0
    both: int = 0
    signals: int = 0
    edit: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    speakers: frozenset[str] = frozenset()
    at: datetime | None = None

    @property
    def stance(self) -> Stance:
        if not self.good and not self.bad:
            return Stance.UNDECIDED if self.both else Stance.NONE
        return stance(self.good, self.bad) if not self.both else _against(self)

    @property
    def lost(self) -> bool:
        """Whether quality was lost here: it was bad, had to be edited, or was misunderstood."""
        return self.stance is Stance.BAD or self.edit is not None or bool(self.labels)

    @property
    def counts(self) -> bool:
        """Whether anybody said clearly that it was good, or that it was not."""
        return self.lost or self.stance is Stance.GOOD


def _against(opinion: Opinion) -> Stance:
    """Who says both may be taken for either: the others must outweigh them."""
    worse = stance(opinion.good, opinion.bad + opinion.both)
    better = stance(opinion.good + opinion.both, opinion.bad)
    return worse if worse is better else Stance.UNDECIDED


def stance(good: int, bad: int) -> Stance:
    """Of people who disagree, the majority, if its share is above a half beyond doubt (Wilson, 95 %)."""
    if not good or not bad:
        return Stance.GOOD if good else Stance.BAD if bad else Stance.NONE
    share = wilson(good, good + bad)
    if share.low > 0.5:
        return Stance.GOOD
    return Stance.BAD if share.high < 0.5 else Stance.UNDECIDED


@dataclass(frozen=True, slots=True)
class Heard:
    """Opinions by ascending run id, and how many events were set aside: by a burst, or over the cap."""

    opinions: tuple[Opinion, ...]
    events: int = 0
    burst: int = 0
    over_cap: int = 0
    people: int = 0


def heard(rated: Iterable[Rated], settings: LearningSettings) -> Heard:
    """What people think of these runs; the order in which the runs come does not matter."""
    runs: dict[str, Run] = {}
    said: defaultdict[str, list[Feedback]] = defaultdict(list)  # by person
    for one in rated:
        runs[one.run.id] = one.run
        for event in one.feedback:
            said[person(one.run, event)].append(event)
    voices: defaultdict[str, dict[str, list[Feedback]]] = defaultdict(dict)  # by run, by person
    burst = over_cap = 0
    for who, events in said.items():
        calm = _calm(events, settings.dataset.burst, settings.dataset.burst_window_s)
        kept = _newest_runs(calm, settings.dataset.per_person)
        burst += len(events) - len(calm)
        over_cap += len(calm) - len(kept)
        for event in kept:
            voices[event.run].setdefault(who, []).append(event)
    return Heard(
        tuple(_opinion(runs[id], voices[id], settings.low_rating) for id in sorted(voices)),
        events=sum(map(len, said.values())),
        burst=burst,
        over_cap=over_cap,
        people=len(said),
    )


def person(run: Run, event: Feedback) -> str:
    """Who spoke: the person that was named with the feedback, else the run's unit, else the key."""
    _, named, who = event.actor.partition(PERSON)
    return f"person:{who}" if named else f"unit:{run.unit}" if run.unit else f"key:{event.actor}"


def _calm(events: Sequence[Feedback], burst: int, window_s: float) -> list[Feedback]:
    """`events` of one person, oldest first, without any window that holds more than `burst` of them."""
    ordered = sorted(events, key=lambda event: (event.at, event.id))
    window, noisy, first = timedelta(seconds=window_s), set[int](), 0
    for last, event in enumerate(ordered):
        while event.at - ordered[first].at >= window:
            first += 1
        if last - first + 1 > burst:
            noisy.update(range(first, last + 1) if last - 1 not in noisy else (last,))
    return [event for place, event in enumerate(ordered) if place not in noisy]


def _newest_runs(events: Sequence[Feedback], most: int) -> list[Feedback]:
    """`events` (oldest first) on the `most` runs of which the person spoke last."""
    newest = dict.fromkeys(event.run for event in reversed(events))
    kept = set(list(newest)[:most])
    return [event for event in events if event.run in kept]


def _opinion(run: Run, voices: Mapping[str, Sequence[Feedback]], low: int) -> Opinion:
    last = {
        who: {event.kind: event for event in sorted(events, key=lambda one: (one.at, one.id))}
        for who, events in voices.items()
    }
    signs = {who: [_sign(event, low) for event in kinds.values()] for who, kinds in last.items()}
    everything = sorted(
        (event for kinds in last.values() for event in kinds.values()),
        key=lambda event: (event.at, event.id),
    )
    labels: dict[str, str] = {}
    edit: str | None = None
    for event in everything:
        if event.kind == "label" and isinstance(event.value, Mapping):
            labels |= event.value
        if event.kind == "edit" and isinstance(event.value, str):  # None once it is erased
            edit = event.value
    return Opinion(
        run,
        good=sum(True in one and False not in one for one in signs.values()),
        bad=sum(False in one and True not in one for one in signs.values()),
        both=sum(True in one and False in one for one in signs.values()),
        signals=sum(one.count(False) for one in signs.values()),
        edit=edit if edit is not None and not _says(run, edit) else None,
        labels={name: right for name, right in labels.items() if run.labels.get(name) != right},
        speakers=frozenset(who for one in everything if (who := one.actor.partition(PERSON)[2])),
        at=everything[-1].at,
    )


def _sign(event: Feedback, low: int) -> bool | None:
    """Good, bad, or neither. That somebody did not come back is no praise."""
    match event.kind, event.value:
        case "thumb" | "resolved", bool(good):
            return good
        case "recontact", True:
            return False
        case "rating", int(stars):
            return False if stars < low else True if stars >= max(GOOD_FROM, low) else None
        case _:
            return None


def _says(run: Run, text: str) -> bool:
    """Whether the run's answer is this very text: then the edit changed nothing."""
    plain = " ".join(text.split())
    return any(
        isinstance(value, str) and " ".join(value.split()) == plain for value in run.answer.values()
    )
