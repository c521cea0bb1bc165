"""SEC EDGAR, live. It wants a User-Agent with a name and an e-mail address, and at most ten requests a second.

Without the first it answers 403, beyond the second 403 or 429 and blocks for some ten minutes; so does this
provider to itself (`Pace`). https://www.sec.gov/os/accessing-edgar-data
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

import httpx

from arriero.apps.finance.evidence import edgar
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
from arriero.apps.finance.evidence.files import ANNUALS_READ, Cut
from arriero.apps.finance.evidence.web import Pace, Page, Web
from arriero.core.clock import Clock, SystemClock
from arriero.core.errors import SettingsError

PER_S = 10.0  # the SEC's limit, for all machines of one user together
TICKERS_S = 3_600.0
HOLD_S = 600.0  # a block lasts about ten minutes
NAMED = re.compile(r"\S.*\s\S+@\S+\.\S+")
DATA = "https://data.sec.gov"
WWW = "https://www.sec.gov"


@cache
def process_pace() -> Pace:
    """The one pace that all of this process keeps towards the SEC."""
    return Pace(SystemClock(), PER_S, HOLD_S)


class Sec:
    """The provider of facts, filings and entities from EDGAR. It has no prices and no news."""

    name = "sec"
    remote = True

    def __init__(
        self,
        user_agent: str,
        clock: Clock,
        *,
        cut: Cut | None = None,
        data: str = DATA,
        www: str = WWW,
        pace: Pace | None = None,
        timeout_s: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`data` and `www` are the addresses of the two hosts. SettingsError for a User-Agent that says not who."""
        if not NAMED.fullmatch(user_agent.strip()):
            raise SettingsError(
                f"the SEC wants to know who asks, and {user_agent!r} does not say it; set "
                "apps.finance.evidence.user_agent to your name and e-mail address"
            )
        self._cut = cut
        self._data, self._www = data, www
        self._clock = clock
        self._tickers: tuple[float, Any] | None = None
        self._asking = asyncio.Lock()
        self._web = Web(
            pace or process_pace(),
            clock,
            headers={"User-Agent": user_agent.strip(), "Accept-Encoding": "gzip, deflate"},
            timeout_s=timeout_s,
            transport=transport,
        )

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]:
        told, when = await self._submissions(await self._cik(ticker))
        return Served((edgar.entity_of(told, ticker),), when)

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]:
        cik = await self._cik(ticker)
        page = await self._web.get(f"{self._data}/api/xbrl/companyfacts/CIK{cik}.json")
        if page.status == 404:
            raise Missing(Reason.NO_XBRL, f"CIK{cik}")
        # Megabytes of JSON: nobody else waits for them to be read.
        rows = await asyncio.to_thread(
            lambda: edgar.facts_of(_json(page, "companyfacts"), as_of, cik)
        )
        if not rows:
            raise Missing(Reason.NOT_YET, f"CIK{cik}")
        return Served(rows, page.retrieved_at)

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]:
        cik = await self._cik(ticker)
        told, when = await self._submissions(cik)
        rows = edgar.filings_of(edgar.recent_of(told), cik, as_of)
        for name in edgar.older_pages(told, as_of, rows):
            page = await self._web.get(f"{self._data}/submissions/{name}")
            rows = (*edgar.filings_of(_json(page, name), cik, as_of), *rows)
            if sum(edgar.whole_annual(one.form) for one in rows) >= ANNUALS_READ:
                break
        if not rows:
            raise Missing(Reason.NOT_YET, f"CIK{cik}")
        return Served(await self._with_texts(rows), when)

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def news(self, ticker: str, as_of: date) -> Served[News]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def close(self) -> None:
        await self._web.close()

    async def _cik(self, ticker: str) -> str:
        if (given := edgar.given_cik(ticker)) is not None:
            return given
        found = edgar.cik_of(await self._companies(), ticker)
        if found is None:
            raise Missing(Reason.UNKNOWN, ticker)
        return found

    async def _companies(self) -> Any:
        """The list of tickers, asked for once an hour."""
        async with self._asking:  # all parts of one analysis ask at the same time
            now = self._clock.monotonic()
            if self._tickers is None or now - self._tickers[0] > TICKERS_S:
                page = await self._web.get(f"{self._www}/files/company_tickers.json")
                self._tickers = now, _json(page, "company_tickers")
            return self._tickers[1]

    async def _submissions(self, cik: str) -> tuple[Any, datetime]:
        page = await self._web.get(f"{self._data}/submissions/CIK{cik}.json")
        if page.status == 404:
            raise Missing(Reason.UNKNOWN, f"CIK{cik}")
        return _json(page, "submissions"), page.retrieved_at

    async def _with_texts(self, rows: Sequence[Filing]) -> tuple[Filing, ...]:
        """The filings, the last annual ones with their risk factors; without them where the document is not there.

        A service that fails on a document fails the part: a copy that still has the text is the better answer.
        """
        if self._cut is None:
            return tuple(rows)
        annual = [one for one in rows if edgar.whole_annual(one.form)][-ANNUALS_READ:]
        read = []
        for one in rows:
            if one not in annual:
                read.append(one)
                continue
            page = await self._web.get(one.url.replace(WWW, self._www))
            text = page.body.decode(errors="replace") if page.status == 200 else None
            cut = await asyncio.to_thread(self._cut, text) if text else None
            read.append(replace(one, item_1a=cut))
        return tuple(read)


def _json(page: Page, what: str) -> Any:
    if page.status != 200:
        raise Unavailable(Reason.DOWN, f"{what}: HTTP {page.status}")
    return edgar.read_json(page.body, what)
