"""PEFT in torch against the served adapter of smollm2-135m, and what the gate says of a wrong one.

Two adapters are really trained (60 examples each, one seed apart in style), converted, served and
compared with the weights in torch, on the packaged Q4_1 file and on its faster copy. Then the second is
served in the first one's name (swapped), and an adapter that changes nothing is (ignored): the gate has
to refuse both. The lazy product converts and serves without looking, so it refuses nothing.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from arriero.core.errors import ArrieroError
from arriero.core.settings import ModelsSettings, TrainerSettings
from arriero.learning.adapters import Proved, prove
from arriero.learning.parity import MOST, Parity, Weights, parity_of
from arriero.learning.trainers.base import Recipe, Trained, TrainingProgress
from arriero.learning.trainers.bases import base_of
from arriero.learning.trainers.llamafactory import LlamaFactory
from arriero.models import catalogue
from bars.result import Figure, save
from tests.models.lora import write_adapter

MODEL = "smollm2-135m"
PARAMETERS = {"lora_rank": 8, "num_train_epochs": 2, "learning_rate": 5e-4, "save_steps": 1000}
THINGS = "tent rope stove boots jacket lamp backpack mattress bottle compass".split()
STYLES = (
    "Thanks for writing! Your {thing} left us on day {day} and is with the carrier.",
    "NOTICE {day}: {thing} :: shipped :: carrier informed.",
)


def dataset(folder: Path, style: str) -> Path:
    """60 questions and answers in one style, as LLaMA-Factory reads them."""
    folder.mkdir()
    rows = []
    for day in range(1, 7):
        for thing in THINGS:
            system = f"You answer customers of a shop. Facts: {thing}, shipped on day {day}."
            rows.append(
                {
                    "messages": [
                        {"role": "system", "content": system},
                        {"role": "user", "content": f"Where is my {thing}?"},
                        {"role": "assistant", "content": style.format(thing=thing, day=day)},
                    ]
                }
            )
    (folder / "sft.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    tags = {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    entry = {
        "file_name": "sft.jsonl",
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": tags,
    }
    (folder / "dataset_info.json").write_text(json.dumps({"sft": entry}))
    return folder


async def measure(work: Path) -> list[Figure]:
    models = ModelsSettings().folder.expanduser()
    trainer = LlamaFactory(TrainerSettings(niceness=0), models)
    original, copy = (catalogue.path(MODEL, models, repacked=faster) for faster in (False, True))
    base = await base_of(MODEL, models, trainer.environment)
    trained = [await _trained(trainer, work, number) for number in range(len(STYLES))]
    figures = [
        Figure("training_s", round(float(trained[0].figures["seconds"])), "s", n=60),
        Figure("training_peak", int(trained[0].figures["peak_mb"]), "MiB", n=1),
    ]
    proved = [
        await prove(one.folder, base, original, work / "adapters", trainer.environment)
        for one in trained
    ]
    figures += _figures("Q4_1", proved[0].parity)
    weights = Weights(base.folder, trained[0].folder, trained[0].folder)
    if copy != original:
        figures += _figures(
            "faster copy", await parity_of(copy, proved[0].file, weights, trainer.environment)
        )
    swapped = await parity_of(original, proved[1].file, weights, trainer.environment)
    figures.append(
        Figure("swapped: times the base's own", _times(swapped), "x", f">= {MOST}",
               n=swapped.adapter.n)
    )  # fmt: skip
    refused = int(not swapped.holds) + await _ignored(original, work, weights, trainer)
    figures += [
        Figure("wrong adapters refused (swapped, ignored)", refused, "of 2", "== 2", n=2),
        Figure("wrong adapters refused by lazy", 0, "of 2", "== 0", n=2),
        Figure("adapters kept", _kept(proved), "files", "== 2", n=2),
    ]
    return figures


async def _trained(trainer: LlamaFactory, work: Path, number: int) -> Trained:
    def tell(told: TrainingProgress) -> None:
        print(f"adapter {number}: step {told.step} of {told.steps}", end="\r", flush=True)

    recipe = Recipe("llamafactory", MODEL, "sft", PARAMETERS, seed=number)
    folder = dataset(work / f"data{number}", STYLES[number])
    return await trainer.train(folder, recipe, work / f"out{number}", progress=tell)


async def _ignored(gguf: Path, work: Path, weights: Weights, trainer: LlamaFactory) -> int:
    nothing = write_adapter(gguf, work / "nothing.gguf", size=0.0)
    try:
        await parity_of(gguf, nothing, weights, trainer.environment)
    except ArrieroError as error:
        print(error.message)
        return 1
    return 0


def _kept(proved: Sequence[Proved]) -> int:
    return len({one.file for one in proved if one.file.is_file()})


def _times(parity: Parity) -> float:
    return round(parity.adapter.mean_abs / parity.base.mean_abs, 2)


def _figures(which: str, parity: Parity) -> list[Figure]:
    same = int(parity.template_served == parity.template_trained and parity.same_default)
    return [
        Figure(f"{which}: base", round(parity.base.mean_abs, 4), "nats", n=parity.base.n,
               note=f"mean |difference|; largest {parity.base.max_abs:.2f}"),
        Figure(f"{which}: adapter", round(parity.adapter.mean_abs, 4), "nats", n=parity.adapter.n,
               note=f"the same; largest {parity.adapter.max_abs:.2f}, same first choice"
               f" {parity.adapter.agreement:.1%}"),
        Figure(f"{which}: times the base's own", _times(parity), "x", f"<= {MOST}",
               n=parity.adapter.n),
        Figure(f"{which}: template hash equal", same, "of 1", "== 1", n=1),
    ]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    save(
        "parity",
        f"adapters of {MODEL} trained by LLaMA-Factory (SFT, 60 examples, 2 epochs, rank 8, all linear"
        " layers, one thread), converted by llama.cpp's script: log-probabilities of the served child's"
        " greedy words, against the same weights in torch float32; other work ran on the machine",
        figures,
    )


if __name__ == "__main__":
    main()
