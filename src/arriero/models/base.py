"""The seams between Arriero and models: text -> text, label, vector.

Fakes of all three ship in `models/fake.py`; `tests/contracts/` runs every implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from arriero.core.errors import ModelError
from arriero.core.words import JsonValue, Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a generator is asked: messages and sampling parameters (OpenAI's names)."""

    messages: tuple[Message, ...]
    max_tokens: int = 300
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    frequency_penalty: float = 0.0
    schema: Mapping[str, JsonValue] | None = None
    top_logprobs: int = 0


@dataclass(frozen=True, slots=True)
class TokenChance:
    """One generated token and the log-probabilities of the alternatives considered there."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `finish` is stop or length; times in milliseconds since the request left."""

    text: str
    model: str
    finish: str
    tokens_in: int
    tokens_out: int
    first_ms: float
    total_ms: float
    adapter: str | None = None
    tokens: tuple[TokenChance, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed answer; the last piece carries the whole `reply` and no text."""

    text: str
    reply: Reply | None = None


class Generator(Protocol):
    """Turns a prompt into text over the OpenAI HTTP API (or a fake of it).

    `stream` raises `ModelBusy` when the queue is full, `ModelTimeout` when no whole answer came
    within `timeout_s` seconds, `ModelError` otherwise. Closing the iterator cancels upstream.
    """

    @property
    def name(self) -> str: ...

    def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncIterator[Piece]: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Labels:
    """A classifier's opinion: (label, calibrated probability) from the most to the least likely.

    `outside` is a calibrated out-of-scope value in [0, 1]: from 0.5 on, the classifier rejects the
    text at the threshold that was fitted; None: it cannot tell. `near` are the nearest texts that it
    learned from, with their label and likeness (cosine), as evidence.
    """

    scores: tuple[tuple[str, float], ...]
    model: str
    outside: float | None = None
    near: tuple[tuple[str, str, float], ...] = ()

    @property
    def label(self) -> str:
        return self.scores[0][0]

    @property
    def confidence(self) -> float:
        return self.scores[0][1]


class Classifier(Protocol):
    """Turns a text into labels. Raises `ModelError` when it cannot."""

    @property
    def name(self) -> str: ...

    async def classify(self, text: str, *, timeout_s: float) -> Labels: ...


class Encoder(Protocol):
    """Turns texts into unit vectors, float32 of shape (len(texts), dimension)."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    async def close(self) -> None: ...


async def complete(generator: Generator, prompt: Prompt, *, timeout_s: float) -> Reply:
    """The whole reply of `generator`, streamed underneath so that giving up cancels upstream."""
    async for piece in generator.stream(prompt, timeout_s=timeout_s):
        if piece.reply is not None:
            return piece.reply
    raise ModelError(f"model {generator.name!r} ended its stream without a reply; see its log")
