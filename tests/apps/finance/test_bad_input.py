"""Bad evidence and bad questions through the whole app: each gap is named, the other parts go on, nothing is guessed.

The sample's company is spoiled in one way at a time. An unknown ticker, a day in the future or before the first filing,
stale prices and an incomplete profile are in `test_app.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.finance.app import NOTHING_SAID, FinanceApp
from arriero.apps.finance.evidence.base import Bundle, Provider, Reason, Unavailable
from arriero.apps.finance.evidence.files import Files
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.open import SAMPLE
from arriero.apps.finance.reports.lines import TAGS
from arriero.apps.finance.values import Analysis, Rating, Request, Seen
from arriero.core.words import Ended, Outcome
from tests.apps.finance.conftest import Desk, Open

FACTS, SUBMISSIONS, PRICES = (
    "CIK9000000001.json", "submissions-CIK9000000001.json", "XTAM.csv",
)  # fmt: skip
Ask = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the sample's company, to be spoiled."""
    return Path(shutil.copytree(SAMPLE / "XTAM", tmp_path / "evidence"))


@pytest.fixture
async def ask(open_desk: Open, folder: Path) -> Ask:
    """Asks for an analysis over that folder."""

    async def asked(ticker: str = "XTAM", **more: Any) -> Outcome[Analysis]:
        desk = await open_desk({"evidence": {"files": folder}})
        return (await desk.ask(ticker, **more)).outcome

    return asked


def changed(file: Path, change: Callable[[Any], None]) -> None:
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))


def gaps(outcome: Outcome[Analysis]) -> dict[str, str]:
    return {gap.part: gap.reason for gap in outcome.answer.gaps}


def figures(outcome: Outcome[Analysis]) -> dict[str, float]:
    return {one.name: one.value for one in outcome.answer.stated}


async def test_the_sound_company_is_rated(ask: Ask) -> None:
    """Else nothing that follows would show anything."""
    told = await ask()
    assert told.answer.recommendation is Rating.HOLD
    assert "ratios.return_on_equity" not in gaps(told)
    assert {"facts", "bars", "filings", "news"} & set(gaps(told)) == set()


async def test_a_renamed_company_tells_its_former_names(ask: Ask, folder: Path) -> None:
    def renamed(told: Any) -> None:
        told["formerNames"] = [{"name": "Pampa Gauges, Inc.", "from": "", "to": ""}]

    changed(folder / SUBMISSIONS, renamed)
    told = await ask()
    assert told.answer.former == ("Pampa Gauges, Inc.",)
    assert told.answer.recommendation is Rating.HOLD


@pytest.mark.parametrize(
    ("sic", "sector"),
    [
        *(("3826", "manufacturing"), ("0100", "agriculture"), ("100", "agriculture")),
        *(("", ""), ("\N{SUPERSCRIPT TWO}", ""), ("9" * 5_000, "")),
    ],
)
async def test_the_sector_is_the_division_of_its_sic(
    ask: Ask, folder: Path, sic: str, sector: str
) -> None:
    changed(folder / SUBMISSIONS, lambda told: told.update(sic=sic))
    assert (await ask()).answer.sector == sector


async def test_a_delisted_company_has_no_rating_and_is_found_by_its_cik(
    ask: Ask, folder: Path
) -> None:
    changed(folder / SUBMISSIONS, lambda told: told.update(tickers=[]))
    (folder / PRICES).unlink()
    (folder / "news-XTAM.json").unlink()
    assert (await ask()).ended is Ended.FALLBACK  # nobody trades under this ticker
    told = await ask("CIK9000000001")
    assert told.answer.recommendation is Rating.NO_RATING
    assert gaps(told)["bars"] == Reason.NONE
    assert "Revenue in the year" in told.answer.explanation


async def test_prices_that_ended_with_a_delisting_are_too_old(ask: Ask, folder: Path) -> None:
    lines = (folder / PRICES).read_text().splitlines()
    kept = [line for line in lines if line[:4] == "date" or line[:10] <= "2025-06-30"]
    (folder / PRICES).write_text("\n".join(kept))
    told = await ask()
    assert told.answer.recommendation is Rating.NO_RATING
    assert gaps(told)["bars"] == Reason.STALE


async def test_a_filer_without_xbrl_has_no_rating_and_the_rest_is_told(
    ask: Ask, folder: Path
) -> None:
    (folder / FACTS).unlink()
    told = await ask()
    assert told.answer.recommendation is Rating.NO_RATING
    assert gaps(told)["facts"] == Reason.NO_XBRL
    assert told.answer.expected_return is not None
    assert "Revenue" not in told.answer.explanation


async def test_with_negative_equity_there_is_no_return_on_it(ask: Ask, folder: Path) -> None:
    def indebted(told: Any) -> None:
        books = told["facts"]["us-gaap"]
        of = {
            (row["end"], row["accn"]): row["val"]
            for row in books["StockholdersEquity"]["units"]["USD"]
        }
        for row in books["StockholdersEquity"]["units"]["USD"]:
            row["val"] = -row["val"]
        for row in books["Liabilities"]["units"]["USD"]:
            row["val"] += 2 * of[row["end"], row["accn"]]

    changed(folder / FACTS, indebted)
    told = await ask()
    assert told.ended is Ended.ANSWERED
    assert "negative" in gaps(told)["ratios.return_on_equity"]


async def test_a_missing_quarter_is_named_and_not_filled(ask: Ask, folder: Path) -> None:
    def without(told: Any) -> None:
        for concept in told["facts"]["us-gaap"].values():
            for unit, rows in concept["units"].items():
                concept["units"][unit] = [
                    row for row in rows if not "2025-03-01" < row["end"] < "2025-04-30"
                ]

    changed(folder / FACTS, without)
    told = await ask()
    assert "reports.quarter" in gaps(told)
    assert told.answer.recommendation is Rating.HOLD


async def test_a_split_that_was_not_adjusted_is_named_and_is_no_fall(
    ask: Ask, folder: Path
) -> None:
    head, *lines = (folder / PRICES).read_text().splitlines()
    rows = [line.split(",") for line in lines]
    split = [
        [day, *(f"{float(one) / 4:.4f}" for one in told[:4]), "", f"{float(told[5]) * 4:.0f}"]
        if day > "2026-02-15"
        else [day, *told[:4], "", told[5]]
        for day, *told in rows
    ]
    (folder / PRICES).write_text("\n".join([head, *map(",".join, split)]))
    told, sound = await ask(), figures(await ask(as_of="2026-02-13"))
    assert Reason.UNADJUSTED in {gap.reason for gap in told.answer.gaps}
    fall = "deepest fall from a peak in the last year"
    assert figures(told)[fall] < sound[fall] + 0.15  # three quarters would be the split
    assert told.answer.expected_return is not None
    assert told.answer.expected_return.low > -0.5
    drawn = {
        one.kind: [it.value for it in one.lines[0].points]
        for one in told.answer.charts
        if one.lines
    }
    assert min(drawn["drawdown"]) > -sound[fall] - 0.15
    assert told.answer.close is not None
    assert max(drawn["fan"]) < 2 * told.answer.close


@pytest.mark.parametrize(
    ("file", "text", "part"),
    [
        (FACTS, "<html>maintenance</html>", "facts"),
        (FACTS, '{"cik": 9000000001, "facts": []}', "facts"),
        (PRICES, "Date,Open,High,Low,Close,Volume\n2026-03-31,1,x,1,1,1\n", "bars"),
        ("news-XTAM.json", '{"feed": [{"time_published": "soon"}]}', "news"),
    ],
)
async def test_a_malformed_answer_is_a_gap_and_the_other_parts_go_on(
    ask: Ask, folder: Path, file: str, text: str, part: str
) -> None:
    (folder / file).write_text(text)
    told = await ask()
    assert gaps(told)[part] == Reason.MALFORMED
    assert told.ended is Ended.ANSWERED
    others = {"facts", "bars", "news"} - {part}
    assert others & set(gaps(told)) == set()
    if part != "news":
        assert told.answer.recommendation is Rating.NO_RATING


@dataclass(frozen=True)
class Spoiled:
    """The sample's files, except for one part."""

    inner: Files
    name: str
    quota: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    factor: float = 1.0
    remote: bool = False

    async def _of(self, part: str, ticker: str, as_of: date) -> Any:
        if part in self.quota:
            raise Unavailable(Reason.QUOTA, "25 requests a day")
        served = await getattr(self.inner, part)(ticker, as_of)
        return replace(served, stale=part in self.stale)

    async def entity(self, ticker: str, as_of: date) -> Any:
        return await self._of("entity", ticker, as_of)

    async def facts(self, ticker: str, as_of: date) -> Any:
        return await self._of("facts", ticker, as_of)

    async def bars(self, ticker: str, as_of: date) -> Any:
        served = await self._of("bars", ticker, as_of)
        rows = tuple(
            replace(
                one, open=one.open * self.factor, high=one.high * self.factor,
                low=one.low * self.factor, close=one.close * self.factor,
            )
            for one in served.rows
        )  # fmt: skip
        return replace(served, rows=rows)

    async def filings(self, ticker: str, as_of: date) -> Any:
        return await self._of("filings", ticker, as_of)

    async def news(self, ticker: str, as_of: date) -> Any:
        return await self._of("news", ticker, as_of)

    async def close(self) -> None:
        """Nothing is held open."""


async def over(open_desk: Open, *providers: Provider, cross_check: bool = False) -> Desk:
    """A desk whose evidence comes from these."""
    desk = await open_desk()

    async def frozen(asked: Request, seen: Seen) -> Bundle:
        return await freeze(
            seen.ticker, seen.as_of, providers, desk.clock, tags=TAGS, price_days=1_830,
            cross_check=cross_check,
        )  # fmt: skip

    app: FinanceApp = replace(desk.app, freeze=frozen)
    return replace(desk, app=app)


async def test_an_exhausted_quota_is_named_for_each_part_that_it_costs(
    open_desk: Open, folder: Path
) -> None:
    provider = Spoiled(Files(folder), "alpha-vantage", quota=("facts", "bars", "news"))
    told = (await (await over(open_desk, provider)).ask()).outcome
    assert told.answer.recommendation is Rating.NO_RATING
    found = gaps(told)
    assert {found[part] for part in ("facts", "bars", "news")} == {Reason.QUOTA.value}
    assert told.answer.expected_return is None


async def test_an_old_copy_in_place_of_an_answer_is_named(open_desk: Open, folder: Path) -> None:
    provider = Spoiled(Files(folder), "sec", stale=("facts", "bars"))
    told = (await (await over(open_desk, provider)).ask()).outcome
    assert told.ended is Ended.ANSWERED, told.reason
    found = gaps(told)
    assert (found["facts"], found["bars"]) == (Reason.DOWN.value, Reason.DOWN.value)
    assert "facts (the provider does not answer: sec: what it said on" in told.answer.explanation


async def test_providers_that_contradict_each_other_are_both_named(
    open_desk: Open, folder: Path
) -> None:
    providers = (Files(folder), Spoiled(Files(folder), "other", factor=1.02))
    told = (await (await over(open_desk, *providers, cross_check=True)).ask()).outcome
    (gap,) = [one for one in told.answer.gaps if one.reason == Reason.CONTRADICTED]
    assert gap.part == "bars"
    assert "closes differ" in gap.detail


async def test_a_restricted_share_class_is_restricted_however_it_is_written(
    open_desk: Open,
) -> None:
    desk = await open_desk({"restricted": ["XTAM.B"]})
    for name in ("XTAM-B", "xtam.b"):
        told = (await desk.ask(name)).outcome
        assert (told.ended, told.reason) == (Ended.REFUSED, NOTHING_SAID)


@pytest.mark.parametrize(
    ("exchanges", "fails"), [(["OTC"], True), ([None], True), ([], True), (["NYSE"], False)]
)
async def test_a_penny_stock_is_listed_only_if_somebody_says_so(
    open_desk: Open, folder: Path, exchanges: list[str | None], fails: bool
) -> None:
    head, *lines = (folder / PRICES).read_text().splitlines()
    rows = [line.split(",") for line in lines]
    cheap = [[day, *(f"{float(one) / 20:.4f}" for one in told[:5]), told[5]] for day, *told in rows]
    (folder / PRICES).write_text("\n".join([head, *map(",".join, cheap)]))
    changed(folder / SUBMISSIONS, lambda told: told.update(exchanges=exchanges))
    desk = await open_desk({"evidence": {"files": folder}, "firm": {"profile": "publisher"}})
    told = (await desk.ask()).outcome
    assert ("C20" in {rule.rule for rule in told.answer.rules if rule.state == "fail"}) is fails


async def test_a_cik_does_not_get_round_the_list_of_restricted_names(open_desk: Open) -> None:
    desk = await open_desk({"restricted": ["XTAM"]})
    for name in ("CIK9000000001", "cik9000000"):
        told = (await desk.ask(name)).outcome
        assert told.ended is Ended.FALLBACK
        assert "ask by the ticker" in told.reason
        assert told.answer.charts == ()


async def test_without_any_evidence_of_a_day_nothing_is_guessed(ask: Ask, folder: Path) -> None:
    told = await ask(as_of=date(2017, 1, 3))
    assert told.answer.recommendation is Rating.NO_RATING
    assert told.answer.expected_return is None
    assert told.answer.confidence.value is None
    assert figures(told) == {}
