"""A merged model as a GGUF file that has its base's tokenizer and chat template, word for word.

llama.cpp's converter guesses a tokenizer's kind from a folder's files, and takes a byte-level one that
went through transformers for SentencePiece (measured: version 0.94.0, smollm2). A merged LoRA has its
base's tokenizer anyhow, so that of the base's own file is used.
"""

from __future__ import annotations

from pathlib import Path

from arriero.core.errors import MissingExtra
from arriero.models.files import replaced

try:
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
except ImportError as error:
    raise MissingExtra("gguf", "local") from error

TOKENIZER = "tokenizer."


def with_tokenizer_of(base: Path, weights: Path, target: Path) -> Path:
    """Write `weights` to `target` with the tokenizer of `base`; `target` is whole or as before."""
    model, words = GGUFReader(weights), GGUFReader(base)
    fields = [field for field in model.fields.values() if not field.name.startswith(TOKENIZER)]
    fields += [field for field in words.fields.values() if field.name.startswith(TOKENIZER)]
    with replaced(target) as unfinished:
        writer = GGUFWriter(unfinished, model.fields["general.architecture"].contents())
        for field in fields:
            if field.name.startswith("GGUF.") or field.name == "general.architecture":
                continue  # the writer gives these itself
            kind = field.types[0]
            element = field.types[-1] if kind is GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub_type=element)
        for tensor in model.tensors:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return target
