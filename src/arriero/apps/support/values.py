"""What passes between the stages of a support inquiry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from arriero.apps.support.approved import Found
from arriero.apps.support.confirm import Pending
from arriero.apps.support.memory import Context
from arriero.apps.support.orders import Ticket, Untrusted
from arriero.apps.support.tools import Proposal
from arriero.core.words import Ended, Source

HUMAN = "human_agent"
GOES_ON = 0.9  # how sure an intent is that an earlier message of the conversation had


@dataclass(frozen=True, slots=True)
class Seen:
    """What was understood of the message and the history that came with it.

    The intent with its probability, the runner-up, the mood, the language. `outside` is from 0.5 on
    when the message fits no intent (None: the classifier cannot tell), `between` the two intents
    that share its mass. `person` says that somebody human was asked for, `suspicious` that the text
    gives orders to the system. `order` is what it is about, `times` how often this came up.
    `frustration` is from 0 to 1, `concern` why a person should see this, `priority` how soon.
    `also` are the intents of further requests in the message; `reports` says that it asks for nothing
    in particular, `general` that it asks what is the same for everybody.
    """

    intent: str
    confidence: float
    second: str
    second_confidence: float
    sentiment: str
    sentiment_confidence: float
    language: str
    order: str | None
    outside: float | None = None
    between: tuple[str, str] | None = None
    person: bool = False
    suspicious: bool = False
    times: int = 1
    frustration: float = 0.0
    priority: str = "normal"
    concern: str = ""
    also: tuple[str, ...] = ()
    reports: bool = False
    general: bool = False

    def continued(self, intent: str | None) -> Seen:
        """With the intent of the conversation, when the message only goes on with it."""
        if intent is None or self.person:
            return self
        confidence = max(self.confidence, GOES_ON)
        return replace(self, intent=intent, confidence=confidence, outside=None, between=None)


@dataclass(frozen=True, slots=True)
class Near:
    """How well a passage fits the question, by what the search saw.

    `question` is the nearest that it is expected to answer, with the words (`quote`) that do, and
    `likeness` their cosine; `first` is the share of the rankings that put the passage first.
    """

    passage: str
    question: str
    quote: str
    likeness: float
    first: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What a draft's checks are told of the search: see `checks.Relevant`.

    `filed` is the probability of the intent where the draft cites what is filed under it. `question`
    is the nearest expected one whose answering words the draft says, `likeness` how near it is,
    `elsewhere` how near the nearest is whose words it does not say; `first` as in `Near`.
    `expecting` is false where no article has expected questions; `year` is the one in which it is asked.
    """

    filed: float = 0.0
    expecting: bool = False
    question: str = ""
    likeness: float = 0.0
    elsewhere: float = 0.0
    first: float = 0.0
    year: int | None = None


class Lost(StrEnum):
    """What was said before and cannot be read: whether a change waits for a yes; that and the context."""

    NOTHING = ""
    PENDING = "pending"
    CONTEXT = "context"


NOT_REMEMBERED = "this message will not be remembered in its conversation"
MISSED = {
    Lost.PENDING: "whether a change waits for a confirmation cannot be read at the moment",
    Lost.CONTEXT: "what was said before cannot be read at the moment: answered without it, and "
    f"{NOT_REMEMBERED}",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered. `facts` are the order's and customer's fields, ready to be said.

    `proposal` is the next step of a flow, `pending` what waits for the customer's yes, `place` where
    the conversation's memory lies; `intent` is what an earlier message was about, when this one only
    goes on with it. `approved` is an answer that a person approved for this question.
    `mode` is how far the intent is automated, `missing` why nothing personal is known, `lost` what of
    the conversation cannot be read.

    `passages` are paragraphs, best first; for an open question there are more of them. `filed` are
    the ids of those whose article is labelled with the intent; `near` how each of them fits, and
    `elsewhere` how like the question the nearest expected question of any other passage is.
    `held` is what a customer is told whose conversation a person has.
    `order` is known (the customer's own), unknown (named, but not this customer's) or none.
    `note` is why a colleague gave the conversation back: it helps to find, and is not said.
    `tickets` are the customer's newest, `order_note` is what somebody wrote on the order: both are
    for people, no model reads them.
    """

    order: str
    facts: Mapping[str, str] = field(default_factory=dict)
    passages: tuple[Source, ...] = ()
    filed: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()
    elsewhere: float = 0.0
    held: str = ""
    proposal: Proposal | None = None
    pending: Pending | None = None
    place: str | None = None
    intent: str | None = None
    mode: str = "auto"
    missing: str = ""
    lost: Lost = Lost.NOTHING
    contradictory: bool = False
    context: Context | None = None
    approved: Found | None = None
    note: str = ""
    tickets: tuple[Ticket, ...] = ()
    order_note: Untrusted = Untrusted()  # noqa: RUF009  # frozen


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer as the case study's keys have it; `confidence` is the quality score.

    `ending` is how the case ends with it if it is good enough, `because` the reason that is recorded.
    `suggested`: it goes to a colleague, who may send it.
    """

    response: str = ""
    intent: str = "unknown"
    intent_confidence: float = 0.0
    confidence: float = 0.0
    sentiment: str = "neutral"
    ending: str = Ended.ANSWERED.value
    because: str = ""
    suggested: bool = False
