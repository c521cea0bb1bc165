"""Exams: the champion answers its app's golden set on a schedule, so that a fall is seen without ratings.

What serves may get worse though nobody promoted anything: an article was rewritten, a head was taught, a
model was replaced at its server. An exam is told as shadow runs, one question at a time while nobody
waits for a model; its record and the alert it raises are one transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean

from arriero.core.errors import ArrieroError, InputError
from arriero.core.settings import ExamSettings
from arriero.core.statistics import wilson
from arriero.core.words import Alert, JsonValue, Variant, content_hash
from arriero.flow import AnyApp, Flow
from arriero.learning.gate import Gate, GateCase, Told, fingerprint
from arriero.store.base import AlertSaved, Artefact, ArtefactRegistered, Ledger

KIND = "exam"
ALERT = "golden"
ITSELF = "arriero"
REST_S = 600.0  # a process that has just started has other things to do
WAIT_S = 0.5  # until it is asked again whether somebody waits for a model
KEPT = 1_000  # exams that a fall is measured against: nearly three years of days

log = logging.getLogger(__name__)


async def unheard(alerts: Sequence[Alert]) -> None:
    """Where nobody listens."""


@dataclass
class Exams:
    """The exams of every app that has a golden set; `golden` reads it, in `tenant`'s name.

    `champion` is what serves an app now, `idle` whether nobody waits for a model, `changed` hears of
    alerts that were raised or cleared. `failures` has a line for each app whose exam could not be held.
    """

    flow: Flow
    ledger: Ledger
    apps: Mapping[str, AnyApp]
    golden: Callable[[AnyApp], Sequence[GateCase]]
    champion: Callable[[str], Variant]
    settings: ExamSettings
    tenant: str
    begun: datetime
    idle: Callable[[], bool] = lambda: True
    changed: Callable[[Sequence[Alert]], Awaitable[None]] = unheard
    failures: dict[str, str] = field(default_factory=dict)
    _held: dict[str, datetime] = field(default_factory=dict)

    async def tick(self, now: datetime) -> None:
        """Hold the exams that are due."""
        if self.begun <= now < self.begun + timedelta(seconds=REST_S):
            return
        for name, app in self.apps.items():
            if app.golden is None:
                continue
            try:
                if await self.due(name, now):
                    await self.hold(name, now)
                self.failures.pop(name, None)
            except ArrieroError as error:  # one app's broken golden set is no other's matter
                self.failures[name] = error.message
                log.warning("the exam of %s was not held: %s", name, error.message)

    async def due(self, app: str, now: datetime) -> bool:
        """After `every_h` hours, and when another champion serves than at the last exam."""
        if self.settings.every_h is None:
            return False
        every = timedelta(hours=self.settings.every_h)
        last = next(iter(await self.ledger.artefacts(KIND, app=app, limit=1)), None)
        if last is None or last.body["variant"] != self.champion(app).id:
            return True
        # A clock that was set back would wait for long: then the last exam of this process counts.
        at = last.at if last.at <= now else self._held.get(app)
        return at is None or not at <= now < at + every

    async def hold(self, name: str, now: datetime) -> Artefact:
        """Ask the champion every golden question, and keep what came of it.

        Raises `InputError` when the golden set cannot be read or has no question.
        """
        app, variant = self.apps[name], self.champion(name)
        cases, gate = self.golden(app), Gate(self.flow, app, frozenset())
        if not cases:
            raise InputError(
                f"the app {name!r} has no golden questions, so there is no exam to hold"
            )
        told = []
        for case in cases:
            while not self.idle():  # noqa: ASYNC110  # nobody tells when nobody waits
                await asyncio.sleep(WAIT_S)
            told.append(await gate.tell(case, variant))
        golden = fingerprint(cases)
        body = marked(cases, told) | {"variant": variant.id, "golden": golden}
        body["least"] = least = self._least(await self._earlier(name, golden))
        id = content_hash({"exam of": name, "at": now})
        made = Artefact(KIND, id, self.tenant, name, body, now)
        alerts = await self._alerts(name, float(body["value"]), least, now)
        entries = [AlertSaved(alert) for alert in alerts]
        await self.ledger.commit(ArtefactRegistered(made, ITSELF), *entries, durable=True)
        self._held[name] = now
        await self.changed(alerts)
        return made

    async def _earlier(self, app: str, golden: str) -> Sequence[float]:
        """What earlier exams on the same questions came to."""
        kept = await self.ledger.artefacts(KIND, app=app, limit=KEPT)
        return [float(one.body["value"]) for one in kept if one.body["golden"] == golden]

    def _least(self, earlier: Sequence[float]) -> float | None:
        """The value below which an alert is raised; None while there is nothing to fall from."""
        fallen = max(earlier) - self.settings.fall if earlier else None
        return max((it for it in (fallen, self.settings.least) if it is not None), default=None)

    async def _alerts(
        self, app: str, value: float, least: float | None, now: datetime
    ) -> Sequence[Alert]:
        """The alert that this exam raises or clears, if any."""
        known = [it for it in await self.ledger.alerts() if (it.app, it.name) == (app, ALERT)]
        low = least is not None and value < least
        if low and not known:
            return (
                Alert(f"{app}:{ALERT}:{now.isoformat()}", app, ALERT, value, least or 0.0, now),
            )
        return () if low else [replace(alert, cleared_at=now) for alert in known]


def marked(cases: Sequence[GateCase], told: Sequence[Told]) -> dict[str, JsonValue]:
    """An exam's figures: the mean value of its answers, and the share of those wholly right with its
    95 % interval (Wilson). `wrong` names the questions whose answer lacks something.
    """
    right = sum(one.value >= 1 for one in told)
    span = wilson(right, len(told))
    wrong = [case.id for case, one in zip(cases, told, strict=True) if one.value < 1]
    return {
        "value": fmean(one.value for one in told),
        "n": len(told),
        "right": right,
        "low": span.low,
        "high": span.high,
        "wrong": wrong,
        "runs": [one.run for one in told],
    }
