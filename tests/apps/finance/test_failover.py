"""Provider A is dead, slow or lies: B serves, and the source says so."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from arriero.apps.finance.evidence.base import (
    Bar,
    Bundle,
    Entity,
    Fact,
    Filing,
    News,
    Part,
    Provider,
    Reason,
    Served,
)
from arriero.apps.finance.evidence.files import Files
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.kept import Copies
from arriero.apps.finance.evidence.sec import Sec
from arriero.apps.finance.evidence.web import Pace
from arriero.core.clock import HeldClock, SystemClock
from arriero.store.cache import MemoryCache
from tests.apps.finance.invented import Guanaco
from tests.apps.finance.service import Answer, Request, edgar, serving

DAY = date(2023, 12, 29)
CLOCK = HeldClock(datetime(2024, 3, 1, tzinfo=UTC))


def sec(url: str) -> Sec:
    pace = Pace(SystemClock(), 1_000.0, 600.0)
    return Sec("Ana Quispe ana@example.org", CLOCK, data=url, www=url, pace=pace, timeout_s=30.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Guanaco().write(tmp_path_factory.mktemp("evidence"))


def facts_source(bundle: Bundle) -> tuple[str, tuple[str, ...]]:
    (source,) = [one for one in bundle.sources if one.part == "facts"]
    return source.provider, source.instead_of


def lying(request: Request) -> Answer:
    """Assets that no balance sheet balances with."""
    books = Guanaco(
        changed=lambda tag, start, end, form, value: value * (3 if tag == "Assets" else 1)
    )
    return edgar(books)(request)


def another(request: Request) -> Answer:
    """Another company's facts in place of the one asked for."""
    status, body, headers = edgar(Guanaco())(request)
    if isinstance(body, dict) and "facts" in body:
        body = body | {"cik": 42}
    return status, body, headers


def garbage(request: Request) -> Answer:
    return 200, b"<!doctype html><title>maintenance</title>", {}


@pytest.mark.parametrize(
    ("answer", "delay_s", "said"),
    [
        (edgar(Guanaco(last=2019)), 60.0, Reason.SLOW),
        (lying, 0.0, Reason.UNTIED),
        (another, 0.0, Reason.MALFORMED),
        (garbage, 0.0, Reason.MALFORMED),
    ],
)
async def test_a_slow_or_lying_provider_is_passed_over(
    folder: Path, answer: Callable[[Request], Answer], delay_s: float, said: Reason
) -> None:
    async with serving(answer, delay_s) as service:
        provider = sec(service.url)
        # The seconds are the bar's affair (bars/facts.py): a busy machine stretches them. Here a lie is waited for,
        # so that it is found out and not only late.
        hedge_s = 0.5 if delay_s else 60.0
        started = time.monotonic()
        bundle = await freeze("GUAN", DAY, [provider, Files(folder)], CLOCK, hedge_s=hedge_s)
        waited = time.monotonic() - started
        await provider.close()
    name, instead_of = facts_source(bundle)
    assert name == "files"
    assert any(one.startswith("sec: ") and said.value in one for one in instead_of)
    assert waited < 20.0  # not until the slow one answers


async def test_a_dead_provider_is_passed_over(folder: Path) -> None:
    async with serving(garbage) as service:
        url = service.url
    provider = sec(url)  # nobody listens there any more
    bundle = await freeze("GUAN", DAY, [provider, Files(folder)], CLOCK, hedge_s=60.0)
    await provider.close()
    assert facts_source(bundle) == ("files", ("sec: the provider does not answer: ConnectError",))


async def test_who_failed_is_not_in_the_hash(folder: Path) -> None:
    async with serving(garbage) as service:
        provider = sec(service.url)
        after = await freeze("GUAN", DAY, [provider, Files(folder)], CLOCK)
        await provider.close()
    alone = await freeze("GUAN", DAY, [Files(folder)], CLOCK)
    assert after.hash == alone.hash


async def test_a_slow_provider_that_is_alone_still_serves() -> None:
    async with serving(edgar(Guanaco(last=2019)), 0.3) as service:
        provider = sec(service.url)
        bundle = await freeze("GUAN", DAY, [provider], CLOCK, hedge_s=0.05)
        await provider.close()
    assert facts_source(bundle) == ("sec", ())


async def test_a_copy_serves_while_it_is_fresh_and_when_nobody_answers() -> None:
    clock = HeldClock(datetime(2024, 3, 1, tzinfo=UTC))
    copies = Copies(MemoryCache(clock=clock), clock)
    books = Guanaco(last=2019)
    async with serving(edgar(books)) as service:
        provider = sec(service.url)
        first = await freeze("GUAN", DAY, [provider], clock, copies=copies)
        asked = len(service.asked)
        again = await freeze("GUAN", DAY, [provider], clock, copies=copies)
        fresh = len(service.asked)
    clock.advance(7_200)
    later = await freeze("GUAN", DAY, [provider], clock, copies=copies)
    await provider.close()
    assert again.hash == first.hash
    assert fresh == asked
    (source,) = [one for one in later.sources if one.part == "facts"]
    assert source.stale
    assert later.facts == first.facts


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"2024-03-01T00:00:00+00:00\nnot packed",
        b"2024-03-01T00:00:00+00:00\n" + zlib.compress(b"{}"),
    ],
)
async def test_a_copy_in_another_shape_is_none(raw: bytes) -> None:
    class Old(MemoryCache):
        async def get(self, key: str) -> bytes | None:
            return raw

    copies = Copies(Old(), CLOCK)
    assert await copies.find("sec", Part.FACTS, "GUAN", DAY) is None


async def test_a_lie_is_never_kept() -> None:
    copies = Copies(MemoryCache(), CLOCK)
    async with serving(lying) as service:
        provider = sec(service.url)
        bundle = await freeze("GUAN", DAY, [provider], CLOCK, copies=copies)
        await provider.close()
    assert bundle.facts == ()
    assert {gap.part: gap.reason for gap in bundle.gaps}["facts"] == Reason.UNTIED


@dataclass(frozen=True)
class Other:
    """A second provider: the folder's evidence with one value changed, all totals kept."""

    inner: Files
    name: str = "other"
    remote: bool = False

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]:
        served = await self.inner.facts(ticker, as_of)
        rows = tuple(
            replace(row, value=row.value + 1) if row.concept == "InterestExpense" else row
            for row in served.rows
        )
        return replace(served, rows=rows)

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]:
        served = await self.inner.bars(ticker, as_of)
        last = replace(served.rows[-1], close=served.rows[-1].close * 1.01)
        return replace(served, rows=(*served.rows[:-1], last))

    async def close(self) -> None:
        pass

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]:
        return await self.inner.entity(ticker, as_of)

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]:
        return await self.inner.filings(ticker, as_of)

    async def news(self, ticker: str, as_of: date) -> Served[News]:
        return await self.inner.news(ticker, as_of)


async def test_contradicting_providers_are_both_named(folder: Path) -> None:
    providers: list[Provider] = [Files(folder), Other(Files(folder))]
    bundle = await freeze("GUAN", DAY, providers, CLOCK, cross_check=True)
    said = {gap.part: gap.detail for gap in bundle.gaps if gap.reason == Reason.CONTRADICTED}
    assert said["facts"].startswith("files and other: ")
    assert "InterestExpense" in said["facts"]
    assert "1 closes differ, such as that of 2023-12-29" in said["bars"]
