"""Texts scanned, and requests for a person sought, as a server with the packaged encoder does it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from arriero.apps.support.person import Asked, Listener
from arriero.core.settings import Settings
from arriero.models.encoder import OnnxEncoder
from arriero.security.injection import Channel, Suspicion
from arriero.security.injection_reader import Reader


def _encoder() -> OnnxEncoder:
    return OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")


def scanned(texts: Sequence[tuple[str, Channel]]) -> list[Suspicion]:
    """What `Reader.scan` says of each text in its channel."""

    async def read() -> list[Suspicion]:
        encoder = _encoder()
        try:
            reader = Reader.of(encoder)
            return [await reader.scan(text, channel) for text, channel in texts]
        finally:
            await encoder.close()

    return asyncio.run(read())


def heard(texts: Sequence[str], history: Sequence[str] = ()) -> list[Asked]:
    """What `Listener` says of each message after `history`."""

    async def listen() -> list[Asked]:
        encoder = _encoder()
        try:
            listener = Listener.of(encoder)
            return [await listener.asks_for_a_person(text, history) for text in texts]
        finally:
            await encoder.close()

    return asyncio.run(listen())
