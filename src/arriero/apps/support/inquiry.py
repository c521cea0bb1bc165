"""What comes in: a customer's message and what was said before it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from arriero.apps.support.courtesy import request_in, without_quoted
from arriero.core.words import FreeText


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

    @property
    def own(self) -> str:
        """What the customer wrote now, without the older mails that it quotes."""
        return without_quoted(self.message)

    @property
    def request(self) -> str:
        """What they ask, without greeting and thanks: what is classified, searched and judged by."""
        return request_in(self.own)
