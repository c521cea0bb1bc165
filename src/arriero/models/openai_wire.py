"""The OpenAI chat-completions wire format as pure functions: a prompt out, stream events in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arriero.core.errors import ModelError
from arriero.core.words import JsonValue
from arriero.models.base import Prompt, TokenChance

DONE = "[DONE]"
TOO_LONG = ("context_length_exceeded", "exceed_context_size", "maximum context length")
FINISHES = {"stop", "length"}  # what `Reply.finish` may say; anything else is no whole answer


def request_body(prompt: Prompt, model: str) -> dict[str, JsonValue]:
    """The JSON body that asks `model` for a streamed answer to `prompt`, usage included."""
    body: dict[str, JsonValue] = {
        "model": model,
        "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if prompt.frequency_penalty:
        body["frequency_penalty"] = prompt.frequency_penalty
    if prompt.stop:
        body["stop"] = list(prompt.stop)
    if prompt.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": prompt.top_logprobs}
    if prompt.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": dict(prompt.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def event_data(line: bytes) -> str | None:
    """What a line of the event stream carries, or None for comments, blanks and other fields.

    Servers put one JSON object on one `data:` line; some report failures as `error:` lines.
    """
    head, _, rest = line.rstrip(b"\r").partition(b":")
    if head not in {b"data", b"error"}:
        return None
    try:
        return rest.decode().strip()
    except UnicodeDecodeError:
        raise ModelError("the model server sent a line that is not UTF-8") from None


@dataclass(slots=True)
class Answer:
    """A streamed answer while it grows."""

    parts: list[str] = field(default_factory=list)
    tokens: list[TokenChance] = field(default_factory=list)
    finish: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def take(self, data: str) -> str:
        """Fold in one event and return the text that it added; `ModelError` for one that tells no text."""
        chunk = _chunk(data)
        try:
            return self._fold(chunk)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the model server sent {data[:100]!r}, which is no piece of an answer ({error!r})"
            ) from None

    def _fold(self, chunk: Mapping[str, JsonValue]) -> str:
        if timings := chunk.get("timings"):  # llama.cpp's, in every event where asked for
            self.tokens_in = int(timings.get("cache_n") or 0) + int(timings.get("prompt_n") or 0)
            self.tokens_out = int(timings.get("predicted_n") or 0)
        if usage := chunk.get("usage"):
            self.tokens_in = int(usage.get("prompt_tokens") or 0)
            self.tokens_out = int(usage.get("completion_tokens") or 0)
        added = "".join(self._choice(choice) for choice in (chunk.get("choices") or [])[:1])
        if added:
            self.parts.append(added)
        return added

    def _choice(self, choice: Mapping[str, JsonValue]) -> str:
        self.finish = choice.get("finish_reason") or self.finish
        logprobs = choice.get("logprobs") or {}
        self.tokens.extend(token_chances(logprobs.get("content") or []))
        return (choice.get("delta") or {}).get("content") or ""

    def end(self, text: str) -> None:
        """What is left of the answer, known before it came."""
        self.parts.append(text)
        self.finish = "stop"

    def check(self) -> str:
        """The finish reason of a whole answer; `ModelError` if this is not one."""
        if self.finish is None:
            raise ModelError("the stream ended in the middle of the answer")
        if self.finish not in FINISHES:
            raise ModelError(f"the answer ended with {self.finish!r} instead of stop or length")
        if not self.text.strip():
            raise ModelError(f"the answer is empty (finish {self.finish!r})")
        return self.finish


def token_chances(content: Sequence[Mapping[str, JsonValue]]) -> list[TokenChance]:
    """OpenAI's `logprobs.content` as values; log-probabilities are natural logarithms."""
    return [
        TokenChance(
            item["token"],
            float(item["logprob"]),
            tuple((top["token"], float(top["logprob"])) for top in item.get("top_logprobs") or ()),
        )
        for item in content
    ]


def error_message(body: bytes) -> str:
    """The human part of an error body: OpenAI's shape, FastAPI's, or its first 300 characters."""
    text = body.decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        return text[:300].strip()
    if isinstance(found, dict):
        found = found.get("error") or found.get("detail") or found.get("message") or found
    if isinstance(found, dict):
        found = found.get("message") or found
    return str(found)[:300]


def is_too_long(body: bytes) -> bool:
    """Whether an error body says that the prompt does not fit: OpenAI's code, llama.cpp's type, vLLM's sentence."""
    text = body.decode(errors="replace").lower()
    return any(word in text for word in TOO_LONG)


def _chunk(data: str) -> dict[str, JsonValue]:
    try:
        chunk = json.loads(data)
    except ValueError:
        raise ModelError(f"the model server sent {data[:100]!r}, which is not JSON") from None
    if not isinstance(chunk, dict) or chunk.get("error") or "choices" not in chunk:
        raise ModelError(f"the model server failed while answering: {error_message(data.encode())}")
    return chunk
