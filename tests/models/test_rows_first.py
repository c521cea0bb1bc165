"""The copy of an encoder's graph: the same numbers, its table kept as int8; made once, here or at the first opening."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.core.settings import Settings
from arriero.models import copies
from arriero.models.catalogue import REPACKED, Entry, entry_of, repacked_copy
from arriero.models.copy_child import copy_of
from arriero.models.encoder import OnnxEncoder
from arriero.models.engines import Engines
from arriero.models.progress import Silent
from arriero.models.rows_first import TABLE_FROM, rows_first
from arriero.store.cache import MemoryCache
from tests.models.packages import entry

WIDTH = 256
ROWS = TABLE_FROM // WIDTH
TEXTS = (
    "",
    "Where is my order 10234?",
    "Wo ist mein Zelt? Où est ma tente ? 我的帐篷在哪里 🦙",
    *("the stove came late and leaks " * repeats for repeats in (1, 3, 8, 20, 60)),
    *(f"order {number} " + "again " * (number % 90) for number in range(60)),
)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return _graph(tmp_path / "model.onnx")


def test_the_copy_gives_the_same_numbers_bit_for_bit(original: Path, tmp_path: Path) -> None:
    copy = rows_first(original, tmp_path / "copy.onnx")
    ids = np.random.default_rng(5).integers(0, ROWS, (3, 40))
    assert _run(original, ids).tobytes() == _run(copy, ids).tobytes()


def test_the_copy_unfolds_only_the_rows_that_are_asked_for(original: Path, tmp_path: Path) -> None:
    copy = rows_first(original, tmp_path / "copy.onnx")
    assert [node.op_type for node in _nodes(original)] == ["Cast", "Mul", "Gather"]
    assert [node.op_type for node in _nodes(copy)] == ["Gather", "Gather", "Cast", "Mul"]
    assert [one.data_type for one in onnx.load(copy).graph.initializer] == [
        TensorProto.INT8,
        TensorProto.FLOAT,
    ]


def test_what_reads_the_whole_table_still_has_it(tmp_path: Path) -> None:
    whole = [helper.make_node("ReduceSum", ["table"], ["sum"], keepdims=0)]
    original = _graph(tmp_path / "model.onnx", whole, {"sum": []})
    copy = rows_first(original, tmp_path / "copy.onnx")
    ids = np.array([[1, 2]])
    assert _run(original, ids, 1).tobytes() == _run(copy, ids, 1).tobytes()


def test_a_graph_without_such_a_table_is_refused_and_leaves_nothing(
    original: Path, tmp_path: Path
) -> None:
    copy = rows_first(original, tmp_path / "copy.onnx")
    with pytest.raises(ModelError, match="take repack = 'rows_first' out of its row"):
        rows_first(copy, tmp_path / "again.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "copy.onnx"}


def test_a_file_that_is_no_onnx_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a model at all, only text" * 10)
    with pytest.raises(ModelCorrupt, match="no ONNX file"):
        rows_first(tmp_path / "bad.onnx", tmp_path / "copy.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.onnx"]


def test_the_real_encoder_and_its_copy_agree_bit_for_bit(
    model_path: Callable[[str], Path], tmp_path: Path
) -> None:
    home = model_path("minilm-l6")
    copy = rows_first(home / "model.onnx", tmp_path / "copy.onnx")
    before, after = OnnxEncoder(home), OnnxEncoder(home, graph=copy)
    assert before.encode_now(TEXTS).tobytes() == after.encode_now(TEXTS).tobytes()
    assert before.name == after.name  # a head that was fitted on one is served by the other


async def test_a_copy_is_made_once_and_again_when_it_was_changed(pulled: Path) -> None:
    row, told = entry_of("minilm-l6"), Silent()
    made = await copies.prepare(row, pulled, progress=told)
    assert await copies.prepare(row, pulled, progress=told) == made
    assert len(told.said) == 1
    size = made.path.stat().st_size
    made.path.write_bytes(b"?" * size)
    assert await copies.prepare(row, pulled, progress=told) == made
    assert len(told.said) == 2
    assert "the same vectors bit for bit" in made.said


async def test_what_was_pulled_without_a_copy_gets_one_when_it_is_first_opened(
    pulled: Path,
) -> None:
    settings = Settings.model_validate({"models": {"folder": pulled}})
    encoder = await Engines(settings, MemoryCache()).encoder()
    assert len(await encoder.encode(["hello"])) == 1
    assert repacked_copy(entry_of("minilm-l6"), pulled)
    await encoder.close()


async def test_without_repack_the_file_is_opened_as_it_was_pulled(pulled: Path) -> None:
    settings = Settings.model_validate({"models": {"folder": pulled, "repack": False}})
    encoder = await Engines(settings, MemoryCache()).encoder()
    await encoder.close()
    assert not (pulled / "minilm-l6" / REPACKED).exists()


def test_where_no_copy_can_be_made_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    row = _row_of_text(tmp_path)
    with caplog.at_level(logging.INFO):
        assert copy_of(row, tmp_path) is None
    assert "tiny is used as it was pulled, without a copy" in caplog.text
    assert "no ONNX file" in caplog.text
    assert not (tmp_path / "tiny" / REPACKED).exists()


@pytest.fixture
def pulled(model_path: Callable[[str], Path], tmp_path: Path) -> Path:
    """A models folder in which the encoder lies without a copy."""
    home = model_path("minilm-l6")
    folder = tmp_path / "models"
    (folder / "minilm-l6").mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copy(home / name, folder / "minilm-l6" / name)
    return folder


def _row_of_text(folder: Path) -> Entry:
    """A row for an encoder whose file is only text, in the folder's own catalogue."""
    data = b"not a model at all, only text" * 10
    row = entry(data, {"local": "/nowhere"})
    (folder / "tiny").mkdir()
    (folder / "tiny" / "weights.bin").write_bytes(data)
    (folder / "catalogue.toml").write_text(
        f"""[[model]]
name = "tiny"
title = "t"
kind = "encoder"
licence = "MIT"
origin = "a test"
repack = "rows_first"
[[model.file]]
name = "weights.bin"
size = {len(data)}
sha256 = "{row.files[0].sha256}"
[[model.file.source]]
local = "/nowhere"
"""
    )
    return entry_of("tiny", folder)


def _graph(
    file: Path,
    more: Sequence[onnx.NodeProto] = (),
    outputs: Mapping[str, Sequence[int]] | None = None,
) -> Path:
    """A table of int8 rows, cast and scaled, and its rows taken: what the packaged encoder begins with."""
    draw = np.random.default_rng(7)
    stored: dict[str, np.ndarray] = {
        "q": draw.integers(-128, 128, (ROWS, WIDTH)).astype(np.int8),
        "scales": draw.uniform(0.001, 0.1, (ROWS, 1)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["q"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["cast", "scales"], ["table"]),
        helper.make_node("Gather", ["table", "ids"], ["rows"], axis=0),
        *more,
    ]
    shapes: dict[str, Sequence[str | int]] = {"rows": ["texts", "tokens", WIDTH], **(outputs or {})}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in shapes.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in stored.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), file)
    return file


def _run(file: Path, ids: np.ndarray, output: int = 0) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"ids": ids.astype(np.int64)})[output])


def _nodes(file: Path) -> Sequence[onnx.NodeProto]:
    return list(onnx.load(file).graph.node)
