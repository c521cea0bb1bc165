"""`arriero support rehearse TICKETS.csv`: what would have become of a company's past tickets.

The platform is opened over a ledger and a cache that are thrown away afterwards, and every run is a
shadow: nothing is sent, no action is performed, no alert or number of the real ledger changes. The
knowledge, the trained classifier, the directory, the champion, and what people taught since (intents by
example, answers approved for everybody) are the real ones.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from arriero.cli.options import load, settings_options
from arriero.cli.progress import Tell, progress
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from arriero.apps.support.rehearse import Rehearsed, Ticket
    from arriero.assembly import Platform
    from arriero.core.settings import Settings
    from arriero.core.words import Exposure, JsonValue, Variant

APP = "support"
AT_ONCE = 2  # tickets under way: one writes while another is looked up
BATCH = 256  # texts that are compared at once


@click.command()
@click.argument("tickets", metavar="TICKETS.csv", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("rehearsal.html"),
    show_default=True,
    help="The page to write. It holds the tickets: only you may read it.",
)
@click.option(
    "--limit", type=click.IntRange(1), help="Rehearse a random sample of so many tickets."
)
@settings_options
def rehearse(
    tickets: Path, out: Path, limit: int | None, config: Path | None, data: Path | None
) -> None:
    """Answer past tickets without sending anything, and write one page about it.

    The CSV file needs a column question (or text); answer (what a person wrote then), intent and
    customer are used where they are there.
    """
    from arriero.apps.support.rehearse import read  # noqa: PLC0415  # keeps --help fast
    from arriero.apps.support.rehearse_page import About, page, summary  # noqa: PLC0415
    from arriero.assembly import app_settings  # noqa: PLC0415

    settings = load(config, data)
    known = read(_bytes(tickets), tickets.name)  # complains before any model is opened
    _writable(out)
    chosen = _sample(known.rows, limit)
    with progress() as tell:
        done, variant = asyncio.run(_rehearse(settings, chosen, tell))
    about = About(
        tickets.name,
        datetime.now(UTC),
        variant,
        float(getattr(app_settings(settings)[APP], "release_at", 0.7)),
        len(known.rows) if len(chosen) < len(known.rows) else None,
    )
    _write(out, page(done, known, about))
    click.echo(f"{len(done):,} tickets: {summary(done)}.")
    click.echo(f"The page is {out}.")


async def _rehearse(
    settings: Settings, tickets: Sequence[Ticket], progress: Tell
) -> tuple[Sequence[Rehearsed], str]:
    from arriero.assembly import TENANT, open_platform, open_store  # noqa: PLC0415
    from arriero.store.base import ExposureSet, VariantRegistered  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415

    champion, taught = await _real(settings)
    with TemporaryDirectory(prefix="arriero-rehearsal-") as folder:
        apart = _apart(settings, Path(folder))
        async with open_store(apart) as ledger:
            records = SqlRecords(ledger, APP)
            for kind, values in taught.items():
                for id, value in values.items():
                    await records.put(TENANT, kind, id, value)
        async with open_platform(apart) as platform:
            if champion is not None:
                exposure, variants = champion
                now = platform.clock.now()
                registered = (VariantRegistered(variant, now) for variant in variants)
                await platform.ledger.commit(*registered, ExposureSet(exposure, "rehearsal", now))
                await platform.exposures.refresh()
            platform.app(APP)  # complains when a model is missing
            done = await _answered(platform, tickets, progress)
            variant = platform.exposures.variant(APP, None).id
            return await _compared(platform, done, progress), variant


async def _real(
    settings: Settings,
) -> tuple[tuple[Exposure, Sequence[Variant]] | None, Mapping[str, Mapping[str, JsonValue]]]:
    """What the real ledger exposes of the app (None: the settings say it all), and what people taught it."""
    from arriero.apps.support import approved, examples  # noqa: PLC0415
    from arriero.assembly import TENANT, open_store  # noqa: PLC0415
    from arriero.store.records import SqlRecords  # noqa: PLC0415

    there = settings.data.expanduser() / "ledger.db"
    if not settings.store.ledger and not there.exists():
        return None, {}
    async with open_store(settings) as ledger:
        records = SqlRecords(ledger, APP)
        taught = {kind: await records.list(TENANT, kind) for kind in (examples.KIND, approved.KIND)}
        exposure = (await ledger.exposures()).get(APP)
        if exposure is None or exposure.rollout == "baseline":
            return None, taught
        found = [await ledger.variant(share.variant) for share in exposure.shares]
        return (exposure, [one for one in found if one is not None]), taught


def _apart(settings: Settings, folder: Path) -> Settings:
    """The settings with a ledger of its own in `folder`, and with every intent on auto."""
    store = settings.store.model_copy(
        update={"ledger": f"sqlite:///{folder / 'ledger.db'}", "cache": "memory://"}
    )
    section = {**settings.apps.get(APP, {}), "mode": "auto"}
    return settings.model_copy(
        update={"store": store, "apps": {**settings.apps, APP: section}, "webhooks": {}}
    )


async def _answered(
    platform: Platform, tickets: Sequence[Ticket], progress: Tell
) -> Sequence[Rehearsed]:
    from arriero.apps.support.rehearse import rehearsed  # noqa: PLC0415
    from arriero.assembly import TENANT  # noqa: PLC0415
    from arriero.core.words import Mode  # noqa: PLC0415

    slots, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(ticket: Ticket) -> Rehearsed:
        nonlocal done
        async with slots:
            given = {"message": ticket.question, "customer": ticket.customer}
            # Each ticket is a conversation of its own: nothing is remembered from one to the next.
            unit = f"rehearsal-{ticket.row}"
            result = await platform.run(APP, given, actor="rehearse", unit=unit, mode=Mode.SHADOW)
            kept = await platform.ledger.run(TENANT, result.run.id)
            trace = await platform.ledger.trace(kept) if kept is not None else None
            done += 1
            progress("tickets", done, len(tickets))
            return rehearsed(ticket, result.outcome, result.run, trace)

    return await asyncio.gather(*(one(ticket) for ticket in tickets))


async def _compared(
    platform: Platform, done: Sequence[Rehearsed], progress: Tell
) -> Sequence[Rehearsed]:
    """With our answers measured against the human ones, where there are both."""
    from arriero.apps.support.rehearse import compare  # noqa: PLC0415

    found = list(done)
    places = [at for at, one in enumerate(found) if one.ticket.answer and one.draft]
    encoder = await platform.engines.encoder() if places else None
    for start in range(0, len(places), BATCH):
        assert encoder is not None  # noqa: S101  # there is something to compare
        batch = places[start : start + BATCH]
        ours = await encoder.encode([found[at].draft for at in batch])
        human = await encoder.encode([found[at].ticket.answer for at in batch])
        for at, one, other in zip(batch, ours, human, strict=True):
            was = found[at]
            alike = float(one @ other)
            found[at] = replace(was, compared=compare(was.draft, was.ticket.answer, alike))
        progress("comparison", start + len(batch), len(places))
    return found


def _sample(tickets: Sequence[Ticket], limit: int | None) -> Sequence[Ticket]:
    if limit is None or limit >= len(tickets):
        return tickets
    chosen = random.Random(0).sample(range(len(tickets)), limit)  # the same sample every time
    return [tickets[at] for at in sorted(chosen)]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read ({error.strerror})") from None


def _writable(out: Path) -> None:
    """Complain before an hour of work, not after it."""
    if not out.absolute().parent.is_dir():
        raise InputError(f"{str(out.parent)!r} is no folder; make it, or choose another --out")
    if not os.access(out if out.exists() else out.absolute().parent, os.W_OK):
        raise InputError(f"{str(out)!r} cannot be written; choose another --out")


def _write(out: Path, text: str) -> None:
    """For the owner's eyes: tickets hold private data."""
    part = out.with_name(f".{out.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    part.replace(out)
