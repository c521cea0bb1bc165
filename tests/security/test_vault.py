"""The vault's key, and masking when the vault cannot be reached."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import BaseModel

from arriero.core.errors import SettingsError, StoreError
from arriero.core.words import FreeText
from arriero.security.masking import Known, PatternMasker, Vault
from arriero.security.vault import (
    KEY_VARIABLE,
    SealedVaults,
    Sealer,
    memory_vaults,
    vault_key,
    withhold,
)
from arriero.store.sealed import MemorySealed

PLACE = ("acme", "talk-1")


class Form(BaseModel, frozen=True):
    message: FreeText


class Faster(SealedVaults):
    """Before the first keep, another message of the conversation is kept."""

    async def keep(self, tenant: str, unit: str, vault: Vault) -> bool:
        if not (await self.open(tenant, unit)).values:
            await super().keep(tenant, unit, Vault({"<EMAIL_1>": "first@b.org"}))
        return await super().keep(tenant, unit, vault)


class Down(MemorySealed):
    async def get(self, tenant: str, unit: str) -> bytes | None:
        raise StoreError("the store is down")


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = vault_key(tmp_path, {})
    assert vault_key(tmp_path, {}) == first
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600


def test_the_key_of_the_environment_counts_and_leaves_no_file(tmp_path: Path) -> None:
    given = bytes(range(32))
    environment = {KEY_VARIABLE: base64.urlsafe_b64encode(given).decode()}
    assert vault_key(tmp_path, environment) == given
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["short", "x" * 44, "ä"])
def test_a_wrong_key_says_how_to_make_a_right_one(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match="32 bytes in URL-safe base64; make one with"):
        vault_key(tmp_path, {KEY_VARIABLE: wrong})


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    vault_key(tmp_path, {})
    (tmp_path / "vault.key").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        vault_key(tmp_path, {})


def test_text_is_sealed_for_one_place() -> None:
    sealer = Sealer.fresh()
    sealed = sealer.seal_text("Ilka", "answer:1")
    assert sealer.open_text(sealed, "answer:1") == "Ilka"
    with pytest.raises(StoreError):
        sealer.open_text(sealed, "answer:2")


async def test_what_is_withheld_is_in_the_vault() -> None:
    vaults = memory_vaults()
    masked, _ = await withhold(Form(message="a@b.org"), PatternMasker(), vaults, PLACE)
    assert masked.message == "<EMAIL_1>"
    assert (await vaults.open(*PLACE)).values == {"<EMAIL_1>": "a@b.org"}


async def test_a_slower_message_is_masked_again_beside_the_faster_one() -> None:
    vaults = Faster(MemorySealed(), Sealer.fresh())
    masked, _ = await withhold(Form(message="a@b.org"), PatternMasker(), vaults, PLACE)
    assert masked.message == "<EMAIL_2>"
    assert len((await vaults.open(*PLACE)).values) == 2


async def test_a_turn_that_keeps_nothing_masks_all_the_same() -> None:
    vaults = memory_vaults()
    form = Form(message="a@b.org")
    masked, vault = await withhold(form, PatternMasker(), vaults, PLACE, keeps=False)
    assert vault.restore(masked.message) == "a@b.org"
    assert not (await vaults.open(*PLACE)).values


async def test_without_a_vault_what_is_private_is_masked_and_restored_in_this_case_alone() -> None:
    vaults = SealedVaults(Down(), Sealer.fresh())
    known = [Known("FIRST_NAME", "Ilka")]
    form = Form(message="Ilka: a@b.org")
    masked, vault = await withhold(form, PatternMasker(), vaults, PLACE, known)
    assert masked.message == "<FIRST_NAME>: <EMAIL_1>"
    assert vault.restore(masked.message) == "Ilka: a@b.org"


def test_two_processes_that_make_the_key_at_once_get_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(size: int) -> bytes:  # another process comes while the first one makes its key
        monkeypatch.undo()
        others.append(vault_key(tmp_path, {}))
        return bytes(size)

    others: list[bytes] = []
    monkeypatch.setattr("arriero.security.keyfile.secrets.token_bytes", slowly)
    assert vault_key(tmp_path, {}) == others[0] == vault_key(tmp_path, {})
    assert [file.name for file in tmp_path.iterdir()] == ["vault.key"]
