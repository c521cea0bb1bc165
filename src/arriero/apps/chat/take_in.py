"""Takes a file of logs into the ledger: line by line, each once, the bad ones listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from arriero.apps.chat.logs import Logged, logged
from arriero.core.errors import InputError
from arriero.security.masking import Masker
from arriero.store.base import Entry, Ledger, VariantRegistered

LONGEST_LINE = 1 << 20  # bytes; a longer one is no exchange of messages
PAGE = 100  # runs in one transaction


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken in, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many runs and events of feedback came in, how many lines were there already, which are bad."""

    runs: int
    feedback: int
    repeated: int
    bad: tuple[BadLine, ...]


async def take_in(
    ledger: Ledger,
    file: Path,
    *,
    tenant: str,
    masker: Masker,
    mark: Callable[[str], str],
    now: datetime,
    at: datetime | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> TakenIn:
    """Every line of `file` as a run of the chat app. `progress` is told how many bytes were read.

    What came in before is not taken again, so an import that broke off is simply run again.

    Raises:
        InputError: the file cannot be read.
        StoreError: the ledger failed; run it again.
    """
    bad: list[BadLine] = []
    seen = set[str]()
    waiting: list[Logged] = []
    runs = said = repeated = 0
    for number, raw, done in _lines(file):
        progress(done)
        try:
            one = logged(_parsed(raw), tenant=tenant, masker=masker, mark=mark, at=at)
        except InputError as error:
            bad.append(BadLine(number, error.message))
            continue
        id = one.recorded.run.id
        if id in seen or await ledger.run(tenant, id) is not None:
            repeated += 1
            continue
        seen.add(id)
        waiting.append(one)
        runs, said = runs + 1, said + len(one.feedback)
        if len(waiting) == PAGE:
            await ledger.commit(*_entries(waiting, now), durable=True)
            waiting.clear()
    if waiting:
        await ledger.commit(*_entries(waiting, now), durable=True)
    return TakenIn(runs, said, repeated, tuple(bad))


def _entries(waiting: list[Logged], now: datetime) -> Iterator[Entry]:
    yield from {one.variant.id: VariantRegistered(one.variant, now) for one in waiting}.values()
    for one in waiting:
        yield one.recorded
        yield from one.feedback


def _lines(file: Path) -> Iterator[tuple[int, bytes, int]]:
    """Each line that is not empty: its number, its bytes, and how many bytes were read with it."""
    done = 0
    try:
        with file.open("rb") as lines:
            for number, raw in enumerate(lines, 1):
                done += len(raw)
                if raw.strip():
                    yield number, raw, done
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read: {error.strerror}") from None


def _parsed(raw: bytes) -> object:
    if len(raw) > LONGEST_LINE:
        raise InputError(f"it is longer than {LONGEST_LINE:,} bytes")
    try:
        return json.loads(raw)
    except UnicodeDecodeError:
        raise InputError("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise InputError("it is no JSON") from None
