"""The seam between the learning loop and what trains: a dataset folder in, a trained folder out.

A fake ships in `learning/trainers/fake.py`. The same recipe on the same dataset has the same key, and
so the same folder: who trains it again goes on from a checkpoint there, or finds it done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from arriero.core.errors import ArrieroError
from arriero.core.words import JsonValue, content_hash
from arriero.models.files import read_json, write_json

Stage = Literal["sft", "dpo", "kto", "heads"]
MANIFEST = "trained.json"  # in the folder, written last: with it, the training is done
YAML, LOG, CACHE = "train.yaml", "train.log", "cache"  # what LLaMA-Factory reads, says and keeps
ROWS = "rows.csv"  # what a head is fitted on


class Reason(StrEnum):
    """Why a training ended without a result: the closed list that the loop decides on."""

    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    NAN_LOSS = "nan_loss"
    DISK_FULL = "disk_full"
    TIME_LIMIT = "time_limit"
    WRONG_BASE = "wrong_base"
    CANCELLED = "cancelled"
    NOT_SERVED = "not_served"


class TrainingFailed(ArrieroError):
    """A training that ended without a result; `reason` says why in one word, the message in a sentence."""

    code = "training_failed"

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. `base` is a catalogue name, or a folder in Hugging Face's format.

    `parameters` are the trainer's own: for `llamafactory` its YAML keys, over our defaults. Limits:
    seconds by the clock, and MiB of resident memory of all the training's processes.
    """

    trainer: str
    base: str
    stage: Stage
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    seed: int = 42
    time_limit_s: float = 4 * 3600.0
    memory_limit_mb: int = 16_000

    def key(self, dataset: str) -> str:
        """The content hash of what decides the result: this recipe (its limits apart) and the dataset's id."""
        made_from = asdict(self) | {"dataset": dataset}
        del made_from["time_limit_s"], made_from["memory_limit_mb"]
        return content_hash(made_from)


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a training is: `step` of `steps`; `loss` as last logged; seconds so far and to go."""

    step: int
    steps: int
    loss: float | None = None
    elapsed_s: float = 0.0
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training: `folder` holds the result (a PEFT adapter, or a head), `key` names it.

    `figures` are the trainer's own: steps, first and last loss, seconds, peak memory in MiB.
    """

    key: str
    dataset: str
    recipe: Recipe
    folder: Path
    figures: Mapping[str, JsonValue]

    def save(self, out: Path) -> None:
        """Write the manifest into `out`: from then on the training counts as done."""
        told = asdict(self) | {"folder": str(self.folder.relative_to(out))}
        write_json(out / MANIFEST, told)


def trained_in(out: Path) -> Trained | None:
    """The finished training in `out`, or None when it was never finished."""
    told: dict[str, Any] = read_json(out / MANIFEST)
    if not told:
        return None
    recipe = Recipe(**told.pop("recipe"))
    return Trained(**told | {"recipe": recipe, "folder": out / told["folder"]})


def erase_rows(trained: Path, dataset: str) -> None:
    """Delete what trainings on the dataset `dataset` left of its rows: a log prints the first, a cache has all."""
    for out in trained.glob("*/"):
        yaml = out / YAML
        of = read_json(out / MANIFEST).get("dataset") == dataset
        if of or (yaml.is_file() and dataset in yaml.read_text(encoding="utf-8")):
            for file in (LOG, ROWS):
                (out / file).unlink(missing_ok=True)
            shutil.rmtree(out / CACHE, ignore_errors=True)


class Trainer(Protocol):
    """Trains. Goes on from a checkpoint in `out`, and gives at once what is finished there.

    `dataset` is a folder with LLaMA-Factory's `dataset_info.json`; its id comes from its manifest, or
    from its content when it has none. Raises `TrainingFailed`; when the awaiting task is cancelled,
    all its processes have ended before the cancellation goes on.
    """

    @property
    def name(self) -> str: ...

    async def train(
        self,
        dataset: Path,
        recipe: Recipe,
        out: Path,
        *,
        progress: Callable[[TrainingProgress], None],
    ) -> Trained: ...
