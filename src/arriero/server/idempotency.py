"""`Idempotency-Key`: the same key and body give the same response, and the work is done once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import Request

from arriero.core.clock import Clock
from arriero.core.errors import Conflict, InputError
from arriero.security.keys import Identity
from arriero.security.vault import Sealer
from arriero.server.replies import Reply
from arriero.store.base import Answered, Ledger

_KEY = re.compile(r"[\x21-\x7e]{1,128}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Once:
    """What identifies a request: the caller's key, and the hash of what was asked with it."""

    tenant: str
    key: str
    request_hash: str


async def once(request: Request, who: Identity) -> Once | None:
    """The request's `Idempotency-Key` with the hash of its path and body; None without a key."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InputError(
            "the Idempotency-Key must be 1 to 128 printable ASCII characters without spaces",
            param="Idempotency-Key",
        )
    asked = request.url.path.encode() + b"\0" + await request.body()
    return Once(who.tenant, key, hashlib.sha256(asked).hexdigest())


@dataclass(frozen=True)
class Answers:
    """Does each keyed request once. Its work goes on when the client has gone: a retry finds it.

    A reply below 500 is kept for good; a failure is not, so that the same key may try again.
    It is kept sealed: what was masked everywhere else is restored in it. A sealer with a fresh key
    makes it good only as long as this process lives.
    """

    ledger: Ledger
    clock: Clock
    sealer: Sealer = field(default_factory=Sealer.fresh)
    _going: dict[tuple[str, str], tuple[Once, asyncio.Task[Reply]]] = field(default_factory=dict)

    async def give(self, asked: Once | None, work: Callable[[], Awaitable[Reply]]) -> Reply:
        """The kept reply, the reply of the same request now under way, or that of `work`.

        Raises:
            Conflict: the key came with another body before.
            StoreError: the ledger cannot say whether this was answered already.
        """
        if asked is None:
            return await self._commit(await work())
        place = (asked.tenant, asked.key)
        if place not in self._going:
            task = asyncio.create_task(self._work_once(asked, work))
            self._going[place] = (asked, task)
            task.add_done_callback(lambda done: self._ended(place, done))
        first, task = self._going[place]
        if first.request_hash != asked.request_hash:
            raise _reused(asked)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for work whose client has gone."""
        await asyncio.gather(*(task for _, task in self._going.values()), return_exceptions=True)

    async def _work_once(self, asked: Once, work: Callable[[], Awaitable[Reply]]) -> Reply:
        if kept := await self._kept(asked):
            return kept
        reply = await work()
        if reply.status >= 500:
            return await self._commit(reply)
        answered = Answered(
            asked.tenant, asked.key, asked.request_hash, reply.status,
            self.sealer.seal_text(reply.body.decode(), _place(asked)), self.clock.now(), reply.run,
        )  # fmt: skip
        try:
            await self.ledger.commit(*reply.entries, answered, durable=reply.durable)
        except Conflict:  # another replica was faster: its answer is the one that counts
            return await self._kept(asked) or reply
        return reply

    async def _commit(self, reply: Reply) -> Reply:
        if reply.entries:
            await self.ledger.commit(*reply.entries, durable=reply.durable)
        return reply

    async def _kept(self, asked: Once) -> Reply | None:
        kept = await self.ledger.answered(asked.tenant, asked.key)
        if kept is None:
            return None
        if kept.request_hash != asked.request_hash:
            raise _reused(asked)
        body = self.sealer.open_text(kept.body, _place(asked))
        run = json.loads(body).get("run_id")
        return Reply(kept.status, body.encode(), run, replayed=True)

    def _ended(self, place: tuple[str, str], task: asyncio.Task[Reply]) -> None:
        del self._going[place]
        if not task.cancelled() and (error := task.exception()):
            log.info("keyed request %s failed and may be tried again: %s", place[1], error)


def _place(asked: Once) -> str:
    return f"answer:{asked.tenant}\0{asked.key}"


def _reused(asked: Once) -> Conflict:
    return Conflict(
        f"Idempotency-Key {asked.key!r} was used before with another body; take a new key",
        param="Idempotency-Key",
    )
