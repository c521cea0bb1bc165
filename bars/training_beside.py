"""Support's answers while a LoRA trains on the same cores: how much slower than idle, at the 95th percentile.

The real server with its default models is asked orders (no text model), policies (the encoder) and open
questions (the text model writes, whatever an article says), open loop, first idle, then while smollm2-135m
trains as `arriero` trains it (one thread, niceness 19). The lazy product trains with every core and without
being nice. The trainer's environment and the default models must be there.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from arriero.core.settings import ModelsSettings, TrainerSettings
from arriero.core.statistics import percentile
from arriero.learning.trainers.base import Recipe, Trained, TrainingProgress
from arriero.learning.trainers.llamafactory import LlamaFactory
from bars._load import Seen, drive, plan_for
from bars._questions import POLICY, Question, labelled, of_open, of_orders
from bars._server import Server, arriero
from bars.parity import MODEL, STYLES, dataset
from bars.paths import OPENED
from bars.result import Figure, save

SECONDS = 100.0
RATE = 1.5  # a second, a third of them written: without those no training is felt, the lazy one neither (LOG.md)
EPOCHS = 3
TURNS = 4  # to warm up, idle, while it trains, while the lazy one trains


def questions(turn: int) -> Sequence[Question]:
    """Orders, policies and open ones in turn; no two turns ask the same, since what was asked before is cached."""
    kinds = (of_orders(200 * TURNS), labelled(POLICY), of_open())
    return list(chain.from_iterable(zip(*(kind[turn::TURNS] for kind in kinds), strict=False)))


def _asked(server: Server, turn: int) -> Seen:
    bodies = [one.body(deadline_ms=60_000) for one in questions(turn)]
    return drive(plan_for(server, bodies, SECONDS, connections=8, rate=RATE))


async def _beside(
    server: Server, work: Path, settings: TrainerSettings, turn: int, *, to_the_end: bool
) -> tuple[Seen, Trained | None]:
    """What was asked from the first step of a training on; the training itself when it may end."""
    trainer = LlamaFactory(settings, ModelsSettings().folder.expanduser())
    parameters = {"num_train_epochs": EPOCHS if to_the_end else 50, "learning_rate": 5e-4}
    recipe = Recipe("llamafactory", MODEL, "sft", parameters)
    begun = asyncio.Event()

    def tell(told: TrainingProgress) -> None:
        if told.step:
            begun.set()

    data = await asyncio.to_thread(dataset, work / "data", STYLES[0])
    task = asyncio.create_task(trainer.train(data, recipe, work / "out", progress=tell))
    first = asyncio.create_task(begun.wait())
    await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    seen = await asyncio.to_thread(_asked, server, turn)
    if to_the_end:
        return seen, await task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return seen, None


def measure(work: Path) -> list[Figure]:
    with arriero(work / "data", OPENED) as server:
        _asked_once(server)
        idle = _asked(server, 1)
        (work / "ours").mkdir()
        beside, trained = asyncio.run(
            _beside(server, work / "ours", TrainerSettings(), 2, to_the_end=True)
        )
        (work / "lazy").mkdir()
        greedy = TrainerSettings(threads=os.cpu_count() or 1, niceness=0)
        lazy, _ = asyncio.run(_beside(server, work / "lazy", greedy, 3, to_the_end=False))
    assert trained is not None
    before = percentile(idle.ms, 95)
    return [
        *_figures("idle", idle),
        *_figures("training", beside),
        Figure("p95 while training, times idle", _times(beside, before), "x", "<= 2", len(beside.ms)),
        Figure("p95 while training, times idle, lazy", _times(lazy, before), "x", ">= 2",
               len(lazy.ms), note="all threads, not nice"),
        Figure("training_s", round(float(trained.figures["seconds"])), "s", n=60,
               note=f"60 examples, {EPOCHS} epochs; asked for {SECONDS:.0f} s of it"),
        Figure("failed answers", beside.failed, "answers", "== 0", len(beside.ms) + beside.errors),
    ]  # fmt: skip


def _asked_once(server: Server) -> None:
    """Every kind of question once, so that models are loaded and caches are as later."""
    bodies = [one.body(deadline_ms=60_000) for one in questions(0)[:20]]
    drive(plan_for(server, bodies, 20.0, connections=4, rate=RATE))


def _figures(name: str, seen: Seen) -> list[Figure]:
    n = len(seen.ms)
    return [
        Figure(f"{name}_p50_ms", round(percentile(seen.ms, 50)), "ms", n=n),
        Figure(f"{name}_p95_ms", round(percentile(seen.ms, 95)), "ms", n=n),
    ]


def _times(seen: Seen, before: float) -> float:
    return round(percentile(seen.ms, 95) / before, 2)


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    save(
        "training_beside",
        f"support at {RATE:g} inquiries a second (orders, policies and written answers in turn, default models) while"
        f" {MODEL} trains by LLaMA-Factory with one thread and niceness 19; load {load:.1f} at the start",
        figures,
    )


if __name__ == "__main__":
    main()
