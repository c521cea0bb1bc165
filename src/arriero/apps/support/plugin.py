"""Builds the support app of its settings and the platform's parts."""

from __future__ import annotations

import asyncio
import csv
import logging
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from arriero.apps.support import articles, expected, policy, quality, templates
from arriero.apps.support.app import SupportApp
from arriero.apps.support.approved import ApprovedAnswers, read_answers, read_thresholds
from arriero.apps.support.approved_now import ApprovedNow
from arriero.apps.support.confirm import Confirmations
from arriero.apps.support.directory import CustomerDirectory, SqliteDirectory
from arriero.apps.support.directory_http import Breaker, HttpDirectory
from arriero.apps.support.door import door
from arriero.apps.support.examples import HEAD, Examples
from arriero.apps.support.gaps_inbox import Desks, Gaps, Shelf
from arriero.apps.support.handover import Rules
from arriero.apps.support.inbox import HandOvers, Shared
from arriero.apps.support.ingest import Ingestion, Row, place
from arriero.apps.support.knowledge import KnowledgeSource, Store
from arriero.apps.support.memory import Memory
from arriero.apps.support.modes import Mode, Modes
from arriero.apps.support.person import Listener
from arriero.apps.support.resolution_report import SupportReport
from arriero.apps.support.reviews import Reviews
from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SAMPLE, SupportSettings
from arriero.apps.support.told import KeptInVault
from arriero.apps.support.tools import Tools
from arriero.checks.language import language_of
from arriero.core import golden
from arriero.core.desk import Desk
from arriero.core.errors import Busy, InputError
from arriero.core.golden import Golden
from arriero.core.report import Reporter
from arriero.core.words import content_hash
from arriero.flow import AnyApp, Parts, Plugin
from arriero.models.head_rows import label_column
from arriero.retrieval.base import Passage
from arriero.retrieval.live import LiveIndex
from arriero.security.injection_reader import Reader

if TYPE_CHECKING:
    from arriero.models.projection import Projection
    from arriero.retrieval.vectors import Vectors

log = logging.getLogger(__name__)


async def open_support(settings: SupportSettings, parts: Parts) -> SupportApp:
    """Articles into the index, templates, policy and directory opened: ready to be asked."""
    store = Store(parts.folder / "knowledge")
    known = await _articles(settings, parts, store)
    expecting = await asyncio.to_thread(expected.load, settings.questions)
    source = KnowledgeSource(store, known, expecting)
    directory = await asyncio.to_thread(_directory, settings, parts)
    told = KeptInVault(parts.vaults, parts.ledger, parts.records, parts.reveal)
    sample = await asyncio.to_thread(_of_the_sample, settings, store)
    if borrowed := _borrowed(settings, sample=sample):
        log.warning(
            "[apps.support] beside articles of your own this is still the sample shop's: %s; name your own",
            ", ".join(borrowed),
        )
    unanswered = await _unanswered(settings, parts, sample=sample)
    projection = await _projection(source, parts, unanswered)
    index = await LiveIndex.open(source, lambda found: parts.open_index(found, projection))
    # Complains of a broken line before anybody is answered.
    await asyncio.to_thread(
        read_answers, settings.approved, knowledge="", policy="", at="", texts=()
    )
    approved = ApprovedNow(
        ApprovedAnswers(
            await parts.encoder(),
            parts.records,
            parts.cache,
            parts.clock,
            await asyncio.to_thread(read_thresholds, settings.approved_thresholds),
        ),
        source,
        settings.approved,
        await asyncio.to_thread(_version_of, settings.templates, settings.policy),
    )

    rules = Rules.of(settings.hours.table, settings.hand_over)

    async def share(tenant: str, shared: Shared) -> None:
        language, day = language_of(shared.question) or "en", rules.hours.day(parts.clock.now())
        await approved.share(tenant, shared, language, index=index.version, day=day)

    handovers = HandOvers(parts.ledger, parts.records, parts.clock, rules, told, share)
    shelf = Shelf(
        parts.folder / "approved", settings.articles, store, parts.folder / "index", parts.encoder,
        zone=rules.hours.zone,
    )  # fmt: skip
    gaps = Gaps(
        parts.ledger,
        parts.records,
        parts.clock,
        parts.encoder,
        handovers,
        shelf,
        release_at=settings.release_at,
    )
    reviews = Reviews(parts.ledger, parts.records, parts.clock, settings.review_share, parts.reveal)
    tools = Tools(
        directory,
        Confirmations(parts.records, parts.clock),
        await asyncio.to_thread(policy.load, settings.policy),
        parts.clock,
        rules.hours.zone,
    )
    golden = _golden_set(settings, sample=sample)
    day = rules.hours.day(parts.clock.now())
    return SupportApp(
        settings=settings,
        directory=directory,
        index=index,
        answers=templates.by_intent(await asyncio.to_thread(_texts, settings, sample=sample)),
        handovers=handovers,
        tools=tools,
        memory=Memory(parts.records, parts.clock),
        modes=Modes(parts.records, parts.clock, Mode(settings.mode)),
        checks=quality.checks(
            (one.text for one in known),
            await parts.encoder(),
            unanswered=unanswered,
            projection=projection,
        ),
        reveal=parts.reveal,
        gaps=gaps,
        approved=approved,
        reporter=SupportReport(parts.ledger, parts.clock, gaps, directory, reviews=reviews),
        reviews=reviews,
        examples=Examples(parts.records, parts.clock, parts.teach),
        listener=Listener.of(await parts.encoder()),
        reader=Reader.of(await parts.encoder()),
        golden=golden,
        to_try=shop.QUESTION if golden is not None else _asked(await source.passages(), day),
    )


async def _articles(
    settings: SupportSettings, parts: Parts, store: Store
) -> Sequence[articles.Article]:
    """What is in the folder `articles`, by the rules of `arriero support ingest`, by id.

    Files that cannot be used are left out and told. The sample's are ours: they need no scan.
    """
    scan = (lambda text: None) if settings.articles == SAMPLE / "articles" else None
    work = Ingestion(
        store, await parts.encoder(), parts.folder / "index", parts.clock.now().date(), scan,
        data=parts.folder.parent,
    )  # fmt: skip
    found, rows = await work.look(settings.articles)
    again = await _taken_in_again(settings.articles, found, work)
    for row in again or rows:
        if row.reason:
            log.warning("[apps.support] articles: %s: %s", row.path, row.reason)
    if not found:
        log.warning("[apps.support] articles: %s has no article", settings.articles)
    return sorted(found, key=lambda one: one.id)


async def _taken_in_again(
    folder: Path, found: Sequence[articles.Article], work: Ingestion
) -> Sequence[Row]:
    """What was taken in of `folder` follows it, when it holds something else now: what became of each file.

    The first draft article that is approved takes the folder in; edits of it would count no more.
    """
    known = await asyncio.to_thread(work.store.salvage)
    before = known.sources.get(str(await asyncio.to_thread(place, folder)))
    if before is None or {article for file in before for article in file.articles} == set(found):
        return ()
    try:
        return (await work.take_in(folder)).rows
    except (Busy, InputError) as error:
        log.warning("[apps.support] articles: not taken in again: %s", error.message)
        return ()


async def _unanswered(settings: SupportSettings, parts: Parts, *, sample: bool) -> Vectors | None:
    """The vectors of the questions that nothing answers; None where none are known, or of no use.

    What the sample's articles leave open says nothing of another company's.
    """
    from arriero.retrieval.vectors import vectors_of  # noqa: PLC0415  # needs the extra `local`

    file, encoder = settings.unanswered, await parts.encoder()
    if file is None and sample:
        file = SAMPLE / "unanswered.txt"
    if file is None or not quality.weighed_for(encoder):
        return None
    lines = await asyncio.to_thread(expected.unanswered, file)
    kept = parts.folder / "index" / "unanswered.safetensors"
    return await vectors_of(lines, encoder, kept) if lines else None


def _of_the_sample(settings: SupportSettings, store: Store) -> bool:
    """Whether the sample's articles answer: neither others are named nor was knowledge taken in.

    The sample's texts tell its own shop's rules, which are no other company's.
    """
    return settings.articles == SupportSettings().articles and not store.load().articles


def _borrowed(settings: SupportSettings, *, sample: bool) -> Sequence[str]:
    """What is still the sample shop's while another company's articles answer."""
    usual = SupportSettings()
    says = {
        "directory": "directory (its invented customers and orders)",
        "policy": "policy (what may be done to an order)",
    }
    left = [name for name in says if getattr(settings, name) == getattr(usual, name)]
    return () if sample else [says[name] for name in left]


def _asked(passages: Sequence[Passage], day: date) -> str:
    """A question that one of them answers: an expected one, else a title; empty where none holds."""
    holding = [one for one in passages if one.valid_on(day)]
    asked = [pair.question for one in holding for pair in one.expected]
    titles = [f"{one.title.removesuffix('?')}?" for one in holding]
    return next(iter(asked + titles), "")


def _golden_set(settings: SupportSettings, *, sample: bool) -> Path | None:
    """The sample's golden questions, while the sample's shop is all that answers.

    They ask for its facts: what another company answers to them says nothing of a champion.
    """
    usual = SupportSettings()
    own = settings.intents != usual.intents or settings.directory != usual.directory
    return SAMPLE / "golden.jsonl" if sample and not own else None


def _texts(settings: SupportSettings, *, sample: bool) -> Sequence[templates.Template]:
    """The company's approved texts; the sample's are told by the sample's shop alone."""
    foreign = settings.templates == SupportSettings().templates and not sample
    return () if foreign else templates.load(settings.templates)


async def _projection(
    source: KnowledgeSource, parts: Parts, unanswered: Vectors | None
) -> Projection | None:
    """What is alike among the company's own questions; None where the score was not weighed for it."""
    from arriero.retrieval.learned import learned  # noqa: PLC0415  # needs the extra `local`

    encoder = await parts.encoder()
    if not quality.weighed_for(encoder):
        return None
    return await learned(await source.passages(), encoder, parts.folder / "index", unanswered)


def _version_of(*files: Path) -> str:
    """The version of the rules and wordings that approved answers rest on."""
    return content_hash([file.read_text(encoding="utf-8") for file in files])[:32]


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
    """The labels of a CSV, read as the training reads it."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            column = label_column(file, rows.fieldnames or ())
            return tuple(sorted({(row[column] or "").strip() for row in rows}))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a CSV in UTF-8") from None


def _heads(settings: SupportSettings) -> Mapping[str, Path]:
    """The heads that a role is bound to: another model at that role needs no training here."""
    files = {HEAD: settings.intents, "support-sentiment": settings.sentiment}
    bound = {getattr(settings.models, role).model for role in type(settings.models).model_fields}
    return {name: file for name, file in files.items() if f"head:{name}" in bound}


def _labels(settings: SupportSettings) -> Mapping[str, tuple[str, ...]]:
    return {
        "intent_classifier": _labels_of(settings.intents),
        "sentiment_analyzer": _labels_of(settings.sentiment),
    }


def _desk(app: AnyApp) -> Desk:
    assert isinstance(app, SupportApp)  # noqa: S101  # what `open_support` gave
    assert app.gaps is not None  # noqa: S101
    assert app.reviews is not None  # noqa: S101
    return Desks(app.handovers.ledger, (app.handovers, app.gaps, app.reviews))


def _report(app: AnyApp) -> Reporter:
    assert isinstance(app, SupportApp)  # noqa: S101  # what `open_support` gave
    assert app.reporter is not None  # noqa: S101
    return app.reporter


def _golden(file: Path) -> Sequence[Golden]:
    """The sample's golden questions: what a right answer contains, by whom it is asked."""
    return [
        Golden(
            {"message": row["question"], "customer": row["customer"]},
            tuple(row["must_contain"]),
            answerable=row["path"] not in {"clarify", "fallback"},
            unit=row["customer"],
        )
        for row in golden.rows(file, "question", "customer", "must_contain", "path")
    ]


plugin = Plugin(
    name="support",
    settings=SupportSettings,
    open=open_support,
    heads=_heads,
    labels=_labels,
    cached=lambda settings: {"intent_classifier": settings.intent_cache_s},
    door=door,
    golden=_golden,
    desk=_desk,
    report=_report,
)
