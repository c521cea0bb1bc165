"""Customers, orders and tickets as values, and what a change does to an order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn

from arriero.core.errors import Conflict
from arriero.core.words import content_hash


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
class Untrusted:
    """Text that anybody may have written into the shop's records: it may hold instructions.

    It cannot be put into a prompt or an answer by accident: `str()` and f-strings raise. Its only
    way out is `if_clean`, past the injection scan; `raw` is for stores and for people's pages.
    """

    raw: str = ""

    def if_clean(self, flagged: Callable[[str], bool]) -> str:
        """The text, or nothing at all when the scan flags it."""
        return "" if self.raw and flagged(self.raw) else self.raw

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __str__(self) -> NoReturn:
        raise TypeError(
            "this text is untrusted: use if_clean(scan), or raw where no model reads it"
        )


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
    the refund was paid, or, while it is `pending`, the day by which it will be, if that is known.
    `street` and `city` say where it goes; empty, it goes to the customer's own address. `note` is
    what the customer or the warehouse wrote on the order.
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
    street: str = ""
    city: str = ""
    note: Untrusted = Untrusted()


@dataclass(frozen=True, slots=True)
class Ticket:
    """An earlier matter of the customer with the service. `status` is open or closed."""

    id: str
    customer_id: str
    opened_on: date
    status: str
    intent: str
    subject: Untrusted


@dataclass(frozen=True, slots=True)
class History:
    """A customer's purchases, added up; `spent` in EUR without cancelled orders and refunds paid."""

    orders: int
    cancelled: int
    returned: int
    spent: Decimal
    last_on: date | None

    @classmethod
    def of(cls, orders: Sequence[Order]) -> History:
        return cls(
            orders=len(orders),
            cancelled=sum(one.status is OrderStatus.CANCELLED for one in orders),
            returned=sum(one.status is OrderStatus.RETURNED for one in orders),
            spent=sum((_kept(one) for one in orders), Decimal("0.00")),
            last_on=max((one.placed_on for one in orders), default=None),
        )


def _kept(order: Order) -> Decimal:
    if order.status is OrderStatus.CANCELLED:
        return Decimal("0.00")
    paid_back = order.refund_status is RefundStatus.PAID and order.refund_amount
    return order.total - (paid_back or Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class About:
    """What one inquiry needs to know, read together.

    `order` is the one asked for, if it is this customer's; `orders` and `tickets` are the newest.
    """

    customer: Customer
    order: Order | None
    orders: tuple[Order, ...]
    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Cancel an order that is still in the state `expected`; `refund` EUR are due by `due`."""

    customer_id: str
    order_id: str
    expected: OrderStatus
    refund: Decimal | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Pay `amount` EUR back, by `due` if the day is known."""

    customer_id: str
    order_id: str
    expected: OrderStatus
    amount: Decimal
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Redirection:
    """Send an order to another address in the same country."""

    customer_id: str
    order_id: str
    expected: OrderStatus
    street: str
    city: str


Change = Cancellation | Refund | Redirection


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a change left behind: asking for it again with the same key gives the same receipt."""

    key: str
    kind: str
    order_id: str
    status: OrderStatus
    refund_status: RefundStatus


def kind_of(change: Change) -> str:
    """The tool's name in actions, policies and stores."""
    match change:
        case Cancellation():
            return "cancel_order"
        case Refund():
            return "refund"
        case Redirection():
            return "change_address"


def fingerprint(change: Change) -> str:
    """By which a directory tells that a key comes back with another change (hexadecimal SHA-256)."""
    plain = [kind_of(change), *(str(getattr(change, name)) for name in type(change).__slots__)]
    return content_hash(plain)


def changed(order: Order | None, change: Change) -> Order:
    """The order as the change leaves it. What the shop does not allow on paper belongs in a policy;
    this only refuses what would be wrong in any shop.

    Raises:
        Conflict: there is no such order of this customer, it is in another state than expected, or
            money is already on its way back.
    """
    if order is None or order.customer_id != change.customer_id:
        raise Conflict(f"customer {change.customer_id!r} has no order {change.order_id!r}")
    if order.status is not change.expected:
        raise Conflict(
            f"order {order.id} is {order.status.value} and no longer {change.expected.value}; "
            "look at it again before changing it"
        )
    match change:
        case Cancellation():
            cancelled = replace(order, status=OrderStatus.CANCELLED)
            return (
                cancelled if change.refund is None else _owing(cancelled, change.refund, change.due)
            )
        case Refund():
            return _owing(order, change.amount, change.due)
        case Redirection():
            return replace(order, street=change.street, city=change.city)


def _owing(order: Order, amount: Decimal, due: date | None) -> Order:
    if order.refund_status is not RefundStatus.NONE:
        raise Conflict(f"the refund of order {order.id} is already {order.refund_status.value}")
    if not 0 < amount <= order.total:
        raise Conflict(
            f"{amount} EUR cannot be paid back for order {order.id} over {order.total} EUR"
        )
    pending = RefundStatus.PENDING
    return replace(order, refund_amount=amount, refund_status=pending, refund_on=due)


def receipt_of(key: str, change: Change, order: Order) -> Receipt:
    """The receipt of a change that left the order like this."""
    return Receipt(key, kind_of(change), order.id, order.status, order.refund_status)
