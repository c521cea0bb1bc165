"""Sends signed webhooks about alerts, from an outbox in the records: a restart loses none.

At least once, in order for each alert, under an id that stays the same: a receiver that keeps the ids
it has seen acts once. No request waits for any of it: a job sends.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter

from arriero.core.clock import Clock
from arriero.core.errors import SettingsError
from arriero.core.settings import Webhook
from arriero.core.words import Alert, canonical_json
from arriero.security.webhooks import read_secret, sign
from arriero.store.base import Ledger
from arriero.store.records import Records

EVERYBODY = ""  # alerts belong to the whole installation, not to a tenant
KIND = "message"
RAISED, CLEARED = "alert.raised", "alert.cleared"
WITHIN_S = 10.0  # for a whole answer; the specification recommends 15 to 30 s for slow receivers
# Seconds before each further try; close to the specification's schedule, ended after a night.
PAUSES_S = (5.0, 30.0, 120.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0)
KEPT = timedelta(days=1)  # a told message of a cleared alert; then nobody will ask for it again

log = logging.getLogger(__name__)

# Called with a webhook and what became of a try: "delivered", "failed" (it comes again), "given_up".
Told = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the outbox. `due` None: nothing is left to do, `end` says why.

    It stays as a mark that this was told, or not wanted, until its alert has been over for a day.
    """

    webhook: str
    event: str
    alert: str
    body: str
    at: datetime
    due: datetime | None
    tries: int = 0
    end: str = ""

    @property
    def key(self) -> str:
        """Its place in the records: one message for each webhook and change of an alert."""
        return f"{self.webhook}:{self.alert}:{self.event}"

    @property
    def id(self) -> str:
        """What the receiver knows it by, at every try."""
        return "msg_" + hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass
class Webhooks:
    """The outbox of every webhook in the settings; `told` counts what became of each try.

    Raises `SettingsError` when a secret is missing or is none.
    """

    hooks: Mapping[str, Webhook]
    records: Records
    ledger: Ledger
    clock: Clock
    told: Told = lambda webhook, end: None
    pauses_s: Sequence[float] = PAUSES_S
    within_s: float = WITHIN_S
    _keys: Mapping[str, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keys = {
            name: secret_of(hook.secret_file, f"[webhooks.{name}]")
            for name, hook in self.hooks.items()
        }

    async def note(self, alerts: Sequence[Alert]) -> None:
        """Write down what has to be told of `alerts`; what is written down already stays as it is."""
        now = self.clock.now()
        for name, hook in self.hooks.items():
            for alert in alerts:
                await self._put_new(_message(name, hook, RAISED, alert, now))
                if alert.cleared_at:
                    await self._put_new(_message(name, hook, CLEARED, alert, now))

    async def send(self, now: datetime) -> None:
        """Send what is due; one receiver that hangs holds up no other."""
        messages = await self._messages()
        if not messages:
            return
        if await self._tidy(messages, now):
            messages = await self._messages()
        await asyncio.gather(*(self._send_all(name, messages, now) for name in self.hooks))

    async def _send_all(self, name: str, messages: Sequence[Message], now: datetime) -> None:
        """In order; that an alert is cleared is not told before that it was raised."""
        waiting = [one for one in messages if one.webhook == name and one.due is not None]
        waiting.sort(key=lambda one: (one.at, one.event == CLEARED))
        if not any(one.due <= now for one in waiting if one.due):
            return
        held: set[str] = set()
        async with client(self.hooks[name].url) as http:
            for message in waiting:
                if message.alert in held:
                    continue
                if message.due is None or message.due > now:
                    held.add(message.alert)
                    continue
                after = await self._tried(http, message)
                await self._put(after)
                self.told(name, after.end or "failed")
                if after.due is not None:
                    held.add(message.alert)

    async def _tried(self, http: httpx.AsyncClient, message: Message) -> Message:
        """`message` after one more try."""
        wrong, gone = await self._post(http, message)
        tries, said = message.tries + 1, f"{message.event} of {message.alert}"
        if not wrong:
            return replace(message, tries=tries, due=None, end="delivered")
        if gone or tries > len(self.pauses_s):
            log.error(
                "webhook %s: gave up %s after %d tries: %s", message.webhook, said, tries, wrong
            )
            return replace(message, tries=tries, due=None, end="given_up")
        pause = self.pauses_s[tries - 1]
        log.warning("webhook %s: %s: %s; again in %g s", message.webhook, said, wrong, pause)
        return replace(message, tries=tries, due=self.clock.now() + timedelta(seconds=pause))

    async def _post(self, http: httpx.AsyncClient, message: Message) -> tuple[str, bool]:
        hook, key = self.hooks[message.webhook], self._keys[message.webhook]
        signed = sign(key, message.id, self.clock.now(), message.body.encode())
        return await post(http, hook.url, signed, message.body.encode(), self.within_s)

    async def _tidy(self, messages: Sequence[Message], now: datetime) -> bool:
        """Note the clearings that a crash kept from being noted, forget what is long over.

        True when the outbox changed.
        """
        open_now = {alert.id for alert in await self.ledger.alerts()}
        pairs: dict[tuple[str, str], list[Message]] = {}
        for message in messages:
            pairs.setdefault((message.webhook, message.alert), []).append(message)
        missed, old = set(), []
        for (name, alert), pair in pairs.items():
            ended = all(message.due is None for message in pair)
            if name not in self.hooks:
                log.warning("webhook %s is no longer in the settings; nothing is sent to it", name)
                old += pair
            elif alert not in open_now and all(one.event != CLEARED for one in pair):
                missed.add(alert)
            elif alert not in open_now and ended and max(one.at for one in pair) < now - KEPT:
                old += pair
        if missed:
            every = await self.ledger.alerts(open_only=False)
            await self.note([alert for alert in every if alert.id in missed])
        for message in old:
            await self.records.delete(EVERYBODY, KIND, message.key)
        return bool(missed or old)

    async def _messages(self) -> Sequence[Message]:
        kept = await self.records.list(EVERYBODY, KIND)
        return [_MESSAGE.validate_python(value) for value in kept.values()]

    async def _put_new(self, message: Message) -> None:
        if await self.records.get(EVERYBODY, KIND, message.key) is None:
            await self._put(message)

    async def _put(self, message: Message) -> None:
        await self.records.put(
            EVERYBODY, KIND, message.key, _MESSAGE.dump_python(message, mode="json")
        )


_MESSAGE = TypeAdapter(Message)


def _message(name: str, hook: Webhook, event: str, alert: Alert, now: datetime) -> Message:
    told = {
        "type": event,
        "timestamp": alert.raised_at if event == RAISED else alert.cleared_at,
        "data": alert if event == CLEARED else replace(alert, cleared_at=None),
    }
    wanted = event in hook.events
    return Message(
        name, event, alert.id, canonical_json(told).decode(), now, now if wanted else None,
        end="" if wanted else "not_wanted",
    )  # fmt: skip


def client(url: str) -> httpx.AsyncClient:
    """A client for a receiver at `url`: it follows nobody elsewhere."""
    near = urlsplit(url).scheme == "http"  # loopback: no proxy stands before it
    return httpx.AsyncClient(follow_redirects=False, trust_env=not near)


async def post(
    http: httpx.AsyncClient, url: str, signed: Mapping[str, str], body: bytes, within_s: float
) -> tuple[str, bool]:
    """What is wrong ("" is nothing), and whether the receiver wants no more of it (410)."""
    headers = {"content-type": "application/json", "user-agent": "arriero", **signed}
    try:
        async with (
            asyncio.timeout(within_s),
            http.stream("POST", url, content=body, headers=headers, timeout=within_s) as answer,
        ):
            status = answer.status_code  # its body is nobody's business, and may be endless
    except (TimeoutError, httpx.TimeoutException):
        return f"no answer within {within_s:g} s", False
    except httpx.HTTPError as error:
        return f"not reached ({error or type(error).__name__})", False
    return ("", False) if 200 <= status < 300 else (f"HTTP status {status}", status == 410)


def secret_of(file: Path, table: str) -> bytes:
    """The secret in a file that the settings' `table` names."""
    where = str(file)
    try:
        text = file.expanduser().read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SettingsError(
            f"{table} secret_file {where!r} cannot be read ({error.strerror}); "
            "write a secret into it: arriero alerts secret"
        ) from None
    return read_secret(text, f"{table}: {where}")
