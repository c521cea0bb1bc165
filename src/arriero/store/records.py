"""Records: an app's own state as JSON, without migrations of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select

from arriero.core.errors import InputError
from arriero.core.words import JsonValue, canonical_json
from arriero.store.ledger import SqlLedger
from arriero.store.schema import micros, records
from arriero.store.writes import put_record


class Records(Protocol):
    """JSON values of one app, by tenant, kind and id. `StoreError` when the store fails."""

    async def get(self, tenant: str, kind: str, id: str) -> JsonValue | None: ...

    async def put(self, tenant: str, kind: str, id: str, value: JsonValue) -> None:
        """Keep `value` in place of what was there; `InputError` when it is no JSON value."""

    async def list(self, tenant: str, kind: str) -> Mapping[str, JsonValue]:
        """Every value of a kind by its id, in order of the ids."""

    async def delete(self, tenant: str, kind: str, id: str) -> None:
        """Nothing happens when it is not there."""

    async def forget(self, tenant: str, of: Collection[str]) -> int:
        """Delete every record of any kind that is filed under one of `of` or names one; how many.

        A record names what stands as a whole string anywhere in its value, as its id up to a colon
        or slash (`c-0042`, `c-0042:profile`), or behind the first colon of its id or kind
        (`review:RUN`, the kind `message:CONVERSATION`).
        """


@dataclass(slots=True)
class MemoryRecords:
    """A fake that ships. Values pass through JSON, so that nobody shares them by accident."""

    _values: dict[tuple[str, str, str], str] = field(default_factory=dict)

    async def get(self, tenant: str, kind: str, id: str) -> JsonValue | None:
        text = self._values.get((tenant, kind, id))
        return None if text is None else json.loads(text)

    async def put(self, tenant: str, kind: str, id: str, value: JsonValue) -> None:
        self._values[tenant, kind, id] = _text(kind, id, value)

    async def list(self, tenant: str, kind: str) -> Mapping[str, JsonValue]:
        found = sorted(
            (key[2], text) for key, text in self._values.items() if key[:2] == (tenant, kind)
        )
        return {id: json.loads(text) for id, text in found}

    async def delete(self, tenant: str, kind: str, id: str) -> None:
        self._values.pop((tenant, kind, id), None)

    async def forget(self, tenant: str, of: Collection[str]) -> int:
        mine = [
            key
            for key, text in self._values.items()
            if key[0] == tenant and _names(key[1], key[2], text, of)
        ]
        for key in mine:
            del self._values[key]
        return len(mine)


class SqlRecords:
    """The records of `app` in the ledger's database, written by the ledger's writer."""

    def __init__(self, ledger: SqlLedger, app: str) -> None:
        self._ledger = ledger
        self._app = app
        self._put = put_record(ledger.dialect)

    async def get(self, tenant: str, kind: str, id: str) -> JsonValue | None:
        key = {"of_tenant": tenant, "of_app": self._app, "of_kind": kind, "of_id": id}
        text = await self._ledger.glance(lambda connection: connection.execute(_ONE, key).scalar())
        return None if text is None else json.loads(text)

    async def put(self, tenant: str, kind: str, id: str, value: JsonValue) -> None:
        row = {
            "tenant": tenant,
            "app": self._app,
            "kind": kind,
            "id": id,
            "value": _text(kind, id, value),
            "updated_at": micros(self._ledger.clock.now()),
        }
        await self._ledger.write(lambda connection: _run(connection, self._put, row))

    async def list(self, tenant: str, kind: str) -> Mapping[str, JsonValue]:
        key = {"of_tenant": tenant, "of_app": self._app, "of_kind": kind}
        found = await self._ledger.read(lambda connection: connection.execute(_ALL, key).all())
        # Sorted here: PostgreSQL orders text by its locale, SQLite by its bytes.
        return {id: json.loads(text) for id, text in sorted((id, text) for id, text in found)}

    async def delete(self, tenant: str, kind: str, id: str) -> None:
        statement = delete(records).where(*self._at(tenant, kind, id))
        await self._ledger.write(lambda connection: _run(connection, statement, {}))

    async def forget(self, tenant: str, of: Collection[str]) -> int:
        here = records.c.tenant == tenant, records.c.app == self._app
        query = select(records.c.kind, records.c.id, records.c.value).where(*here)

        def work(connection: Connection) -> int:
            rows = connection.execute(query)
            mine = [row for row in rows if _names(row.kind, row.id, row.value, of)]
            for row in mine:
                at = self._at(tenant, row.kind, row.id)
                connection.execute(delete(records).where(*at))
            return len(mine)

        return int(await self._ledger.write(work))

    def _at(self, tenant: str, kind: str, id: str) -> Sequence[ColumnElement[bool]]:
        table = records.c
        here = table.tenant == tenant, table.app == self._app, table.kind == kind
        return (*here, table.id == id)


# Made once: what is read several times a second is not to be put together each time.
_OF_KIND = (
    records.c.tenant == bindparam("of_tenant"),
    records.c.app == bindparam("of_app"),
    records.c.kind == bindparam("of_kind"),
)
_ALL = select(records.c.id, records.c.value).where(*_OF_KIND)
_ONE = select(records.c.value).where(*_OF_KIND, records.c.id == bindparam("of_id"))


def _names(kind: str, id: str, text: str, of: Collection[str]) -> bool:
    """Whether a record of this kind, with this id and JSON text, is about one of `of`."""
    behind = (name.partition(":")[2] for name in (kind, id))
    if any(name in of for name in (id, re.split(r"[:/]", id)[0], *behind)):
        return True
    return any(json.dumps(one, ensure_ascii=False) in text for one in of)


def _run(connection: Connection, statement: Any, row: Mapping[str, Any]) -> None:
    connection.execute(statement, row)


def _text(kind: str, id: str, value: JsonValue) -> str:
    try:
        return canonical_json(value).decode()
    except (TypeError, ValueError) as error:
        raise InputError(f"record {kind}/{id} is no JSON value: {error}") from None
