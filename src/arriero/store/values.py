"""Rows of the ledger back as values: pure, the same for every database."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from arriero.core.errors import StoreError
from arriero.core.words import (
    Action,
    Alert,
    Exposure,
    Feedback,
    Run,
    Share,
    Task,
    Trace,
)
from arriero.store.base import Answered, ApiKey, Artefact, Intended, Leaf, Machine
from arriero.store.schema import moment

T = TypeVar("T")


def to_run(row: RowMapping) -> Run:
    """The `Run` in a row (body, started_at, trace) of the ledger."""
    run = parsed(Run, row["body"])
    return replace(run, started_at=moment(row["started_at"]), trace=row["trace"])


def to_trace(packed: bytes, sha256: str) -> Trace:
    """The trace; `StoreError` when its bytes are not the ones that were recorded."""
    try:
        body = zlib.decompress(packed)
    except zlib.error:
        body = b""
    if hashlib.sha256(body).hexdigest() != sha256:
        raise StoreError(f"the trace {sha256!r} is damaged; restore the ledger from a backup")
    return parsed(Trace, body)


def to_intended(row: RowMapping) -> Intended:
    """The `Intended` in a row of the ledger."""
    action = Action(row["kind"], row["key"], parsed(dict[str, Any], row["payload"]))
    return Intended(row["run"], row["app"], row["tenant"], action, moment(row["at"]))


def to_feedback(row: RowMapping) -> Feedback:
    """The `Feedback` in a row of the ledger."""
    read = {**row, "at": moment(row["at"]), "value": parsed(object, row["value"])}
    return Feedback(**read)


def to_task(row: RowMapping) -> Task:
    """The `Task` in a row of the ledger."""
    read = {
        **row,
        "created_at": moment(row["created_at"]),
        "due_at": _maybe_moment(row["due_at"]),
        "payload": parsed(dict[str, Any], row["payload"]),
    }
    return Task(**read)


def to_alert(row: RowMapping) -> Alert:
    """The `Alert` in a row of the ledger."""
    raised, cleared = moment(row["raised_at"]), _maybe_moment(row["cleared_at"])
    values = float(row["value"]), float(row["threshold"])
    return Alert(row["id"], row["app"], row["name"], *values, raised, cleared)


def to_exposure(row: RowMapping) -> Exposure:
    """The `Exposure` in a row of the ledger."""
    return Exposure(row["app"], row["rollout"], parsed(tuple[Share, ...], row["shares"]))


def to_machine(row: RowMapping) -> Machine:
    """The `Machine` in a row of the ledger."""
    return Machine(**{**row, "at": moment(row["at"]), "body": parsed(dict[str, Any], row["body"])})


def to_artefact(row: RowMapping) -> Artefact:
    """The `Artefact` in a row of the ledger."""
    return Artefact(**{**row, "at": moment(row["at"]), "body": parsed(dict[str, Any], row["body"])})


def to_key(row: RowMapping) -> ApiKey:
    """The `ApiKey` in a row of the ledger."""
    created, revoked = moment(row["created_at"]), _maybe_moment(row["revoked_at"])
    return ApiKey(row["id"], row["tenant"], row["name"], row["hash"], created, revoked)


def to_answered(row: RowMapping) -> Answered:
    """The `Answered` in a row of the ledger."""
    return Answered(**{**row, "at": moment(row["at"])})


def to_leaf(row: RowMapping) -> Leaf:
    """The `Leaf` in a row of the ledger."""
    return Leaf(**{**row, "at": moment(row["at"])})


def parsed(kind: type[T], text: str | bytes) -> T:
    """Our own JSON back as the value it was written from."""
    adapter: TypeAdapter[T] = _adapter(cast("Hashable", kind))
    return adapter.validate_json(text)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _maybe_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)
