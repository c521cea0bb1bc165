"""Analyses found again by client, company and day, each as it stands now and with how long it is kept.

What stands is told by the ledger alone: the run as it ended, and the tasks about it (approval, release, withdrawal, hold).
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from arriero.apps.finance.compliance.rulebook import APPROVAL, WITHDRAWAL
from arriero.apps.finance.door import ANALYSIS, WantedAnalyses, door, present
from arriero.apps.finance.releases import PUBLICATION, STATUS, Releases
from arriero.apps.finance.values import WITHDRAWN, WITHHELD
from arriero.core.archive import Found
from arriero.core.errors import ArrieroError, NotFound
from arriero.core.words import JsonValue, Outcome, Run, Task
from arriero.security.holds import in_force
from arriero.store.base import Ledger, Sought

APP = "finance"
REJECTED, APPROVED, ERASED = "rejected", "approved", "erased"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an analysis is worth now: its status, and who made it so, when and why, if a person did."""

    status: str
    by: str | None = None
    at: str | None = None
    why: str = ""


def standing_of(run: Run, tasks: Sequence[Task]) -> Standing:
    """By the tasks about the run: taken back, then released, then decided, else as the run ended."""
    of = {task.kind: task for task in tasks}
    if not run.answer:
        return Standing(ERASED)
    if (back := of.get(WITHDRAWAL)) is not None:
        payload = back.payload
        return Standing(WITHDRAWN, back.actor, payload.get("at"), str(payload.get("reason", "")))
    if (out := of.get(PUBLICATION)) is not None:
        return Standing(STATUS, out.actor, out.payload.get("at"))
    asked = of.get(APPROVAL)
    if asked is not None and asked.state in {"resolved", "returned"}:
        status = APPROVED if asked.state == "resolved" else REJECTED
        payload = asked.payload
        return Standing(
            status, asked.actor, payload.get("decided_at"), str(payload.get("note", ""))
        )
    return Standing(str(run.answer.get("compliance_status", "")))


def kept_until(run: Run) -> date | None:
    """The day on which its retention class ends; None: for ever, or it was recorded without a class."""
    years = re.fullmatch(r"(\d+)\s?y(?:ears)?", run.labels.get("retention", "").strip().lower())
    if years is None:
        return None
    made = run.started_at.date()
    ends = made.year + int(years[1])
    return date(ends, 3, 1) if (made.month, made.day) == (2, 29) else made.replace(year=ends)


@dataclass(frozen=True)
class Analyses:
    """The analyses that a ledger holds, the withheld and failed ones too."""

    ledger: Ledger
    releases: Releases

    async def search(self, tenant: str, wanted: WantedAnalyses) -> Found:
        """A page, newest first. The clients' own ids are compared letter by letter."""
        labels = (("client", wanted.client), ("ticker", wanted.ticker), ("as_of", wanted.as_of))
        sought = Sought(
            labels=tuple((name, str(value)) for name, value in labels if value is not None),
            since=_begin(wanted.from_) if wanted.from_ else None,
            until=_begin(wanted.to + timedelta(days=1)) if wanted.to else None,
        )
        runs = await self.ledger.runs(
            tenant, app=APP, limit=wanted.limit + 1, before=wanted.before, sought=sought
        )
        page = runs[: wanted.limit]
        about, held = await self._tasks(tenant, page), await in_force(self.ledger, tenant)
        rows = []
        for run in page:
            rating = await self._rating(run, about[run.id])
            rows.append({**_row(run, about[run.id], held), "recommendation": rating})
        return Found(rows, more=len(runs) > wanted.limit)

    async def show(self, tenant: str, run: str) -> Mapping[str, JsonValue]:
        """One analysis with the keys of its answer, as it stands now."""
        found = await self.ledger.run(tenant, run)
        if found is None or found.app != APP:
            raise NotFound(
                f"there is no analysis {run!r}; `arriero finance search` or GET {door.path} finds them",
                param="run",
            )
        tasks = await self.ledger.tasks(tenant, run=run)
        answer, sources = ANALYSIS.validate_python(found.answer), found.sources
        if (released := await self.releases.released(found)) is not None:
            answer, sources = released
        row = _row(found, tasks, await in_force(self.ledger, tenant))
        told = {**row, **present(Outcome(found.ended, answer, sources=sources), found)}
        reason = found.reason
        if row["status"] == WITHDRAWN:
            told["compliance_status"], reason = WITHDRAWN, row["status_why"]
        elif row["status"] == STATUS:
            reason = ""  # the run's own is why it had to wait
        elif row["status"] == REJECTED:  # its record still waits
            told["compliance_status"], reason = WITHHELD, row["status_why"]
            told["explanation"] = "The analysis is withheld: its publication was rejected."
            told["because"] = reason
        return {**told, "run_id": found.id, "reason": reason, "sources": sources}

    async def _rating(self, run: Run, tasks: Sequence[Task]) -> JsonValue:
        """What it recommends: as it was released where it was, else as its run ended."""
        recorded = run.answer.get("recommendation")
        if all(task.kind != PUBLICATION for task in tasks):
            return recorded
        try:
            released = await self.releases.released(run)
        except ArrieroError as error:
            # `show` says so of the one; the others are found all the same.
            log.warning("run %s is listed as it was recorded: %s", run.id, error.message)
            return recorded
        return recorded if released is None else released[0].recommendation

    async def _tasks(self, tenant: str, runs: Sequence[Run]) -> Mapping[str, list[Task]]:
        """The tasks about each run of a page."""
        found: defaultdict[str, list[Task]] = defaultdict(list)
        wanted = {run.id for run in runs}
        for kind in (WITHDRAWAL, PUBLICATION, APPROVAL):
            for task in await self.ledger.tasks(tenant, kind=kind):
                if task.run in wanted:
                    found[str(task.run)].append(task)
        return found


def _row(run: Run, tasks: Sequence[Task], held: Sequence[Task]) -> dict[str, JsonValue]:
    standing, until = standing_of(run, tasks), kept_until(run)
    labels = run.labels
    names = {run.id, run.unit, labels.get("client")}
    return {
        "run": run.id,
        "made_at": run.started_at.isoformat(),
        "actor": run.actor,
        "client": labels.get("client"),
        "ticker": labels.get("ticker"),
        "as_of": labels.get("as_of"),
        "horizon": labels.get("horizon"),
        "outcome": run.ended.value,
        "recommendation": run.answer.get("recommendation"),
        "status": standing.status,
        "status_by": standing.by,
        "status_at": standing.at,
        "status_why": standing.why,
        "retention": labels.get("retention"),
        "kept_until": until and until.isoformat(),
        "holds": [one.id for one in held if one.payload["subject"] in names],
        "proof": f"/v1/runs/{run.id}/proof",
    }


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
