"""The seams of remembering: the ledger (what happened), the cache (what may be forgotten).

One commit takes any entries and is one transaction; each entry leaves a leaf in the audit log.
The same contract suite runs against SQLite and PostgreSQL, memory and Redis.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from arriero.core.words import (
    Action,
    Alert,
    Ended,
    Exposure,
    Feedback,
    JsonValue,
    Mode,
    Run,
    Task,
    Trace,
    Variant,
)


@dataclass(frozen=True, slots=True)
class RunRecorded:
    """A run, its trace, and the actions it intends (the outbox rows, if any)."""

    run: Run
    trace: Trace
    intended: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class RunClosed:
    """Replaces an open run (its actions were intended) by its final record."""

    run: Run


@dataclass(frozen=True, slots=True)
class ActionDone:
    """An outbox row was performed (`error` None) or given up (`error` says why)."""

    run: str
    key: str
    at: datetime
    receipt: Mapping[str, JsonValue]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class TaskSaved:
    """Opens a task or moves it on; idempotent by task id and state."""

    task: Task


@dataclass(frozen=True, slots=True)
class AlertSaved:
    """Raises an alert, or clears it (same id, `cleared_at` set)."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class VariantRegistered:
    variant: Variant
    at: datetime


@dataclass(frozen=True, slots=True)
class ExposureSet:
    """From now on this exposure holds for its app; written by learning, read by flow."""

    exposure: Exposure
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Machine:
    """A persisted state machine as it stands: a cycle or a rollout.

    `body` is all that its pure step needs; `open` is False when it has ended for good. An app has
    at most one open machine of a kind.
    """

    kind: str  # "cycle" | "rollout"
    id: str
    tenant: str
    app: str
    state: str
    open: bool
    version: int  # 1, 2, 3 ...
    body: Mapping[str, JsonValue]
    at: datetime


@dataclass(frozen=True, slots=True)
class MachineMoved:
    """A machine begins (version 1), or takes a step from the version before.

    The commit raises `Conflict` when another step was taken meanwhile: of two who act, one did.
    """

    machine: Machine
    actor: str
    because: str


@dataclass(frozen=True, slots=True)
class Artefact:
    """What learning made once and for all: `id` is a SHA-256 of its content or of what made it."""

    kind: str  # "dataset" | "adapter" | "head" | "evaluation" | "exam" | "forgotten"
    id: str
    tenant: str
    app: str
    body: Mapping[str, JsonValue]
    at: datetime


@dataclass(frozen=True, slots=True)
class ArtefactRegistered:
    """Idempotent by kind and id: the first one stays."""

    artefact: Artefact
    actor: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key's public part: `hash` is SHA-256 of the secret, which is never stored."""

    id: str
    tenant: str
    name: str
    hash: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeySaved:
    key: ApiKey


@dataclass(frozen=True, slots=True)
class Answered:
    """The response to an idempotent POST: the same key gives the same bytes again.

    `body` is sealed by who writes it (it holds what was restored); `run` is what it answers.
    """

    tenant: str
    key: str
    request_hash: str
    status: int
    body: str
    at: datetime
    run: str | None = None


@dataclass(frozen=True, slots=True)
class RunErased:
    """What a person said in a run, and was told, goes for good: `run` is what stays (`rows.erased`).

    Its trace and kept responses are deleted; comments, edits and the payloads of its tasks and
    actions emptied; actions still waiting are given up.
    """

    run: Run
    actor: str
    at: datetime


Entry = (
    RunRecorded
    | RunClosed
    | ActionDone
    | FeedbackGiven
    | TaskSaved
    | AlertSaved
    | VariantRegistered
    | ExposureSet
    | MachineMoved
    | ArtefactRegistered
    | KeySaved
    | Answered
    | RunErased
)


@dataclass(frozen=True, slots=True)
class Intended:
    """An outbox row that was not performed yet."""

    run: str
    app: str
    tenant: str
    action: Action
    at: datetime


@dataclass(frozen=True, slots=True)
class Sought:
    """Which runs are looked for: begun in [since, until), of a unit or mode, with all of these labels.

    Labels stand in the runs' rows and no index holds them, so a search by labels reads every row from
    the newest on until it has found enough; `since` bounds it.
    """

    labels: tuple[tuple[str, str], ...] = ()
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    mode: Mode | None = None

    def fits(self, run: Run) -> bool:
        """Whether this is one of them."""
        return (
            all(run.labels.get(name) == value for name, value in self.labels)
            and self.unit in (None, run.unit)
            and self.mode in (None, run.mode)
            and (self.since is None or run.started_at >= self.since)
            and (self.until is None or run.started_at < self.until)
        )


ALL = Sought()


@dataclass(frozen=True, slots=True)
class Window:
    """What an app's live runs looked like since a moment. Times in ms; None when nothing ran."""

    runs: int
    errors: int
    mean_ms: float | None
    mean_score: float | None
    scored: int


@dataclass(frozen=True, slots=True)
class Rated:
    """A live run and all the feedback on it, oldest first."""

    run: Run
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a run of a variant came to, without its wide parts: what an experiment counts.

    `of` is the live run whose case a shadow run told again; `roles` are the roles whose models were
    called; `failed` the checks that the answer failed. `feedback` is (kind, value) in the order in
    which it came, `voices` the actors who said so, in the same order.
    """

    run: str
    tenant: str
    unit: str | None
    variant: str
    mode: Mode
    of: str | None
    at: datetime
    ended: Ended
    error: bool
    score: float | None
    duration_ms: float
    cost: float
    roles: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    feedback: tuple[tuple[str, JsonValue], ...] = ()
    voices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One event of the audit log, and `digest`, its hash in the Merkle tree (RFC 9162 §2.1.1).

    `content` is the salted commitment to what the event says (`store/rows.py`); `salt` is None once
    that was erased. Leaves of before the proofs have no content: only their digest counts.
    """

    seq: int
    at: datetime
    kind: str
    subject: str
    actor: str
    digest: str
    tenant: str = ""
    content: str | None = None
    salt: str | None = None


FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Ledger(Protocol):
    """What happened, for good. Every method raises `StoreError` when the store cannot be reached."""

    async def commit(self, *entries: Entry, durable: bool = False) -> None:
        """All entries in one transaction, on disk when it returns; `durable` waits for fsync."""

    async def run(self, tenant: str, id: str) -> Run | None: ...

    async def trace(self, run: Run) -> Trace | None: ...

    async def runs(
        self,
        tenant: str,
        *,
        app: str | None = None,
        limit: int = 20,
        before: str | None = None,
        sought: Sought = ALL,
    ) -> Sequence[Run]:
        """Newest first; `before` is a run id (ids sort by time)."""

    async def feedback(self, tenant: str, run: str) -> Sequence[Feedback]: ...

    async def tasks(
        self,
        tenant: str,
        *,
        kind: str | None = None,
        state: str | None = None,
        run: str | None = None,
        id: str | None = None,
        due: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        soonest: bool = False,
    ) -> Sequence[Task]:
        """Oldest first, or with `soonest` what is due first (what has no due time comes last); with `due`
        only those that were to be done before that moment.

        `after` is a task's id: only those that come after it (none where it is unknown); at most `limit`.
        """

    async def alerts(self, *, open_only: bool = True) -> Sequence[Alert]: ...

    async def window(self, app: str, since: datetime) -> Window: ...

    async def exposures(self) -> Mapping[str, Exposure]: ...

    async def variant(self, id: str) -> Variant | None: ...

    async def variants(self, app: str) -> Sequence[Variant]:
        """In the order in which they were registered."""

    async def machine(self, kind: str, id: str) -> Machine | None: ...

    async def machines(
        self, kind: str, *, app: str | None = None, open_only: bool = True, limit: int = 50
    ) -> Sequence[Machine]:
        """The one that moved last comes first."""

    async def artefact(self, kind: str, id: str) -> Artefact | None: ...

    async def artefacts(
        self, kind: str, *, app: str | None = None, limit: int = 100
    ) -> Sequence[Artefact]:
        """Newest first."""

    async def rated(
        self, tenant: str, app: str, *, after: str | None = None, limit: int = 1000
    ) -> Sequence[Rated]:
        """Live runs that have feedback, by ascending run id; `after` is a run id."""

    async def given(self, tenant: str, app: str, *, since: datetime | None = None) -> int:
        """How many live runs of the app had feedback, given from `since` on."""

    async def outcomes(
        self,
        app: str,
        variants: Sequence[str],
        *,
        since: datetime,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Observed]:
        """Live and shadow runs of these variants that began in [since, until), the oldest `limit` first.

        For 100,000 runs it takes one to two seconds: it reads an index, never the wide rows.
        """

    async def keys(self) -> Sequence[ApiKey]: ...

    async def answered(self, tenant: str, key: str) -> Answered | None: ...

    async def intended(self, *, older_than: datetime) -> Sequence[Intended]: ...

    async def leaves(self, *, after: int = 0, limit: int = 1000) -> Sequence[Leaf]: ...

    async def lease(
        self, job: str, holder: str, *, now: datetime, until: datetime, latest: datetime = FOR_EVER
    ) -> bool:
        """Take or renew the lease on a job; False while somebody else holds it.

        Who would hold it until after `latest` does not: it was taken before a clock was set back.
        """

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class Cache(Protocol):
    """What may be forgotten. Keys are strings, values bytes; `ttl_s` seconds to live.

    A cache that cannot be reached never fails a request: `get` gives None and `put` does nothing,
    `ping` raises `StoreError`, and `degraded` says so.
    """

    @property
    def degraded(self) -> bool: ...

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None: ...

    async def drop(self, key: str) -> None: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def without_password(url: str) -> str:
    """`url` as it may be printed: what is printed ends up in tickets."""
    url = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
    return re.sub(r"([?&]\w*password=)[^&#]*", r"\1***", url)
