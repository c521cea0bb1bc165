"""What belongs to no label: signals, thresholds, and a head that was never shown such a message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arriero.models import kernel
from arriero.models.fake import FakeEncoder
from arriero.models.fit_head import fit
from arriero.models.heads import HeadClassifier, load_head
from arriero.models.scope import auroc, kth, means_of

TOPICS = {
    "delivery": "where when parcel courier arrives shipped",
    "return": "send back refund money unwanted exchange",
    "repair": "broken torn fix warranty damaged zipper",
    "payment": "card invoice paypal charged twice bill",
    "size": "fits large small measure chart length",
    "account": "login password email profile delete address",
    "stock": "available sold again store colour reserve",
    "care": "wash clean dry wax store mildew",
    "voucher": "gift code discount redeem coupon expired",
    "advice": "recommend beginner winter best choose compare",
}
STRANGE = ["who won the match last night", "tell me a poem about love", "solve seven times nine"]


def rows(each: int = 14) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(1)
    pairs = {
        (" ".join(generator.choice(topic.split(), 4, replace=False)), label): None
        for label, topic in TOPICS.items()
        for _ in range(each)
    }
    return [text for text, _ in pairs], [label for _, label in pairs]


async def test_strangers_are_rejected_and_customers_are_not(tmp_path: Path) -> None:
    texts, labels = rows()
    report = await fit(texts, labels, FakeEncoder(), tmp_path / "head")
    assert report.scope_auroc is not None
    assert report.scope_auroc > 0.9
    classifier = HeadClassifier(load_head(tmp_path / "head"), FakeEncoder())
    strange = [(await classifier.classify(text, timeout_s=5)).outside for text in STRANGE]
    known = [
        "parcel shipped when arrives",
        "refund money back unwanted",
        "wash and dry wax",
        "gift code coupon expired",
    ]
    ours = [(await classifier.classify(text, timeout_s=5)).outside for text in known]
    assert all(value is not None and value >= 0.5 for value in strange)
    assert all(value is not None and value < 0.5 for value in ours)


async def test_what_was_a_stranger_belongs_once_it_is_added(tmp_path: Path) -> None:
    await fit(*rows(), FakeEncoder(), tmp_path / "head")
    classifier = HeadClassifier(load_head(tmp_path / "head"), FakeEncoder())
    assert ((await classifier.classify(STRANGE[1], timeout_s=5)).outside or 0) >= 0.5
    await classifier.teach([(STRANGE[1], "poetry"), ("write a poem about love", "poetry")])
    labels = await classifier.classify("tell me a poem about love", timeout_s=5)
    assert labels.label == "poetry"
    assert labels.outside is not None
    assert labels.outside < 0.5


async def test_scope_can_be_left_out(tmp_path: Path) -> None:
    report = await fit(*rows(), FakeEncoder(), tmp_path / "head", scope=False)
    assert report.scope_auroc is None
    head = load_head(tmp_path / "head")
    assert head.classify("x", np.eye(1, head.dimension, dtype=np.float32)[0]).outside is None


async def test_rows_of_which_none_is_told_right_still_give_a_head(tmp_path: Path) -> None:
    # What is most like a row of a label is a row of the next one.
    pairs = [
        (text, f"label{number}")
        for number in range(8)
        for text in (
            f"tent{number} rope{number}",
            f"tent{(number + 1) % 8} rope{(number + 1) % 8} map",
        )
    ]
    texts, labels = [text for text, _ in pairs], [label for _, label in pairs]
    report = await fit(texts, labels, FakeEncoder(), tmp_path / "head")
    assert report.accuracy == 0
    assert report.scope_kept is not None


async def test_a_rare_label_of_many_rows_does_not_cost_the_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, labels = rows()
    texts, labels = [*texts, "rent a tent", "hire one"], [*labels, "rental", "rental"]
    monkeypatch.setattr(kernel, "MOST_ROWS", len(texts) // 3)
    report = await fit(texts, labels, FakeEncoder(), tmp_path / "head")
    assert report.sampled
    assert report.scope_auroc is not None


def test_the_kth_neighbour_of_fewer_rows_is_the_last() -> None:
    likeness = np.array([[0.1, 0.9, 0.5]])
    assert kth(likeness, 1) == pytest.approx([0.9])
    assert kth(likeness, 2) == pytest.approx([0.5])
    assert kth(likeness, 9) == pytest.approx([0.1])


def test_whitened_distances_are_mahalanobis() -> None:
    generator = np.random.default_rng(0)
    owners = np.repeat([0, 1], 50)
    vectors = generator.normal(size=(100, 3)) * [1, 5, 0.2] + owners[:, None] * 50
    means = means_of(vectors, owners, 0.0)
    rest = np.concatenate(
        [vectors[:50] - vectors[:50].mean(0), vectors[50:] - vectors[50:].mean(0)]
    )
    inverse = np.linalg.inv(rest.T @ rest / 100)
    away = vectors[7] - vectors[50:].mean(axis=0)
    assert means.distances(vectors)[7, 1] == pytest.approx(np.sqrt(away @ inverse @ away), rel=1e-4)


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == pytest.approx(0.875)
    assert auroc(np.array([1.0]), np.array([])) == 0.5
