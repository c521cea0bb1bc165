"""The vault: what was masked in a conversation, encrypted, until its time is over.

Keyed by tenant and unit (the conversation or customer), so that a value keeps its placeholder over a
conversation, and whoever may read it later can have it restored. AES-256-GCM, the place of a
vault as associated data: sealed bytes opened under another tenant or unit are refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel

from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import StoreError
from arriero.security.keyfile import KeyFile
from arriero.security.masking import Known, Masker, Vault, as_typed, mask_input
from arriero.store.sealed import MemorySealed, Sealed

KEY_VARIABLE = "ARRIERO_VAULT_KEY"
KEY_FILE = "vault.key"
KEEP_FOR = timedelta(days=30)
NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2: random, and far fewer than 2^32 seals a key
RACES = 8  # simultaneous messages of one conversation that may be faster than this one

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
log = logging.getLogger(__name__)


def vault_key(folder: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The key from `ARRIERO_VAULT_KEY`, or from `vault.key` in the data folder (see `KeyFile.secret`)."""
    return KeyFile("the vault's key", KEY_VARIABLE, KEY_FILE).secret(folder, environment)


class Sealer:
    """Seals bytes with a key; `place` says where they belong and must be the same at opening."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._names = hmac.digest(key, b"arriero: pseudonyms", "sha256")

    @classmethod
    def fresh(cls) -> Sealer:
        """With a key that nobody keeps: what it sealed ends with it."""
        return cls(AESGCM.generate_key(256))

    def seal(self, data: bytes, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed; `StoreError` with another key or place, or damaged bytes."""
        try:
            nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, text, place.encode())
        except (InvalidTag, ValueError):
            raise StoreError(
                f"what is sealed for {place.partition(':')[0]!r} does not open with this key; "
                f"restore {KEY_FILE} from a backup, or give all replicas the same {KEY_VARIABLE}"
            ) from None

    def pseudonym(self, text: str) -> str:
        """A name for `text` that only this key gives, always the same: HMAC-SHA256, 32 digits of it."""
        return hmac.new(self._names, text.encode(), hashlib.sha256).hexdigest()[:32]

    def mark(self, tenant: str) -> Callable[[str], str]:
        """How a tenant's persons and runs are named where they must not be: a salted hash."""
        return lambda name: self.pseudonym(f"{tenant} {name}")

    def seal_text(self, text: str, place: str) -> str:
        return base64.b64encode(self.seal(text.encode(), place)).decode()

    def open_text(self, sealed: str, place: str) -> str:
        try:
            return self.open(base64.b64decode(sealed), place).decode()
        except binascii.Error:
            raise StoreError(
                f"what is kept for {place.partition(':')[0]!r} is not sealed"
            ) from None


class Vaults(Protocol):
    """Vaults by tenant and unit. `StoreError` when they cannot be read or written."""

    async def open(self, tenant: str, unit: str) -> Vault:
        """A copy of what is kept; empty when nothing is."""

    async def keep(self, tenant: str, unit: str, vault: Vault) -> bool:
        """Keep `vault` for another `KEEP_FOR`, encrypted.

        False, and nothing is changed, when another run of the unit gave one of its placeholders to
        another value meanwhile: open again and mask again.
        """

    async def forget(self, tenant: str, unit: str) -> bool:
        """Whether there was something to forget."""

    async def forget_values(self, tenant: str, values: Sequence[str]) -> int:
        """Take these values (in any case) out of every vault of the tenant; how many entries."""

    async def expire(self) -> int:
        """Sweep out the vaults whose time is over; how many."""


@dataclass(frozen=True)
class SealedVaults:
    """Implements `Vaults` over sealed bytes."""

    sealed: Sealed
    sealer: Sealer
    clock: Clock = field(default_factory=SystemClock)
    keep_for: timedelta = KEEP_FOR

    async def open(self, tenant: str, unit: str) -> Vault:
        kept = await self.sealed.get(tenant, unit)
        return Vault(self._values(kept, tenant, unit))

    async def keep(self, tenant: str, unit: str, vault: Vault) -> bool:
        def merged(kept: bytes | None) -> bytes | None:
            there = self._values(kept, tenant, unit)
            if any(there.get(place, value) != value for place, value in vault.values.items()):
                return None
            return self._sealed(there | vault.values, tenant, unit)

        until = self.clock.now() + self.keep_for
        return await self.sealed.change(tenant, unit, merged, until=until)

    async def forget(self, tenant: str, unit: str) -> bool:
        return await self.sealed.delete(tenant, unit)

    async def forget_values(self, tenant: str, values: Sequence[str]) -> int:
        wanted = {_alike(value) for value in values} - {""}
        count = 0
        for unit in await self.sealed.units(tenant):
            count += await self._forget_in(tenant, unit, wanted)
        return count

    async def _forget_in(self, tenant: str, unit: str, wanted: set[str]) -> int:
        gone = 0

        def without(kept: bytes | None) -> bytes | None:
            nonlocal gone
            there = self._values(kept, tenant, unit)
            # The placeholder stays taken: given to another value, old texts would show that one.
            left = {
                place: "" if _alike(value) in wanted else value for place, value in there.items()
            }
            gone = sum(left[place] != there[place] for place in there)
            return self._sealed(left, tenant, unit) if gone else None

        until = self.clock.now() + self.keep_for
        await self.sealed.change(tenant, unit, without, until=until)
        return gone

    async def expire(self) -> int:
        return await self.sealed.expire()

    def _values(self, kept: bytes | None, tenant: str, unit: str) -> dict[str, str]:
        if kept is None:
            return {}
        values: dict[str, str] = json.loads(self.sealer.open(kept, _place(tenant, unit)))
        return values

    def _sealed(self, values: Mapping[str, str], tenant: str, unit: str) -> bytes:
        return self.sealer.seal(json.dumps(values).encode(), _place(tenant, unit))


def memory_vaults() -> Vaults:
    """Vaults in this process, gone with it: for tests, and for flows without a data folder."""
    return SealedVaults(MemorySealed(), Sealer.fresh())


async def withhold(
    value: Model,
    masker: Masker,
    vaults: Vaults,
    place: tuple[str, str],
    known: Sequence[Known] = (),
    *,
    keeps: bool = True,
    typed: bool = False,
) -> tuple[Model, Vault]:
    """`value` masked with the vault of `place` (tenant, unit), which then holds what was taken out.

    `typed`: it comes from a person, and was not masked before. Written only when something new was masked. When the vault cannot be read or written, private
    values are masked all the same, and known in this process alone until the case is told.
    """

    def mask(vault: Vault) -> Model:
        given = as_typed(value, vault) if typed and vault.values else value
        return mask_input(given, masker, vault, known)[0]

    return await _withheld(mask, vaults, place, keeps=keeps)


async def withhold_text(text: str, masker: Masker, vaults: Vaults, place: tuple[str, str]) -> str:
    """`text`, said later of what happened in `place`, masked with the same placeholders."""
    return (await _withheld(lambda vault: masker.mask(text, vault), vaults, place))[0]


async def _withheld(
    mask: Callable[[Vault], T], vaults: Vaults, place: tuple[str, str], *, keeps: bool = True
) -> tuple[T, Vault]:
    try:
        for _ in range(RACES):
            vault = await vaults.open(*place)
            before = len(vault.values)
            masked = mask(vault)
            if len(vault.values) == before or not keeps or await vaults.keep(*place, vault):
                return masked, vault
        log.warning("%d runs of one unit were faster than this one; its vault is not kept", RACES)
    except StoreError as error:
        log.warning("what is masked cannot be restored later: %s", error)
    vault = Vault()
    return mask(vault), vault


def _place(tenant: str, unit: str) -> str:
    return f"vault:{tenant}\0{unit}"


def _alike(value: str) -> str:
    return "".join(char for char in value.casefold() if char.isalnum())
