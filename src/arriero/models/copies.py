"""Prepares the faster copy of a pulled model, with its loss written beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from arriero.core.errors import ModelError
from arriero.models.catalogue import REPACKED, Entry, Repacked, repacked_copy
from arriero.models.files import sha256_of, write_json
from arriero.models.loss import Loss, loss_of
from arriero.models.progress import Progress
from arriero.models.pull import locked
from arriero.models.repack import repack


async def prepare(entry: Entry, folder: Path, *, progress: Progress) -> Repacked:
    """The re-quantised copy of `entry`, made and measured unless there is a measured one already.

    About 30 s for 135 million weights on two cores. Raises `MissingExtra` without [local] and
    `ModelError` when the copy cannot be run: then it is deleted.
    """
    async with locked(folder / entry.name, progress.say):
        found = repacked_copy(entry, folder)
        return found if found and found.loss else await _made(entry, folder, progress)


async def _made(entry: Entry, folder: Path, progress: Progress) -> Repacked:
    original = folder / entry.name / entry.files[0].name
    target = original.with_name(f"{entry.name}.{entry.repack}.gguf")
    progress.say(f"{entry.name}: preparing a copy that runs faster here, then measuring its loss")
    await asyncio.to_thread(repack, original, target, entry.repack)
    try:
        loss = await loss_of(target, original)
    except ModelError:
        target.unlink(missing_ok=True)
        raise
    _note(entry, target, loss)
    if (made := repacked_copy(entry, folder)) is None:
        raise ModelError(f"{str(target)!r} was changed while it was measured; pull again")
    return made


def _note(entry: Entry, target: Path, loss: Loss) -> None:
    note = {
        "file": target.name,
        "kind": entry.repack,
        "size": target.stat().st_size,
        "sha256": sha256_of(target),
        "from": entry.files[0].sha256,
        "loss": loss.to_json(),
    }
    write_json(target.with_name(REPACKED), note)
