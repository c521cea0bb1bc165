"""Resolved, not merely deflected: what became of a customer's visit, told from runs and feedback. Pure.

A visit is what one person wrote without a long pause. It counts as resolved without a person only if
something was answered, nobody had to take over, no sign says that it did not help, and the same
person did not come back with the same intent within 72 hours: until then nobody knows. Silence after
a phrase that answers nothing is no resolution. Deflection, which others count, is shown beside it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from statistics import NormalDist, fmean, stdev

from arriero.apps.support.mood import ANGRY, REMEMBERED, frustration
from arriero.core.statistics import Interval, wilson
from arriero.core.words import Ended, Feedback, Mode, Run, Task

PAUSE = timedelta(hours=1)  # after a longer one the customer has come back
WINDOW = timedelta(hours=72)
LOW_RATING = 2
PERSON = "human_agent"
NO_TOPIC = frozenset({"unknown", "out_of_scope", PERSON})
HAND_OVER = "hand_over"

# Origins of texts that say who answers, or that nobody can: they answer nothing themselves.
FIXED = frozenset({"", "fixed", "held", "handover", "out-of-scope", "unknown-order", "clarify"})
# Origins whose wording people approved for the intent: they need no source to be an answer.
APPROVED = frozenset({"template", "flow", "approved", "cache"})
# A text that is given to so many intents, and makes up so much of all answers, answers none of them.
STOCK_INTENTS = 3
STOCK_SHARE = 0.1
STOCK_AT_LEAST = 10

QUIET = timedelta(minutes=5)  # silence after which a customer is asked how it was
FORGOTTEN = timedelta(hours=24)  # after that nobody is asked any more
ASK_AGAIN = timedelta(days=30)  # the same person is asked at most this often
LONGEST_COURTESY = 80  # characters

_COURTESY = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|super|wonderful|brilliant|cool|fine|got it|all good|cheers"
    r"|(?:many |so much )?thanks?(?: you)?(?: so much| very much| a lot)?|thx|bye|goodbye"
    r"|that (?:helps|helped|works|worked|was it|is all)|that['\u2019]s (?:all|it|great|perfect)"
    r"|have a (?:nice|good|great) \w+|for (?:your|the) help|no)\W*)+$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


class State(StrEnum):
    """`OPEN`: nothing speaks against it yet, and 72 hours are not over."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Visit:
    """What one person wrote without a pause of more than an hour, oldest first; never empty."""

    runs: tuple[Run, ...]

    @property
    def person(self) -> str:
        """The customer; the conversation of one whom nobody knows."""
        run = self.runs[0]
        return str(run.input.get("customer") or _thread(run))

    @property
    def began(self) -> datetime:
        return self.runs[0].started_at

    @property
    def ended(self) -> datetime:
        return self.runs[-1].started_at

    @property
    def intents(self) -> frozenset[str]:
        return frozenset(intent_of(run) for run in self.runs) - NO_TOPIC

    @property
    def intent(self) -> str:
        """What it was about in the end."""
        named = [intent_of(run) for run in self.runs if intent_of(run) not in NO_TOPIC]
        return named[-1] if named else intent_of(self.runs[-1])

    @property
    def asks_for_a_person(self) -> bool:
        return any(intent_of(run) == PERSON for run in self.runs)

    @property
    def channel(self) -> str:
        return channel_of(self.runs[-1])


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a visit, and why it is not resolved. `mature`: 72 hours have passed since.

    `handed_over` is the state of its hand-over ("" when there was none), `recontact` the later run
    with which the same person came back.
    """

    visit: Visit
    state: State
    why: tuple[str, ...] = ()
    answered: bool = False
    handed_over: str = ""
    recontact: Run | None = None
    mature: bool = False
    ratings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """The mature visits of a slice: how many were resolved without a person, and what others would
    report: no person was involved (`deflected`), or answered and then silence (`assumed`).
    """

    name: str
    n: int
    open: int
    resolved: Interval
    deflected: Interval
    assumed: Interval
    why: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings from 1 to 5: how many of each, their mean, the share of 4 and 5, and how many of
    those who were to be asked gave one.
    """

    name: str
    n: int
    counts: tuple[int, int, int, int, int]
    mean: Interval
    satisfied: Interval
    asked: int
    response: Interval


def intent_of(run: Run) -> str:
    """What a run's message was about, as it was understood then."""
    return run.labels.get("intent", "unknown")


def channel_of(run: Run) -> str:
    """How the message came: what the app says, else the API key that brought it."""
    return run.labels.get("channel") or run.actor


def outline(run: Run) -> Run:
    """A run without its wide parts: who asked, when and about what, which is all that `recontacts` reads."""
    asked = {key: run.input[key] for key in ("customer", "conversation") if key in run.input}
    return replace(run, input=asked, answer={}, stages=(), verdicts=(), sources=(), versions={})


def is_courtesy(message: str) -> bool:
    """Whether a message only thanks, agrees or takes leave."""
    return len(message) <= LONGEST_COURTESY and bool(_COURTESY.match(message))


def visits(runs: Iterable[Run], *, pause: timedelta = PAUSE) -> tuple[Visit, ...]:
    """The visits that live runs make, by their first moment.

    Runs of a conversation belong together, without one those of a customer; a pause ends a visit, so
    that whoever comes back into an old conversation has come back.
    """
    threads: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda one: (one.started_at, one.id)):
        if run.mode is Mode.LIVE:
            threads[_thread(run)].append(run)
    found: list[Visit] = []
    for thread in threads.values():
        begun = [thread[0]]
        for run in thread[1:]:
            if run.started_at - begun[-1].started_at > pause:
                found.append(Visit(tuple(begun)))
                begun = []
            begun.append(run)
        found.append(Visit(tuple(begun)))
    return tuple(sorted(found, key=lambda one: (one.began, one.runs[0].id)))


def stock_phrases(runs: Iterable[Run]) -> frozenset[str]:
    """Texts that were given as answers to whatever was asked."""
    intents: dict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    for run in runs:
        if run.mode is Mode.LIVE and run.ended is Ended.ANSWERED:
            text = _plain(run)
            intents[text].add(intent_of(run))
            times[text] += 1
    answers = times.total()
    if answers < STOCK_AT_LEAST:
        return frozenset()
    return frozenset(
        text
        for text, named in intents.items()
        if len(named) >= STOCK_INTENTS and times[text] >= STOCK_SHARE * answers
    )


def says_something(run: Run, stock: frozenset[str] = frozenset()) -> bool:
    """Whether a run gave an answer: it ended so, rests on a source or on approved words, states
    something, and is no phrase that everybody gets.
    """
    rests = run.origin not in FIXED and (bool(run.sources) or run.origin in APPROVED)
    return (
        run.ended is Ended.ANSWERED
        and rests
        and not _only_asks(str(run.answer.get("response", "")))
        and _plain(run) not in stock
    )


def settle(
    runs: Sequence[Run],
    feedback: Mapping[str, Sequence[Feedback]],
    tasks: Iterable[Task],
    now: datetime,
    *,
    window: timedelta = WINDOW,
    pause: timedelta = PAUSE,
) -> tuple[Settled, ...]:
    """What became of every visit. `feedback` is by run; `tasks` are the hand-overs among others."""
    known = visits(runs, pause=pause)
    stock = stock_phrases(runs)
    handed = _hand_overs(tasks)
    later = _comebacks(known, window)
    return tuple(
        _settled(visit, feedback, handed(visit), comeback, now - visit.ended >= window, stock)
        for visit, comeback in zip(known, later, strict=True)
    )


def recontacts(
    runs: Iterable[Run], *, window: timedelta = WINDOW, pause: timedelta = PAUSE
) -> tuple[Feedback, ...]:
    """One event for each visit after which the same person came back on the same intent, or asked
    for a person: said of the visit's last run about it. Its id is made of that run, so finding it
    again changes nothing.
    """
    known = visits(runs, pause=pause)
    found = []
    for visit, comeback in zip(known, _comebacks(known, window), strict=True):
        if comeback is None:
            continue
        same = [run for run in visit.runs if intent_of(run) == intent_of(comeback)]
        run = (same or visit.runs)[-1]
        found.append(
            Feedback(
                id=f"recontact-{run.id}",
                tenant=run.tenant,
                run=run.id,
                actor="arriero",
                at=comeback.started_at,
                kind="recontact",
                value=True,
                comment=f"run {comeback.id}",
            )
        )
    return tuple(found)


def share_of(name: str, settled: Sequence[Settled]) -> Share:
    """The numbers of a slice. Only visits that are 72 hours old count: before that bad news is known
    and good news is not, so the young ones would look worse than they are.
    """
    mature = [one for one in settled if one.mature]
    n = len(mature)
    return Share(
        name=name,
        n=n,
        open=len(settled) - n,
        resolved=wilson(sum(one.state is State.RESOLVED for one in mature), n),
        deflected=wilson(sum(not one.handed_over for one in mature), n),
        assumed=wilson(
            sum(not one.handed_over and _ended_so(one.visit, Ended.ANSWERED) for one in mature), n
        ),
        why=dict(Counter(reason for one in mature for reason in one.why).most_common()),
    )


def sliced(
    settled: Iterable[Settled], key: Callable[[Settled], str]
) -> tuple[tuple[str, tuple[Settled, ...]], ...]:
    """The visits by the value of `key`, the most frequent value first."""
    found: dict[str, list[Settled]] = defaultdict(list)
    for one in settled:
        found[key(one)].append(one)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((name, tuple(members)) for name, members in ordered)


def satisfaction(name: str, settled: Sequence[Settled], asked: frozenset[str]) -> Satisfaction:
    """The ratings of a slice; `asked` are the first runs of the visits that were to be asked."""
    ratings = [rating for one in settled for rating in one.ratings]
    due = [one for one in settled if one.visit.runs[0].id in asked]
    given = Counter(ratings)
    return Satisfaction(
        name=name,
        n=len(ratings),
        counts=(given[1], given[2], given[3], given[4], given[5]),
        mean=mean_interval(ratings, 1, 5),
        satisfied=wilson(given[4] + given[5], len(ratings)),
        asked=len(due),
        response=wilson(sum(bool(one.ratings) for one in due), len(due)),
    )


def to_ask(settled: Sequence[Settled]) -> frozenset[str]:
    """The visits (by their first run) that `should_ask` lets be asked, once they were over."""
    last: dict[str, datetime] = {}
    found = set()
    for one in settled:
        visit = one.visit
        over = visit.ended + QUIET
        if should_ask(one, over, last_asked=last.get(visit.person)):
            last[visit.person] = over
            found.add(visit.runs[0].id)
    return frozenset(found)


def should_ask(settled: Settled, now: datetime, *, last_asked: datetime | None = None) -> bool:
    """Whether the customer is to be asked for a rating now: when it is over, and only then.

    It is over when something was answered or an agent has resolved it, and the customer has thanked
    or been silent for five minutes. Nobody is asked in the middle, after a question of ours, while a
    person has the conversation, a day later, or twice in 30 days. The angry are asked like the pleased.
    """
    visit = settled.visit
    done = settled.handed_over == "resolved" if settled.handed_over else settled.answered
    silent = now - visit.ended
    quiet = silent >= QUIET or is_courtesy(_message(visit.runs[-1]))
    lately = last_asked is not None and now - last_asked < ASK_AGAIN
    return done and quiet and silent <= FORGOTTEN and not lately


def mean_interval(
    values: Sequence[float], low: float, high: float, *, confidence: float = 0.95
) -> Interval:
    """The mean of values in [low, high] with its interval.

    Student's t, by Abramowitz and Stegun 26.7.5, for 10 values and more; below, and when all values
    are equal, Wilson's interval of the mean's place between the ends, which is conservative: no
    values between two ends vary more than those at the ends. No values say nothing.
    """
    n = len(values)
    if n == 0:
        return Interval(low, low, high)
    mean, spread = fmean(values), stdev(values) if n > 1 else 0.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    if n < 10 or spread == 0:
        share, z2 = (mean - low) / (high - low), z * z
        centre = share + z2 / (2 * n)
        half = z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        ends = [(centre + sign * half) / (1 + z2 / n) for sign in (-1, 1)]
        bottom, top = (low + max(0.0, min(1.0, end)) * (high - low) for end in ends)
        return Interval(mean, bottom, top)
    free = n - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free * free)
    half = t * spread / sqrt(n)
    return Interval(mean, max(low, mean - half), min(high, mean + half))


def _settled(
    visit: Visit,
    feedback: Mapping[str, Sequence[Feedback]],
    handed_over: str,
    comeback: Run | None,
    mature: bool,
    stock: frozenset[str],
) -> Settled:
    given = [one for run in visit.runs for one in feedback.get(run.id, ())]
    answered = _was_answered(visit, stock)
    why = list(dict.fromkeys(filter(None, map(_complaint, given))))
    if not answered:
        why.insert(0, "not answered")
    if handed_over:
        why.insert(0, "hand-over")
    if _frustration(visit) >= ANGRY:
        why.append("frustrated")
    if comeback is not None and "re-contact" not in why:
        why.append("re-contact")
    state = State.UNRESOLVED if why else State.RESOLVED if mature else State.OPEN
    ratings = tuple(
        one.value for one in given if one.kind == "rating" and isinstance(one.value, int)
    )
    return Settled(visit, state, tuple(why), answered, handed_over, comeback, mature, ratings)


def _was_answered(visit: Visit, stock: frozenset[str]) -> bool:
    """Whether the last message that asked something got an answer."""
    asked = [run for run in visit.runs if not is_courtesy(_message(run))]
    return bool(asked) and says_something(asked[-1], stock)


def _complaint(given: Feedback) -> str:
    """What a piece of feedback says against it; empty when it says nothing against it."""
    match given.kind, given.value:
        case "thumb", False:
            return "thumb down"
        case "rating", int(stars) if stars <= LOW_RATING:
            return f"rated {stars}"
        case "resolved", False:
            return "the customer says no"
        case "recontact", True:
            return "re-contact"
    return ""


def _frustration(visit: Visit) -> float:
    """Of the last message, given those before it. A run keeps the mood's name, not its chances."""
    told: list[float] = []
    for run in visit.runs[-REMEMBERED - 1 :]:
        mood = {run.labels.get("sentiment", "neutral"): 1.0}
        told.append(frustration(_message(run), mood, told))
    return told[-1]


def _comebacks(known: Sequence[Visit], window: timedelta) -> list[Run | None]:
    """For each visit the run with which the same person came back in time, if there is one."""
    of: dict[str, list[Visit]] = defaultdict(list)
    for visit in known:
        of[visit.person].append(visit)
    return [_comeback(visit, of[visit.person], window) for visit in known]


def _comeback(visit: Visit, others: Sequence[Visit], window: timedelta) -> Run | None:
    """`others` are those of the same person, by their first moment, this one among them."""
    sought = visit.intents | {PERSON}
    for other in others[bisect_right(others, visit.ended, key=lambda one: one.began) :]:
        if other.began - visit.ended > window:
            break
        for run in other.runs:
            if intent_of(run) in sought:
                return run
    return None


def _hand_overs(tasks: Iterable[Task]) -> Callable[[Visit], str]:
    """The state of a visit's hand-over: by its run, or by the conversation a person had then."""
    by_run: dict[str, str] = {}
    by_thread: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.kind == HAND_OVER:
            by_run[str(task.run)] = task.state
            by_thread[str(task.payload.get("conversation", ""))].append(task)

    def of(visit: Visit) -> str:
        for run in visit.runs:
            if run.id in by_run:
                return by_run[run.id]
        for task in by_thread.get(str(visit.runs[0].input.get("conversation") or "-"), ()):
            if visit.began - PAUSE <= task.created_at <= visit.ended + PAUSE:
                return task.state
        pending = any(run.ended is Ended.PENDING for run in visit.runs)
        return Ended.PENDING.value if pending else ""

    return of


def _thread(run: Run) -> str:
    given = run.input
    return str(given.get("conversation") or given.get("customer") or run.unit or run.id)


def _message(run: Run) -> str:
    return str(run.input.get("message", ""))


def _plain(run: Run) -> str:
    return " ".join(str(run.answer.get("response", "")).casefold().split())


def _only_asks(text: str) -> bool:
    """Whether a text says nothing but questions and courtesies."""
    told = [one.strip() for one in _SENTENCE.findall(text) if one.strip()]
    return all(one.endswith("?") or is_courtesy(one) for one in told)


def _ended_so(visit: Visit, ended: Ended) -> bool:
    return visit.runs[-1].ended is ended
