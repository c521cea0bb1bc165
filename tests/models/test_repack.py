"""Re-quantised copies of a small GGUF file that the test writes itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFWriter, quants

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.models import copies
from arriero.models.catalogue import path_of, repacked_copy
from arriero.models.loss import Loss, loss_of
from arriero.models.progress import Silent
from arriero.models.repack import KINDS, repack
from tests.models.packages import entry

ROWS, COLUMNS = 8, 64


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """Weights of three types, and metadata of several kinds."""
    draw = np.random.default_rng(7)
    writer = GGUFWriter(tmp_path / "original.gguf", "llama")
    writer.add_name("tiny")
    writer.add_file_type(3)
    writer.add_array("tokenizer.ggml.tokens", ["a", "é", "<|end|>"])
    writer.add_array("tokenizer.ggml.token_type", [1, 1, 3])
    writer.add_float32("llama.rope.freq_base", 10_000.0)
    writer.add_bool("tokenizer.ggml.add_bos_token", val=False)
    writer.add_chat_template("{% for m in messages %}{{ m }}{% endfor %}")
    kinds = {"token_embd.weight": Type.Q8_0}
    for block in range(3):
        for part in ("attn_q", "attn_v", "ffn_up", "ffn_gate", "ffn_down"):
            kinds[f"blk.{block}.{part}.weight"] = Type.Q4_1
        kinds[f"blk.{block}.attn_k.weight"] = Type.Q5_0
    for name, kind in kinds.items():
        weights = draw.normal(size=(ROWS, COLUMNS)).astype(np.float32)
        writer.add_tensor(name, quants.quantize(weights, kind), raw_dtype=kind)
    writer.add_tensor("blk.0.attn_norm.weight", np.ones(COLUMNS, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tmp_path / "original.gguf"


@pytest.mark.parametrize(("kind", "stored"), [("q4_0", "Q4_0"), ("q8_0", "Q8_0")])
def test_a_plain_kind_gives_all_weights_its_type(
    original: Path, tmp_path: Path, kind: str, stored: str
) -> None:
    types = _types(repack(original, tmp_path / "copy.gguf", kind))
    assert {types[name] for name in types if name.startswith("blk.0.ffn")} == {stored}
    assert {types[name] for name in types if "attn_q" in name} == {stored}


def test_the_mixed_kind_rounds_hard_only_in_the_middle_of_the_network(
    original: Path, tmp_path: Path
) -> None:
    types = _types(repack(original, tmp_path / "copy.gguf", "q4_0_q8_0"))
    assert {name for name, stored in types.items() if stored == "Q4_0"} == {
        "blk.1.ffn_gate.weight",
        "blk.1.ffn_up.weight",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_embeddings_and_norms_keep_their_bytes(original: Path, tmp_path: Path, kind: str) -> None:
    copy = repack(original, tmp_path / "copy.gguf", kind)
    before, after = _tensors(original), _tensors(copy)
    for name in ("token_embd.weight", "blk.0.attn_norm.weight"):
        assert np.array_equal(before[name], after[name])


def test_metadata_is_kept_apart_from_the_file_type(original: Path, tmp_path: Path) -> None:
    before = _metadata(original)
    after = _metadata(repack(original, tmp_path / "copy.gguf", "q4_0"))
    assert after.pop("general.file_type") == 2
    assert before.pop("general.file_type") == 3
    assert after == before


def test_five_bits_become_eight_without_a_change(original: Path, tmp_path: Path) -> None:
    copy = repack(original, tmp_path / "copy.gguf", "q4_0_q8_0")
    assert _types(original)["blk.1.attn_k.weight"] == "Q5_0"
    assert _types(copy)["blk.1.attn_k.weight"] == "Q8_0"
    before, after = _values(original, "blk.1.attn_k.weight"), _values(copy, "blk.1.attn_k.weight")
    assert np.array_equal(before, after)


def test_five_bits_become_four_where_a_kind_says_so(original: Path, tmp_path: Path) -> None:
    assert _types(repack(original, tmp_path / "copy.gguf", "q4_0"))["blk.1.attn_k.weight"] == "Q4_0"


@pytest.mark.parametrize(("kind", "most"), [("q4_0", 0.12), ("q8_0", 0.01)])
def test_weights_stay_close_to_what_they_were(
    original: Path, tmp_path: Path, kind: str, most: float
) -> None:
    copy = repack(original, tmp_path / "copy.gguf", kind)
    before, after = _values(original, "blk.0.attn_q.weight"), _values(copy, "blk.0.attn_q.weight")
    assert np.sqrt(np.mean((before - after) ** 2) / np.mean(before**2)) < most


def test_a_file_that_is_no_gguf_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"not a model at all, only text" * 10)
    with pytest.raises(ModelCorrupt, match="no GGUF file"):
        repack(tmp_path / "bad.gguf", tmp_path / "copy.gguf", "q4_0")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gguf"]


async def test_a_kind_of_copy_that_there_is_not_is_one_sentence(
    original: Path, tmp_path: Path
) -> None:
    row = entry(original.read_bytes(), {"local": "/nowhere"}).model_copy(update={"repack": "q5"})
    (tmp_path / "tiny").mkdir()
    original.rename(tmp_path / "tiny" / "weights.bin")
    with pytest.raises(ModelError, match=r"'q5' in the row of tiny .* q4_0, q4_0_q8_0, q8_0"):
        await copies.prepare(row, tmp_path, progress=Silent())


async def test_a_copy_that_does_not_run_is_deleted(original: Path, tmp_path: Path) -> None:
    row = entry(original.read_bytes(), {"local": "/nowhere"}).model_copy(update={"repack": "q4_0"})
    (tmp_path / "tiny").mkdir()
    original.rename(tmp_path / "tiny" / "weights.bin")
    with pytest.raises(ModelError):  # llama.cpp wants more metadata than this file has
        await copies.prepare(row, tmp_path, progress=Silent())
    assert not list((tmp_path / "tiny").glob("*.gguf"))
    assert repacked_copy(row, tmp_path) is None


def test_the_loss_says_its_numbers() -> None:
    said = Loss(agreement=0.875, mean_abs=0.2, mean=0.1, perplexity_ratio=1.105, n=384).said()
    assert "87.5%" in said
    assert "384 tokens" in said


@pytest.mark.slow
async def test_a_file_loses_nothing_against_itself(model_path: Callable[[str], Path]) -> None:
    packaged = model_path("smollm2-135m")
    found = await loss_of(packaged, packaged, texts=("The shop opens at",))
    assert found.agreement == 1.0
    assert found.mean_abs < 0.02
    assert found.n > 10


@pytest.mark.slow
async def test_a_real_copy_is_prepared_with_its_loss_and_then_loaded(
    model_path: Callable[[str], Path], tmp_path: Path
) -> None:
    home = model_path("smollm2-135m").parent
    data = (home / "SmolLM2-135M-Instruct.Q4_1.gguf").read_bytes()
    row = entry(data, {"local": "/nowhere"}).model_copy(update={"repack": "q8_0"})
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "weights.bin").write_bytes(data)
    made = await copies.prepare(row, tmp_path, progress=Silent())
    assert path_of(row, tmp_path, repacked=True) == made.path
    assert 0.9 < made.loss["agreement"] <= 1
    again = await copies.prepare(row, tmp_path, progress=Silent())
    # On a busy machine the first time measures no threads, and the second does.
    assert replace(again, writers=made.writers) == made


def _tensors(file: Path) -> dict[str, np.ndarray]:
    return {tensor.name: np.array(tensor.data) for tensor in GGUFReader(file).tensors}


def _types(file: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(file).tensors}


def _values(file: Path, name: str) -> np.ndarray:
    (tensor,) = (tensor for tensor in GGUFReader(file).tensors if tensor.name == name)
    return quants.dequantize(tensor.data, tensor.tensor_type)


def _metadata(file: Path) -> dict[str, object]:
    fields = GGUFReader(file).fields.values()
    return {field.name: field.contents() for field in fields if not field.name.startswith("GGUF.")}
