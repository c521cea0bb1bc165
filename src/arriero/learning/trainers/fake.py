"""A trainer that trains nothing: for the tests of what surrounds one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from arriero.learning.trainers.base import (
    Reason,
    Recipe,
    Trained,
    TrainingFailed,
    TrainingProgress,
    trained_in,
)
from arriero.learning.trainers.dataset import dataset_id


@dataclass
class FakeTrainer:
    """Counts to `steps` and writes a file that says from what it was "trained"; `fails` ends it midway.

    `trainings` lists the keys that it really worked on, in order: what was finished is not redone.
    """

    steps: int = 3
    fails: Reason | None = None
    name: str = "fake"
    trainings: list[str] = field(default_factory=list)

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
        id = dataset_id(dataset)
        key = recipe.key(id)
        self.trainings.append(key)
        for step in range(1, self.steps + 1):
            await asyncio.sleep(0)
            progress(TrainingProgress(step, self.steps, loss=1.0 / step))
            if self.fails is not None and 2 * step >= self.steps:
                raise TrainingFailed(self.fails, f"the fake trainer was told to fail: {self.fails}")
        folder = out / "result"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fake.txt").write_text(f"{key}\n", encoding="utf-8")
        trained = Trained(key, id, recipe, folder, {"steps": self.steps})
        trained.save(out)
        return trained
