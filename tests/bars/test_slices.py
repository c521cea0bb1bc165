"""How the bar of slices counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from arriero.core.words import Ended, Mode, Run
from bars.slices import Told, figures, questions, right, sliced

LABELS = {"shipping-costs": frozenset({"shipping_cost"})}
RUN = Run(
    "r", "t", "support", None, "api", Mode.LIVE, "v", "c", datetime(2026, 11, 27, tzinfo=UTC), 1.0,
    Ended.ANSWERED, "", 0.9, {"message": "What does it cost?", "customer": "c-0001"}, {},
    labels={"intent": "shipping_cost"},
)  # fmt: skip


def test_an_extract_is_right_by_its_articles_and_a_template_by_its_intent() -> None:
    cited = ["shipping-costs#2"]
    assert right("shipping_cost", "other", "extractive", cited, LABELS)
    assert not right("rental", "rental", "extractive", cited, LABELS)
    assert right("rental", "rental", "template", [], LABELS)
    assert not right("rental", "refund_status", "flow", [], LABELS)


def test_what_only_a_person_can_answer_may_not_be_answered() -> None:
    assert not right("complaint", "complaint", "template", [], LABELS)


def test_segments_and_channels_take_turns_over_all_sentences() -> None:
    found = questions()
    assert len(found) == len({one.message for one in found}) > 550
    channels = Counter(one.channel for one in found)
    assert max(channels.values()) - min(channels.values()) <= 3


def test_a_slice_that_is_often_wrong_misses_the_bar() -> None:
    told = [
        Told(replace(RUN, id=f"{at}", actor="chat" if at % 2 else "api"), 0.9, right=at % 10 != 1)
        for at in range(400)
    ]
    shown = {one.name: one for one in figures(sliced(told), "<= 3")}
    assert shown["wrong_above_mean_channel"].holds is False
    assert shown["wrong_above_mean_channel"].note == "chat"
    assert shown["score_below_mean_channel"].holds
