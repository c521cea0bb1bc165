"""A log of an OpenAI-compatible service becomes runs with feedback: masked, once, bad lines named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.chat.app import ChatApp
from arriero.apps.chat.logs import logged
from arriero.apps.chat.settings import ChatSettings
from arriero.apps.chat.take_in import TakenIn, take_in
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError
from arriero.learning.dataset.example import Written, written_by
from arriero.security.masking import PatternMasker
from arriero.store.base import RunErased
from arriero.store.fake import MemoryLedger
from arriero.store.rows import erased

AT = datetime(2026, 5, 1, tzinfo=UTC)
ASKED = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Where is my parcel?"},
]


def line(**more: Any) -> dict[str, Any]:
    return {
        "request": {"model": "big", "messages": ASKED, "temperature": 0.2, "user": "c-1"},
        "response": {
            "created": 1_780_000_000,
            "model": "big-1",
            "choices": [{"message": {"role": "assistant", "content": "On its way."}}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 4},
        },
        **more,
    }


def understood(given: Any, at: datetime | None = AT) -> Any:
    return logged(
        given, tenant="default", masker=PatternMasker(), mark=lambda who: f"#{who}", at=at
    )


def test_an_exchange_is_a_run_that_can_be_learned_from() -> None:
    run, trace = understood(line()).recorded.run, understood(line()).recorded.trace
    assert run.started_at == datetime.fromtimestamp(1_780_000_000, UTC)
    assert (run.app, run.unit, run.tokens_in, run.tokens_out) == ("chat", "c-1", 12, 4)
    written = written_by(run, trace)
    assert isinstance(written, Written)
    assert written.reply == run.answer["text"] == "On its way."
    assert [one["role"] for one in written.messages] == ["system", "user"]
    shapes = ChatApp(ChatSettings()).shapes
    assert shapes.input.model_validate(run.input).temperature == 0.2
    assert shapes.outcome_json.validate_python(trace.outcome).answer.text == "On its way."


@pytest.mark.parametrize(
    "given",
    [
        {"messages": [*ASKED, {"role": "assistant", "content": "On its way."}]},
        {"messages": ASKED, "response": "On its way."},
        {"messages": ASKED, "response": {"choices": [
            {"message": {"content": [{"type": "text", "text": "On its way."}]}}]}},
    ],
)  # fmt: skip
def test_other_shapes_of_a_log_are_understood(given: Any) -> None:
    assert understood(given).recorded.run.answer["text"] == "On its way."


@pytest.mark.parametrize("created", [1_780_000_000, 1_780_000_000_000, "2026-05-28T20:26:40+00:00", "2026-05-28T20:26:40Z"])  # fmt: skip
def test_times_are_read_as_logs_write_them(created: Any) -> None:
    found = understood(line(created=created)).recorded.run.started_at
    assert found == datetime.fromtimestamp(1_780_000_000, UTC)


def test_feedback_comes_with_the_run_and_is_its_users() -> None:
    found = understood(line(thumb="up", rating=4, edit="Today.", resolved=False)).feedback
    assert {one.feedback.kind: one.feedback.value for one in found} == {
        "thumb": True, "rating": 4, "edit": "Today.", "resolved": False,
    }  # fmt: skip
    assert {one.feedback.actor for one in found} == {"import/#c-1"}


def test_private_values_are_masked_alike_everywhere() -> None:
    given = line(edit="We wrote to ana@mail.example.")
    given["request"]["messages"] = [{"role": "user", "content": "I am ana@mail.example"}]
    given["response"]["choices"][0]["message"]["content"] = "Hello ana@mail.example!"
    one = understood(given)
    assert "ana@" not in repr(one)
    assert one.recorded.run.answer["text"] == "Hello <EMAIL_1>!"
    assert one.feedback[0].feedback.value == "We wrote to <EMAIL_1>."


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "no JSON object"),
        ({}, "no messages"),
        ({"messages": ASKED}, "no answer"),
        ({"messages": [*ASKED, {"role": "assistant", "content": None}]}, "no text"),
        ({"messages": ["hello"], "response": "x"}, "is no message"),
        ({"messages": [{"role": "tool", "content": "x"}], "response": "x"}, "tools are not taken in"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}], "response": "x"}, "other than text"),
        ({"messages": [{"role": "system", "content": "x"}], "response": "x"}, "does not follow"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "does not follow"),
        (line(rating=9), "from 1 to 5"),
        (line(thumb="sideways"), "true or false"),
        (line(created="yesterday"), "is none"),
        (line(created=1e300), "is none"),
        (line(created=-5), "before 1970"),
        (line(created="0001-01-01T00:00:00+14:00"), "before 1970"),
        (line(created="9999-12-31T23:59:59-14:00"), "after 9998"),
        ({"messages": [*ASKED, {"role": "assistant", "content": "I look.", "tool_calls": [{}]}]}, "calls a tool"),
        ({"messages": ASKED, "response": [{"choices": [{"delta": {"content": "x"}}]}]}, "stream's chunks"),
        (line(user="c-\0"), r"U\+0000"),
        (line(note="\ud800"), "no valid text"),
        ({"request": {"messages": ASKED, "temperature": 9}, "response": "x"}, "temperature"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_taken_says_why(given: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        understood(given)


@pytest.mark.parametrize("who", [42, 42.0, "42"], ids=repr)
def test_a_customer_who_is_a_number_is_one_person(who: Any) -> None:
    one = understood(line(user=who, rating=5))
    assert one.recorded.run.unit == "42"
    assert one.feedback[0].feedback.actor == "import/#42"


def test_a_long_id_is_kept_whole_so_that_its_person_can_be_forgotten() -> None:
    assert understood(line(user="x" * 300)).recorded.run.unit == "x" * 300


def test_a_rating_from_a_column_with_gaps_is_a_whole_number() -> None:
    (rating,) = understood(line(rating=5.0)).feedback
    assert repr(rating.feedback.value) == "5"
    with pytest.raises(InputError, match="whole number"):
        understood(line(rating=4.5))


@pytest.mark.parametrize("most", [-1, 128_000])
def test_a_limit_that_is_none_here_costs_no_line(most: int) -> None:
    given = line()
    given["request"]["max_tokens"] = most
    assert understood(given).recorded.run.input["max_tokens"] is None


def test_a_line_without_a_time_wants_one() -> None:
    with pytest.raises(InputError, match="--at"):
        understood({"messages": ASKED, "response": "x"}, at=None)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(HeldClock())


async def taken(ledger: MemoryLedger, file: Path) -> TakenIn:
    return await take_in(
        ledger, file, tenant="default", masker=PatternMasker(), mark=str, now=AT, at=AT
    )  # fmt: skip


async def test_a_file_comes_in_once(ledger: MemoryLedger, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    rows = [line(rating=1 + place % 5, note=place) for place in range(250)]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    first = await taken(ledger, file)
    assert (first.runs, first.feedback, first.repeated, first.bad) == (250, 250, 1, ())
    again = await taken(ledger, file)
    assert (again.runs, again.feedback, again.repeated) == (0, 0, 251)
    assert len(await ledger.rated("default", "chat", limit=1_000)) == 250


async def test_bad_lines_are_listed_and_the_others_come_in(
    ledger: MemoryLedger, tmp_path: Path
) -> None:
    file = tmp_path / "logs.jsonl"
    good = json.dumps(line()).encode()
    huge = b'"' + b"x" * (1 << 20) + b'"'
    nan = good.replace(b"1780000000", b"NaN")
    file.write_bytes(b"\n".join([b"{broken", b"", good, b'"\xff"', huge, b"[" * 100_000, nan]))
    found = await taken(ledger, file)
    assert found.runs == 1
    whys = {bad.number: bad.why for bad in found.bad}
    assert whys.keys() == {1, 4, 5, 6, 7}
    assert "no JSON" in whys[1]
    assert "UTF-8" in whys[4]
    assert "longer than" in whys[5]


async def test_a_file_that_is_not_there_is_said(ledger: MemoryLedger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        await taken(ledger, tmp_path / "nope.jsonl")


async def test_erasing_one_of_two_who_were_told_the_same_leaves_the_other(
    ledger: MemoryLedger, tmp_path: Path
) -> None:
    file = tmp_path / "logs.jsonl"
    file.write_text("".join(json.dumps(line(user=who)) + "\n" for who in ("c-1", "c-2")))
    assert (await taken(ledger, file)).runs == 2
    first, other = await ledger.runs("default")
    await ledger.commit(RunErased(erased(first), "cli", AT))
    assert await ledger.trace(other) is not None
