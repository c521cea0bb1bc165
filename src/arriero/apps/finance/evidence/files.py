"""Evidence from a folder: EDGAR's JSON, 10-K documents, price CSV and news JSON, each as it is or gzipped.

    CIK##########.json                  companyfacts
    submissions-CIK##########.json      submissions
    company_tickers.json                ticker -> CIK (else the tickers in the submissions)
    TICKER.csv                          Date,Open,High,Low,Close,Adj Close,Volume
    news-TICKER.json                    NewsAPI's or Alpha Vantage's format
    <document>                          a 10-K under the name that its submission gives it, or
    ticker-10-k-YYYY-MM-DD.html         under ticker and filing day
    item1a-ticker-10-k-YYYY-MM-DD.txt   its risk factors, cut already

The files may lie in folders below. A ticker may be a CIK.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import logging
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

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

MOST_BYTES = 200 << 20  # the largest companyfacts are some 30 MB
ANNUALS_READ = 2  # this year's risk factors, and the last one's to compare
PRICES = ("open", "high", "low", "close")
COLUMNS = ("date", *PRICES, "volume")
NOTHING = frozenset({"", "null", "nan", "none", "-"})
NAMED = re.compile(r"(?P<ticker>[a-z0-9.\-]+?)-10-k-(?P<filed>\d{4}-\d{2}-\d{2})\.html?")
log = logging.getLogger(__name__)
Row = TypeVar("Row")
Cut = Callable[[str], str | None]  # the text of Item 1A in a 10-K's HTML, if it is found


@dataclass(frozen=True)
class Files:
    """The provider of `folder`. `cut` finds the risk factors in a document; without it only cut texts are read.

    `retrieved_at` of what it serves is when the file was written last.
    """

    folder: Path
    cut: Cut | None = None
    name: str = "files"
    remote: bool = False

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]:
        return await asyncio.to_thread(self._entity, ticker)

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]:
        return await asyncio.to_thread(self._facts, ticker, as_of)

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]:
        return await asyncio.to_thread(self._bars, ticker, as_of)

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]:
        return await asyncio.to_thread(self._filings, ticker, as_of)

    async def news(self, ticker: str, as_of: date) -> Served[News]:
        return await asyncio.to_thread(self._news, ticker, as_of)

    async def close(self) -> None:
        """Nothing is held open."""

    def _entity(self, ticker: str) -> Served[Entity]:
        cik = self._cik(ticker)
        if file := self._paths.get(f"submissions-CIK{cik}.json"):
            told = edgar.read_json(read(file), file.name)
            return Served((edgar.entity_of(told, ticker),), written(file))
        if edgar.given_cik(ticker) is not None and f"CIK{cik}.json" not in self._paths:
            raise Missing(Reason.UNKNOWN, f"CIK{cik}")
        file = self._companyfacts(cik)
        told = edgar.read_json(read(file), file.name)
        name = told.get("entityName") if isinstance(told, dict) else None
        return Served((Entity(ticker, str(name or ticker), cik),), written(file))

    def _facts(self, ticker: str, as_of: date) -> Served[Fact]:
        cik = self._cik(ticker)
        file = self._companyfacts(cik)
        rows = edgar.facts_of(edgar.read_json(read(file), file.name), as_of, cik)
        return _served(rows, file)

    def _bars(self, ticker: str, as_of: date) -> Served[Bar]:
        file = self._of(*(f"{name}.csv" for name in (ticker.upper(), *sorted(self._names(ticker)))))
        return _served(bars_of(read(file), file.name, as_of), file)

    def _news(self, ticker: str, as_of: date) -> Served[News]:
        names = (ticker.upper(), *sorted(self._names(ticker)))
        file = self._of(*(f"news-{name}.json" for name in names))
        return _served(news_of(edgar.read_json(read(file), file.name), ticker, as_of), file)

    def _filings(self, ticker: str, as_of: date) -> Served[Filing]:
        cut = self._cut_texts(ticker)
        try:
            cik = self._cik(ticker)
        except Missing:
            cik = ""
        file = self._paths.get(f"submissions-CIK{cik}.json")
        if file is None:
            found, paths = self._by_name(ticker, as_of)
            if not found:
                raise Missing(Reason.NOT_YET if cut or paths else Reason.NONE, ticker)
            return Served(self._with_texts(found, cut), max(written(one) for one in paths))
        told = edgar.read_json(read(file), file.name)
        rows = edgar.filings_of(edgar.recent_of(told), cik, as_of)
        return _served(self._with_texts(rows, cut), file)

    def _with_texts(
        self, filings: Sequence[Filing], cut: Mapping[date, Path]
    ) -> tuple[Filing, ...]:
        """The filings, the last annual ones with their risk factors where the folder has them."""
        annual = [one for one in filings if edgar.whole_annual(one.form)][-ANNUALS_READ:]
        return tuple(
            replace(one, item_1a=self._item_1a(one, cut)) if one in annual else one
            for one in filings
        )

    def _item_1a(self, filing: Filing, cut: Mapping[date, Path]) -> str | None:
        if filing.filed in cut:
            return _text(read(cut[filing.filed]))
        document = self._paths.get(filing.url.rpartition("/")[2])
        if document is None or self.cut is None:
            return None
        return self.cut(_text(read(document)))

    def _by_name(self, ticker: str, as_of: date) -> tuple[list[Filing], list[Path]]:
        """Annual reports that the folder holds only as documents, named by ticker and day."""
        found, paths = {}, []
        names = [*self._paths, *(one.name for one in self._cut_texts(ticker).values())]
        for name in names:
            filed = self._filed(name, ticker)
            if filed is None:
                continue
            paths.append(self._paths.get(name) or self._cut_texts(ticker)[filed])
            if filed <= as_of and (filed not in found or not name.startswith("item1a-")):
                found[filed] = Filing("", "10-K", filed, None, name)
        return [found[filed] for filed in sorted(found)], paths

    def _cut_texts(self, ticker: str) -> Mapping[date, Path]:
        texts = {}
        for name, path in self._paths.items():
            filed = self._filed(name, ticker) if name.startswith("item1a-") else None
            if filed is not None:
                texts[filed] = path
        return texts

    def _filed(self, name: str, ticker: str) -> date | None:
        """The day in the name of the company's annual report; None for the name of another file."""
        match = NAMED.match(name.removeprefix("item1a-").replace(".txt", ".html"))
        if match is None or _plain(match["ticker"]) not in self._names(ticker):
            return None
        try:
            return date.fromisoformat(match["filed"])
        except ValueError:  # 30 February
            return None

    def _names(self, ticker: str) -> frozenset[str]:
        """The ticker, and the company's others: who asks by CIK means them all."""
        mine = self._submitted.get(_plain(ticker), edgar.given_cik(ticker))
        others = (name for name, cik in self._submitted.items() if cik == mine)
        return frozenset({_plain(ticker), *others})

    def _cik(self, ticker: str) -> str:
        if (given := edgar.given_cik(ticker)) is not None:
            return given
        if file := self._paths.get("company_tickers.json"):
            found = edgar.cik_of(edgar.read_json(read(file), file.name), ticker)
            if found is not None:
                return found
        if (found := self._submitted.get(_plain(ticker))) is not None:
            return found
        raise Missing(Reason.UNKNOWN, ticker)

    def _companyfacts(self, cik: str) -> Path:
        if file := self._paths.get(f"CIK{cik}.json"):
            return file
        raise Missing(Reason.NO_XBRL, f"CIK{cik}")

    def _of(self, *names: str) -> Path:
        for name in names:
            if file := self._paths.get(name):
                return file
        raise Missing(Reason.NONE, names[0])

    @cached_property
    def _paths(self) -> Mapping[str, Path]:
        """Every file by its name without `.gz`; of two with one name the first in the order of paths counts."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                found.setdefault(path.name.removesuffix(".gz"), path)
        return found

    @cached_property
    def _submitted(self) -> Mapping[str, str]:
        """CIK by ticker, from the submissions in the folder; a broken file names no ticker."""
        found: dict[str, str] = {}
        for name, path in self._paths.items():
            if name.startswith("submissions-CIK") and name.endswith(".json"):
                try:
                    told = edgar.read_json(read(path), path.name)
                except Unavailable as broken:
                    log.warning("no ticker is known of %s: %s", path.name, broken.message)
                    continue
                tickers = told.get("tickers") if isinstance(told, dict) else None
                for ticker in tickers if isinstance(tickers, list) else ():
                    found.setdefault(_plain(str(ticker)), name[15:25])
        return found


def bars_of(raw: bytes, name: str, as_of: date) -> tuple[Bar, ...]:
    """The days of a price CSV up to `as_of`, by day. Columns by name.

    A day without any price (Yahoo writes `null` for each) is no day of trading; a line with some is malformed.
    """
    lines = csv.DictReader(io.StringIO(_text(raw)))
    bars = []
    try:
        if ";" in "".join(lines.fieldnames or ()):
            why = "semicolons stand between its columns; save it with commas, numbers as 1234.5"
            raise Unavailable(Reason.MALFORMED, f"{name}: {why}")
        for line in lines:
            row = _row(line)
            day = _day(row["date"])
            if day <= as_of and any(row[name].lower() not in NOTHING for name in PRICES):
                bars.append(_bar(day, row))
    except KeyError as error:
        why = f"no column {error} in its header; it needs {', '.join(COLUMNS)}"
        raise Unavailable(Reason.MALFORMED, f"{name}: {why}") from None
    except ValueError as error:
        raise Unavailable(Reason.MALFORMED, f"{name}, line {lines.line_num}: {error}") from None
    except csv.Error as error:  # of a line that is not counted yet
        raise Unavailable(Reason.MALFORMED, f"{name}, line {lines.line_num + 1}: {error}") from None
    return tuple(sorted(bars, key=lambda bar: bar.day))


def _row(line: Mapping[str | Any, str | Any]) -> Mapping[str, str]:
    """The cells of a line by name. `ValueError` for more of them than the header names."""
    if None in line:
        raise ValueError("it has more cells than the header")
    return {
        key.strip().lower().replace("_", " "): (value or "").strip() for key, value in line.items()
    }


def _bar(day: date, row: Mapping[str, str]) -> Bar:
    adjusted = row.get("adj close") or row.get("adjusted") or row.get("adjusted close") or ""
    numbers = [_number(row[name]) for name in (*PRICES, "volume")]
    told = _number(adjusted) if adjusted else None
    if not all(isfinite(one) for one in (*numbers, told or 0.0)):
        raise ValueError("a number is not finite")
    opened, high, low, close, volume = numbers
    return Bar(day, opened, high, low, close, told, volume)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"{text!r} is no date like 2024-12-31") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number; write 1234.5") from None


def read(path: Path) -> bytes:
    """The bytes of a file, unpacked when its name ends in `.gz`."""
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        with gzip.open(path) as packed:
            raw = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unavailable(Reason.MALFORMED, f"{path.name}: {error}") from None
    if len(raw) > MOST_BYTES:
        raise Unavailable(Reason.MALFORMED, f"{path.name} unpacks to over {MOST_BYTES >> 20} MiB")
    return raw


def written(path: Path) -> datetime:
    """When the file was written last, in UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _served(rows: Sequence[Row], file: Path) -> Served[Row]:
    if not rows:
        raise Missing(Reason.NOT_YET, file.name)
    return Served(tuple(rows), written(file))


def _plain(ticker: str) -> str:
    return ticker.upper().replace(".", "-")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8-sig", errors="replace")
