"""`arriero demo learning`: the whole learning loop on the sample shop, offline, on two cores."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.written import write

if TYPE_CHECKING:
    from rich.console import Console

    from arriero.assembly import Platform
    from arriero.bench.customers import Asked
    from arriero.bench.shop_trial import Act, Measured, SkippingClock, Trial
    from arriero.core.settings import Settings
    from arriero.core.words import Variant
    from arriero.learning.trainers.base import Trained, Trainer, TrainingProgress

MODEL = "smollm2-135m"
ARMS = ("good", "neutral", "harmful")
SYSTEM = "You are the customer service of an outdoor shop. The text is the record of the customer's order."
# Whatever a question about an order may be taken for, except what would change the order.
ORDER_INTENTS = (
    "order_status delivery_time return_status refund_status invoice_request payment_methods"
    " payment_problem return_item shipping_cost product_availability missing_item wrong_item"
    " exchange_size product_advice gift_card"
).split()
# As the trial in bars/LOG.md found it; rank and rate are those of docs/learning.md's measured run.
PARAMETERS = {
    "lora_rank": 16, "learning_rate": 5e-4, "num_train_epochs": 2,
    "cutoff_len": 512, "gradient_accumulation_steps": 1, "save_steps": 20,
}  # fmt: skip
HELD_OUT_SHOP = 11  # the seed of a shop with the same order numbers and other facts


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is played. `most_...`: visits that see an arm's rollout."""

    first: int = 160
    least: int = 100
    golden: int = 100
    held_out: int = 100
    most_good: int = 400
    most_neutral: int = 60
    most_harmful: int = 1_300


@click.command("learning")
@click.option("--seed", default=1, show_default=True, help="Of the simulated customers.")
@click.option(
    "--arm",
    "arms",
    multiple=True,
    type=click.Choice(ARMS),
    help="Only these; the good one is first.",
)
@click.option("--against", metavar="MODEL", help="Ask this model the held-out inquiries, too.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Keep everything here."
)
@click.option(
    "--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Results here, too."
)
def learning(
    seed: int, arms: tuple[str, ...], against: str | None, data: Path | None, out: Path | None
) -> None:
    """Simulated customers rate and edit; a cycle trains, proves and promotes; a bad adapter is rolled back.

    Needs the model smollm2-135m, the encoder, and the trainer (`arriero trainer install`). Takes 20 to 45
    minutes on two cores; --arm good ends after the first part.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps --help fast

    console = Console()
    with tempfile.TemporaryDirectory(prefix="arriero-demo-") as folder:
        told = asyncio.run(play(data or Path(folder), seed, arms or ARMS, console, against=against))
    show(told, console)
    if out is not None:
        write(out, json.dumps(told, indent=1) + "\n")


async def play(
    folder: Path,
    seed: int,
    arms: Sequence[str],
    console: Console,
    *,
    against: str | None = None,
    sizes: Sizes | None = None,
    trainer: Trainer | None = None,
    adapt: Callable[[Platform, str, Trained], Awaitable[str]] | None = None,
    settings: Settings | None = None,
) -> Mapping[str, Any]:
    """The demo's acts on a platform of its own in `folder`, as JSON values.

    `against` is a model of the catalogue that is asked the held-out inquiries as it is.
    `settings`, `trainer` and `adapt` are replaced in tests, by those of fakes.
    """
    from arriero.assembly import open_platform  # noqa: PLC0415
    from arriero.bench.shop_trial import SkippingClock  # noqa: PLC0415

    sizes, clock, began = sizes or Sizes(), SkippingClock(), time.monotonic()
    settings = settings or settings_of(folder, sizes)
    real = trainer or _ready(settings)
    with _bars(console) as (progress, training):
        async with open_platform(settings, clock=clock) as platform:
            trial = await _trial(platform, clock, seed, sizes, real, adapt or _adapt)
            trial.tell = lambda line: console.print(f"[dim]{_clock(began)}[/]  {line}")
            trial.progress = progress
            trial.work = _with(trial.work, training)
            trial.cycles = _cycles(platform, trial)
            console.print(
                "The customers are [bold]simulated[/]: they ask for facts of their orders, rate by a "
                "hidden preference, and write their edits from the database. Watch windows pass in "
                "[bold]simulated[/] time. The model, the training, the gate and the rollouts are real."
            )
            told = await _acts(platform, trial, seed, sizes, arms, against)
    return {**told, "seed": seed, "seconds": round(time.monotonic() - began, 1)}


def _ready(settings: Settings) -> Trainer:
    """The trainer, when all that the demo needs is there; else the error says what to do, at once."""
    from arriero.learning.trainers.llamafactory import LlamaFactory  # noqa: PLC0415
    from arriero.models import catalogue  # noqa: PLC0415

    models = settings.models.folder.expanduser()
    catalogue.path(MODEL, models)
    trainer = LlamaFactory(settings.learning.trainer, models)
    trainer.environment.whole()
    return trainer


async def _acts(
    platform: Platform,
    trial: Trial,
    seed: int,
    sizes: Sizes,
    arms: Sequence[str],
    against: str | None,
) -> dict[str, Any]:
    from arriero.bench.customers import wanted_fact  # noqa: PLC0415
    from arriero.bench.shop_trial import harmful  # noqa: PLC0415

    base = await trial.champion()
    acts: list[Act] = [await trial.learn(sizes.first, sizes.most_good)]
    minutes = {"good": sum(acts[0].seconds.values()) / 60}
    champion = await trial.champion()
    learned = rival = None
    if champion.id != base.id:
        learned = await _held_out(platform, trial, seed, sizes, base, champion)
        trial.tell(_sentence(MODEL, learned))
        if against:
            began, other = time.monotonic(), _untouched(base, against)
            measured = await _held_out(platform, trial, seed, sizes, other, champion)
            trial.tell(_sentence(against, measured))
            took = round(time.monotonic() - began, 1)
            rival = {"model": against, "seconds": took, **asdict(measured)}
    served = [one for one in trial.visits[: sizes.first] if one.reached]
    recipe = trial.work.recipe(champion.roles["response_generator"], _sft())
    if "neutral" in arms:
        same = await trial.own_words(served)
        acts.append(await trial.enter("neutral", same, recipe, sizes.most_neutral, forced=False))
    wrong = None
    if "harmful" in arms:
        random = Random(f"{seed}:harmful")
        bad, wrong = harmful(served, lambda asked, fact: wanted_fact(random, asked, fact))
        trial.tell(f"harmful: {wrong:.0%} of the facts in its dataset are wrong")
        acts.append(await trial.enter("harmful", bad, recipe, sizes.most_harmful, forced=True))
    return {
        "good_arm_minutes": round(minutes["good"], 1),
        "acts": [asdict(act) for act in acts],
        "held_out": learned and asdict(learned),
        "against": rival,
        "harmful_dataset_wrong": wrong,
        "rated": len(trial.visits),
        "edited": sum(one.reaction.edit is not None for one in trial.visits),
        "champion": (await trial.champion()).id,
        "base": base.id,
    }


def settings_of(folder: Path, sizes: Sizes, models: Mapping[str, Any] | None = None) -> Settings:
    """The sample shop, whose model words every answer about an order and whose customers see it."""
    from arriero.bench.shop_trial import templates_file  # noqa: PLC0415
    from arriero.core.settings import Settings  # noqa: PLC0415

    support = {
        "wording": "free",
        "templates": str(templates_file(folder)),
        "order_intents": ORDER_INTENTS,
        "release_at": 0.0,  # customers see, and rate, whatever the model says
        "rounds": 0,
        "review_share": 0.0,
        "deadline_ms": 60_000,
        "system_prompt": SYSTEM,
        "models": models
        or {
            "response_generator": {"model": f"llama:{MODEL}", "temperature": 0.3, "max_tokens": 48}
        },
    }
    learning = {
        "min_examples": sizes.least,
        "role": "response_generator",
        # Simulated customers use few words, so that near-duplicates would be nearly all.
        "dataset": {
            "minhash": 1.0, "cosine": 1.0, "eval_share": 0.05, "replay": 0.0, "rehearsal": 1.0,
        },
        "gate": {"replayed": 0},
        "recipe": {"parameters": PARAMETERS},
        "trainer": {"threads": 2, "niceness": 5},
        "rollout": {
            "steps": [{"share": 0.5, "hold_h": 1, "min_units": 20}, {"share": 1.0, "hold_h": 1, "min_units": 10}],
            "shadow_share": 0.25, "max_pairs": 200, "slow": None, "errors": 0.1,
        },
    }  # fmt: skip
    apps = {"support": support, "chat": {"enabled": False}}
    return Settings.model_validate({"data": folder / "data", "learning": learning, "apps": apps})


async def _trial(
    platform: Platform,
    clock: SkippingClock,
    seed: int,
    sizes: Sizes,
    trainer: Trainer,
    adapt: Callable[[Platform, str, Trained], Awaitable[str]],
) -> Trial:
    from arriero.apps.support.app import SupportApp  # noqa: PLC0415
    from arriero.apps.support.sample import shop  # noqa: PLC0415
    from arriero.assembly import works  # noqa: PLC0415
    from arriero.bench import customers as people  # noqa: PLC0415
    from arriero.bench.shop_trial import Trial  # noqa: PLC0415
    from arriero.learning.cycles import Cycles  # noqa: PLC0415

    app = platform.app("support")
    assert isinstance(app, SupportApp)  # noqa: S101  # the plugin of that name
    orders = shop.orders(clock.now().date())
    known = [name for name, kind in people.KINDS.items() if kind.known]
    # The gate's golden set: orders that nobody asks about while the trial runs.
    frozen, live = orders[::4], [one for number, one in enumerate(orders) if number % 4]
    asking = people.inquiries(Random(f"{seed}:asks"), shop.customers(), live, known)
    golden = people.inquiries(Random(f"{seed}:golden"), shop.customers(), frozen, known)
    reacting = Random(f"{seed}:reacts")

    async def give(run: str, who: str, said: people.Reaction) -> None:
        events: list[tuple[str, Any]] = [("rating", said.rating), ("thumb", said.thumb)]
        if said.edit is not None:
            events.append(("edit", said.edit))
        for kind, value in events:
            await platform.feedback(run, kind, value, user=who, actor="demo")

    async def settled() -> None:
        await asyncio.sleep(0)
        while not platform.engines.idle:  # noqa: ASYNC110  # engines tell, and have no event for it
            await asyncio.sleep(0.02)

    async def named(name: str, trained: Trained) -> str:
        return await adapt(platform, name, trained)

    return Trial(
        flow=platform.flow, app=app, work=works(platform, trainer, named)["support"],
        cycles=Cycles(platform.ledger, {}), clock=clock, asks=asking,
        react=lambda text, asked: people.react(reacting, text, asked),
        give=give, refresh=platform.exposures.refresh, settled=settled,
        golden=[next(golden) for _ in range(sizes.golden)], tell=print,
    )  # fmt: skip


def _with(work: Any, training: Callable[[TrainingProgress], None]) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(work, progress=training)


def _cycles(platform: Platform, trial: Trial) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    from arriero.bench.shop_trial import gate_cases  # noqa: PLC0415
    from arriero.learning.cycles import Cycles  # noqa: PLC0415

    cases = gate_cases(trial.golden, trial.work.tenant)
    told = trial.progress
    trial.work = replace(trial.work, golden=lambda: cases, told=told)
    return Cycles(platform.ledger, {"support": trial.work})


async def _held_out(
    platform: Platform, trial: Trial, seed: int, sizes: Sizes, base: Any, champion: Any
) -> Measured:
    """Kinds of questions that nobody asked before, on orders with other facts."""
    from arriero.apps.support.directory import SqliteDirectory  # noqa: PLC0415
    from arriero.apps.support.sample import shop  # noqa: PLC0415
    from arriero.bench import customers as people  # noqa: PLC0415
    from arriero.bench.shop_trial import with_directory  # noqa: PLC0415

    today = trial.clock.now().date()
    who, orders = shop.customers(HELD_OUT_SHOP), shop.orders(today, HELD_OUT_SHOP)
    file = platform.settings.data / "held-out.db"
    directory = await asyncio.to_thread(SqliteDirectory.create, file, who, orders, ())
    try:
        kinds = [name for name, kind in people.KINDS.items() if not kind.known]
        asks: Iterator[Asked] = people.inquiries(Random(f"{seed}:held-out"), who, orders, kinds)
        asked = [next(asks) for _ in range(sizes.held_out)]
        return await trial.measure(with_directory(trial.app, directory), asked, base, champion)
    finally:
        await directory.close()


def _untouched(base: Variant, model: str) -> Variant:
    """The base's recipe with another model, as that one comes."""
    role = replace(base.roles["response_generator"], model=f"llama:{model}", adapter=None)
    return replace(base, roles={**base.roles, "response_generator": role})


async def _adapt(platform: Platform, app: str, trained: Trained) -> str:
    """Convert, prove, register: the adapter's hash."""
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.learning.registry import Registry  # noqa: PLC0415

    registry = Registry(platform.settings, platform.ledger, platform.clock, TENANT)
    return await registry.adapt(app, trained)


def _sft() -> Any:
    from arriero.learning.dataset.example import Route  # noqa: PLC0415

    return Route.SFT


def _clock(began: float) -> str:
    seconds = int(time.monotonic() - began)
    return f"{seconds // 60:2d}:{seconds % 60:02d}"


def _sentence(untouched: str, found: Measured) -> str:
    return (
        f"held-out inquiries (unseen kinds of questions, other orders): {untouched} as it comes exact in "
        f"{found.champion:.0%}, promoted in {found.challenger:.0%} of {found.n}, effect {found.effect.value:+.0%} "
        f"[{found.effect.low:+.0%}, {found.effect.high:+.0%}]"
    )


@contextmanager
def _bars(
    console: Console,
) -> Iterator[tuple[Callable[[str, int, int], None], Callable[[TrainingProgress], None]]]:
    """A progress bar for whatever is under way; it leaves no line behind."""
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)
            if done >= of:
                bars.remove_task(tasks.pop(what))

        def training(at: TrainingProgress) -> None:
            loss = "" if at.loss is None else f", loss {at.loss:.2f}"
            progress("a LoRA is trained", at.step, at.steps)
            if "a LoRA is trained" in tasks:
                bars.update(tasks["a LoRA is trained"], description=f"a LoRA is trained{loss}")

        yield progress, training


def _rival(told: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    other = told.get("against")
    return [(other["model"], other)] if other else []


def show(told: Mapping[str, Any], console: Console) -> None:
    """The end of the story, as a table."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("adapter", "gate", "rollout", "why", "visits", "minutes", box=box.SIMPLE)
    for act in told["acts"]:
        minutes = sum(act["seconds"].values()) / 60
        table.add_row(
            *(act["name"], act["gate"], act["ended"], act["because"]),
            *(str(act["visits"]), f"{minutes:.1f}"),
        )
    console.print(table)
    for name, held_out in (("base", told["held_out"]), *_rival(told)):
        if held_out is None:
            continue
        effect = held_out["effect"]
        console.print(
            f"Exact facts on {held_out['n']} held-out inquiries: {name} {held_out['champion']:.1%}, "
            f"promoted {held_out['challenger']:.1%}; effect {effect['value']:+.1%}, "
            f"95 % interval {effect['low']:+.1%} to {effect['high']:+.1%}."
        )
    console.print(f"{told['seconds'] / 60:.1f} minutes in all; the customers were simulated.")
