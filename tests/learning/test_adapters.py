"""What of PEFT can be served, and what is refused with a sentence before anything is converted."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, ModelCorrupt, ModelError
from arriero.core.settings import Settings
from arriero.core.words import RoleBinding, Variant
from arriero.learning.adapters import Lora, check_fit, check_merged, read_lora
from arriero.learning.adopt import _listed, adopt, own_recipe, train_own
from arriero.learning.parity import AdapterRefused, Difference, Parity
from arriero.learning.registry import Registry, challenger
from arriero.learning.trainers.bases import Base
from arriero.learning.trainers.fake import FakeTrainer
from arriero.models.adapters import adapter_file, check_adapter
from arriero.models.catalogue import entries, entry_known_as
from arriero.models.progress import Silent
from arriero.store.base import Artefact
from arriero.store.fake import MemoryLedger

Q = "model.layers.0.self_attn.q_proj"
EMBEDDING = "model.embed_tokens.weight"
CHAMPION = Variant(
    "support",
    {"response_generator": RoleBinding("llama:smollm2-135m"), "intent": RoleBinding("head:x")},
    {},
    {},
)


def lora_folder(
    folder: Path, tensors: Mapping[str, tuple[int, int]] | None = None, **changes: Any
) -> Path:
    """A PEFT folder of rank 2 over a base of width 8; `changes` go into its config."""
    folder.mkdir()
    config = {
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 4,
        "bias": "none",
        "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
        **changes,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    shapes = tensors or {f"{Q}.lora_A.weight": (2, 8), f"{Q}.lora_B.weight": (8, 2)}
    data = {
        f"base_model.model.{name}": np.ones(shape, np.float32) for name, shape in shapes.items()
    }
    save_file(data, folder / "adapter_model.safetensors")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    return folder


def base_folder(folder: Path, width: int = 8, tokens: int = 16) -> Base:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"vocab_size": tokens}))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    tensors = {
        f"{Q}.weight": np.ones((8, width), np.float32),
        EMBEDDING: np.ones((tokens, width), np.float32),
    }
    save_file(tensors, folder / "model.safetensors")
    return Base(folder, "smollm2-135m", "0" * 64, "MIT", "t")


def test_a_plain_lora_is_read_and_fits_its_base(tmp_path: Path) -> None:
    lora = read_lora(lora_folder(tmp_path / "lora"))
    assert lora == Lora(tmp_path / "lora", "HuggingFaceTB/SmolLM2-135M-Instruct", rank=2, alpha=4.0)
    check_fit(lora, base_folder(tmp_path / "base"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["embed_tokens"]}, "modules_to_save"),
        ({"use_rslora": True}, "rank-stabilised"),
        ({"rank_pattern": {"q_proj": 4}}, "different ranks"),
        ({"bias": "all"}, "trained biases"),
        ({"peft_type": "LOHA"}, "only LORA"),
    ],
)
def test_what_llama_cpp_cannot_apply_is_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AdapterRefused, match=sentence):
        read_lora(lora_folder(tmp_path / "lora", **changes))


def test_a_pickle_is_refused_and_not_opened(tmp_path: Path) -> None:
    folder = lora_folder(tmp_path / "lora")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(AdapterRefused, match="pickle"):
        read_lora(folder)


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    folder = lora_folder(tmp_path / "lora")
    file = folder / "adapter_model.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[:-8] if damage == "cut" else b"\xff" * 64)
    with pytest.raises(AdapterRefused, match="is damaged"):
        check_fit(read_lora(folder), base_folder(tmp_path / "base"))


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    lora = read_lora(lora_folder(tmp_path / "lora"))
    with pytest.raises(AdapterRefused, match=r"another base.*needs"):
        check_fit(lora, base_folder(tmp_path / "wide", width=12))
    deep = {"model.layers.7.self_attn.q_proj.lora_A.weight": (2, 8)}
    deeper = read_lora(lora_folder(tmp_path / "deep", deep))
    with pytest.raises(AdapterRefused, match=r"another base.*no layer"):
        check_fit(deeper, base_folder(tmp_path / "base"))


def test_a_resized_vocabulary_is_refused(tmp_path: Path) -> None:
    tensors = {"model.embed_tokens.lora_A.weight": (2, 17)}
    lora = read_lora(lora_folder(tmp_path / "lora", tensors))
    with pytest.raises(AdapterRefused, match="vocabulary"):
        check_fit(lora, base_folder(tmp_path / "base"))


def test_a_merged_model_must_have_the_layers_and_the_tokens_of_its_base(tmp_path: Path) -> None:
    base = base_folder(tmp_path / "base")
    check_merged(base_folder(tmp_path / "same").folder, base)
    with pytest.raises(AdapterRefused, match="17 tokens"):
        check_merged(base_folder(tmp_path / "more", tokens=17).folder, base)
    with pytest.raises(AdapterRefused, match="another base"):
        check_merged(base_folder(tmp_path / "wide", width=12).folder, base)
    halved = base_folder(tmp_path / "halved").folder
    (halved / "model.safetensors").rename(halved / "model-00001-of-00002.safetensors")
    shards = {EMBEDDING: "model-00001-of-00002.safetensors", Q: "model-00002-of-00002.safetensors"}
    (halved / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    with pytest.raises(AdapterRefused, match=r"lacks model-00002-of-00002\.safetensors"):
        check_merged(halved, base)
    pickled = base_folder(tmp_path / "pickled").folder
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(AdapterRefused, match="pickles"):
        check_merged(pickled, base)
    silent = base_folder(tmp_path / "silent").folder
    (silent / "chat_template.jinja").unlink()
    with pytest.raises(AdapterRefused, match="no chat template"):
        check_merged(silent, base)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    settings = Settings.model_validate(
        {"data": tmp_path / "data", "models": {"folder": tmp_path / "models"}}
    )
    return Registry(settings, MemoryLedger(), HeldClock(), "t")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        ("empty", "neither adapter_config.json nor config.json"),
        ("broken off", "finish it, or name '.*checkpoint-20'"),
        ("no template", "no chat template"),
        ("unknown base", "is not in the catalogue"),
    ],
)
async def test_a_folder_that_cannot_be_adopted_is_refused_and_nothing_is_registered(
    tmp_path: Path, registry: Registry, make: str, sentence: str
) -> None:
    folder = tmp_path / "own"
    if make in {"empty", "broken off"}:
        folder.mkdir()
        for step in (10, 20) if make == "broken off" else ():
            os.utime(lora_folder(folder / f"checkpoint-{step}"), (step, step))
    else:
        lora_folder(folder, base_model_name_or_path="somebody/their-model")
    if make == "no template":
        (folder / "chat_template.jinja").unlink()
    with pytest.raises(AdapterRefused, match=sentence):
        await adopt(
            folder, registry, CHAMPION, "response_generator", progress=Silent(), actor="ada"
        )
    assert await registry.ledger.artefacts("adapter") == []


async def test_a_role_that_no_adapter_can_play_is_refused_before_anything_is_done(
    tmp_path: Path, registry: Registry
) -> None:
    folder = lora_folder(tmp_path / "own")
    with pytest.raises(InputError, match="has no role 'writer'"):
        await adopt(folder, registry, CHAMPION, "writer", progress=Silent(), actor="ada")
    trainer = FakeTrainer()
    with pytest.raises(InputError, match="head:x"):
        await train_own(
            tmp_path / "no.yaml", folder, registry, trainer, CHAMPION, "intent",
            progress=lambda told: None, actor="ada",
        )  # fmt: skip


async def test_a_yaml_that_goes_on_from_an_adapter_is_refused(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"model_name_or_path": "smollm2-135m", "stage": "dpo"}

    async def read(*_: object) -> str:
        return json.dumps(told)

    monkeypatch.setattr("arriero.learning.adopt.run_inside", read)
    (yaml := tmp_path / "dpo.yaml").touch()
    assert (await own_recipe(yaml, registry, "fake")).base == "smollm2-135m"
    told["adapter_name_or_path"] = "saves/sft"
    with pytest.raises(InputError, match="goes on from an adapter"):
        await own_recipe(yaml, registry, "fake")


@pytest.mark.parametrize("name", ["plain", "über", "🦙"])
def test_a_merged_model_is_listed_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    (gguf := tmp_path / "model.gguf").write_bytes(b"weights")
    base = base_folder(tmp_path / "base")
    listed, _ = _listed(gguf, base, tmp_path, tmp_path / name)
    assert entries(tmp_path)[listed].origin == f"adopted from {name}"


def test_a_base_is_found_by_the_name_that_its_maker_gives_it() -> None:
    for name in ("HuggingFaceTB/SmolLM2-135M-Instruct", "/models/SmolLM2-135M-Instruct/"):
        entry = entry_known_as(name)
        assert entry is not None
        assert entry.name == "smollm2-135m"
    assert entry_known_as("HuggingFaceTB/SmolLM2-135M") is None  # not instruct: other weights


def _artefact(**body: object) -> Artefact:
    told = {"base": "smollm2-135m", **body}
    return Artefact("adapter", "a" * 64, "t", "support", told, datetime(2026, 11, 27, tzinfo=UTC))


def test_a_challenger_differs_from_the_champion_in_one_role() -> None:
    made = challenger(CHAMPION, "response_generator", _artefact())
    assert made.roles["response_generator"].adapter == f"adapter:{'a' * 64}"
    assert made.roles["intent"] == CHAMPION.roles["intent"]
    merged = challenger(CHAMPION, "response_generator", _artefact(merged="merged-1"))
    assert merged.roles["response_generator"] == RoleBinding("llama:merged-1")


@pytest.mark.parametrize("role", ["nobody", "intent"])
def test_a_role_that_no_adapter_can_play_is_refused(role: str) -> None:
    with pytest.raises(InputError, match=role):
        challenger(CHAMPION, role, _artefact())


def test_a_learned_adapter_is_found_by_its_hash_and_must_have_it(tmp_path: Path) -> None:
    id = hashlib.sha256(b"weights").hexdigest()
    file = adapter_file(f"adapter:{id}", tmp_path)
    with pytest.raises(ModelError, match="does not exist"):
        check_adapter(file)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    check_adapter(file)
    file.write_bytes(b"another's")  # swapped
    with pytest.raises(ModelCorrupt, match="holds something else"):
        check_adapter(file)
    assert adapter_file("own/mine.gguf", tmp_path) == Path("own/mine.gguf")


def test_parity_holds_within_one_and_a_half_times_the_bases_own_difference() -> None:
    base = Difference(0.04, 0.2, 0.97, 400)
    for apart, holds in ((0.06, True), (0.061, False)):
        parity = Parity(base, Difference(apart, 0.2, 0.95, 400), "t", "t", same_default=True)
        assert parity.holds is holds
    tiny = Difference(0.0001, 0.2, 1.0, 400)  # of a model that is not quantised
    near = Parity(tiny, Difference(0.004, 0.2, 1.0, 400), "t", "t", same_default=True)
    assert near.holds
    other = Parity(base, base, "t", "u", same_default=True)
    assert not other.holds
    with pytest.raises(AdapterRefused, match="another chat template"):
        other.check()
