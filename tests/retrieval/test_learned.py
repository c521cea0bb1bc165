from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from arriero.core.errors import ModelError
from arriero.models.fake import FakeEncoder
from arriero.models.projection import Projection, save
from arriero.models.projection_fit import Lesson
from arriero.retrieval import learned as module
from arriero.retrieval.base import Expected, Passage
from arriero.retrieval.learned import learned

pytestmark = pytest.mark.usefixtures("few")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST", 4)


class Teacher:
    """Stands for the child process: keeps the lessons, and gives a projection that moves nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lessons: list[Lesson] = []
        self.fails: Exception | None = None
        monkeypatch.setattr(module, "fit_in_child", self.fit)

    async def fit(self, lesson: Lesson, out: Path) -> Projection:
        self.lessons.append(lesson)
        if self.fails:
            raise self.fails
        width = lesson.questions.shape[1]
        made = Projection(
            np.zeros((width, 2), np.float32),
            np.zeros(2, np.float32),
            np.zeros((2, width), np.float32),
        )
        save(made, out)
        return made


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> Teacher:
    return Teacher(monkeypatch)


def passages(*more: str) -> tuple[Passage, ...]:
    costs, days = "Shipping costs 4.90 EUR.", "It takes 2 days."
    asked = [Expected(text, costs) for text in ("what is postage", "shipping price", *more)]
    return (
        Passage("a", "d", "Shipping", costs, expected=tuple(asked)),
        Passage(
            "b",
            "d",
            "Shipping",
            days,
            expected=(Expected("how fast", days), Expected("days", days)),
        ),
        Passage("c", "d", "Shipping", f"{costs} Really.", expected=tuple(asked)),  # said twice
    )


async def test_it_is_learned_once_from_the_different_questions(
    tmp_path: Path, teacher: Teacher
) -> None:
    unanswered = np.eye(384, dtype=np.float32)[:3]
    first = await learned(passages(), FakeEncoder(), tmp_path, unanswered)
    again = await learned(passages(), FakeEncoder(), tmp_path, unanswered)
    assert first is not None
    assert again is not None
    assert first.id == again.id
    (lesson,) = teacher.lessons
    assert lesson.owners.tolist() == [0, 0, 1, 1]
    assert len(lesson.answers) == 2
    assert np.array_equal(lesson.unanswered, unanswered)
    expected = await FakeEncoder().encode(["how fast"])
    assert np.allclose(lesson.questions[2], expected[0])


async def test_few_questions_teach_nothing(tmp_path: Path, teacher: Teacher) -> None:
    assert await learned(passages()[1:2], FakeEncoder(), tmp_path) is None
    assert not teacher.lessons


async def test_another_question_encoder_or_stranger_is_learned_anew(
    tmp_path: Path, teacher: Teacher
) -> None:
    await learned(passages(), FakeEncoder(), tmp_path)
    await learned(passages("how dear is it"), FakeEncoder(), tmp_path)
    await learned(passages("how dear is it"), FakeEncoder(name="other"), tmp_path)
    strangers = np.eye(384, dtype=np.float32)[:3]
    await learned(passages("how dear is it"), FakeEncoder(name="other"), tmp_path, strangers)
    assert len(teacher.lessons) == 4
    assert len(list(tmp_path.glob("projection-*"))) == 1  # the latest


async def test_what_cannot_be_learned_leaves_likeness_as_it_was(
    tmp_path: Path, teacher: Teacher, caplog: pytest.LogCaptureFixture
) -> None:
    teacher.fails = ModelError("learning ended with status -9: killed")
    with caplog.at_level(logging.WARNING):
        assert await learned(passages(), FakeEncoder(), tmp_path) is None
    assert "status -9" in caplog.text


async def test_a_broken_file_is_learned_again(tmp_path: Path, teacher: Teacher) -> None:
    await learned(passages(), FakeEncoder(), tmp_path)
    (file,) = tmp_path.glob("projection-*")
    file.write_bytes(b"cut")
    assert await learned(passages(), FakeEncoder(), tmp_path) is not None
    assert len(teacher.lessons) == 2
