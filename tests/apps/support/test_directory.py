"""What every customer directory promises, asked of both that ship; then what only a file can do."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from arriero.apps.support.directory import (
    Customer,
    CustomerDirectory,
    Item,
    MemoryDirectory,
    Order,
    OrderStatus,
    RefundStatus,
    Segment,
    SqliteDirectory,
)
from arriero.core.errors import StoreError

ANNA = Customer(
    id="c-1",
    first_name="Anna",
    last_name="Gruber",
    email="anna@example.org",
    phone="+43 000 1",
    street="Birkenweg 3",
    city="Graz",
    country="AT",
    language="de",
    segment=Segment.CLUB,
    since=date(2020, 2, 29),
    points=430,
)


def order(id: str, customer_id: str, placed_on: date) -> Order:
    return Order(
        id=id,
        customer_id=customer_id,
        status=OrderStatus.RETURNED,
        placed_on=placed_on,
        shipped_on=placed_on,
        expected_on=None,
        delivered_on=None,
        carrier="Tambo Parcel",
        tracking="TP1",
        items=(
            Item("TN-102", "Salar 2 tent", 1, Decimal("289.00")),
            Item("CA-103", "Boot wax 100 ml", 2, Decimal("9.90")),
        ),
        total=Decimal("308.80"),
        refund_amount=Decimal("289.00"),
        refund_status=RefundStatus.PENDING,
        refund_on=date(2026, 6, 20),
    )


OLD = order("10003", "c-1", date(2026, 5, 1))
NEW = order("10001", "c-1", date(2026, 6, 1))
SAME_DAY = order("10002", "c-1", date(2026, 6, 1))
STRANGERS = order("10004", "c-2", date(2026, 6, 2))
BEN = replace(ANNA, id="c-2")
PEOPLE, ORDERS = (ANNA, BEN), (OLD, NEW, SAME_DAY, STRANGERS)


@pytest.fixture(params=["memory", "sqlite"])
async def directory(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[CustomerDirectory]:
    made: CustomerDirectory = MemoryDirectory(PEOPLE, ORDERS)
    if request.param == "sqlite":
        made = SqliteDirectory.create(tmp_path / "shop.db", PEOPLE, ORDERS)
    yield made
    await made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder #1" / "shop.db"


async def test_a_customer_comes_back_as_written(directory: CustomerDirectory) -> None:
    assert await directory.customer("c-1") == ANNA


async def test_an_unknown_customer_is_none(directory: CustomerDirectory) -> None:
    assert await directory.customer("c-9") is None


async def test_an_order_comes_back_with_its_items(directory: CustomerDirectory) -> None:
    assert await directory.order("c-1", "10003") == OLD


async def test_the_order_of_somebody_else_is_none(directory: CustomerDirectory) -> None:
    assert await directory.order("c-1", STRANGERS.id) is None


async def test_an_unknown_order_is_none(directory: CustomerDirectory) -> None:
    assert await directory.order("c-1", "99999") is None


async def test_orders_come_newest_first(directory: CustomerDirectory) -> None:
    assert tuple(await directory.orders("c-1")) == (SAME_DAY, NEW, OLD)


async def test_orders_stop_at_the_limit(directory: CustomerDirectory) -> None:
    assert tuple(await directory.orders("c-1", limit=1)) == (SAME_DAY,)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_gives_nothing(directory: CustomerDirectory, limit: int) -> None:
    assert tuple(await directory.orders("c-1", limit=limit)) == ()


async def test_a_stranger_has_no_orders(directory: CustomerDirectory) -> None:
    assert tuple(await directory.orders("c-9")) == ()


async def test_an_id_is_data_and_never_sql(directory: CustomerDirectory) -> None:
    assert await directory.order("c-1' or '1'='1", "10003") is None


async def test_a_good_directory_answers_the_ping(directory: CustomerDirectory) -> None:
    await directory.ping()


async def test_an_external_update_shows_in_the_next_read(path: Path) -> None:
    directory = SqliteDirectory.create(path, PEOPLE, ORDERS)
    assert await directory.order("c-1", "10003") == OLD
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("update orders set status = 'delivered' where id = '10003'")
    found = await directory.order("c-1", "10003")
    assert found is not None
    assert found.status is OrderStatus.DELIVERED


async def test_a_read_goes_on_while_the_shop_writes(path: Path) -> None:
    directory = SqliteDirectory.create(path, PEOPLE, ORDERS)
    with closing(sqlite3.connect(path, isolation_level=None)) as shop:
        shop.execute("begin immediate")
        shop.execute("update orders set status = 'delivered'")
        found = await directory.order("c-1", "10003")
    assert found == OLD


async def test_a_filled_file_is_not_filled_again(path: Path) -> None:
    SqliteDirectory.create(path, PEOPLE, ORDERS)
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("update customers set points = 7 where id = 'c-1'")
    again = SqliteDirectory.create(path, PEOPLE, ORDERS)
    found = await again.customer("c-1")
    assert found is not None
    assert found.points == 7


async def test_two_starts_at_once_fill_one_file(path: Path) -> None:
    fill = [asyncio.to_thread(SqliteDirectory.create, path, PEOPLE, ORDERS) for _ in range(4)]
    await asyncio.gather(*fill)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert len(await SqliteDirectory(path).orders("c-1")) == 3


async def test_reading_changes_no_byte_of_the_file(path: Path) -> None:
    directory = SqliteDirectory.create(path, PEOPLE, ORDERS)
    before = path.read_bytes()
    await directory.orders("c-1")
    await directory.customer("c-1")
    await directory.close()
    assert path.read_bytes() == before


async def test_a_missing_file_says_what_to_check(path: Path) -> None:
    with pytest.raises(StoreError, match=r"shop\.db.*cannot be read.*check that the file exists"):
        await SqliteDirectory(path).customer("c-1")


async def test_a_missing_file_is_not_created_by_reading(path: Path) -> None:
    with pytest.raises(StoreError):
        await SqliteDirectory(path).ping()
    assert not path.exists()


async def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"not a database, only text" * 100)
    with pytest.raises(StoreError, match="not a database"):
        await SqliteDirectory(path).ping()


async def test_a_database_without_the_tables_is_a_store_error(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as other, other:
        other.execute("create table something (id text)")
    with pytest.raises(StoreError, match="no such table"):
        await SqliteDirectory(tmp_path / "shop.db").ping()


async def test_a_status_that_we_do_not_know_is_a_store_error(path: Path) -> None:
    directory = SqliteDirectory.create(path, PEOPLE, ORDERS)
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("update orders set status = 'teleported'")
    with pytest.raises(StoreError, match="teleported"):
        await directory.order("c-1", "10003")


async def test_a_folder_in_place_of_the_file_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        await SqliteDirectory.create(tmp_path, PEOPLE, ORDERS).ping()


def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(StoreError, match=r"cannot be written.*choose another path"):
        SqliteDirectory.create(tmp_path / "a file" / "shop.db", PEOPLE, ORDERS)


def test_a_fill_that_breaks_off_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(StoreError, match="UNIQUE"):
        SqliteDirectory.create(path, PEOPLE, (OLD, OLD))
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_file_without_read_rights_is_a_store_error(path: Path) -> None:
    directory = SqliteDirectory.create(path, PEOPLE, ORDERS)
    path.chmod(0)
    with pytest.raises(StoreError, match="readable"):
        await directory.ping()
