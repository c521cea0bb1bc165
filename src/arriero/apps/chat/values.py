"""What passes between the stages of a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from arriero.core.words import FreeText

MOST_STOPS = 4  # as many as OpenAI's API takes
MOST_TOKENS = 32_768  # of an answer


class Said(BaseModel):
    """One message of the conversation, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: FreeText


class Conversation(BaseModel):
    """The messages so far. What the caller leaves out of the parameters, the variant decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: tuple[Said, ...] = Field(min_length=1, max_length=1_000)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=MOST_TOKENS)
    stop: tuple[str, ...] = Field(default=(), max_length=MOST_STOPS)
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """How much was said: messages, and characters in them."""

    messages: int
    characters: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A chat rests on nothing but what was said."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The next message. `finish` is `stop`, or `length` when it was cut at `max_tokens`."""

    text: str = ""
    finish: str = "stop"
