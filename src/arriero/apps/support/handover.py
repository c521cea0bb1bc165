"""How a conversation passes to a person: a state machine that decides and says, and does nothing else.

    requested -> queued -> accepted -> resolved | returned
                    |          |
                    +----------+-----> timed_out -> accepted ...

Every change of state has a text for the customer. The service-level clock runs in business hours
only. Resolved and returned are the end; what timed out stays visible, with a higher priority, until
somebody accepts it. Pure: `inbox.py` keeps what is decided here.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from arriero.apps.support.hours import Hours
from arriero.core.errors import Conflict, InputError
from arriero.core.settings import Section

Sender = Literal["customer", "agent", "service"]
PLACEHOLDERS = frozenset({"when", "opens", "agent"})
TIMES = frozenset({"clock", "date", "weekday"})  # of the texts that say a time
NONE: frozenset[str] = frozenset()  # what is said as it stands
ENGLISH = "en"
TRANSLATIONS = Path(__file__).parent / "handover_texts.toml"


class State(StrEnum):
    REQUESTED = "requested"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    TIMED_OUT = "timed_out"
    RESOLVED = "resolved"
    RETURNED = "returned"


OPEN = (State.REQUESTED, State.QUEUED, State.ACCEPTED, State.TIMED_OUT)
TERMINAL = (State.RESOLVED, State.RETURNED)


class Priority(IntEnum):
    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3


class Texts(Section):
    """What a customer reads at each change. `{when}`: until when somebody answers; `{opens}`: when
    somebody is there again; `{agent}`: the name of the API key that accepted. `today`, `tomorrow` and
    `later` say such a time, of `{clock}`, `{date}` and the English `{weekday}`; `passed_on`,
    `looked_at` and `unseen` are said as they stand.
    """

    today: str = "today at {clock}"
    tomorrow: str = "tomorrow at {clock}"
    later: str = "on {weekday}, {date}, at {clock}"

    queued: str = (
        "Your question is now with our team. A colleague will answer here, {when} at the latest."
    )
    queued_closed: str = (
        "Your question is now with our team. Nobody is there at this hour: we are back {opens}, and a "
        "colleague will answer here, {when} at the latest."
    )
    accepted: str = "A colleague has opened your conversation and is looking into it now."
    returned: str = (
        "Our colleague has given the conversation back to the assistant. Just write on; you can ask "
        "for a colleague again at any time."
    )
    resolved: str = (
        "For us this is settled. If something is still open, write again here and we go on."
    )
    timed_out: str = (
        "I am sorry: this takes longer than we said. Your question now goes before others, and the "
        "next free colleague will take it."
    )
    timed_out_closed: str = (
        "I am sorry: this takes longer than we said. Your question now goes before others; our team is "
        "back {opens}."
    )
    held: str = (
        "A colleague has your conversation and will read this too; the answer will come here. You do "
        "not need to write again."
    )
    waiting: str = (
        "I have added this to your question. It is with our team, and a colleague will answer here."
    )

    passed_on: str = (
        "I am sorry, I cannot answer that reliably. I have passed your message to a colleague, who will "
        "get back to you; you do not need to write again."
    )
    looked_at: str = (
        "Thank you for your message. A colleague looks at it and will write to you; you do not need to "
        "write again."
    )
    unseen: str = (
        "I am sorry, I cannot see our earlier messages at the moment, so I do not know what this refers to, "
        "and I have changed nothing. Please tell me in one message what you need, with the order number if "
        "it is about an order, or write again in a few minutes."
    )

    @field_validator("*")
    @classmethod
    def _can_be_filled(cls, value: str, info: ValidationInfo) -> str:
        """What is found wrong here would else be found by the first customer of a hand-over."""
        if not value.strip():
            raise ValueError("the text is empty; the customer must be told something")
        known = FILLED.get(info.field_name or "", PLACEHOLDERS)
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
            if not named - known:
                value.format_map(dict.fromkeys(known, ""))
        except (ValueError, LookupError) as error:
            raise ValueError(f"a brace is left open or alone ({error}); double it") from None
        if unknown := sorted(named - known):
            there = ", ".join(sorted(known)) or "none, this text is said as it stands"
            raise ValueError(f"there is no placeholder {unknown[0]!r} here; there are: {there}")
        return value


FILLED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("today", "tomorrow", "later"), TIMES),
    **dict.fromkeys(("passed_on", "looked_at", "unseen"), NONE),
}


class HandOverSettings(Section):
    """`[apps.support.hand_over]`: times count in business hours."""

    accept_within_min: float = Field(
        default=30, gt=0, le=100_000, description="until somebody accepts"
    )
    resolve_within_min: float = Field(
        default=480, gt=0, le=100_000, description="from then until it is resolved or returned"
    )
    texts: Texts = Texts()
    translations: Mapping[str, Texts] = Field(
        default_factory=lambda: _translated({}), description="by ISO 639-1, for messages in it"
    )

    @field_validator("translations", mode="before")
    @classmethod
    def _on_top(cls, value: object) -> object:
        return _translated(value) if isinstance(value, Mapping) else value


def _translated(own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The packaged translations with those of `own` in place of single texts."""
    packaged = tomllib.loads(TRANSLATIONS.read_text(encoding="utf-8"))
    named = {**packaged, **own}
    return {
        language: Texts.model_validate({**packaged.get(language, {}), **texts})
        if isinstance(texts, Mapping)
        else texts
        for language, texts in named.items()
    }


@dataclass(frozen=True, slots=True)
class Rules:
    """What the machine needs to know of the company."""

    hours: Hours
    accept_within: timedelta
    resolve_within: timedelta
    texts: Texts = Texts()  # noqa: RUF009  # frozen
    translations: Mapping[str, Texts] = field(default_factory=dict)

    @classmethod
    def of(cls, hours: Hours, settings: HandOverSettings) -> Rules:
        accept, resolve = settings.accept_within_min, settings.resolve_within_min
        return cls(
            hours, timedelta(minutes=accept), timedelta(minutes=resolve), settings.texts,
            settings.translations,
        )  # fmt: skip

    def texts_in(self, language: str) -> Texts:
        """The texts in `language` (ISO 639-1), in English where there are none."""
        return self.translations.get(language, self.texts)

    def said(self, at: datetime, now: datetime, texts: Texts) -> str:
        """`at` in the words of `texts`."""
        return self.hours.said(at, now, (texts.today, texts.tomorrow, texts.later))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a hand-over stands. `step` counts the changes of state; `note` is the last agent's.

    `language` is the one that the customer wrote in when it was opened.
    """

    state: State = State.REQUESTED
    due_at: datetime | None = None
    agent: str | None = None
    priority: Priority = Priority.NORMAL
    note: str = ""
    step: int = 0
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Queue:
    """Put it before the agents."""


@dataclass(frozen=True, slots=True)
class Accept:
    actor: str


@dataclass(frozen=True, slots=True)
class Reply:
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the bot; `reason` is for the bot and the record, the customer does not see it."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """Settled; `text` may be empty, then the customer reads the closing text alone."""

    actor: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Queue | Accept | Reply | Return | Resolve | Tick


@dataclass(frozen=True, slots=True)
class Told:
    """What the customer reads, and from whom."""

    sender: Sender
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an event. `told` is empty only when nothing has changed."""

    standing: Standing
    told: tuple[Told, ...] = ()


def advance(standing: Standing, event: Event, now: datetime, rules: Rules) -> Step:
    """What `event` makes of `standing`, and what the customer is told.

    Raises:
        Conflict: this cannot happen in this state; the sentence says what can.
        InputError: an agent's text or reason is empty.
    """
    match standing.state, event:
        case (State.REQUESTED, Queue() | Tick()):
            due = rules.hours.after(now, rules.accept_within)
            return _changed(standing, State.QUEUED, now, rules, due_at=due)
        case (State.QUEUED | State.TIMED_OUT, Accept(actor)):
            due = rules.hours.after(now, rules.resolve_within)
            return _changed(standing, State.ACCEPTED, now, rules, due_at=due, agent=actor)
        case (State.QUEUED | State.ACCEPTED, Tick()) if _overdue(standing, now):
            priority = Priority(min(Priority.URGENT, standing.priority + 1))
            return _changed(standing, State.TIMED_OUT, now, rules, priority=priority, agent=None)
        case (_, Tick()):
            return Step(standing)
        case (State.ACCEPTED, Reply(actor, text)) if actor == standing.agent:
            return Step(standing, (Told("agent", _filled("a reply", text)),))
        case (State.ACCEPTED, Return(actor, reason)) if actor == standing.agent:
            note = _filled("the reason of a return", reason)
            return _changed(standing, State.RETURNED, now, rules, due_at=None, note=note)
        case (State.ACCEPTED, Resolve(actor, text)) if actor == standing.agent:
            step = _changed(standing, State.RESOLVED, now, rules, due_at=None, note=text.strip())
            last = (Told("agent", text.strip()),) if text.strip() else ()
            return replace(step, told=(*last, *step.told))
    raise Conflict(_impossible(standing))


def possible(standing: Standing, actor: str | None = None) -> tuple[str, ...]:
    """What an agent can do now: names of `Event`s. Without `actor`, what the one who has it can."""
    match standing.state:
        case State.QUEUED | State.TIMED_OUT:
            return ("accept",)
        case State.ACCEPTED if actor in (None, standing.agent):
            return ("reply", "return", "resolve")
    return ()


def first_priority(sentiment: str, trend: str, earlier: int, *, again: bool = False) -> Priority:
    """Where a new hand-over stands in the queue: anger, a worsening mood and repetition raise it.

    `earlier` is how many earlier messages of the conversation got no answer; `again` says that the
    customer has an open ticket about the same.
    """
    raised = (sentiment == "negative") + (trend == "falling") + (earlier >= 2) + again
    return Priority(min(Priority.URGENT, Priority.NORMAL + raised))


def acknowledged(standing: Standing, rules: Rules, now: datetime) -> str:
    """What a customer reads who writes on while a person has the conversation, or will have it."""
    name = "held" if standing.state is State.ACCEPTED else "waiting"
    return _said(name, standing, now, rules)


def _changed(
    standing: Standing, state: State, now: datetime, rules: Rules, **changes: object
) -> Step:
    moved = replace(standing, state=state, step=standing.step + 1, **changes)  # type: ignore[arg-type]
    hours, texts = rules.hours, rules.texts_in(standing.language)
    name = state.value
    if not hours.is_open(now) and f"{name}_closed" in type(texts).model_fields:
        name = f"{name}_closed"
    return Step(moved, (Told("service", _said(name, moved, now, rules)),))


def _said(name: str, standing: Standing, now: datetime, rules: Rules) -> str:
    """The text of this name in the customer's language, filled."""
    texts = rules.texts_in(standing.language)
    said = {
        "when": rules.said(standing.due_at or now, now, texts),
        "opens": rules.said(rules.hours.opens(now), now, texts),
        "agent": standing.agent or "",
    }
    return str(getattr(texts, name).format_map(said))


def _overdue(standing: Standing, now: datetime) -> bool:
    return standing.due_at is not None and now > standing.due_at


def _filled(what: str, text: str) -> str:
    if not text.strip():
        raise InputError(f"{what} needs a text; write one", param="text")
    return text.strip()


def _impossible(standing: Standing) -> str:
    match standing.state:
        case State.REQUESTED:
            return "this hand-over is not queued yet; possible is: queue"
        case State.ACCEPTED:
            return (
                f"{standing.agent!r} has accepted this hand-over; possible for {standing.agent!r} is: "
                f"{', '.join(possible(standing))}"
            )
        case State.RESOLVED | State.RETURNED:
            return (
                f"this hand-over is {standing.state.value}, which is its end; possible is nothing more, "
                "the customer's next request opens a new one"
            )
    waiting = standing.state.value.replace("_", " ")
    return f"this hand-over is {waiting}; possible is: {', '.join(possible(standing))}"
