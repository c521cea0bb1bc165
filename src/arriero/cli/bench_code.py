"""`arriero bench code`: problems solved by a model alone and by the pipeline with it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arriero.cli.bench import json_option, show
from arriero.cli.options import load, settings_options
from arriero.cli.progress import Tell, progress
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.bench.code import Trial
    from arriero.bench.problems import Problem
    from arriero.bench.report import Metric
    from arriero.core.settings import Settings

MODEL = "qwen2.5-coder-0.5b"
MOST_DRAFTS = 16  # that one problem has under way at most ([apps.codegen] samples)
MODES = ("bare", "pipeline", "both")


@dataclass(frozen=True, slots=True)
class Task:
    """Which writers are measured with which model, and where what they write is kept (None: nowhere)."""

    model: str
    mode: str
    seed: int = 0
    keep: Path | None = None
    at_once: int = 1
    best_of_n: bool = True

    @property
    def url(self) -> str:
        return self.model if ":" in self.model else f"llama:{self.model}"


def trial_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `bench code` and `bench repair` share."""
    for option in reversed(
        (
            click.option(
                "--model",
                default=MODEL,
                show_default=True,
                help="A catalogue name or an engine URL.",
            ),
            click.option(
                "--mode",
                type=click.Choice(MODES),
                default="both",
                show_default=True,
                help="The model alone, the pipeline with it, or both and the difference.",
            ),
            click.option(
                "--limit", type=click.IntRange(min=1), help="Only the first so many problems."
            ),
            click.option(
                "--at-once",
                type=click.IntRange(1, 64),
                default=1,
                show_default=True,
                help="Problems under way together; with more than one no times are told.",
            ),
            click.option(
                "--best-of-n/--no-best-of-n",
                default=True,
                show_default=True,
                help="With both: the model sampled at the pipeline's tokens as well.",
            ),
            click.option("--seed", default=0, show_default=True, help="The pipeline's seed."),
            click.option(
                "--keep",
                type=click.Path(path_type=Path, dir_okay=False),
                help="JSONL of what was written; given again, the run goes on where it ended.  [default: in the data folder]",
            ),
        )
    ):
        command = option(command)
    return command


@click.command()
@click.option(
    "--problems",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSONL in HumanEval's or MBPP's format, or of multi-part tasks.",
)
@trial_options
@json_option
@settings_options
def code(
    problems: Path,
    model: str,
    mode: str,
    limit: int | None,
    at_once: int,
    best_of_n: bool,
    seed: int,
    keep: Path | None,
    out: Path | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Problems solved at the first try, tokens and time; hidden tests run in the sandbox and only score."""
    from arriero.bench.problems import read_problems  # noqa: PLC0415  # keeps --help fast

    settings, asked = load(config, data), read_problems(problems)[:limit]
    task = Task(model, mode, seed, keep or kept_in(settings, "code", problems), at_once, best_of_n)
    tell_and_show("code", problems, task, out, lambda tell: measured(settings, asked, task, tell))


def kept_in(settings: Settings, bench: str, problems: Path) -> Path:
    """Where what was written is kept unless another place is named."""
    return settings.data.expanduser() / "bench" / f"{bench}-{problems.stem}.jsonl"


def tell_and_show(
    bench: str,
    problems: Path,
    task: Task,
    out: Path | None,
    measure: Callable[[Tell], Any],
) -> None:
    """Run the evaluation under a bar, then print its numbers with model and seed."""
    from arriero.bench.report import report  # noqa: PLC0415

    with progress() as tell:
        results = asyncio.run(measure(tell))
    click.echo(f"model {task.url}, seed {task.seed}; what was written: {task.keep}")
    told = report(bench, [problems], results)
    more = {"model": task.url, "mode": task.mode, "seed": str(task.seed)}
    show(replace(told, environment={**told.environment, **more}), out)


async def measured(
    settings: Settings, problems: Sequence[Problem], task: Task, tell: Tell
) -> Mapping[str, Metric]:
    """The metrics of a task on problems."""
    async with opened(settings, task, tell) as trial:
        return await trial.run(problems)


@asynccontextmanager
async def opened(
    settings: Settings, task: Task, tell: Tell = lambda what, done, of: None
) -> AsyncIterator[Trial]:
    """The writers of `task` and the sandbox that scores them.

    The pipeline runs on a data folder of its own, which is thrown away, and without its cache of answers.
    Raises `InputError` when there is no sandbox.
    """
    from arriero.apps.codegen.sandbox.open import open_sandbox  # noqa: PLC0415
    from arriero.bench.bare import Bare  # noqa: PLC0415
    from arriero.bench.code import Trial  # noqa: PLC0415
    from arriero.bench.kept import Kept  # noqa: PLC0415
    from arriero.bench.pipeline import Pipeline  # noqa: PLC0415
    from arriero.core.words import RoleBinding  # noqa: PLC0415
    from arriero.models.engines import Engines  # noqa: PLC0415
    from arriero.store.cache import MemoryCache  # noqa: PLC0415

    kept = Kept(task.keep)
    # Problems side by side queue at the embedded model, and nobody else is there to be turned away.
    waits = max(settings.models.max_waiting, MOST_DRAFTS * task.at_once)
    queue = settings.models.model_copy(update={"max_waiting": waits})
    settings = settings.model_copy(update={"models": queue})
    async with AsyncExitStack() as stack:
        probed = await stack.enter_async_context(open_sandbox())
        if not probed.sound:
            raise InputError(f"{probed.told}; {probed.remedy}")
        bare = pipeline = None
        if task.mode != "pipeline":
            engines = Engines(settings, MemoryCache())
            stack.push_async_callback(engines.close)
            bare = Bare(engines.generator(RoleBinding(task.url, drafting=False)))
        if task.mode != "bare":
            pipeline = Pipeline(*await stack.enter_async_context(_codegen(settings, task.url)))
        yield Trial(
            task.url,
            probed.sandbox,
            kept,
            bare,
            pipeline,
            task.seed,
            tell,
            at_once=task.at_once,
            best_of_n=task.best_of_n,
        )


@asynccontextmanager
async def _codegen(settings: Settings, model: str) -> AsyncIterator[tuple[Any, Any]]:
    """The flow and the app `codegen` alone, on `model`."""
    from arriero.assembly import open_platform, plugins  # noqa: PLC0415

    own = dict(settings.apps.get("codegen", {}))
    roles = dict(own.get("models", {}))
    roles["writer"] = {**dict(roles.get("writer", {})), "model": model}
    own |= {"models": roles, "response_cache_s": 0}
    others = {name: {"enabled": False} for name in plugins() if name != "codegen"}
    with tempfile.TemporaryDirectory(prefix="arriero-bench-") as folder:
        changed = {"data": Path(folder), "apps": {**others, "codegen": own}}
        async with open_platform(settings.model_copy(update=changed)) as platform:
            yield platform.flow, platform.app("codegen")
