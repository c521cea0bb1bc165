"""Verifies an audit log against itself, against the rows it speaks of, and against anchors. Needs no server.

What it finds: an edited, missing, added or reordered leaf; a head that is not signed or not true; a row
that says something else than its leaf, a row that is gone, a row that no leaf speaks of; a log that is
shorter than, or other than, an anchor says. What it cannot find without an anchor: a tail that was cut off
together with the heads over it; that leaves were made to look like those from before the proofs (which say
nothing of their rows), together with every head that was signed over fewer leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from arriero.core.merkle import Frontier
from arriero.security.audit import committed, is_signed
from arriero.store.audit_log import Head, to_head
from arriero.store.audit_rows import Stated, damaged_traces, leaves, nodes, stated
from arriero.store.base import Leaf
from arriero.store.rows import digest
from arriero.store.schema import audit_heads, micros

MOST_TOLD = 1_000  # findings kept; a log that was rewritten has as many as leaves


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is one word of a closed list: leaf, order, tree, head, anchor, row, missing,
    added, trace.
    """

    kind: str
    where: str
    what: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and everything that is wrong with it."""

    leaves: int = 0
    heads: int = 0
    rows: int = 0
    anchored: int = 0
    unsealed: int = 0
    keys: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    def found(self, kind: str, where: str, what: str) -> None:
        if len(self.findings) < MOST_TOLD:
            self.findings.append(Finding(kind, where, what))


def verify(
    connection: Connection,
    *,
    trusted: Sequence[str] = (),
    anchors: Sequence[Head] = (),
    step: Callable[[], None] = lambda: None,
) -> Verified:
    """Look at everything, which has to stand still meanwhile (`SqlLedger.snapshot`).

    `trusted` are public keys (hexadecimal); without any, each head's own counts.
    `step` is called once a row, for a progress bar.
    """
    told = Verified()
    heads = [to_head(row) for row in connection.execute(_HEADS).mappings()]
    told.keys = tuple(dict.fromkeys(head.public_key for head in heads))
    _signatures(told, heads, anchors, trusted)
    by_subject = _leaves(told, connection, heads, anchors, step)
    _rows(told, connection, by_subject, step)
    for kind, where, what in damaged_traces(connection):
        told.found(kind, where, what)
    return told


_HEADS = select(audit_heads).order_by(audit_heads.c.size)


def _signatures(
    told: Verified, heads: Sequence[Head], anchors: Sequence[Head], trusted: Sequence[str]
) -> None:
    told.heads, told.anchored = len(heads), max((head.size for head in anchors), default=0)
    for kind, group in (("head", heads), ("anchor", anchors)):
        for head in group:
            where = f"of {head.size} leaves"
            if trusted and head.public_key not in trusted:
                told.found(
                    kind, where, f"is signed with the key {head.public_key}, not a known one"
                )
            if not is_signed(head):
                told.found(kind, where, "has a signature that does not hold")


@dataclass(slots=True)
class _Told:
    """A leaf that some row has to account for."""

    leaf: Leaf
    used: bool = False


Subjects = dict[str, list[_Told]]


def _leaves(
    told: Verified,
    connection: Connection,
    heads: Sequence[Head],
    anchors: Sequence[Head],
    step: Callable[[], None],
) -> Subjects:
    """The tree, leaf by leaf, compared with every head and anchor at its size."""
    stored = nodes(connection)

    def completed(height: int, index: int, root: bytes) -> None:
        if stored.pop((height, index), root) != root:
            told.found("tree", f"subtree {height}/{index}", "is stored with another root")

    frontier, by_subject = Frontier(completed), defaultdict[str, list[_Told]](list)
    due = _due(heads, anchors)
    waiting = next(due, None)
    proved_from = waiting[1].size if waiting else None  # proofs and heads came at once
    for leaf in leaves(connection):
        step()
        if leaf.seq != frontier.size + 1:
            told.found("order", f"leaf {leaf.seq}", f"follows {frontier.size} leaves")
        if leaf.content is not None and _digest(leaf) != leaf.digest:
            told.found("leaf", f"leaf {leaf.seq}", "was edited: its event has another hash")
        try:
            frontier.add(bytes.fromhex(leaf.digest))
        except ValueError:
            told.found("leaf", f"leaf {leaf.seq}", "has no hash")
            frontier.add(b"")
        if leaf.content is not None:
            by_subject[leaf.subject].append(_Told(leaf))
        elif by_subject or (proved_from is not None and frontier.size > proved_from):
            told.found(
                "leaf", f"leaf {leaf.seq}", "lost its content: only the first leaves have none"
            )
        while waiting is not None and waiting[1].size == frontier.size:
            if waiting[1].root != frontier.root().hex():
                told.found(
                    waiting[0], f"of {frontier.size} leaves", "has another root than these leaves"
                )
            waiting = next(due, None)
    for height, index in stored:
        told.found("tree", f"subtree {height}/{index}", "is stored, but not complete")
    told.leaves = frontier.size
    told.unsealed = frontier.size - max((head.size for head in heads), default=0)
    while waiting is not None:
        where = f"of {waiting[1].size} leaves"
        told.found(waiting[0], where, f"is larger than the log, which has {frontier.size} leaves")
        waiting = next(due, None)
    return by_subject


def _due(heads: Sequence[Head], anchors: Sequence[Head]) -> Iterator[tuple[str, Head]]:
    both = [("head", head) for head in heads] + [("anchor", head) for head in anchors]
    yield from sorted(both, key=lambda pair: pair[1].size)


def _digest(leaf: Leaf) -> str:
    return digest(
        {
            "tenant": leaf.tenant,
            "at": micros(leaf.at),
            "kind": leaf.kind,
            "subject": leaf.subject,
            "actor": leaf.actor,
            "content": leaf.content,
        }
    )


def _rows(
    told: Verified, connection: Connection, by_subject: Subjects, step: Callable[[], None]
) -> None:
    """Each row against the leaves about it, then each leaf that no row accounts for."""
    erased = {
        subject
        for subject, group in by_subject.items()
        if any(it.leaf.kind == "run.erased" for it in group)
    }
    runs = dict[str, str | None]()
    old = told.leaves - sum(map(len, by_subject.values()))
    for row in stated(connection):
        step()
        told.rows += 1
        _account(told, row, by_subject, erased, runs, old=old)
    for subject, group in by_subject.items():
        for it in group:
            _unaccounted(told, it, subject, erased, runs)


def _account(
    told: Verified,
    row: Stated,
    by_subject: Subjects,
    erased: set[str],
    runs: dict[str, str | None],
    *,
    old: int,
) -> None:
    if not row.sound:
        told.found("row", row.where, "was edited: its columns contradict each other")
    about = [it for it in by_subject.get(row.subject, ()) if it.leaf.kind in row.kinds]
    runs[row.subject] = row.run
    is_erased = row.run in erased
    if row.changing:
        for it in about[:-1]:
            it.used = True
        about = about[-1:]
    if row.open is not None and row.open != _is_open(row, about, by_subject):
        told.found("row", row.where, "was edited: it is open, or closed, against its leaves")
    if row.ordered:
        about = [it for it in about if not it.used][:1] or about[-1:]
    here = next((it for it in about if not it.used and committed(it.leaf, row.content)), None)
    if here is not None:
        here.used = True
        return
    unsalted = next((it for it in about if not it.used and it.leaf.salt is None), None)
    if is_erased and row.emptied:
        if unsalted is not None:
            unsalted.used = True
        return
    if about:
        about[-1].used = True
    if not row.sound:
        return  # that it is wrong is told already
    if about:
        told.found("row", row.where, "was edited: it is not what its leaf commits to")
    elif not old:
        told.found("added", row.where, "was added: no leaf speaks of it")


def _is_open(row: Stated, newest: Sequence[_Told], by_subject: Subjects) -> bool:
    """A run is open while its record is the first one and something is to come: see `rows.is_open`."""
    promised = any(it.leaf.kind == "action.intended" for it in by_subject.get(row.subject, ()))
    first = bool(newest) and newest[-1].leaf.kind == "run.recorded"
    return first and (promised or row.waits)


def _unaccounted(
    told: Verified, it: _Told, subject: str, erased: set[str], runs: dict[str, str | None]
) -> None:
    """A leaf whose row is not there. Erasing deletes kept answers, and takes the salts of the rest."""
    of_erased = subject in erased or runs.get(subject) in erased
    if it.leaf.salt is None and not of_erased:
        told.found(
            "leaf", f"leaf {it.leaf.seq}", "lost its salt, though nothing about it was erased"
        )
    elif not it.used and not (of_erased and it.leaf.salt is None):
        told.found("missing", f"{it.leaf.kind} {subject}", "is in the log, but its row is gone")
