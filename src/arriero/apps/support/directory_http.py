"""The customer directory behind the company's own HTTP service (JSON).

    GET  {base}/customers/{id}                                -> customer
    GET  {base}/customers/{id}/orders?limit=5                 -> [order], newest first
    GET  {base}/customers/{id}/orders/{order}                 -> order
    GET  {base}/customers/{id}/tickets?limit=5                -> [ticket], newest first
    GET  {base}/customers/{id}/history                        -> purchases added up
    POST {base}/customers/{id}/orders/{order}/cancellation    {expected, refund, due}      -> receipt
    POST {base}/customers/{id}/orders/{order}/refund          {expected, amount, due}      -> receipt
    POST {base}/customers/{id}/orders/{order}/address         {expected, street, city}     -> receipt
    GET  {base}/receipts/{key}                                -> receipt
    GET  {base}/health                                        -> any 2xx

Fields are those of `orders.py`: dates as ISO text, money as decimal text, more fields are ignored.
404 means that there is none. A POST carries its key as `Idempotency-Key`: the same key again gives
the same receipt, which names that key and the order, and 409 says that the order is in another state
than `expected`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from arriero.apps.support.directory import READ_WITHIN_S, WRITE_WITHIN_S
from arriero.apps.support.orders import (
    About,
    Cancellation,
    Change,
    Customer,
    History,
    Order,
    Receipt,
    Redirection,
    Refund,
    Ticket,
)
from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import Conflict, InputError, SettingsError, StoreError
from arriero.core.words import JsonValue

ATTEMPTS = 2  # a read is tried again once, while there is time; a change never is
AGAIN = frozenset({500, 502, 503, 504})
MOST_BYTES = 2 << 20
KEEP_ALIVE_S = 4.0  # let go before the usual server does, which closes after 5 s

T = TypeVar("T")


@dataclass(slots=True)
class Breaker:
    """Fails fast: after `failures` in a row no call is made for `open_s` seconds, then one tries.

    Times are the clock's monotonic seconds.
    """

    clock: Clock
    failures: int = 5
    open_s: float = 10.0
    _failed: int = field(default=0, init=False)
    _closed_again: float = field(default=0.0, init=False)
    _trying: bool = field(default=False, init=False)

    def enter(self) -> float | None:
        """None to go on, or the seconds for which nobody should ask."""
        if self._failed < self.failures:
            return None
        left = self._closed_again - self.clock.monotonic()
        if left > 0 or self._trying:
            return max(left, 0.0)
        self._trying = True
        return None

    def worked(self) -> None:
        self._failed, self._trying = 0, False

    def failed(self) -> None:
        self._failed, self._trying = self._failed + 1, False
        self._closed_again = self.clock.monotonic() + self.open_s

    def given_up(self) -> None:
        """The caller left before an answer came: this says nothing of the service."""
        self._trying = False


class HttpDirectory:
    """A `CustomerDirectory` at `base`. `key` is sent as a bearer token.

    A read takes at most `read_s` seconds, tries included, a change `write_s`; what fails or comes late
    is a `StoreError`. Nothing is cached: an update shows in the next answer.
    """

    def __init__(
        self,
        base: str,
        key: str | None = None,
        *,
        read_s: float = READ_WITHIN_S,
        write_s: float = WRITE_WITHIN_S,
        breaker: Breaker | None = None,
    ) -> None:
        self._base = _checked(base)
        self._read_s = read_s
        self._write_s = write_s
        self._breaker = breaker or Breaker(SystemClock())
        host = urlsplit(self._base).hostname or ""
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=None,  # noqa: S113 - a wall clock over the whole answer, tries included
            limits=httpx.Limits(max_connections=64, keepalive_expiry=KEEP_ALIVE_S),
            verify=self._base.startswith("https:"),
            trust_env=host not in {"127.0.0.1", "localhost", "::1"},  # a proxy for others only
        )

    @classmethod
    def from_environment(cls, base: str, variable: str, **more: Any) -> HttpDirectory:
        """With the key that the environment holds; `variable` empty: without one.

        Raises `SettingsError` when the variable is not set.
        """
        if not variable:
            return cls(base, **more)
        key = os.environ.get(variable, "").strip()
        if not key:
            raise SettingsError(
                f"the key of the customer directory {base!r} is read from ${variable}, which is not "
                "set; set it, or name another variable"
            )
        return cls(base, key, **more)

    async def about(
        self,
        customer_id: str,
        order_id: str | None = None,
        recent: int = 5,
        who: Customer | None = None,
    ) -> About | None:
        """All reads side by side: as slow as the slowest of them."""
        customer, order, orders, tickets = await asyncio.gather(
            self.customer(customer_id) if who is None else _nothing(),
            self.order(customer_id, order_id) if order_id else _nothing(),
            self.orders(customer_id, recent),
            self.tickets(customer_id, recent),
        )
        customer = who or customer
        return None if customer is None else About(customer, order, tuple(orders), tuple(tickets))

    async def customer(self, id: str) -> Customer | None:
        found: Customer | None = await self._get(Customer, "customers", id)
        if found is not None and found.id != id:
            raise self._wrong(f"asked for customer {id!r}, got {found.id!r}")
        return found

    async def orders(self, customer_id: str, limit: int = 5) -> Sequence[Order]:
        if limit <= 0:
            return ()
        found = await self._get(tuple[Order, ...], "customers", customer_id, "orders", limit=limit)
        return tuple(self._theirs(customer_id, one) for one in found or ())[:limit]

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        found = await self._get(Order, "customers", customer_id, "orders", order_id)
        if found is not None and found.id != order_id:
            raise self._wrong(f"asked for order {order_id!r}, got {found.id!r}")
        return found and self._theirs(customer_id, found)

    async def tickets(self, customer_id: str, limit: int = 5) -> Sequence[Ticket]:
        if limit <= 0:
            return ()
        found = await self._get(
            tuple[Ticket, ...], "customers", customer_id, "tickets", limit=limit
        )
        if wrong := [one for one in found or () if one.customer_id != customer_id]:
            raise self._wrong(f"ticket {wrong[0].id!r} is another customer's")
        return (found or ())[:limit]

    async def history(self, customer_id: str) -> History:
        found = await self._get(History, "customers", customer_id, "history")
        return found or History.of(())

    async def cancel_order(self, key: str, change: Cancellation) -> Receipt:
        return await self._post(key, change, "cancellation", refund=change.refund, due=change.due)

    async def request_refund(self, key: str, change: Refund) -> Receipt:
        return await self._post(key, change, "refund", amount=change.amount, due=change.due)

    async def change_address(self, key: str, change: Redirection) -> Receipt:
        return await self._post(key, change, "address", street=change.street, city=change.city)

    async def receipt(self, key: str) -> Receipt | None:
        found: Receipt | None = await self._get(Receipt, "receipts", key)
        return found and self._own(key, found)

    async def ping(self) -> None:
        await self._get(None, "health")

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, shape: Any, *path: str, limit: int | None = None) -> Any:
        """The JSON at `path` as a `shape`, None at 404; tried again while there is time."""
        url = self._url(*path) + (f"?limit={limit}" if limit is not None else "")
        status, body = await self._called(lambda: self._tried(url), self._read_s)
        if shape is None:
            return None if status < 300 else self._refused(status)
        if status == 404:
            return None
        if status != 200:
            self._refused(status)
        return self._shaped(shape, body, url)

    async def _tried(self, url: str) -> tuple[int, bytes]:
        for left in reversed(range(ATTEMPTS)):
            try:
                status, body = await self._asked("GET", url)
            except httpx.TransportError:
                if not left:
                    raise
                continue
            if status not in AGAIN or not left:
                break
        return status, body

    async def _post(self, key: str, change: Change, what: str, **values: object) -> Receipt:
        url = self._url("customers", change.customer_id, "orders", change.order_id, what)
        told = {name: None if one is None else str(one) for name, one in values.items()}
        content = json.dumps({"expected": change.expected.value, **told}).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        status, body = await self._called(
            lambda: self._asked("POST", url, content, headers), self._write_s
        )
        if status in {404, 409}:
            raise Conflict(
                f"the customer directory refused to change order {change.order_id}: it is no longer "
                f"{change.expected.value}, or not this customer's; look at it again"
            )
        if status in {400, 422}:
            raise InputError(
                f"the customer directory cannot take this {what} of order {change.order_id} "
                f"(HTTP {status}); a person has to do it"
            )
        if status not in {200, 201}:
            self._refused(status)
        receipt: Receipt = self._shaped(Receipt, body, url)
        if receipt.order_id != change.order_id:
            raise self._wrong(f"changed order {change.order_id!r}, got {receipt.order_id!r}")
        return self._own(key, receipt)

    async def _called(self, call: Callable[[], Any], within_s: float) -> tuple[int, bytes]:
        """One call through the breaker, within its time; what fails is a `StoreError`."""
        if (left := self._breaker.enter()) is not None:
            raise StoreError(
                f"the customer directory {self._base} failed repeatedly and is left alone for "
                f"{left:.0f} s more; check the service"
            )
        try:
            async with asyncio.timeout(within_s):
                status, body = await call()
        except (httpx.HTTPError, TimeoutError, _TooLong) as error:
            self._breaker.failed()
            late = isinstance(error, TimeoutError)
            why = f"no answer within {within_s:g} s" if late else str(error) or type(error).__name__
            raise StoreError(
                f"the customer directory {self._base} cannot be reached ({why}); "
                "check the service and its address"
            ) from None
        except BaseException:
            self._breaker.given_up()
            raise
        if status >= 500:
            self._breaker.failed()
        else:
            self._breaker.worked()
        return status, body

    async def _asked(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        async with self._http.stream(method, url, content=content, headers=headers) as answer:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise _TooLong(f"an answer of over {MOST_BYTES >> 20} MiB")
            return answer.status_code, bytes(body)

    def _url(self, *path: str) -> str:
        return "/".join((self._base, *(_segment(part) for part in path)))

    def _shaped(self, shape: Any, body: bytes, url: str) -> Any:
        try:
            return _adapter(shape).validate_python(_marked(json.loads(body)))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise self._wrong(f"{place}: {first['msg']}" if place else first["msg"]) from None
        except (ValueError, RecursionError):
            raise self._wrong(f"no JSON at {urlsplit(url).path}") from None

    def _theirs(self, customer_id: str, order: Order) -> Order:
        """A service that mixes customers up must not make us show one the other's order."""
        if order.customer_id != customer_id:
            raise self._wrong(f"order {order.id!r} is another customer's")
        return order

    def _own(self, key: str, receipt: Receipt) -> Receipt:
        """The receipt of another change would pass this one off as done."""
        if receipt.key != key:
            raise self._wrong(f"asked for the receipt {key!r}, got {receipt.key!r}")
        return receipt

    def _wrong(self, what: str) -> StoreError:
        return StoreError(
            f"the customer directory {self._base} answered with what it should not ({what}); "
            "compare it with arriero.apps.support.directory_http"
        )

    def _refused(self, status: int) -> None:
        hint = {401: "check its key", 403: "check its key"}.get(status, "check the service")
        raise StoreError(f"the customer directory {self._base} answered HTTP {status}; {hint}")


class _TooLong(Exception):
    """The answer is larger than any order could make it."""


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _marked(value: JsonValue) -> JsonValue:
    """The JSON with free text as `Untrusted` takes it: strings over the wire, marked here."""
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if not isinstance(value, dict):
        return value
    free = {name: {"raw": value[name] or ""} for name in ("note", "subject") if name in value}
    return value | free


def _segment(part: str) -> str:
    """An id as one segment of a path, whatever is in it: dots too, or ".." would climb."""
    return quote(part, safe="").replace(".", "%2E")


def _checked(base: str) -> str:
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(
            f"the customer directory {base!r} is no address; write it like https://shop.example/api"
        )
    if parts.username or parts.password:
        raise SettingsError(
            "the customer directory's address holds a password; use its key instead"
        )
    return base.rstrip("/")


async def _nothing() -> None:
    return None
