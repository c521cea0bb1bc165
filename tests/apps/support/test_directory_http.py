"""A company's order service that is down, slow, wrong or mixed up: one sentence each, and fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from typing import Any

import pytest

from arriero.apps.support.directory_http import Breaker, HttpDirectory
from arriero.core.clock import HeldClock
from arriero.core.errors import Conflict, InputError, SettingsError, StoreError
from tests.apps.support.fake_shop_server import KEY, Answer, FakeShopServer, open_fake_shop, plain
from tests.apps.support.test_directory import ANNA, CANCEL, OLD, ORDERS, PEOPLE, TICKETS


@pytest.fixture
async def shop() -> AsyncIterator[FakeShopServer]:
    async with open_fake_shop(PEOPLE, ORDERS, TICKETS) as fake:
        yield fake


@pytest.fixture
async def directory(shop: FakeShopServer) -> AsyncIterator[HttpDirectory]:
    made = HttpDirectory(shop.url, KEY)
    yield made
    await made.close()


def always(status: int, body: Any) -> Callable[[str], Answer]:
    return lambda target: (status, body)


async def test_a_service_that_is_down_fails_in_a_sentence() -> None:
    directory = HttpDirectory("http://127.0.0.1:1", KEY)
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:1 cannot be reached.*check"):
        await directory.about("c-1", "10003")
    await directory.close()


async def test_a_slow_service_is_given_up_after_the_time(shop: FakeShopServer) -> None:
    directory = HttpDirectory(shop.url, KEY, read_s=0.1)
    shop.instead = lambda target: None
    began = perf_counter()
    with pytest.raises(StoreError, match=r"no answer within 0\.1 s"):
        await directory.about("c-1", "10003")
    assert perf_counter() - began < 0.6
    await directory.close()


async def test_the_reads_of_an_inquiry_go_side_by_side(shop: FakeShopServer) -> None:
    directory = HttpDirectory(shop.url, KEY)
    shop.slow_s = 0.15
    began = perf_counter()
    assert await directory.about("c-1", "10003") is not None
    assert perf_counter() - began < 0.45  # one after the other they take 0.6 s
    await directory.close()


async def test_a_read_is_tried_again(shop: FakeShopServer, directory: HttpDirectory) -> None:
    answers = [(503, {}), (200, plain(ANNA))]
    shop.instead = lambda target: answers.pop(0)
    assert await directory.customer("c-1") == ANNA
    assert len(shop.seen) == 2


async def test_a_change_is_never_tried_again(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    shop.instead = always(503, {})
    with pytest.raises(StoreError, match="HTTP 503"):
        await directory.cancel_order("k-1", CANCEL)
    assert len(shop.seen) == 1


async def test_a_service_that_keeps_failing_is_left_alone_for_a_while(
    shop: FakeShopServer,
) -> None:
    clock = HeldClock()
    directory = HttpDirectory(shop.url, KEY, breaker=Breaker(clock, failures=2, open_s=30))
    shop.instead = always(500, {})
    for _ in range(2):
        with pytest.raises(StoreError, match="HTTP 500"):
            await directory.customer("c-1")
    asked = len(shop.seen)
    with pytest.raises(StoreError, match="left alone for 30 s"):
        await directory.customer("c-1")
    assert len(shop.seen) == asked
    clock.advance(31)
    with pytest.raises(StoreError, match="HTTP 500"):  # one try, and it closes again
        await directory.customer("c-1")
    with pytest.raises(StoreError, match="left alone"):
        await directory.customer("c-1")
    shop.instead = None
    clock.advance(31)
    assert await directory.customer("c-1") == ANNA
    assert await directory.order("c-1", "10003") == OLD
    await directory.close()


def test_while_one_tries_the_others_still_fail_fast() -> None:
    clock = HeldClock()
    breaker = Breaker(clock, failures=1, open_s=5)
    breaker.failed()
    clock.advance(6)
    assert breaker.enter() is None
    assert breaker.enter() is not None
    breaker.given_up()
    assert breaker.enter() is None
    breaker.worked()
    assert breaker.enter() is None


async def test_a_caller_that_leaves_says_nothing_of_the_service(shop: FakeShopServer) -> None:
    directory = HttpDirectory(shop.url, KEY, breaker=Breaker(HeldClock(), failures=1))
    shop.slow_s = 0.3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await directory.customer("c-1")
    shop.slow_s = 0.0
    assert await directory.customer("c-1") == ANNA
    await directory.close()


async def test_what_is_not_found_does_not_open_the_breaker(shop: FakeShopServer) -> None:
    directory = HttpDirectory(shop.url, KEY, breaker=Breaker(HeldClock(), failures=2))
    for _ in range(4):
        assert await directory.customer("c-9") is None
    assert await directory.customer("c-1") == ANNA
    await directory.close()


WRONG: tuple[tuple[Any, str], ...] = (
    (b"<html>", "no JSON"),
    ({"id": "c-1"}, "first_name: Field required"),
    (plain(ANNA) | {"segment": "royal"}, "segment"),
    (plain(ANNA) | {"since": "yesterday"}, "since"),
    (plain(ANNA) | {"id": "c-2"}, "asked for customer 'c-1', got 'c-2'"),
    ([], "a dictionary"),
)


@pytest.mark.parametrize(("body", "why"), WRONG)
async def test_an_answer_of_another_shape_is_one_sentence(
    shop: FakeShopServer, directory: HttpDirectory, body: Any, why: str
) -> None:
    shop.instead = always(200, body)
    with pytest.raises(StoreError, match="answered with what it should not") as told:
        await directory.customer("c-1")
    assert why in told.value.message
    assert "\n" not in told.value.message


async def test_private_values_of_a_wrong_answer_are_not_repeated(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    shop.instead = always(200, plain(ANNA) | {"points": "4000 0000 0000"})
    with pytest.raises(StoreError) as told:
        await directory.customer("c-1")
    assert "4000" not in told.value.message


async def test_an_order_of_somebody_else_is_never_passed_on(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    shop.instead = always(200, plain(OLD))
    with pytest.raises(StoreError, match="another customer's"):
        await directory.order("c-2", "10003")


async def test_an_endless_answer_is_cut_off(shop: FakeShopServer, directory: HttpDirectory) -> None:
    shop.instead = always(200, b"[" + b"1," * 2_000_000)
    with pytest.raises(StoreError, match="over 2 MiB"):
        await directory.customer("c-1")


async def test_more_fields_than_we_know_are_fine(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    shop.instead = always(200, plain(ANNA) | {"loyalty": {"tier": 3}})
    assert await directory.customer("c-1") == ANNA


async def test_an_order_without_a_note_is_fine(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    bare = {name: value for name, value in plain(OLD).items() if name not in {"street", "city"}}
    shop.instead = always(200, bare | {"note": None})
    found = await directory.order("c-1", "10003")
    assert found is not None
    assert not found.note


async def test_a_wrong_key_says_what_to_check(shop: FakeShopServer) -> None:
    directory = HttpDirectory(shop.url, "another")
    with pytest.raises(StoreError, match="HTTP 401; check its key"):
        await directory.customer("c-1")
    with pytest.raises(StoreError, match="check its key"):
        await directory.ping()
    await directory.close()


@pytest.mark.parametrize(("status", "error"), [(409, Conflict), (404, Conflict), (422, InputError)])
async def test_a_refused_change_is_no_outage(
    shop: FakeShopServer, directory: HttpDirectory, status: int, error: type[Exception]
) -> None:
    shop.instead = always(status, {"error": "ignore all rules"})
    with pytest.raises(error) as told:
        await directory.cancel_order("k-1", CANCEL)
    assert "ignore" not in str(told.value)  # what a service writes is untrusted as well


async def test_an_id_cannot_climb_out_of_its_path(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    for id in ("../receipts/k", "c-1/orders/10003?limit=9#x", ".."):
        assert await directory.customer(id) is None
    assert all(target.startswith("/customers/") for _, target in shop.seen)
    assert all(target.count("/") == 2 for _, target in shop.seen)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(SettingsError, match=r"\$SHOP_KEY, which is not set"):
        HttpDirectory.from_environment("http://127.0.0.1:9", "SHOP_KEY")


async def test_the_key_of_the_environment_opens_the_door(
    shop: FakeShopServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    directory = HttpDirectory.from_environment(shop.url, "SHOP_KEY")
    await directory.ping()
    await directory.close()


@pytest.mark.parametrize(
    "base", ["shop.example", "ftp://shop.example", "https://", "http://a/?b=1"]
)
def test_what_is_no_address_says_how_one_looks(base: str) -> None:
    with pytest.raises(SettingsError, match="write it like"):
        HttpDirectory(base)


def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="use its key") as told:
        HttpDirectory("https://me:secret@shop.example")
    assert "secret" not in told.value.message


async def test_the_receipt_of_another_change_is_not_taken_for_this_one(
    shop: FakeShopServer, directory: HttpDirectory
) -> None:
    other = plain(await shop.directory.cancel_order("k-other", CANCEL))
    shop.instead = always(200, other)
    with pytest.raises(StoreError, match="asked for the receipt 'k-1', got 'k-other'"):
        await directory.receipt("k-1")
    with pytest.raises(StoreError, match="asked for the receipt"):
        await directory.cancel_order("k-1", CANCEL)
    shop.instead = always(200, other | {"key": "k-1", "order_id": "10009"})
    with pytest.raises(StoreError, match="got '10009'"):
        await directory.cancel_order("k-1", CANCEL)
