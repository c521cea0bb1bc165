"""Settings -> a wired Platform: the one place that knows every room and names concrete engines."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from arriero.core.clock import Clock, SystemClock
from arriero.core.door import Heard
from arriero.core.errors import (
    ArrieroError,
    InputError,
    ModelCorrupt,
    ModelMissing,
    SettingsError,
    StoreError,
)
from arriero.core.settings import AppSettings, RecipeSettings, Settings, WebhookChannel, parse
from arriero.core.words import (
    Alert,
    Exposure,
    Mode,
    Outcome,
    RoleBinding,
    Run,
    Share,
    Variant,
    content_hash,
)
from arriero.flow import ActsUnseen, AnyApp, Case, Event, Flow, Parts, Plugin, Result, perform
from arriero.learning.cycles import Cycles
from arriero.learning.dataset.build import Dataset, NotEnough, Place, build
from arriero.learning.dataset.example import Route
from arriero.learning.dataset.sampling import FlowSampler
from arriero.learning.exams import Exams
from arriero.learning.gate import GateCase, Kind, takes
from arriero.learning.give import Ear, Said
from arriero.learning.lookout import Lookout
from arriero.learning.rollouts import Rollouts
from arriero.learning.shadows import Shadows
from arriero.learning.trainers.base import Reason, Recipe, Trained, Trainer, TrainingFailed
from arriero.learning.work import AppWork
from arriero.models.base import Encoder
from arriero.models.engines import Engines
from arriero.models.roles import Models
from arriero.observe import alerts
from arriero.observe.metrics import Metrics
from arriero.retrieval.base import Index, Passage
from arriero.retrieval.engines import open_index
from arriero.security.audit import AuditLog, audit_key
from arriero.security.channel import Channel
from arriero.security.delivery import Webhooks, secret_of
from arriero.security.keys import Keyring
from arriero.security.masking import PatternMasker, Vault
from arriero.security.vault import SealedVaults, Sealer, vault_key
from arriero.security.visitors import Tokens
from arriero.store.audit_log import SqlAudit
from arriero.store.base import (
    ActionDone,
    AlertSaved,
    Cache,
    ExposureSet,
    FeedbackGiven,
    Intended,
    Ledger,
    TaskSaved,
    VariantRegistered,
    without_password,
)
from arriero.store.cache import open_cache
from arriero.store.engine import parsed_url
from arriero.store.exposures import Exposures
from arriero.store.failed import failed_action
from arriero.store.jobs import Job, JobRunner
from arriero.store.ledger import SqlLedger, open_ledger
from arriero.store.records import Records, SqlRecords
from arriero.store.sealed import SqlSealed

if TYPE_CHECKING:
    from arriero.learning.drift import Vectors
    from arriero.models.projection import Projection

TENANT = "default"
ALERTS_EVERY_S = 15.0  # an alert is raised within 60 s of the breach (issue: the spine)
OUTBOX_EVERY_S = 10.0
VAULTS_EVERY_S = 3_600.0  # what is over is not given out any more; this only sweeps
WEBHOOKS_EVERY_S = 5.0
CHANNEL_EVERY_S = 1.0  # what a colleague writes is on its way within this time
CHANNEL_IDS_EVERY_S = 3_600.0
CYCLES_EVERY_S = 5.0
EXAMS_EVERY_S = 60.0  # whether one is due; they are held once a day
AUDIT_EVERY_S = 1.0  # what was recorded is under a signed head after this; a proof signs at once
PING_WITHIN_S = 2.0
OUTBOX_AGE_S = 15.0  # older intents were left by a crash: the flow itself takes at most 5 s
OUTBOX_GIVE_UP_S = 3_600.0  # after this long a person gets the action as a task

log = logging.getLogger(__name__)


def plugins() -> Mapping[str, Plugin[Any]]:
    """Every app that the entry-point group `arriero.apps` offers, ours and strangers' alike."""
    found = importlib.metadata.entry_points(group="arriero.apps")
    return {entry.name: entry.load() for entry in found}


def app_settings(settings: Settings) -> Mapping[str, AppSettings]:
    """Each app's own section, checked by the app's own model; an unknown app is an error."""
    known = plugins()
    if unknown := sorted(settings.apps.keys() - known.keys()):
        raise SettingsError(f"unknown app {unknown[0]!r} in [apps]; there are: {', '.join(known)}")
    return {
        name: parse(plugin.settings, settings.apps.get(name, {}), f"[apps.{name}]")
        for name, plugin in known.items()
    }


def configuration(settings: Settings, sections: Mapping[str, AppSettings]) -> str:
    """The hash that every run carries: of all settings in force, defaults filled in."""
    apps = {name: section.model_dump(mode="json") for name, section in sections.items()}
    return content_hash(settings.model_dump(mode="json") | {"apps": apps})[:16]


@dataclass(frozen=True, slots=True)
class Ping:
    """How an engine answered: after how many milliseconds, and what is wrong (None: nothing)."""

    ms: float
    error: str | None = None


@dataclass(frozen=True)
class Platform:
    """Everything that is open. `needs` says, for each app that cannot run yet, what it needs."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    cache: Cache
    keyring: Keyring
    metrics: Metrics
    flow: Flow
    engines: Engines
    exposures: Exposures
    webhooks: Webhooks
    audit: AuditLog
    plugins: Mapping[str, Plugin[Any]]
    sections: Mapping[str, AppSettings]
    sealer: Sealer = field(default_factory=Sealer.fresh)
    apps: dict[str, AnyApp] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    def app(self, name: str) -> AnyApp:
        """The app, or what to do about its not being there."""
        if name in self.needs:
            raise ModelMissing(self.needs[name])
        if name not in self.apps:
            raise InputError(f"there is no app {name!r}; there are: {', '.join(self.apps)}")
        return self.apps[name]

    @cached_property
    def rollouts(self) -> Rollouts:
        """The rollouts of every app."""
        return Rollouts(self.ledger, self.clock, self.settings.learning.rollout, self._safety)

    @cached_property
    def cycles(self) -> Cycles:
        """The cycles of every app in which a model writes text; none without the extra `local`."""
        if find_spec("safetensors") is None:
            return Cycles(self.ledger, {})
        from arriero.learning.trainers.llamafactory import LlamaFactory  # noqa: PLC0415  # heavy

        models = self.settings.models.folder.expanduser()
        trainer = LlamaFactory(self.settings.learning.trainer, models)
        return Cycles(self.ledger, works(self, trainer, partial(_adapt, self)))

    @cached_property
    def exams(self) -> Exams:
        """The champions' exams on the apps' golden sets."""
        return Exams(
            self.flow, self.ledger, self.apps, partial(_questions, self),
            lambda app: self.exposures.variant(app, None), self.settings.learning.exam,
            TENANT, self.clock.now(), lambda: self.engines.idle, partial(_tell, self),
        )  # fmt: skip

    def _safety(self, app: str) -> Sequence[str]:
        """The checks of an app that block: no more answers than before may fail them."""
        return [check.name for group in self.app(app).checks for check in group if check.blocking]

    @cached_property
    def support(self) -> Support:
        return Support(self)

    @cached_property
    def code(self) -> Code:
        return Code(self)

    async def run(
        self,
        app: str,
        input: Mapping[str, Any],  # the word of the domain
        *,
        actor: str = "python",
        tenant: str = TENANT,
        unit: str | None = None,
        deadline_ms: float | None = None,
        mode: Mode = Mode.LIVE,
        watch: Callable[[Event], None] = lambda event: None,
    ) -> Result[Any]:
        """Run one case of any app; `input` holds the fields of the app's input model."""
        opened = self.app(app)
        try:
            given = opened.shapes.input.model_validate(input)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{app} cannot take {field!r}: {first['msg']}", param=field) from None
        case = Case(tenant, actor, given, unit, deadline_ms)
        return await self.flow.run(opened, case, mode=mode, watch=watch)

    @property
    def ear(self) -> Ear:
        """What takes feedback, masked as its run is."""
        return Ear(self.ledger, self.flow.vaults, self.flow.masker, self.sealer, self.clock)

    async def feedback(
        self,
        run_id: str,
        kind: str,
        value: Any,
        *,
        comment: str | None = None,
        user: str | None = None,
        actor: str = "python",
        tenant: str = TENANT,
    ) -> str:
        """Record what somebody said of a run; returns the feedback's id.

        `user` names the person who says so; it is kept as a pseudonym. Raises `InputError` for a value
        that the kind does not take, `NotFound` without such a run.
        """
        said = Said(run_id, kind, value, comment, user)
        given = await self.ear.take(said, tenant=tenant, actor=actor)
        await self.ledger.commit(FeedbackGiven(given), durable=True)
        return given.id

    def lacking(self) -> Mapping[str, str]:
        """For each app that cannot do its work yet, the model that it waits for.

        Those in `needs` were not opened and want a new start; the others work as soon as it is pulled.
        """
        waiting = dict(self.needs)
        for name in self.apps:
            if model := self.engines.lacking(self.exposures.variant(name, None)):
                waiting[name] = model
        return waiting

    async def readiness(self) -> Mapping[str, Ping]:
        """One ping an engine, by its name."""
        pings: dict[str, Callable[[], Any]] = {"ledger": self.ledger.ping, "cache": self.cache.ping}
        pings |= {f"app:{name}": app.ping for name, app in self.apps.items()}
        pings |= self.engines.pings()
        told = await asyncio.gather(*(_pinged(ping) for ping in pings.values()))
        return dict(zip(pings, told, strict=True))

    async def make_ready(self, variant: Variant) -> None:
        """Start and probe the text models of `variant`, so that no question waits for them.

        Nothing happens for an app that is not open. Raises what the start of a model raises.
        """
        if variant.app in self.apps:
            labels = self.plugins[variant.app].labels(self.sections[variant.app])
            await self.engines.warm(variant, labels)

    async def warm(self) -> None:
        """Make the champions ready, but for those that wait for a model anyhow."""
        waiting = self.lacking()
        for app in (name for name in self.apps if name not in waiting):
            try:
                await self.make_ready(self.exposures.variant(app, None))
            except ArrieroError as error:
                log.warning("%s: %s", app, error.message)

    def jobs(self, holder: str | None = None) -> JobRunner:
        """The periodic work of the platform and its apps, each under a lease."""
        # Containers on the host's network share its name, and each numbers its processes from one.
        holder = holder or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        own = [
            Job("alerts", ALERTS_EVERY_S, partial(_watch, self)),
            Job("outbox", OUTBOX_EVERY_S, partial(_finish_actions, self)),
            Job("vaults", VAULTS_EVERY_S, partial(_expire_vaults, self)),
            Job("audit", AUDIT_EVERY_S, partial(_sign, self)),
        ]
        rollouts = self.settings.learning.rollout
        own.append(Job("rollouts", rollouts.every_s, self.rollouts.look))
        if self.cycles.works:
            own.append(Job("cycles", CYCLES_EVERY_S, self.cycles.tick))
        if self.settings.learning.enabled and self.settings.learning.exam.every_h is not None:
            own.append(Job("exams", EXAMS_EVERY_S, self.exams.tick))
        if self.settings.webhooks:
            own.append(Job("webhooks", WEBHOOKS_EVERY_S, self.webhooks.send))
        for name, channel in self.channels.items():
            own.append(Job(f"{name}-channel", CHANNEL_EVERY_S, channel.work))
            own.append(Job(f"{name}-channel-ids", CHANNEL_IDS_EVERY_S, channel.forget))
        theirs = [job for app in self.apps.values() for job in app.jobs]
        return JobRunner(self.ledger, self.clock, holder, [*own, *theirs])


@dataclass(frozen=True)
class Support:
    """The support app for Python callers: `await platform.support.inquire("Where is my order?")`."""

    platform: Platform

    async def inquire(
        self, message: str, *, customer: str | None = None, conversation: str | None = None
    ) -> Result[Any]:
        given = {"message": message, "customer": customer, "conversation": conversation}
        return await self.platform.run("support", given, unit=conversation or customer)

    def chat_token(self, customer: str | None, *, minutes: float = 15) -> str:
        """A token with which the browser of `customer` (None: a stranger) may use the web chat."""
        tokens = Tokens(self.platform.sealer, self.platform.clock)
        return tokens.mint(TENANT, "support", customer, timedelta(minutes=minutes))[0]


@dataclass(frozen=True)
class Code:
    """The codegen app for Python callers: `await platform.code.generate("Write a function ...")`."""

    platform: Platform

    async def generate(
        self, requirement: str, *, deadline_ms: float | None = None, **fixed: Any
    ) -> Result[Any]:
        """Code for `requirement`. `fixed` are further fields of `Wanted`: language, entry, code, tests ..."""
        given = {"requirement": requirement, **fixed}
        return await self.platform.run("codegen", given, deadline_ms=deadline_ms)


@asynccontextmanager
async def open_platform(
    settings: Settings | None = None, *, clock: Clock | None = None
) -> AsyncIterator[Platform]:
    """Everything wired and open; closed again, in reverse, when the block ends."""
    settings = settings or Settings.load()
    clock = clock or SystemClock()
    sections = app_settings(settings)
    folder = writable(settings.data)
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(open_store(settings))
        cache = open_cache(settings.store.cache)
        stack.push_async_callback(cache.close)
        engines = Engines(settings.model_copy(update={"data": folder}), cache)
        stack.push_async_callback(engines.close)
        exposures = Exposures(ledger)
        metrics = Metrics()
        outbox = SqlRecords(ledger, "webhooks")
        webhooks = Webhooks(settings.webhooks, outbox, ledger, clock, metrics.webhook)
        sealer = Sealer(await asyncio.to_thread(vault_key, folder))
        audit = AuditLog(SqlAudit(ledger), await asyncio.to_thread(audit_key, folder), clock)
        known = plugins()
        shadows = Shadows(exposures, settings.learning.rollout.shadow_share, lambda: engines.idle)
        flow = Flow(
            ledger=ledger,
            exposures=exposures,
            models_of=_models_of(engines, known, sections),
            masker=PatternMasker(),
            clock=clock,
            config=configuration(settings, sections),
            on_run=metrics.run,
            on_answer=_shadowing(shadows),
            vaults=SealedVaults(SqlSealed(ledger), sealer, clock),
        )
        platform = Platform(
            settings=settings, clock=clock, ledger=ledger, cache=cache,
            keyring=Keyring(ledger, clock), metrics=metrics, flow=flow, engines=engines,
            exposures=exposures, webhooks=webhooks, audit=audit, plugins=known, sections=sections, sealer=sealer,
        )  # fmt: skip
        for name, section in sections.items():
            if section.enabled:
                records = SqlRecords(ledger, name)
                await _open_app(platform, name, section, folder / name, records, stack)
        stack.push_async_callback(shadows.close)  # before the apps: half closed they answer worse
        await exposures.refresh()
        following = asyncio.create_task(exposures.follow())
        stack.push_async_callback(_cancelled, following)
        yield platform


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlLedger]:
    """The ledger alone, for reading what happened without opening apps and models."""
    folder = writable(settings.data)
    url = settings.store.ledger or f"sqlite:///{folder / 'ledger.db'}"
    ledger = await asyncio.to_thread(open_ledger, url, synchronous=settings.store.synchronous)
    try:
        yield ledger
    finally:
        await ledger.close()


def left_behind(settings: Settings) -> str | None:
    """The sentence on a ledger in the data folder that is not the one in force; None where there is none."""
    own, url = settings.data.expanduser().absolute() / "ledger.db", settings.store.ledger
    if not url or not own.exists():
        return None
    named = parsed_url(url)
    embedded = named.get_backend_name() == "sqlite"
    if embedded and Path(named.database or "").resolve() == own.resolve():
        return None
    return f"the runs in {str(own)!r} are not in {without_password(url)}, which is the ledger now"


async def _open_app(
    platform: Platform,
    name: str,
    section: AppSettings,
    folder: Path,
    records: Records,
    stack: AsyncExitStack,
) -> None:
    plugin, engines = platform.plugins[name], platform.engines
    parts = Parts(
        folder=folder,
        clock=platform.clock,
        ledger=platform.ledger,
        records=records,
        cache=platform.cache,
        encoder=engines.encoder,
        open_index=partial(_index, engines, folder / "index"),
        reveal=partial(_reveal, platform),
        vaults=platform.flow.vaults,
        teach=engines.teach,
    )
    try:
        if heads := plugin.heads(section):
            await engines.fit(heads)
        app = await plugin.open(section, parts)
    except ModelMissing as missing:
        platform.needs[name] = missing.model
        return
    stack.push_async_callback(app.close)
    platform.apps[name] = app
    await _register(platform, app)
    settings = getattr(section, "webhook", None)
    if isinstance(settings, WebhookChannel) and settings.secret_file is not None:
        platform.channels[name] = _channel(platform, app, settings, settings.secret_file, records)


def _channel(
    platform: Platform, app: AnyApp, settings: WebhookChannel, secret: Path, records: Records
) -> Channel:
    """The signed webhook channel of an app that has a door for channels and a desk for people."""
    plugin = platform.plugins[app.name]
    conversations = plugin.desk(app).conversations if plugin.desk else None
    if plugin.door is None or plugin.door.heard is None or conversations is None:
        raise SettingsError(f"the app {app.name!r} cannot be reached through a webhook")
    door, heard, waits = plugin.door, plugin.door.heard, conversations.waits

    async def ask(tenant: str, said: Heard) -> Mapping[str, Any]:
        asked = heard(said)
        case = Case(tenant, "webhook", asked.input, asked.unit, asked.deadline_ms)
        result = await platform.flow.run(app, case)
        return {
            "response": door.present(result.outcome, result.run)["response"],
            "outcome": result.outcome.ended.value,
            "waits": await waits(tenant, said.conversation),
            "run_id": result.run_id,
        }

    return Channel(
        name=app.name,
        url=settings.url,
        key=secret_of(secret, f"[apps.{app.name}.webhook]"),
        records=records,
        sealer=platform.sealer,
        clock=platform.clock,
        ask=ask,
        conversations=conversations,
        tenant=TENANT,
    )


async def _index(
    engines: Engines,
    folder: Path,
    passages: Sequence[Passage],
    projection: Projection | None = None,
    /,
) -> Index:
    encoder: Encoder = await engines.encoder()
    return await open_index("local:", passages, encoder, folder, projection)


async def _register(platform: Platform, app: AnyApp) -> None:
    """The settings' variant becomes champion when there is none yet, else a registered challenger."""
    variant, now = app.baseline(), platform.clock.now()
    exposure = (await platform.ledger.exposures()).get(app.name)
    entries: list[VariantRegistered | ExposureSet] = [VariantRegistered(variant, now)]
    if exposure is None or exposure.rollout == "baseline":
        if exposure is None or exposure.shares[0].variant != variant.id:
            baseline = Exposure(app.name, "baseline", (Share(variant.id, 1.0),))
            entries.append(ExposureSet(baseline, "settings", now))
    elif all(share.variant != variant.id for share in exposure.shares):
        log.info("the settings of %s differ from its champion: registered as challenger", app.name)
    await platform.ledger.commit(*entries, durable=True)


def _models_of(
    engines: Engines, known: Mapping[str, Plugin[Any]], sections: Mapping[str, AppSettings]
) -> Callable[[Variant], Models]:
    made: dict[str, Models] = {}

    def models_of(variant: Variant) -> Models:
        if variant.id not in made:
            section, plugin = sections[variant.app], known[variant.app]
            labels, cached = plugin.labels(section), plugin.cached(section)
            made[variant.id] = engines.models(variant, labels, cached)
        return made[variant.id]

    return models_of


def _shadowing(
    shadows: Shadows,
) -> Callable[[Flow, AnyApp, Case[Any], Outcome[Any], Run], None]:
    def offer(flow: Flow, app: AnyApp, case: Case[Any], outcome: Outcome[Any], run: Run) -> None:
        shadows.offer(flow, app, case, run, acted=_acted(app, outcome))

    return offer


def _acted(app: AnyApp, outcome: Outcome[Any]) -> bool:
    """Whether anything was done that another variant would see the effect of."""
    if (
        not outcome.actions
    ):  # as nearly always; asking for a protocol costs a thirtieth of an inquiry
        return False
    unseen = app.unseen if isinstance(app, ActsUnseen) else frozenset[str]()
    return any(action.kind not in unseen for action in outcome.actions)


async def _watch(platform: Platform, now: datetime) -> None:
    """Raise and clear the alerts of every app; each change is a ledger event and a metric."""
    known = await platform.ledger.alerts()
    await platform.webhooks.note(known)  # again, if a crash came between commit and note
    for name, section in platform.sections.items():  # a closed app's open alerts have to end too
        thresholds = section.thresholds
        window = await platform.ledger.window(name, now - timedelta(seconds=thresholds.window_s))
        mine = [alert for alert in known if alert.app == name]
        changed = alerts.watch(name, window, thresholds, mine, now)
        if changed:
            await platform.ledger.commit(*(AlertSaved(alert) for alert in changed))
            await _tell(platform, changed)


async def _tell(platform: Platform, changed: Sequence[Alert]) -> None:
    """Alerts that were raised or cleared, and committed, reach webhooks, metrics and the log."""
    await platform.webhooks.note(changed)
    for alert in changed:
        platform.metrics.alert(alert)
        state = "cleared" if alert.cleared_at else "raised"
        log.warning("alert %s: %s %s at %.3g", state, alert.app, alert.name, alert.value)


async def _expire_vaults(platform: Platform, _now: datetime) -> None:
    """Sweep out the vaults whose time is over."""
    await platform.flow.vaults.expire()


async def _sign(platform: Platform, _now: datetime) -> None:
    """A head over what was recorded since the last one."""
    await platform.audit.seal()


async def _reveal(platform: Platform, tenant: str, run_id: str, value: Any) -> Any:
    """`value` of a run with private values told again; as it is when there is no such run."""
    run = await platform.ledger.run(tenant, run_id)
    return value if run is None else await platform.flow.reveal(platform.app(run.app), run, value)


async def _finish_actions(platform: Platform, now: datetime) -> None:
    """Finish, once, what a crash left intended; after an hour of failing, hand it to a person."""
    for intended in await platform.ledger.intended(
        older_than=now - timedelta(seconds=OUTBOX_AGE_S)
    ):
        app = platform.apps.get(intended.app)
        run = await platform.ledger.run(intended.tenant, intended.run)
        if app is None or not _was_left(intended, run, now):
            continue
        action, vault = intended.action, Vault()
        try:
            vault = await platform.flow.vault_of(app, run) if run else vault
            receipt = vault.cover(await perform(app, intended.tenant, intended.run, action))
            await platform.ledger.commit(ActionDone(intended.run, action.key, now, receipt))
        except ArrieroError as error:
            why = vault.hide(error.message)
            log.warning("action %s of run %s: %s", action.kind, intended.run, why)
            if (now - intended.at).total_seconds() < OUTBOX_GIVE_UP_S:
                continue
            task = failed_action(intended, why, now)
            done = ActionDone(intended.run, action.key, now, {}, error=why)
            await platform.ledger.commit(done, TaskSaved(task))


def _was_left(intended: Intended, run: Run | None, now: datetime) -> bool:
    """Whether the flow would have finished it: a row says when its run began, and that may have taken minutes."""
    took = timedelta(milliseconds=run.duration_ms if run else 0.0)
    return now - intended.at - took >= timedelta(seconds=OUTBOX_AGE_S)


def works(
    platform: Platform, trainer: Trainer, adapt: Callable[[str, Trained], Awaitable[str]]
) -> Mapping[str, AppWork]:
    """What the cycles of each app do, with this trainer. `adapt` registers an adapter, and names it."""
    if not platform.settings.learning.enabled:
        return {}
    found = {}
    for name, app in platform.apps.items():
        labels = platform.plugins[name].labels(platform.sections[name])
        roles = tuple(role for role in app.baseline().roles if role not in labels)
        if roles:
            found[name] = _work(platform, app, roles, trainer, partial(adapt, name))
    return found


def _work(
    platform: Platform,
    app: AnyApp,
    roles: Sequence[str],
    trainer: Trainer,
    adapt: Callable[[Trained], Awaitable[str]],
) -> AppWork:
    settings = platform.settings.learning
    if settings.role not in (None, *roles):  # another app's: this one goes on with its own
        settings = settings.model_copy(update={"role": None})
    golden = [app.golden] if app.golden is not None else []

    async def encoder_if_any() -> Encoder | None:
        try:
            return await platform.engines.encoder()
        except ModelMissing:
            return None  # texts are compared by their words alone

    async def vectors(texts: Sequence[str]) -> Vectors | None:
        encoder = await encoder_if_any()
        return None if encoder is None else await encoder.encode(texts)

    async def built(since: datetime | None) -> Dataset | NotEnough:
        encoder = await encoder_if_any()
        place = Place(
            TENANT, datasets(platform.settings), platform.sealer.mark(TENANT), "arriero",
            benchmarks=golden, encoder=encoder,
            sampler=FlowSampler(platform.flow, app, platform.exposures.variant(app.name, None)),
        )  # fmt: skip
        now = platform.clock.now()
        return await build(platform.ledger, app.name, settings, place, now=now, since=since)

    return AppWork(
        flow=platform.flow, app=app, ledger=platform.ledger, clock=platform.clock, settings=settings,
        tenant=TENANT, folder=datasets(platform.settings).parent, roles=roles, build=built,
        recipe=partial(_recipe, settings.recipe, trainer), trainer=trainer, adapt=adapt,
        rollouts=platform.rollouts, golden=partial(_questions, platform, app),
        drifted=Lookout(platform.ledger, TENANT, app.name, settings.drift, vectors).drifted,
    )  # fmt: skip


def _questions(platform: Platform, app: AnyApp) -> Sequence[GateCase]:
    """The app's golden set; empty when it has none. A question that the app does not take is an `InputError`."""
    if app.golden is None:
        return []
    found = [
        GateCase(
            f"golden-{number}", Kind.GOLDEN, TENANT, one.input, one.unit, one.facts, one.never,
            one.answerable,
        )
        for number, one in enumerate(platform.plugins[app.name].golden(app.golden))
    ]  # fmt: skip
    for case in found:
        if not takes(app, case.input):
            raise InputError(
                f"{case.id} of {app.name!r} is no input of the app; correct {str(app.golden)!r}"
            )
    return found


def _recipe(own: RecipeSettings, trainer: Trainer, bound: RoleBinding, route: Route) -> Recipe:
    base = own.base or bound.model.partition(":")[2]
    return Recipe(trainer.name, base, route.value, own.parameters, own.seed)


async def _adapt(platform: Platform, app: str, trained: Trained) -> str:
    """Prove and register what was trained; `TrainingFailed` when it would not be served as it was."""
    from arriero.learning.parity import AdapterRefused  # noqa: PLC0415  # heavy
    from arriero.learning.registry import Registry  # noqa: PLC0415

    registry = Registry(platform.settings, platform.ledger, platform.clock, TENANT)
    try:
        return await registry.adapt(app, trained)
    except (AdapterRefused, ModelCorrupt) as refused:
        raise TrainingFailed(Reason.NOT_SERVED, refused.message) from refused


def datasets(settings: Settings) -> Path:
    """The folder in which datasets are built, one a name."""
    return settings.data.expanduser().absolute() / "learning" / "datasets"


def writable(folder: Path) -> Path:
    """The data folder, made if need be; one sentence when it cannot be written."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)  # another process may look at the same moment
    except OSError as error:
        raise StoreError(
            f"the data folder {str(folder)!r} cannot be written ({error.strerror}); "
            "free space or choose another with --data"
        ) from None
    return folder


async def _pinged(ping: Callable[[], Any]) -> Ping:
    started = time.perf_counter()
    error: str | None = None
    try:
        await asyncio.wait_for(ping(), timeout=PING_WITHIN_S)
    except TimeoutError:
        error = f"no answer within {PING_WITHIN_S:g} s"
    except ArrieroError as failure:
        error = failure.message
    return Ping((time.perf_counter() - started) * 1e3, error)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
