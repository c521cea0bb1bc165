"""Builds the support app of its settings and the platform's parts."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from arriero.apps.support import articles, templates
from arriero.apps.support.app import SupportApp
from arriero.apps.support.directory import CustomerDirectory, SqliteDirectory
from arriero.apps.support.door import door
from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SupportSettings
from arriero.core.errors import InputError
from arriero.flow import Parts, Plugin
from arriero.retrieval.base import Passage


async def open_support(settings: SupportSettings, parts: Parts) -> SupportApp:
    """Articles into the index, templates and directory opened: ready to be asked."""
    known = await asyncio.to_thread(articles.load, settings.articles)
    return SupportApp(
        settings=settings,
        directory=await asyncio.to_thread(_directory, settings.directory, parts),
        index=await parts.open_index(passages_of(known)),
        answers=templates.by_intent(await asyncio.to_thread(templates.load, settings.templates)),
        ledger=parts.ledger,
        clock=parts.clock,
    )


def passages_of(known: Sequence[articles.Article]) -> tuple[Passage, ...]:
    """What of the articles can be found and cited: their paragraphs, with the article's dates."""
    return tuple(
        Passage(
            id=f"{article.id}#{at}",
            document=article.id,
            title=article.title,
            text=text,
            valid_from=article.valid_from,
            valid_until=article.valid_until,
            labels=article.intents,
        )
        for article in known
        for at, text in enumerate(articles.passages(article), start=1)
    )


def _directory(url: str, parts: Parts) -> CustomerDirectory:
    """`sqlite:///FILE` is the company's own; `sample:` makes the fictional shop, fresh every day."""
    if url != "sample:":
        return SqliteDirectory(Path(url.removeprefix("sqlite:///")))
    today = parts.clock.now().date()
    file = parts.folder / f"shop-{today.isoformat()}.db"
    parts.folder.mkdir(parents=True, exist_ok=True)
    return SqliteDirectory.create(file, shop.customers(), shop.orders(today))


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


plugin = Plugin(
    name="support",
    settings=SupportSettings,
    open=open_support,
    heads=_heads,
    labels=_labels,
    cached=lambda settings: {"intent_classifier": settings.intent_cache_s},
    door=door,
)
