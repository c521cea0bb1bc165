"""Sealed bytes by tenant and unit, each with an end: what the vault keeps. This room cannot read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, select

from arriero.core.clock import Clock, SystemClock
from arriero.store.ledger import SqlLedger
from arriero.store.schema import micros, vaults
from arriero.store.writes import put_sealed

Change = Callable[[bytes | None], bytes | None]


class Sealed(Protocol):
    """What is over is not given any more, whether it was swept or not. `StoreError` when the store fails."""

    async def get(self, tenant: str, unit: str) -> bytes | None: ...

    async def change(self, tenant: str, unit: str, change: Change, *, until: datetime) -> bool:
        """Put what `change` makes of what is there, which nobody else changes meanwhile.

        False, and everything as it was, when `change` gives None.
        """

    async def delete(self, tenant: str, unit: str) -> bool:
        """Whether there was something."""

    async def units(self, tenant: str) -> Sequence[str]: ...

    async def expire(self) -> int:
        """Sweep out what is over; how many units that were."""


@dataclass(slots=True)
class MemorySealed:
    """A fake that ships."""

    clock: Clock = field(default_factory=SystemClock)
    _kept: dict[tuple[str, str], tuple[bytes, datetime]] = field(default_factory=dict)

    async def get(self, tenant: str, unit: str) -> bytes | None:
        sealed, until = self._kept.get((tenant, unit), (None, None))
        return sealed if until is not None and until > self.clock.now() else None

    async def change(self, tenant: str, unit: str, change: Change, *, until: datetime) -> bool:
        new = change(await self.get(tenant, unit))
        if new is None:
            return False
        self._kept[tenant, unit] = new, until
        return True

    async def delete(self, tenant: str, unit: str) -> bool:
        return self._kept.pop((tenant, unit), None) is not None

    async def units(self, tenant: str) -> Sequence[str]:
        now = self.clock.now()
        return sorted(
            key[1] for key, (_, until) in self._kept.items() if key[0] == tenant and until > now
        )

    async def expire(self) -> int:
        now = self.clock.now()
        over = [key for key, (_, until) in self._kept.items() if until <= now]
        for key in over:
            del self._kept[key]
        return len(over)


class SqlSealed:
    """In the ledger's database, changed inside the writing transaction that all processes share."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self._put = put_sealed(ledger.dialect)

    async def get(self, tenant: str, unit: str) -> bytes | None:
        now = self._now()
        return await self._ledger.glance(lambda connection: _get(connection, tenant, unit, now))

    async def change(self, tenant: str, unit: str, change: Change, *, until: datetime) -> bool:
        now = self._now()

        def work(connection: Connection) -> bool:
            new = change(_get(connection, tenant, unit, now))
            if new is None:
                return False
            row = {"tenant": tenant, "unit": unit, "sealed": new, "until": micros(until)}
            connection.execute(self._put, row)
            return True

        return bool(await self._ledger.write(work))

    async def delete(self, tenant: str, unit: str) -> bool:
        statement = delete(vaults).where(vaults.c.tenant == tenant, vaults.c.unit == unit)
        return bool(
            await self._ledger.write(lambda connection: connection.execute(statement).rowcount)
        )

    async def units(self, tenant: str) -> Sequence[str]:
        query = select(vaults.c.unit).where(vaults.c.tenant == tenant, vaults.c.until > self._now())
        found = await self._ledger.read(
            lambda connection: connection.execute(query).scalars().all()
        )
        return sorted(found)

    async def expire(self) -> int:
        statement = delete(vaults).where(vaults.c.until <= self._now())
        return int(
            await self._ledger.write(lambda connection: connection.execute(statement).rowcount)
        )

    def _now(self) -> int:
        return micros(self._ledger.clock.now())


_ONE = select(vaults.c.sealed).where(
    vaults.c.tenant == bindparam("of_tenant"),
    vaults.c.unit == bindparam("of_unit"),
    vaults.c.until > bindparam("now"),
)


def _get(connection: Connection, tenant: str, unit: str, now: int) -> bytes | None:
    key = {"of_tenant": tenant, "of_unit": unit, "now": now}
    sealed: bytes | None = connection.execute(_ONE, key).scalar()
    return None if sealed is None else bytes(sealed)
