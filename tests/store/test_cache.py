"""What is particular to each cache: bounds, time, and a server that goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import MissingExtra, SettingsError, StoreError
from arriero.store.cache import ENGINES, ENTRY_BYTES, MemoryCache, open_cache
from arriero.store.ledger import open_ledger
from arriero.store.redis_cache import RETRY_S, RedisCache
from tests.engines import valkey

NOWHERE = "redis://127.0.0.1:1/0"  # nobody may listen on port 1


async def test_the_least_recently_used_is_forgotten_first() -> None:
    cache = MemoryCache(max_bytes=2 * (ENTRY_BYTES + 2))
    await cache.put("a", b"1", ttl_s=60)
    await cache.put("b", b"2", ttl_s=60)
    await cache.get("a")
    await cache.put("c", b"3", ttl_s=60)
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]


async def test_what_is_replaced_or_dropped_makes_room() -> None:
    cache = MemoryCache(max_bytes=2 * (ENTRY_BYTES + 2))
    for _ in range(5):
        await cache.put("a", b"1", ttl_s=60)
    await cache.put("b", b"2", ttl_s=60)
    await cache.drop("b")
    await cache.put("c", b"3", ttl_s=60)
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]


async def test_a_value_beyond_all_room_is_not_kept() -> None:
    cache = MemoryCache(max_bytes=1_000)
    await cache.put("a", bytes(2_000), ttl_s=60)
    assert await cache.get("a") is None


async def test_a_value_beyond_all_room_costs_no_other_its_place() -> None:
    cache = MemoryCache(max_bytes=1_000)
    await cache.put("a", b"1", ttl_s=60)
    await cache.put("b", bytes(2_000), ttl_s=60)
    assert await cache.get("a") == b"1"


async def test_time_to_live_is_the_clocks() -> None:
    clock = HeldClock()
    cache = MemoryCache(clock=clock)
    await cache.put("key", b"value", ttl_s=3_600)
    clock.advance(3_599.9)
    assert await cache.get("key") == b"value"
    clock.advance(0.1)
    assert await cache.get("key") is None


async def test_reading_does_not_lengthen_a_life() -> None:
    clock = HeldClock()
    cache = MemoryCache(clock=clock)
    await cache.put("key", b"value", ttl_s=10)
    clock.advance(9)
    await cache.get("key")
    clock.advance(1)
    assert await cache.get("key") is None


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"memcached://x.*memory://, redis://"):
        open_cache("memcached://x")


def test_a_url_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SettingsError, match="not a cache's URL"):
        open_cache("redis://127.0.0.1:port/0")


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "redis", "redis_that_is_not_installed:Cache")
    with pytest.raises(MissingExtra, match=r"pip install 'arriero\[redis\]'"):
        open_cache("redis://127.0.0.1")


async def test_an_unreachable_cache_answers_none_and_says_it_is_degraded() -> None:
    cache = open_cache(NOWHERE)
    assert await cache.get("key") is None
    await cache.put("key", b"value", ttl_s=60)
    await cache.drop("key")
    assert cache.degraded
    with pytest.raises(StoreError, match=r"start it or correct store\.cache"):
        await cache.ping()
    await cache.close()


async def test_a_dead_cache_is_asked_at_most_once_a_second() -> None:
    asked = 0

    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clock = HeldClock()
    cache = RedisCache(f"redis://127.0.0.1:{port}", clock=clock)
    await cache.get("key")
    before = asked
    for _ in range(100):
        await cache.get("key")
    assert asked == before
    clock.advance(RETRY_S)
    await asyncio.gather(*(cache.get("key") for _ in range(50)))
    assert asked == before + 1
    await cache.close()
    server.close()
    await server.wait_closed()


async def test_a_cache_that_hangs_costs_half_a_second_once() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cache = open_cache(f"redis://127.0.0.1:{port}")
    began = time.monotonic()
    for _ in range(10):
        assert await cache.get("key") is None
    assert time.monotonic() - began < 1.0
    await cache.close()
    server.close()
    await server.wait_closed()


@pytest.mark.service
async def test_a_cache_that_was_killed_recovers_by_itself() -> None:
    with valkey() as server:
        clock = HeldClock()
        cache = RedisCache(server.url, clock=clock)
        await asyncio.gather(*(cache.put(f"key-{n}", b"value", ttl_s=60) for n in range(8)))
        server.kill()
        assert await cache.get("key-0") is None
        assert cache.degraded
        server.start()
        clock.advance(RETRY_S)
        await cache.put("key", b"new", ttl_s=60)
        found = await asyncio.gather(*(cache.get("key") for _ in range(8)))
        assert found == [b"new"] * 8
        assert not cache.degraded
        await cache.close()


@pytest.mark.service
async def test_keys_stay_apart_from_other_programs_keys(valkey_url: str) -> None:
    cache = open_cache(valkey_url)
    assert isinstance(cache, RedisCache)
    await cache.put("key", b"value", ttl_s=60)
    assert await cache._redis.keys() == [b"arriero:key"]
    await cache.close()


@pytest.mark.parametrize("opened", [open_cache, open_ledger])
@pytest.mark.parametrize(
    "url", ["mysql://shop:open-sesame@host/db", "redis://shop:open-sesame@host:port/0"]
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(
    opened: Callable[[str], object], url: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        opened(url)
    assert "://shop:***@host" in caught.value.message
    assert "open-sesame" not in caught.value.message
