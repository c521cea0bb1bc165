"""The LoRA trainer: LLaMA-Factory's own command line, in its own environment, on files that stay.

What is written (`train.yaml`, the dataset's `dataset_info.json`) is what a user would write: the same
training runs by hand with `llamafactory-cli train train.yaml`, in the environment of `learning/trainers`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import safetensors

from arriero.core.errors import InputError
from arriero.core.settings import TrainerSettings
from arriero.core.words import JsonValue
from arriero.learning.trainers.base import (
    CACHE,
    LOG,
    YAML,
    Reason,
    Recipe,
    Trained,
    TrainingFailed,
    TrainingProgress,
    trained_in,
)
from arriero.learning.trainers.bases import base_of
from arriero.learning.trainers.child import guarded
from arriero.learning.trainers.dataset import dataset_id, file_of
from arriero.learning.trainers.environment import Environment, last_words, quiet
from arriero.learning.trainers.guard import Ended, Order
from arriero.models.pull import locked

RESULT, CANCEL = "result", "cancel"
PROGRESS = "trainer_log.jsonl"  # LLaMA-Factory's, in the result's folder
FREE_BYTES = 500_000_000  # a LoRA's checkpoints take 10 to 100 MB each, three are kept
TAIL_BYTES = 20_000
CPUINFO, FLAGS = Path("/proc/cpuinfo"), {"flags", "Features"}
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

# LLaMA-Factory's examples (lora, all linear layers) at the size that two cores can do; learning rates are
# its examples' for each stage. KTO estimates a divergence within a batch, so a batch has at least 4
# (trl#1474). NaN losses are shown as they are: transformers hides them unless told not to.
DEFAULTS: Mapping[str, JsonValue] = {
    "finetuning_type": "lora",
    "lora_rank": 8,
    "lora_target": "all",
    "cutoff_len": 1024,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "num_train_epochs": 3,
    "lr_scheduler_type": "cosine",
    "warmup_ratio": 0.1,
    "bf16": False,
    "fp16": False,
    "logging_steps": 1,
    "logging_nan_inf_filter": False,
    "save_strategy": "steps",
    "save_steps": 10,
    "save_total_limit": 2,
    "report_to": "none",
    "preprocessing_num_workers": 1,
    "dataloader_num_workers": 0,
}
STAGES: Mapping[str, Mapping[str, JsonValue]] = {
    "sft": {"learning_rate": 1e-4, "mask_history": True},
    "dpo": {"learning_rate": 5e-6, "pref_beta": 0.1, "pref_loss": "sigmoid"},
    "kto": {"learning_rate": 5e-6, "pref_beta": 0.1},
}
OURS = frozenset(
    "model_name_or_path adapter_name_or_path output_dir dataset_dir do_train stage seed"
    " resume_from_checkpoint overwrite_output_dir".split()
)
# What llama.cpp's adapters cannot carry; a training that ends in a refusal had better not begin.
NOT_SERVED = frozenset(
    "use_dora use_rslora pissa_init additional_target resize_vocab add_tokens add_special_tokens"
    " new_special_tokens_config quantization_bit module_dropout".split()
)


@dataclass(frozen=True)
class LlamaFactory:
    """Trains LoRA adapters by SFT, DPO and KTO. `models` is the folder of pulled models."""

    settings: TrainerSettings
    models: Path
    name: str = "llamafactory"

    @property
    def environment(self) -> Environment:
        return Environment(self.settings.folder.expanduser())

    async def train(
        self,
        dataset: Path,
        recipe: Recipe,
        out: Path,
        *,
        progress: Callable[[TrainingProgress], None],
    ) -> Trained:
        if (done := trained_in(out)) is not None:
            return done
        self.environment.whole()
        base = await base_of(recipe.base, self.models, self.environment)
        chosen = self._precision(recipe.parameters)
        plan = {**plan_of(recipe, dataset, base.folder, out), **chosen, **self._workers()}
        with _room_on_the_disk(out):
            return await self._trained(dataset, recipe, out, plan, progress)

    async def _trained(
        self,
        dataset: Path,
        recipe: Recipe,
        out: Path,
        plan: Mapping[str, JsonValue],
        progress: Callable[[TrainingProgress], None],
    ) -> Trained:
        async with locked(out, lambda line: None):
            if (done := trained_in(out)) is not None:  # somebody else's work, while we waited
                return done
            _prepare(out, plan)
            id = await asyncio.to_thread(dataset_id, dataset)
            began = monotonic()
            ended = await self._run(recipe, out, progress)
            await asyncio.to_thread(_check_result, out, ended)
            figures = _figures(out, ended, monotonic() - began)
            trained = Trained(recipe.key(id), id, recipe, out / RESULT, figures)
            trained.save(out)
        return trained

    async def _run(
        self, recipe: Recipe, out: Path, progress: Callable[[TrainingProgress], None]
    ) -> Ended:
        order = Order(
            [str(self.environment.command), "train", str(out / YAML)],
            str(out / LOG),
            self.settings.niceness,
            min(recipe.memory_limit_mb, self.settings.memory_limit_mb),
        )
        limit = min(recipe.time_limit_s, self.settings.time_limit_s)
        env = {**self._devices(), **quiet(self.settings.threads, out / CACHE)}
        try:
            async with asyncio.timeout(limit):
                return await guarded(order, env, lambda: _look(out, progress))
        except TimeoutError:
            raise TrainingFailed(
                Reason.TIME_LIMIT,
                f"the training took longer than {limit:.0f} s and was ended; its last checkpoint is"
                " kept, so a longer [learning.trainer] time_limit_s goes on from there",
            ) from None
        finally:
            shutil.rmtree(out / CACHE, ignore_errors=True)

    def _precision(self, own: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """bfloat16 where the processor multiplies it itself: half the time at 400 tokens a row, as on a GPU.

        A recipe that names a precision keeps it. Every example of LLaMA-Factory has `bf16: true`, which
        transformers refuses without a GPU unless it is told that none is wanted.
        """
        if self.settings.devices != "cpu" or "use_cpu" in own:
            return {}
        if own.keys() & {"bf16", "fp16"}:
            return {"use_cpu": True} if own.get("bf16") else {}
        return {"bf16": True, "use_cpu": True} if multiplies_bf16(CPUINFO) else {}

    def _workers(self) -> Mapping[str, JsonValue]:
        ray = self.settings.launcher == "ray"
        return {"ray_num_workers": self.settings.ray_workers} if ray else {}

    def _devices(self) -> Mapping[str, str]:
        """How LLaMA-Factory is told where to train; all but `cpu` is untested by us, no GPU being there."""
        seen = {"cpu": "", "all": None}.get(self.settings.devices, self.settings.devices)
        launcher = {"single": "", "torchrun": "FORCE_TORCHRUN", "ray": "USE_RAY"}
        env = {} if seen is None else {"CUDA_VISIBLE_DEVICES": seen}
        return env | ({name: "1"} if (name := launcher[self.settings.launcher]) else {})


def multiplies_bf16(cpuinfo: Path) -> bool:
    """Whether Linux says that the processor multiplies bfloat16 (x86 with AVX-512 BF16 or AMX, Arm from v8.6)."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    told = (line.partition(":") for line in lines)
    flags = next((after.split() for name, _, after in told if name.strip() in FLAGS), [])
    return not BF16_FLAGS.isdisjoint(flags)


def plan_of(recipe: Recipe, dataset: Path, base: Path, out: Path) -> Mapping[str, JsonValue]:
    """The keys of `train.yaml`. Raises `InputError` for what cannot be trained and served here."""
    if recipe.stage not in STAGES:
        raise InputError(f"llamafactory trains {', '.join(STAGES)}, not {recipe.stage!r}")
    own = recipe.parameters
    if taken := sorted(OURS & own.keys()):
        raise InputError(f"{', '.join(taken)}: set by Arriero; leave it out of the recipe")
    if unfit := sorted(key for key in NOT_SERVED & own.keys() if own[key]):
        raise InputError(
            f"{', '.join(unfit)}: llama.cpp cannot serve such an adapter; leave it out"
        )
    if own.get("finetuning_type", "lora") != "lora":
        raise InputError(
            f"finetuning_type {own['finetuning_type']!r}: only lora is trained here; for another one"
            " use LLaMA-Factory itself, export, then: arriero models adopt DIR"
        )
    plan = {**DEFAULTS, **STAGES[recipe.stage], "dataset": recipe.stage, **own}
    for name in str(plan["dataset"]).split(","):
        file_of(dataset, name.strip())
    return {
        "model_name_or_path": str(base),
        "stage": recipe.stage,
        "do_train": True,
        **plan,
        "dataset_dir": str(dataset.absolute()),
        "output_dir": str((out / RESULT).absolute()),
        "seed": recipe.seed,
    }


def to_yaml(plan: Mapping[str, JsonValue]) -> str:
    """Flat YAML: JSON values after plain keys, and numbers that YAML 1.1 too takes for numbers."""
    return "".join(f"{key}: {_scalar(value)}\n" for key, value in plan.items())


def _scalar(value: JsonValue) -> str:
    text = json.dumps(value)
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")  # 5e-06 is a text in YAML 1.1, 5.0e-06 a number
    return text


def reason_of(status: int, tail: str) -> tuple[Reason, str]:
    """Why a training that ended with `status` (negative: a signal) failed, by the end of its log."""
    said = last_words(tail)
    if status == -9 or "MemoryError" in tail or "CUDA out of memory" in tail:
        return Reason.OUT_OF_MEMORY, "the system ended it" if status == -9 else said
    if "can't allocate memory" in tail or "Cannot allocate memory" in tail:
        return Reason.OUT_OF_MEMORY, said
    if "No space left on device" in tail or "Disk quota exceeded" in tail:
        return Reason.DISK_FULL, "no space left on the disk"
    for mark in ("size mismatch", "Unrecognized model", "does not appear to have a file named"):
        if mark in tail:
            return Reason.WRONG_BASE, said
    return Reason.CRASHED, f"{said} (status {status})"


def _prepare(out: Path, plan: Mapping[str, JsonValue]) -> None:
    if (free := shutil.disk_usage(out).free) < FREE_BYTES:
        raise TrainingFailed(
            Reason.DISK_FULL,
            f"a training needs {FREE_BYTES / 1e6:.0f} MB of free disk at {str(out)!r}, there are"
            f" {free / 1e6:.0f} MB; make room",
        )
    (out / CANCEL).unlink(missing_ok=True)
    if (checkpoint := _whole_checkpoint(out / RESULT)) is not None:
        plan = {**plan, "resume_from_checkpoint": str(checkpoint)}
    (out / YAML).write_text(to_yaml(plan), encoding="utf-8")


@contextmanager
def _room_on_the_disk(out: Path) -> Iterator[None]:
    """A disk that is full in between is a `TrainingFailed`, whoever finds it out."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise TrainingFailed(
            Reason.DISK_FULL, f"no space left on the disk of {str(out)!r}; make room"
        ) from error


def _whole_checkpoint(result: Path) -> Path | None:
    """The newest checkpoint that was written to its end; broken ones are removed."""
    found = sorted(result.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    for checkpoint in reversed(found):
        # trainer_state.json is written last, so what stands before it is whole.
        if _loads(checkpoint / "trainer_state.json") and _finite(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    # An adapter without its checkpoints would make LLaMA-Factory refuse the folder.
    shutil.rmtree(result, ignore_errors=True)
    return None


def _loads(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def cancel(out: Path) -> None:
    """Ask the training in `out`, whichever process runs it, to end: it fails with `cancelled`."""
    (out / CANCEL).touch()


def _look(out: Path, progress: Callable[[TrainingProgress], None]) -> None:
    if (out / CANCEL).exists():
        raise TrainingFailed(
            Reason.CANCELLED, f"the training in {str(out)!r} was cancelled by a person"
        )
    lines = progress_lines(out / RESULT / PROGRESS)
    losses = [loss for line in lines if (loss := line.get("loss")) is not None]
    if any(not math.isfinite(loss) for loss in losses):
        raise TrainingFailed(
            Reason.NAN_LOSS,
            f"the loss became {losses[-1]} at step {len(losses)}; use a lower learning_rate",
        )
    if lines:
        progress(_progress(lines[-1], losses[-1] if losses else None))


def progress_lines(file: Path) -> Sequence[Mapping[str, Any]]:
    """What LLaMA-Factory has logged so far, a line that is being written left out."""
    found = []
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return ()
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def _progress(line: Mapping[str, Any], loss: float | None) -> TrainingProgress:
    return TrainingProgress(
        step=int(line.get("current_steps", 0)),
        steps=int(line.get("total_steps", 0)),
        loss=loss,
        elapsed_s=_seconds(line.get("elapsed_time", "")),
        left_s=_seconds(line.get("remaining_time", "")),
    )


def _seconds(text: str) -> float:
    """Of "0:01:30", or of "1 day, 0:01:30"."""
    days, _, clock = text.rpartition(",")
    total = 0
    for part in clock.split(":"):
        total = 60 * total + int(part or 0)
    return float(total + 86_400 * int(days.split()[0] if days else 0))


def _check_result(out: Path, ended: Ended) -> None:
    if ended.too_large:
        raise TrainingFailed(
            Reason.OUT_OF_MEMORY,
            f"the training grew to {ended.peak_mb} MiB, more than its limit; use a smaller batch or"
            " cutoff_len, or a larger [learning.trainer] memory_limit_mb",
        )
    if ended.status != 0:
        reason, said = reason_of(ended.status, _tail(out / LOG))
        raise TrainingFailed(reason, f"the training failed: {said}; see {out / LOG}")
    if not (out / RESULT / "adapter_model.safetensors").is_file():
        raise TrainingFailed(
            Reason.CRASHED, f"the training ended well but left no adapter; see {out / LOG}"
        )
    if not _finite(out / RESULT):
        raise TrainingFailed(
            Reason.NAN_LOSS, "the adapter has weights that are no numbers; lower learning_rate"
        )


def _tail(log: Path) -> str:
    with log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return opened.read().decode("utf-8", "replace")


def _finite(folder: Path) -> bool:
    """Whether the adapter in `folder` can be read, and all its weights are numbers."""
    try:
        data = (folder / "adapter_model.safetensors").read_bytes()
        tensors = safetensors.deserialize(data)  # type: ignore[no-untyped-call]  # no stub
    except (OSError, safetensors.SafetensorError):
        return False
    return all(_all_numbers(told["dtype"], bytes(told["data"])) for _, told in tensors)


def _all_numbers(dtype: str, data: bytes) -> bool:
    if dtype == "BF16":  # numpy has no such type: NaN and infinity have all exponent bits set
        bits = np.frombuffer(data, np.uint16)
        return not bool(np.any(bits & 0x7F80 == 0x7F80))
    kinds = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
    return dtype in kinds and bool(np.all(np.isfinite(np.frombuffer(data, kinds[dtype]))))


def _figures(out: Path, ended: Ended, took_s: float) -> Mapping[str, JsonValue]:
    lines = progress_lines(out / RESULT / PROGRESS)
    losses = [line["loss"] for line in lines if "loss" in line]
    return {
        "steps": int(lines[-1]["total_steps"]) if lines else 0,
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "seconds": round(took_s, 1),
        "peak_mb": ended.peak_mb,
    }
