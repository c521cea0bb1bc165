"""Builds a dataset of what people said: read, choose, clean, split, write, register.

The steps in the middle are pure (`example`, `private`, `alike`, `split`); this file is their order.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arriero.core.settings import LearningSettings
from arriero.core.words import JsonValue, Run, Trace
from arriero.learning.collect import collect, erasures
from arriero.learning.dataset import alike, write
from arriero.learning.dataset.example import (
    Example,
    LeftOut,
    Route,
    Why,
    Written,
    accepted,
    examples,
    sampled,
    written_by,
)
from arriero.learning.dataset.private import leaks
from arriero.learning.dataset.references import LONGEST, files_in, texts_of
from arriero.learning.dataset.rehearsal import rehearsal
from arriero.learning.dataset.split import Split, split
from arriero.learning.opinion import Heard, Opinion, Stance, heard
from arriero.models.base import Encoder
from arriero.models.files import sha256_of
from arriero.store.base import Artefact, ArtefactRegistered, Ledger

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_OF_A_KIND = 0.1  # of good and of bad examples in KTO: with fewer it learns one side only
REHEARSED = "rehearsal"  # the run and the unit of examples that nobody asked
PART = 64  # texts encoded between two looks at the progress

Sampler = Callable[[Run], Awaitable[Written | None]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset on the disk. `stages` says how many runs each trainable stage can learn from."""

    id: str
    folder: Path
    stages: Mapping[Route, int]
    manifest: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class NotEnough:
    """Nothing can be trained on what is there; `missing` says, a sentence a stage, what would help."""

    missing: tuple[str, ...]
    manifest: Mapping[str, JsonValue]


@dataclass(frozen=True)
class Place:
    """Where a dataset is built: of whose runs, in which folder, under whose name.

    `mark` gives the salted hash of a name; `benchmarks` are files besides those of the settings (the
    app's golden set); `encoder` None compares words only; `sampler` gives another answer to a run
    that passed the app's checks, or None.
    """

    tenant: str
    root: Path
    mark: Callable[[str], str]
    actor: str
    benchmarks: Sequence[Path] = ()
    encoder: Encoder | None = None
    sampler: Sampler | None = None
    progress: Progress = field(default=lambda what, done, of: None)


async def build(
    ledger: Ledger,
    app: str,
    settings: LearningSettings,
    place: Place,
    *,
    now: datetime,
    since: datetime | None = None,
) -> Dataset | NotEnough:
    """The dataset of what was said of the app's runs; of older feedback than `since` only a replayed part.

    The same feedback and settings give the same dataset, with the same id, once.

    Raises:
        InputError: a benchmark file cannot be read.
        StoreError: the ledger or the disk failed.
        MissingExtra: near-duplicates are looked for, and datasketch is not installed.
    """
    while True:
        before = await erasures(ledger, place.tenant)
        rows, told, stages, missing = await _gathered(ledger, app, settings, place, now, since)
        if not stages:
            return NotEnough(missing, told)
        if await erasures(ledger, place.tenant) != before:
            continue  # it holds somebody who is to be forgotten, perhaps
        folder = await asyncio.to_thread(write.write, place.root, rows, told)
        if await erasures(ledger, place.tenant) == before:
            break  # who is erased from now on finds it
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    body = {name: value for name, value in told.items() if name != "left_out_runs"}
    made = Artefact("dataset", folder.name, place.tenant, app, body, now)
    await ledger.commit(ArtefactRegistered(made, place.actor), durable=True)
    return Dataset(folder.name, folder, stages, told)


async def _gathered(
    ledger: Ledger,
    app: str,
    settings: LearningSettings,
    place: Place,
    now: datetime,
    since: datetime | None,
) -> tuple[write.Rows, dict[str, Any], Mapping[Route, int], tuple[str, ...]]:
    """The rows, the manifest, the stages that can be trained, and what the others lack."""
    voices = heard([one async for one in collect(ledger, place.tenant, app)], settings)
    found, left = await _chosen(ledger, voices, settings, place, since)
    found, dropped = await _cleaned(found, settings, place)
    left += dropped
    found, dropped = _limited(found, settings)
    left += dropped
    parts = split([one.example for one in found], settings.dataset.eval_share)
    stages, missing = _stages([one.example for one in found if not one.replayed], settings)
    rehearsed = _rehearsed(parts.training, settings, now)
    rows = write.rows_of([*parts.training, *rehearsed], parts.held_out, place.mark)
    told = _manifest(app, settings, place, voices, parts, rows, left, stages, now, since)
    told["rehearsed"] = len(rehearsed)  # of the rows; nobody asked them
    return rows, told, stages, missing


def _rehearsed(
    training: Sequence[Example], settings: LearningSettings, now: datetime
) -> list[Example]:
    """Examples of nobody, beside the full targets: the same ones for the same number and seed."""
    targets = sum(one.route is Route.SFT for one in training)
    count = round(settings.dataset.rehearsal * targets)
    return [
        Example(Route.SFT, REHEARSED, REHEARSED, now, one.question, one.messages, one.target)
        for one in rehearsal(count, settings.recipe.seed)
    ]


@dataclass(frozen=True, slots=True)
class _Chosen:
    example: Example
    replayed: bool = False


async def _chosen(
    ledger: Ledger,
    voices: Heard,
    settings: LearningSettings,
    place: Place,
    since: datetime | None,
) -> tuple[list[_Chosen], list[LeftOut]]:
    """The examples of every opinion, the newest first, without those that still hold private data."""
    found: list[_Chosen] = []
    left: list[LeftOut] = []
    newest = sorted(voices.opinions, key=lambda one: one.run.id, reverse=True)
    for done, opinion in enumerate(newest):
        place.progress("reading runs", done + 1, len(newest))
        trace = await ledger.trace(opinion.run)
        if since is not None and opinion.at is not None and opinion.at < since:
            one = accepted(opinion, trace, settings.role)
            some: list[Example | LeftOut] = [one or LeftOut(opinion.run.id, Why.OLD)]
            again = True
        else:
            some = examples(opinion, trace, settings.dataset, settings.role)
            some += await _again(opinion, trace, settings, place)
            again = False
        for one_of in some:
            if isinstance(one_of, LeftOut):
                left.append(one_of)
            elif trace is not None and leaks(one_of, opinion.run, trace):
                left.append(LeftOut(one_of.run, Why.PRIVATE, one_of.route))
            else:
                found.append(_Chosen(one_of, again))
    return found, left


async def _again(
    opinion: Opinion, trace: Trace | None, settings: LearningSettings, place: Place
) -> list[Example]:
    """What another answer to a run that people found bad teaches: one that passed the checks."""
    if place.sampler is None or opinion.edit is not None or opinion.stance is not Stance.BAD:
        return []
    written = None if trace is None else written_by(opinion.run, trace, settings.role)
    if written is None or isinstance(written, Why):
        return []
    better = await place.sampler(opinion.run)
    if better is None or better.reply.strip() == written.reply.strip():
        return []
    return sampled(opinion, written, better)


async def _cleaned(
    found: Sequence[_Chosen], settings: LearningSettings, place: Place
) -> tuple[list[_Chosen], list[LeftOut]]:
    """Without benchmark texts, repetitions, contradictions and near-duplicates."""
    own = settings.dataset
    replayed = {one.example.run for one in found if one.replayed}
    paths = [*own.benchmarks, *place.benchmarks]
    texts = await asyncio.to_thread(texts_of, paths)
    known = alike.Benchmarks.of(texts)
    vectors = await _vectors([one.example for one in found], texts, own.cosine, place)
    if vectors and (short := [text for text in texts if text in vectors]):
        known = replace(known, vectors=_rows(vectors, short))
    ones, left = alike.decontaminated(
        [one.example for one in found],
        known,
        _rows(vectors, [one.example.question for one in found]),
        own.cosine,
    )
    once, dropped = alike.distinct(ones)
    left += dropped
    kept, dropped = alike.without_near(
        once, own.minhash, _rows(vectors, [one.text for one in once]), own.cosine
    )
    return [_Chosen(one, one.run in replayed) for one in kept], left + dropped


async def _vectors(
    found: Sequence[Example], texts: Sequence[str], cosine: float, place: Place
) -> Mapping[str, NDArray[np.float32]]:
    """A vector a text that is compared; none without an encoder."""
    if place.encoder is None or cosine >= 1 or not found:
        return {}
    wanted = [one.question for one in found] + [one.text for one in found]
    wanted += [text for text in texts if len(text) <= LONGEST and alike.says_something(text)]
    several = list(dict.fromkeys(wanted))
    vectors: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(several), PART):
        some = several[start : start + PART]
        vectors |= zip(some, await place.encoder.encode(some), strict=True)
        place.progress("comparing texts", start + len(some), len(several))
    return vectors


def _rows(
    vectors: Mapping[str, NDArray[np.float32]], texts: Sequence[str]
) -> NDArray[np.float32] | None:
    if not vectors or not texts:
        return None
    import numpy as np  # noqa: PLC0415  # only who has vectors has it

    return np.stack([vectors[text] for text in texts])


def _limited(
    found: Sequence[_Chosen], settings: LearningSettings
) -> tuple[list[_Chosen], list[LeftOut]]:
    """The newest of each route, and as many older ones as are to be replayed, spread over their time."""
    own = settings.dataset
    kept: list[_Chosen] = []
    left: list[LeftOut] = []
    counts = Counter[Route]()
    for one in (one for one in found if not one.replayed):
        counts[one.example.route] += 1
        if counts[one.example.route] > own.most:
            left.append(LeftOut(one.example.run, Why.TOO_MANY, one.example.route))
        else:
            kept.append(one)
    old = sorted((one for one in found if one.replayed), key=lambda one: _shuffled(one.example.run))
    for route in (Route.SFT, Route.KTO):
        room = round(own.replay / (1 - own.replay) * min(counts[route], own.most))
        kept += [_Chosen(_as(route, one.example), replayed=True) for one in old[:room]]
        if route is Route.SFT:
            left += [LeftOut(one.example.run, Why.OLD, route) for one in old[room:]]
    return kept, left


def _as(route: Route, example: Example) -> Example:
    return replace(example, route=route, good=True if route is Route.KTO else None)


def _shuffled(run: str) -> str:
    return hashlib.sha256(run.encode()).hexdigest()


def _stages(
    found: Sequence[Example], settings: LearningSettings
) -> tuple[Mapping[Route, int], tuple[str, ...]]:
    """The stages that can be trained with how many runs, and what the others lack."""
    runs = {route: {one.run for one in found if one.route is route} for route in Route}
    stages = {
        route: len(runs[route])
        for route in (Route.SFT, Route.DPO)
        if len(runs[route]) >= settings.min_examples
    }
    missing = [
        f"{route}: {len(runs[route])} of {settings.min_examples} edited answers"
        for route in (Route.SFT, Route.DPO)
        if route not in stages
    ]
    good = sum(one.good is True for one in found)
    bad = sum(one.good is False for one in found)
    if len(runs[Route.KTO]) < settings.min_examples:
        missing.append(
            f"kto: {len(runs[Route.KTO])} of {settings.min_examples} answers with a thumb, a rating "
            "or an edit"
        )
    elif min(good, bad) < LEAST_OF_A_KIND * (good + bad):
        scarce = "good" if good < bad else "bad"
        missing.append(
            f"kto: {good} good and {bad} bad answers; it cannot learn from one kind alone, so "
            f"collect more {scarce} ones" + (" or edited answers" if scarce == "good" else "")
        )
    else:
        stages[Route.KTO] = len(runs[Route.KTO])
    if (labels := len(runs[Route.HEADS])) >= settings.dataset.min_labels:
        stages[Route.HEADS] = labels
    else:
        missing.append(f"heads: {labels} of {settings.dataset.min_labels} corrected labels")
    return stages, tuple(missing)


def _manifest(
    app: str,
    settings: LearningSettings,
    place: Place,
    voices: Heard,
    parts: Split,
    rows: write.Rows,
    left: Sequence[LeftOut],
    stages: Mapping[Route, int],
    now: datetime,
    since: datetime | None,
) -> dict[str, Any]:
    last = max((one.at for one in voices.opinions if one.at), default=None)
    tags = Counter(one.good for one in parts.training if one.route is Route.KTO)
    paths = [
        file
        for path in (*settings.dataset.benchmarks, *place.benchmarks)
        for file in files_in(path)
    ]
    return {
        "app": app,
        "tenant": place.tenant,
        "made_at": now.isoformat(),
        "since": since and since.isoformat(),
        "until": last and last.isoformat(),
        "settings": settings.model_dump(mode="json", include={"low_rating", "min_examples", "role", "dataset"}),
        "encoder": place.encoder.name if place.encoder else None,
        "benchmarks": {file.name: sha256_of(file) for file in paths},
        "feedback": {
            "events": voices.events, "burst": voices.burst, "over_cap": voices.over_cap,
            "people": voices.people, "runs": len(voices.opinions),
        },
        "stages": {route.value: count for route, count in stages.items()},
        "rows": {file: len(some) for file, some in sorted(rows.items())},
        "kto": {"good": tags[True], "bad": tags[False]},
        "held_out_since": parts.since and parts.since.isoformat(),
        "trainer": {"mask_history": True},  # earlier answers of a conversation are no targets
        "left_out": dict(Counter(str(one.why) for one in left).most_common()),
        "left_out_runs": [
            {"run": one.run, "why": one.why.name.lower(), "route": one.route and one.route.value}
            for one in left
        ],
    }  # fmt: skip
