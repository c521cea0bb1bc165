"""The LoRA trainer around a fake of LLaMA-Factory: what goes wrong, what is resumed, what is left behind."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from arriero.core.errors import InputError
from arriero.core.settings import TrainerSettings
from arriero.learning.trainers import llamafactory
from arriero.learning.trainers.base import (
    Reason,
    Recipe,
    Trained,
    TrainingFailed,
    TrainingProgress,
    trained_in,
)
from arriero.learning.trainers.environment import TrainerMissing
from arriero.learning.trainers.llamafactory import LlamaFactory, cancel, plan_of, to_yaml
from tests.learning.trainers.fake_cli import fake_environment, own_base, sft_dataset


@dataclass
class Place:
    trainer: LlamaFactory
    dataset: Path
    recipe: Recipe
    out: Path

    async def train(
        self, how: str = "", progress: Callable[[TrainingProgress], None] = lambda told: None
    ) -> Trained:
        recipe = replace(self.recipe, parameters={"fake": how})
        return await self.trainer.train(self.dataset, recipe, self.out, progress=progress)

    def starts(self) -> list[int]:
        """From which step each start of the fake went on."""
        lines = (self.out / "result" / "starts.txt").read_text().splitlines()
        return [int(line.split()[1]) for line in lines]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    environment = fake_environment(tmp_path / "trainer")
    settings = TrainerSettings(folder=environment.folder, niceness=7)
    recipe = Recipe("llamafactory", str(own_base(tmp_path / "base")), "sft")
    trainer = LlamaFactory(settings, tmp_path / "models")
    return Place(trainer, sft_dataset(tmp_path / "dataset"), recipe, tmp_path / "out")


async def test_a_training_reports_its_steps_and_leaves_an_adapter(place: Place) -> None:
    seen: list[TrainingProgress] = []
    trained = await place.train(progress=seen.append)
    assert (trained.folder / "adapter_model.safetensors").is_file()
    assert seen[-1] == TrainingProgress(4, 4, 0.25, 1.0, 86_402.0)
    assert trained.figures["last_loss"] == 0.25
    assert trained_in(place.out) == trained


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("memory-error", Reason.OUT_OF_MEMORY),
        ("killed", Reason.OUT_OF_MEMORY),
        ("disk", Reason.DISK_FULL),
        ("crash", Reason.CRASHED),
        ("nothing", Reason.CRASHED),
        ("nan", Reason.NAN_LOSS),
        ("infinite", Reason.NAN_LOSS),
        ("wrong-base", Reason.WRONG_BASE),
    ],
)
async def test_a_failed_training_has_one_reason_of_the_list(
    place: Place, how: str, reason: Reason
) -> None:
    with pytest.raises(TrainingFailed) as failed:
        await place.train(how)
    assert failed.value.reason is reason
    assert trained_in(place.out) is None


async def test_a_training_that_grows_too_large_is_ended(place: Place) -> None:
    place.recipe = replace(place.recipe, memory_limit_mb=400)
    with pytest.raises(TrainingFailed, match="more than its limit") as failed:
        await place.train("eats")
    assert failed.value.reason is Reason.OUT_OF_MEMORY


async def test_a_training_that_takes_too_long_is_ended_and_nothing_of_it_remains(
    place: Place,
) -> None:
    place.recipe = replace(place.recipe, time_limit_s=2.0)
    with pytest.raises(TrainingFailed) as failed:
        await place.train("hangs")
    assert failed.value.reason is Reason.TIME_LIMIT
    assert not _living(_pids(place.out)[:2])


async def test_a_cancelled_task_has_ended_its_training_before_it_is_gone(place: Place) -> None:
    task = asyncio.create_task(place.train("hangs"))
    pids = await _started(place.out)
    assert pids[2] == min(os.nice(0) + 7, 19)  # niced as the settings say, to the end of the scale
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _living(pids[:2])


async def test_a_person_can_cancel_from_another_process(place: Place) -> None:
    task = asyncio.create_task(place.train("hangs"))
    pids = await _started(place.out)
    cancel(place.out)
    with pytest.raises(TrainingFailed) as failed:
        await task
    assert failed.value.reason is Reason.CANCELLED
    assert not _living(pids[:2])
    # and the next try is not cancelled by the old mark
    await place.train()


PARENT = """
import asyncio, sys
from pathlib import Path
from arriero.core.settings import TrainerSettings
from arriero.learning.trainers.base import Recipe
from arriero.learning.trainers.llamafactory import LlamaFactory
trainer, base, dataset, out = map(Path, sys.argv[1:])
recipe = Recipe("llamafactory", str(base), "sft", {"fake": "hangs"})
training = LlamaFactory(TrainerSettings(folder=trainer), out)
asyncio.run(training.train(dataset, recipe, out, progress=lambda told: None))
"""


async def test_no_trainer_outlives_a_parent_that_was_killed(place: Place) -> None:
    where = (place.trainer.environment.folder, place.recipe.base, place.dataset, place.out)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *map(str, where)])
    try:
        pids = await _started(place.out)
        assert len(_living(pids[:2])) == 2
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert not await asyncio.to_thread(_living_after, pids[:2], 10.0)


async def test_the_same_recipe_goes_on_from_its_checkpoint_and_is_done_once(place: Place) -> None:
    with pytest.raises(TrainingFailed):
        await place.train("crash")
    first = await place.train("")
    again = await place.train("")
    assert place.starts() == [0, 2]
    assert again == first


async def test_a_checkpoint_that_was_not_written_to_its_end_is_not_used(place: Place) -> None:
    with pytest.raises(TrainingFailed):
        await place.train("half")
    assert (place.out / "result" / "checkpoint-3").is_dir()
    await place.train("")
    assert place.starts() == [0, 2]


async def test_of_two_trainers_of_one_recipe_one_trains(place: Place) -> None:
    first, second = await asyncio.gather(place.train(), place.train())
    assert first == second
    assert place.starts() == [0]


async def test_a_full_disk_is_said_before_anything_starts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llamafactory, "FREE_BYTES", 1 << 60)
    with pytest.raises(TrainingFailed, match="make room") as failed:
        await place.train()
    assert failed.value.reason is Reason.DISK_FULL


async def test_a_disk_that_is_full_at_the_very_end_is_said_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(trained: Trained, out: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Trained, "save", full)
    with pytest.raises(TrainingFailed, match="make room") as failed:
        await place.train()
    assert failed.value.reason is Reason.DISK_FULL
    monkeypatch.undo()
    assert (await place.train()).figures["steps"] == 4


async def test_an_unknown_base_is_a_wrong_base(place: Place) -> None:
    place.recipe = replace(place.recipe, base="no-such-model")
    with pytest.raises(TrainingFailed, match="no model 'no-such-model'") as failed:
        await place.train()
    assert failed.value.reason is Reason.WRONG_BASE


async def test_without_the_environment_one_is_told_how_to_get_it(place: Place) -> None:
    (place.trainer.environment.folder / "installed.json").unlink()
    with pytest.raises(TrainerMissing, match="arriero trainer install"):
        await place.train()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"output_dir": "elsewhere"}, "set by Arriero"),
        ({"use_dora": True}, "cannot serve such an adapter"),
        ({"additional_target": "embed_tokens"}, "cannot serve such an adapter"),
        ({"finetuning_type": "full"}, "only lora is trained here"),
        ({"dataset": "sft,other"}, "has no dataset 'other'"),
    ],
)
def test_a_recipe_that_cannot_be_served_is_refused_before_training(
    place: Place, parameters: dict[str, object], sentence: str
) -> None:
    recipe = replace(place.recipe, parameters=parameters)
    with pytest.raises(InputError, match=sentence):
        plan_of(recipe, place.dataset, Path("base"), place.out)


def test_the_yaml_is_flat_and_keeps_numbers_numbers() -> None:
    yaml = pytest.importorskip("yaml")
    plan = {"a": 5e-06, "b": 1e-4, "c": "x: y # z", "d": True, "e": None, "f": [1, "b"], "g": 1e22}
    assert yaml.safe_load(to_yaml(plan)) == plan


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"CUDA_VISIBLE_DEVICES": ""}),
        ({"devices": "0,1", "launcher": "torchrun"},
         {"CUDA_VISIBLE_DEVICES": "0,1", "FORCE_TORCHRUN": "1"}),
        ({"devices": "all", "launcher": "ray"}, {"USE_RAY": "1"}),
    ],
)  # fmt: skip
def test_devices_and_launcher_reach_llamafactory_by_its_environment(
    place: Place, settings: dict[str, str], expected: dict[str, str]
) -> None:
    trainer = replace(place.trainer, settings=TrainerSettings.model_validate(settings))
    assert trainer._devices() == expected


def _pids(out: Path) -> list[int]:
    return [int(word) for word in (out / "result" / "pids.txt").read_text().split()]


async def _started(out: Path) -> list[int]:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            if len(found := _pids(out)) == 3:
                return found
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the fake never started")


def _living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _lives(pid)]


def _living_after(pids: list[int], within_s: float) -> list[int]:
    ends = time.monotonic() + within_s
    while _living(pids) and time.monotonic() < ends:
        time.sleep(0.1)
    return _living(pids)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_plan_is_what_a_user_would_write(place: Place) -> None:
    plan = plan_of(place.recipe, place.dataset, Path("/base"), place.out)
    assert plan["dataset"] == "sft"
    assert json.loads((Path(str(plan["dataset_dir"])) / "dataset_info.json").read_text())["sft"]
    assert (plan["model_name_or_path"], plan["stage"], plan["seed"]) == ("/base", "sft", 42)


@pytest.mark.parametrize(
    ("cpuinfo", "able"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f\nbugs\t\t: bf16\n", False),
        ("", False),
    ],
)
async def test_a_training_multiplies_as_the_processor_does_best(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str, able: bool
) -> None:
    monkeypatch.setattr(llamafactory, "CPUINFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    await place.train()
    plan = (place.out / "train.yaml").read_text().splitlines()
    assert ("bf16: true" in plan, "use_cpu: true" in plan) == (able, able)


@pytest.mark.parametrize("bf16", [True, False])
async def test_a_precision_that_the_recipe_names_is_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bf16: bool
) -> None:
    monkeypatch.setattr(llamafactory, "CPUINFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("flags : avx512_bf16\n")
    own = replace(place.recipe, parameters={"bf16": bf16})
    await place.trainer.train(place.dataset, own, place.out, progress=lambda told: None)
    plan = (place.out / "train.yaml").read_text().splitlines()
    assert f"bf16: {str(bf16).lower()}" in plan
    assert ("use_cpu: true" in plan) is bf16  # without it transformers asks for a GPU
    assert not llamafactory.multiplies_bf16(tmp_path / "none")
