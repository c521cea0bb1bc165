"""`arriero finance rules` and `arriero finance withdraw`: what the gate asks, and taking back what it let through.

They write tasks of the ledger, so they work whether a server runs or not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options, user

if TYPE_CHECKING:
    from arriero.apps.finance.compliance.pack import Pack
    from arriero.apps.finance.compliance.rulebook import Rulebook
    from arriero.core.desk import Verb
    from arriero.core.settings import Settings
    from arriero.core.words import Task


@click.command()
@click.argument("rule", required=False)
@click.argument("change", metavar="[off|on|LIMIT=VALUE]", required=False)
@click.option("--reason", default="", help="Why it is changed, or rejected.")
@click.option(
    "--approve",
    metavar="TASK",
    help="Approve what somebody else asked for: a change, or an analysis.",
)
@click.option("--reject", metavar="TASK", help="Reject it, with a reason.")
@click.option("--actor", help="Who says so (default: the user of this machine).")
@click.option("--json", "as_json", is_flag=True, help="Print the rules as JSON.")
@settings_options
def rules(
    rule: str | None,
    change: str | None,
    reason: str,
    approve: str | None,
    reject: str | None,
    actor: str | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show the compliance rules, or ask for a change of one; a second person approves it.

    Every rule has its text, citation, limits, version, last change and who made it.
    """
    settings, who = load(config, data), actor or user()
    if approve or reject:
        verb: Verb = "resolve" if approve else "return"
        task = asyncio.run(_decide(settings, approve or reject or "", verb, who, reason))
        click.echo(f"{task.payload['reason']}: {task.state} by {task.actor}")
    elif rule and change:
        task = asyncio.run(_propose(settings, rule, change, reason, who))
        click.echo(
            f"asked for by {who}; somebody else approves it: arriero finance rules --approve {task.id}"
        )
    else:
        pack = asyncio.run(_pack(settings))
        if rule:
            pack.rule(rule)
        click.echo(
            json.dumps(_rows(pack, rule), indent=2, default=str) if as_json else _told(pack, rule)
        )


@click.command()
@click.argument("run")
@click.option("--reason", required=True, help="Why; readers are told.")
@click.option("--actor", help="Who says so (default: the user of this machine).")
@settings_options
def withdraw(
    run: str, reason: str, actor: str | None, config: Path | None, data: Path | None
) -> None:
    """Take back what RUN published: it is marked wherever the run is shown, for good."""
    task = asyncio.run(_withdraw(load(config, data), run, reason, actor or user()))
    click.echo(f"{run}: withdrawn by {task.actor}: {task.payload['reason']}")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Rulebook]:
    """The rulebook over this data folder's ledger, without apps and models."""
    from arriero.apps.finance.compliance.rulebook import Rulebook  # noqa: PLC0415  # keeps --help fast
    from arriero.assembly import open_store  # noqa: PLC0415
    from arriero.core.clock import SystemClock  # noqa: PLC0415

    async with open_store(settings) as ledger:
        yield Rulebook(ledger, SystemClock())


async def _pack(settings: Settings) -> Pack:
    from arriero.assembly import TENANT  # noqa: PLC0415

    async with _opened(settings) as book:
        return await book.pack(TENANT)


async def _propose(settings: Settings, rule: str, change: str, reason: str, actor: str) -> Task:
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.core.errors import InputError  # noqa: PLC0415

    what, given, number = change.partition("=")
    try:
        value = float(number) if given else None
    except ValueError:
        raise InputError(f"{number!r} is no number; write {what}=0.2", param="change") from None
    async with _opened(settings) as book:
        return await book.propose(TENANT, rule, what.strip(), value, reason=reason, actor=actor)


async def _decide(settings: Settings, task: str, verb: Verb, actor: str, text: str) -> Task:
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.cli.finance_archive import opened  # noqa: PLC0415
    from arriero.core.desk import Act  # noqa: PLC0415

    async with opened(settings) as releases:
        return await releases.act(TENANT, task, Act(verb, actor, text))


async def _withdraw(settings: Settings, run: str, reason: str, actor: str) -> Task:
    from arriero.assembly import TENANT  # noqa: PLC0415

    async with _opened(settings) as book:
        return await book.withdraw(TENANT, run, reason=reason, actor=actor)


def _rows(pack: Pack, only: str | None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for rule in pack.rules:
        if only not in {None, rule.id}:
            continue
        last = next((one for one in reversed(pack.changes) if one.rule == rule.id), None)
        found.append(
            {
                "id": rule.id,
                "title": rule.title,
                "text": rule.text,
                "citation": rule.citation,
                "profiles": list(rule.profiles),
                "severity": rule.severity,
                "limits": dict(rule.limits),
                "state": "off" if rule.off else "on",
                "version": pack.version,
                "last_change": last.at.isoformat() if last else rule.since.isoformat(),
                "actor": f"{last.proposer}, {last.approver}" if last else "Arriero",
                "reason": last.reason if last else "as shipped",
            }
        )
    return found


def _told(pack: Pack, only: str | None) -> str:
    lines = [f"rule pack {pack.version[:16]}, {len(pack.changes)} changes in force"]
    for row in _rows(pack, only):
        limits = ", ".join(f"{name} = {value:g}" for name, value in dict(row["limits"]).items())  # type: ignore[call-overload]
        lines += [
            "",
            f"{row['id']}  {row['title']} ({row['state']}, {row['severity']})",
            f"     {row['text']}",
            f"     {row['citation']}",
            f"     for {', '.join(row['profiles'])}" + (f"; {limits}" if limits else ""),  # type: ignore[arg-type]
            f"     last change {str(row['last_change'])[:10]} by {row['actor']}: {row['reason']}",
        ]
    return "\n".join(lines)
