"""`arriero feedback RUN`: say what became of an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arriero.cli.options import reading, settings_options
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.core.settings import Settings
    from arriero.core.words import JsonValue

YES_OR_NO = click.Choice(["yes", "no"])


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--thumb", type=click.Choice(["up", "down"]), help="Good or bad.")
@click.option("--rating", type=click.IntRange(1, 5), help="1 (bad) to 5 (good).")
@click.option(
    "--edit", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="A file with the better answer; - reads it from stdin.",
)  # fmt: skip
@click.option("--comment", help="A remark.")
@click.option("--resolved", type=YES_OR_NO, help="Was the matter settled?")
@click.option("--recontact", type=YES_OR_NO, help="Did they come back about the same matter?")
@click.option(
    "--label", "labels", multiple=True, metavar="NAME=VALUE",
    help="What should have been understood, such as intent=refund. Several may be given.",
)  # fmt: skip
@click.option("--user", help="The person who says so; kept as a pseudonym.")
@settings_options
def feedback(
    run_id: str,
    thumb: str | None,
    rating: int | None,
    edit: Path | None,
    comment: str | None,
    resolved: str | None,
    recontact: str | None,
    labels: tuple[str, ...],
    user: str | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Say what became of RUN: a thumb, a rating, a better answer, ...

    Late feedback is welcome: it finds its run however old that is.
    """
    given: dict[str, JsonValue] = {}
    if thumb:
        given["thumb"] = thumb == "up"
    if rating:
        given["rating"] = rating
    if edit:
        given["edit"] = _read(edit)
    if resolved:
        given["resolved"] = resolved == "yes"
    if recontact:
        given["recontact"] = recontact == "yes"
    if labels:
        given["label"] = dict(_named(label) for label in labels)
    if comment and not given:
        given["comment"], comment = comment, None
    if not given:
        raise InputError("say something of the run, such as --thumb up or --rating 4")
    for id in _give(reading(config, data), run_id, given, comment, user):
        click.echo(id)


def _read(file: Path) -> str:
    try:
        with click.open_file(str(file), encoding="utf-8") as lines:
            return str(lines.read()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a text in UTF-8") from None


def _named(label: str) -> tuple[str, str]:
    name, equals, value = label.partition("=")
    if not equals:
        raise InputError(f"{label!r} is no label; write NAME=VALUE, such as intent=refund")
    return name.strip(), value.strip()


def _give(
    settings: Settings,
    run: str,
    given: dict[str, JsonValue],
    comment: str | None,
    user: str | None,
) -> list[str]:
    """The ids of the feedback; through the server when one runs over this data folder."""
    from arriero.cli.local import running  # noqa: PLC0415  # keeps --help fast

    if server := running(settings):
        return [
            str(server.ask("POST", "/v1/feedback", {
                "run_id": run, "kind": kind, "value": value, "comment": comment, "user": user,
            })["feedback_id"])
            for kind, value in given.items()
        ]  # fmt: skip
    return asyncio.run(_here(settings, run, given, comment, user))


async def _here(
    settings: Settings,
    run: str,
    given: dict[str, JsonValue],
    comment: str | None,
    user: str | None,
) -> list[str]:
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415  # keeps --help fast
    from arriero.core.clock import SystemClock  # noqa: PLC0415
    from arriero.learning.give import Ear, Said  # noqa: PLC0415
    from arriero.security.masking import PatternMasker  # noqa: PLC0415
    from arriero.security.vault import SealedVaults, Sealer, vault_key  # noqa: PLC0415
    from arriero.store.base import FeedbackGiven  # noqa: PLC0415
    from arriero.store.sealed import SqlSealed  # noqa: PLC0415

    async with open_store(settings) as ledger:
        sealer = Sealer(vault_key(settings.data.expanduser()))
        vaults = SealedVaults(SqlSealed(ledger), sealer)
        ear = Ear(ledger, vaults, PatternMasker(), sealer, SystemClock())
        taken = [
            await ear.take(Said(run, kind, value, comment, user), tenant=TENANT, actor="cli")
            for kind, value in given.items()
        ]
        await ledger.commit(*(FeedbackGiven(one) for one in taken), durable=True)
    return [one.id for one in taken]
