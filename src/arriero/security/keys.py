"""API keys: shown once, stored as a hash. The key's name is the actor of everything done with it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from arriero.core.clock import Clock
from arriero.core.errors import InputError, StoreError, Unauthenticated
from arriero.core.ids import uuid7
from arriero.store.base import ApiKey, Ledger

PREFIX = "arr_"
REFRESH_S = 5.0  # a key made or revoked elsewhere is seen here within this time


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: `actor` is the key's name, `tenant` whose data it may see."""

    tenant: str
    actor: str


def mint(name: str, tenant: str, now: datetime) -> tuple[str, ApiKey]:
    """A new secret (256 random bits, to be shown once) and the key to store.

    Raises `InputError` for a name that says nothing, and for one with a slash: behind it, feedback names the
    person who spoke.
    """
    if not name.strip() or not name.isprintable():
        raise InputError(f"{name!r} names nobody; name who will use the key", param="name")
    if "/" in name:
        raise InputError(f"the key's name {name!r} has a '/'; choose one without", param="name")
    secret = PREFIX + secrets.token_urlsafe(32)
    return secret, ApiKey(uuid7(), tenant, name, digest(secret), now)


def digest(secret: str) -> str:
    """SHA-256 of a secret. A slow hash would add nothing: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _secret(authorization: str) -> str:
    """The key in an `Authorization` header; empty without one."""
    scheme, _, told = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return told.strip()
        case "basic":
            try:
                return base64.b64decode(told, validate=True).decode().partition(":")[2]
            except ValueError:
                return ""
        case _:
            return ""


class Keyring:
    """Recognises keys; reads them from the ledger at most every `REFRESH_S` seconds."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._known: dict[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._local: tuple[str, Identity] | None = None

    async def identify(self, authorization: str | None) -> Identity:
        """The identity behind an `Authorization: Bearer ...` header, or `Unauthenticated`.

        What can send no header but a URL, as a webhook of Flagger, sends the key as its password (Basic).
        """
        secret = _secret(authorization or "")
        if not secret:
            raise Unauthenticated(
                "no API key; send 'Authorization: Bearer KEY' (`arriero up` printed one)"
            )
        hashed = digest(secret)
        if self._local is not None and hmac.compare_digest(hashed, self._local[0]):
            return self._local[1]
        if self._clock.monotonic() - self._read_at > REFRESH_S:
            await self._refreshed()
        key = self._known.get(hashed)
        if key is None:
            raise Unauthenticated(
                "this API key is not known here or was revoked; make one with `arriero up --new-key`"
            )
        return Identity(key.tenant, key.name)

    def local(self, secret: str, tenant: str = "default") -> str:
        """Accept `secret` too, as actor "cli", while this process lives; it is stored nowhere here."""
        self._local = (digest(secret), Identity(tenant, "cli"))
        return secret

    def learn(self, keys: Sequence[ApiKey]) -> None:
        """Use these keys from now on."""
        self._known = {key.hash: key for key in keys if key.revoked_at is None}
        self._read_at = self._clock.monotonic()

    async def _refreshed(self) -> None:
        """Wait for one reading, whoever began it."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._refresh())
            self._reading.add_done_callback(self._read)
        await asyncio.shield(self._reading)

    def _read(self, done: asyncio.Task[None]) -> None:
        self._reading = None
        if not done.cancelled():
            done.exception()  # told to whoever waits, if anybody still does

    async def _refresh(self) -> None:
        """Read the keys anew; with the ledger down, those that are known stay good."""
        try:
            self.learn(await self._ledger.keys())
        except StoreError:
            if not self._known:
                raise
            self._read_at = self._clock.monotonic()
