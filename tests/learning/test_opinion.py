"""One person counts once: last words hold, bursts are set aside, caps hold, contradictions are named."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.settings import DatasetSettings, LearningSettings
from arriero.core.words import JsonValue
from arriero.learning.opinion import Heard, Stance, heard, stance
from arriero.store.base import Rated
from tests.learning.rated import START, rated, run, said

SETTINGS = LearningSettings()


def one(*feedback: tuple[str, JsonValue]) -> Heard:
    return heard([rated(run(), *feedback)], SETTINGS)


@pytest.mark.parametrize(
    ("feedback", "is_"),
    [
        ([("thumb", True)], Stance.GOOD),
        ([("thumb", False)], Stance.BAD),
        ([("rating", 5)], Stance.GOOD),
        ([("rating", 4)], Stance.GOOD),
        ([("rating", 3)], Stance.NONE),
        ([("rating", 2)], Stance.BAD),
        ([("resolved", True)], Stance.GOOD),
        ([("recontact", True)], Stance.BAD),
        ([("recontact", False)], Stance.NONE),
        ([("comment", "Hm.")], Stance.NONE),
        ([("thumb", False), ("thumb", True)], Stance.GOOD),  # they thought better of it
        ([("thumb", False), ("thumb", False)], Stance.BAD),  # the same twice is the same once
        ([("thumb", True), ("rating", 1)], Stance.UNDECIDED),
    ],
)
def test_what_one_person_says(feedback: list[tuple[str, JsonValue]], is_: Stance) -> None:
    assert one(*feedback).opinions[0].stance is is_


@pytest.mark.parametrize(
    ("good", "bad", "is_"),
    [
        (1, 0, Stance.GOOD),
        (0, 3, Stance.BAD),
        (1, 1, Stance.UNDECIDED),
        (3, 1, Stance.UNDECIDED),
        (20, 4, Stance.GOOD),
        (4, 20, Stance.BAD),
        (0, 0, Stance.NONE),
    ],
)
def test_people_who_disagree_need_a_clear_majority(good: int, bad: int, is_: Stance) -> None:
    assert stance(good, bad) is is_


def test_ten_thousand_thumbs_of_one_person_are_no_opinion() -> None:
    target = run(unit="c-1")
    thumbs = [said(target, "thumb", value=False, after_s=place / 10) for place in range(10_000)]
    other = said(target, "thumb", value=True, by="webshop/other", after_s=99.0)
    found = heard([Rated(target, (*thumbs, other))], SETTINGS)
    assert (found.events, found.burst) == (10_001, 10_000)
    assert found.opinions[0].stance is Stance.GOOD


def test_a_patient_person_is_heard_on_ten_runs() -> None:
    week = [run(unit="c-1", at=START + timedelta(hours=place)) for place in range(100)]
    found = heard([rated(one, ("thumb", False)) for one in week], SETTINGS)
    assert [opinion.run.id for opinion in found.opinions] == [one.id for one in week[-10:]]
    assert (found.burst, found.over_cap) == (0, 90)


def test_a_burst_leaves_the_calm_days_before_it_alone() -> None:
    calm = run(unit="c-1", at=START)
    noisy = [run(unit="c-1", at=START + timedelta(days=1, seconds=place)) for place in range(31)]
    found = heard([rated(one, ("thumb", False)) for one in (calm, *noisy)], SETTINGS)
    assert [opinion.run.id for opinion in found.opinions] == [calm.id]


def test_a_person_who_is_named_is_one_person_over_many_units() -> None:
    runs = [run(unit=f"c-{place}", at=START + timedelta(hours=place)) for place in range(40)]
    named = [Rated(one, (said(one, "thumb", value=True, by="webshop/ana"),)) for one in runs]
    assert len(heard(named, SETTINGS).opinions) == 10
    assert len(heard([rated(one, ("thumb", True)) for one in runs], SETTINGS).opinions) == 40


def test_an_edit_that_changes_nothing_is_none() -> None:
    assert one(("edit", "It is  on its way. ")).opinions[0].edit is None
    assert one(("edit", "It comes today.")).opinions[0].edit == "It comes today."


def test_an_erased_edit_is_none() -> None:
    assert one(("edit", None)).opinions[0].edit is None


def test_a_label_counts_when_it_differs() -> None:
    understood = run(labels={"intent": "refund", "sentiment": "calm"})
    labels = {"intent": "refund", "sentiment": "angry"}
    (opinion,) = heard([rated(understood, ("label", labels))], SETTINGS).opinions
    assert opinion.labels == {"sentiment": "angry"}
    assert opinion.lost


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 12),  # the run
        st.sampled_from(["ana", "bo", "cy"]),
        st.sampled_from([("thumb", True), ("thumb", False), ("rating", 1), ("rating", 5)]),
        st.integers(0, 50_000),
    ),
    max_size=120,
)


@given(EVENTS, st.integers(1, 5), st.integers(1, 20))
def test_caps_hold_whatever_is_said(
    events: list[tuple[int, str, tuple[str, JsonValue], int]], per_person: int, burst: int
) -> None:
    settings = replace_dataset(per_person=per_person, burst=burst)
    runs = [run(number=place) for place in range(13)]
    given_ = [
        said(runs[place], *what, by=f"k/{who}", after_s=after, id=f"f{number:04}")
        for number, (place, who, what, after) in enumerate(events)
    ]
    table = [Rated(one, tuple(it for it in given_ if it.run == one.id)) for one in runs]
    found = heard(table, settings)
    voices = Counter[str]()
    for opinion in found.opinions:
        assert 1 <= opinion.good + opinion.bad + opinion.both <= 3
        voices["all"] += opinion.good + opinion.bad + opinion.both
    assert voices["all"] <= 3 * per_person
    assert found == heard(list(reversed(table)), settings)
    assert found.events == len(events)


def replace_dataset(**changes: int) -> LearningSettings:
    dataset = DatasetSettings().model_copy(update=changes)
    return LearningSettings().model_copy(update={"dataset": dataset})


def test_a_low_rating_is_a_setting() -> None:
    strict = LearningSettings(low_rating=5)
    (opinion,) = heard([rated(run(), ("rating", 4))], strict).opinions
    assert opinion.stance is Stance.BAD


def test_a_run_is_compared_by_what_it_answered() -> None:
    empty = replace(run(), answer={})
    assert heard([rated(empty, ("edit", "Better."))], SETTINGS).opinions[0].edit == "Better."
