"""What a long evaluation produced, a line of JSON each: opened again, what is there is not produced anew."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from arriero.bench.bare import Written
from arriero.bench.jsonl import Row, objects
from arriero.bench.problems import Mark
from arriero.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to one problem, as it came and how it was marked.

    `digest` is that of what was asked, `scoring` that of the tests that marked it.
    """

    problem: str
    digest: str
    arm: str
    model: str
    seed: int
    written: Written
    mark: Mark
    scoring: str = ""

    @property
    def key(self) -> Key:
        return (self.problem, self.digest, self.arm, self.model, self.seed)


Key = tuple[str, str, str, str, int]


class Kept:
    """The attempts of a file, which may not be there yet; None keeps them for this run alone.

    A line that a killed run left half written is cut off. After a change of the pipeline start a new file.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._found = {one.key: one for one in _attempts(file)} if file is not None else {}

    def get(self, key: Key) -> Attempt | None:
        return self._found.get(key)

    def add(self, attempt: Attempt) -> None:
        """Keep it, on disk before this returns."""
        self._found[attempt.key] = attempt
        if self._file is not None:
            with _opened(self._file) as out:
                out.write(json.dumps(asdict(attempt), ensure_ascii=False) + "\n")


def _attempts(file: Path) -> list[Attempt]:
    if not file.exists():
        _opened(file).close()
        return []
    try:
        whole = file.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            file.write_bytes(whole[:end])
    except OSError as error:
        raise InputError(
            f"{str(file)!r} cannot be used ({error.strerror}); name another with --keep"
        ) from None
    try:
        return [_attempt(row) for _, row in objects(file)]
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{file.name} was not kept by this evaluation ({error}); name another with --keep"
        ) from None


def _attempt(row: Row) -> Attempt:
    return Attempt(**{**row, "written": Written(**row["written"]), "mark": Mark(**row["mark"])})


def _opened(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{str(file)!r} cannot be written ({error.strerror}); name another with --keep"
        ) from None
