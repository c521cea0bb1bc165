"""The messages of a conversation that a person has: kept as records, numbered by the time they came.

A text is masked before it is kept and restored when it is read, by whatever `Privacy` is given.
Whoever writes holds the conversation meanwhile (`exclusive`), so that a reader who asks for what came
after a message never misses one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Protocol

from pydantic import TypeAdapter

from arriero.apps.support.handover import Sender
from arriero.core.clock import Clock
from arriero.core.errors import StoreError
from arriero.core.ids import uuid7
from arriero.core.words import JsonValue
from arriero.security.masking import Masker, PatternMasker, Vault
from arriero.store.base import Ledger
from arriero.store.records import Records

HOLD_S = 3.0  # a change takes milliseconds; whoever dies in it is waited for this long
WAIT_S = 4.0  # below the 5 s that the flow gives an action
TRY_EVERY_S = 0.01
PLACES = 64  # leases are rows that stay: conversations share this many


class Privacy(Protocol):
    """Takes private values out of a text that is kept, and puts them back for who may read them."""

    async def mask(self, tenant: str, conversation: str, text: str) -> str: ...

    async def restore(self, tenant: str, conversation: str, value: JsonValue) -> JsonValue:
        """`value` with every string in it told again: all that is shown together, at once."""


@dataclass(frozen=True)
class MaskedForGood:
    """Masks and never restores: what a reader gets when there is no vault."""

    masker: Masker = field(default_factory=PatternMasker)

    async def mask(self, tenant: str, conversation: str, text: str) -> str:
        return self.masker.mask(text, Vault())

    async def restore(self, tenant: str, conversation: str, value: JsonValue) -> JsonValue:
        return value


@dataclass(frozen=True, slots=True)
class Message:
    """`id` sorts by time. `origin` is what made it, once: a run's action or a step of a task."""

    id: str
    at: str
    sender: Sender
    text: str
    origin: str = ""


MESSAGE = TypeAdapter(Message)


@dataclass(frozen=True)
class Messages:
    """The messages of the conversations of every tenant."""

    records: Records
    clock: Clock
    privacy: Privacy

    async def read(
        self, tenant: str, conversation: str, *, after: str = ""
    ) -> Sequence[Mapping[str, JsonValue]]:
        """In order, with private values restored."""
        found = [one for one in await self.kept(tenant, conversation) if one.id > after]
        texts = await self.privacy.restore(tenant, conversation, [one.text for one in found])
        return [
            {"id": one.id, "at": one.at, "sender": one.sender, "text": text}
            for one, text in zip(found, texts, strict=True)
        ]

    async def add(
        self, tenant: str, conversation: str, sender: Sender, text: str, *, origin: str = ""
    ) -> str:
        """Keep a message and give its id. One of the same `origin` is replaced, so that what is
        told twice, after a crash, is read once. The caller holds the conversation.
        """
        kept = await self.kept(tenant, conversation)
        again = next((one.id for one in kept if origin and one.origin == origin), None)
        id = again or _next_id(self.clock, kept[-1].id if kept else "")
        masked = await self.privacy.mask(tenant, conversation, text)
        message = Message(id, self.clock.now().isoformat(), sender, masked, origin)
        await self.records.put(tenant, _kind(conversation), id, asdict(message))
        return id

    async def forget(self, tenant: str, conversation: str) -> int:
        """Remove every message; gives how many there were."""
        kept = await self.kept(tenant, conversation)
        for one in kept:
            await self.records.delete(tenant, _kind(conversation), one.id)
        return len(kept)

    async def kept(self, tenant: str, conversation: str) -> list[Message]:
        """In order, masked, each with what made it."""
        found = await self.records.list(tenant, _kind(conversation))
        return [MESSAGE.validate_python(value) for value in found.values()]


@asynccontextmanager
async def exclusive(ledger: Ledger, clock: Clock, tenant: str, what: str) -> AsyncIterator[None]:
    """Be the only one, in all processes on this ledger, who changes `what` while the block lasts.

    Raises:
        StoreError: somebody else holds it for longer than a change can take.
    """
    place = zlib.crc32(f"{tenant}\0{what}".encode()) % PLACES
    lease, holder = f"support:conversation:{place}", uuid7()
    for _ in range(round(WAIT_S / TRY_EVERY_S)):
        now = clock.now()
        if await ledger.lease(lease, holder, now=now, until=now + timedelta(seconds=HOLD_S)):
            break
        await asyncio.sleep(TRY_EVERY_S)
    else:
        raise StoreError("somebody else is changing this conversation; try again in a second")
    try:
        yield
    finally:
        with suppress(StoreError):  # it ends by itself
            now = clock.now()
            await ledger.lease(lease, holder, now=now, until=now)


def _kind(conversation: str) -> str:
    return f"message:{conversation}"


def _next_id(clock: Clock, last: str) -> str:
    """Microseconds since 1970, above the last one whatever the clock says; and what makes it unique."""
    now = int(clock.now().timestamp() * 1e6)
    before = int(last.partition("-")[0]) if last else 0
    return f"{max(now, before + 1):017d}-{uuid7()[-6:]}"
