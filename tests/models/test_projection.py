from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.models.projection import Projection, Vectors, load, save
from arriero.models.projection_fit import Lesson, Places, fit, fit_in_child, loss_of

WIDTH = 24
ANSWERS = 12


def units(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def questions(seed: int, each: int = 40) -> tuple[Vectors, Places]:
    """Questions of twelve answers: what tells these apart is weaker than the manner of asking."""
    draw = np.random.default_rng(seed)
    meant = np.repeat(np.eye(ANSWERS), each, axis=0)
    manner = 0.6 * draw.standard_normal((len(meant), WIDTH - ANSWERS))
    return units(np.concatenate((meant, manner), axis=1)), np.repeat(np.arange(ANSWERS), each)


def lesson() -> Lesson:
    asked, owners = questions(1)
    answers = units(np.concatenate((np.eye(ANSWERS), np.zeros((ANSWERS, WIDTH - ANSWERS))), axis=1))
    return Lesson(asked, owners, answers, np.empty((0, WIDTH), np.float32))


def found(known: Vectors, asked: Vectors, owners: Places, truth: Places) -> float:
    """The share of questions whose nearest known one has their answer."""
    return float((owners[(asked @ known.T).argmax(axis=1)] == truth).mean())


def test_new_questions_find_their_answer_among_those_it_learned_from() -> None:
    taught = lesson()
    learned = fit(taught)
    asked, truth = questions(2)
    before = found(taught.questions, asked, taught.owners, truth)
    after = found(learned.of(taught.questions), learned.of(asked), taught.owners, truth)
    assert before < 0.8
    assert after > 0.95


def strangers(seed: int) -> Vectors:
    """Questions that lie between two answers."""
    draw = np.random.default_rng(seed)
    meant = np.repeat(np.eye(ANSWERS) + np.roll(np.eye(ANSWERS), 1, axis=0), 8, axis=0)
    manner = 0.6 * draw.standard_normal((len(meant), WIDTH - ANSWERS))
    return units(np.concatenate((meant, manner), axis=1))


def test_it_keeps_away_from_what_nothing_answers() -> None:
    taught = lesson()
    warned = fit(Lesson(taught.questions, taught.owners, taught.answers, strangers(3)))
    unwarned = fit(taught)

    def likeness(one: Projection) -> float:
        return float((one.of(strangers(4)) @ one.of(taught.questions).T).max(axis=1).mean())

    assert likeness(warned) < likeness(unwarned) - 0.1


def test_the_same_lesson_gives_the_same_projection() -> None:
    first, again, other = fit(lesson(), epochs=2), fit(lesson(), epochs=2), fit(lesson(), seed=1)
    assert first.id == again.id
    assert first.id != other.id


def test_the_gradients_are_those_of_the_loss() -> None:
    draw = np.random.default_rng(0)
    weights: list[Any] = [draw.standard_normal(shape) / 3 for shape in ((6, 5), (5,), (5, 6))]
    # Four pairs, two of them of one answer, and three strangers.
    texts = cast("Vectors", draw.standard_normal((11, 6)))
    owners = np.array([0, 1, 1, 2])

    def loss(parts: list[Any]) -> float:
        return loss_of(Projection(*parts), texts, owners)[0]

    _, gradients = loss_of(Projection(*weights), texts, owners)
    for at, gradient in enumerate(gradients):
        for place in product(*(range(size) for size in gradient.shape)):
            changed = [one.copy() for one in weights], [one.copy() for one in weights]
            changed[0][at][place] += 1e-5
            changed[1][at][place] -= 1e-5
            slope = (loss(changed[0]) - loss(changed[1])) / 2e-5
            assert gradient[place] == pytest.approx(slope, abs=1e-4)


def test_what_has_learned_nothing_moves_nothing() -> None:
    asked, _ = questions(1)
    nothing = Projection(
        np.ones((WIDTH, 3), np.float32), np.ones(3, np.float32), np.zeros((3, WIDTH), np.float32)
    )
    assert np.allclose(nothing.of(asked), asked, atol=1e-6)


def test_a_kept_one_is_read_as_it_was(tmp_path: Path) -> None:
    learned = fit(lesson(), epochs=1)
    save(learned, tmp_path / "new" / "one.safetensors")
    assert load(tmp_path / "new" / "one.safetensors").id == learned.id
    assert np.allclose(np.linalg.norm(learned.of(questions(1)[0]), axis=1), 1, atol=1e-5)


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    file.write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelCorrupt, match="delete it"):
        load(file)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.safetensors")


async def test_a_child_learns_the_same(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    learned = await fit_in_child(lesson(), file)
    assert np.allclose(learned.outer, fit(lesson()).outer, atol=1e-3)
    assert load(file).id == learned.id


async def test_a_child_that_cannot_write_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelError, match="learning which questions are alike ended with status 1"):
        await fit_in_child(lesson(), tmp_path / "file" / "one.safetensors")
