"""Statement facts: every year and quarter since 2015 of four companies, against what the SEC itself says was filed.

Two paths that share no code with the product: the SEC's own `frame` marks (it decides which fact is a calendar
quarter's or year's, and which version counts), read under tags that were written down by hand from the four companies'
statements; and fourth quarters that were filed in full until 2020, against the difference. Beside it: a product that
reads `fy` and `fp`, planted wrong values, providers that are dead, slow or lying, and replays in other processes.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from arriero.apps.finance.evidence.base import Bundle, Entity, bundle_json
from arriero.apps.finance.evidence.edgar import facts_of
from arriero.apps.finance.evidence.files import Files
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.sec import Sec
from arriero.apps.finance.evidence.web import Pace
from arriero.apps.finance.reports.analyse import analyse, filed_periods
from arriero.apps.finance.reports.lines import CORE, TAGS
from arriero.apps.finance.reports.statements import Statement, statements
from arriero.apps.finance.reports.value import How, Value
from arriero.bench.facts import SINCE, Company, metrics, read, reasons
from arriero.bench.filed import documents, payload_of
from arriero.core.clock import HeldClock, SystemClock
from arriero.core.statistics import percentile, wilson
from arriero.core.words import content_hash
from bars._data import data
from bars._inline import facts_of as inline_facts
from bars._trial import count, keep, progress, short
from bars.result import HERE, Figure

FOLDER = data("sec-companyfacts")
# What each line is called in the statements of the four companies, by hand: Apple, NVIDIA, Snowflake, Marvell.
CONTRACTS = "RevenueFromContractWithCustomerExcludingAssessedTax"
CALLED: Mapping[str, str | Mapping[str, tuple[str, ...]]] = {
    "revenue": {
        "320193": ("SalesRevenueNet", CONTRACTS),
        "1045810": ("Revenues",),
        "1640147": (CONTRACTS,),
        "1835632": (CONTRACTS,),
    },
    "gross_profit": "GrossProfit",
    "operating_income": "OperatingIncomeLoss",
    "income_tax": "IncomeTaxExpenseBenefit",
    "net_income": "NetIncomeLoss",
    "eps_diluted": "EarningsPerShareDiluted",
    "shares_diluted": "WeightedAverageNumberOfDilutedSharesOutstanding",
    "operating_cash": "NetCashProvidedByUsedInOperatingActivities",
    "investing_cash": "NetCashProvidedByUsedInInvestingActivities",
    "financing_cash": "NetCashProvidedByUsedInFinancingActivities",
    "assets": "Assets",
    "current_assets": "AssetsCurrent",
    "cash": "CashAndCashEquivalentsAtCarryingValue",
    "receivables": "AccountsReceivableNetCurrent",
    "property": "PropertyPlantAndEquipmentNet",
    "liabilities": "Liabilities",
    "current_liabilities": "LiabilitiesCurrent",
    "payables": "AccountsPayableCurrent",
    "equity": "StockholdersEquity",
    "retained_earnings": "RetainedEarningsAccumulatedDeficit",
}
FLOWS = (
    "revenue",
    "gross_profit",
    "operating_income",
    "income_tax",
    "net_income",
    "operating_cash",
)
TENKS = FOLDER.parent / "edgar-10k"
UNSEEN = {
    "jnj": (date(2025, 2, 13), 88_821e6),
    "tsla": (date(2025, 1, 30), 97_690e6),
    "wmt": (date(2025, 3, 14), 680_985e6),
}
YEARLY, QUARTERLY = re.compile(r"CY\d{4}"), re.compile(r"CY\d{4}Q[1-4]")
INSTANT = re.compile(r"CY\d{4}Q[1-4]I")
CLOCK = HeldClock(datetime(2026, 11, 27, tzinfo=UTC))


def main() -> None:
    files = list(documents(FOLDER))[:: count(1, 3)]
    companies = [read(path) for path in files]
    for (name, line, reason), cells in sorted(reasons(companies).items()):
        progress(f"no value: {name} {line}: {reason}: {cells}")
    found = metrics(companies)
    bars = {"valued": ">= 0.98", "explained": "== 1", "tie_out": "== 1", "traced": "== 1"}
    figures = [
        Figure(name, round(one.value, 4), one.unit, bars.get(name, ""), one.n, one.low, one.high)
        for name, one in found.items()
    ]
    figures += framed(files, companies)
    figures += fourth_quarters(companies)
    figures += lazy(files)
    figures += unseen()
    figures += planted(files, companies)
    figures += asyncio.run(failing())
    figures += times(files)
    figures += replays(files)
    keep("facts", "statement facts of four companies since 2015 against the filed values", figures)


def framed(files: Sequence[Path], companies: Sequence[Company]) -> list[Figure]:
    """Values that are those which the SEC marks as the period's, under tags chosen by hand."""
    same, seen = 0, 0
    sums: list[bool] = []
    for path, company in zip(files, companies, strict=True):
        truth = frames(payload_of(path))
        for (length, end), statement in company.statements.items():
            assert statement is not None
            for line in CALLED:
                wanted = truth.get((line, length, end))
                if wanted is None:
                    continue
                seen += 1
                right = as_filed(statement[line]) == wanted
                same += right
                if not right:
                    got = as_filed(statement[line])
                    progress(f"{company.filed.name} {line} {length} to {end}: {got} for {wanted}")
            if length == "year":
                sums += list(_adds_up(company, end, statement, truth))
    share = wilson(same, seen)
    added = wilson(sum(sums), len(sums))
    return [
        Figure("as_framed", round(share.value, 4), "share", "== 1", seen, share.low, share.high),
        Figure(
            "quarters_make_the_framed_year",
            round(added.value, 4),
            "share",
            ">= 0.98",
            len(sums),
            added.low,
            added.high,
            note="the rest: years that were restated, quarters that were not",
        ),
    ]


def frames(payload: Any) -> Mapping[tuple[str, str, date], float]:
    """What the SEC's frames say, by line, length and last day."""
    told: dict[tuple[str, str, date], float] = {}
    gaap = payload["facts"]["us-gaap"]
    for line, called in CALLED.items():
        tags = called if isinstance(called, str) else called[str(payload["cik"])]
        for tag in (tags,) if isinstance(tags, str) else tags:
            for rows in gaap.get(tag, {}).get("units", {}).values():
                for row in rows:
                    frame, end = row.get("frame", ""), date.fromisoformat(row["end"])
                    if YEARLY.fullmatch(frame):
                        told[line, "year", end] = row["val"]
                    elif QUARTERLY.fullmatch(frame):
                        told[line, "quarter", end] = row["val"]
                    elif INSTANT.fullmatch(frame):
                        told[line, "year", end] = told[line, "quarter", end] = row["val"]
    return told


def as_filed(value: Value) -> float | None:
    """The number that was filed, before it was put on the footing of a later split."""
    return value.sources[0].value if value.how == How.SPLIT else value.value


def _adds_up(
    company: Company, end: date, year: Statement, truth: Mapping[tuple[str, str, date], float]
) -> Iterator[bool]:
    quarters = [
        one
        for (length, last), one in company.statements.items()
        if one is not None and length == "quarter" and year.period.start < last <= end
    ]
    if len(quarters) != 4:
        return
    for line in FLOWS:
        wanted = truth.get((line, "year", end))
        if wanted is not None and all(one[line].known for one in quarters):
            total = sum(one[line].value or 0.0 for one in quarters)
            yield abs(total - wanted) <= 2e6  # four quarters, each rounded to a million at most


def fourth_quarters(companies: Sequence[Company]) -> list[Figure]:
    """Fourth quarters that a 10-K told in full, against the year less nine months: the rule for those it did not."""
    same, seen = 0, 0
    for company in companies:
        for (length, end), statement in company.statements.items():
            if statement is None or length != "quarter" or ("year", end) not in company.statements:
                continue
            for line in ("revenue", "gross_profit", "net_income"):
                value = statement[line]
                if value.how != How.FILED:
                    continue
                tag = value.sources[0].concept
                rest = _difference(company, tag, statement.period.start, end)
                if rest is not None:
                    seen += 1
                    same += abs(rest - (value.value or 0.0)) <= 1e6
    share = wilson(same, seen)
    return [
        Figure(
            "fourth_quarters_by_difference",
            round(share.value, 4),
            "share",
            ">= 0.98",
            seen,
            share.low,
            share.high,
        )
    ]


def _difference(company: Company, tag: str, start: date, end: date) -> float | None:
    """Year less nine months, both as first filed."""
    rows = company.filed.rows.get(tag, ())
    spans: dict[tuple[date, date], float] = {}
    for row in rows:
        if "start" in row:
            key = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
            spans.setdefault(key, row["val"])
    for (first, last), whole in spans.items():
        if last == end and (last - first).days > 340:
            for (other, until), part in spans.items():
                if other == first and abs((start - until).days) <= 2:
                    return whole - part
    return None


def lazy(files: Sequence[Path]) -> list[Figure]:
    """A product that takes `fy` and `fp` for the period and the first tag that is there, as many do."""
    right, seen = 0, 0
    for path in files:
        payload = payload_of(path)
        truth = frames(payload)
        gaap = payload["facts"]["us-gaap"]
        for line, tags in (
            ("revenue", ("Revenues", "SalesRevenueNet", CONTRACTS)),
            ("net_income", ("NetIncomeLoss",)),
            ("operating_cash", ("NetCashProvidedByUsedInOperatingActivities",)),
        ):
            tag = next(one for one in tags if one in gaap)
            by_label: dict[tuple[int, str], float] = {}
            for row in next(iter(gaap[tag]["units"].values())):
                by_label[row["fy"], row["fp"]] = row["val"]
            for (name, length, end), wanted in truth.items():
                if name == line and end >= SINCE:
                    seen += 1
                    label = [
                        value
                        for (year, part), value in by_label.items()
                        if year == end.year and (part == "FY") == (length == "year")
                    ]
                    right += label[:1] == [wanted] if length == "year" else wanted in label
    share = wilson(right, seen)
    return [
        Figure(
            "as_framed_by_fy_and_fp",
            round(share.value, 4),
            "share",
            "",
            seen,
            share.low,
            share.high,
        )
    ]


def unseen() -> list[Figure]:
    """Annual reports of companies that nobody looked at while the lines were chosen, from their inline XBRL.

    Revenue is checked against the total on the face of the income statement, which stands below.
    """
    known, seen, held, ties, right = 0, 0, 0, 0, 0
    for name, (filed, revenue) in UNSEEN.items():
        facts = [
            one
            for one in inline_facts(TENKS / f"{name}-10-k-{filed}.html.gz", filed, "0")
            if f"{one.taxonomy}:{one.concept}" in TAGS
        ]
        found = analyse(Bundle(Entity(name, name), filed, facts=tuple(facts)))
        right += found.years[-1]["revenue"].value == revenue
        for one in found.years[-2:]:  # a 10-K has two balance sheets
            values = [(line.name, one[line.name]) for line in CORE]
            for line, value in values:
                if not value.known:
                    progress(f"no value: {name} {line} {one.period}: {value.reason}")
            known, seen = known + sum(value.known for _, value in values), seen + len(values)
        checked = [tie for one in found.years for tie in one.ties]
        held, ties = held + sum(tie.holds for tie in checked), ties + len(checked)
    share, tied = wilson(known, seen), wilson(held, ties)
    return [
        Figure("unseen_valued", round(share.value, 4), "share", "", seen, share.low, share.high),
        Figure("unseen_tie_out", round(tied.value, 4), "share", "== 1", ties, tied.low, tied.high),
        Figure("unseen_revenue_right", right, "companies", f"== {len(UNSEEN)}", len(UNSEEN)),
    ]


def planted(files: Sequence[Path], companies: Sequence[Company]) -> list[Figure]:
    """One filed value raised by a tenth in its last version: is it shown as if it were true?"""
    chance = random.Random(20261127)
    shown, seen = 0, 0
    tags = (
        *("GrossProfit", "Assets", "Liabilities", "StockholdersEquity"),
        "NetCashProvidedByUsedInOperatingActivities",
        "NetCashProvidedByUsedInFinancingActivities",
    )
    names = dict(
        zip(
            tags,
            ("gross_profit", "assets", "liabilities", "equity", "operating_cash", "financing_cash"),
            strict=True,
        )
    )
    for path, company in zip(files, companies, strict=True):
        payload = payload_of(path)
        ends = {end for _, end in company.statements}
        for _ in range(count(25, 2)):
            tag = chance.choice(tags)
            rows = payload["facts"]["us-gaap"][tag]["units"]["USD"]
            yearly = [row for row in rows if YEARLY.fullmatch(row.get("frame", ""))]
            instant = [row for row in rows if INSTANT.fullmatch(row.get("frame", ""))]
            row = chance.choice(yearly or instant)
            if row["val"] == 0 or date.fromisoformat(row["end"]) not in ends:
                continue
            broken = copy.deepcopy(payload)
            wrong = round(row["val"] * 1.1)
            for one in broken["facts"]["us-gaap"][tag]["units"]["USD"]:
                if one["end"] == row["end"] and one.get("start") == row.get("start"):
                    one["val"] = wrong
            seen += 1
            if wrong in _values(broken, names[tag], date.fromisoformat(row["end"])):
                shown += 1
                progress(f"shown: {payload['entityName']} {tag} to {row['end']}: {wrong:,}")
    share = wilson(shown, seen)
    return [
        Figure(
            *("planted_errors_shown", round(share.value, 4), "share", "<= 0.02"),
            *(seen, share.low, share.high),
            note="without tie-outs all of them",
        )
    ]


def _values(payload: Any, line: str, end: date) -> set[float | None]:
    facts = [one for one in facts_of(payload, date.max) if f"{one.taxonomy}:{one.concept}" in TAGS]
    bundle = Bundle(Entity("X", "X", str(payload["cik"])), date.max, facts=tuple(facts))
    kept, calendar = filed_periods(bundle)
    periods = [one for one in (*calendar.years, *calendar.quarters) if one.end == end]
    return {one[line].value for one in statements(kept, calendar, periods, bank=False)}


async def failing() -> list[Figure]:
    """Seconds until the second provider has served, when the first is dead, slow or lies."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        # The second provider has all that the first has: for what only a slow one has, it is waited for.
        submissions = next(FOLDER.glob("submissions-CIK*"))
        path = FOLDER / submissions.name.removeprefix("submissions-")
        for one in (path, submissions):
            (Path(folder) / one.name).write_bytes(one.read_bytes())
        cik = path.name[3:13]
        payload = payload_of(path)
        lying = copy.deepcopy(payload)
        for row in lying["facts"]["us-gaap"]["Assets"]["units"]["USD"]:
            row["val"] *= 3
        raw = json.dumps(lying).encode()
        for name, body, delay_s in (
            ("dead", None, 0.0),
            ("slow", raw, 30.0),
            ("lying", raw, 0.0),
            ("garbage", b"<html>maintenance</html>", 0.0),
        ):
            took = [
                await _served_by_second(Path(folder), cik, body, delay_s)
                for _ in range(count(20, 2))
            ]
            figures.append(
                Figure(
                    f"second_serves_when_first_is_{name}",
                    round(percentile(sorted(took), 95), 3),
                    "s",
                    "<= 1",
                    len(took),
                    note="p95, seconds",
                )
            )
    return figures


async def _served_by_second(folder: Path, cik: str, body: bytes | None, delay_s: float) -> float:
    async with serving(body, delay_s) as url:
        pace = Pace(SystemClock(), 1_000.0, 600.0)
        first = Sec("A bar bar@example.org", CLOCK, data=url, www=url, pace=pace)
        started = time.perf_counter()
        bundle = await freeze(
            f"CIK{cik}", date(2026, 6, 30), [first, Files(folder)], CLOCK, tags=TAGS
        )
        took = time.perf_counter() - started
        await first.close()
    (source,) = [one for one in bundle.sources if one.part == "facts"]
    assert source.provider == "files", source
    assert source.instead_of, source
    return took


@asynccontextmanager
async def serving(body: bytes | None, delay_s: float) -> AsyncIterator[str]:
    """A loopback address that answers every request with `body`; None: nobody listens there."""
    held: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        held.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(delay_s)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body or b'')}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + (body or b""))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    if body is None:
        server.close()
    try:
        yield url
    finally:
        server.close()
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        await server.wait_closed()


def times(files: Sequence[Path]) -> list[Figure]:
    """Milliseconds from a folder to a frozen bundle, from there to the analysis, and of its hash; of the processor."""
    spent: dict[str, list[float]] = defaultdict(list)
    for path in files:
        for _ in range(count(5, 1)):
            started = time.process_time()
            bundle = asyncio.run(_frozen(path))
            frozen = time.process_time()
            analyse(bundle)
            analysed = time.process_time()
            assert bundle.hash
            spent["freeze"].append((frozen - started) * 1e3)
            spent["analyse"].append((analysed - frozen) * 1e3)
            spent["hash"].append((time.process_time() - analysed) * 1e3)
    return [
        Figure(
            *(f"{name}_processor_ms", round(percentile(sorted(took), 50), 1), "ms"),
            *("<= 500" if name == "analyse" else "", len(took)),
            note="p50",
        )
        for name, took in spent.items()
    ]


async def _frozen(path: Path) -> Bundle:
    return await freeze(path.name[:13], date(2026, 6, 30), [Files(path.parent)], CLOCK, tags=TAGS)


REPLAY = (
    "import asyncio, sys; from pathlib import Path; from bars.facts import told; "
    "print(asyncio.run(told(Path(sys.argv[1]))))"
)


async def told(path: Path) -> str:
    """A bundle's hash and one of all that the analysis says of it."""
    bundle = await _frozen(path)
    return f"{bundle.hash} {content_hash(repr(analyse(bundle)))} {len(bundle_json(bundle))}"


def replays(files: Sequence[Path]) -> list[Figure]:
    """The same evidence in new processes with other hash seeds, time zones and locales: the same bytes?"""
    same, seen = 0, 0
    for path in files:
        first = asyncio.run(told(path))
        for seed in range(count(5, 1)):
            places = {
                "PYTHONHASHSEED": str(seed + 1),
                "TZ": "Asia/Kathmandu",
                "LC_ALL": "tr_TR.UTF-8",
            }
            done = subprocess.run(
                [sys.executable, "-c", REPLAY, str(path)],
                capture_output=True,
                text=True,
                cwd=HERE.parent,
                env={**os.environ, **places},
                timeout=300,
                check=True,
            )
            seen += 1
            same += done.stdout.strip() == first
    share = wilson(same, seen)
    return [Figure("replays_identical", share.value, "share", "== 1", seen, share.low, share.high)]


if __name__ == "__main__":
    if not FOLDER.is_dir() and not short():
        sys.exit(f"{FOLDER} is not there; set ARRIERO_DATA")
    main()
