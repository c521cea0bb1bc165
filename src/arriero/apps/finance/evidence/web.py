"""HTTP reads for providers: a pace that the whole process keeps, a bound on the answer, and a wait after a refusal."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from arriero.apps.finance.evidence.base import Reason, Unavailable
from arriero.core.clock import Clock

MOST_BYTES = 100 << 20
RECORDED_AT = "x-recorded-at"  # which a replayed answer carries (cassettes.py)


@dataclass
class Pace:
    """At most `per_s` requests a second to one service, over all threads and event loops of this process.

    After a refusal (403, 429) nobody asks until the service said, or for `hold_s`: asking on prolongs the block.
    """

    clock: Clock
    per_s: float
    hold_s: float
    _next: float = field(default=0.0, init=False)
    _held: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def reserve(self) -> float:
        """Seconds to wait for the place in the queue that this call takes. Raises while the service is left alone."""
        with self._lock:
            now = self.clock.monotonic()
            if self._held > now:
                raise Unavailable(
                    Reason.QUOTA, f"it refused; it is left alone for {self._held - now:.0f} s more"
                )
            place = max(now, self._next)
            self._next = place + 1 / self.per_s
            return place - now

    def hold(self, seconds: float | None = None) -> None:
        """Leave the service alone for `seconds` (or `hold_s`)."""
        with self._lock:
            until = self.clock.monotonic() + (self.hold_s if seconds is None else seconds)
            self._held = max(self._held, until)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: status, body, and when it was fetched (or recorded)."""

    status: int
    body: bytes
    retrieved_at: datetime


class Web:
    """GET with a pace. Raises `Unavailable` for no answer, a late one, one too long, and a refusal; not for 4xx."""

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
        refusals: frozenset[int] = frozenset({403, 429}),
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._timeout_s = timeout_s
        self._refusals = refusals
        self._http = httpx.AsyncClient(
            headers=headers or {},
            transport=transport,
            timeout=None,  # noqa: S113 - a wall clock over the whole answer
            follow_redirects=False,  # nobody but the named host is asked
        )

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Page:
        """The answer at `url`; a 5xx or a broken connection is tried once more."""
        for left in (1, 0):
            try:
                page = await self._once(url, params)
            except Unavailable as failure:
                if not left or failure.reason is not Reason.DOWN:
                    raise
                continue
            if page.status < 500:
                return page
            if not left:
                raise Unavailable(Reason.DOWN, f"HTTP {page.status}")
        raise AssertionError("unreachable")

    async def _once(self, url: str, params: Mapping[str, str] | None) -> Page:
        if (wait := self._pace.reserve()) > 0:
            await asyncio.sleep(wait)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._http.stream("GET", url, params=params) as answer,
            ):
                if answer.status_code in self._refusals:
                    self._pace.hold(_seconds(answer.headers.get("retry-after"), self._clock))
                    raise Unavailable(Reason.REFUSED, f"HTTP {answer.status_code}")
                return Page(answer.status_code, await _body(answer), self._when(answer))
        except TimeoutError:
            raise Unavailable(Reason.SLOW, f"no answer in {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise Unavailable(Reason.DOWN, type(error).__name__) from None

    def _when(self, answer: httpx.Response) -> datetime:
        recorded = answer.headers.get(RECORDED_AT)
        return datetime.fromisoformat(recorded) if recorded else self._clock.now()

    async def close(self) -> None:
        await self._http.aclose()


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise Unavailable(Reason.MALFORMED, f"an answer of over {MOST_BYTES >> 20} MiB")
    return bytes(body)


def _seconds(retry_after: str | None, clock: Clock) -> float | None:
    """What Retry-After asks for: seconds, or until a date (RFC 9110 §10.2.3); None when it says nothing usable."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - clock.now()).total_seconds(), 0.0)
