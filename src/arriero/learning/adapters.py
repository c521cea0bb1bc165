"""A LoRA in PEFT's format: read, checked against its base, converted for llama.cpp, proved, kept.

llama.cpp's adapters carry plain LoRA on linear layers and nothing else; what else PEFT can do is refused
with a sentence before anything is converted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors

from arriero.core.errors import ModelError
from arriero.learning.parity import AdapterRefused, Parity, Weights, parity_of
from arriero.learning.trainers.bases import Base, template_of
from arriero.learning.trainers.environment import Environment, run_inside
from arriero.models.files import read_json, sha256_of, sync

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
SHARDS = (
    "model.safetensors.index.json"  # beside a merged model in several files: which tensor is where
)
PEFT = "base_model.model."  # what PEFT writes before a tensor's name
CONVERTER = "convert_lora_to_gguf.py"


@dataclass(frozen=True, slots=True)
class Lora:
    """A PEFT folder that can be served. `base` is what it says it was trained on."""

    folder: Path
    base: str
    rank: int
    alpha: float


@dataclass(frozen=True, slots=True)
class Proved:
    """A converted adapter that was served and compared; `file` is named by `sha256`."""

    file: Path
    sha256: str
    lora: Lora
    base: Base
    parity: Parity


def read_lora(folder: Path) -> Lora:
    """The adapter in `folder`, or `AdapterRefused` with the reason why it cannot be served."""
    config = read_json(folder / CONFIG)
    if not config:
        raise AdapterRefused(f"{str(folder)!r} has no {CONFIG} that can be read")
    if not (folder / WEIGHTS).is_file():
        pickle = (folder / "adapter_model.bin").is_file()
        raise AdapterRefused(
            f"{str(folder)!r} has its weights as a pickle (.bin), which can run code when it is"
            " opened; export it as safetensors"
            if pickle
            else f"{str(folder)!r} has no {WEIGHTS}"
        )
    _check_kind(config)
    return Lora(
        folder,
        str(config.get("base_model_name_or_path") or ""),
        int(config["r"]),
        float(config.get("lora_alpha") or config["r"]),
    )


def _check_kind(config: Mapping[str, Any]) -> None:
    if config.get("peft_type") != "LORA" or not isinstance(config.get("r"), int):
        raise AdapterRefused(f"peft_type {config.get('peft_type')!r}: only LORA can be served")
    unfit = {
        "use_dora": "DoRA scales whole columns, which llama.cpp's adapters cannot",
        "use_rslora": "rank-stabilised LoRA scales otherwise than llama.cpp does",
        "modules_to_save": "it trained whole modules (modules_to_save), such as embeddings",
        "rank_pattern": "its layers have different ranks (rank_pattern)",
        "alpha_pattern": "its layers are scaled differently (alpha_pattern)",
        "trainable_token_indices": "it trained embeddings of tokens",
        "layer_replication": "it repeats layers of its base",
        "lora_bias": "it trained biases",
    }
    for key, why in unfit.items():
        if config.get(key):
            raise AdapterRefused(f"{why}; train with plain LoRA, or export a merged model")
    if config.get("bias", "none") != "none":
        raise AdapterRefused("it trained biases; train with bias: none, or export a merged model")


def check_fit(lora: Lora, base: Base) -> None:
    """Raises `AdapterRefused` unless each of the adapter's matrices fits the base's of that name."""
    shapes, wanted = shapes_in(lora.folder, WEIGHTS), shapes_in(base.folder, "model*.safetensors")
    vocabulary = read_json(base.folder / "config.json").get("vocab_size")
    for name, shape in shapes.items():
        inner = name.removeprefix(PEFT)
        layer, mark, side = inner.rpartition(".lora_")
        if "embed_tokens" in inner or "lm_head" in inner:
            raise AdapterRefused(
                f"it changes the vocabulary's weights ({inner}; the base has {vocabulary} tokens):"
                " train without new tokens and without resize_vocab"
            )
        if not mark or side not in {"A.weight", "B.weight"}:
            raise AdapterRefused(f"it has a tensor that is no LoRA matrix: {inner}")
        found = wanted.get(f"{layer}.weight")
        if found is None:
            raise AdapterRefused(
                f"it was trained on another base: {base.name or base.folder} has no layer {layer}"
            )
        expected = (lora.rank, found[1]) if side == "A.weight" else (found[0], lora.rank)
        if shape != expected:
            raise AdapterRefused(
                f"it was trained on another base: {layer} of {base.name or base.folder} needs"
                f" {expected}, the adapter has {shape}"
            )
    if not shapes:
        raise AdapterRefused("its weights file is empty")


def check_merged(folder: Path, base: Base) -> None:
    """Raises `AdapterRefused` unless the merged model in `folder` has the base's layers and tokens."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickles = sorted(folder.glob("pytorch_model*.bin"))
        raise AdapterRefused(
            f"{str(folder)!r} has its weights as pickles (.bin), which can run code when they are"
            " opened; export it with LLaMA-Factory's default, safetensors"
            if pickles
            else f"{str(folder)!r} has no weights (*.safetensors)"
        )
    shards = set((read_json(folder / SHARDS).get("weight_map") or {}).values())
    if missing := sorted(shards - {file.name for file in weights}):
        raise AdapterRefused(f"{str(folder)!r} lacks {missing[0]}; copy or export it again")
    if not template_of(folder):
        raise AdapterRefused(f"{str(folder)!r} has no chat template; export it with its tokenizer")
    found, wanted = shapes_in(folder, "*.safetensors"), shapes_in(base.folder, "model*.safetensors")
    embedding = "model.embed_tokens.weight"
    if found.get(embedding, (0,))[0] != wanted.get(embedding, (0,))[0]:
        raise AdapterRefused(
            f"it has {found.get(embedding, (0,))[0]} tokens, its base {base.name} has"
            f" {wanted.get(embedding, (0,))[0]}: train without new tokens and without resize_vocab"
        )
    tied = {"lm_head.weight"}  # written out by some, left out by others
    if {name: shape for name, shape in found.items() if name not in tied} != {
        name: shape for name, shape in wanted.items() if name not in tied
    }:
        raise AdapterRefused(
            f"its layers are not those of {base.name}: it was merged into another base"
        )


def shapes_in(folder: Path, pattern: str) -> Mapping[str, tuple[int, ...]]:
    """Tensor -> shape over the safetensors files; `AdapterRefused` for one that is damaged."""
    found: dict[str, tuple[int, ...]] = {}
    for file in sorted(folder.glob(pattern)):
        try:
            with safetensors.safe_open(file, "np") as opened:
                for name in opened.keys():  # noqa: SIM118  # no mapping
                    found[name] = tuple(opened.get_slice(name).get_shape())
        except (safetensors.SafetensorError, OSError) as error:
            raise AdapterRefused(
                f"{str(file)!r} is damaged ({error}); copy or export it again"
            ) from None
    return found


async def prove(
    folder: Path,
    base: Base,
    served: Path,
    adapters: Path,
    environment: Environment,
    *,
    template: str | None = None,
) -> Proved:
    """Convert the PEFT adapter in `folder`, serve it on the GGUF file `served`, compare, keep it.

    It is kept in `adapters` under its hash, and only when it is what was trained: `AdapterRefused` or
    `ModelCorrupt` says what is wrong, and nothing is left.
    """
    lora = await asyncio.to_thread(read_lora, folder)
    if not template_of(base.folder):
        raise AdapterRefused(f"the base {base.name or base.folder} has no chat template")
    await asyncio.to_thread(check_fit, lora, base)
    await asyncio.to_thread(adapters.mkdir, parents=True, exist_ok=True)
    unfinished = adapters / f".{lora.folder.parent.name}-{lora.folder.name}.unfinished.gguf"
    try:
        await _convert(lora, base, unfinished, environment)
        own = template_of(folder) and (folder / "tokenizer.json").is_file()
        weights = Weights(base.folder, folder, folder if own else base.folder, template)
        parity = await parity_of(served, unfinished, weights, environment)
        parity.check()
        sha256 = await asyncio.to_thread(_keep, unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    return Proved(adapters / f"{sha256}.gguf", sha256, lora, base, parity)


async def _convert(lora: Lora, base: Base, target: Path, environment: Environment) -> None:
    arguments = ["--base", str(base.folder), "--outfile", str(target), "--outtype", "f16"]
    try:
        await run_inside(
            environment, environment.converter / CONVERTER, [*arguments, str(lora.folder)]
        )
    except ModelError as error:
        raise AdapterRefused(f"llama.cpp's converter refuses it: {error.message}") from error


def _keep(unfinished: Path) -> str:
    sha256 = sha256_of(unfinished)
    sync(unfinished)
    unfinished.replace(unfinished.with_name(f"{sha256}.gguf"))
    return sha256
