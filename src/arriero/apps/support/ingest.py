"""Takes a folder of Markdown, HTML and CSV in: only what changed is read and encoded again.

One bad file never stops the others, and nothing of a run counts before all of it does. A file that
can no longer be used (broken, suspicious) keeps its last good version; one that is gone leaves.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from arriero.apps.support.articles import Article
from arriero.apps.support.contradictions import (
    Contradiction,
    contradictions,
    disputes,
    statements,
)
from arriero.apps.support.documents import MOST_BYTES, parse
from arriero.apps.support.knowledge import File, Knowledge, Stale, Store, stale
from arriero.core.errors import ArrieroError, InputError
from arriero.models.base import Encoder
from arriero.security.injection import Suspicion
from arriero.security.injection_reader import Reader

REVIEW_DAYS = 365
STATEMENTS = "statements.safetensors"

Scan = Callable[[str], str | None]
Progress = Callable[[str, int, int], None]


def suspicious(found: Suspicion) -> str | None:
    """Why a text is no article: it gives orders to the system. None: it does not."""
    if not found.flagged:
        return None
    why = ", ".join(found.reasons) or "instructions to a model"
    return f"it seems to give orders to the system ({why}); read it, then --trust it"


class State(StrEnum):
    """What became of a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a file, how many articles it has in the index now, and why that is so."""

    path: str
    state: State
    articles: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingestion did. `version` is the knowledge in force after it."""

    version: str
    rows: tuple[Row, ...]
    articles: int
    passages: int
    stale: tuple[Stale, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def counts(self) -> Mapping[State, int]:
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in State}


@dataclass(frozen=True, slots=True)
class Ingestion:
    """How folders are taken in. `vectors` is the folder of the index (`Parts.folder / "index"`).

    `scan` says why a text is suspicious (None: it is not), by default the injection scan with
    `encoder`; such files stay out, unless their path
    is among `trusted`. `progress` is told the step, how many are done, and of how many. `data` is
    Arriero's own data folder: what lies there is nobody's article, wherever it lies.
    """

    store: Store
    encoder: Encoder
    vectors: Path
    today: date
    scan: Scan | None = None
    trusted: frozenset[str] = frozenset()
    review_days: int = REVIEW_DAYS
    progress: Progress = lambda step, done, of: None
    data: Path | None = None

    async def take_in(self, folder: Path) -> Report:
        """Take in `folder` in place of what it was the last time.

        Raises `InputError` for no folder, or one without a usable article (nothing changes then),
        `Busy` while another ingestion runs, `StoreError`, and what the encoder raises.
        """
        folder = await asyncio.to_thread(_folder, folder)
        with self.store.locked():
            known = await asyncio.to_thread(self.store.salvage)
            scan = self.scan or self._reader(self.encoder)
            files, rows = await asyncio.to_thread(self._read, folder, known, scan)
            if not any(file.articles for file in files):
                raise InputError(_nothing(folder, rows))
            sources = {**known.sources, str(folder): files}
            return await self._keep(sources, rows)

    async def look(self, folder: Path) -> tuple[tuple[Article, ...], tuple[Row, ...]]:
        """The articles of `folder` by the rules of `take_in`, and what became of each file.

        Keeps none of it, but for vectors of what was scanned: what did not change since the last look
        is not encoded again. Raises `InputError` for no folder.
        """
        from arriero.retrieval.vectors import (  # noqa: PLC0415  # needs the extra `local`
            SCANNED,
            Remembering,
        )

        folder = await asyncio.to_thread(_folder, folder)
        known = await asyncio.to_thread(Remembering, self.encoder, self.vectors / SCANNED)
        scan = self.scan or self._reader(known)
        files, rows = await asyncio.to_thread(self._read, folder, Knowledge(), scan)
        await asyncio.to_thread(known.keep)
        return tuple(article for file in files for article in file.articles), tuple(rows)

    def _reader(self, encoder: Encoder) -> Scan:
        """The injection scan for the thread that reads files: it asks the encoder of this loop."""
        reader, loop = Reader.of(encoder), asyncio.get_running_loop()

        def scan(text: str) -> str | None:
            found = asyncio.run_coroutine_threadsafe(reader.scan(text, "document"), loop)
            return suspicious(found.result())

        return scan

    async def forget(self, folder: Path) -> Report:
        """Drop what was taken in from `folder`; `InputError` when nothing was."""
        name = str(await asyncio.to_thread(place, folder))
        with self.store.locked():
            known = await asyncio.to_thread(self.store.salvage)
            if name not in known.sources:
                there = ", ".join(map(repr, known.sources)) or "none"
                raise InputError(f"nothing was taken in from {name!r}; there are: {there}")
            rows = [Row(file.path, State.REMOVED) for file in known.sources[name]]
            rest = {source: files for source, files in known.sources.items() if source != name}
            return await self._keep(rest, rows)

    async def _keep(self, sources: Mapping[str, tuple[File, ...]], rows: Sequence[Row]) -> Report:
        """Encode what is new, look for contradictions, and only then put it in force."""
        from arriero.retrieval.vectors import (  # noqa: PLC0415  # needs the extra `local`
            VECTORS,
            encoded,
            vectors_of,
        )

        plain = Knowledge(sources)
        await vectors_of(
            [encoded(one) for one in plain.passages],
            self.encoder,
            self.vectors / VECTORS,
            progress=lambda done, of: self.progress("passages", done, of),
        )
        said = statements(plain.articles)
        near = await vectors_of(
            [one.masked for one in said],
            self.encoder,
            self.vectors / STATEMENTS,
            progress=lambda done, of: self.progress("statements", done, of),
        )
        found = await asyncio.to_thread(contradictions, said, near) if said else ()
        knowledge = replace(plain, disputed=disputes(found))
        version = await asyncio.to_thread(self.store.save, knowledge)
        return Report(
            version=version,
            rows=tuple(sorted(rows, key=lambda row: row.path)),
            articles=len(knowledge.articles),
            passages=len(knowledge.passages),
            stale=stale(knowledge.articles, self.today, self.review_days),
            contradictions=found,
        )

    def _read(
        self, folder: Path, known: Knowledge, scan: Scan
    ) -> tuple[tuple[File, ...], list[Row]]:
        """The files of `folder` as they count now, and what became of each."""
        before = {file.path: file for file in known.sources.get(str(folder), ())}
        taken = {
            article.id: f"{source}/{file.path}"
            for source, files in known.sources.items()
            if source != str(folder)
            for file in files
            for article in file.articles
        }
        files: list[File] = []
        rows: list[Row] = []
        there = list(_walk(folder, self.data))
        for path, why in [one for one in there if one[0].endswith("/")]:
            # What lies in a folder that cannot be listed is not known to be gone.
            rows.append(Row(path, State.REFUSED, 0, why))
            there += [(one, why) for one in before if one.startswith(path)]
        for number, (path, why) in enumerate(there, start=1):
            self.progress("files", number, len(there))
            if path.endswith("/"):
                continue
            old = before.pop(path, None)
            if why:
                file, row = _kept(path, old, State.REFUSED, why)
            else:
                file, row = self._one(folder, path, old, scan)
            if file is not None:
                file, row = _with_own_ids(file, row, taken)
            rows.append(row)
            if file is not None and file.articles:
                files.append(file)
        rows += [Row(path, State.REMOVED) for path in before]
        return tuple(files), rows

    def _one(
        self, folder: Path, path: str, old: File | None, scan: Scan
    ) -> tuple[File | None, Row]:
        """A file as it counts now; the old version, if there is one, when the new cannot be used."""
        try:
            data = _bytes(folder / path)
        except FileNotFoundError:
            return None, Row(path, State.REMOVED, 0, "it disappeared while it was read")
        except (OSError, InputError) as error:
            return _kept(path, old, State.REFUSED, _told(error))
        sha256 = hashlib.sha256(data).hexdigest()
        if old is not None and old.sha256 == sha256:
            return old, Row(path, State.UNCHANGED, len(old.articles))
        try:
            parsed = parse(path, data)
        except InputError as error:
            return _kept(path, old, State.REFUSED, error.message)
        except Exception as error:  # noqa: BLE001  # whatever a parser trips over is this file's alone
            return _kept(path, old, State.REFUSED, f"it cannot be read ({error!r})")
        problems = list(parsed.refused)
        safe = []
        for article in parsed.articles:
            why = None if path in self.trusted else self._suspicious(article, scan)
            if why is None:
                safe.append(article)
            else:
                problems.append(f"{article.title!r}: {why}" if len(parsed.articles) > 1 else why)
        reason = "; ".join(problems)[:500]
        if not safe:
            state = State.QUARANTINED if parsed.articles else State.REFUSED
            return _kept(path, old, state, reason)
        state = State.NEW if old is None else State.CHANGED
        # Without its hash while articles of it are held back: it can still be trusted as it is.
        told = sha256 if len(safe) == len(parsed.articles) else ""
        return File(path, told, tuple(safe)), Row(path, state, len(safe), reason)

    def _suspicious(self, article: Article, scan: Scan) -> str | None:
        """A scanner that fails has not said that the text is harmless."""
        try:
            return scan(f"{article.title}\n{article.text}")
        except Exception as error:  # noqa: BLE001  # the file stays out, the others go on
            return f"it could not be scanned ({error!r})"


def _kept(path: str, old: File | None, state: State, reason: str) -> tuple[File | None, Row]:
    if old is None:
        return None, Row(path, state, 0, reason)
    return old, Row(path, state, len(old.articles), f"{reason}; its last good version stays")


def _with_own_ids(file: File, row: Row, taken: dict[str, str]) -> tuple[File, Row]:
    """`file` without articles whose id another file has; `taken` learns the rest."""
    own = tuple(one for one in file.articles if one.id not in taken)
    twice = [one.id for one in file.articles if one.id in taken]
    others = [taken[id] for id in twice]
    taken |= {one.id: file.path for one in own}
    if not twice:
        return file, row
    reason = f"id {twice[0]!r} is that of {others[0]}; give each article its own"
    told = "; ".join(filter(None, (row.reason, reason)))
    # Without its hash, so that it is looked at again when the other file has changed.
    left = File(file.path, "", own)
    return left, replace(
        row, state=row.state if own else State.REFUSED, articles=len(own), reason=told
    )


def place(folder: Path) -> Path:
    """By which name a folder that was taken in is known."""
    return folder.expanduser().absolute().resolve()


def _folder(folder: Path) -> Path:
    found = place(folder)
    if not found.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; name the one that holds the articles")
    return found


def _walk(folder: Path, data: Path | None) -> Iterator[tuple[str, str]]:
    """Every file by its relative path, and why it is not read (empty: it is), in order.

    A folder that cannot be listed comes as a path that ends with "/". `data` below it is left out.
    """
    data = data and place(data)
    unread: list[OSError] = []
    for at, folders, names in os.walk(folder, followlinks=False, onerror=unread.append):
        here = Path(at)
        shown = sorted(name for name in folders if not name.startswith(".") and here / name != data)
        linked = [name for name in shown if (here / name).is_symlink()]
        folders[:] = [name for name in shown if name not in linked]
        for name in sorted((*linked, *names)):
            if name.startswith("."):
                continue
            path = (here / name).relative_to(folder).as_posix()
            if not _utf8(path):
                yield path.encode("utf-8", "replace").decode(), "its name is not UTF-8; rename it"
            elif (here / name).is_symlink():
                yield path, "it is a link; links are not followed, copy the file here"
            else:
                yield path, ""
    for error in unread:
        yield f"{Path(error.filename).relative_to(folder).as_posix()}/", _told(error)


def _bytes(path: Path) -> bytes:
    """A plain file's content, never through a link that was put there meanwhile, never too much."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError("it is no plain file; put the text in one")
        return file.read(MOST_BYTES + 1)


def _told(error: OSError | InputError) -> str:
    if isinstance(error, ArrieroError):
        return error.message
    return f"it cannot be read ({error.strerror}); check its permissions"


def _nothing(folder: Path, rows: Sequence[Row]) -> str:
    refused = [row for row in rows if row.state in {State.REFUSED, State.QUARANTINED}]
    why = f" ({refused[0].path}: {refused[0].reason})" if refused else ""
    return (
        f"{str(folder)!r} has no article that can be used{why}, so nothing was changed; put "
        "Markdown, HTML or CSV files there, or drop what it had with --forget"
    )


def _utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
