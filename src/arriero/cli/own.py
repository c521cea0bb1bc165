"""`arriero models adopt` and `arriero learn start --yaml`: bring an adapter, or what trains one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arriero.core.settings import Settings
    from arriero.learning.adopt import Adopted

ROLE = "response_generator"
ACTOR = "cli"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--app", default="support", show_default=True, help="Whose challenger it becomes.")
@click.option("--role", default=ROLE, show_default=True, help="The role that it plays.")
@click.option("--base", help="Its base's catalogue name, when the folder does not say it.")
@click.option("--template", help="LLaMA-Factory's name of the chat template it was trained with.")
@settings_options
def adopt(
    folder: Path,
    app: str,
    role: str,
    base: str | None,
    template: str | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Take the LLaMA-Factory output in FOLDER (adapter or merged) and register a challenger with it."""
    from arriero.models.progress import Bar  # noqa: PLC0415  # keeps --help fast

    with Bar() as progress:
        made = asyncio.run(_adopt(load(config, data), folder, app, role, base, template, progress))
    say(made)


async def _adopt(
    settings: Settings,
    folder: Path,
    app: str,
    role: str,
    base: str | None,
    template: str | None,
    progress: object,
) -> Adopted:
    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415
    from arriero.learning.adopt import adopt as take  # noqa: PLC0415
    from arriero.learning.registry import Registry  # noqa: PLC0415

    async with open_platform(settings) as platform:
        platform.app(app)
        registry = Registry(platform.settings, platform.ledger, platform.clock, TENANT)
        champion = platform.exposures.variant(app, None)
        return await take(
            folder, registry, champion, role,
            progress=progress,  # type: ignore[arg-type]  # a Bar, whose import costs 0.1 s
            actor=ACTOR, base=base, template=template,
        )  # fmt: skip


def train(settings: Settings, yaml: Path, dataset: Path, app: str, role: str) -> Adopted:
    """Train the user's own files with a bar on the terminal; see `learning.adopt.train_own`."""
    return asyncio.run(_train(settings, yaml, dataset, app, role))


async def _train(settings: Settings, yaml: Path, dataset: Path, app: str, role: str) -> Adopted:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from arriero.assembly import TENANT, open_platform  # noqa: PLC0415
    from arriero.learning.adopt import train_own  # noqa: PLC0415
    from arriero.learning.registry import Registry  # noqa: PLC0415
    from arriero.learning.trainers.llamafactory import LlamaFactory  # noqa: PLC0415

    async with open_platform(settings) as platform:
        platform.app(app)
        registry = Registry(platform.settings, platform.ledger, platform.clock, TENANT)
        trainer = LlamaFactory(platform.settings.learning.trainer, registry.models)
        champion = platform.exposures.variant(app, None)
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("training", total=None)
            return await train_own(
                yaml, dataset, registry, trainer, champion, role, actor=ACTOR,
                progress=lambda told: bar.update(
                    task, total=told.steps, completed=told.step,
                    description="training" if told.loss is None else f"loss {told.loss:.3f}",
                ),
            )  # fmt: skip


def say(made: Adopted) -> None:
    """What was registered, and what to do with it."""
    body: Mapping[str, object] = made.artefact.body
    click.echo(f"adapter {made.artefact.id}")
    click.echo(f"base {body['base']} ({body['licence']}); {_parity(body)}")
    click.echo(f"challenger {made.variant.id}")
    click.echo(f"try it: arriero rollout start {made.variant.id}")


def _parity(body: Mapping[str, object]) -> str:
    parity = body["parity"]
    assert isinstance(parity, dict)  # noqa: S101 - registry.carded wrote it
    own, served = parity["base"]["mean_abs"], parity["adapter"]["mean_abs"]
    return f"served as trained: {served:.3f} nats apart, the base {own:.3f}"
