"""Writes LoRA adapters for tests: random ones that change a model, empty ones that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFWriter

RANK = 4


def write_adapter(base: Path, file: Path, *, size: float) -> Path:
    """An adapter of `base` on its query projections; `size` 0 changes nothing."""
    reader = GGUFReader(base)
    architecture = reader.fields["general.architecture"].contents()
    writer = GGUFWriter(file, architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    random = np.random.default_rng(0)
    for tensor in reader.tensors:
        if tensor.name.endswith("attn_q.weight"):
            columns, rows = (int(n) for n in tensor.shape)
            down = random.normal(size=(RANK, columns)) / columns**0.5
            up = size * random.normal(size=(rows, RANK))
            writer.add_tensor(f"{tensor.name}.lora_a", down.astype(np.float32))
            writer.add_tensor(f"{tensor.name}.lora_b", up.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file
