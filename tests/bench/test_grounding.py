"""`bench grounding` on folders of documents, and the numbers that it is made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.apps.support.settings import SAMPLE
from arriero.bench import grounding
from arriero.bench.fit_quality import Rows, Sample, fit
from arriero.bench.specimens import question_of
from arriero.cli.bench_grounding import grounding as command
from arriero.core.errors import InputError
from arriero.models.fake import FakeEncoder

ARTICLES = SAMPLE / "articles"


def test_auroc_counts_pairs_and_ties_by_half() -> None:
    assert grounding.auroc([0.1, 0.9], [False, True]) == 1
    assert grounding.auroc([0.9, 0.1], [False, True]) == 0
    assert grounding.auroc([0.5, 0.5, 0.5], [False, True, True]) == 0.5
    assert grounding.auroc([0.2, 0.5, 0.5, 0.8], [False, True, False, True]) == 0.875
    assert grounding.auroc([0.2], [True]) == 0.5


def test_documents_of_every_kind_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: Tents\n---\nA tent.", encoding="utf-8-sig")
    (tmp_path / "b.txt").write_text("Shoes\n\nA shoe.", encoding="utf-8")
    (tmp_path / "c.json").write_text(
        json.dumps({"title": "Rope", "content": "A rope."}), encoding="utf-8-sig"
    )
    (tmp_path / "d.json").write_text(json.dumps([{"id": "x", "text": "X."}, {"body": "Y."}]))
    (tmp_path / "e.csv").write_text("not read")
    found = grounding.load(tmp_path)
    assert [one.title for one in found] == ["Tents", "Shoes", "Rope", "d.json#0", "d.json#1"]
    assert found[0].text == "A tent."
    assert found[3].id == "x"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", '{"title": "x"}', "content, text or body"),
        ("a.txt", "Only one.", "two or more"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        grounding.load(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        grounding.load(tmp_path / name)


def test_documents_without_sentences_say_so(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Hi.", encoding="utf-8")
    with pytest.raises(InputError, match="four words"):
        grounding.unseen_kinds(grounding.load(tmp_path))


def test_right_and_wrong_answers_come_in_equal_number() -> None:
    documents = grounding.load(ARTICLES)[:30]
    for made in (grounding.unseen_kinds(documents), grounding.swapped_facts(documents)):
        assert sum(one.right for one in made) * 2 == len(made)
        assert made == made.__class__(made)
    assert grounding.unseen_kinds(documents, 1) == grounding.unseen_kinds(documents, 1)
    kinds = {one.kind for one in grounding.unseen_kinds(documents) if not one.right}
    assert {"stale", "question", "unit", "modality", "truncated", "added"} <= kinds


async def test_swapped_facts_are_told_from_true_ones_even_without_an_encoder(
    tmp_path: Path,
) -> None:
    for file in sorted(ARTICLES.glob("*.md"))[:25]:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = (await grounding.evaluate(tmp_path, FakeEncoder())).results
    assert {"auroc", "auroc_facts", "ece", "ms_per_sentence"} <= found.keys()
    assert found["auroc_facts"].value > 0.85
    assert found["auroc"].value > 0.75
    assert found["auroc"].low is not None
    assert found["auroc"].low < found["auroc"].value


def test_a_question_is_made_of_the_title_and_half_of_the_words() -> None:
    from random import Random

    asked = question_of("You can return unused goods within days.", "Returns", Random(1))
    assert asked.startswith("Returns: ")
    assert len(asked.split()) == 1 + 3


def test_a_fitted_layer_keeps_the_signs_of_its_features() -> None:
    rows: Rows = [
        Sample({"covered": at / 10, "negation": 1.0 - at / 10}, at >= 5, str(at))
        for at in range(10)
    ]
    layer = fit(rows, ["covered", "negation"])
    assert layer.weights["covered"] > 0 > layer.weights["negation"]
    # what speaks against its meaning is left out rather than believed
    turned = fit(
        [one._replace(features={"covered": 1 - one.features["covered"]}) for one in rows],
        ["covered"],
    )
    assert turned.weights["covered"] == 0


def test_the_command_wants_a_folder() -> None:
    result = CliRunner().invoke(command, ["--docs", "nowhere"])
    assert result.exit_code == 2
    assert "nowhere" in result.output
