"""Alpha Vantage: daily prices, news, company names. Its errors arrive as HTTP 200, so the body is read first.

`Information` or `Note`: the day's quota, too fast, or a premium feature; `Error Message`: a wrong key or symbol; an empty
object: an unknown symbol. All numbers are text; "None", "-" and "" are none. Its company reports are left aside: they
have no filing day, so they cannot be read as they were known on a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isfinite
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

URL = "https://www.alphavantage.co/query"
PER_S = 1.0  # a free key's burst limit
HOLD_S = 60.0
QUOTA_HOLD_S = 3_600.0  # a day's quota is used up: asking again every hour is enough
NONE = frozenset({"None", "-", "", "null"})


class AlphaVantage:
    """The provider. `full` asks for more than the last 100 days, which needs a paid key."""

    name = "alpha-vantage"
    remote = True

    def __init__(
        self,
        key: str,
        clock: Clock,
        *,
        full: bool = False,
        url: str = URL,
        pace: Pace | None = None,
        timeout_s: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key, self._full, self._url = key, full, url
        self._pace = pace or Pace(clock, PER_S, HOLD_S)
        self._web = Web(self._pace, clock, timeout_s=timeout_s, transport=transport)

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]:
        told, served = await self._asked(ticker, function="OVERVIEW", symbol=ticker)
        if text(told.get("Symbol")) is None:
            raise Missing(Reason.UNKNOWN, ticker)
        cik = text(told.get("CIK"))
        sector = (text(told.get("Sector")) or "").upper()
        entity = Entity(
            ticker,
            text(told.get("Name")) or ticker,
            cik.zfill(10) if cik and cik.isdigit() else None,
            bank="FINANC" in sector,
        )
        return Served((entity,), served.retrieved_at)

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]:
        size = "full" if self._full else "compact"
        told, served = await self._asked(
            ticker, function="TIME_SERIES_DAILY", symbol=ticker, outputsize=size
        )
        series = told.get("Time Series (Daily)")
        if not isinstance(series, dict):
            raise Unavailable(Reason.MALFORMED, "no daily series")
        rows = [_bar(edgar.day(name[:10], "bars"), row) for name, row in series.items()]
        rows = sorted((row for row in rows if row.day <= as_of), key=lambda row: row.day)
        if not rows:
            raise Missing(Reason.NOT_YET, f"its oldest day is after {as_of}")
        return Served(tuple(rows), served.retrieved_at)

    async def news(self, ticker: str, as_of: date) -> Served[News]:
        told, served = await self._asked(
            ticker,
            function="NEWS_SENTIMENT",
            tickers=ticker,
            time_to=f"{as_of:%Y%m%d}T2359",
            sort="LATEST",
            limit="200",
        )
        rows = news_of(told, ticker, as_of)
        if not rows:
            raise Missing(Reason.NOT_YET, ticker)
        return Served(rows, served.retrieved_at)

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]:
        raise Missing(Reason.NO_PROVIDER, f"{self.name} tells no filing days")

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]:
        raise Missing(Reason.NO_PROVIDER, self.name)

    async def close(self) -> None:
        await self._web.close()

    async def _asked(self, ticker: str, **params: str) -> tuple[Mapping[str, Any], Any]:
        page = await self._web.get(self._url, {**params, "apikey": self._key})
        if page.status != 200:
            raise Unavailable(Reason.DOWN, f"HTTP {page.status}")
        told = edgar.read_json(page.body, self.name)
        if not isinstance(told, dict):
            raise Unavailable(Reason.MALFORMED, "no object")
        self._complain(told, ticker)
        return told, page

    def _complain(self, told: Mapping[str, Any], ticker: str) -> None:
        """Raise what the body says, in whichever of its words."""
        if not told or told == {"Global Quote": {}}:
            raise Missing(Reason.UNKNOWN, ticker)
        note = told.get("Information") or told.get("Note")
        if isinstance(note, str) and not _has_data(told):
            said = note.lower()
            if "per second" in said or "sparingly" in said:
                self._pace.hold(2.0)
                raise Unavailable(Reason.QUOTA, "asked too fast")
            if "premium feature" in said or "premium endpoint" in said:
                raise Unavailable(Reason.REFUSED, "a premium feature; it needs a paid key")
            if "rate limit" in said or "per day" in said or "call frequency" in said:
                self._pace.hold(QUOTA_HOLD_S)
                raise Unavailable(Reason.QUOTA, "the day's requests")
            if "invalid inputs" in said or "no articles" in said:
                raise Missing(Reason.NONE, ticker)
            raise Unavailable(Reason.REFUSED, note[:120])
        error = told.get("Error Message")
        if isinstance(error, str):
            if "apikey" in error.lower():
                raise Unavailable(Reason.REFUSED, "the key is invalid or missing")
            raise Missing(Reason.UNKNOWN, ticker)


def text(value: Any) -> str | None:
    """Text that says something; None for its ways to say nothing."""
    told = str(value).strip() if value is not None else ""
    return None if told in NONE else told


def number(value: Any, where: str) -> float:
    """A number of text; `where` names it in the complaint."""
    told = text(value)
    try:
        found = float(told) if told is not None else float("nan")
    except ValueError:
        found = float("nan")
    if not isfinite(found):
        raise Unavailable(Reason.MALFORMED, f"{where} is {value!r}")
    return found


def _bar(day: date, row: Any) -> Bar:
    if not isinstance(row, dict):
        raise Unavailable(Reason.MALFORMED, f"{day} is no object")
    named = {str(name).partition(". ")[2]: value for name, value in row.items()}
    opened, high, low, close, volume = (
        number(named.get(name), f"{day} {name}")
        for name in ("open", "high", "low", "close", "volume")
    )
    adjusted = text(named.get("adjusted close"))
    told = None if adjusted is None else number(adjusted, f"{day} adjusted close")
    return Bar(day, opened, high, low, close, told, volume)


def _has_data(told: Mapping[str, Any]) -> bool:
    return any(name.startswith("Time Series") or name in {"feed", "Symbol"} for name in told)
