"""Builds the support app of its settings and the platform's parts."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path

from arriero.apps.support import articles, policy, quality, templates
from arriero.apps.support.app import SupportApp
from arriero.apps.support.confirm import Confirmations
from arriero.apps.support.directory import CustomerDirectory, SqliteDirectory
from arriero.apps.support.directory_http import Breaker, HttpDirectory
from arriero.apps.support.door import door
from arriero.apps.support.handover import Rules
from arriero.apps.support.inbox import HandOvers
from arriero.apps.support.knowledge import KnowledgeSource, Store
from arriero.apps.support.memory import Memory
from arriero.apps.support.modes import Mode, Modes
from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.told import KeptInVault
from arriero.apps.support.tools import Tools
from arriero.core.desk import Desk
from arriero.core.errors import InputError
from arriero.flow import AnyApp, Parts, Plugin
from arriero.retrieval.live import LiveIndex


async def open_support(settings: SupportSettings, parts: Parts) -> SupportApp:
    """Articles into the index, templates, policy and directory opened: ready to be asked."""
    known = await asyncio.to_thread(articles.load, settings.articles)
    source = KnowledgeSource(Store(parts.folder / "knowledge"), known)
    directory = await asyncio.to_thread(_directory, settings, parts)
    told = KeptInVault(parts.vaults, parts.records, parts.reveal)
    rules = Rules.of(settings.hours.table, settings.hand_over)
    tools = Tools(
        directory,
        Confirmations(parts.records, parts.clock),
        await asyncio.to_thread(policy.load, settings.policy),
        parts.ledger,
        parts.clock,
    )
    return SupportApp(
        settings=settings,
        directory=directory,
        index=await LiveIndex.open(source, parts.open_index),
        answers=templates.by_intent(await asyncio.to_thread(templates.load, settings.templates)),
        handovers=HandOvers(parts.ledger, parts.records, parts.clock, rules, told),
        tools=tools,
        memory=Memory(parts.records, parts.clock),
        modes=Modes(parts.records, parts.clock, Mode(settings.mode)),
        checks=quality.checks((one.text for one in known), await parts.encoder()),
        reveal=parts.reveal,
    )


def _directory(settings: SupportSettings, parts: Parts) -> CustomerDirectory:
    """`sqlite:///FILE` and `https://...` are the company's own; `sample:` makes the fictional shop,
    fresh every day.
    """
    url = settings.directory
    if url.startswith("http"):
        breaker = Breaker(parts.clock)
        return HttpDirectory.from_environment(url, settings.directory_key, breaker=breaker)
    if url != "sample:":
        return SqliteDirectory(Path(url.removeprefix("sqlite:///")))
    today = parts.clock.now().date()
    file = parts.folder / f"sample-shop-{today.isoformat()}.db"
    parts.folder.mkdir(parents=True, exist_ok=True)
    return SqliteDirectory.create(file, shop.customers(), shop.orders(today), shop.tickets(today))


def _labels_of(file: Path) -> tuple[str, ...]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            return tuple(sorted({row["label"] for row in csv.DictReader(lines)}))
    except (OSError, KeyError) as error:
        raise InputError(
            f"{str(file)!r} must be a CSV file with columns text,label: {error}"
        ) from None


def _heads(settings: SupportSettings) -> Mapping[str, Path]:
    """The heads that a role is bound to: another model at that role needs no training here."""
    files = {"support-intents": settings.intents, "support-sentiment": settings.sentiment}
    bound = {getattr(settings.models, role).model for role in type(settings.models).model_fields}
    return {name: file for name, file in files.items() if f"head:{name}" in bound}


def _labels(settings: SupportSettings) -> Mapping[str, tuple[str, ...]]:
    return {
        "intent_classifier": _labels_of(settings.intents),
        "sentiment_analyzer": _labels_of(settings.sentiment),
    }


def _desk(app: AnyApp) -> Desk:
    assert isinstance(app, SupportApp)  # noqa: S101  # what `open_support` gave
    return app.handovers


plugin = Plugin(
    name="support",
    settings=SupportSettings,
    open=open_support,
    heads=_heads,
    labels=_labels,
    cached=lambda settings: {"intent_classifier": settings.intent_cache_s},
    door=door,
    desk=_desk,
)
