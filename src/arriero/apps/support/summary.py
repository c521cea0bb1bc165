"""What an agent reads of a conversation that is handed over: made of recorded values, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from arriero.core.words import JsonValue, Run, Trace


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage or record that the bot had before it."""

    id: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class Past:
    """A message of the conversation that the bot dealt with, as its run was recorded."""

    message: str
    answer: str = ""
    intent: str = "unknown"
    sentiment: str = "neutral"
    ended: str = ""
    origin: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that the bot drafted: its score, and what the first failed check said of it."""

    text: str
    origin: str
    score: float
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an agent needs to go on without asking the customer again.

    `tickets` are earlier matters, newest first; `again` says that an open one is about the same.
    """

    problem: str
    reason: str
    intent: str
    tried: tuple[str, ...]
    open_questions: tuple[str, ...]
    entities: Mapping[str, str]
    sentiment: str
    trend: str
    evidence: tuple[Cited, ...]
    proposed: str
    tickets: tuple[str, ...] = ()
    again: bool = False


MOODS = {"negative": -1, "neutral": 0, "positive": 1}
FIXED = frozenset({"handover", "hand_over", "held", "fixed", "unknown-order"})
ASKED_FOR_A_PERSON = "human_agent"
SHORT = 160  # characters of an answer that a line of `tried` repeats
MOST_EVIDENCE = 5


def summary(
    now: Past,
    earlier: Sequence[Past] = (),
    *,
    reason: str = "",
    candidates: Sequence[Candidate] = (),
    entities: Mapping[str, str] | None = None,
    evidence: Sequence[Cited] = (),
) -> Summary:
    """The summary of a conversation: `earlier` oldest first, `now` the message that is handed over.

    The problem is the newest message that says one: "a human, please" alone says none. The proposal
    is the best draft that is an answer, whatever its score; a person reads it first.
    """
    told = [*earlier, now]
    asking = [one for one in told if one.intent != ASKED_FOR_A_PERSON]
    about = asking[-1] if asking else now
    drafted = [one for one in candidates if one.origin not in FIXED and one.text.strip()]
    best = max(drafted, key=lambda one: one.score, default=None)
    return Summary(
        problem=about.message,
        reason=reason or now.reason,
        intent=about.intent,
        tried=(*(_attempt(one) for one in earlier), *(_draft(one) for one in drafted)),
        open_questions=_open_questions(told),
        entities={name: value for name, value in (entities or {}).items() if value},
        sentiment=now.sentiment,
        trend=trend([one.sentiment for one in told]),
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        proposed=best.text if best else "",
    )


def trend(sentiments: Sequence[str]) -> str:
    """falling, rising or steady: the last mood against the mean of those before it."""
    values = [MOODS.get(one, 0) for one in sentiments]
    if len(values) < 2:
        return "steady"
    change = values[-1] - sum(values[:-1]) / (len(values) - 1)
    return "falling" if change <= -0.5 else "rising" if change >= 0.5 else "steady"


def unanswered(earlier: Sequence[Past]) -> int:
    """How many messages ended without an answer."""
    return sum(one.ended != "answered" for one in earlier)


def of_run(
    run: Run | None, trace: Trace | None, earlier: Sequence[Run] = (), *, reason: str = ""
) -> Summary:
    """The summary of what `run` recorded; `earlier` are the conversation's runs before it, in order."""
    if run is None:
        return summary(Past(""), reason=reason)
    said = [past(one) for one in earlier] or _history(run)
    seen, evidence = _table(trace and trace.seen), _table(trace and trace.evidence)
    candidates = [_candidate(one) for one in (trace.drafts if trace else ())]
    facts = _table(evidence.get("facts"))
    entities = facts if facts.get("order_id") else {"order_id": seen.get("order") or "", **facts}
    passages = [_table(one) for one in _list(evidence.get("passages"))]
    told = summary(
        past(run),
        said,
        reason=reason,
        candidates=candidates,
        entities={name: str(value) for name, value in entities.items() if value},
        evidence=[Cited(one.id, one.title, one.quote) for one in run.sources]
        or [
            Cited(*(str(one.get(name, "")) for name in ("id", "title", "quote")))
            for one in passages
        ],
    )
    return _with_records(told, evidence)


def _with_records(told: Summary, evidence: Mapping[str, Any]) -> Summary:
    """With what the shop's own records say: quoted, because anybody may have written it."""
    tickets = [_table(one) for one in _list(evidence.get("tickets"))]
    tried, cited = told.tried, told.evidence
    if note := str(evidence.get("note") or ""):
        tried = (f"a colleague gave it back: {note}", *tried)
    if written := str(_table(evidence.get("order_note")).get("raw") or ""):
        order = told.entities.get("order_id", "")
        cited = (*cited, Cited(f"note:{order}", f"Written on order {order}", written))
    return replace(
        told,
        tried=tried,
        evidence=cited,
        tickets=tuple(_ticket(one) for one in tickets),
        again=any(
            one.get("status") == "open" and one.get("intent") == told.intent for one in tickets
        ),
    )


def _ticket(one: Mapping[str, Any]) -> str:
    subject = _short(str(_table(one.get("subject")).get("raw") or ""))
    intent = str(one.get("intent", "")).replace("_", " ")
    quoted = f': "{subject}"' if subject else ""
    return f"{one.get('opened_on')}, {one.get('status')}, {intent}{quoted}"


def past(run: Run) -> Past:
    """What a run says of a message and what became of it."""
    return Past(
        message=str(run.input.get("message", "")),
        answer=str(run.answer.get("response", "")),
        intent=run.labels.get("intent", "unknown"),
        sentiment=run.labels.get("sentiment", "neutral"),
        ended=run.ended.value,
        origin=run.origin,
        reason=run.reason,
    )


def dialogue(run: Run | None, earlier: Sequence[Run] = ()) -> tuple[Mapping[str, str], ...]:
    """What customer and bot said before `run`'s own message, oldest first: `at`, `sender`, `text`.

    A message of the history that the caller sent along has no known moment.
    """
    if run is None:
        return ()
    told = [(one.started_at.isoformat(), past(one)) for one in earlier]
    told = told or [("", one) for one in _history(run)]
    lines = [
        {"at": at, "sender": sender, "text": text}
        for at, one in told
        for sender, text in (("customer", one.message), ("bot", one.answer))
        if text
    ]
    return tuple(lines)


def _history(run: Run) -> list[Past]:
    """The history that the caller sent along, as messages with the answer that followed each."""
    found: list[Past] = []
    for line in (_table(one) for one in _list(run.input.get("history"))):
        text = str(line.get("text", ""))
        if line.get("role") == "customer":
            found.append(Past(text))
        elif found and not found[-1].answer:
            found[-1] = replace(found[-1], answer=text, ended="answered", origin="history")
        else:
            found.append(Past("", text, ended="answered", origin="history"))
    return found


def _candidate(value: JsonValue) -> Candidate:
    judged = _table(value)
    draft, verdicts = _table(judged.get("draft")), _list(judged.get("verdicts"))
    failed = [one for one in (_table(verdict) for verdict in verdicts) if not one.get("passed")]
    why = f"{failed[0].get('check')}: {failed[0].get('reason') or 'not passed'}" if failed else ""
    text = str(_table(draft.get("answer")).get("response", ""))
    return Candidate(text, str(draft.get("origin", "")), float(judged.get("score") or 0.0), why)


def _table(value: JsonValue) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: JsonValue) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _attempt(one: Past) -> str:
    how = f", {one.origin}" if one.origin else ""
    return f"{one.intent}: {one.ended or 'no answer'}{how}: {_short(one.answer) or 'nothing said'}"


def _draft(one: Candidate) -> str:
    why = f", {one.failed}" if one.failed else ""
    return f"draft ({one.origin}, quality {one.score:.2f}{why}) was not sent"


def _open_questions(told: Sequence[Past]) -> tuple[str, ...]:
    """The customer's questions that got no answer, and the bot's that the customer left open."""
    found: list[str] = []
    for one in told:
        if one.ended != "answered" and one.intent != ASKED_FOR_A_PERSON:
            found += _questions(one.message)
    if len(told) > 1 and told[-2].ended == "clarify":
        found += [f"we asked: {question}" for question in _questions(told[-2].answer)]
    return tuple(dict.fromkeys(found))


def _questions(text: str) -> list[str]:
    ended = text.replace("!", ".").replace("?", "?.").split(".")
    return [sentence.strip() for sentence in ended if sentence.strip().endswith("?")]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHORT else f"{plain[:SHORT].rsplit(' ', 1)[0]} ..."
