"""`arriero rollout ...`: how a challenger's exposure grows, and what a person does about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from arriero.cli.lazy import lazily
from arriero.cli.options import load, reading, settings_options, user

if TYPE_CHECKING:
    from arriero.core.settings import Settings
    from arriero.learning.rollouts import Rollouts, Verb

T = TypeVar("T")
COMMANDS = {
    "list": ("rollout", "listed", "Rollouts, newest first."),
    "show": ("rollout", "show", "One rollout: what was counted, what it waits for."),
    "start": ("rollout", "start", "Let a variant challenge its app's champion."),
    "pause": ("rollout", "pause", "Keep the share; harm still ends it."),
    "resume": ("rollout", "resume", "Go on; the present step begins anew."),
    "promote": ("rollout", "promote", "To every unit at once, proved or not."),
    "abort": ("rollout", "abort", "Every unit back to the champion."),
}


@click.group(cls=lazily(COMMANDS))
def rollout() -> None:
    """Expose a challenger step by step; each change is in the audit log with who made it."""


@click.command("list")
@click.option("--app", help="Only this app's.")
@settings_options
def listed(app: str | None, config: Path | None, data: Path | None) -> None:
    """Rollouts, the one that moved last first."""
    from arriero.learning.rollouts import brief  # noqa: PLC0415  # keeps --help fast

    found = _with(config, data, lambda it: it.all(app=app))
    for one in found:
        _say(brief(one))
    if not found:
        click.echo("no rollout yet; `arriero rollout start VARIANT` begins one")


@click.command()
@click.argument("id")
@settings_options
def show(id: str, config: Path | None, data: Path | None) -> None:
    """What was counted of a rollout, and what it waits for."""
    from arriero.core.clock import SystemClock  # noqa: PLC0415  # keeps --help fast
    from arriero.learning.experiment.findings import judge_arms, judge_pairs  # noqa: PLC0415
    from arriero.learning.rollout import COST, carries, holds  # noqa: PLC0415
    from arriero.learning.rollouts import brief  # noqa: PLC0415

    looked = _with(config, data, lambda it: it.get(id))
    one, seen = looked.rollout, looked.evidence
    pairs = one.before + seen.pairs
    paired, rated = judge_pairs(pairs, one.plan.level), judge_arms(seen.ratings, one.carried)
    _say(brief(one))
    click.echo(f"  waits for   {holds(one, seen, SystemClock().now())}")
    click.echo(
        f"  pairs       {paired.says}: {pairs.wins} won, {pairs.losses} lost, {pairs.ties} tied; "
        f"win rate {paired.effect:.2f} ({paired.interval.low:.2f} to {paired.interval.high:.2f})"
    )
    click.echo(
        f"  ratings     {rated.says}: n {rated.n}, effect {rated.effect:+.3f}, "
        f"would have seen {rated.detectable:.3f}"
    )
    if one.carried:
        click.echo(f"  carried     {carries(one)}")
    for name, it in seen.guards.items():
        told = f"{it.challenger.bad} of {it.challenger.n} runs"
        if name == COST:
            told = f"{it.interval.low:+.0%} to {it.interval.high:+.0%} of what a run usually costs"
        click.echo(f"  {name:<11} {it.standing}: {told}")
    click.echo(f"  compared    {seen.reached} of {seen.runs} runs reach the changed part")


@click.command()
@click.argument("variant")
@click.option("--force", is_flag=True, help="Into the canary at once, though no gate passed it.")
@click.option("--because", default="", help="Why; needed with --force. The audit log keeps it.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), help="One step of this share.")
@click.option("--actor", help="Who does it (default: the user of this machine).")
@settings_options
def start(
    variant: str,
    force: bool,
    because: str,
    share: float | None,
    actor: str | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Let VARIANT, which the ledger knows, challenge its app's champion."""
    from arriero.cli.local import running  # noqa: PLC0415  # keeps --help fast

    if force and not because.strip():
        raise click.UsageError("--force needs --because: say why no gate has to pass this variant")
    settings, who = load(config, data), actor or user()
    asked = {"variant": variant, "because": because, "force": force, "share": share, "by": who}
    server = running(settings)
    if server is not None:
        _say(server.ask("POST", "/v1/rollouts", asked))
        return
    _say(asyncio.run(_begun(settings, asked)))


async def _begun(settings: Settings, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The platform is opened for the app's own checks: they are among the guardrails."""
    from arriero.assembly import open_platform  # noqa: PLC0415  # keeps --help fast
    from arriero.learning.rollouts import brief  # noqa: PLC0415

    async with open_platform(settings) as platform:
        return brief(
            await platform.rollouts.ask(
                asked["variant"],
                actor=asked["by"],
                because=asked["because"],
                forced=asked["force"],
                share=asked["share"],
            )
        )


def _acting(verb: Verb, does: str) -> click.Command:
    @click.command(verb, help=does)
    @click.argument("id")
    @click.option("--actor", help="Who does it (default: the user of this machine).")
    @settings_options
    def act(id: str, actor: str | None, config: Path | None, data: Path | None) -> None:
        from arriero.learning.rollouts import brief  # noqa: PLC0415  # keeps --help fast

        _say(brief(_with(config, data, lambda it: it.act(id, verb, actor or user()))))

    return act


pause = _acting("pause", "Keep the share as it is; harm still ends the rollout.")
resume = _acting("resume", "Go on; the present step begins anew.")
promote = _acting("promote", "Give every unit the challenger at once, proved or not.")
abort = _acting("abort", "Give every unit back to the champion.")


def _with(config: Path | None, data: Path | None, work: Callable[[Rollouts], Awaitable[T]]) -> T:
    """Run `work` on the ledger of these settings; a server that runs reads it within a second."""
    from arriero.assembly import open_store  # noqa: PLC0415  # keeps --help fast
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.learning.rollouts import Rollouts  # noqa: PLC0415

    settings = reading(config, data)

    async def run() -> T:
        async with open_store(settings) as ledger:
            return await work(Rollouts(ledger, SystemClock(), settings.learning.rollout))

    return asyncio.run(run())


def _say(told: Mapping[str, Any]) -> None:
    marks = [name for name in ("paused", "forced", "proved") if told[name]]
    click.echo(
        f"{told['id']}  {told['app']}  {told['state']}  {told['share']:.0%} of units  {' '.join(marks)}\n"
        f"  {told['challenger']} against {told['champion']}: {told['because']}"
    )
