"""Tuning on a tiny BERT with random weights: 2 layers, 32 wide, words of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

pytest.importorskip("torch", reason="tuning needs it: pip install 'arriero[train]'")

import torch
from safetensors.torch import save_file

from arriero.core.errors import InputError, ModelCorrupt
from arriero.models.bert import Bert, Sizes, open_bert, write_onnx
from arriero.models.encoder import OnnxEncoder
from arriero.models.fake import FakeEncoder
from arriero.models.fit_head import fit
from arriero.models.fit_tuned import fit_tuned
from arriero.models.heads import load_head
from arriero.models.tune import tokenised, tune, vectors_of
from arriero.models.tuned import TunedClassifier, load_tuned, open_head

WORDS = (
    "where is my the tent stove rope lamp bag refund return send back track parcel pay card".split()
)
THINGS = ["tent", "stove", "rope", "lamp", "bag"]
PHRASES = {
    "status": ["where is my {}", "track the {}"],
    "return": ["send back the {}", "return my {}"],
    "payment": ["pay the {} by card", "card for my {}"],
}
ROWS = [
    (phrase.format(thing), label)
    for label, phrases in PHRASES.items()
    for phrase in phrases
    for thing in THINGS
]
TEXTS = [text for text, _ in ROWS]
LABELS = np.array([list(PHRASES).index(label) for _, label in ROWS])
SIZES = {
    "vocab_size": len(WORDS) + 5, "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_size": 32,
    "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 64, "layer_norm_eps": 1e-12,
    "model_type": "bert", "hidden_act": "gelu",
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """config.json, model.safetensors with the published names, tokenizer.json."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "config.json").write_text(json.dumps(SIZES))
    torch.manual_seed(1)
    save_file(_published(Bert(Sizes.read(folder / "config.json"))), folder / "model.safetensors")
    words = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "by", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _published(bert: Bert) -> dict[str, torch.Tensor]:
    """Our names of the weights as the published ones."""
    found = {
        "embeddings.word_embeddings.weight": bert.words.weight,
        "embeddings.position_embeddings.weight": bert.places.weight,
        "embeddings.token_type_embeddings.weight": bert.kinds.weight,
    }
    names = {
        "told": "attention.output.dense", "told_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense", "outer": "output.dense", "outer_norm": "output.LayerNorm",
    }  # fmt: skip
    for kind in ("weight", "bias"):
        found[f"embeddings.LayerNorm.{kind}"] = getattr(bert.norm, kind)
        for at, layer in enumerate(bert.layers):
            for ours, theirs in names.items():
                found[f"encoder.layer.{at}.{theirs}.{kind}"] = getattr(getattr(layer, ours), kind)
            parts = getattr(layer.asked, kind).chunk(3)
            for name, part in zip(("query", "key", "value"), parts, strict=True):
                found[f"encoder.layer.{at}.attention.self.{name}.{kind}"] = part
    return {name: part.detach().clone().contiguous() for name, part in found.items()}


def test_padding_changes_no_vector(tiny: Path) -> None:
    bert = open_bert(tiny).eval()
    tokens = tokenised(["where is my tent", "pay", "send back the lamp by card"], tiny)
    together = vectors_of(bert, tokens)
    alone = np.concatenate([vectors_of(bert, [one]) for one in tokens])
    assert np.abs(together - alone).max() < 0.02  # bfloat16 rounds


def test_what_is_exported_says_the_same(tiny: Path, tmp_path: Path) -> None:
    bert = open_bert(tiny).eval()
    write_onnx(bert, tmp_path / "model.onnx")
    encoder = OnnxEncoder((tmp_path / "model.onnx", tiny / "tokenizer.json"), max_tokens=64)
    likeness = (encoder.encode_now(TEXTS) * vectors_of(bert, tokenised(TEXTS, tiny))).sum(axis=1)
    assert likeness.min() > 0.98


def test_tuning_draws_the_messages_of_a_label_together(tiny: Path) -> None:
    told: list[tuple[int, int]] = []
    before = _apart(vectors_of(open_bert(tiny).eval(), tokenised(TEXTS, tiny)))
    model = tune(
        TEXTS, LABELS, tiny, epochs=30, rate=3e-3,
        progress=lambda done, whole: told.append((done, whole)),
    )  # fmt: skip
    vectors = vectors_of(model.bert, tokenised(TEXTS, tiny))
    assert _apart(vectors) > before + 0.2
    assert ((vectors @ model.prototypes.T).argmax(axis=1) == LABELS).mean() > 0.9
    assert told[-1] == (30, 30)


def _apart(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """How much more alike messages of one label are than others."""
    like, same = vectors @ vectors.T, LABELS[:, None] == LABELS[None]
    return float(like[same].mean() - like[~same].mean())


def test_the_same_seed_gives_the_same_model(tiny: Path) -> None:
    one, two, other = (
        tune(TEXTS, LABELS, tiny, epochs=1, seed=seed).prototypes for seed in (0, 0, 1)
    )
    assert (one == two).all()
    assert (one != other).any()


def test_word_vectors_stay(tiny: Path) -> None:
    before = open_bert(tiny).words.weight
    assert torch.equal(tune(TEXTS, LABELS, tiny, epochs=1).bert.words.weight, before)


async def test_a_head_takes_the_opinion_and_serves_it(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "intents"
    report = await fit(TEXTS, [label for _, label in ROWS], FakeEncoder(), folder)
    steps: list[tuple[int, int]] = []
    told = await fit_tuned(
        folder, report.share, tiny, epochs=30, progress=lambda *step: steps.append(step)
    )
    assert [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))  # both tunings in one
    assert told.rows == pytest.approx(len(ROWS) / 7, abs=1)
    assert told.both.value >= told.encoder.value - 0.35  # of four rows; that it is counted at all
    classifier = open_head(folder, FakeEncoder())
    assert isinstance(classifier, TunedClassifier)
    labels = await classifier.classify("where is my lamp", timeout_s=5)
    assert labels.label == "status"
    assert labels.model == classifier.name
    assert labels.model.startswith("intents~")
    assert sum(chance for _, chance in labels.scores) == pytest.approx(1)
    await classifier.teach([("a gift voucher", "gift"), ("vouchers as a gift", "gift")])
    assert (await classifier.classify("a gift voucher", timeout_s=5)).label == "gift"
    await classifier.close()

    (folder / "tuned" / "opinion.json").write_text("{}")
    with pytest.raises(ModelCorrupt, match="run arriero support train --tune again"):
        open_head(folder, FakeEncoder())
    await fit(TEXTS, [label for _, label in ROWS], FakeEncoder(), folder)
    assert not (folder / "tuned").exists()


async def test_what_serves_was_tuned_to_every_row(tiny: Path, tmp_path: Path) -> None:
    report = await fit(TEXTS, [label for _, label in ROWS], FakeEncoder(), tmp_path / "intents")
    await fit_tuned(tmp_path / "intents", report.share, tiny, epochs=1)
    head = load_head(tmp_path / "intents")
    owners = np.asarray(head.owners, np.intp)
    served = load_tuned(tmp_path / "intents", head.labels, head.data)
    assert (served.prototypes == tune(head.texts, owners, tiny, epochs=1).prototypes).all()


async def test_labels_with_few_rows_are_not_tuned_to(tiny: Path, tmp_path: Path) -> None:
    texts, labels = TEXTS[:12], [*["status"] * 10, *["return"] * 2]
    report = await fit(texts, labels, FakeEncoder(), tmp_path / "few")
    with pytest.raises(InputError, match="label 'return' has 2 rows; tuning takes 4"):
        await fit_tuned(tmp_path / "few", report.share, tiny)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hidden_act": "relu"}, "no BERT with gelu"),
        ({"vocab_size": 3}, "do not fit"),
        ({"hidden_size": None}, "does not describe"),
    ],
)
def test_another_model_is_not_tuned(
    change: dict[str, object], why: str, tiny: Path, tmp_path: Path
) -> None:
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(SIZES | change))
    with pytest.raises(ModelCorrupt, match=why):
        open_bert(tmp_path)


def test_pairs_of_a_label_share_a_batch(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[int]] = []
    monkeypatch.setattr(
        "arriero.models.tune._Tuning.step",
        lambda tuning, tokens, labels: seen.append(labels.tolist()),
    )
    tune(TEXTS, LABELS, tiny, epochs=1)
    assert all(batch[at] == batch[at + 1] for batch in seen for at in range(0, len(batch), 2))
    assert sum(map(len, seen)) == len(TEXTS)
