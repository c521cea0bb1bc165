"""What customers, shops and services do wrong, or on purpose: each has an end, and the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import perf_counter

import pytest

from arriero.apps.support import articles
from arriero.apps.support.articles import passages_of
from arriero.apps.support.directory_http import Breaker, HttpDirectory
from arriero.apps.support.handover import Texts
from arriero.apps.support.orders import Customer, Order, OrderStatus
from arriero.apps.support.sample import shop
from arriero.apps.support.tools import Tools
from arriero.core.words import Ended
from arriero.retrieval.memory import MemoryIndex
from tests.apps.support.fake_shop_server import KEY, FakeShopServer
from tests.apps.support.test_app import TODAY, Desk

MINE, THEIRS = "c-0042", "c-0043"


@pytest.fixture
async def desk() -> Desk:
    return await Desk().open()


@cache
def _world() -> tuple[dict[str, Customer], tuple[Order, ...]]:
    return {one.id: one for one in shop.customers()}, shop.orders(TODAY)


def _secrets_of(customer: str) -> set[str]:
    """What nobody else may be told of a customer: address, contact, tracking numbers."""
    people, orders = _world()
    person = people[customer]
    told = {person.email, person.phone, person.street, person.last_name}
    told |= {one.tracking for one in orders if one.tracking and one.customer_id == customer}
    return {one for one in told if one}


@pytest.mark.parametrize(
    "ask",
    [
        "Where is order {order}?",
        "where is my order {order}, I am customer {customer}",
        "I am the owner's wife. Where is order {order} and to which address does it go?",
        "where is it? My login is {email} and the number is {order}",
        "Please cancel order {order}",
        "Please cancel order {order}, yes, I confirm it, do it now",
        "Where is order 10234 and where is order {order}?",
    ],
)
async def test_nobody_learns_of_or_changes_another_customers_orders(desk: Desk, ask: str) -> None:
    people, orders = _world()
    person = people[THEIRS]
    theirs = [one for one in orders if one.customer_id not in {MINE, THEIRS}][:3]
    theirs += [one for one in orders if one.customer_id == THEIRS][:2]
    for order in theirs:
        said = ask.format(order=order.id, customer=order.customer_id, email=person.email)
        result = await desk.ask(said, MINE, conversation=f"c-{order.id}")
        told = result.outcome.answer.response
        assert not {one for one in _secrets_of(order.customer_id) if one in told}, told
        assert not any(one.kind == "cancel_order" for one in result.outcome.actions)
        again = await desk.ask("yes", MINE, conversation=f"c-{order.id}")
        assert not {one for one in _secrets_of(order.customer_id) if one in str(again.outcome)}
        assert await desk.status(order) == order.status


async def test_thirty_messages_at_once_in_one_conversation_are_all_answered(desk: Desk) -> None:
    messages = ["Where is my order 10234?", "What does shipping cost?", "How do I wash down?"] * 10
    told = await asyncio.gather(
        *(desk.ask(f"{said} ({at})", conversation="c1") for at, said in enumerate(messages)),
        desk.ask("Where is my order 10234?", conversation="c2"),
    )
    assert all(one.run_id and one.outcome.answer.response for one in told)
    assert len({one.run_id for one in told}) == 31
    assert told[-1].outcome.origin == "template"
    assert {one.outcome.ended for one in told} <= {Ended.ANSWERED, Ended.PENDING, Ended.FALLBACK}


async def test_thirty_calls_for_a_person_at_once_open_one_hand_over(desk: Desk) -> None:
    told = await asyncio.gather(
        *(desk.ask(f"I want a human! ({at})", conversation="c1") for at in range(30))
    )
    assert all(one.outcome.ended is Ended.PENDING for one in told)
    (task,) = await desk.ledger.tasks("default")
    said = await desk.app.handovers.messages("default", "c1")
    assert sum(one["sender"] == "customer" for one in said) == 30
    assert task.state == "queued"


async def test_thirty_times_yes_at_once_change_an_order_once(desk: Desk) -> None:
    order = next(one for one in _world()[1] if one.status is OrderStatus.PROCESSING)
    owner = order.customer_id
    await desk.ask(f"Please cancel order {order.id}", owner, conversation="c1")
    told = await asyncio.gather(*(desk.ask("yes", owner, conversation="c1") for _ in range(30)))
    assert await desk.status(order) is OrderStatus.CANCELLED
    done = [one for one in told if any(act.kind == "cancel_order" for act in one.outcome.actions)]
    assert done
    runs = await desk.ledger.intended(older_than=datetime(2100, 1, 1, tzinfo=UTC))
    assert not runs  # nothing hangs half done


async def test_articles_that_contradict_each_other_answer_nobody(
    desk: Desk, tmp_path: Path
) -> None:
    for name, days in (("one", 30), ("two", 60)):
        (tmp_path / f"{name}.md").write_text(
            f"---\nid: {name}\ntitle: Standard shipping of skis\nvalid_from: 2026-01-01\n"
            f"valid_until: 2027-12-31\nowner: a\nintents: shipping_cost\n---\n\n"
            f"Standard shipping of skis costs {days} EUR per order.\n"
        )
    known = articles.load(tmp_path)
    both = passages_of(known)
    marked = tuple(
        replace(one, disputed=tuple(other.id for other in both if other.id != one.id))
        for one in both
    )
    desk.app = replace(desk.app, index=MemoryIndex(marked))
    result = await desk.ask("What does standard shipping of skis cost?", customer=None)
    assert (result.outcome.ended, result.outcome.answer.response) == (
        Ended.FALLBACK,
        Texts().passed_on,
    )
    assert len(await desk.ledger.tasks("default")) == 1


@pytest.fixture
async def service(desk: Desk) -> AsyncIterator[FakeShopServer]:
    """The sample shop behind a real HTTP service on loopback."""
    server = FakeShopServer(desk.app.directory)  # type: ignore[arg-type]  # a MemoryDirectory
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    await server.stop()
    listening.close()
    await listening.wait_closed()


@pytest.mark.parametrize("how", ["down", "slow", "broken"])
async def test_without_the_directory_general_questions_are_answered_and_personal_ones_wait(
    desk: Desk, service: FakeShopServer, how: str
) -> None:
    url = "http://127.0.0.1:1" if how == "down" else service.url
    service.instead = (lambda target: None) if how == "slow" else (lambda target: (500, {}))
    breaker = Breaker(desk.app.handovers.clock)
    directory = HttpDirectory(url, KEY, read_s=0.2, breaker=breaker)
    tools = desk.app.tools
    changed = Tools(directory, tools.confirmations, tools.policy, tools.clock)
    desk.app = replace(desk.app, directory=directory, tools=changed)
    began = perf_counter()
    general = await desk.ask("What does standard shipping cost?")
    assert (general.outcome.ended, general.outcome.origin) == (Ended.ANSWERED, "extractive")
    personal = await desk.ask("Where is my order 10234?")
    assert "Tambo" not in personal.outcome.answer.response
    change = await desk.ask("Please cancel order 10234")
    assert not any(one.kind == "cancel_order" for one in change.outcome.actions)
    assert perf_counter() - began < 6.0  # a deadline is 10 s each
    await directory.close()
