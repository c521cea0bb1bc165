"""Identifiers: UUID version 7, so that ids sort by the time they were made (RFC 9562 §5.7)."""

from __future__ import annotations

import os
import time

CHAT_PREFIX = "chatcmpl-"  # `/v1/chat/completions` shows run ids the way OpenAI's clients expect


def run_named(id: str) -> str:
    """The run's id, given as it is or as a chat completion shows it."""
    return id.removeprefix(CHAT_PREFIX)


def uuid7(*, now_ms: int | None = None, entropy: bytes | None = None) -> str:
    """A UUIDv7 as 36 lower-case characters; `now_ms` and `entropy` (10 bytes) make it exact."""
    ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    random = os.urandom(10) if entropy is None else entropy
    value = (ms & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
