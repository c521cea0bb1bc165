"""Registering a refitted head, and the variant that uses it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from arriero.core.errors import InputError
from arriero.core.words import Variant
from arriero.learning.trainers.base import Trained
from arriero.models.engines import LEARNED
from arriero.models.files import sha256_of
from arriero.store.base import Artefact, ArtefactRegistered, Ledger


async def register(
    ledger: Ledger,
    trained: Trained,
    root: Path,
    *,
    tenant: str,
    app: str,
    actor: str,
    now: datetime,
) -> Artefact:
    """Keep a trained head under its hash in `root`, where models are opened from, and register it.

    Doing it again changes nothing.
    """
    id = await asyncio.to_thread(_keep, trained.folder, root)
    body: Mapping[str, object] = {
        "head": trained.recipe.parameters["head"],
        "dataset": trained.dataset,
        "key": trained.key,
        "recipe": asdict(trained.recipe),
        "figures": trained.figures,
    }
    made = Artefact("head", id, tenant, app, body, now)
    await ledger.commit(ArtefactRegistered(made, actor), durable=True)
    return made


def _keep(folder: Path, root: Path) -> str:
    """head.json names the hash of the weights, so its own hash stands for the whole head."""
    id = sha256_of(folder / "head.json")
    target, unfinished = root / id, root / f".{id}.unfinished"
    if not target.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(folder, unfinished)
        unfinished.rename(target)
    return id


def roles_of(variant: Variant, head: str) -> Sequence[str]:
    """The roles that the head of that name plays in `variant`; `InputError` where it plays none."""
    model = f"head:{head}"
    mine = [name for name, bound in variant.roles.items() if bound.model == model]
    if not mine:
        raise InputError(f"no role of {variant.id} is bound to {model!r}; the head serves none")
    return mine


def challenger(variant: Variant, head: Artefact) -> Variant:
    """`variant` with the head in every role that its base plays.

    Raises `InputError` when no role is bound to that head.
    """
    for name in roles_of(variant, str(head.body["head"])):
        variant = variant.rebound(name, adapter=f"{LEARNED}{head.id}")
    return variant
