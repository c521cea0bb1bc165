"""A key is recognised by its hash alone, and forgotten when it is revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, Unauthenticated
from arriero.security.keys import REFRESH_S, Keyring, mint
from arriero.store.base import ApiKey, KeySaved
from arriero.store.fake import MemoryLedger


async def test_a_minted_key_is_recognised_and_its_secret_is_not_stored() -> None:
    clock, ledger = HeldClock(), MemoryLedger()
    secret, key = mint("backend", "acme", clock.now())
    await ledger.commit(KeySaved(key))
    identity = await Keyring(ledger, clock).identify(f"Bearer {secret}")
    assert (identity.actor, identity.tenant) == ("backend", "acme")
    assert secret not in repr(await ledger.keys())


def test_a_key_is_not_named_as_if_one_person_spoke_through_it() -> None:
    # `webshop/x` is how feedback names the person x: all that such a key sends would be one person's.
    with pytest.raises(InputError, match="'webshop/eu' has a '/'"):
        mint("webshop/eu", "acme", HeldClock().now())


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Basic YTphcnJfd3Jvbmc=",
        "Basic Oi8v/w==",
        "Bearer arr_wrong",
    ],
)
async def test_a_missing_or_wrong_key_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await Keyring(MemoryLedger(), HeldClock()).identify(header)


async def test_a_revoked_key_is_refused_after_the_refresh() -> None:
    clock, ledger = HeldClock(), MemoryLedger()
    secret, key = mint("backend", "acme", clock.now())
    await ledger.commit(KeySaved(key))
    ring = Keyring(ledger, clock)
    await ring.identify(f"Bearer {secret}")
    await ledger.commit(KeySaved(replace(key, revoked_at=clock.now())))
    clock.advance(REFRESH_S + 1)
    with pytest.raises(Unauthenticated):
        await ring.identify(f"Bearer {secret}")


async def test_a_local_key_works_without_being_in_the_ledger() -> None:
    ring = Keyring(ledger := MemoryLedger(), HeldClock())
    secret = ring.local("secret-of-this-process")
    assert (await ring.identify(f"Bearer {secret}")).actor == "cli"
    assert not await ledger.keys()


async def test_many_who_come_at_once_read_the_keys_once() -> None:
    class Counted(MemoryLedger):
        reads = 0

        async def keys(self) -> Sequence[ApiKey]:
            self.reads += 1
            await asyncio.sleep(0)
            return await super().keys()

    clock, ledger = HeldClock(), Counted()
    secret, key = mint("backend", "acme", clock.now())
    await ledger.commit(KeySaved(key))
    ring = Keyring(ledger, clock)
    for reads in (1, 2):
        told = await asyncio.gather(*(ring.identify(f"Bearer {secret}") for _ in range(20)))
        assert {one.actor for one in told} == {"backend"}
        assert ledger.reads == reads
        clock.advance(REFRESH_S + 1)
