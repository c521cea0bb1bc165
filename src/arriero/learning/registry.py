"""Adapters that were proved: registered with a card, and the variant that would use one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from arriero.core.clock import Clock
from arriero.core.errors import InputError
from arriero.core.settings import Settings
from arriero.core.words import JsonValue, Variant
from arriero.learning.adapters import WEIGHTS, Proved, prove
from arriero.learning.trainers.base import Trained
from arriero.learning.trainers.bases import Base, base_of
from arriero.learning.trainers.environment import Environment
from arriero.models import catalogue
from arriero.models.adapters import PREFIX, adapters_folder
from arriero.models.files import sha256_of, write_json
from arriero.store.base import Artefact, ArtefactRegistered, Ledger

MERGED = "merged"  # in a card: the catalogue name of a model that needs no adapter


@dataclass(frozen=True)
class Registry:
    """Where adapters are proved against their base, kept and registered."""

    settings: Settings
    ledger: Ledger
    clock: Clock
    tenant: str

    @property
    def environment(self) -> Environment:
        return Environment(self.settings.learning.trainer.folder.expanduser())

    @property
    def models(self) -> Path:
        return self.settings.models.folder.expanduser()

    async def register(self, app: str, trained: Trained, *, actor: str = "arriero") -> Artefact:
        """Prove what was trained here and register it; what is registered already is not done again.

        Raises `AdapterRefused` or `ModelCorrupt` when what would be served is not what was trained.
        """
        before = await self.ledger.artefacts("adapter", app=app, limit=1000)
        for one in before:
            kept = adapters_folder(self.settings.data) / f"{one.id}.gguf"
            if one.body.get("key") == trained.key and kept.is_file():
                return one
        base = await base_of(trained.recipe.base, self.models, self.environment)
        template = trained.recipe.parameters.get("template")
        proved = await self.proved(trained.folder, base, template=template)
        made = await carded(
            proved, tenant=self.tenant, app=app, actor=actor, now=self.clock.now(), trained=trained
        )
        await self.ledger.commit(ArtefactRegistered(made, actor), durable=True)
        return made

    async def adapt(self, app: str, trained: Trained) -> str:
        """`register`, for a cycle: the adapter's id."""
        return (await self.register(app, trained)).id

    async def proved(self, folder: Path, base: Base, *, template: str | None = None) -> Proved:
        """The adapter in `folder`, proved on the file that is served for `base`."""
        if not base.name:
            raise InputError(
                f"{str(base.folder)!r} is no model of the catalogue, so there is no file to serve;"
                " train on a catalogue model, or merge and adopt the merged folder"
            )
        served = catalogue.path(base.name, self.models, repacked=self.settings.models.repack)
        kept = adapters_folder(self.settings.data)
        return await prove(folder, base, served, kept, self.environment, template=template)


async def carded(
    proved: Proved,
    *,
    tenant: str,
    app: str,
    actor: str,
    now: datetime,
    trained: Trained | None = None,
) -> Artefact:
    """The adapter as an artefact with its model card, which is also written beside its file.

    The caller commits it (`ArtefactRegistered`), together with what else has to be true at once.
    `trained` is the training that it came from; None: it was trained elsewhere and adopted.
    """
    body: Mapping[str, JsonValue] = {
        "base": proved.base.name or str(proved.base.folder),
        "base_sha256": proved.base.gguf_sha256,
        "licence": proved.base.licence or "unknown",
        "rank": proved.lora.rank,
        "alpha": proved.lora.alpha,
        "bytes": proved.file.stat().st_size,
        "weights_sha256": await asyncio.to_thread(sha256_of, proved.lora.folder / WEIGHTS),
        "template": proved.base.template,
        "parity": proved.parity.to_json(),
        "origin": "trained here" if trained else f"adopted from {proved.lora.folder.name}",
        "dataset": trained.dataset if trained else None,
        "key": trained.key if trained else None,
        "recipe": asdict(trained.recipe) if trained else None,
        "figures": trained.figures if trained else None,
        "by": actor,
    }
    made = Artefact("adapter", proved.sha256, tenant, app, body, now)
    card = {"id": made.id, "app": app, "at": now.isoformat(), **body}
    await asyncio.to_thread(write_json, proved.file.with_suffix(".json"), card)
    return made


def challenger(variant: Variant, role: str, adapter: Artefact) -> Variant:
    """`variant` with the adapter (or the merged model) in `role`, which an embedded model must play."""
    check_role(variant, role)
    merged = adapter.body.get(MERGED)
    model = f"llama:{merged or adapter.body['base']}"
    return variant.rebound(role, model=model, adapter=None if merged else f"{PREFIX}{adapter.id}")


def check_role(variant: Variant, role: str) -> None:
    """Raises `InputError` unless an adapter can play `role`: better before it is trained than after."""
    if role not in variant.roles:
        raise InputError(
            f"{variant.app} has no role {role!r}; it has: {', '.join(variant.roles)}", param="role"
        )
    bound = variant.roles[role]
    if not bound.model.startswith("llama:"):
        raise InputError(
            f"the role {role!r} is played by {bound.model}; only an embedded model (llama:NAME) can be"
            " replaced by an adapter: change the role's model in the settings first",
            param="role",
        )
