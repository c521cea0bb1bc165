"""What every cache promises: in process and in a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from arriero.store.base import Cache
from arriero.store.cache import MemoryCache, open_cache


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.service)])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    if request.param == "memory":
        made: Cache = MemoryCache()
    else:
        made = open_cache(request.getfixturevalue("valkey_url"))
    yield made
    await made.close()


async def test_what_was_put_is_there(cache: Cache) -> None:
    await cache.put("key", b"\x00\xff value", ttl_s=60)
    assert await cache.get("key") == b"\x00\xff value"


async def test_what_was_never_put_is_none(cache: Cache) -> None:
    assert await cache.get("nothing") is None


async def test_an_empty_value_is_a_value(cache: Cache) -> None:
    await cache.put("key", b"", ttl_s=60)
    assert await cache.get("key") == b""


async def test_the_last_value_counts(cache: Cache) -> None:
    await cache.put("key", b"old", ttl_s=60)
    await cache.put("key", b"new", ttl_s=60)
    assert await cache.get("key") == b"new"


async def test_a_dropped_value_is_gone(cache: Cache) -> None:
    await cache.put("key", b"value", ttl_s=60)
    await cache.drop("key")
    await cache.drop("key")
    assert await cache.get("key") is None


async def test_a_value_is_forgotten_after_its_time(cache: Cache) -> None:
    await cache.put("short", b"value", ttl_s=0.05)
    await cache.put("long", b"value", ttl_s=60)
    await asyncio.sleep(0.1)
    assert await cache.get("short") is None
    assert await cache.get("long") == b"value"


@pytest.mark.parametrize("ttl_s", [0, -1])
async def test_a_value_without_time_to_live_is_not_kept(cache: Cache, ttl_s: float) -> None:
    await cache.put("key", b"old", ttl_s=60)
    await cache.put("key", b"new", ttl_s=ttl_s)
    assert await cache.get("key") is None


async def test_any_text_is_a_key(cache: Cache) -> None:
    for key in ("", "a b\r\nc", "ñ🦙", "k" * 10_000):
        await cache.put(key, key.encode(), ttl_s=60)
        assert await cache.get(key) == key.encode()


async def test_a_reachable_cache_is_not_degraded(cache: Cache) -> None:
    await cache.ping()
    await cache.get("key")
    assert not cache.degraded
