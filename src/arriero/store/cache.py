"""The cache in process, and the table of engines that a URL chooses from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module

from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import MissingExtra, SettingsError
from arriero.store.base import Cache, without_password

MAX_BYTES = 8 * 2**20  # some 4,000 messages' labels
ENTRY_BYTES = 300
ENGINES = {
    "memory": "arriero.store.cache:MemoryCache",
    "redis": "arriero.store.redis_cache:RedisCache",
    "rediss": "arriero.store.redis_cache:RedisCache",
    "valkey": "arriero.store.redis_cache:RedisCache",
    "unix": "arriero.store.redis_cache:RedisCache",
}


def open_cache(url: str, *, clock: Clock | None = None) -> Cache:
    """The cache that `url` names: ``memory://``, ``redis://host``, ``unix:///path/socket`` ...

    It is not connected to yet: a cache that is down must not keep anybody from starting.

    Raises:
        SettingsError: the URL names no cache that Arriero knows.
        MissingExtra: the engine's package is not installed.
    """
    scheme = url.partition(":")[0]
    if scheme not in ENGINES:
        known = ", ".join(f"{name}://" for name in ENGINES)
        raise SettingsError(
            f"store.cache {without_password(url)!r} names no known cache; use one of {known}"
        )
    module, _, name = ENGINES[scheme].partition(":")
    try:
        engine: Callable[[str, Clock], Cache] = getattr(import_module(module), name).from_url
    except ModuleNotFoundError as missing:
        raise MissingExtra(str(missing.name), "redis") from None
    return engine(url, clock or SystemClock())


class MemoryCache:
    """Forgets the least recently used beyond `max_bytes` of values. In process: gone with it."""

    degraded = False

    def __init__(self, max_bytes: int = MAX_BYTES, *, clock: Clock | None = None) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clock = clock or SystemClock()
        self._items: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    @classmethod
    def from_url(cls, _url: str, clock: Clock) -> MemoryCache:
        return cls(clock=clock)

    async def get(self, key: str) -> bytes | None:
        ends, value = self._items.get(key, (0.0, None))
        if value is None:
            return None
        if self._clock.monotonic() >= ends:
            await self.drop(key)
            return None
        self._items.move_to_end(key)
        return value

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        await self.drop(key)
        if ttl_s <= 0 or _weight(key, value) > self._max_bytes:
            return
        self._items[key] = (self._clock.monotonic() + ttl_s, value)
        self._bytes += _weight(key, value)
        while self._bytes > self._max_bytes:
            old, (_, dropped) = self._items.popitem(last=False)
            self._bytes -= _weight(old, dropped)

    async def drop(self, key: str) -> None:
        _, value = self._items.pop(key, (0.0, None))
        if value is not None:
            self._bytes -= _weight(key, value)

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        self._items.clear()
        self._bytes = 0


def _weight(key: str, value: bytes) -> int:
    """What an entry costs: both texts, and Python's objects around them (measured)."""
    return len(key) + len(value) + ENTRY_BYTES
