"""Where quality is lost: the group that explains most bad answers leads, a small one does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arriero.core.settings import LearningSettings
from arriero.core.words import Ended, Source, Stage, StageTime, Verdict
from arriero.learning.analysis import Analysis, analyse, stage_of
from arriero.learning.opinion import heard
from arriero.store.base import Rated
from tests.learning.rated import rated, run

SETTINGS = LearningSettings()


def answers(intent: str, bad: int, of: int, source: str = "a") -> list[Rated]:
    return [
        rated(
            run(
                unit=f"{intent}-{source}-{place}",
                labels={"intent": intent},
                sources=(Source(source, "A", "a"),),
            ),
            ("thumb", place >= bad),
        )
        for place in range(of)
    ]


def of(*rows: list[Rated]) -> Analysis:
    return analyse("toy", heard([one for some in rows for one in some], SETTINGS))


def test_the_group_with_most_avoidable_bad_answers_is_named() -> None:
    found = of(answers("refund", 60, 100), answers("status", 10, 200), answers("tiny", 3, 3))
    assert found.first is not None
    assert (found.first.kind, found.first.name) == ("label:intent", "refund")
    assert "fix label:intent 'refund' first: 60 of 100" in found.advice
    assert len(found.examples) == 5


def test_a_group_of_three_does_not_lead() -> None:
    found = of(answers("tiny", 3, 3), answers("status", 20, 200))
    assert found.first is None
    tiny = next(one for one in found.groups if one.name == "tiny")
    assert tiny.share.value == 1.0
    assert tiny.shrunk < 0.9
    assert "collect more feedback" in found.advice


def test_groups_that_are_alike_do_not_stand_out() -> None:
    found = of(*(answers(f"intent-{place}", 10, 50) for place in range(20)))
    assert found.first is None
    assert found.share.value == pytest.approx(0.2)


def test_a_source_that_misleads_is_found() -> None:
    found = of(
        answers("refund", 5, 60, "good"),
        answers("status", 5, 60, "good"),
        answers("refund", 25, 30, "outdated"),
        answers("status", 25, 30, "outdated"),
    )
    assert found.first is not None
    assert (found.first.kind, found.first.name) == ("source", "outdated")


def test_without_feedback_the_advice_is_to_collect_some() -> None:
    assert "collect feedback" in of([]).advice


def test_a_system_that_names_nobody_is_told_to() -> None:
    table = [rated(run(), ("thumb", True)) for _ in range(50)]
    assert "name the person behind each with `user`" in of(table).advice


def test_contradictions_and_silence_are_counted_apart() -> None:
    odd = rated(run(unit="odd"), ("thumb", True), ("rating", 1))
    mute = rated(run(unit="mute"), ("comment", "Hm."))
    found = of([odd, mute], answers("status", 0, 1))
    assert (found.runs, found.undecided, found.silent) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "feedback", "stage"),
    [
        ({"stages": (StageTime(Stage.GATHER, 1.0, "error"),)}, ("thumb", False), Stage.GATHER),
        ({"labels": {"intent": "x"}}, ("label", {"intent": "y"}), Stage.UNDERSTAND),
        ({"verdicts": (Verdict("grounded", False, 0.2),)}, ("thumb", False), Stage.JUDGE),
        ({"ended": Ended.FALLBACK}, ("thumb", False), Stage.GATHER),
        (
            {"ended": Ended.FALLBACK, "verdicts": (Verdict("grounded", False, 0.2),)},
            ("thumb", False),
            Stage.DECIDE,
        ),
        ({}, ("thumb", False), Stage.DRAFT),
    ],
)
def test_the_stage_at_which_quality_was_lost(
    changes: dict[str, object], feedback: tuple[str, object], stage: Stage
) -> None:
    table = [rated(replace(run(), **changes), feedback)]  # type: ignore[arg-type]
    (opinion,) = heard(table, SETTINGS).opinions
    assert stage_of(opinion) is stage


def test_stages_share_what_was_lost() -> None:
    found = of(answers("status", 10, 20))
    (draft,) = [one for one in found.groups if one.kind == "stage"]
    assert (draft.name, draft.bad, draft.share.value) == ("draft", 10, 1.0)
