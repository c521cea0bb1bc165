"""What passes between the stages of a support inquiry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from arriero.core.words import FreeText, Source


class Said(BaseModel):
    """An earlier message of the conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str = Field(pattern="^(customer|agent)$")
    text: FreeText = Field(max_length=8_000)


class Inquiry(BaseModel):
    """A customer's message. `customer` is trusted: the caller is the company's own backend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: FreeText = Field(min_length=1, max_length=8_000, pattern=r"\S")
    customer: str | None = Field(default=None, max_length=64)
    conversation: str | None = Field(default=None, max_length=128)
    history: tuple[Said, ...] = Field(default=(), max_length=50)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was understood: the intent with its probability, the runner-up, the mood, the language."""

    intent: str
    confidence: float
    second: str
    second_confidence: float
    sentiment: str
    sentiment_confidence: float
    language: str
    order: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered. `facts` are the order's and customer's fields, ready to be said.

    `passages` are paragraphs, best first; for an open question there are more of them. `filed` are
    the ids of those whose article is labelled with the intent.
    `order` is known (the customer's own), unknown (named, but not this customer's) or none.
    """

    order: str
    facts: Mapping[str, str] = field(default_factory=dict)
    passages: tuple[Source, ...] = ()
    filed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer as the case study's keys have it; `confidence` is the quality score."""

    response: str = ""
    intent: str = "unknown"
    intent_confidence: float = 0.0
    confidence: float = 0.0
    sentiment: str = "neutral"
