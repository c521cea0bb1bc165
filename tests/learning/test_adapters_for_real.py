"""Adapters trained by LLaMA-Factory, converted and served: with a random 2-layer model, for real."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arriero.core.errors import ModelCorrupt
from arriero.core.settings import TrainerSettings
from arriero.learning.adapters import Proved, prove
from arriero.learning.merged import with_tokenizer_of
from arriero.learning.parity import AdapterRefused, Weights, parity_of
from arriero.learning.registry import carded
from arriero.learning.trainers.base import Recipe, Trained
from arriero.learning.trainers.bases import Base, template_of
from arriero.learning.trainers.environment import Environment, run_inside
from arriero.learning.trainers.llamafactory import LlamaFactory
from tests.learning.trainers.fake_cli import sft_dataset
from tests.models.lora import write_adapter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
TINY = Path(__file__).with_name("trainers") / "tiny_model.py"


@dataclass
class Place:
    """Two adapters of one random base, and the base as a GGUF file."""

    environment: Environment
    base: Base
    gguf: Path
    trained: list[Trained]
    adapters: Path

    def weights(self, number: int) -> Weights:
        folder = self.trained[number].folder
        return Weights(self.base.folder, folder, folder)


@pytest.fixture(scope="module")
def place(
    trainer_environment: Environment,
    model_path: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    return asyncio.run(
        _made(trainer_environment, model_path("smollm2-135m"), tmp_path_factory.mktemp("adapters"))
    )


async def _made(environment: Environment, pulled: Path, work: Path) -> Place:
    folder, gguf = work / "base", work / "base.gguf"
    original = pulled.with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    await run_inside(environment, TINY, [str(original), str(folder)], niceness=0)
    script = environment.converter / "convert_hf_to_gguf.py"
    arguments = [str(folder), "--outfile", str(work / "w.gguf"), "--outtype", "q8_0"]
    await run_inside(environment, script, arguments, niceness=0)
    with_tokenizer_of(original, work / "w.gguf", gguf)
    settings = TrainerSettings(folder=environment.folder, niceness=0)
    trainer, data = LlamaFactory(settings, work), sft_dataset(work / "data")
    trained = []
    for seed in (1, 2):
        parameters = {"num_train_epochs": 4, "learning_rate": 0.02}
        recipe = Recipe("llamafactory", str(folder), "sft", parameters, seed)
        out = work / f"out{seed}"
        trained.append(await trainer.train(data, recipe, out, progress=lambda told: None))
    base = Base(folder, "tiny", "", "MIT", template_of(folder))
    return Place(environment, base, gguf, trained, work / "adapters")


async def test_a_trained_adapter_is_served_as_it_was_trained_and_carries_a_card(
    place: Place,
) -> None:
    proved: Proved = await prove(
        place.trained[0].folder, place.base, place.gguf, place.adapters, place.environment
    )
    assert proved.parity.holds
    assert proved.parity.same_default
    assert proved.file.stem == proved.sha256
    now = datetime(2026, 11, 27, tzinfo=UTC)
    made = await carded(
        proved, tenant="t", app="support", actor="ada", now=now, trained=place.trained[0]
    )
    card = json.loads(proved.file.with_suffix(".json").read_text())
    assert (card["id"], card["base"], card["licence"], card["by"]) == (
        made.id,
        "tiny",
        "MIT",
        "ada",
    )
    assert card["dataset"] == place.trained[0].dataset


async def test_an_adapter_served_in_anothers_name_is_refused(place: Place, tmp_path: Path) -> None:
    proved = await prove(
        place.trained[1].folder, place.base, place.gguf, tmp_path, place.environment
    )
    parity = await parity_of(place.gguf, proved.file, place.weights(0), place.environment)
    with pytest.raises(AdapterRefused, match="not what was trained"):
        parity.check()


async def test_an_adapter_that_changes_nothing_is_refused(place: Place, tmp_path: Path) -> None:
    nothing = write_adapter(place.gguf, tmp_path / "nothing.gguf", size=0.0)
    with pytest.raises(ModelCorrupt, match="changes nothing"):
        await parity_of(place.gguf, nothing, place.weights(0), place.environment)


async def test_another_chat_template_is_refused_and_nothing_is_kept(
    place: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(place.trained[0].folder, folder, ignore=shutil.ignore_patterns("checkpoint*"))
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_end|>", "<|endoftext|>"))
    with pytest.raises(AdapterRefused, match="another chat template"):
        await prove(folder, place.base, place.gguf, tmp_path / "kept", place.environment)
    assert list((tmp_path / "kept").iterdir()) == []
