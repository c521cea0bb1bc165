"""Refits a classifier with labels that people corrected: seconds on one core, in a child process."""

from __future__ import annotations

import asyncio
import csv
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import ArrieroError, InputError
from arriero.learning.dataset.example import Route
from arriero.learning.dataset.write import file_of
from arriero.learning.trainers.base import (
    ROWS,
    Reason,
    Recipe,
    Trained,
    TrainingFailed,
    TrainingProgress,
    trained_in,
)
from arriero.learning.trainers.dataset import dataset_id
from arriero.models.files import replaced, sha256_of
from arriero.models.fit_head import Report, fit_in_child
from arriero.models.head_rows import read_rows


def recipe(head: str, rows: Path) -> Recipe:
    """Refit the head `head` on the CSV that the app trains it on, and what was corrected.

    The CSV's hash is in the recipe: other rows, another key.
    """
    return Recipe("heads", str(rows), "heads", {"head": head, "rows": sha256_of(rows)}, seed=0)


@dataclass(frozen=True)
class HeadsTrainer:
    """Implements `Trainer` for `recipe`s. `encoder` is the settings' engine URL, `models` the folder of
    pulled models. It stays far below any sensible memory limit (0.5 GB), so none is enforced.
    """

    encoder: str
    models: Path
    name: str = "heads"

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
        started = time.monotonic()
        id, head, base = dataset_id(dataset), str(recipe.parameters["head"]), Path(recipe.base)
        merged = await asyncio.to_thread(_merged, base, recipe, corrections(dataset, head))
        progress(TrainingProgress(0, 1))
        try:
            rows, folder = out / ROWS, out / head
            await asyncio.to_thread(_write, rows, merged.rows)
            async with asyncio.timeout(recipe.time_limit_s):
                report = await fit_in_child(rows, folder, self.encoder, self.models)
        except TimeoutError:
            raise TrainingFailed(
                Reason.TIME_LIMIT, f"fitting {head!r} took more than {recipe.time_limit_s:g} s"
            ) from None
        except OSError as error:
            raise TrainingFailed(
                Reason.DISK_FULL, f"{str(out)!r} cannot be written ({error.strerror}); free space"
            ) from None
        except ArrieroError as error:
            raise TrainingFailed(Reason.CRASHED, error.message) from error
        trained = Trained(recipe.key(id), id, recipe, folder, _figures(merged, report))
        trained.save(out)
        progress(TrainingProgress(1, 1, elapsed_s=time.monotonic() - started))
        return trained


def corrections(dataset: Path, head: str) -> list[tuple[str, str]]:
    """The rows (text, label) of a head in a dataset, those that are kept aside left out."""
    try:
        with (dataset / file_of(Route.HEADS)).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except FileNotFoundError:
        return []
    return [(row["text"], row["label"]) for row in rows if row["head"] == head]


@dataclass(frozen=True, slots=True)
class _Merged:
    """The rows to fit on, how many corrections changed or added one, and labels that are not known."""

    rows: Mapping[str, str]
    changed: int
    added: int
    unknown: Mapping[str, int]


def _merged(base: Path, recipe: Recipe, corrected: Sequence[tuple[str, str]]) -> _Merged:
    """The base's rows under the corrections, which win. A label that the base lacks is for its owner to
    add (an app has to know what to do with it), so such rows are counted and left.
    """
    try:
        texts, labels, _ = read_rows(base)
        same = sha256_of(base) == recipe.parameters["rows"]
    except (InputError, OSError) as error:
        raise TrainingFailed(Reason.WRONG_BASE, f"the rows of the head: {error}") from None
    if not same:
        raise TrainingFailed(
            Reason.WRONG_BASE, f"{str(base)!r} changed since the recipe was made; make it again"
        )
    rows = dict(zip(texts, labels, strict=True))
    known, before = set(labels), dict(rows)
    rows |= {text: label for text, label in corrected if label in known}
    unknown = Counter(label for _, label in corrected if label not in known)
    changed = sum(before[text] != rows[text] for text in before)
    return _Merged(rows, changed, len(rows) - len(before), dict(unknown))


def _write(file: Path, rows: Mapping[str, str]) -> None:
    with replaced(file) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *rows.items()])


def _figures(merged: _Merged, report: Report) -> dict[str, object]:
    return {
        "rows": report.rows,
        "labels": report.labels,
        "changed": merged.changed,
        "added": merged.added,
        "unknown_labels": dict(merged.unknown),
        "accuracy": [report.accuracy, report.low, report.high],
        "ece": report.ece,
        "seconds": report.seconds,
    }
