"""Reads customers.csv and orders.csv into the SQLite file that the support app looks into."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from arriero.apps.support.directory import (
    Customer,
    Item,
    Order,
    OrderStatus,
    RefundStatus,
    Segment,
    SqliteDirectory,
)


def make(folder: Path, file: Path) -> None:
    """Write `file` anew from the CSV files of `folder`."""
    file.unlink(missing_ok=True)
    SqliteDirectory.create(file, customers(folder / "customers.csv"), orders(folder / "orders.csv"))


def customers(file: Path) -> Iterator[Customer]:
    for row in rows(file):
        yield Customer(
            id=row["id"],
            first_name=row["first_name"],
            last_name=row["last_name"],
            email=row["email"],
            phone=row["phone"],
            street=row["street"],
            city=row["city"],
            country=row["country"],
            language=row["language"],
            segment=Segment(row["segment"]),
            since=date.fromisoformat(row["since"]),
            points=int(row["points"]),
        )


def orders(file: Path) -> Iterator[Order]:
    for row in rows(file):
        item = Item("-", row["item"], int(row["quantity"]), Decimal(row["price"]))
        yield Order(
            id=row["id"],
            customer_id=row["customer_id"],
            status=OrderStatus(row["status"]),
            placed_on=date.fromisoformat(row["placed_on"]),
            shipped_on=day(row["shipped_on"]),
            expected_on=day(row["expected_on"]),
            delivered_on=None,
            carrier=row["carrier"] or None,
            tracking=None,
            items=(item,),
            total=item.price * item.quantity,
            refund_amount=None,
            refund_status=RefundStatus.NONE,
            refund_on=None,
        )


def rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
