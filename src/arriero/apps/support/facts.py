"""An order's and a customer's fields as words that an answer may say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from arriero.apps.support.directory import Customer, Order, OrderStatus, RefundStatus

_OVER = {OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED}
_ABOUT_MONEY_BACK = {"refund_status", "return_status"}


def order_facts(customer: Customer, order: Order | None) -> Mapping[str, str]:
    """Names and spoken values; a fact that is not known is left out."""
    facts = {"first_name": customer.first_name, "points": str(customer.points)}
    if order is None:
        return facts
    said = {
        "order_id": order.id,
        "status": order.status.value,
        "placed_on": _day(order.placed_on),
        "shipped_on": _day(order.shipped_on),
        "expected_on": _day(order.expected_on),
        "delivered_on": _day(order.delivered_on),
        "carrier": order.carrier or "",
        "tracking": order.tracking or "",
        "total": f"{order.total:.2f} EUR",
        "items": ", ".join(item.name for item in order.items),
        "refund_amount": f"{order.refund_amount:.2f} EUR" if order.refund_amount else "",
        "refund_status": order.refund_status.value,
        "refund_on": _day(order.refund_on),
    }
    return facts | {name: value for name, value in said.items() if value}


def underway(orders: Sequence[Order], intent: str) -> Order | None:
    """The one order that a message without a number can only mean; None when there are several."""
    if intent in _ABOUT_MONEY_BACK:
        meant = [one for one in orders if one.refund_status is not RefundStatus.NONE]
    else:
        meant = [one for one in orders if one.status not in _OVER]
    candidates = meant or list(orders)
    return candidates[0] if len(candidates) == 1 else None


def _day(day: date | None) -> str:
    """12 May 2026: said the same way whatever the machine's locale."""
    if day is None:
        return ""
    months = (
        "January February March April May June July August September October November December"
    ).split()
    return f"{day.day} {months[day.month - 1]} {day.year}"
