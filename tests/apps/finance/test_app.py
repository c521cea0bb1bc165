"""A whole analysis: computed, cited, judged, kept; and what becomes of one that cannot be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from arriero.apps.finance.app import NOTHING_SAID
from arriero.apps.finance.evidence.base import Bar, Bundle
from arriero.apps.finance.numbers import unsupported
from arriero.apps.finance.trend.worlds import weekdays, with_edge
from arriero.apps.finance.values import Rating, Request, Seen
from arriero.core.clock import HeldClock
from arriero.core.errors import StoreError
from arriero.core.words import Ended, Mode
from arriero.models.base import Prompt
from arriero.models.fake import FakeClassifier, ScriptedGenerator
from arriero.store.base import Entry, RunRecorded
from arriero.store.fake import MemoryLedger
from tests.apps.finance.conftest import DAY, TENANT, Desk, Open

COMPANY = pytest.mark.parametrize("ticker", ["XTAM", "XPUN"])


@COMPANY
async def test_an_analysis_is_rated_explained_and_released(desk: Desk, ticker: str) -> None:
    told = (await desk.ask(ticker)).outcome
    answer = told.answer
    assert told.ended is Ended.ANSWERED
    assert answer.compliance_status == "released"
    assert answer.recommendation in Rating
    assert answer.risk_level in {"low", "moderate", "high", "severe"}
    assert answer.expected_return is not None
    assert answer.expected_return.low < answer.expected_return.value < answer.expected_return.high
    assert answer.time_horizon == "3 months"
    assert answer.counter_arguments
    assert answer.would_change
    assert "an invented company" in answer.explanation


@COMPANY
async def test_each_figure_is_cited_and_stands_word_for_word_in_its_source(
    desk: Desk, ticker: str
) -> None:
    told = (await desk.ask(ticker)).outcome
    known = {source.id for source in told.sources}
    for one in told.answer.stated:
        assert set(one.sources) <= known | {
            source for other in told.answer.stated for source in other.sources
        }
        assert one.said in told.answer.explanation or not one.sources or one.unit
    revenue = next(one for one in told.answer.stated if one.name.startswith("revenue in"))
    quote = next(source.quote for source in told.sources if source.id == revenue.sources[0])
    assert f"{revenue.value:.0f} USD" in quote


async def test_a_ratio_of_many_lines_has_all_of_them_among_its_sources(desk: Desk) -> None:
    outcome = (await desk.ask("XTAM")).outcome
    cited = next(
        one.sources for one in outcome.answer.stated if one.name.startswith("return on invested")
    )
    concepts = {id.split(":")[2] for id in cited}
    assert {"OperatingIncomeLoss", "IncomeTaxExpenseBenefit", "StockholdersEquity"} <= concepts
    assert len({id for id in cited if id.split(":")[2] == "StockholdersEquity"}) == 2  # both years
    assert set(cited) <= {one.id for one in outcome.sources}


async def test_every_number_of_the_text_is_a_number_of_the_record(desk: Desk) -> None:
    told = (await desk.ask()).outcome
    answer = told.answer
    record = [one.said for one in answer.stated] + [one.name for one in answer.stated]
    record += [one.quote for one in told.sources] + [str(n + 1) for n in range(len(told.sources))]
    record += [answer.as_of, answer.time_horizon, answer.because, *answer.would_change]
    record += [answer.confidence.kind, *(gap.detail for gap in answer.gaps)]
    left = unsupported(answer.explanation, record)
    # What counts things (10 of 10 figures, 13 risks, rule R08) is no figure of the company.
    assert len(left) <= 6, left


async def test_the_parts_of_the_confidence_are_shown_and_weights_say_that_they_are_none(
    desk: Desk,
) -> None:
    confidence = (await desk.ask()).outcome.answer.confidence
    assert [part.name for part in confidence.parts] == ["report", "trend", "risk"]
    assert sum(part.weight for part in confidence.parts) == pytest.approx(1.0)
    assert confidence.kind == "weighted 0.4/0.3/0.3, not calibrated"


@pytest.mark.parametrize(
    ("world", "rating", "rule"), [(60_038, Rating.SELL, "R19"), (60_003, Rating.BUY, "R17")]
)
async def test_a_proved_direction_leads_and_what_speaks_against_it_stands_beside_it(
    desk: Desk, world: int, rating: Rating, rule: str
) -> None:
    """Invented prices that go on for long, of a company of grade A that fell by more than half within the year."""
    closes = with_edge(world)[:-64].tolist()
    days = weekdays(len(closes), DAY - timedelta(days=(len(closes) // 5) * 7))
    bars = tuple(
        Bar(day, close, close, close, close, close, 1e6)
        for day, close in zip(days, closes, strict=True)
        if day <= DAY
    )
    freeze = desk.app.freeze

    async def frozen(asked: Request, seen: Seen) -> Bundle:
        return replace(await freeze(asked, seen), bars=bars)

    told = (
        await Desk(replace(desk.app, freeze=frozen), desk.flow, desk.ledger, desk.clock).ask(
            horizon=21
        )
    ).outcome
    answer = told.answer
    assert (answer.recommendation, answer.compliance_status) == (rating, "released")
    assert f"(rule {rule})" in answer.explanation
    assert {"health grade A", "severe risk"} <= set(answer.key_factors)
    assert answer.p_up is not None
    assert answer.expected_return is not None
    assert (answer.p_up > 0.5) == (answer.expected_return.value > 0) == (rating is Rating.BUY)
    assert answer.confidence.kind == "calibrated"
    assert answer.confidence.value == max(answer.p_up, 1 - answer.p_up)
    side = "against" if rating is Rating.BUY else "for"
    assert any(f"speaks {side} the company" in one.text for one in answer.counter_arguments)
    assert any(one.startswith("HOLD if its edge narrowed") for one in answer.would_change)


async def test_told_again_from_its_record_an_analysis_is_the_same(desk: Desk) -> None:
    result = await desk.ask()
    assert await desk.flow.replay(desk.app, result.run, result.trace) == []


async def test_what_was_published_later_changes_nothing(desk: Desk) -> None:
    """The sample has more than a year of filings and prices after this day."""
    as_of = date(2025, 1, 31)
    told = (await desk.ask(as_of=as_of)).outcome.answer
    assert told.recommendation is not Rating.NO_RATING
    days = [point.at for chart in told.charts for line in chart.lines for point in line.points]
    assert max(day for day in days if len(day) == 10) <= as_of.isoformat()
    for one in told.stated:
        for source in one.sources:
            assert "2026" not in source, source


async def test_a_released_rating_is_a_prediction_and_is_scored_when_its_time_is_over(
    open_desk: Open,
) -> None:
    desk = await open_desk(at=datetime(2025, 6, 30, 12, tzinfo=UTC))
    run = (await desk.ask()).run_id
    (made,) = await desk.app.predictions.all(TENANT)
    assert (made.run, made.as_of, made.backdated) == (run, date(2025, 6, 30), False)
    assert await desk.app.watch.score(TENANT, date(2025, 9, 1)) == 0  # 63 trading days are not over
    assert await desk.app.watch.score(TENANT, DAY) == 1
    (scored,) = await desk.app.predictions.all(TENANT)
    assert scored.outcome is not None
    assert date(2025, 9, 20) < scored.outcome.day < date(2025, 10, 10)
    assert await desk.app.watch.score(TENANT, DAY) == 0


async def test_an_analysis_of_an_earlier_day_is_marked_as_one_that_proves_nothing(
    desk: Desk,
) -> None:
    await desk.ask(as_of=date(2025, 6, 30))
    (made,) = await desk.app.predictions.all(TENANT)
    assert made.backdated


async def test_a_shadow_registers_nothing(desk: Desk) -> None:
    await desk.ask(mode=Mode.SHADOW)
    assert await desk.app.predictions.all(TENANT) == []


async def test_of_a_restricted_name_nothing_is_said(open_desk: Open) -> None:
    desk = await open_desk({"restricted": ["xtam"]})
    result = await desk.ask()
    assert result.outcome.ended is Ended.REFUSED
    assert result.outcome.answer.explanation == result.outcome.reason == NOTHING_SAID
    assert result.outcome.sources == ()
    assert result.outcome.answer.charts == ()
    assert result.trace.evidence["bundle"] is None  # nobody was asked anything about it
    assert (await desk.ask("XPUN")).outcome.ended is Ended.ANSWERED


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"ticker": "NOSUCH"}, "no provider knows the ticker 'NOSUCH'"),
        ({"ticker": "XTAM", "as_of": "2026-04-01"}, "lies in the future"),
        ({"ticker": "XTAM", "reports": [{"period": "soon", "revenue": 1.0}]}, "is no period"),
    ],
)
async def test_what_cannot_be_analysed_is_told_in_a_sentence(
    desk: Desk, asked: dict[str, Any], sentence: str
) -> None:
    told = (await desk.ask(**asked)).outcome
    assert told.ended is Ended.FALLBACK
    assert sentence in told.reason
    assert told.answer.recommendation is Rating.NO_RATING
    assert told.answer.confidence.value is None


async def test_a_failure_is_told_as_a_sentence(desk: Desk) -> None:
    turn: Any = SimpleNamespace(input=Request(ticker="XTAM"))
    told = desk.app.fallback(turn, None, "error: the deadline passed in draft")
    said = "No analysis could be made: the deadline passed in draft."
    assert told.answer.explanation == said
    assert told.reason == "error: the deadline passed in draft", "what the alert counts"


@pytest.mark.parametrize("day", [date(2019, 1, 10), date.min])
async def test_before_the_first_filing_there_is_no_rating_and_each_gap_is_named(
    desk: Desk, day: date
) -> None:
    told = (await desk.ask(as_of=day)).outcome.answer
    assert told.recommendation is Rating.NO_RATING
    assert {"facts", "filings"} <= {gap.part for gap in told.gaps}
    assert "What is missing: " in told.explanation


async def test_stale_prices_give_no_rating(open_desk: Open) -> None:
    desk = await open_desk(at=datetime(2026, 5, 29, 12, tzinfo=UTC))
    told = (await desk.ask()).outcome
    assert told.answer.recommendation is Rating.NO_RATING
    assert any(gap.part == "bars" and "too old" in gap.reason for gap in told.answer.gaps)


async def test_an_incomplete_profile_gives_no_recommendation_and_names_what_is_missing(
    desk: Desk,
) -> None:
    profile = {"age": 40, "risk_tolerance": 3, "finances": " "}
    told = (await desk.ask(customer=profile)).outcome.answer
    assert told.recommendation is Rating.NO_RATING
    assert "profile is incomplete" in told.because
    assert {"customer.horizon_months", "customer.finances"} <= {gap.part for gap in told.gaps}


async def test_reports_that_the_caller_sends_take_the_place_of_filed_ones(desk: Desk) -> None:
    reports = [
        {"period": str(year), "revenue": 100.0 + year % 100, "net_income": 12.0, "total_assets": 300.0, "total_liabilities": 120.0}
        for year in (2023, 2024, 2025)
    ]  # fmt: skip
    told = (await desk.ask(reports=reports)).outcome
    assert "125.00 USD" in told.answer.explanation
    assert any("caller" in source.title for source in told.sources)


async def test_without_a_ledger_nothing_is_published(open_desk: Open) -> None:
    class Down(MemoryLedger):
        async def commit(self, *entries: Entry, durable: bool = False) -> None:
            if any(isinstance(entry, RunRecorded) for entry in entries):
                assert durable  # fsync, before the answer leaves
                raise StoreError("the ledger is down")
            await super().commit(*entries, durable=durable)

    desk = await open_desk(ledger=Down())
    with pytest.raises(StoreError, match="the ledger is down"):
        await desk.ask()


async def test_a_firm_of_which_too_little_is_known_publishes_nothing(open_desk: Open) -> None:
    desk = await open_desk({"firm": {"profile": "broker_dealer"}})
    told = (await desk.ask(audience="retail")).outcome
    assert told.ended is Ended.REFUSED
    assert told.answer.compliance_status == "withheld"
    assert told.answer.recommendation is Rating.NO_RATING
    assert {rule.rule for rule in told.answer.rules} >= {"C11", "C12"}
    assert await desk.app.predictions.all(TENANT) == []


def writer(was: str, becomes: str) -> ScriptedGenerator:
    """Rewords by replacing one piece of the text."""
    return ScriptedGenerator(lambda prompt: prompt.messages[-1].content.replace(was, becomes))


async def test_a_wording_that_says_the_same_is_taken_and_labelled(open_desk: Open) -> None:
    desk = await open_desk({"wording": "model"}, writer=writer("Close of", "The close of"))
    told = (await desk.ask()).outcome
    assert told.ended is Ended.ANSWERED
    assert told.answer.wording == "model"
    assert "The close of" in told.answer.explanation
    assert any("worded by a computer program" in notice for notice in told.answer.notices)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("HOLD", "BUY"), ("Stories: 8", "Stories: 9"), ("[1]", ""), ("Stories: 8.", "")],
)
async def test_a_wording_that_says_something_else_is_refused(
    open_desk: Open, was: str, becomes: str
) -> None:
    desk = await open_desk({"wording": "model"}, writer=writer(was, becomes))
    told = (await desk.ask()).outcome
    assert told.answer.wording == "template"
    assert was in told.answer.explanation


async def test_a_paragraph_that_says_something_else_stays_and_the_others_are_taken(
    open_desk: Open,
) -> None:
    def half_wrong(prompt: Prompt) -> str:
        text = prompt.messages[-1].content
        return text.replace("Close of", "The close of").replace("Stories: 8", "Stories: 9")

    desk = await open_desk({"wording": "model"}, writer=ScriptedGenerator(half_wrong))
    told = (await desk.ask()).outcome
    assert told.answer.wording == "model"
    assert "The close of" in told.answer.explanation
    assert "Stories: 8" in told.answer.explanation


async def test_what_is_not_reworded_in_time_stays_as_it_is(open_desk: Open) -> None:
    clocks: list[HeldClock] = []

    def slow(prompt: Prompt) -> str:
        clocks[0].advance(1.0)  # of 2.5 s: three paragraphs are begun
        text = prompt.messages[-1].content
        return text.replace("Close of", "The close of").replace("What would", "And what would")

    desk = await open_desk({"wording": "model"}, writer=ScriptedGenerator(slow))
    clocks.append(desk.clock)
    result = await desk.ask()
    assert "The close of" in result.outcome.answer.explanation
    assert "And what would" not in result.outcome.answer.explanation
    assert len(result.trace.calls) == 3
    assert await desk.flow.replay(desk.app, result.run, result.trace) == []


async def test_a_head_reads_the_news_and_words_alone_stand_beside_it(open_desk: Open) -> None:
    reader = FakeClassifier({"no such word": "negative"}, default="positive")
    desk = await open_desk({"sentiment": "head"}, reader=reader)
    result = await desk.ask()
    names = {one.name: one.value for one in result.outcome.answer.stated}
    assert names["tone of the news, from -1 to 1"] == pytest.approx(
        0.6 - 0.4
    )  # P(positive) less P(negative)
    assert names["the same by words alone"] < 0.1
    assert await desk.flow.replay(desk.app, result.run, result.trace) == []


async def test_without_the_head_the_lexicon_reads_alone(open_desk: Open) -> None:
    desk = await open_desk({"sentiment": "head"})  # nobody plays the role
    told = (await desk.ask()).outcome
    assert told.ended is Ended.ANSWERED
    assert "the same by words alone" not in {one.name for one in told.answer.stated}


@pytest.mark.parametrize(
    "asked",
    [{}, {"ticker": "X Y"}, {"ticker": "XTAM", "horizon": 30}, {"ticker": "XTAM", "colour": 1}],
)
def test_a_request_that_makes_no_sense_is_an_input_error(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Request.model_validate(asked)
