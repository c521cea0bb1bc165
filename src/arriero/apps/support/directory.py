"""Customers and their orders: what the shop knows, and the two ways to reach it.

`MemoryDirectory` holds generated data, `SqliteDirectory` reads a file that another system may update.
A directory only reads: what changes an order is an action, decided and performed elsewhere.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from arriero.core.errors import StoreError

BUSY_TIMEOUT_S = 2.0  # a writer holds the lock for milliseconds; 2 s is support's whole time target

T = TypeVar("T")
_Row = tuple[str | int | None, ...]


class Segment(StrEnum):
    NEW = "new"
    REGULAR = "regular"
    CLUB = "club"


class OrderStatus(StrEnum):
    """Where an order stands; which dates are set follows from it (see `Order`)."""

    AWAITING_PAYMENT = "awaiting_payment"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class RefundStatus(StrEnum):
    NONE = "none"
    PENDING = "pending"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    city: str
    country: str  # ISO 3166-1 alpha-2
    language: str  # ISO 639-1
    segment: Segment
    since: date
    points: int  # Puna Club points; 0 outside the club


@dataclass(frozen=True, slots=True)
class Item:
    sku: str
    name: str
    quantity: int
    price: Decimal  # EUR for one piece


@dataclass(frozen=True, slots=True)
class Order:
    """One order, in EUR.

    `shipped_on`, `carrier` and `tracking` are set once the parcel has left. `expected_on` is the
    promised day: still ahead while `shipped`, already past when `delayed`. `refund_on` is the day
    the refund was paid, or, while it is `pending`, the day by which it will be.
    """

    id: str
    customer_id: str
    status: OrderStatus
    placed_on: date
    shipped_on: date | None
    expected_on: date | None
    delivered_on: date | None
    carrier: str | None
    tracking: str | None
    items: tuple[Item, ...]
    total: Decimal  # items and shipping
    refund_amount: Decimal | None
    refund_status: RefundStatus
    refund_on: date | None


class CustomerDirectory(Protocol):
    """Looks up customers and their orders. Raises `StoreError` when the store cannot be read."""

    async def customer(self, id: str) -> Customer | None:
        """The customer, or None if there is none with this id."""
        ...

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        """At most `limit` orders of this customer, newest first; empty for a stranger."""
        ...

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        """The order if it belongs to this customer; somebody else's order is None."""
        ...

    async def ping(self) -> None:
        """Returns if the next read is likely to work, else raises `StoreError`."""
        ...

    async def close(self) -> None: ...


class MemoryDirectory:
    """A directory over values that are already here; it never changes."""

    def __init__(self, customers: Iterable[Customer], orders: Iterable[Order]) -> None:
        self._customers = {customer.id: customer for customer in customers}
        self._orders = {order.id: order for order in orders}
        self._by_customer: dict[str, list[Order]] = {}
        for order in sorted(self._orders.values(), key=_age, reverse=True):
            self._by_customer.setdefault(order.customer_id, []).append(order)

    async def customer(self, id: str) -> Customer | None:
        return self._customers.get(id)

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        return tuple(self._by_customer.get(customer_id, [])[: max(limit, 0)])

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        order = self._orders.get(order_id)
        return order if order is not None and order.customer_id == customer_id else None

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None


def _age(order: Order) -> tuple[date, str]:
    return order.placed_on, order.id


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
    refund_amount text, refund_status text not null, refund_on text
) without rowid;
create index orders_of_a_customer on orders (customer_id, placed_on desc, id desc);
create table items (
    order_id text not null references orders (id), position integer not null, sku text not null,
    name text not null, quantity integer not null, price text not null,
    primary key (order_id, position)
) without rowid;
"""
_ADD_CUSTOMER = "insert into customers values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_ORDER = "insert into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_ITEM = "insert into items values (?, ?, ?, ?, ?, ?)"

_CUSTOMER = "select * from customers where id = ?"
_ORDER = "select * from orders where customer_id = ? and id = ?"
_NEWEST = "select * from orders where customer_id = ? order by placed_on desc, id desc limit ?"
_ITEMS = "select * from items where order_id = ? order by position"


class SqliteDirectory:
    """A directory over a SQLite file: dates as ISO text, money as decimal text.

    Reads go, one at a time, through one read-only connection in a thread of its own. Each is a
    transaction, so an update shows in the next answer; a replaced file is opened anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _File(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")

    @classmethod
    def create(
        cls, path: Path, customers: Iterable[Customer], orders: Iterable[Order]
    ) -> SqliteDirectory:
        """Makes the file, whole or not at all; one that exists already stays as it is.

        Blocks (0.2 s for the sample shop): call it in a thread.
        """
        if not path.exists():
            _fill(path, tuple(customers), tuple(orders))
        return cls(path)

    async def customer(self, id: str) -> Customer | None:
        return await self._read(lambda db: _customer(db, id))

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        return await self._read(lambda db: _orders(db, customer_id, max(limit, 0)))

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        return await self._read(lambda db: _order(db, customer_id, order_id))

    async def ping(self) -> None:
        await self._read(lambda db: db.execute("select 1 from customers, orders, items limit 1"))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._file.close)
        self._thread.shutdown()

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._file.read, query)


class _File:
    """A SQLite file and the connection to it; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: tuple[int, sqlite3.Connection] | None = None

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            db = self._connection()
            db.execute("begin")  # an order and its items come from the same moment
            try:
                return query(db)
            finally:
                db.execute("rollback")
        except (OSError, sqlite3.Error, ValueError, ArithmeticError, IndexError) as error:
            self.close()
            raise StoreError(
                f"the customer directory {str(self._path)!r} cannot be read ({error}); "
                "check that the file exists, is readable and was not damaged"
            ) from error

    def _connection(self) -> sqlite3.Connection:
        """The open connection, or a new one when the file is another than it was."""
        there = self._path.stat().st_ino
        if self._open is not None and self._open[0] == there:
            return self._open[1]
        self.close()
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        db = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        db.row_factory = sqlite3.Row
        self._open = (there, db)
        return db

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


def _customer(db: sqlite3.Connection, id: str) -> Customer | None:
    row = db.execute(_CUSTOMER, (id,)).fetchone()
    if row is None:
        return None
    values = {name: row[name] for name in Customer.__dataclass_fields__}
    since, segment = date.fromisoformat(row["since"]), Segment(row["segment"])
    return Customer(**values | {"since": since, "segment": segment})


def _orders(db: sqlite3.Connection, customer_id: str, limit: int) -> tuple[Order, ...]:
    return tuple(_order_from(db, row) for row in db.execute(_NEWEST, (customer_id, limit)))


def _order(db: sqlite3.Connection, customer_id: str, order_id: str) -> Order | None:
    row = db.execute(_ORDER, (customer_id, order_id)).fetchone()
    return None if row is None else _order_from(db, row)


def _order_from(db: sqlite3.Connection, row: sqlite3.Row) -> Order:
    amount = row["refund_amount"]
    return Order(
        id=row["id"],
        customer_id=row["customer_id"],
        status=OrderStatus(row["status"]),
        placed_on=date.fromisoformat(row["placed_on"]),
        shipped_on=_day(row["shipped_on"]),
        expected_on=_day(row["expected_on"]),
        delivered_on=_day(row["delivered_on"]),
        carrier=row["carrier"],
        tracking=row["tracking"],
        items=tuple(_item_from(item) for item in db.execute(_ITEMS, (row["id"],))),
        total=Decimal(row["total"]),
        refund_amount=None if amount is None else Decimal(amount),
        refund_status=RefundStatus(row["refund_status"]),
        refund_on=_day(row["refund_on"]),
    )


def _item_from(row: sqlite3.Row) -> Item:
    return Item(row["sku"], row["name"], row["quantity"], Decimal(row["price"]))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _fill(path: Path, customers: Sequence[Customer], orders: Sequence[Order]) -> None:
    """Written beside the path and then linked there: nobody ever sees half a shop."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(draft)) as db, db:
            db.execute("pragma journal_mode = wal")
            _write(db, customers, orders)
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
    names = (name for name in Order.__dataclass_fields__ if name != "items")
    return tuple(_cell(getattr(order, name)) for name in names)


def _item_rows(order: Order) -> list[_Row]:
    rows = enumerate(order.items)
    return [(order.id, n, i.sku, i.name, i.quantity, str(i.price)) for n, i in rows]


def _cell(value: object) -> str | int | None:
    return value if isinstance(value, int) or value is None else str(value)
