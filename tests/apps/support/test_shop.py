"""The sample shop: the same on every machine, and no order that contradicts its own dates."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from arriero.apps.support.articles import load
from arriero.apps.support.directory import (
    Customer,
    MemoryDirectory,
    Order,
    OrderStatus,
    RefundStatus,
    Segment,
)
from arriero.apps.support.sample.shop import CATALOGUE, customers, orders, working_days
from arriero.core.errors import InputError

DAYS = [date(2026, 1, 1) + timedelta(days=step) for step in (0, 165, 166, 167, 168, 326, 800)]
SENT = {OrderStatus.SHIPPED, OrderStatus.DELAYED, OrderStatus.DELIVERED, OrderStatus.RETURNED}
SAMPLE = Path(str(files("arriero.apps.support.sample")))


@pytest.fixture(scope="module")
def people() -> tuple[Customer, ...]:
    return customers()


@pytest.fixture(scope="module", params=DAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    day = request.param
    assert isinstance(day, date)
    return day


@pytest.fixture(scope="module")
def sold(today: date) -> tuple[Order, ...]:
    return orders(today)


def having(sold: tuple[Order, ...], *statuses: OrderStatus) -> list[Order]:
    found = [order for order in sold if order.status in statuses]
    assert found
    return found


def test_the_same_seed_gives_the_same_shop() -> None:
    assert (customers(), orders(DAYS[1])) == (customers(), orders(DAYS[1]))


def test_another_seed_gives_another_shop() -> None:
    assert customers(8) != customers()
    assert orders(DAYS[1], 8) != orders(DAYS[1])


def test_only_dates_depend_on_the_day() -> None:
    def undated(order: Order) -> Order:
        day = date.min
        return replace(
            order, placed_on=day, shipped_on=day, expected_on=day, delivered_on=day, refund_on=day
        )

    first, later = (tuple(map(undated, orders(day))) for day in (DAYS[0], DAYS[-1]))
    assert first == later


def test_there_are_500_customers_with_ids_of_their_own(people: tuple[Customer, ...]) -> None:
    assert [person.id for person in people] == [f"c-{n:04}" for n in range(1, 501)]


def test_no_two_customers_share_an_address_for_mail(people: tuple[Customer, ...]) -> None:
    emails = {person.email for person in people}
    assert len(emails) == 500
    assert all(email.isascii() and email.endswith("@example.org") for email in emails)


def test_only_club_members_have_points(people: tuple[Customer, ...]) -> None:
    assert all((person.points > 0) == (person.segment is Segment.CLUB) for person in people)


def test_there_are_2000_orders_numbered_from_10001(sold: tuple[Order, ...]) -> None:
    assert [order.id for order in sold] == [str(n) for n in range(10001, 12001)]


def test_every_order_belongs_to_a_customer(
    sold: tuple[Order, ...], people: tuple[Customer, ...]
) -> None:
    assert {order.customer_id for order in sold} <= {person.id for person in people}


def test_about_55_percent_of_the_customers_have_orders_of_several_statuses(
    sold: tuple[Order, ...],
) -> None:
    statuses = defaultdict(set)
    for order in sold:
        statuses[order.customer_id].add(order.status)
    assert 0.52 <= sum(len(found) > 1 for found in statuses.values()) / 500 <= 0.58
    assert 40 <= 500 - len(statuses) <= 90


def test_every_status_and_refund_state_occurs_often_enough(sold: tuple[Order, ...]) -> None:
    assert all(len(having(sold, status)) >= 25 for status in OrderStatus)
    assert all(sum(o.refund_status is state for o in sold) >= 50 for state in RefundStatus)


def test_an_order_that_left_has_carrier_tracking_and_a_promised_day(
    sold: tuple[Order, ...],
) -> None:
    for order in having(sold, *SENT):
        assert order.carrier
        assert order.tracking
        assert order.shipped_on
        assert order.expected_on
        assert order.placed_on <= order.shipped_on < order.expected_on


def test_tracking_numbers_are_unique_and_fit_the_carrier(sold: tuple[Order, ...]) -> None:
    sent = [(order.carrier, order.tracking or "") for order in having(sold, *SENT)]
    assert len({number for _, number in sent}) == len(sent)
    prefixes = {("Tambo Parcel", "TP"), ("Llama Express", "LE")}
    assert {(carrier, number[:2]) for carrier, number in sent} == prefixes


def test_an_order_that_has_not_left_has_none_of_these(sold: tuple[Order, ...]) -> None:
    for order in sold:
        if order.status not in SENT:
            assert (order.shipped_on, order.carrier, order.tracking) == (None, None, None)


def test_a_shipped_order_is_still_expected(sold: tuple[Order, ...], today: date) -> None:
    for order in having(sold, OrderStatus.SHIPPED):
        assert order.expected_on is not None
        assert order.shipped_on is not None
        assert order.shipped_on <= today <= order.expected_on


def test_a_delayed_order_was_expected_before_today(sold: tuple[Order, ...], today: date) -> None:
    assert all(
        order.expected_on and order.expected_on < today
        for order in having(sold, OrderStatus.DELAYED)
    )


def test_a_processed_order_leaves_in_time(sold: tuple[Order, ...], today: date) -> None:
    assert all(
        order.expected_on and order.expected_on > today
        for order in having(sold, OrderStatus.PROCESSING)
    )


def test_only_orders_that_arrived_have_a_day_of_delivery(
    sold: tuple[Order, ...], today: date
) -> None:
    for order in sold:
        arrived = order.status in {OrderStatus.DELIVERED, OrderStatus.RETURNED}
        assert (order.delivered_on is not None) == arrived
        assert order.delivered_on is None or order.delivered_on <= today


def test_no_date_of_the_past_lies_ahead(sold: tuple[Order, ...], today: date) -> None:
    assert all(order.placed_on <= (order.shipped_on or today) <= today for order in sold)


def test_nobody_ordered_before_joining(
    sold: tuple[Order, ...], people: tuple[Customer, ...]
) -> None:
    since = {person.id: person.since for person in people}
    assert [order.id for order in sold if order.placed_on < since[order.customer_id]] == []


def test_transfers_are_awaited_for_seven_days(sold: tuple[Order, ...], today: date) -> None:
    waiting = having(sold, OrderStatus.AWAITING_PAYMENT)
    assert all(today - order.placed_on < timedelta(days=7) for order in waiting)


def test_every_return_has_a_refund(sold: tuple[Order, ...]) -> None:
    assert all(o.refund_amount for o in having(sold, OrderStatus.RETURNED))


def test_only_returned_and_cancelled_orders_have_refunds(sold: tuple[Order, ...]) -> None:
    refunded = {order.status for order in sold if order.refund_status is not RefundStatus.NONE}
    assert refunded == {OrderStatus.RETURNED, OrderStatus.CANCELLED}


def test_amount_day_and_state_of_a_refund_go_together(sold: tuple[Order, ...], today: date) -> None:
    for order in sold:
        match order.refund_status:
            case RefundStatus.NONE:
                assert (order.refund_amount, order.refund_on) == (None, None)
            case RefundStatus.PENDING:
                assert order.refund_on is not None
                assert today < order.refund_on <= working_days(today, 5)
            case RefundStatus.PAID:
                assert order.refund_on is not None
                assert order.placed_on < order.refund_on <= today
        assert order.refund_amount is None or 0 < order.refund_amount <= order.total


def test_the_total_is_the_items_and_the_published_shipping(sold: tuple[Order, ...]) -> None:
    for order in sold:
        goods = sum((item.price * item.quantity for item in order.items), Decimal(0))
        standard = Decimal("0.00") if goods >= 80 else Decimal("4.90")
        assert order.total - goods in {standard, Decimal("12.90")}
        assert order.items


def test_gas_never_travels_by_express(sold: tuple[Order, ...]) -> None:
    express = [order for order in sold if order.carrier == "Llama Express"]
    assert express
    assert not [o.id for o in express if any("Gas" in item.name for item in o.items)]


def test_order_10234_is_under_way_to_c_0042_and_arrives_in_two_days(
    sold: tuple[Order, ...], today: date
) -> None:
    (order,) = [order for order in sold if order.id == "10234"]
    assert (order.customer_id, order.status) == ("c-0042", OrderStatus.SHIPPED)
    assert (order.carrier, order.tracking) == ("Tambo Parcel", "TP9391710504")
    assert order.expected_on == today + timedelta(days=2)


async def test_order_10234_is_the_newest_of_its_owner(sold: tuple[Order, ...]) -> None:
    newest = (await MemoryDirectory(customers(), sold).orders("c-0042"))[0]
    assert newest.id == "10234"


def test_the_owner_of_10234_also_waits_for_a_refund(sold: tuple[Order, ...]) -> None:
    owed = [o.id for o in sold if o.customer_id == "c-0042" and o.refund_status == "pending"]
    assert owed == ["10871"]


def test_a_day_before_the_shop_began_is_refused() -> None:
    with pytest.raises(InputError, match="2025-12-31 is before"):
        orders(date(2025, 12, 31))


def test_the_catalogue_has_about_60_products_with_their_own_numbers_and_names() -> None:
    assert 55 <= len(CATALOGUE) <= 70
    assert len({p.sku for p in CATALOGUE}) == len({p.name for p in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 6, 12), 1, date(2026, 6, 15)),
        (date(2026, 6, 13), 1, date(2026, 6, 15)),
        (date(2026, 6, 15), -1, date(2026, 6, 12)),
        (date(2026, 6, 14), 0, date(2026, 6, 12)),
        (date(2026, 6, 15), 5, date(2026, 6, 22)),
    ],
)
def test_weekends_are_no_working_days(day: date, count: int, then: date) -> None:
    assert working_days(day, count) == then


GOLDEN = [json.loads(line) for line in (SAMPLE / "golden.jsonl").read_text("utf-8").splitlines()]


def test_there_are_60_golden_questions_over_all_paths() -> None:
    assert len({row["question"] for row in GOLDEN}) == 60
    paths = {"template", "extractive", "generative", "clarify", "fallback"}
    assert {row["path"] for row in GOLDEN} == paths


def test_a_golden_article_holds_today_and_says_what_the_answer_must_contain() -> None:
    by_id = {article.id: article for article in load(SAMPLE / "articles")}
    for row in GOLDEN:
        if row["article"] is None:
            continue
        article = by_id[row["article"]]
        assert article.valid_on(date(2026, 6, 15))
        assert all(part in article.text for part in row["must_contain"]), row["question"]
        assert row["intent"] in article.intents, row["question"]


def test_a_golden_order_has_the_facts_and_the_owner_that_the_row_names() -> None:
    by_id = {order.id: order for order in orders(date(2026, 6, 15))}
    asked = [row for row in GOLDEN if row["must_contain"] and row["must_contain"][0] in by_id]
    assert len(asked) >= 15
    for row in asked:
        order = by_id[row["must_contain"][0]]
        known = {order.id, order.tracking, order.carrier, str(order.refund_amount)}
        assert set(row["must_contain"]) <= known, row["question"]
        assert row["customer"] == order.customer_id


def test_a_number_in_a_golden_question_is_an_order_of_the_customer_who_asks() -> None:
    owner = {order.id: order.customer_id for order in orders(date(2026, 6, 15))}
    named = [(row, n) for row in GOLDEN for n in re.findall(r"\b1\d{4}\b", row["question"])]
    strangers = [row["question"] for row, n in named if owner[n] != row["customer"]]
    assert strangers == ["Where is order 10234?"]
