"""Rehearsal: records of many trades, a question about one field, and what the record says."""

from __future__ import annotations

import re

from arriero.learning.dataset.rehearsal import records, rehearsal


def test_the_same_seed_gives_the_same_examples_and_another_one_others() -> None:
    assert rehearsal(40, 1) == rehearsal(40, 1)
    assert rehearsal(40, 1) != rehearsal(40, 2)


def test_every_field_comes_before_one_comes_again() -> None:
    fields = sum(len(record.fields) for record in records())
    assert len({one.question.split(" ")[-1] for one in rehearsal(fields, 3)}) > fields / 2
    assert len({one.target for one in rehearsal(fields, 3)}) == fields


def test_an_answer_says_what_the_record_says_and_which_record() -> None:
    for one in rehearsal(400, 5):
        system, user = one.messages
        assert (system["role"], user["role"]) == ("system", "user")
        record = user["content"].split("\n")[1]
        values = dict(part.split(": ", 1) for part in record.split("; "))
        assert sum(value in one.target for value in values.values()) >= 1
        assert user["content"].endswith(f"Question: {one.question}")


def test_no_placeholder_is_left() -> None:
    for one in rehearsal(400, 7):
        text = "\n".join((*(m["content"] for m in one.messages), one.target))
        assert not re.search(r"[#{}|]", text), text


def test_nothing_that_the_sample_shop_holds_back_is_rehearsed() -> None:
    names = {field.name for record in records() for field in record.fields}
    assert not names & {"placed_on", "total", "items"}
