"""The keys of the answer, and that a page can be made of them again."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from arriero.apps.finance.door import AnalysisBody, WantedAnalyses, analysis_of, door
from arriero.apps.finance.report.page import page
from arriero.core.words import canonical_json
from tests.apps.finance.conftest import Desk

PROMISED = (
    "recommendation", "confidence", "risk_level", "expected_return", "time_horizon", "explanation",
    "compliance_status",
)  # fmt: skip


async def test_the_case_studys_keys_are_there_and_the_proof_is_linked(desk: Desk) -> None:
    result = await desk.ask()
    told = json.loads(canonical_json(door.present(result.outcome, result.run)))
    assert set(PROMISED) <= told.keys()
    assert isinstance(told["confidence"], float)
    assert told["proof"] == f"/v1/runs/{result.run_id}/proof"
    assert {rule["state"] for rule in told["rules"]} <= {"pass", "na"}
    assert set(door.response.model_fields) <= told.keys()


async def test_the_page_of_an_answer_that_came_over_http_is_the_page_of_the_answer(
    desk: Desk,
) -> None:
    result = await desk.ask("XPUN")
    told = json.loads(canonical_json(door.present(result.outcome, result.run)))
    sources = result.outcome.sources
    text = page(analysis_of(told), sources, run=result.run_id)
    assert text == page(
        analysis_of(door.present(result.outcome, result.run)), sources, run=result.run_id
    )
    assert text.count("<svg") == len(result.outcome.answer.charts) >= 4
    assert (
        '<meta name="viewport" content="width=device-width' in text
    )  # a phone's width, not 980 pixels


async def test_no_rating_has_null_where_there_is_no_number(desk: Desk) -> None:
    result = await desk.ask("NOSUCH")
    told = door.present(result.outcome, result.run)
    assert told["recommendation"] == "NO_RATING"
    assert told["confidence"] is None
    assert told["expected_return"] is None


def test_a_body_is_a_request_with_a_deadline_and_its_client_is_the_unit() -> None:
    body = AnalysisBody.model_validate(
        {"symbols": ["aapl", "MSFT"], "client": "c1", "deadline_ms": 5}
    )
    asked = door.asked(body)
    assert (asked.unit, asked.deadline_ms) == ("c1", 5)
    assert body.company == "AAPL"
    assert body.others == ("MSFT",)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"reports": [{"period": "2024", "revenue": True}]}, "true is no amount; write a number"),
        ({"reports": [{"period": "2024", "total_assets": False}]}, "false is no amount"),
        ({"symbols": "XTAM"}, r"'XTAM' is no list; write \[\"XTAM\"\]"),
        ({"as_of": 20260331}, "20260331 is no day; write it as text, like 2026-03-31"),
        ({"as_of": "20260331"}, "'20260331' is no day"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        AnalysisBody.model_validate({"ticker": "XTAM", **told})


def test_a_search_by_a_number_for_a_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="is no day"):
        WantedAnalyses.model_validate({"from": "20260331"})
    assert WantedAnalyses.model_validate({"from": "2026-03-31"}).from_ == date(2026, 3, 31)
