"""NewsAPI `/v2/everything`. A developer's plan ends with HTTP 426 at the second page: the first is kept.

So it is when the quota ends there, or the service fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import httpx

from arriero.apps.finance.evidence import edgar
from arriero.apps.finance.evidence.articles import news_of
from arriero.apps.finance.evidence.base import (
    Bar,
    Entity,
    Fact,
    Filing,
    Missing,
    News,
    Reason,
    Served,
    Unavailable,
)
from arriero.apps.finance.evidence.web import Pace, Web
from arriero.core.clock import Clock

URL = "https://newsapi.org/v2/everything"
PAGE_ROWS = 100  # the most that it gives at once
PAGES = 3
DAYS = 30  # how far back a developer's plan reaches
PER_S = 2.0
HOLD_S = 3_600.0
REFUSALS = frozenset({"apiKeyDisabled", "apiKeyInvalid", "apiKeyMissing", "maximumResultsReached"})
QUOTAS = frozenset({"apiKeyExhausted", "rateLimited"})


class NewsApi:
    """The provider of news. `words` gives the words to search for by ticker; without them the ticker is searched."""

    name = "newsapi"
    remote = True

    def __init__(
        self,
        key: str,
        clock: Clock,
        *,
        words: Mapping[str, str] | None = None,
        url: str = URL,
        pace: Pace | None = None,
        timeout_s: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._words = words or {}
        self._pace = pace or Pace(clock, PER_S, HOLD_S)
        self._web = Web(
            self._pace,
            clock,
            headers={"X-Api-Key": key},
            timeout_s=timeout_s,
            transport=transport,
            refusals=frozenset(),  # its errors say in the body which they are
        )

    async def news(self, ticker: str, as_of: date) -> Served[News]:
        found: list[News] = []
        when: datetime | None = None
        for page in range(1, PAGES + 1):
            try:
                told, fetched = await self._page(ticker, as_of, page)
            except Unavailable:
                if page == 1:
                    raise
                break  # a plan without further pages (426), or a quota that ends here: the first is kept
            found += news_of(told, ticker, as_of)
            when = when or fetched
            total = told.get("totalResults") or 0
            if not isinstance(total, int):
                raise Unavailable(Reason.MALFORMED, f"totalResults is {total!r}")
            if page * PAGE_ROWS >= total:
                break
        if not found or when is None:
            raise Missing(Reason.NOT_YET, ticker)
        unique = dict.fromkeys(sorted(found, key=lambda one: (one.published, one.url, one.title)))
        return Served(tuple(unique), when)

    async def _page(self, ticker: str, as_of: date, page: int) -> tuple[dict[str, Any], datetime]:
        params = {
            "q": self._words.get(ticker, f'"{ticker}"'),
            "from": date.fromordinal(max(as_of.toordinal() - DAYS, 1)).isoformat(),
            "to": f"{as_of.isoformat()}T23:59:59",
            "language": "en",
            "sortBy": "publishedAt",
            "pageSize": str(PAGE_ROWS),
            "page": str(page),
        }
        answer = await self._web.get(self._url, params)
        told = edgar.read_json(answer.body, self.name)
        if not isinstance(told, dict):
            raise Unavailable(Reason.MALFORMED, "no object")
        code = str(told.get("code") or f"HTTP {answer.status}")
        if told.get("status") == "ok":
            return told, answer.retrieved_at
        if code in REFUSALS or answer.status == 426:
            raise Unavailable(Reason.REFUSED, code)
        if code in QUOTAS or answer.status == 429:
            self._pace.hold()
            raise Unavailable(Reason.QUOTA, code)
        raise Unavailable(Reason.DOWN, code)

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def close(self) -> None:
        await self._web.close()
