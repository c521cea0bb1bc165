"""The audit log in the ledger's database: leaves as a Merkle tree, its stored subtrees, its signed heads.

This room keeps heads and cannot sign them: who may, and what a receipt says, is `security/audit`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Connection, Executable, RowMapping, bindparam, func, select

from arriero.core.errors import StoreError
from arriero.core.merkle import HEIGHT, WIDTH, Tree, fold
from arriero.store import values
from arriero.store.base import Leaf
from arriero.store.ledger import SqlLedger
from arriero.store.schema import audit, audit_heads, audit_nodes, micros, moment
from arriero.store.writes import INSERTS

AT_ONCE = 1_000  # leaves asked for by number in one statement
GROW_AT_ONCE = 64  # tiles in one transaction: the writer is held for some 20 ms


@dataclass(frozen=True, slots=True)
class Head:
    """What the log was when it had `size` leaves; `signature` is Ed25519 over the rest, hexadecimal."""

    size: int
    root: str
    at: datetime
    public_key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf and what proves its place under a root."""

    leaf: Leaf
    path: tuple[bytes, ...]


class AuditStore(Protocol):
    """Reads and grows the tree. Everything raises `StoreError` when the store cannot be reached."""

    async def size(self) -> int:
        """How many leaves there are."""

    async def grow(self) -> int:
        """Store the subtrees that have become complete; the number of leaves meanwhile."""

    async def root(self, size: int) -> bytes:
        """The root over the first `size` leaves, whose subtrees have to be stored (`grow`)."""

    async def consistency(self, earlier: int, size: int) -> tuple[bytes, ...]:
        """The proof that the tree of `earlier` leaves is the beginning of the one of `size`."""

    async def place(self, seqs: Sequence[int], size: int) -> Sequence[Placed]:
        """The leaves numbered `seqs` (from 1), each with its path under the root of `size`."""

    async def about(self, tenant: str, subject: str) -> Sequence[int]:
        """The numbers of the leaves about `subject`, oldest first."""

    async def between(self, tenant: str, since: datetime, until: datetime) -> Sequence[int]:
        """The numbers of the tenant's leaves dated from `since` up to, not including, `until`."""

    async def head(self) -> Head | None:
        """The newest signed head."""

    async def keep(self, head: Head) -> None:
        """Keep a signed head; one of this size that is there stays."""


class SqlAudit:
    """In the ledger's database."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self._put_node = INSERTS[ledger.dialect](audit_nodes).on_conflict_do_nothing()
        self._put_head = INSERTS[ledger.dialect](audit_heads).on_conflict_do_nothing()
        self._whole: dict[tuple[int, int], list[bytes]] = {}  # a complete tile never changes

    async def size(self) -> int:
        return await self._ledger.glance(_size)

    async def grow(self) -> int:
        while missing := await self._ledger.read(_missing):
            await self._ledger.write(partial(_put, statement=self._put_node, rows=missing))
        return await self.size()

    async def root(self, size: int) -> bytes:
        return await self._ledger.read(
            lambda connection: _tree(connection, size, self._whole).root()
        )

    async def consistency(self, earlier: int, size: int) -> tuple[bytes, ...]:
        return await self._ledger.read(
            lambda connection: _tree(connection, size, self._whole).consistency(earlier)
        )

    async def place(self, seqs: Sequence[int], size: int) -> Sequence[Placed]:
        def read(connection: Connection) -> list[Placed]:
            tree, placed = _tree(connection, size, self._whole), list[Placed]()
            for start in range(0, len(seqs), AT_ONCE):
                asked = {"seqs": list(seqs[start : start + AT_ONCE])}
                for row in connection.execute(_LEAVES, asked).mappings():
                    leaf = values.to_leaf(row)
                    placed.append(Placed(leaf, tree.inclusion(leaf.seq - 1)))
            return placed

        return await self._ledger.read(read)

    async def about(self, tenant: str, subject: str) -> Sequence[int]:
        query = select(audit.c.seq).where(
            audit.c.subject == subject, audit.c.tenant.in_((tenant, ""))
        )
        return await self._ledger.read(
            lambda connection: list(connection.execute(query.order_by(audit.c.seq)).scalars())
        )

    async def between(self, tenant: str, since: datetime, until: datetime) -> Sequence[int]:
        at = audit.c.at
        query = select(audit.c.seq).where(
            at >= micros(since), at < micros(until), audit.c.tenant.in_((tenant, ""))
        )
        return await self._ledger.read(
            lambda connection: list(connection.execute(query.order_by(audit.c.seq)).scalars())
        )

    async def head(self) -> Head | None:
        query = select(audit_heads).order_by(audit_heads.c.size.desc()).limit(1)

        def read(connection: Connection) -> Head | None:
            row = connection.execute(query).mappings().first()
            return to_head(row) if row else None

        return await self._ledger.read(read)

    async def keep(self, head: Head) -> None:
        row = {
            "tenant": "",
            "size": head.size,
            "root": head.root,
            "at": micros(head.at),
            "public_key": head.public_key,
            "signature": head.signature,
        }
        await self._ledger.write(lambda connection: connection.execute(self._put_head, row))


def _put(connection: Connection, statement: Executable, rows: list[dict[str, object]]) -> None:
    connection.execute(statement, rows)


def to_head(row: RowMapping) -> Head:
    """The `Head` in a row of the ledger."""
    at = moment(row["at"])
    return Head(row["size"], row["root"], at, row["public_key"], row["signature"])


def _size(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(audit.c.seq), 0))).scalar_one())


_LEAVES = (
    select(audit).where(audit.c.seq.in_(bindparam("seqs", expanding=True))).order_by(audit.c.seq)
)
_DIGESTS = (
    select(audit.c.digest)
    .where(audit.c.seq > bindparam("after"), audit.c.seq <= bindparam("last"))
    .order_by(audit.c.seq)
)
_NODES = (
    select(audit_nodes.c.hash)
    .where(
        audit_nodes.c.height == bindparam("of_height"),
        audit_nodes.c.place >= bindparam("first"),
        audit_nodes.c.place < bindparam("end"),
    )
    .order_by(audit_nodes.c.place)
)


def _tile(connection: Connection, height: int, index: int) -> list[bytes]:
    first = index * WIDTH
    if height == 0:
        told = connection.execute(_DIGESTS, {"after": first, "last": first + WIDTH}).scalars()
        return [bytes.fromhex(digest) for digest in told]
    asked = {"of_height": height, "first": first, "end": first + WIDTH}
    return [bytes(found) for found in connection.execute(_NODES, asked).scalars()]


def _tree(connection: Connection, size: int, whole: dict[tuple[int, int], list[bytes]]) -> Tree:
    read: dict[tuple[int, int], list[bytes]] = {}

    def tile(height: int, index: int) -> list[bytes]:
        place = (height, index)
        if place in whole:
            return whole[place]
        if place not in read:
            read[place] = _tile(connection, height, index)
            if height and len(read[place]) == WIDTH:  # one for 65,536 leaves: they are few
                whole[place] = read[place]
        return read[place]

    if size > (there := _size(connection)):
        raise StoreError(f"the audit log has {there} leaves, not {size}; restore it from a backup")
    return Tree(size, tile)


def _missing(connection: Connection) -> list[dict[str, object]]:
    """Rows of subtrees that are complete and not stored yet, lowest first, so many at once."""
    size, rows = _size(connection), list[dict[str, object]]()
    height, below = HEIGHT, size
    while below := below // WIDTH:
        stored = connection.execute(
            select(func.count()).where(audit_nodes.c.height == height)
        ).scalar_one()
        for place in range(stored, min(below, stored + GROW_AT_ONCE)):
            tile = _tile(connection, height - HEIGHT, place)
            if len(tile) < WIDTH:  # the level below has to be stored first
                break
            rows.append({"tenant": "", "height": height, "place": place, "hash": fold(tile)})
        if rows:
            return rows
        height += HEIGHT
    return rows
