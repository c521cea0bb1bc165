"""Past tickets answered without sending anything: reading them, comparing, risk against coverage. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arriero.apps.support.resolution import FIXED
from arriero.checks.facts import facts_in
from arriero.core.errors import InputError
from arriero.core.statistics import Interval, wilson
from arriero.core.words import Ended, Outcome, Run, Trace

LONGEST = 8_000  # characters: as many as an inquiry may have
MOST_ROWS = 50_000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "text", "message", "ticket"),
    "answer": ("answer", "human answer", "human_answer", "reply"),
    "intent": ("intent", "label"),
    "customer": ("customer", "customer_id", "customer id"),
}
ENDINGS = ("answered", "clarified", "declined", "handed over")

# An answer counts as agreeing with the human one when it holds at least half of its facts and means
# about the same. A rough estimate, and named so wherever it is shown: people judge better.
FACTS_SHARED = 0.5
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Ticket:
    """A row of the file. `answer` is what a person wrote then; empty when the file does not say."""

    row: int
    question: str
    answer: str = ""
    intent: str = ""
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Tickets:
    """The tickets of a file, and how many rows were left out because they are empty, repeated, or
    longer than an inquiry may be.
    """

    rows: tuple[Ticket, ...]
    empty: int = 0
    repeated: int = 0
    too_long: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """Our text beside the human one: the human facts that ours has and lacks, and the likeness of
    meaning (cosine).
    """

    shared: tuple[str, ...]
    missing: tuple[str, ...]
    alike: float

    @property
    def agrees(self) -> bool:
        told = len(self.shared) + len(self.missing)
        return self.alike >= ALIKE and (not told or len(self.shared) >= FACTS_SHARED * told)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would have become of a ticket. `draft` is the best answer that was written, sent or not,
    and `score` its chance of being acceptable.
    """

    ticket: Ticket
    ending: str
    response: str
    draft: str
    score: float | None
    intent: str
    origin: str
    reason: str
    sources: tuple[str, ...] = ()
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class Endings:
    """How the tickets of an intent end, as shares of them."""

    intent: str
    n: int
    shares: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Point:
    """What happens if every draft of this score and better is sent.

    `coverage` is the share of all tickets, `expected` the share of what is sent that is wrong if the
    score is right (the mean of 1 - score), `disagreeing` what differs of the `compared` ones.
    """

    score: float
    sent: int
    coverage: float
    expected: float
    compared: int
    disagreeing: Interval


def read(data: bytes, name: str) -> Tickets:
    """The tickets of a CSV file (comma, semicolon or tab), each question of a customer once.

    Raises `InputError` for a file that is not UTF-8, no table, without a question column or empty.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name!r} is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'"
        ) from None
    if "\x00" in text:
        raise InputError(f"{name!r} holds zero bytes, so it is no text; save it as 'CSV UTF-8'")
    first = text.split("\n", 1)[0]
    try:
        lines = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        )
    except csv.Error as error:
        raise InputError(f"{name!r} is no CSV table ({error}); check its quotes") from None
    if not lines or not any(cell.strip() for cell in lines[0]):
        raise InputError(f"{name!r} is empty; it needs a column 'question' and a ticket a row")
    if len(lines) > MOST_ROWS + 1:
        raise InputError(
            f"{name!r} has {len(lines) - 1:,} rows, the most is {MOST_ROWS:,}; take a sample"
        )
    found = _tickets(lines, _places(lines[0], name))
    if not found.rows:
        raise InputError(f"{name!r} has no ticket below its column names; write one a row")
    return found


def rehearsed(ticket: Ticket, outcome: Outcome[Any], run: Run, trace: Trace | None) -> Rehearsed:
    """What a shadow run says of a ticket."""
    response = str(getattr(outcome.answer, "response", ""))
    text, score = _best(trace)
    if outcome.ended is Ended.ANSWERED and outcome.origin not in FIXED:
        text, score = response, outcome.score  # with private values told again
    return Rehearsed(
        ticket=ticket,
        ending=ending_of(outcome),
        response=response,
        draft=text,
        score=score,
        intent=run.labels.get("intent", "unknown"),
        origin=outcome.origin,
        reason=outcome.reason,
        sources=tuple(dict.fromkeys(source.title for source in outcome.sources)),
    )


def ending_of(outcome: Outcome[Any]) -> str:
    """One of `ENDINGS`. Declined: the customer is told that it is not for this shop, nobody works."""
    if outcome.ended is Ended.ANSWERED:
        return "answered"
    if outcome.ended is Ended.CLARIFY:
        return "clarified"
    works = outcome.ended is Ended.PENDING or any(
        action.kind == "hand_over" for action in outcome.actions
    )
    return "handed over" if works or outcome.ended is Ended.FAILED else "declined"


def compare(ours: str, human: str, alike: float) -> Compared:
    """Our text beside the human one; `alike` is the cosine of their vectors."""
    told, said = facts_in(human), facts_in(ours, generous=True)
    return Compared(tuple(sorted(told & said)), tuple(sorted(told - said)), alike)


def endings(tickets: Sequence[Rehearsed]) -> tuple[Endings, ...]:
    """All tickets first, then by intent, the most frequent first: the file's intent, else ours."""
    by: dict[str, list[str]] = defaultdict(list)
    for one in tickets:
        by[one.ticket.intent or one.intent].append(one.ending)
    ordered = sorted(by.items(), key=lambda item: (-len(item[1]), item[0]))
    return (
        _endings("all", [one.ending for one in tickets]),
        *(_endings(intent, ended) for intent, ended in ordered),
    )


def curve(tickets: Sequence[Rehearsed]) -> tuple[Point, ...]:
    """Risk against coverage: a point for each score, from the best down; equal scores go together.

    Selective prediction: El-Yaniv and Wiener, "On the foundations of noise-free selective
    classification", JMLR 11 (2010).
    """
    drafted = [(one.score, one) for one in tickets if one.draft and one.score is not None]
    ordered = sorted(drafted, key=lambda pair: -pair[0])
    found: list[Point] = []
    loss, compared, differing = 0.0, 0, 0
    for at, (score, one) in enumerate(ordered, start=1):
        loss += 1 - score
        if one.compared is not None:
            compared += 1
            differing += not one.compared.agrees
        if at == len(ordered) or ordered[at][0] < score:
            coverage = at / len(tickets)
            found.append(
                Point(score, at, coverage, loss / at, compared, wilson(differing, compared))
            )
    return tuple(found)


def automatable(points: Sequence[Point], wrong: float) -> Point | None:
    """The point of the most coverage whose expected share of wrong answers is at most `wrong`."""
    return next((one for one in reversed(points) if one.expected <= wrong), None)


def _best(trace: Trace | None) -> tuple[str, float | None]:
    """The best draft that answers something, sent or not, and its score; a flow's question does not."""
    found: list[tuple[str, float]] = []
    for one in trace.drafts if trace else ():
        draft = one["draft"]
        answer = draft.get("answer") or {}
        text = str(answer.get("response", ""))
        if text and draft.get("origin", "") not in FIXED and answer.get("ending") != "clarify":
            found.append((text, float(one.get("score") or 0.0)))
    return max(found, key=lambda pair: pair[1], default=("", None))


def _places(head: Sequence[str], name: str) -> Mapping[str, int]:
    """Where each column stands."""
    columns = [cell.strip().casefold() for cell in head]
    found = {
        column: columns.index(alias)
        for column, aliases in COLUMNS.items()
        for alias in reversed(aliases)
        if alias in columns
    }
    if "question" not in found:
        there = ", ".join(filter(None, columns))[:100]
        raise InputError(
            f"{name!r} has the columns {there!r}; it needs one named 'question' or 'text' "
            "(and may have answer, intent, customer)"
        )
    return found


def _tickets(lines: Sequence[Sequence[str]], places: Mapping[str, int]) -> Tickets:
    rows: list[Ticket] = []
    left: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines[1:], start=2):
        cells = {
            name: line[place].strip() if place < len(line) else "" for name, place in places.items()
        }
        question, customer = cells["question"], cells.get("customer", "")[:64]
        key = (" ".join(question.casefold().split()), customer)
        if not question:
            left["empty"] += 1
        elif len(question) > LONGEST:
            left["too_long"] += 1
        elif key in seen:
            left["repeated"] += 1
        else:
            seen.add(key)
            rows.append(
                Ticket(
                    number, question, cells.get("answer", ""), cells.get("intent", ""),
                    customer or None,
                )
            )  # fmt: skip
    return Tickets(tuple(rows), left["empty"], left["repeated"], left["too_long"])


def _endings(intent: str, ended: Sequence[str]) -> Endings:
    told = Counter(ended)
    return Endings(intent, len(ended), {name: wilson(told[name], len(ended)) for name in ENDINGS})
