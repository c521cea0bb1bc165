"""A re-quantised copy of a GGUF file that llama.cpp runs faster on this kind of machine.

llama.cpp rearranges Q4_0 weights at load for AVX2, AVX-512 and NEON; for Q4_1 and Q5_0 it has no such
fast path. (A Q4_K_M file whose rows are no multiple of 256, as of the 0.5b, is mostly Q5_0.) What a copy
gains and loses is measured (`models/loss.py`, `bars/repack_loss.py`).
"""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import MissingExtra, ModelCorrupt
from arriero.models.files import replaced

try:
    from gguf import GGMLQuantizationType as Type
    from gguf import GGUFReader, GGUFValueType, GGUFWriter, quants
except ImportError as error:
    raise MissingExtra("gguf", "local") from error

# The mixed kind takes Q4_0 only where rounding costs least: the two wide feed-forward weights, apart
# from the first and last eighth of the blocks. It has about a fifth of the loss of Q4_0 (in
# log-perplexity) and a speed between Q4_0 and Q8_0: bars/repack_loss.py.
KINDS = ("q4_0", "q4_0_q8_0", "q8_0")
SLOW = (Type.Q4_1, Type.Q5_0)
FILE_TYPE = {"q4_0": 2, "q4_0_q8_0": 7, "q8_0": 7}  # llama.cpp's number of the type of most tensors


def repack(source: Path, target: Path, kind: str) -> Path:
    """Write `source` to `target` with its blocks' Q4_1 and Q5_0 weights re-quantised; `target` is whole or as before.

    Other tensors (norms, embeddings, output) and the metadata stay as they are,
    `general.file_type` apart. Blocks: about 5 s and 300 MB for 135 million weights. Raises
    `ModelCorrupt` when `source` is no GGUF file; importing this file raises `MissingExtra`.
    """
    try:
        reader = GGUFReader(source)
        architecture = reader.fields["general.architecture"].contents()
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise ModelCorrupt(f"{str(source)!r} is no GGUF file ({error}); pull it again") from error
    with replaced(target) as unfinished:
        writer = GGUFWriter(unfinished, architecture)
        _copy_metadata(reader, writer, FILE_TYPE[kind])
        _copy_tensors(reader, writer, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return target


def _copy_metadata(reader: GGUFReader, writer: GGUFWriter, file_type: int) -> None:
    if alignment := reader.fields.get("general.alignment"):
        writer.data_alignment = alignment.contents()
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue  # the writer gives these itself
        kind = field.types[0]
        value = file_type if field.name == "general.file_type" else field.contents()
        element = field.types[-1] if kind is GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, value, kind, sub_type=element)


def _copy_tensors(reader: GGUFReader, writer: GGUFWriter, kind: str) -> None:
    blocks = 1 + max((_block(tensor.name) for tensor in reader.tensors), default=0)
    for tensor in reader.tensors:
        data, stored = tensor.data, tensor.tensor_type
        if stored in SLOW and tensor.name.startswith("blk."):
            stored = _type(tensor.name, kind, blocks)
            if (tensor.tensor_type, stored) == (Type.Q5_0, Type.Q8_0):
                data = widened(data)
            else:
                data = quants.quantize(quants.dequantize(data, tensor.tensor_type), stored)
        writer.add_tensor(tensor.name, data, raw_dtype=stored)


def _type(name: str, kind: str, blocks: int) -> Type:
    edge = ceil(blocks / 8)
    middle = edge <= _block(name) < blocks - edge
    if kind == "q4_0" or (kind == "q4_0_q8_0" and middle and re.search(r"ffn_(gate|up)\.", name)):
        return Type.Q4_0
    return Type.Q8_0


def _block(name: str) -> int:
    found = re.match(r"blk\.(\d+)\.", name)
    return int(found[1]) if found else 0


def widened(rows: NDArray[Any]) -> NDArray[np.uint8]:
    """Q5_0 rows as Q8_0 rows of the same values: both share a scale among 32 weights, and -16 to 15 fits in a byte.

    Q5_0: two bytes of scale, four of fifth bits, sixteen of low halves (the second sixteen weights are
    the high nibbles). Q8_0: the scale, 32 signed bytes (ggml-common.h).
    """
    blocks = rows.reshape(-1, 22)
    fifth = np.unpackbits(blocks[:, 2:6], axis=1, bitorder="little")
    low = np.concatenate([blocks[:, 6:] & 0x0F, blocks[:, 6:] >> 4], axis=1)
    weights = (low | (fifth << 4)).astype(np.int8) - np.int8(16)
    wide = np.concatenate([blocks[:, :2], weights.view(np.uint8)], axis=1)
    return wide.reshape(*rows.shape[:-1], -1)
