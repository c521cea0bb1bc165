"""A re-quantised copy of a GGUF file that llama.cpp runs faster on this kind of machine.

llama.cpp rearranges Q4_0 weights at load for AVX2/AVX-512 and NEON; it has no such fast path for
Q4_1. What a copy gains and loses is measured by `models/loss.py`, never assumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arriero.core.errors import MissingExtra, ModelCorrupt
from arriero.core.files import replaced

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

SLOW = "Q4_1"  # the type of the weights that are re-quantised; all other tensors stay as they are
KINDS = ("q4_0", "q8_0")


def repack(source: Path, target: Path, kind: str) -> Path:
    """Write `source` to `target` with its Q4_1 weights as `kind`; the old file stays, whole.

    Metadata is kept, `general.file_type` apart, which names the type of most tensors. Takes about
    six seconds for 135 million weights. Raises `ModelCorrupt` when `source` is no GGUF file,
    `MissingExtra` without the package gguf.
    """
    try:
        import gguf  # noqa: F401, PLC0415  # in the extra [local]; 0.2 s
    except ImportError:
        raise MissingExtra("gguf", "local") from None
    try:
        reader = gguf.GGUFReader(source)
    except (ValueError, IndexError, OSError) as error:
        raise ModelCorrupt(f"{str(source)!r} is no GGUF file ({error})") from error
    with replaced(target) as unfinished:
        writer = gguf.GGUFWriter(unfinished, _architecture(reader))
        _copy_metadata(reader, writer, kind)
        _copy_tensors(reader, writer, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return target
