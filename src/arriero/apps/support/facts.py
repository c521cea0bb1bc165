"""An order's and a customer's fields as words that an answer may say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from arriero.apps.support.orders import Customer, Order, OrderStatus, RefundStatus

_OVER = {OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED}
_ABOUT_MONEY_BACK = {"refund_status", "return_status"}


def order_facts(customer: Customer, order: Order | None) -> Mapping[str, str]:
    """Names and spoken values; a fact that is not known is left out."""
    said = {"first_name": customer.first_name, "points": str(customer.points)}
    if order is not None:
        said |= _of_order(order)
    return {name: value for name, value in said.items() if value}


def _of_order(order: Order) -> Mapping[str, str]:
    return {
        "order_id": order.id,
        "status": order.status.value,
        "placed_on": spoken_day(order.placed_on),
        "shipped_on": spoken_day(order.shipped_on),
        "expected_on": spoken_day(order.expected_on),
        "delivered_on": spoken_day(order.delivered_on),
        "carrier": order.carrier or "",
        "tracking": order.tracking or "",
        "total": spoken_money(order.total),
        "items": ", ".join(item.name for item in order.items),
        "refund_amount": spoken_money(order.refund_amount) if order.refund_amount else "",
        "refund_status": order.refund_status.value,
        "refund_on": spoken_day(order.refund_on),
    }


def meant(orders: Sequence[Order], intent: str) -> Sequence[Order]:
    """The orders that a message without a number can mean: those underway, else all."""
    if intent in _ABOUT_MONEY_BACK:
        found = [one for one in orders if one.refund_status is not RefundStatus.NONE]
    else:
        found = [one for one in orders if one.status not in _OVER]
    return found or list(orders)


def underway(orders: Sequence[Order], intent: str) -> Order | None:
    """The one order that a message without a number can only mean; None when there are several."""
    candidates = meant(orders, intent)
    return candidates[0] if len(candidates) == 1 else None


def listed(orders: Sequence[Order], intent: str, most: int = 4) -> str:
    """How each of the orders stands that may be meant, newest first, at most `most` of them."""
    return each(meant(orders, intent)[:most], money_back=intent in _ABOUT_MONEY_BACK)


def each(orders: Sequence[Order], *, money_back: bool = False) -> str:
    """How each of the orders stands; with `money_back` whether money comes back is told of all of them."""
    return "; ".join(f"{named(one)}: {_standing(one, money_back)}" for one in orders)


def _standing(order: Order, money_back: bool) -> str:
    """Delayed with Tambo Parcel (TP939171), expected on 2 June 2026"""
    parts = [order.status.value.replace("_", " ")]
    if order.status in {OrderStatus.SHIPPED, OrderStatus.DELAYED} and order.carrier:
        parts[0] += f" with {order.carrier}" + (f" ({order.tracking})" if order.tracking else "")
    if order.delivered_on:
        parts.append(f"delivered on {spoken_day(order.delivered_on)}")
        parts = parts[1:] if order.status is OrderStatus.DELIVERED else parts
    elif order.expected_on and order.status not in _OVER:
        parts.append(f"expected on {spoken_day(order.expected_on)}")
    if money_back or order.refund_status is not RefundStatus.NONE:
        parts.append(_money(order))
    return ", ".join(parts)


def _money(order: Order) -> str:
    if order.refund_status is RefundStatus.NONE or order.refund_amount is None:
        return "no refund"
    when = spoken_day(order.refund_on)
    by = "due by" if order.refund_status is RefundStatus.PENDING else "on"
    said = f"refund of {spoken_money(order.refund_amount)} {order.refund_status.value}"
    return f"{said} {by} {when}" if when else said


def spoken_money(amount: Decimal) -> str:
    """189.00 EUR"""
    return f"{amount:.2f} EUR"


def named(order: Order, items: int = 2) -> str:
    """10234 (Salar 2 tent, 289.00 EUR): how an order is named when several could be meant.

    At most `items` of its items are named; the others are counted.
    """
    names = [item.name for item in order.items[:items]]
    more = len(order.items) - len(names)
    listed = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    listed = f"{listed}, " if listed else ""
    return f"{order.id} ({listed}{spoken_money(order.total)})"


def working_days_after(day: date, count: int) -> date:
    """The day `count` (>= 0) working days, Monday to Friday, after `day`; holidays are not known."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() <= 4
    return day


def spoken_day(day: date | None) -> str:
    """12 May 2026: said the same way whatever the machine's locale."""
    if day is None:
        return ""
    months = (
        "January February March April May June July August September October November December"
    ).split()
    return f"{day.day} {months[day.month - 1]} {day.year}"
