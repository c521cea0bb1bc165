"""Prepares the copy of a pulled model that this kind of machine serves better, with what it loses beside it.

A generator's copy is faster and loses something, an encoder's needs less memory and loses nothing. With how many
threads a generator writes fastest is measured here too, once for as many cores as there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from arriero.core.errors import ModelError
from arriero.models.catalogue import REPACKED, Entry, Repacked, repacked_copy
from arriero.models.files import read_json, sha256_of, write_json
from arriero.models.progress import Progress
from arriero.models.pull import locked

# Short and long ones, several windows, words outside the table, other scripts and none: all read alike.
PROBES = (
    "",
    "Where is my order 10234?",
    "I paid twice for the stove, and the tent has a hole. I want my money back." * 2,
    "¿Dónde está mi pedido? 我的订单在哪里 Où est ma commande ? 🦙",
    "xqzjvw 0x7f3a ______ antidisestablishmentarianism",
    "the delivery was promised for Monday " * 60,
)


async def prepare(entry: Entry, folder: Path, *, progress: Progress) -> Repacked:
    """The copy of `entry`, made and measured unless there is a whole and measured one already.

    A generator of 135 million weights takes about 30 s on two cores, the packaged encoder 3. Raises
    `MissingExtra` without [local] and `ModelError` when the copy cannot be used: then it is deleted.
    """
    async with locked(folder / entry.name, progress.say):
        found = repacked_copy(entry, folder)
        whole = (
            found and found.loss and await asyncio.to_thread(sha256_of, found.path) == found.sha256
        )
        made = found if found and whole else await _made(entry, folder, progress)
        return await _paced(entry, made, progress) if entry.kind == "generator" else made


async def _made(entry: Entry, folder: Path, progress: Progress) -> Repacked:
    original = folder / entry.name / entry.files[0].name
    target = original.with_name(f"{entry.name}.{entry.repack}{original.suffix}")
    make = _faster if entry.kind == "generator" else _smaller
    try:
        loss = await make(entry, original, target, progress)
    except ModelError:
        target.unlink(missing_ok=True)
        raise
    _note(entry, target, loss)
    if (made := repacked_copy(entry, folder)) is None:
        raise ModelError(f"{str(target)!r} was changed while it was measured; pull again")
    return made


async def _faster(
    entry: Entry, original: Path, target: Path, progress: Progress
) -> Mapping[str, Any]:
    from arriero.models.loss import loss_of  # noqa: PLC0415  # heavy, and not for an encoder
    from arriero.models.repack import KINDS, repack  # noqa: PLC0415

    if entry.repack not in KINDS:
        raise _unknown(entry, KINDS)
    progress.say(f"{entry.name}: preparing a copy that runs faster here, then measuring its loss")
    await asyncio.to_thread(repack, original, target, entry.repack)
    return (await loss_of(target, original)).to_json()


async def _smaller(
    entry: Entry, original: Path, target: Path, progress: Progress
) -> Mapping[str, Any]:
    from arriero.models.rows_first import KIND, rows_first  # noqa: PLC0415  # heavy, and not for a generator

    if entry.repack != KIND:
        raise _unknown(entry, [KIND])
    progress.say(f"{entry.name}: preparing a copy that needs less memory, then comparing vectors")
    await asyncio.to_thread(rows_first, original, target)
    if not await asyncio.to_thread(_same_vectors, original.parent, target):
        raise ModelError(f"the copy of {entry.name} does not give the same vectors on this machine")
    return {"same_vectors": len(PROBES)}


def _unknown(entry: Entry, kinds: Sequence[str]) -> ModelError:
    return ModelError(
        f"repack = {entry.repack!r} in the row of {entry.name} is no kind of copy for {entry.kind}s;"
        f" there are: {', '.join(kinds)}"
    )


def _same_vectors(home: Path, copy: Path) -> bool:
    """Whether the model in `home` and its copy give the same vectors, bit for bit."""
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # heavy, and not for a generator

    before, after = (
        OnnxEncoder(home, graph=graph).encode_now(PROBES).tobytes() for graph in (None, copy)
    )
    return before == after


async def _paced(entry: Entry, copy: Repacked, progress: Progress) -> Repacked:
    """The copy, with the threads that it writes fastest with on as many cores as there are here."""
    from arriero.models.pace import cores, fastest  # noqa: PLC0415  # not for an encoder

    here = str(cores())
    if here in copy.writers:
        return copy
    progress.say(f"{entry.name}: measuring how many threads write fastest on {here} cores")
    if (threads := await fastest(copy.path, cores())) is None:
        progress.say(f"{entry.name}: the machine was busy; it is measured at the next pull")
        return copy
    writers = {**copy.writers, here: threads}
    file = copy.path.with_name(REPACKED)
    write_json(file, {**read_json(file), "writers": writers})
    return replace(copy, writers=writers)


def _note(entry: Entry, target: Path, loss: Mapping[str, Any]) -> None:
    note = {
        "file": target.name,
        "kind": entry.repack,
        "size": target.stat().st_size,
        "sha256": sha256_of(target),
        "from": entry.files[0].sha256,
        "loss": dict(loss),
    }
    write_json(target.with_name(REPACKED), note)
