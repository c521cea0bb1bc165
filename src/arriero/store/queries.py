"""Reading runs together with the feedback on them: what learning and experiments count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from arriero.core.words import Ended, Feedback, Mode, Run, canonical_json
from arriero.store import schema, values
from arriero.store.base import Observed, Rated, Sought
from arriero.store.schema import micros, moment

RUN = (schema.runs.c.body, schema.runs.c.started_at, schema.runs.c.trace)
COUNTED = (Mode.LIVE, Mode.SHADOW)  # a replay is told from its trace: it says nothing new


def runs(
    connection: Connection,
    tenant: str,
    app: str | None,
    limit: int,
    before: str | None,
    sought: Sought,
) -> Sequence[Run]:
    """Newest first. The database finds rows that have each label somewhere; whether it is a label is seen here."""
    run = schema.runs.c
    query = select(*RUN).where(run.tenant == tenant, *_sought(sought))
    if app is not None:
        query = query.where(run.app == app)
    found: list[Run] = []
    while True:
        page = query if before is None else query.where(run.id < before)
        rows = connection.execute(page.order_by(run.id.desc()).limit(limit)).mappings().all()
        read = [values.to_run(row) for row in rows]
        found += [one for one in read if sought.fits(one)]
        if len(read) < limit or len(found) >= limit:
            return found[:limit]
        before = read[-1].id


def _sought(sought: Sought) -> Iterator[ColumnElement[bool]]:
    run = schema.runs.c
    if sought.unit is not None:
        yield run.unit == sought.unit
    if sought.mode is not None:
        yield run.mode == sought.mode.value
    if sought.since is not None:
        yield run.started_at >= micros(sought.since)
    if sought.until is not None:
        yield run.started_at < micros(sought.until)
    for label in sought.labels:  # as a run's canonical JSON has it, without the braces
        yield run.body.contains(canonical_json(dict([label])).decode()[1:-1], autoescape=True)


def rated(
    connection: Connection, tenant: str, app: str, after: str | None, limit: int
) -> Sequence[Rated]:
    """Live runs that have feedback, each with all of it, by ascending run id."""
    run, said = schema.runs.c, schema.feedback
    has = exists().where(said.c.tenant == run.tenant, said.c.run == run.id)
    query = select(*RUN).where(
        run.tenant == tenant, run.app == app, run.mode == Mode.LIVE.value, has
    )
    if after is not None:
        query = query.where(run.id > after)
    found = connection.execute(query.order_by(run.id).limit(limit)).mappings()
    runs = [values.to_run(row) for row in found]
    if not runs:
        return []
    edges = said.c.run >= runs[0].id, said.c.run <= runs[-1].id
    given = select(said).where(said.c.tenant == tenant, *edges).order_by(said.c.at, said.c.id)
    by_run: defaultdict[str, list[Feedback]] = defaultdict(list)
    for row in connection.execute(given).mappings():
        by_run[row["run"]].append(values.to_feedback(row))
    return [Rated(run, tuple(by_run[run.id])) for run in runs]


def given(connection: Connection, tenant: str, app: str, since: datetime | None) -> int:
    """How many live runs of the app had feedback, given from `since` on."""
    run, said = schema.runs.c, schema.feedback.c
    here = [run.tenant == tenant, run.app == app, run.mode == Mode.LIVE.value]
    query = select(func.count(func.distinct(said.run))).where(
        said.tenant == run.tenant, said.run == run.id, *here
    )
    if since is not None:
        query = query.where(said.at >= micros(since))
    return int(connection.execute(query).scalar_one())


def outcomes(
    connection: Connection,
    app: str,
    variants: Sequence[str],
    since: datetime,
    until: datetime | None,
    limit: int | None,
) -> Sequence[Observed]:
    """Live and shadow runs of `variants` in [since, until), oldest first, from the index alone."""
    run, said = schema.runs.c, schema.feedback.c
    here: list[ColumnElement[bool]] = [
        run.app == app,
        run.mode.in_([mode.value for mode in COUNTED]),
        run.started_at >= micros(since),
        run.variant.in_(variants),
    ]
    if until is not None:
        here.append(run.started_at < micros(until))
    query = select(*(run[name] for name in OBSERVED)).where(*here)
    rows = connection.execute(query.order_by(run.started_at, run.id).limit(limit)).all()
    if limit is not None and rows:
        here.append(run.started_at <= rows[-1].started_at)
    given = (
        select(run.id, said.kind, said.value, said.actor)
        .where(*here, said.tenant == run.tenant, said.run == run.id)
        .order_by(said.at, said.id)
    )
    by_run: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    voices: defaultdict[str, list[str]] = defaultdict(list)
    for id, kind, value, actor in connection.execute(given):
        by_run[id].append((kind, values.parsed(object, value)))
        voices[id].append(actor)
    return [
        _observed(row, tuple(by_run.get(row[0], ())), tuple(voices.get(row[0], ()))) for row in rows
    ]


OBSERVED = (
    *("id", "tenant", "unit", "variant", "mode", "of", "started_at", "ended", "error", "score"),
    *("duration_ms", "cost", "roles", "failed"),
)


def _observed(row: Any, feedback: tuple[tuple[str, Any], ...], voices: tuple[str, ...]) -> Observed:
    id, tenant, unit, variant, mode, of, at, ended, error, score, ms, cost, roles, failed = row
    return Observed(
        *(id, tenant, unit, variant, Mode(mode), of, moment(at), Ended(ended), error, score),
        duration_ms=ms,
        cost=cost or 0.0,
        roles=_words(roles),
        failed=_words(failed),
        feedback=feedback,
        voices=voices,
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
