"""The nouns of Arriero (docs/words.md), as frozen values that every room shares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property
from typing import Annotated, Any, Generic, TypeVar

Answer = TypeVar("Answer")
JsonValue = Any  # what json.dumps takes: the one place where Any stands for a value


class _FreeText:
    """Marks a string field that a person typed: the flow masks it before any model sees it."""


FreeText = Annotated[str, _FreeText()]


def is_free_text(metadata: Sequence[object]) -> bool:
    """Whether a field's annotation metadata carries the `FreeText` mark."""
    return any(isinstance(item, _FreeText) for item in metadata)


class Mode(StrEnum):
    """Only a live turn may act on the world."""

    LIVE = "live"
    SHADOW = "shadow"
    REPLAY = "replay"


class Stage(StrEnum):
    """The stages of every app's story, in order."""

    UNDERSTAND = "understand"
    GATHER = "gather"
    DRAFT = "draft"
    JUDGE = "judge"
    DECIDE = "decide"
    ACT = "act"
    RECORD = "record"


class Ended(StrEnum):
    """How a case ended. Only `FAILED` is an HTTP 503; all others are 200."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    PENDING = "pending"
    FALLBACK = "fallback"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of evidence that an answer cites: `quote` stands word for word in it."""

    id: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class Action:
    """A typed effect on the world, proposed by a draft, performed only after the decision.

    `key` is the idempotency key within the run: performing an action twice with the same
    (run id, key) has the effect of performing it once.
    """

    kind: str
    key: str
    payload: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of a draft: `score` in [0, 1], pass or fail, and why."""

    check: str
    passed: bool
    score: float
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft(Generic[Answer]):
    """A candidate answer, not yet shown to anybody. `origin` says how it was made."""

    answer: Answer
    origin: str
    sources: tuple[Source, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Answer]):
    """How the case ends: the answer to show, the actions to perform, and why.

    `error` is the code (core/errors.py) of what stopped a stage, if something did.
    """

    ended: Ended
    answer: Answer
    reason: str = ""
    score: float | None = None
    origin: str = ""
    sources: tuple[Source, ...] = ()
    actions: tuple[Action, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat: role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Call:
    """One model call as it was made: enough to repeat it and to train on it.

    `request` holds the masked messages (or the classified text) and parameters, `reply` what came
    back; times in milliseconds. When the call failed, `error` says so instead of a reply, and `code` is
    that of core/errors.py.
    """

    role: str
    model: str
    adapter: str | None
    request: Mapping[str, JsonValue]
    reply: Mapping[str, JsonValue] | None
    tokens_in: int = 0
    tokens_out: int = 0
    first_ms: float | None = None
    total_ms: float = 0.0
    cost: float = 0.0
    error: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, in milliseconds, and what went wrong in it, if anything did."""

    stage: Stage
    ms: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """Which model plays a role, and how (a row of `[apps.X.models]`).

    `model` is an engine URL: `llama:NAME` (embedded), `openai:DEPLOYMENT`, `head:NAME`, `fake:NAME`.
    `drafting`: the embedded engine looks the answer's next words up in what was written before; the text is
    the same, sooner where it quotes and later where it does not.
    """

    model: str
    adapter: str | None = None
    temperature: float = 0.0
    max_tokens: int = 300
    stop: tuple[str, ...] = ()
    drafting: bool = True


@dataclass(frozen=True)
class Variant:
    """A gated recipe for an app. Immutable; its id is the hash of its content."""

    app: str
    roles: Mapping[str, RoleBinding]
    prompts: Mapping[str, str]
    thresholds: Mapping[str, float]
    score_model: str = "baseline"
    rounds: int = 1

    @cached_property
    def id(self) -> str:
        """`app@` and the first 16 hexadecimal digits of the content's SHA-256."""
        return f"{self.app}@{content_hash(self)[:16]}"

    def rebound(self, role: str, *, adapter: str | None, model: str | None = None) -> Variant:
        """The recipe with another adapter for `role`, and with another model if one is named."""
        old = self.roles[role]
        new = replace(old, adapter=adapter, model=model or old.model)
        return replace(self, roles={**self.roles, role: new})


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an exposure: this variant is seen by this share (0..1) of units."""

    variant: str
    share: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """Which share of an app's units sees which variant now; `rollout` salts the assignment."""

    app: str
    rollout: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """The record of one case. Private values in `input` and `answer` are masked.

    `of` is the run whose case this one tells again, with another variant (shadow) or from its trace.
    """

    id: str
    tenant: str
    app: str
    unit: str | None
    actor: str
    mode: Mode
    variant: str
    config: str
    started_at: datetime
    duration_ms: float
    ended: Ended
    reason: str
    score: float | None
    input: Mapping[str, JsonValue]
    answer: Mapping[str, JsonValue]
    origin: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[StageTime, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    sources: tuple[Source, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    trace: str | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What the stages of a run produced, as JSON values: for replay and for training data."""

    seen: JsonValue
    evidence: JsonValue
    drafts: tuple[JsonValue, ...]
    calls: tuple[Call, ...]
    outcome: JsonValue
    seed: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """An event about a run. Kinds: thumb, rating, edit, comment, resolved, recontact, label.

    `actor` is the API key's name, with `/` and a pseudonym of the person behind it when one was named.
    """

    id: str
    tenant: str
    run: str
    actor: str
    at: datetime
    kind: str
    value: JsonValue
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Work for a person: hand-overs, approvals, reviews, draft articles."""

    id: str
    tenant: str
    kind: str
    run: str | None
    state: str
    created_at: datetime
    due_at: datetime | None = None
    actor: str | None = None
    payload: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold that was crossed: open until `cleared_at` is set."""

    id: str
    app: str
    name: str
    value: float
    threshold: float
    raised_at: datetime
    cleared_at: datetime | None = None


def canonical_json(value: object) -> bytes:
    """`value` (JSON values, dataclasses, datetimes) as UTF-8 JSON with sorted keys and no spaces.

    The same value always gives the same bytes, so they can be hashed. For strings and integers under
    ASCII keys, which is all that audit events hold, it is RFC 8785; floats are Python's shortest.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    ).encode()


def content_hash(value: object) -> str:
    """SHA-256 of `canonical_json(value)`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none of anything else."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _plain(value: Any) -> JsonValue:
    if names := _field_names(type(value)):  # type: ignore[arg-type]  # mypy: a type has no hash
        # json.dumps comes back for nested values; `asdict` would copy them all first, at twice the time
        return {name: getattr(value, name) for name in names}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in canonical JSON: {value!r}")
