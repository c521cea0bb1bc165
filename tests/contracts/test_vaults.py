"""What every vault promises: stable placeholders, no plain bytes, an end, one winner of a race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import StoreError
from arriero.security.masking import Vault
from arriero.security.vault import KEEP_FOR, SealedVaults, Sealer, Vaults
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from arriero.store.sealed import MemorySealed, Sealed, SqlSealed

PLACE = ("acme", "talk-1")


@dataclass
class House:
    """Vaults, and what they stand on."""

    vaults: Vaults
    sealed: Sealed
    clock: HeldClock


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    clock = HeldClock(datetime(2026, 6, 15, 9, tzinfo=UTC))
    if request.param == "memory":
        memory = MemorySealed(clock)
        yield House(SealedVaults(memory, Sealer.fresh(), clock), memory, clock)
        return
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else sqlite_url(tmp_path / "l.db")
    ledger = open_ledger(url, clock=clock)
    sealed = SqlSealed(ledger)
    yield House(SealedVaults(sealed, Sealer.fresh(), clock), sealed, clock)
    await ledger.close()


async def test_what_is_kept_is_opened_again_and_only_there(house: House) -> None:
    assert await house.vaults.keep(*PLACE, Vault({"<EMAIL_1>": "a@b.org"}))
    assert (await house.vaults.open(*PLACE)).values == {"<EMAIL_1>": "a@b.org"}
    assert (await house.vaults.open("umbrella", "talk-1")).values == {}
    assert (await house.vaults.open("acme", "talk-2")).values == {}


async def test_a_value_keeps_its_placeholder_over_a_conversation(house: House) -> None:
    first = await house.vaults.open(*PLACE)
    first.keep("EMAIL", "a@b.org")
    await house.vaults.keep(*PLACE, first)
    later = await house.vaults.open(*PLACE)
    assert later.keep("PHONE", "+49 170 1234567") == "<PHONE_2>"
    assert later.keep("EMAIL", "a@b.org") == "<EMAIL_1>"


async def test_nothing_of_it_can_be_read_without_the_key(house: House) -> None:
    await house.vaults.keep(*PLACE, Vault({"<EMAIL_1>": "a@b.org"}))
    sealed = await house.sealed.get(*PLACE)
    assert sealed is not None
    assert b"b.org" not in sealed
    with pytest.raises(StoreError, match="does not open with this key"):
        await SealedVaults(house.sealed, Sealer.fresh(), house.clock).open(*PLACE)


async def test_sealed_bytes_of_another_conversation_are_refused(house: House) -> None:
    await house.vaults.keep(*PLACE, Vault({"<EMAIL_1>": "a@b.org"}))
    stolen = await house.sealed.get(*PLACE)
    until = house.clock.now() + KEEP_FOR
    await house.sealed.change("acme", "talk-2", lambda _: stolen, until=until)
    with pytest.raises(StoreError):
        await house.vaults.open("acme", "talk-2")


async def test_of_two_messages_at_once_the_second_opens_again(house: House) -> None:
    one, two = await house.vaults.open(*PLACE), await house.vaults.open(*PLACE)
    one.keep("EMAIL", "a@b.org")
    two.keep("EMAIL", "c@d.org")
    assert await house.vaults.keep(*PLACE, one)
    assert not await house.vaults.keep(*PLACE, two)
    assert (await house.vaults.open(*PLACE)).values == {"<EMAIL_1>": "a@b.org"}


async def test_many_at_once_never_share_a_placeholder(house: House) -> None:
    async def one(value: str) -> None:
        while True:
            vault = await house.vaults.open(*PLACE)
            vault.keep("EMAIL", value)
            if await house.vaults.keep(*PLACE, vault):
                return

    values = [f"u{number}@b.org" for number in range(6)]
    await asyncio.gather(*(one(value) for value in values))
    assert sorted((await house.vaults.open(*PLACE)).values.values()) == values


async def test_a_vault_ends_after_its_time_and_is_swept_out(house: House) -> None:
    await house.vaults.keep(*PLACE, Vault({"<EMAIL_1>": "a@b.org"}))
    house.clock.advance(KEEP_FOR.total_seconds() - 1)
    assert (await house.vaults.open(*PLACE)).values
    assert await house.vaults.expire() == 0
    house.clock.advance(1)
    assert not (await house.vaults.open(*PLACE)).values
    assert await house.vaults.expire() == 1


async def test_keeping_more_gives_it_its_whole_time_again(house: House) -> None:
    vault = Vault({"<EMAIL_1>": "a@b.org"})
    await house.vaults.keep(*PLACE, vault)
    house.clock.advance(timedelta(days=20).total_seconds())
    await house.vaults.keep(*PLACE, vault)
    house.clock.advance(timedelta(days=20).total_seconds())
    assert (await house.vaults.open(*PLACE)).values


async def test_a_forgotten_vault_is_gone(house: House) -> None:
    await house.vaults.keep(*PLACE, Vault({"<EMAIL_1>": "a@b.org"}))
    assert await house.vaults.forget(*PLACE)
    assert not await house.vaults.forget(*PLACE)
    assert (await house.vaults.open(*PLACE)).values == {}


async def test_a_forgotten_value_leaves_others_and_its_placeholder_to_nobody(house: House) -> None:
    kept = {"<PERSON_1>": "Ilka Szabo", "<EMAIL_2>": "c@d.org"}
    await house.vaults.keep(*PLACE, Vault(kept))
    assert await house.vaults.forget_values("acme", ["ilka  SZABO"]) == 1
    vault = await house.vaults.open(*PLACE)
    assert vault.restore("<PERSON_1> wrote <EMAIL_2>") == "<PERSON_1> wrote c@d.org"
    assert vault.keep("PERSON", "Somebody Else") == "<PERSON_3>"
