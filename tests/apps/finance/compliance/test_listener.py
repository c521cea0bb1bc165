"""The second listener: what it doubts, what clears it, and that less to hear with never lets more pass."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from arriero.apps.finance.compliance import listener as module
from arriero.apps.finance.compliance.complete import publication
from arriero.apps.finance.compliance.gate import DEAF, doubted, heard, release, review
from arriero.apps.finance.compliance.listener import (
    ALLOWED,
    SHAPE,
    WEIGHTS,
    Listener,
    piece_of,
    pieces,
    read,
    words_of,
)
from arriero.apps.finance.compliance.meaning import Grammar
from arriero.apps.finance.compliance.pack import shipped
from arriero.core.errors import ModelCorrupt
from arriero.core.settings import Settings
from tests.apps.finance.compliance.samples import BROKER

ROWS = [
    json.loads(line)
    for line in Path(module.__file__)
    .with_name("rows.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
SAID_OTHERWISE = "Grandmother's nest egg is at home here."  # no pattern of the grammar knows it
PROMISE = "A profit on these shares is guaranteed."  # a pattern of the grammar does
DEAF_TO_DOUBT = replace(Listener.load(), doubt=(9.0, 9.0, 9.0))
WIDE = 384


def vector_towards(group: str, *, strength: float = 1.0) -> list[float]:
    """The unit vector that speaks most for `group` against what claims nothing."""
    one = Listener.load()
    wide = len(one.labels)
    weights = np.array(one.vector).reshape(-1, wide)
    way = weights[:, one.labels.index(group)] - weights[:, one.labels.index(ALLOWED)]
    return [float(value) for value in strength * way / np.linalg.norm(way)]


def test_the_vocabulary_and_the_weights_belong_together() -> None:
    one = Listener.load()
    grams = sum(len(block.places) for block in one.blocks)
    assert len(one.weights) == grams * len(one.labels)
    assert len(one.vector) == WIDE * len(one.labels)
    assert set(one.labels) - {ALLOWED} == {row["claim"] for row in ROWS if row["claim"]}


def test_every_claim_belongs_to_a_rule() -> None:
    rules = {rule.id for rule in shipped().rules}
    assert {label[:3] for label in Listener.load().labels if label != ALLOWED} <= rules


def test_a_score_is_the_sum_of_what_its_n_grams_weigh() -> None:
    one, scene = Listener.load(), Grammar.load().scene(SAID_OTHERWISE)
    (piece,) = pieces(scene)
    wide = len(one.labels)
    dense = np.zeros(len(one.weights) // wide)
    for block, grams in zip(
        one.blocks,
        (words_of(piece.text), module.characters_of(piece.text), piece.classes),
        strict=True,
    ):
        for place, value in block.weigh(grams):
            dense[place] += value
    wanted = dense @ np.array(one.weights).reshape(-1, wide) + np.array(one.base)
    assert one.scores(piece) == pytest.approx(wanted, abs=1e-6)


def test_pieces_are_sentences_and_neighbours_within_a_section() -> None:
    scene = Grammar.load().scene("One is here. Two is here. Three is here.\n\nFour is here.")
    assert [(piece.size, piece.text) for piece in pieces(scene)] == [
        (1, "one is here"),
        (2, "one is here. two is here"),
        (3, "one is here. two is here. three is here"),
        (1, "two is here"),
        (2, "two is here. three is here"),
        (1, "three is here"),
        (1, "four is here"),
    ]


def test_the_company_has_no_name_and_figures_have_no_value() -> None:
    scene = Grammar.load().scene("Quillon gained 17 percent.", ("Quillon Instruments", "QLLN"))
    piece = piece_of(scene, 0, len(scene.words) - 1, 1)
    assert piece.text == "the company gained 17 percent"
    assert list(words_of(piece.text))[:5] == ["the", "company", "gained", "00", "percent"]


def test_what_is_heard_names_rule_place_and_probability() -> None:
    one = publication(BROKER, "retail", f"It makes scales. {SAID_OTHERWISE}")
    texts = doubted(one, shipped())
    seen = review(one, shipped(), {text: vector_towards("C14_cautious") for text in texts})
    (span,) = [span for result in seen.failed if result.id == "C14" for span in result.evidence][:1]
    assert span.chance is not None
    assert 0.5 <= span.chance <= 1.0
    assert "heard with probability" in span.why
    assert SAID_OTHERWISE[:-1] in one.text[span.start : span.end]
    assert seen.note == ""


def test_without_an_encoder_a_doubt_stands_and_the_review_says_so() -> None:
    one = publication(BROKER, "retail", SAID_OTHERWISE)
    seen = review(one, shipped())
    assert not seen.released
    assert seen.note == DEAF
    assert any(span.why == DEAF for result in seen.failed for span in result.evidence)


def test_a_vector_can_clear_a_doubt() -> None:
    one = publication(BROKER, "retail", SAID_OTHERWISE)
    clear = vector_towards("C14_cautious", strength=-3.0)
    assert review(one, shipped(), dict.fromkeys(doubted(one, shipped()), clear)).released


def test_what_the_grammar_found_stands_without_a_vector_and_can_be_cleared_by_one() -> None:
    one = publication(BROKER, "retail", f"It makes scales. {PROMISE}")
    assert [result.id for result in review(one, shipped()).failed if result.id == "C01"]
    sure = dict.fromkeys(doubted(one, shipped()), vector_towards("C01", strength=-9.0))
    assert review(one, shipped(), sure).released
    other = {text: vector for text, vector in sure.items() if "guaranteed" not in text}
    assert not review(one, shipped(), other).released


def test_what_the_record_excuses_needs_no_vector() -> None:
    one = publication(BROKER, "retail", "The probability of beating the benchmark is 62 %.")
    scene = Grammar.load().scene(one.text, one.record.names)
    assert Listener.load().spoken(scene)
    assert review(one, shipped(), {}, DEAF_TO_DOUBT).released
    assert not doubted(one, shipped(), DEAF_TO_DOUBT)


def test_what_the_record_breaks_no_vector_clears() -> None:
    one = publication(BROKER, "retail", PROMISE, {"approval": {"state": "requested"}})
    sure = dict.fromkeys(doubted(one, shipped()), vector_towards("C01", strength=-9.0))
    assert [result.id for result in review(one, shipped(), sure).failed] == ["C23"]


def test_what_the_grammar_finds_in_a_piece_is_one_of_its_classes() -> None:
    scene = Grammar.load().scene(f"It makes scales. {PROMISE}")
    first, _, second = pieces(scene)
    assert not any(name.startswith("=") for name in first.classes)
    assert "=C01" in second.classes


def test_another_listener_may_be_asked() -> None:
    one = publication(BROKER, "retail", SAID_OTHERWISE)
    assert doubted(one, shipped())
    assert not doubted(one, shipped(), DEAF_TO_DOUBT)
    assert review(one, shipped(), None, DEAF_TO_DOUBT).released


def test_what_passes_without_an_encoder_passes_with_any_vectors() -> None:
    """Row by row: vectors may clear what words doubt, and can never add a doubt."""
    random = np.random.default_rng(0)
    for row in Random(0).sample(ROWS, 150):
        one = publication(BROKER, "retail", row["text"])
        if not review(one, shipped()).released:
            continue
        texts = doubted(one, shipped())
        vectors = {text: random.normal(size=WIDE) / WIDE**0.5 for text in texts}
        assert review(one, shipped(), vectors).released, row["text"]


def test_a_repaired_text_is_heard_again() -> None:
    one = publication(BROKER, "retail", f"It makes scales. {SAID_OTHERWISE}")
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> list[list[float]]:
        asked.extend(texts)
        strength = (1.0 if "nest egg" in text else -3.0 for text in texts)
        return [vector_towards("C14_cautious", strength=one) for one in strength]

    mended = release(one, shipped(), encode)
    assert mended.repaired
    assert mended.text.startswith("It makes scales. It does not suit every investor.")
    assert asked


@pytest.mark.parametrize("file", ["listener.json", "listener.safetensors"])
def test_files_that_do_not_belong_together_are_refused(tmp_path: Path, file: str) -> None:
    for one in (SHAPE, WEIGHTS):
        shutil.copy(one, tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:-9] + b"something")
    with pytest.raises(ModelCorrupt, match="install the package anew"):
        read(tmp_path / SHAPE.name, tmp_path / WEIGHTS.name)


def test_the_version_of_the_pack_covers_the_listener(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from arriero.apps.finance.compliance import pack

    for file in Path(module.__file__).parent.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    monkeypatch.setattr(pack, "HERE", tmp_path)
    before = pack._hash()
    (tmp_path / SHAPE.name).write_text("{}")
    assert pack._hash() != before


def test_with_the_encoder_our_own_rows_are_told_apart() -> None:
    """On what it was fitted on, so this proves no more than that files, encoder and code go together."""
    folder = Settings.load().models.folder.expanduser() / "minilm-l6"
    if not folder.is_dir():
        pytest.skip("minilm-l6 is not pulled; run: arriero models pull minilm-l6")
    encoder = pytest.importorskip("arriero.models.encoder").OnnxEncoder(folder)
    assert encoder.name == Listener.load().encoder
    some = Random(3).sample(ROWS, 60)
    right = [
        heard(publication("adviser", "retail", row["text"]), shipped(), encoder.encode_now).released
        == (row["claim"] is None)
        for row in some
    ]
    assert sum(right) >= 51


def test_a_doubt_about_a_claim_that_the_grammar_found_and_the_record_excuses_is_none() -> None:
    said = "The model expects volatility higher than in the last 21 trading days, with a probability of {} %."
    on_record = publication(BROKER, "retail", said.format(62))
    assert doubted(on_record, shipped())
    assert review(on_record, shipped()).released
    assert not review(publication(BROKER, "retail", said.format(91)), shipped()).released


def test_a_claim_that_the_record_excuses_is_as_good_as_none() -> None:
    """The next claim is then heard against both: what claims nothing and what is excused."""
    one, scene = Listener.load(), Grammar.load().scene(SAID_OTHERWISE)
    (piece,) = pieces(scene)
    scores = [0.0] * len(one.labels)
    for label, score in ((ALLOWED, 0.1), ("C08_fact", 0.6), ("C04", 0.5)):
        scores[one.labels.index(label)] = score

    def excused(group: str, _: object) -> bool:
        return group == "C08_fact"

    assert one.claim(scores, piece, lambda _, __: False) == ("C08_fact", 0.5)
    group, margin = one.claim(scores, piece, excused)
    assert group == "C04"
    assert margin == pytest.approx(0.5 - 0.1 - 0.6)
