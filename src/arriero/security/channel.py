"""The signed webhook channel of an app: customers' messages come in, answers and what people write go out.

Both ways at least once, under ids that stay the same, from records that a restart finds again: a
message with a known id is taken once, and a receiver that keeps the ids it has seen acts once. Texts lie
sealed in the records and leave them as soon as they are answered or delivered. A message is
acknowledged before it is answered, so a slow model holds up no sender.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from arriero.core.clock import Clock
from arriero.core.desk import Conversations
from arriero.core.door import Heard
from arriero.core.errors import ArrieroError, Conflict, InputError, StageFailed, StoreError
from arriero.core.words import JsonValue, canonical_json
from arriero.security.delivery import PAUSES_S, WITHIN_S, client, post
from arriero.security.vault import Sealer
from arriero.security.webhooks import sign, verify
from arriero.store.records import Records

AGAIN_S = 60.0  # a message that nobody has answered by then was left by a crash: a run ends in 10 s
TRIES = 5  # at an answer; then the sender is told that there is none
KEPT = timedelta(
    days=7
)  # ids are known for longer than the specification lets a sender try (3 days)
AT_ONCE = 8  # conversations that are sent to side by side
ANSWER, MESSAGE, FAILED = "answer", "message", "failed"

log = logging.getLogger(__name__)


class Body(BaseModel):
    """What a sender posts. `customer` is trusted: the holder of the secret is the company."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = Field(min_length=1, max_length=128)
    message: str = Field(min_length=1, max_length=8_000, pattern=r"\S")
    customer: str | None = Field(default=None, max_length=64)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that came in. `sealed` is empty once it is answered; `hash` tells a repeat from a reuse."""

    id: str
    conversation: str
    customer: str | None
    hash: str
    sealed: str
    at: datetime
    due: datetime | None
    tries: int = 0

    @property
    def name(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message that goes out, in its `order`; `due` None: told, or given up."""

    id: str
    conversation: str
    sealed: str
    order: int
    at: datetime
    due: datetime | None
    tries: int = 0

    @property
    def name(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Watched:
    """A conversation that a person has or will have: what they write after the id `after` is told."""

    conversation: str
    customer: str | None
    after: str = ""

    @property
    def name(self) -> str:
        return self.conversation


Kept = TypeVar("Kept", Taken, Leaving, Watched)
KINDS: Mapping[type, tuple[str, TypeAdapter[Any]]] = {
    Taken: ("channel-in", TypeAdapter(Taken)),
    Leaving: ("channel-out", TypeAdapter(Leaving)),
    Watched: ("channel-watched", TypeAdapter(Watched)),
}
OVER = "-over"  # a kind of its own for what is done with: it is known by its name, not looked through each second

# Runs a case for a message; gives what the sender is told of it, `response` and `waits` among it.
Ask = Callable[[str, Heard], Awaitable[Mapping[str, JsonValue]]]


@dataclass(slots=True)
class _Turn:
    """Whose turn it is in a conversation, and how many wait for theirs."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


@dataclass
class Channel:
    """One app's channel, over the records of that app. One server takes what comes in; a job of one
    process answers what was left, and sends.
    """

    name: str
    url: str
    key: bytes
    records: Records
    sealer: Sealer
    clock: Clock
    ask: Ask
    conversations: Conversations
    tenant: str = "default"
    pauses_s: Sequence[float] = PAUSES_S
    within_s: float = WITHIN_S
    _busy: set[str] = field(default_factory=set)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turns: dict[str, _Turn] = field(default_factory=dict)
    _going: set[asyncio.Task[None]] = field(default_factory=set)
    _last: int = 0
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(
        self,
        headers: Mapping[str, str],
        raw: bytes,
        clean: Callable[[bytes], bytes] = lambda raw: raw,
    ) -> Taken:
        """The message in `raw`, kept until it is answered; one that came before is not taken again.

        It is signed as it came, and read as `clean` leaves it.

        Raises:
            Unauthenticated: it is not signed with our secret, or not within five minutes of now.
            InputError: what is signed is no message.
            Conflict: its id came before with another body.
        """
        id = verify((self.key,), headers, raw, self.clock.now())
        try:
            body = Body.model_validate_json(clean(raw))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise InputError(f"{where!r}: {first['msg']}", param=where) from None
        told = hashlib.sha256(raw).hexdigest()
        async with self._one:
            known = await self._find(Taken, id)
            if known is not None and known.hash != told:
                raise Conflict(f"message {id!r} came before with another body; take a new id")
            if known is not None:
                return known
            now = self.clock.now()
            taken = Taken(
                id, body.conversation, body.customer, told,
                self.sealer.seal_text(body.message, _place(id)),
                now, now + timedelta(seconds=AGAIN_S),
            )  # fmt: skip
            await self._keep(taken)
        return taken

    def begin(self, taken: Taken) -> None:
        """Answer a message beside whoever brought it, and send the answer at once."""
        if taken.due is None or taken.id in self._busy:
            return
        task = asyncio.create_task(self._answer_and_send(taken))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def close(self) -> None:
        """Wait for what is under way; what is not answered then is found at the next start."""
        await asyncio.gather(*self._going, return_exceptions=True)

    async def answer(self, taken: Taken) -> None:
        """Answer a message and put the answer into the outbox: those of a conversation one by one."""
        if taken.id in self._busy:
            return
        self._busy.add(taken.id)
        turn = self._turns.setdefault(taken.conversation, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                current = await self._find(Taken, taken.id)
                if current is not None and current.due is not None:
                    await self._answer(current)
                elif current is not None:  # a crash came before it was put away
                    await self._put_away(current)
        finally:
            self._busy.discard(taken.id)
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[taken.conversation]

    async def work(self, now: datetime) -> None:
        """Answer what a crash left, take up what people wrote, send what is due."""
        for taken in await self._all(Taken):
            if taken.due is None:  # by an earlier version
                await self._put_away(taken)
            elif taken.due <= now:
                with self._told(f"message {taken.id}"):
                    await self.answer(taken)
        await self.follow()
        await self.send(now)

    async def forget(self, now: datetime) -> None:
        """Forget the ids that no sender and no receiver asks for any more."""
        for of in (Taken, Leaving):
            kind = KINDS[of][0] + OVER
            for name, value in (await self.records.list(self.tenant, kind)).items():
                if datetime.fromisoformat(value["at"]) < now - KEPT:
                    await self.records.delete(self.tenant, kind, name)

    async def follow(self) -> None:
        """Put what people wrote into the outbox; whom nobody has any more is not watched on."""
        for watched in await self._all(Watched):
            with self._told("what people wrote"):
                await self._follow(watched)

    async def _follow(self, watched: Watched) -> None:
        waits = await self.conversations.waits(self.tenant, watched.conversation)
        lines = await self.conversations.messages(
            self.tenant, watched.conversation, after=watched.after
        )
        for line in lines:
            if line["sender"] != "customer":
                told = {"sender": line["sender"], "text": line["text"]}
                await self._leave(MESSAGE, str(line["id"]), watched, told)
        after = str(lines[-1]["id"]) if lines else watched.after
        if not waits:
            await self._drop(watched)
        elif after != watched.after:
            await self._keep(replace(watched, after=after))

    async def send(self, now: datetime) -> None:
        """Send what is due, in order within a conversation; one that fails holds up no other."""
        async with self._sending:
            await self._send(now)

    async def _send(self, now: datetime) -> None:
        waiting: dict[str, list[Leaving]] = {}
        for leaving in sorted(await self._all(Leaving), key=lambda one: one.order):
            if leaving.due is None:  # by an earlier version
                await self._put_away(leaving)
            else:
                waiting.setdefault(leaving.conversation, []).append(leaving)
        if not any(lines[0].due and lines[0].due <= now for lines in waiting.values()):
            return
        slots = asyncio.Semaphore(AT_ONCE)
        async with client(self.url) as http:

            async def send(lines: Sequence[Leaving]) -> None:
                async with slots:
                    for one in lines:
                        if one.due is None or one.due > now or not await self._sent(http, one):
                            return

            await asyncio.gather(*(send(lines) for lines in waiting.values()))

    async def _answer_and_send(self, taken: Taken) -> None:
        with self._told(f"message {taken.id}"):
            await self.answer(taken)
            await self.send(self.clock.now())

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What goes wrong inside goes to the log and holds up nothing else: the job takes it up again."""
        try:
            yield
        except ArrieroError as error:
            log.warning("%s: %s: %s", self.name, what, error.message)

    async def _answer(self, taken: Taken) -> None:
        try:
            message = self.sealer.open_text(taken.sealed, _place(taken.id))
        except StoreError as error:  # another key sealed it: kept until that one is back
            await self._keep(replace(taken, due=self._later(taken.id, error)))
            return
        heard = Heard(message, taken.customer, taken.conversation)
        watched = Watched(taken.conversation, taken.customer)
        try:
            said = await self.conversations.messages(self.tenant, taken.conversation)
            watched = replace(watched, after=str(said[-1]["id"]) if said else "")
            told = dict(await self._asked(heard))
        except ArrieroError as error:
            tries = taken.tries + 1
            if tries < TRIES:
                later = self._later(taken.id, error)
                await self._keep(replace(taken, tries=tries, due=later))
                return
            await self._leave(FAILED, taken.id, watched, {"why": error.message})
        else:
            if told.get("waits") and await self._find(Watched, taken.conversation) is None:
                await self._keep(watched)
            await self._leave(ANSWER, taken.id, watched, {"in_reply_to": taken.id, **told})
        await self._put_away(replace(taken, sealed="", due=None))

    async def _asked(self, heard: Heard) -> Mapping[str, JsonValue]:
        """The app's answer. A broad catch: a message at which an app fails must hold up no other."""
        try:
            return await self.ask(self.tenant, heard)
        except ArrieroError:
            raise
        except Exception as error:
            log.exception("%s: a message could not be answered", self.name)
            raise StageFailed("the app failed at this message; its log says where") from error

    def _later(self, id: str, error: ArrieroError) -> datetime:
        """When to try again; what is wrong meanwhile goes to the log."""
        log.warning("%s: message %s: %s; again later", self.name, id, error.message)
        return self.clock.now() + timedelta(seconds=AGAIN_S)

    async def _leave(self, kind: str, of: str, to: Watched, told: Mapping[str, JsonValue]) -> None:
        """Put a message into the outbox, once for each `of`."""
        id = f"msg_{_digest(self.name, kind, to.conversation, of)[:32]}"
        if await self._find(Leaving, id) is not None:
            return
        now = self.clock.now()
        whom = {"conversation": to.conversation, "customer": to.customer}
        body = {"type": f"{self.name}.{kind}", "timestamp": now, "data": {**whom, **told}}
        sealed = self.sealer.seal_text(canonical_json(body).decode(), _place(id))
        await self._keep(Leaving(id, to.conversation, sealed, self._next(now), now, now))

    def _next(self, now: datetime) -> int:
        """Microseconds since 1970, above the last one whatever the clock says."""
        self._last = max(self._last + 1, int(now.timestamp() * 1e6))
        return self._last

    async def _sent(self, http: httpx.AsyncClient, leaving: Leaving) -> bool:
        """Whether the conversation's next message may follow: this one was delivered or given up."""
        try:
            body = self.sealer.open_text(leaving.sealed, _place(leaving.id)).encode()
        except StoreError as error:  # another key sealed it: kept until that one is back
            await self._keep(replace(leaving, due=self._later(leaving.id, error)))
            return False
        signed = sign(self.key, leaving.id, self.clock.now(), body)
        wrong, gone = await post(http, self.url, signed, body, self.within_s)
        tries = leaving.tries + 1
        over = not wrong or gone or tries > len(self.pauses_s)
        if over:
            if wrong:
                log.error("%s: gave up %s after %d tries: %s", self.name, leaving.id, tries, wrong)
            await self._put_away(replace(leaving, tries=tries, sealed="", due=None))
        else:
            pause = self.pauses_s[tries - 1]
            log.warning("%s: %s: %s; again in %g s", self.name, leaving.id, wrong, pause)
            later = self.clock.now() + timedelta(seconds=pause)
            await self._keep(replace(leaving, tries=tries, due=later))
        return over

    async def _find(self, of: type[Kept], name: str) -> Kept | None:
        kind, adapter = KINDS[of]
        for place in (kind + OVER, kind):
            kept = await self.records.get(self.tenant, place, _digest(name))
            if kept is not None:
                found: Kept = adapter.validate_python(kept)
                return found
        return None

    async def _all(self, of: type[Kept]) -> Sequence[Kept]:
        """All that anything is left to do of."""
        kind, adapter = KINDS[of]
        kept = await self.records.list(self.tenant, kind)
        return [adapter.validate_python(value) for value in kept.values()]

    async def _keep(self, one: Taken | Leaving | Watched, place: str = "") -> None:
        kind, adapter = KINDS[type(one)]
        value = adapter.dump_python(one, mode="json")
        await self.records.put(self.tenant, kind + place, _digest(one.name), value)

    async def _put_away(self, one: Taken | Leaving) -> None:
        """Nothing is left to do of it; its id stays known. A crash in between leaves it in both places."""
        await self._keep(one, OVER)
        await self._drop(one)

    async def _drop(self, one: Taken | Leaving | Watched) -> None:
        await self.records.delete(self.tenant, KINDS[type(one)][0], _digest(one.name))


def _place(id: str) -> str:
    return f"channel:{id}"


def _digest(*parts: str) -> str:
    """A name of fixed length for whatever a sender calls its messages and conversations."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
