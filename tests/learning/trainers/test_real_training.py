"""LLaMA-Factory itself, on the CPU, with a random 2-layer model: SFT, DPO, KTO, and a broken-off run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import pytest

from arriero.core.settings import TrainerSettings
from arriero.learning.trainers.base import Recipe, TrainingProgress
from arriero.learning.trainers.environment import Environment, run_inside
from arriero.learning.trainers.llamafactory import LlamaFactory, progress_lines
from tests.learning.trainers.fake_cli import sft_dataset

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def tiny(
    trainer_environment: Environment,
    model_path: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The random model, made once."""
    folder = tmp_path_factory.mktemp("tiny") / "base"
    script = Path(__file__).with_name("tiny_model.py")
    gguf = model_path("smollm2-135m").with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    asyncio.run(run_inside(trainer_environment, script, [str(gguf), str(folder)], niceness=0))
    return folder


@pytest.fixture
def trainer(trainer_environment: Environment, tmp_path: Path) -> LlamaFactory:
    return LlamaFactory(TrainerSettings(folder=trainer_environment.folder, niceness=0), tmp_path)


@pytest.mark.parametrize("stage", ["sft", "dpo", "kto"])
async def test_a_stage_trains(
    trainer: LlamaFactory, tiny: Path, tmp_path: Path, stage: Literal["sft", "dpo", "kto"]
) -> None:
    recipe = Recipe(
        "llamafactory", str(tiny), stage, {"num_train_epochs": 4, "learning_rate": 5e-3}
    )
    dataset, seen = sft_dataset(tmp_path / "data"), list[TrainingProgress]()
    trained = await trainer.train(dataset, recipe, tmp_path / "out", progress=seen.append)
    assert seen[-1].step == seen[-1].steps > 0
    assert trained.figures["last_loss"] < trained.figures["first_loss"]
    assert (trained.folder / "adapter_config.json").is_file()
    assert trained.figures["peak_mb"] > 100


async def test_a_training_that_was_ended_goes_on_from_its_checkpoint(
    trainer: LlamaFactory, tiny: Path, tmp_path: Path
) -> None:
    recipe = Recipe(
        "llamafactory",
        str(tiny),
        "sft",
        {"num_train_epochs": 60, "save_steps": 5, "logging_steps": 1},
    )
    dataset, out = sft_dataset(tmp_path / "data"), tmp_path / "out"

    def train() -> Coroutine[Any, Any, object]:
        return trainer.train(dataset, recipe, out, progress=lambda told: None)

    task = asyncio.create_task(train())
    while not list((out / "result").glob("checkpoint-*/trainer_state.json")):
        assert not task.done()
        await asyncio.sleep(0.1)  # another process makes the file
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = len(progress_lines(out / "result" / "trainer_log.jsonl"))
    await train()
    steps = [line["current_steps"] for line in progress_lines(out / "result" / "trainer_log.jsonl")]
    assert steps[before] > 5  # it did not begin anew
    assert steps[-1] == 60
