"""EDGAR's JSON as evidence: companyfacts, submissions and the list of tickers. Pure: bytes in, values out.

Formats: data.sec.gov/api/xbrl/companyfacts/CIK##########.json, /submissions/CIK##########.json,
www.sec.gov/files/company_tickers.json. What does not look like them is `Unavailable(MALFORMED)`, never half read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from sys import float_info
from typing import Any

from arriero.apps.finance.evidence.base import Entity, Fact, Filing, Missing, Reason, Unavailable

SIC = re.compile(r"[0-9]{3,4}")  # 0100 is written as 100, too
BANK_SIC = range(6000, 6500)  # banks, credit, brokers, insurers and their agents (SIC division H)
REPORTS = ("10-K", "10-Q", "20-F", "40-F")
ANNUAL = ("10-K", "20-F", "40-F")


def read_json(raw: bytes, what: str) -> Any:
    """The JSON in `raw`; `what` names it in the complaint."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unavailable(Reason.MALFORMED, f"{what} is no JSON ({type(error).__name__})") from None


def facts_of(payload: Any, as_of: date, cik: str | None = None) -> tuple[Fact, ...]:
    """All facts of a companyfacts document that were filed by `as_of`.

    `fy`, `fp` and `frame` are not read: they describe filings, not facts. A document of another company than `cik`
    is malformed.
    """
    told = _mapping(payload, "companyfacts")
    if cik is not None and _number(told.get("cik")) != int(cik):
        raise Unavailable(
            Reason.MALFORMED, f"companyfacts of CIK {told.get('cik')!r} in place of {int(cik)}"
        )
    facts = []
    for taxonomy, concepts in _mapping(told.get("facts"), "companyfacts.facts").items():
        for concept, entry in _mapping(concepts, f"facts.{taxonomy}").items():
            units = _mapping(_mapping(entry, concept).get("units"), f"{concept}.units")
            for unit, rows in units.items():
                for row in _sequence(rows, f"{concept}.units.{unit}"):
                    fact = _fact(taxonomy, concept, unit, row)
                    if fact is not None and fact.filed <= as_of:
                        facts.append(fact)
    if not facts and not told["facts"]:
        raise Missing(Reason.NO_XBRL)
    return tuple(facts)


def _fact(taxonomy: str, concept: str, unit: str, row: Any) -> Fact | None:
    where = f"{taxonomy}:{concept}"
    entry = _mapping(row, where)
    value = entry.get("val")
    if value is None:
        return None  # nil facts are told without a number
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) <= float_info.max:  # JSON knows NaN here, and longer integers
        raise Unavailable(Reason.MALFORMED, f"{where}: val is {value!r}")
    start = entry.get("start")
    return Fact(
        taxonomy=taxonomy,
        concept=concept,
        unit=unit,
        start=None if start is None else day(start, where),
        end=day(entry.get("end"), where),
        value=float(value),
        accession=_text(entry.get("accn"), where),
        form=_text(entry.get("form"), where),
        filed=day(entry.get("filed"), where),
    )


def entity_of(payload: Any, ticker: str) -> Entity:
    """The company of a submissions document."""
    told = _mapping(payload, "submissions")
    sic = str(told.get("sic") or "")
    known = SIC.fullmatch(sic) is not None
    former = [
        _text(_mapping(one, "formerNames").get("name"), "formerNames")
        for one in _sequence(told.get("formerNames") or [], "formerNames")
    ]
    return Entity(
        ticker=ticker,
        name=_text(told.get("name"), "submissions.name"),
        cik=str(_number(told.get("cik"))).zfill(10),
        sic=sic if known else None,
        bank=known and int(sic) in BANK_SIC,
        former=tuple(former),
        listed=_listed(told, ticker),
    )


def _listed(told: Mapping[str, Any], ticker: str) -> bool | None:
    """Whether an exchange lists the ticker (or one of those of a CIK); "OTC" is none. None where EDGAR does not say."""
    tickers = _sequence(told.get("tickers") or [], "submissions.tickers")
    exchanges = _sequence(told.get("exchanges") or [], "submissions.exchanges")
    asked = given_cik(ticker) is not None
    said = [
        str(exchange)
        for one, exchange in zip(tickers, exchanges, strict=False)
        if exchange and (asked or same_ticker(str(one), ticker))
    ]
    return any(one.upper() != "OTC" for one in said) if said else None


def filings_of(table: Any, cik: str, as_of: date) -> tuple[Filing, ...]:
    """The annual and quarterly reports in a table of submissions (`filings.recent`, or an older page)."""
    columns = _mapping(table, "filings")
    names = ("accessionNumber", "filingDate", "reportDate", "form", "primaryDocument")
    rows = [_sequence(columns.get(name), f"filings.{name}") for name in names]
    if len({len(row) for row in rows}) != 1:
        raise Unavailable(Reason.MALFORMED, "filings: columns of different lengths")
    found = []
    for accession, filed, period, form, document in zip(*rows, strict=True):
        if not str(form).startswith(REPORTS):
            continue
        when = day(filed, "filings.filingDate")
        if when > as_of:
            continue
        bare = str(accession).replace("-", "")
        url = f"https://www.sec.gov/Archives/edgar/data/{int(cik)}/{bare}/{document}"
        ended = day(period, "filings.reportDate") if period else None
        found.append(Filing(str(accession), str(form), when, ended, url))
    return tuple(sorted(found, key=lambda one: (one.filed, one.accession)))


def whole_annual(form: str) -> bool:
    """Whether it is an annual report, and no amendment of one (10-K/A), which tells only what it amends."""
    return form.startswith(ANNUAL) and not form.endswith("/A")


def older_pages(payload: Any, as_of: date, known: Sequence[Filing]) -> Iterator[str]:
    """Names of the older pages that are needed to have two annual reports by `as_of`, newest first."""
    if sum(whole_annual(one.form) for one in known) >= 2:
        return
    filings = _mapping(_mapping(payload, "submissions").get("filings"), "filings")
    for page in _sequence(filings.get("files") or [], "filings.files"):
        entry = _mapping(page, "filings.files")
        if day(entry.get("filingFrom"), "filings.files.filingFrom") <= as_of:
            yield _text(entry.get("name"), "filings.files.name")


def recent_of(payload: Any) -> Any:
    """The table of recent filings in a submissions document."""
    return _mapping(_mapping(payload, "submissions").get("filings"), "filings").get("recent")


def cik_of(tickers: Any, ticker: str) -> str | None:
    """The ten digits of the company that has `ticker` now, from the list of tickers; None when nobody has."""
    for row in _mapping(tickers, "company_tickers").values():
        entry = _mapping(row, "company_tickers")
        if same_ticker(_text(entry.get("ticker"), "company_tickers"), ticker):
            return str(_number(entry.get("cik_str"))).zfill(10)
    return None


def same_ticker(one: str, two: str) -> bool:
    """Whether both name the same share: EDGAR writes BRK-B, exchanges write BRK.B."""
    return one.upper().replace(".", "-") == two.upper().replace(".", "-")


def given_cik(ticker: str) -> str | None:
    """The ten digits, when `ticker` is a CIK: `320193` or `CIK0000320193`."""
    digits = ticker.upper().removeprefix("CIK")
    return digits.zfill(10) if digits.isdigit() and len(digits) <= 10 else None


def day(text: Any, where: str) -> date:
    """An ISO date; `where` names it in the complaint."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Unavailable(Reason.MALFORMED, f"{where}: {text!r} is no date") from None


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise Unavailable(Reason.MALFORMED, f"{where} is no object")


def _sequence(value: Any, where: str) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    raise Unavailable(Reason.MALFORMED, f"{where} is no list")


def _text(value: Any, where: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise Unavailable(Reason.MALFORMED, f"{where}: {value!r} is no text")


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise Unavailable(Reason.MALFORMED, f"cik: {value!r} is no number") from None
