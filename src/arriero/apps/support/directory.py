"""The customer directory: what the shop knows of customers and orders, and how an order is changed.

`MemoryDirectory` holds generated data, `SqliteDirectory` uses a file that another system may update,
`directory_http.HttpDirectory` asks the company's own service. A change is asked for only by an
action that was decided on (`tools`); a directory performs it once for each key.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import astuple, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from arriero.apps.support.orders import (
    About,
    Cancellation,
    Change,
    Customer,
    History,
    Item,
    Order,
    OrderStatus,
    Receipt,
    Redirection,
    Refund,
    RefundStatus,
    Segment,
    Ticket,
    Untrusted,
    changed,
    fingerprint,
    kind_of,
    receipt_of,
)
from arriero.core.errors import Conflict, StoreError

__all__ = [
    "About",
    "Customer",
    "CustomerDirectory",
    "Item",
    "MemoryDirectory",
    "Order",
    "OrderStatus",
    "RefundStatus",
    "Segment",
    "SqliteDirectory",
    "Ticket",
]

READ_WITHIN_S = 1.0  # a customer is answered without the directory rather than kept waiting
WRITE_WITHIN_S = 4.0  # below the 5 s that the flow gives an action; the outbox tries again
EVERYTHING = 10_000  # orders that a purchase history adds up

T = TypeVar("T")
_Row = tuple[str | int | None, ...]


class CustomerDirectory(Protocol):
    """Looks up customers and their orders, and changes an order.

    Every method raises `StoreError`, within `READ_WITHIN_S` or `WRITE_WITHIN_S` seconds, when the
    store cannot be reached.
    """

    async def about(
        self,
        customer_id: str,
        order_id: str | None = None,
        recent: int = 5,
        who: Customer | None = None,
    ) -> About | None:
        """What one inquiry needs, in one go: the customer, the order if it is theirs, and their
        `recent` newest orders and tickets. None for a stranger. A customer who is given as `who`
        is not read again.
        """
        ...

    async def customer(self, id: str) -> Customer | None:
        """The customer, or None if there is none with this id."""
        ...

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        """At most `limit` orders of this customer, newest first; empty for a stranger."""
        ...

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        """The order if it belongs to this customer; somebody else's order is None."""
        ...

    async def tickets(self, customer_id: str, limit: int = 5) -> Sequence[Ticket]:
        """At most `limit` tickets of this customer, newest first."""
        ...

    async def history(self, customer_id: str) -> History:
        """The customer's purchases added up; all zero for a stranger."""
        ...

    async def cancel_order(self, key: str, change: Cancellation) -> Receipt:
        """Cancels the order, once for each `key` (the same key gives the same receipt again).

        Raises:
            Conflict: the order is in another state than expected, is not this customer's, or the
                key was used for another change. Nothing was changed.
        """
        ...

    async def request_refund(self, key: str, change: Refund) -> Receipt:
        """Notes that money goes back; idempotent and raising as `cancel_order`."""
        ...

    async def change_address(self, key: str, change: Redirection) -> Receipt:
        """Sends the order elsewhere; idempotent and raising as `cancel_order`."""
        ...

    async def receipt(self, key: str) -> Receipt | None:
        """What a change with this key left behind; None if there was none."""
        ...

    async def ping(self) -> None:
        """Returns if the next read is likely to work, else raises `StoreError`."""
        ...

    async def close(self) -> None: ...


class MemoryDirectory:
    """A directory over values that are already here; nothing outlives the process."""

    def __init__(
        self,
        customers: Iterable[Customer],
        orders: Iterable[Order],
        tickets: Iterable[Ticket] = (),
    ) -> None:
        self._customers = {customer.id: customer for customer in customers}
        self._orders = {order.id: order for order in orders}
        self._by_customer: dict[str, list[str]] = {}
        for order in sorted(self._orders.values(), key=_age, reverse=True):
            self._by_customer.setdefault(order.customer_id, []).append(order.id)
        self._tickets = sorted(tickets, key=lambda one: (one.opened_on, one.id), reverse=True)
        self._applied: dict[str, tuple[str, Receipt]] = {}

    async def about(
        self,
        customer_id: str,
        order_id: str | None = None,
        recent: int = 5,
        who: Customer | None = None,
    ) -> About | None:
        customer = who or await self.customer(customer_id)
        if customer is None:
            return None
        return About(
            customer,
            await self.order(customer_id, order_id) if order_id else None,
            tuple(await self.orders(customer_id, recent)),
            tuple(await self.tickets(customer_id, recent)),
        )

    async def customer(self, id: str) -> Customer | None:
        return self._customers.get(id)

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        ids = self._by_customer.get(customer_id, [])[: max(limit, 0)]
        return tuple(self._orders[id] for id in ids)

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        order = self._orders.get(order_id)
        return order if order is not None and order.customer_id == customer_id else None

    async def tickets(self, customer_id: str, limit: int = 5) -> Sequence[Ticket]:
        mine = [ticket for ticket in self._tickets if ticket.customer_id == customer_id]
        return tuple(mine[: max(limit, 0)])

    async def history(self, customer_id: str) -> History:
        return History.of(await self.orders(customer_id, EVERYTHING))

    async def cancel_order(self, key: str, change: Cancellation) -> Receipt:
        return self._apply(key, change)

    async def request_refund(self, key: str, change: Refund) -> Receipt:
        return self._apply(key, change)

    async def change_address(self, key: str, change: Redirection) -> Receipt:
        return self._apply(key, change)

    async def receipt(self, key: str) -> Receipt | None:
        return self._applied[key][1] if key in self._applied else None

    def _apply(self, key: str, change: Change) -> Receipt:
        if key in self._applied:
            return _again(key, change, *self._applied[key])
        after = changed(self._orders.get(change.order_id), change)
        self._orders[after.id] = after
        receipt = receipt_of(key, change, after)
        self._applied[key] = (fingerprint(change), receipt)
        return receipt

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None


def _age(order: Order) -> tuple[date, str]:
    return order.placed_on, order.id


def _again(key: str, change: Change, known: str, receipt: Receipt) -> Receipt:
    """The receipt of a change that was already performed under this key."""
    if known != fingerprint(change):
        raise Conflict(f"key {key!r} was already used for another change; use a new one")
    return receipt


_SCHEMA = """
create table customers (
    id text primary key, first_name text not null, last_name text not null, email text not null,
    phone text not null, street text not null, city text not null, country text not null,
    language text not null, segment text not null, since text not null, points integer not null
) without rowid;
create table orders (
    id text primary key, customer_id text not null references customers (id), status text not null,
    placed_on text not null, shipped_on text, expected_on text, delivered_on text,
    carrier text, tracking text, total text not null,
    refund_amount text, refund_status text not null, refund_on text,
    street text not null default '', city text not null default '', note text not null default ''
) without rowid;
create index orders_of_a_customer on orders (customer_id, placed_on desc, id desc);
create table items (
    order_id text not null references orders (id), position integer not null, sku text not null,
    name text not null, quantity integer not null, price text not null,
    primary key (order_id, position)
) without rowid;
create table tickets (
    id text primary key, customer_id text not null references customers (id),
    opened_on text not null, status text not null, intent text not null, subject text not null
) without rowid;
create index tickets_of_a_customer on tickets (customer_id, opened_on desc, id desc);
"""
# Beside the shop's own tables: made by the first change, so that a file that was only read stays as it is.
_KEYS = """
create table if not exists applied (
    key text primary key, fingerprint text not null, kind text not null,
    order_id text not null, status text not null, refund_status text not null
) without rowid
"""
_ADD_CUSTOMER = "insert into customers values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_ORDER = "insert into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_ITEM = "insert into items values (?, ?, ?, ?, ?, ?)"
_ADD_TICKET = "insert into tickets values (?, ?, ?, ?, ?, ?)"

_CUSTOMER = "select * from customers where id = ?"
_ORDER = "select * from orders where customer_id = ? and id = ?"
_NEWEST = "select * from orders where customer_id = ? order by placed_on desc, id desc limit ?"
_ITEMS = "select * from items where order_id = ? order by position"
_TICKETS = "select * from tickets where customer_id = ? order by opened_on desc, id desc limit ?"
_APPLIED = "select * from applied where key = ?"
_CANCEL = (
    "update orders set status = ?, refund_amount = ?, refund_status = ?, refund_on = ? where id = ?"
)
_REFUND = "update orders set refund_amount = ?, refund_status = ?, refund_on = ? where id = ?"
_REDIRECT = "update orders set street = ?, city = ? where id = ?"


class SqliteDirectory:
    """A directory over a SQLite file: dates as ISO text, money as decimal text.

    Each read is a transaction, so an update shows in the next answer; a replaced file is opened
    anew. A file in WAL mode is read right here in the event loop: its readers wait for nobody, WAL
    does not work over a network, and a hop to a thread and back costs more than the read
    (docs/support.md has both numbers). Any other file, and every change, goes to a thread of its
    own. Only a change opens the file for writing.
    """

    def __init__(self, path: Path, *, inline: bool = True) -> None:
        self._path = path
        self._near = _File(path, wait_s=0.0) if inline else None
        self._far = _File(path, wait_s=READ_WITHIN_S)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory-reader")
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory-writer")

    @classmethod
    def create(
        cls,
        path: Path,
        customers: Iterable[Customer],
        orders: Iterable[Order],
        tickets: Iterable[Ticket] = (),
    ) -> SqliteDirectory:
        """Makes the file, whole or not at all; one that exists already stays as it is.

        Blocks (0.2 s for the sample shop): call it in a thread.
        """
        if not path.exists():
            _fill(path, tuple(customers), tuple(orders), tuple(tickets))
        return cls(path)

    async def about(
        self,
        customer_id: str,
        order_id: str | None = None,
        recent: int = 5,
        who: Customer | None = None,
    ) -> About | None:
        return await self._read(lambda db: _about(db, customer_id, order_id, max(recent, 0), who))

    async def customer(self, id: str) -> Customer | None:
        return await self._read(lambda db: _customer(db, id))

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        return await self._read(lambda db: _orders(db, customer_id, max(limit, 0)))

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        return await self._read(lambda db: _order(db, customer_id, order_id))

    async def tickets(self, customer_id: str, limit: int = 5) -> Sequence[Ticket]:
        return await self._read(lambda db: _tickets(db, customer_id, max(limit, 0)))

    async def history(self, customer_id: str) -> History:
        return await self._far_read(lambda db: History.of(_orders(db, customer_id, EVERYTHING)))

    async def cancel_order(self, key: str, change: Cancellation) -> Receipt:
        return await self._write(key, change)

    async def request_refund(self, key: str, change: Refund) -> Receipt:
        return await self._write(key, change)

    async def change_address(self, key: str, change: Redirection) -> Receipt:
        return await self._write(key, change)

    async def receipt(self, key: str) -> Receipt | None:
        return await self._far_read(lambda db: _receipt(db, key))

    async def ping(self) -> None:
        await self._read(lambda db: db.execute("select 1 from customers, orders, items limit 1"))

    async def close(self) -> None:
        if self._near is not None:
            self._near.close()
        await asyncio.get_running_loop().run_in_executor(self._reader, self._far.close)
        self._reader.shutdown()
        self._writer.shutdown()

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._near is not None:
            try:
                return self._near.read(query, only_wal=True)
            except _NotHere:
                pass
        return await self._far_read(query)

    async def _far_read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """In the thread; given up after `READ_WITHIN_S`, with what waits before it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                return await loop.run_in_executor(self._reader, self._far.read, query)
        except TimeoutError:
            raise StoreError(
                f"the customer directory {str(self._path)!r} did not answer within "
                f"{READ_WITHIN_S:g} s; check the disk and what else holds the file"
            ) from None

    async def _write(self, key: str, change: Change) -> Receipt:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, _write_change, self._path, key, change)


# A company's own file may have other types, or nothing, where the sample's has a date or an amount.
_UNREADABLE = (OSError, sqlite3.Error, ValueError, TypeError, ArithmeticError, IndexError)


class _NotHere(Exception):
    """This file is better read in a thread: it may have to wait for a writer."""


class _File:
    """A SQLite file and the connection to it; used by one thread at a time."""

    def __init__(self, path: Path, *, wait_s: float) -> None:
        self._path = path
        self._wait_s = wait_s
        self._open: tuple[int, sqlite3.Connection, bool] | None = None

    def read(self, query: Callable[[sqlite3.Connection], T], *, only_wal: bool = False) -> T:
        try:
            db, wal = self._connection()
            if only_wal and not wal:
                raise _NotHere
            db.execute("begin")  # an order and its items come from the same moment
            try:
                return query(db)
            finally:
                db.execute("rollback")
        except _UNREADABLE as error:
            self.close()
            if only_wal and getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise _NotHere from None
            raise StoreError(
                f"the customer directory {str(self._path)!r} cannot be read ({error}); "
                "check that the file exists, is readable and was not damaged"
            ) from error

    def _connection(self) -> tuple[sqlite3.Connection, bool]:
        """The open connection, or a new one when the file is another than it was; and is it in WAL?"""
        there = self._path.stat().st_ino
        if self._open is not None and self._open[0] == there:
            return self._open[1:]
        self.close()
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        db = sqlite3.connect(
            address, uri=True, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )
        self._open = (there, db, False)  # so that `close` finds it if the next line fails
        wal = db.execute("pragma journal_mode").fetchone()[0] == "wal"
        db.row_factory = sqlite3.Row
        self._open = (there, db, wal)
        return db, wal

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


def _write_change(path: Path, key: str, change: Change) -> Receipt:
    """The change and its key in one transaction, by a connection of its own: changes are rare."""
    try:
        address = f"{path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=WRITE_WITHIN_S, isolation_level=None
        )
        with closing(connection) as db:
            db.row_factory = sqlite3.Row
            db.execute("begin immediate")  # nobody changes the order between our look and our write
            try:
                receipt = _apply(db, key, change)
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")
            return receipt
    except _UNREADABLE as error:
        raise StoreError(
            f"the customer directory {str(path)!r} cannot be changed ({error}); "
            "check that the file exists and is writable, and that no other program holds it"
        ) from error


def _apply(db: sqlite3.Connection, key: str, change: Change) -> Receipt:
    db.execute(_KEYS)
    known = db.execute(_APPLIED, (key,)).fetchone()
    if known is not None:
        return _again(key, change, known["fingerprint"], _receipt_from(known))
    after = changed(_order(db, change.customer_id, change.order_id), change)
    money = tuple(map(_cell, (after.refund_amount, after.refund_status, after.refund_on)))
    match change:
        case Cancellation():
            db.execute(_CANCEL, (after.status.value, *money, after.id))
        case Refund():
            db.execute(_REFUND, (*money, after.id))
        case Redirection():
            db.execute(_REDIRECT, (after.street, after.city, after.id))
    row = (key, fingerprint(change), kind_of(change), after.id, after.status.value, money[1])
    db.execute("insert into applied values (?, ?, ?, ?, ?, ?)", row)
    return receipt_of(key, change, after)


def _receipt(db: sqlite3.Connection, key: str) -> Receipt | None:
    try:
        known = db.execute(_APPLIED, (key,)).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None  # nothing was ever changed in this file
    return None if known is None else _receipt_from(known)


def _receipt_from(row: sqlite3.Row) -> Receipt:
    return Receipt(
        key=row["key"],
        kind=row["kind"],
        order_id=row["order_id"],
        status=OrderStatus(row["status"]),
        refund_status=RefundStatus(row["refund_status"]),
    )


def _about(
    db: sqlite3.Connection,
    customer_id: str,
    order_id: str | None,
    recent: int,
    who: Customer | None,
) -> About | None:
    customer = who or _customer(db, customer_id)
    if customer is None:
        return None
    order = _order(db, customer_id, order_id) if order_id else None
    if not recent:
        return About(customer, order, (), ())
    return About(
        customer, order, _orders(db, customer_id, recent), _tickets(db, customer_id, recent)
    )


def _customer(db: sqlite3.Connection, id: str) -> Customer | None:
    row = db.execute(_CUSTOMER, (id,)).fetchone()
    if row is None:
        return None
    values: dict[str, Any] = {name: _text(row[name]) for name in Customer.__dataclass_fields__}
    values["since"] = date.fromisoformat(row["since"])
    values["segment"] = Segment(row["segment"])
    values["points"] = int(row["points"] or 0)
    return Customer(**values)


def _orders(db: sqlite3.Connection, customer_id: str, limit: int) -> tuple[Order, ...]:
    return tuple(_order_from(db, row) for row in db.execute(_NEWEST, (customer_id, limit)))


def _order(db: sqlite3.Connection, customer_id: str, order_id: str) -> Order | None:
    row = db.execute(_ORDER, (customer_id, order_id)).fetchone()
    return None if row is None else _order_from(db, row)


def _tickets(db: sqlite3.Connection, customer_id: str, limit: int) -> tuple[Ticket, ...]:
    """The newest tickets; none from a shop's own file that has no such table."""
    try:
        rows = db.execute(_TICKETS, (customer_id, limit)).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return ()
    return tuple(
        Ticket(
            id=_text(row["id"]),
            customer_id=_text(row["customer_id"]),
            opened_on=date.fromisoformat(row["opened_on"]),
            status=_text(row["status"]),
            intent=_text(row["intent"]),
            subject=Untrusted(_text(row["subject"])),
        )
        for row in rows
    )


def _order_from(db: sqlite3.Connection, row: sqlite3.Row) -> Order:
    return Order(
        id=_text(row["id"]),
        customer_id=_text(row["customer_id"]),
        status=OrderStatus(row["status"]),
        placed_on=date.fromisoformat(row["placed_on"]),
        shipped_on=_day(row["shipped_on"]),
        expected_on=_day(row["expected_on"]),
        delivered_on=_day(row["delivered_on"]),
        carrier=_text(row["carrier"]) or None,
        tracking=_text(row["tracking"]) or None,
        items=tuple(_item_from(item) for item in db.execute(_ITEMS, (row["id"],))),
        total=_amount(row["total"]),
        refund_amount=_amount(row["refund_amount"]) if _text(row["refund_amount"]) else None,
        refund_status=RefundStatus(row["refund_status"]),
        refund_on=_day(row["refund_on"]),
        street=_optional(row, "street"),
        city=_optional(row, "city"),
        note=Untrusted(_optional(row, "note")),
    )


def _optional(row: sqlite3.Row, name: str) -> str:
    """A column that a shop's own file may lack."""
    return _text(row[name]) if name in row.keys() else ""  # noqa: SIM118 - `in row` looks at values


def _item_from(row: sqlite3.Row) -> Item:
    return Item(_text(row["sku"]), _text(row["name"]), row["quantity"], _amount(row["price"]))


def _text(cell: str | float | None) -> str:
    """A cell of text: a shop's own file may have a number there, or nothing."""
    return "" if cell is None else str(cell)


def _amount(cell: str | float) -> Decimal:
    """Money, by its decimal text: of the number 289.9 itself Decimal makes 289.8999..."""
    return Decimal(str(cell))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _fill(
    path: Path,
    customers: Sequence[Customer],
    orders: Sequence[Order],
    tickets: Sequence[Ticket],
) -> None:
    """Written beside the path and then linked there: nobody ever sees half a shop."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(draft)) as db, db:
            db.execute("pragma journal_mode = wal")
            _write(db, customers, orders)
            db.executemany(_ADD_TICKET, [_ticket_row(ticket) for ticket in tickets])
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the customer directory {str(path)!r} cannot be written ({error}); "
            "check the folder's rights and free space, or choose another path"
        ) from error
    finally:
        with suppress(OSError):  # it was never made, and the error above says why
            draft.unlink()


def _write(db: sqlite3.Connection, customers: Sequence[Customer], orders: Sequence[Order]) -> None:
    db.executescript(_SCHEMA)
    db.executemany(_ADD_CUSTOMER, [_customer_row(customer) for customer in customers])
    db.executemany(_ADD_ORDER, [_order_row(order) for order in orders])
    db.executemany(_ADD_ITEM, [row for order in orders for row in _item_rows(order)])


def _customer_row(customer: Customer) -> _Row:
    return tuple(_cell(value) for value in astuple(customer))


def _order_row(order: Order) -> _Row:
    return tuple(_cell(getattr(order, one.name)) for one in fields(order) if one.name != "items")


def _ticket_row(ticket: Ticket) -> _Row:
    return tuple(_cell(getattr(ticket, one.name)) for one in fields(ticket))


def _item_rows(order: Order) -> list[_Row]:
    rows = enumerate(order.items)
    return [(order.id, n, i.sku, i.name, i.quantity, str(i.price)) for n, i in rows]


def _cell(value: object) -> str | int | None:
    if isinstance(value, Untrusted):
        return value.raw
    return value if isinstance(value, int) or value is None else str(value)
