"""An app's classifiers, fitted anew with the labels that people corrected: each a challenger of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arriero.core.clock import Clock
from arriero.core.words import Variant
from arriero.learning import heads
from arriero.learning.trainers.base import Trainer
from arriero.learning.trainers.heads import corrections, recipe
from arriero.store.base import Artefact, Ledger, VariantRegistered


@dataclass(frozen=True, slots=True)
class Refitted:
    """A head that was fitted with corrected labels, and the challenger whose roles it plays."""

    head: Artefact
    challenger: Variant


async def refit(
    dataset: Path,
    rows: Mapping[str, Path],
    champion: Variant,
    *,
    trainer: Trainer,
    work: Path,
    root: Path,
    ledger: Ledger,
    clock: Clock,
    tenant: str,
    actor: str,
) -> tuple[Refitted, ...]:
    """Fit each head of `rows` (its name, and the CSV that the app trains it on) of which `dataset` corrects labels.

    `work` is where a fit may leave things, `root` where heads are opened from. Raises `InputError` where no role
    of `champion` is bound to the head, and what the trainer raises.
    """
    made = []
    for name, csv in rows.items():
        if not corrections(dataset, name):
            continue
        heads.roles_of(champion, name)  # a head that serves nothing is not fitted first
        wanted = recipe(name, csv)
        trained = await trainer.train(dataset, wanted, work / name, progress=lambda told: None)
        head = await heads.register(
            ledger, trained, root, tenant=tenant, app=champion.app, actor=actor, now=clock.now()
        )
        challenger = heads.challenger(champion, head)
        await ledger.commit(VariantRegistered(challenger, clock.now()), durable=True)
        made.append(Refitted(head, challenger))
    return tuple(made)
