"""A streamed completion: OpenAI's chunks, with what was masked put back while the text goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arriero.core.ids import CHAT_PREFIX
from arriero.core.words import JsonValue
from arriero.flow import Event
from arriero.security.masking import Vault
from arriero.server import errors
from arriero.server.replies import RUN_ID, Reply, to_body
from arriero.server.streaming import frame

DONE = frame(b"[DONE]")
LONGEST_PLACEHOLDER = 24  # `<KIND_NUMBER>`; after this many characters a `<` was just a `<`


@dataclass(slots=True)
class Restoring:
    """Puts masked values back into a text that arrives in pieces.

    A piece that ends inside a possible placeholder is held back until the rest of it came.
    """

    vault: Vault
    _held: str = ""

    def piece(self, text: str) -> str:
        """What may be shown now."""
        if not self.vault.values:
            return text
        text = self._held + text
        start = text.rfind("<")
        waits = start >= 0 and ">" not in text[start:] and len(text) - start < LONGEST_PLACEHOLDER
        cut = start if waits else len(text)
        self._held = text[cut:]
        return self.vault.restore(text[:cut])


@dataclass(slots=True)
class ChunkFrames:
    """Implements `Frames`. Nothing leaves before the first piece: until then an error has a status."""

    model: str
    created: datetime
    restoring: Restoring
    usage: bool = False
    eager: bool = False
    _id: str = ""
    _sent: str = ""

    def headers(self, event: Event | None) -> Mapping[str, str]:
        return {} if event is None else {RUN_ID: str(event.data["run"])}

    def event(self, event: Event) -> bytes:
        if event.kind != "piece":
            return b""
        text = self.restoring.piece(str(event.data["text"]))
        if not text:
            return b""
        opening = b"" if self._sent else self._opened(CHAT_PREFIX + str(event.data["run"]))
        self._sent += text
        return opening + self._delta({"content": text})

    def reply(self, reply: Reply) -> bytes:
        """The rest of the text, why it ended, what it cost; an error when it is not what was sent."""
        told = json.loads(reply.body)
        if "error" in told:
            return self.error({"error": told["error"]})
        text = str(told["choices"][0]["message"]["content"])
        if not text.startswith(self._sent):
            return self.error(_withdrawn(str(told["reason"])))
        opening = b"" if self._sent else self._opened(str(told["id"]))
        rest = text[len(self._sent) :]
        said = self._delta({"content": rest}) if rest else b""
        extra = {key: told[key] for key in ("run_id", "outcome", "reason")}
        end = self._delta({}, told["choices"][0]["finish_reason"], extra)
        usage = frame(to_body(self._chunk([], {"usage": told["usage"]}))) if self.usage else b""
        return opening + said + end + usage + DONE

    def error(self, error: Mapping[str, object]) -> bytes:
        """No `[DONE]` follows: that is how a client knows that the text is not whole."""
        return frame(to_body(error))

    def _opened(self, id: str) -> bytes:
        self._id = id
        return self._delta({"role": "assistant", "content": ""})

    def _delta(
        self,
        delta: Mapping[str, str],
        finish: str | None = None,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return frame(to_body(self._chunk([choice], extra or {})))

    def _chunk(
        self, choices: list[dict[str, Any]], extra: Mapping[str, JsonValue]
    ) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": int(self.created.timestamp()),
            "model": self.model,
            "choices": choices,
            **extra,
        }


def _withdrawn(reason: str) -> Mapping[str, object]:
    message = f"the answer broke off ({reason or 'it was withdrawn'}); ask again"
    return errors.body(503, "answer_withdrawn", message)
