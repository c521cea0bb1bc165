"""What the bars call right, late or lost, shown on made-up observations."""

from __future__ import annotations

from typing import Any

import pytest

from bars._load import Seen
from bars._witness import Moment
from bars.cold_start import QUESTIONS, _right
from bars.crash_stores import LINES, Outage
from bars.golden import Told, _figures

OPEN = QUESTIONS[-1]


def _answer(**changed: Any) -> dict[str, Any]:
    answer = {
        "outcome": "answered", "origin": "generative", "response": "Wash it first.",
        "tokens_in": 450, "tokens_out": 40,
    }  # fmt: skip
    return answer | changed


def test_an_open_question_written_by_the_model_with_its_fact_is_right() -> None:
    assert _right(OPEN, _answer())


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "fallback"},
        {"origin": "extractive"},
        {"response": "It is raining."},
        {"tokens_out": 0},
        {"tokens_in": 399},
    ],
)
def test_an_open_question_that_lacks_anything_is_not_right(changed: dict[str, Any]) -> None:
    assert not _right(OPEN, _answer(**changed))


def test_a_share_counts_requests_that_broke_off() -> None:
    seen = Seen(ms=[1.0] * 9, ends={"200 answered template": 9}, seconds=3.0, errors=1)
    assert seen.share("200 answered template") == 0.9
    assert seen.rate == 3.0


def test_an_outage_without_recovery_counts_as_the_whole_wait() -> None:
    assert Outage(killed=1.0, back=6.0).recovery_s == 60.0


def test_answers_while_down_are_those_between_kill_and_return_but_the_first_few() -> None:
    outage = Outage(killed=10.0, back=20.0)
    times = [9.0, *(10.0 + at / 10 for at in range(1, LINES + 3)), 21.0]
    outage.seen.moments += [Moment(at, "200 answered", None) for at in times]
    assert len(outage.during()) == 2
    assert len(outage.before()) == 1


def test_the_right_fact_on_the_wrong_path_is_no_right_answer() -> None:
    asked = [{"path": "template", "must_contain": ["10234"]}]
    paths, facts, both = _figures("", asked, [Told("extractive", "Order 10234.")])
    assert (paths.value, facts.value, both.value) == (0.0, 1.0, 0.0)


def test_a_refusal_is_a_failed_answer_however_fast_it_comes() -> None:
    seen = Seen(ms=[1.0] * 9, ends={"200 answered template": 6, "503": 3}, seconds=3.0, errors=1)
    assert seen.failed == 4
