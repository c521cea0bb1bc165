"""Evidence from a folder, as it was known on a day; and what is said when it is broken."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from arriero.apps.finance.evidence.base import Bundle, Missing, Reason, Unavailable
from arriero.apps.finance.evidence.files import Files, bars_of
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.told import Told
from arriero.apps.finance.reports.analyse import analyse
from arriero.apps.finance.reports.lines import TAGS
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, NotFound
from tests.apps.finance.invented import CIK, MILLION, TICKER, Guanaco, prices, sales, year_end

DAY = date(2023, 12, 29)
CLOCK = HeldClock(datetime(2024, 3, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Guanaco().write(tmp_path_factory.mktemp("evidence"))


async def frozen(folder: Path, as_of: date = DAY, ticker: str = TICKER) -> Bundle:
    return await freeze(ticker, as_of, [Files(folder)], CLOCK, tags=TAGS)


async def test_a_folder_gives_a_whole_bundle(folder: Path) -> None:
    bundle = await frozen(folder)
    assert (bundle.entity.name, bundle.entity.cik) == ("Guanaco Tools Inc.", CIK)
    assert bundle.entity.former == ("Vicuna Tools Inc.",)
    assert max(fact.filed for fact in bundle.facts) <= DAY
    assert bundle.bars[-1].day == DAY
    assert [one.title for one in bundle.news] == ["Guanaco 0", "Guanaco 1"]
    assert bundle.filings[-1].form == "10-K"
    assert {source.provider for source in bundle.sources} == {"files"}
    assert {gap.part for gap in bundle.gaps} == {"risk_factors"}


async def test_the_same_evidence_gives_the_same_bytes(folder: Path) -> None:
    one, two = await frozen(folder), await frozen(folder)
    assert one.hash == two.hash


async def test_evidence_that_came_later_changes_nothing(folder: Path, tmp_path: Path) -> None:
    then = date(2022, 7, 1)
    before = await frozen(Guanaco(last=2022).write(tmp_path), then)
    assert (await frozen(folder, then)).hash == before.hash


async def test_repeats_are_left_out_and_the_analysis_is_the_same(folder: Path) -> None:
    few = await frozen(folder)
    every = (await Files(folder).facts(TICKER, DAY)).rows
    assert len(few.facts) < len(every)
    whole = Bundle(few.entity, DAY, facts=every, bars=few.bars)
    one, two = analyse(few), analyse(whole)
    assert [year["revenue"].value for year in one.years] == [
        year["revenue"].value for year in two.years
    ]


async def test_gzipped_files_a_cik_and_cut_risk_factors_are_read(tmp_path: Path) -> None:
    books = Guanaco(last=2020)
    raw = json.dumps(books.companyfacts()).encode()
    (tmp_path / f"CIK{CIK}.json.gz").write_bytes(gzip.compress(raw))
    told = gzip.compress(json.dumps(books.submissions()).encode())
    (tmp_path / f"submissions-CIK{CIK}.json.gz").write_bytes(told)
    filed = year_end(2020) + timedelta(days=35)
    text = gzip.compress(b"Wool may shrink.")
    (tmp_path / f"item1a-guan-10-k-{filed}.txt.gz").write_bytes(text)
    bundle = await frozen(tmp_path, date(2021, 2, 1), "9990001")
    assert bundle.facts
    assert bundle.filings[-1].item_1a == "Wool may shrink."


async def test_a_file_that_cannot_be_unpacked_is_a_gap(tmp_path: Path) -> None:
    Guanaco(last=2020).write(tmp_path)
    plain = tmp_path / f"CIK{CIK}.json"
    packed = bytearray(gzip.compress(plain.read_bytes()))
    packed[20:60] = b"\xff" * 40
    plain.unlink()
    (tmp_path / f"CIK{CIK}.json.gz").write_bytes(packed)
    bundle = await frozen(tmp_path)
    assert {gap.part: gap.reason for gap in bundle.gaps}["facts"] == Reason.MALFORMED


async def test_a_document_is_cut_when_somebody_can(tmp_path: Path) -> None:
    books = Guanaco(last=2020)
    books.write(tmp_path)
    name = books.filings[-1][4]
    (tmp_path / name).write_text("<p>Item 1A</p>", encoding="utf-8")
    files = Files(tmp_path, cut=lambda html: html.upper())
    served = await files.filings(TICKER, DAY)
    assert served.rows[-1].item_1a == "<P>ITEM 1A</P>"


async def test_an_amendment_does_not_keep_an_annual_report_from_being_read(tmp_path: Path) -> None:
    books = Guanaco()
    _, _, filed, period, _ = books.filings[-1]
    amended = ("0009990001-23-000099", "10-K/A", filed + timedelta(days=50), period, "guan-a.htm")
    books.filings.append(amended)
    books.write(tmp_path)
    for _, form, _, _, document in books.filings:
        (tmp_path / document).write_text(form, encoding="utf-8")
    told = Files(tmp_path, cut=lambda text: text if text == "10-K" else None)
    rows = (await told.filings(TICKER, DAY)).rows
    assert rows[-1].form == "10-K/A"
    assert [one.period for one in rows if one.item_1a] == [year_end(2022), year_end(2023)]


async def test_before_the_first_filing_there_is_a_gap_and_no_guess(folder: Path) -> None:
    bundle = await frozen(folder, date(2018, 1, 1))
    assert bundle.facts == ()
    assert {gap.part: gap.reason for gap in bundle.gaps}["facts"] == Reason.NOT_YET


async def test_a_day_in_the_future_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="lies in the future; give a day up to 2024-03-01"):
        await frozen(folder, date(2024, 3, 2))


async def test_an_unknown_ticker_is_not_found(folder: Path) -> None:
    with pytest.raises(NotFound, match="no provider knows the ticker 'NOPE'"):
        await frozen(folder, DAY, "nope")


@pytest.mark.parametrize("ticker", ["", "AA PL", "../AAPL", "A" * 16, "Ä"])
async def test_what_cannot_be_a_ticker_is_refused(folder: Path, ticker: str) -> None:
    with pytest.raises(InputError, match="is no ticker"):
        await frozen(folder, DAY, ticker)


async def test_a_filer_without_xbrl_is_named(tmp_path: Path) -> None:
    Guanaco(last=2020).write(tmp_path)
    (tmp_path / f"CIK{CIK}.json").unlink()
    bundle = await frozen(tmp_path)
    assert {gap.part: gap.reason for gap in bundle.gaps}["facts"] == Reason.NO_XBRL


async def test_prices_that_ended_are_stale(tmp_path: Path) -> None:
    Guanaco().write(tmp_path)
    (tmp_path / f"{TICKER}.csv").write_text(prices(date(2023, 10, 2)), encoding="utf-8")
    bundle = await frozen(tmp_path)
    (gap,) = [gap for gap in bundle.gaps if gap.part == "bars"]
    assert (gap.reason, gap.detail) == (Reason.STALE, "the last price is of 2023-10-02")


async def test_a_split_that_was_not_adjusted_is_named(tmp_path: Path) -> None:
    Guanaco().write(tmp_path)
    lines = prices(DAY).splitlines()
    head, old, new = lines[0], lines[1:-20], lines[-20:]
    split = [
        ",".join([cells[0], *(f"{float(one) / 4:.2f}" for one in cells[1:5]), "", "1"])
        for cells in (line.split(",") for line in new)
    ]
    plain = [",".join([*line.split(",")[:5], "", "1"]) for line in old]
    (tmp_path / f"{TICKER}.csv").write_text("\n".join([head, *plain, *split]), encoding="utf-8")
    bundle = await frozen(tmp_path)
    (gap,) = [gap for gap in bundle.gaps if gap.reason == Reason.UNADJUSTED]
    assert gap.detail.endswith("like 4 for 1")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (f"CIK{CIK}.json", "<html>", Reason.MALFORMED),
        (f"CIK{CIK}.json", '{"cik": 1, "facts": {}}', Reason.MALFORMED),
        (f"CIK{CIK}.json", f'{{"cik": {int(CIK)}, "facts": {{}}}}', Reason.NO_XBRL),
        (f"CIK{CIK}.json", f'{{"cik": {int(CIK)}, "facts": []}}', Reason.MALFORMED),
        (
            f"CIK{CIK}.json",
            json.dumps(
                {"cik": int(CIK)}
                | {"facts": {"us-gaap": {"Assets": {"units": {"USD": [{"val": "12"}]}}}}}
            ),
            Reason.MALFORMED,
        ),
        (f"{TICKER}.csv", "Date,Open\n2023-01-02,1\n", Reason.MALFORMED),
        (
            f"{TICKER}.csv",
            "Date,Open,High,Low,Close,Volume\n2023-01-02,1,x,1,1,1\n",
            Reason.MALFORMED,
        ),
        (f"{TICKER}.csv", "Date,Open,High,Low,Close,Volume\n2023-01-02,9,2,1,1,1\n", Reason.UNTIED),
        (
            f"{TICKER}.csv",
            "Date,Open,High,Low,Close,Volume\n2023-01-02,1,1,1,1,1,000\n",
            Reason.MALFORMED,
        ),
        (
            f"{TICKER}.csv",
            f"Date,Open,High,Low,Close,Volume\n2023-01-02,1,1,1,1,{'1' * 200_000}\n",
            Reason.MALFORMED,
        ),
        (
            f"{TICKER}.csv",
            "Date,Open,High,Low,Close,Adj Close,Volume\n2023-12-28,1,1,1,1,0,1\n",
            Reason.UNTIED,
        ),
        (
            f"CIK{CIK}.json",
            f'{{"cik": {int(CIK)}, "facts": {{"us-gaap": {{"Assets": {{"units": {{"USD": [{{"val": 1{"0" * 400}}}]}}}}}}}}}}',
            Reason.MALFORMED,
        ),
        (f"CIK{CIK}.json", '{"cik": 1e999, "facts": {}}', Reason.MALFORMED),
        (f"news-{TICKER}.json", '{"articles": [{"publishedAt": "soon"}]}', Reason.MALFORMED),
        (
            f"news-{TICKER}.json",
            '{"articles": [{"publishedAt": "0001-01-01T00:00:00+14:00"}]}',
            Reason.MALFORMED,
        ),
        (
            f"news-{TICKER}.json",
            '{"feed": [{"time_published": "20231201T101500", "ticker_sentiment": 5}]}',
            Reason.MALFORMED,
        ),
        (
            f"news-{TICKER}.json",
            '{"articles": [{"publishedAt": "2023-12-01T10:15:00Z", "relevance": NaN}]}',
            Reason.MALFORMED,
        ),
        (
            f"news-{TICKER}.json",
            f'{{"articles": [{{"publishedAt": "2023-12-01T10:15:00Z", "relevance": 1{"0" * 400}}}]}}',
            Reason.MALFORMED,
        ),
    ],
)
async def test_a_broken_file_is_a_gap_and_the_rest_is_served(
    tmp_path: Path, name: str, text: str, reason: Reason
) -> None:
    Guanaco(last=2020).write(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    bundle = await frozen(tmp_path)
    assert reason in {gap.reason for gap in bundle.gaps}
    assert bundle.entity.name == "Guanaco Tools Inc."


@pytest.mark.parametrize("text", ["<html>", '{"tickers": 5}', '{"tickers": null}', "[]"])
async def test_a_broken_file_of_one_company_costs_no_other_its_own(
    folder: Path, tmp_path: Path, text: str
) -> None:
    Guanaco().write(tmp_path)
    (tmp_path / "submissions-CIK0000000042.json").write_text(text, encoding="utf-8")
    assert (await frozen(tmp_path)).hash == (await frozen(folder)).hash


async def test_a_document_named_after_no_day_is_no_report(tmp_path: Path) -> None:
    Guanaco(last=2020).write(tmp_path)
    before = await frozen(tmp_path)
    (tmp_path / "item1a-guan-10-k-2020-02-30.txt").write_text("Item 1A.", encoding="utf-8")
    assert (await frozen(tmp_path)).filings == before.filings


async def test_prices_with_semicolons_say_to_use_commas(tmp_path: Path) -> None:
    Guanaco(last=2020).write(tmp_path)
    text = "Date;Open;High;Low;Close;Volume\n2023-12-28;1,5;1,5;1,5;1,5;10\n"
    (tmp_path / f"{TICKER}.csv").write_text(text, encoding="utf-8")
    (gap,) = (one for one in (await frozen(tmp_path)).gaps if one.part == "bars")
    assert "save it with commas, numbers as 1234.5" in gap.detail


async def test_a_cik_that_nobody_knows_is_told(folder: Path) -> None:
    with pytest.raises(NotFound, match="no provider knows the ticker 'CIK0000000001'"):
        await frozen(folder, ticker="CIK0000000001")


async def test_a_day_without_any_price_is_no_day_of_trading(tmp_path: Path) -> None:
    Guanaco(last=2020).write(tmp_path)
    text = (
        "Date,Open,High,Low,Close,Adj Close,Volume\n2023-12-27,1,1,1,1,1,5\n2023-12-28"
        + ",null" * 6
    )
    (tmp_path / f"{TICKER}.csv").write_text(text, encoding="utf-8")
    bundle = await frozen(tmp_path)
    assert [bar.day for bar in bundle.bars] == [date(2023, 12, 27)]


async def test_books_whose_totals_differ_are_not_believed(tmp_path: Path) -> None:
    Guanaco(
        changed=lambda tag, start, end, form, value: value * (2 if tag == "Assets" else 1)
    ).write(tmp_path)
    bundle = await frozen(tmp_path)
    assert bundle.facts == ()
    assert {gap.part: gap.reason for gap in bundle.gaps}["facts"] == Reason.UNTIED


async def test_reports_that_the_caller_sends_take_the_place_of_filed_facts(folder: Path) -> None:
    sent = [
        Told("2021", 1_000.0, 100.0, 2_000.0, 1_200.0),
        Told("2022", 1_100.0, 120.0, 2_100.0, 1_200.0),
        Told("2023-01-01..2023-12-29", 1_210.0, 132.0, 2_200.0, 1_200.0),
    ]
    bundle = await freeze("ACME", DAY, [Files(folder)], CLOCK, reports=sent, symbols=[TICKER])
    found = analyse(bundle)
    assert [year["revenue"].value for year in found.years] == [1_000.0, 1_100.0, 1_210.0]
    assert found.ratios[-1]["revenue_growth"].value == pytest.approx(0.1)
    assert found.years[-1]["all_equity"].value == 1_000.0
    assert (found.grade.table, found.grade.letter) == ("brief", "B")
    assert bundle.others[0].symbol == TICKER
    assert bundle.others[0].bars
    assert {source.part: source.provider for source in bundle.sources}["facts"] == "caller"


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Told("last year", 1.0), "is no period; write 2024"),
        (Told("0001-01-05", 1.0), "is no period; write 2024"),
        (Told("2024", 1.0), "ends after 2023-12-29"),
        (Told("2022", -1.0), "not below zero"),
        (Told("2022", float("nan")), "give US dollars"),
    ],
)
async def test_a_report_that_cannot_be_meant_is_refused(
    folder: Path, report: Told, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        await freeze("ACME", DAY, [Files(folder)], CLOCK, reports=[report])


async def test_the_same_period_twice_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="is told twice"):
        await freeze("ACME", DAY, [Files(folder)], CLOCK, reports=[Told("2022"), Told("FY2022")])


async def test_a_provider_says_what_it_misses(folder: Path) -> None:
    with pytest.raises(Missing):
        await Files(folder).bars("NONE", DAY)
    (folder / "BAD.csv").write_bytes(b"\xff\x00")
    with pytest.raises((Unavailable, Missing)):
        await Files(folder).bars("BAD", DAY)


async def test_sales_of_the_invented_company_are_what_its_docstring_says() -> None:
    assert sales(2021, 3) == 123 * MILLION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Date,Close\n2023-01-02,1\n", "no column 'open' in its header; it needs date, open, high"),
        ("Date,Open,High,Low,Close,Volume\n01/02/2023,1,1,1,1,1\n", "'01/02/2023' is no date like"),
        ("Date,Open,High,Low,Close,Volume\n2023-01-02,1,1,1,$1,1\n", "'$1' is no number; write"),
    ],
)
def test_a_price_file_that_cannot_be_used_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(Unavailable) as told:
        bars_of(text.encode(), "ABC.csv", date(2023, 12, 31))
    assert said in str(told.value)
