"""The cache in Redis or Valkey. Losing it costs time, never an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import SettingsError, StoreError
from arriero.store.base import without_password

T = TypeVar("T")

CONNECT_S = 0.25  # a cache in the same network answers in a millisecond; waiting longer is no gain
ANSWER_S = 0.5
RETRY_S = 1.0  # a dead server is asked once in this time, so that it costs nothing meanwhile
PREFIX = "arriero:"  # a shared server holds other programs' keys too
FAILURES = (RedisError, OSError)


class RedisCache:
    """Redis or Valkey. While it is down: `get` gives None, `put` nothing, `degraded` is true."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._redis = _connect(url)
        self._clock = clock or SystemClock()
        self._retry_at: float | None = None

    @classmethod
    def from_url(cls, url: str, clock: Clock) -> RedisCache:
        return cls(url, clock=clock)

    @property
    def degraded(self) -> bool:
        return self._retry_at is not None

    async def get(self, key: str) -> bytes | None:
        found = await self._forgiving(lambda: self._redis.get(PREFIX + key))
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        ttl_ms = round(ttl_s * 1000)
        if ttl_ms > 0:
            await self._forgiving(lambda: self._redis.set(PREFIX + key, value, px=ttl_ms))
        else:
            await self.drop(key)

    async def drop(self, key: str) -> None:
        await self._forgiving(lambda: self._redis.delete(PREFIX + key))

    async def ping(self) -> None:
        """`StoreError` when the server does not answer; an answer ends the degradation."""
        try:
            await self._ask(self._redis.ping)
        except FAILURES as error:
            raise StoreError(
                f"the cache cannot be reached: {error}; start it or correct store.cache"
            ) from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _forgiving(self, question: Callable[[], Awaitable[T]]) -> T | None:
        if self._retry_at is not None and self._clock.monotonic() < self._retry_at:
            return None
        try:
            return await self._ask(question)
        except FAILURES:
            return None

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        # Set before asking: of many callers at once only the first waits for a dead server.
        if self._retry_at is not None:
            self._retry_at = self._clock.monotonic() + RETRY_S
        try:
            answer = await question()
        except FAILURES:
            self._retry_at = self._clock.monotonic() + RETRY_S
            raise
        self._retry_at = None
        return answer


def _connect(url: str) -> Redis:
    speaks = "redis" + url.removeprefix("valkey") if url.startswith("valkey:") else url
    try:
        return Redis.from_url(
            speaks,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        where = without_password(url)
        raise SettingsError(f"store.cache {where!r} is not a cache's URL: {error}") from None
