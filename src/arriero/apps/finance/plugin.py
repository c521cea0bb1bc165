"""Builds the finance app of its settings and the platform's parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from arriero.apps.finance.app import HEAD, READER, FinanceApp
from arriero.apps.finance.archive import Analyses
from arriero.apps.finance.compliance.rulebook import Rulebook
from arriero.apps.finance.door import door
from arriero.apps.finance.evidence.base import Bar, Bundle, Part
from arriero.apps.finance.evidence.failover import Answer, ask
from arriero.apps.finance.evidence.freeze import freeze
from arriero.apps.finance.evidence.kept import Copies
from arriero.apps.finance.evidence.open import open_providers
from arriero.apps.finance.evidence.told import Told
from arriero.apps.finance.publish import OpenEncoder
from arriero.apps.finance.rating import table
from arriero.apps.finance.releases import Releases
from arriero.apps.finance.reports.lines import TAGS
from arriero.apps.finance.settings import FinanceSettings
from arriero.apps.finance.track.predictions import Predictions
from arriero.apps.finance.track.watch import Watch
from arriero.apps.finance.values import Request, Seen
from arriero.core.archive import Archive
from arriero.core.clock import Clock
from arriero.core.desk import Desk
from arriero.core.errors import MissingExtra, ModelMissing, NotFound
from arriero.flow import AnyApp, Parts, Plugin
from arriero.models.base import Encoder
from arriero.store.base import Ledger
from arriero.store.records import Records

log = logging.getLogger(__name__)
SENTIMENTS = ("negative", "neutral", "positive")


async def open_finance(settings: FinanceSettings, parts: Parts) -> FinanceApp:
    """Providers, rating table, rule pack and the ledger of predictions: ready to be asked."""
    told = settings.evidence
    providers = open_providers(told, parts.clock, cut=_item_1a)
    copies = Copies(parts.cache, parts.clock, told.fresh_s)

    async def frozen(asked: Request, seen: Seen) -> Bundle:
        return await freeze(
            seen.ticker,
            seen.as_of,
            providers,
            parts.clock,
            tags=TAGS,
            reports=[Told(**report.model_dump()) for report in asked.reports],
            symbols=asked.others,
            price_days=told.price_days,
            cross_check=told.cross_check,
            copies=copies,
            hedge_s=told.hedge_s,
            timeout_s=told.timeout_s,
        )

    async def bars(ticker: str, by: date) -> Sequence[Bar]:
        answer = await ask(
            Part.BARS, ticker, by, providers, copies=copies, hedge_s=told.hedge_s, timeout_s=told.timeout_s
        )  # fmt: skip
        if not isinstance(answer, Answer):
            raise NotFound(
                f"no prices of {ticker} by {by}: {answer[0].reason if answer else 'none'}"
            )
        return answer.served.rows

    rules = await asyncio.to_thread(rating_table, settings)
    releases = releases_of(settings, rules, parts.ledger, parts.records, parts.clock, parts.encoder)
    predictions = releases.predictions
    return FinanceApp(
        settings=settings,
        providers=providers,
        freeze=frozen,
        table=rules,
        rulebook=releases.rulebook,
        predictions=predictions,
        watch=Watch(predictions, parts.records, parts.ledger, bars, settings.score_every_h),
        releases=releases,
        encoder=parts.encoder,
    )


async def _no_encoder() -> Encoder:
    raise ModelMissing("minilm-l6")


def releases_of(
    settings: FinanceSettings,
    rules: table.Table,
    ledger: Ledger,
    records: Records,
    clock: Clock,
    encoder: OpenEncoder = _no_encoder,
) -> Releases:
    """Rules, approvals and releases over a ledger: neither providers nor models have to be there."""
    rulebook = Rulebook(ledger, clock)

    async def withdrawn(tenant: str) -> Mapping[str, str]:
        found = await rulebook.withdrawals(tenant)
        return {run: str(task.payload.get("reason", "")) for run, task in found.items()}

    return Releases(rulebook, Predictions(records, withdrawn), settings, rules, encoder)


def rating_table(settings: FinanceSettings) -> table.Table:
    """The table that ratings are made by: the packaged one, or the settings' own."""
    file = settings.rating_table
    return table.packaged() if file is None else table.read(file)


def _item_1a(document: str) -> str | None:
    """The text of Item 1A in a 10-K's HTML; None where it has none of its own, or there is no parser for it."""
    from arriero.apps.finance.filings.cut import item_one_a  # noqa: PLC0415  # needs a parser of HTML

    try:
        item = item_one_a(document)
    except MissingExtra as missing:  # then there is no rating, and the gap is named
        log.warning("annual reports are not read: %s", missing.message)
        return None
    return None if item.reason is not None else item.text


def _desk(app: AnyApp) -> Desk:
    assert isinstance(app, FinanceApp)  # noqa: S101  # what `open_finance` gave
    return app.releases


def _archive(app: AnyApp) -> Archive:
    assert isinstance(app, FinanceApp)  # noqa: S101  # what `open_finance` gave
    return Analyses(app.releases.ledger, app.releases)


def _heads(settings: FinanceSettings) -> Mapping[str, Path]:
    """The head that reads the news, if one is asked for: without it no encoder is needed."""
    engine, _, name = settings.models.news_reader.model.partition(":")
    return {name: settings.news_rows} if settings.sentiment == HEAD and engine == "head" else {}


def _labels(settings: FinanceSettings) -> Mapping[str, tuple[str, ...]]:
    return {READER: SENTIMENTS} if settings.sentiment == HEAD else {}


plugin = Plugin(
    name="finance",
    settings=FinanceSettings,
    open=open_finance,
    heads=_heads,
    labels=_labels,
    door=door,
    desk=_desk,
    archive=_archive,
)
