"""Erasing a person from what is learned: rows go, datasets get successors, adapters are listed.

A dataset that held rows of theirs gets a successor without them, under a new name, so that nothing
trained on the old one is taken for trained on the new. Of the old one the manifest stays, as a tombstone,
and the index of salted hashes, which says whom the adapters trained on it have seen.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from arriero.core.words import JsonValue, content_hash
from arriero.learning.collect import FORGOTTEN
from arriero.learning.dataset import write
from arriero.learning.trainers.base import erase_rows
from arriero.models.files import read_json, write_json
from arriero.security import privacy_forget
from arriero.security.holds import refuse_held
from arriero.security.privacy_forget import Forgotten, concerned
from arriero.security.vault import Vaults
from arriero.store.base import Artefact, ArtefactRegistered, Ledger
from arriero.store.records import Records

TRAINED = ("adapter", "head")
EVERY_APP = ""  # a person may have spoken of any
MOST = 10_000  # artefacts looked through; a cycle a day makes as many in decades


@dataclass(frozen=True, slots=True)
class Cleared:
    """A dataset that held `rows` of the person; `successor` is the one without them, None when none is left."""

    id: str
    app: str
    rows: int
    successor: str | None


@dataclass(frozen=True, slots=True)
class Retrain:
    """What was trained on such a dataset, and has to be trained again without the person."""

    kind: str
    id: str
    app: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What went, and what still knows the person until it is trained again."""

    gone: Forgotten
    datasets: tuple[Cleared, ...]
    retrain: tuple[Retrain, ...]


async def forget(
    ledger: Ledger,
    vaults: Vaults,
    records: Sequence[Records],
    *,
    root: Path,
    mark: Callable[[str], str],
    tenant: str,
    person: str,
    actor: str,
    at: datetime,
    values: Sequence[str] = (),
) -> Erased:
    """Erase `person` (the id of a customer or of one who gave feedback) from datasets, then everywhere.

    `root` is the folder of datasets, beside which trainings lie; `mark` gives the salted hash of a name; that of
    the person is kept, so that what they said of other people's runs is not learned again. Doing it again is
    harmless, and lists again what has to be trained again.

    Raises:
        InputError: the person's id is empty.
        Conflict: something of theirs is under legal hold; nothing was erased.
        StoreError: a store or the disk fails; run it again, nothing that went comes back.
    """
    # Datasets first: whose they are is known from the runs, until those are erased.
    about = await concerned(ledger, tenant, person)
    await refuse_held(ledger, tenant, about)
    marks, pseudonym = frozenset(map(mark, about | {person})), mark(person)

    async def marked(when: str) -> None:
        id = content_hash({FORGOTTEN: pseudonym, "at": at, "when": when})
        made = Artefact(FORGOTTEN, id, tenant, EVERY_APP, {"person": pseudonym}, at)
        await ledger.commit(ArtefactRegistered(made, actor), durable=True)

    async def cleared() -> Mapping[str, Cleared]:
        found = [
            await _clear(ledger, root, folder, marks, tenant, actor, at)
            for folder in await asyncio.to_thread(_folders, root)
        ]
        return {one.id: one for one in found if one is not None}

    await marked("begun")
    datasets = await cleared()
    gone = await privacy_forget.forget(
        ledger, vaults, records,
        tenant=tenant, customer=person, actor=actor, at=at, values=values,
    )  # fmt: skip
    # What was built meanwhile of runs that were still there: it is here, or sees the mark and is built anew.
    await marked("done")
    datasets = {**datasets, **await cleared()}
    return Erased(gone, tuple(datasets.values()), await _retrain(ledger, set(datasets)))


def _folders(root: Path) -> list[Path]:
    """The datasets. What a build left unfinished goes: nothing says yet whose rows it holds."""
    for left in root.glob(f".*{write.UNFINISHED}"):
        shutil.rmtree(left, ignore_errors=True)
    return sorted(file.parent for file in root.glob(f"*/{write.MANIFEST}"))


async def _clear(
    ledger: Ledger,
    root: Path,
    folder: Path,
    marks: Collection[str],
    tenant: str,
    actor: str,
    at: datetime,
) -> Cleared | None:
    """Take the rows of these marks out of a dataset; None when it holds none."""
    manifest = read_json(folder / write.MANIFEST)
    held = _rows_held(folder, marks)
    if manifest.get("tenant") != tenant or not held:
        return None
    if (gone := manifest.get("gone")) is None:
        successor = await _succeed(ledger, root, folder, manifest, marks, actor, at)
        gone = {"at": at.isoformat(), "rows": held, "because": "erased", "successor": successor}
        await asyncio.to_thread(
            write_json, folder / write.MANIFEST, manifest | {"gone": gone, "left_out_runs": []}
        )
    await asyncio.to_thread(_empty, folder)
    await asyncio.to_thread(erase_rows, root.parent / "trained", folder.name)
    return Cleared(folder.name, str(manifest["app"]), held, gone["successor"])


def _rows_held(folder: Path, marks: Collection[str]) -> int:
    index: Mapping[str, list[list[str]]] = read_json(folder / write.INDEX)
    return sum(not set(row).isdisjoint(marks) for rows in index.values() for row in rows)


async def _succeed(
    ledger: Ledger,
    root: Path,
    folder: Path,
    manifest: Mapping[str, Any],
    marks: Collection[str],
    actor: str,
    at: datetime,
) -> str | None:
    """The dataset without those rows, registered; None when nothing is left."""
    rows = {
        file: kept
        for file, some in (await asyncio.to_thread(write.read, folder)).items()
        if (kept := [one for one in some if one[1].isdisjoint(marks)])
    }
    if not rows:
        return None
    told = {name: value for name, value in manifest.items() if name not in {"id", "files", "gone"}}
    told |= {
        "rows": {file: len(some) for file, some in sorted(rows.items())},
        "predecessor": folder.name,
        "left_out_runs": [],
    }
    successor = (await asyncio.to_thread(write.write, root, rows, told)).name
    made = Artefact("dataset", successor, str(told["tenant"]), str(told["app"]), told, at)
    await ledger.commit(ArtefactRegistered(made, actor), durable=True)
    return successor


def _empty(folder: Path) -> None:
    """Leave the manifest and the index of a dataset that is gone."""
    for file in folder.iterdir():
        if file.is_dir():  # what a trainer kept there
            shutil.rmtree(file)
        elif file.name not in {write.MANIFEST, write.INDEX}:
            file.unlink()


async def _retrain(ledger: Ledger, datasets: Collection[str]) -> tuple[Retrain, ...]:
    """What names one of these datasets in its card."""
    found = [one for kind in TRAINED for one in await ledger.artefacts(kind, limit=MOST)]
    return tuple(
        Retrain(one.kind, one.id, one.app, dataset)
        for one in found
        for dataset in sorted(datasets)
        if _names(one.body, dataset)
    )


def _names(body: Mapping[str, JsonValue], dataset: str) -> bool:
    return json.dumps(dataset) in json.dumps(body)
