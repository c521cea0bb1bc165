"""The second opinion of a tuned encoder: how it is weighed, and what is refused. No torch needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arriero.core.errors import ModelCorrupt
from arriero.models.base import Labels
from arriero.models.tuned import USUAL, Opinion, Tuned, fit_pool, load_tuned, pool, save_tuned

NAMES = ("pay", "return", "status")
PROTOTYPES = np.eye(3, dtype=np.float32)


def _tuned(head: float = 1.0, likeness: float = 8.0) -> Tuned:
    opinion = Opinion(encoder="e@1", labels=NAMES, data="d", head=head, likeness=likeness)
    return Tuned(opinion, PROTOTYPES)


def test_a_sure_encoder_turns_an_unsure_head() -> None:
    unsure = Labels((("pay", 0.4), ("status", 0.35), ("return", 0.25)), "h", 0.1)
    told = _tuned().pooled(unsure, np.array([0, 0, 1], np.float32))
    assert told.label == "status"
    assert told.outside == 0.1
    assert sum(chance for _, chance in told.scores) == pytest.approx(1)


def test_a_sure_head_stands_against_an_unsure_encoder() -> None:
    sure = Labels((("pay", 0.98), ("status", 0.01), ("return", 0.01)), "h")
    told = _tuned().pooled(sure, np.array([0.5, 0.6, 0.6], np.float32))
    assert told.label == "pay"


def test_a_label_that_was_taught_since_keeps_its_chance() -> None:
    labels = Labels((("gift", 0.7), ("pay", 0.2), ("status", 0.1), ("return", 0.0)), "h")
    told = _tuned().pooled(labels, np.array([0, 0, 1], np.float32))
    assert told.scores[0] == ("gift", 0.7)
    assert sum(chance for _, chance in told.scores) == pytest.approx(1)


def test_the_better_opinion_counts_more() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 3, 300)
    good, noise = np.eye(3)[truth], draw.dirichlet([1, 1, 1], 300)
    head, likeness = fit_pool(noise, good * 0.8, truth)
    assert (head, likeness > 4) == (0.0, True)
    head, likeness = fit_pool(np.clip(good, 0.05, 0.9), noise, truth)
    assert likeness < 1
    assert head >= 1


def test_rows_that_cannot_tell_leave_the_usual_weights() -> None:
    alike = np.full((20, 3), 1 / 3)
    assert fit_pool(alike, alike, np.arange(20) % 3) == USUAL


def test_without_weights_all_labels_are_alike() -> None:
    assert pool(np.eye(3), np.eye(3), 0.0, 0.0) == pytest.approx(np.full((3, 3), 1 / 3))


def test_it_is_kept_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "tuned").mkdir()
    save_tuned(_tuned(), tmp_path)
    again = load_tuned(tmp_path, NAMES, "d")
    assert again.opinion == _tuned().opinion
    assert (again.prototypes == PROTOTYPES).all()


@pytest.mark.parametrize(("labels", "data"), [(NAMES, "other"), (("pay", "status"), "d")])
def test_an_opinion_on_other_rows_is_refused(
    labels: tuple[str, ...], data: str, tmp_path: Path
) -> None:
    (tmp_path / "tuned").mkdir()
    save_tuned(_tuned(), tmp_path)
    with pytest.raises(ModelCorrupt, match="tuned to other rows"):
        load_tuned(tmp_path, labels, data)
