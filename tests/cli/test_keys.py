"""`arriero keys`: a key that is added works, one that is revoked does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.assembly import open_platform, open_store
from arriero.cli.keys import keys
from arriero.cli.up import _key
from arriero.core.clock import SystemClock
from arriero.core.errors import InputError, NotFound, Unauthenticated
from arriero.core.settings import Settings
from arriero.security.keys import Identity, Keyring, mint
from arriero.store.base import KeySaved

CLOSED = {name: {"enabled": False} for name in ("support", "chat", "codegen", "finance")}


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(
        keys, [*words, "--data", str(folder)], standalone_mode=False, catch_exceptions=False
    )
    if result.exception:
        raise result.exception
    return result.output


def identity(folder: Path, secret: str) -> Identity:
    async def ask() -> Identity:
        async with open_store(Settings(data=folder)) as ledger:
            return await Keyring(ledger, SystemClock()).identify(f"Bearer {secret}")

    return asyncio.run(ask())


def test_an_added_key_names_its_actor_until_it_is_revoked(tmp_path: Path) -> None:
    secret = run(tmp_path, "add", "shop-backend").strip()
    assert identity(tmp_path, secret) == Identity("default", "shop-backend")
    assert "revoked" in run(tmp_path, "revoke", "shop-backend")
    with pytest.raises(Unauthenticated):
        identity(tmp_path, secret)


def test_the_list_shows_names_and_no_secret(tmp_path: Path) -> None:
    secret = run(tmp_path, "add", "shop-backend").strip()
    told = run(tmp_path, "list")
    assert "shop-backend" in told
    assert secret not in told


def test_a_name_is_listed_as_it_is(tmp_path: Path) -> None:
    run(tmp_path, "add", "shop [prod]")
    told = run(tmp_path, "list")
    assert "shop [prod]" in told
    assert "made (UTC)" in told


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[31m"])
def test_a_name_that_says_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="names nobody"):
        run(tmp_path, "add", name)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    run(tmp_path, "add", "shop-backend")
    with pytest.raises(InputError, match="already"):
        run(tmp_path, "add", "shop-backend")


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    run(tmp_path, "add", "shop-backend")
    with pytest.raises(NotFound, match="shop-backend"):
        run(tmp_path, "revoke", "nobody")


async def test_a_new_key_of_up_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    async with open_platform(Settings(data=tmp_path, apps=CLOSED)) as platform:
        await _key(platform, new_key=False)
        _, mine = mint("key-3", "default", platform.clock.now())
        await platform.ledger.commit(KeySaved(mine))
        for _ in range(2):
            await _key(platform, new_key=True)
        names = [key.name for key in await platform.ledger.keys()]
    assert sorted(names) == ["key-1", "key-2", "key-3", "key-4"]
