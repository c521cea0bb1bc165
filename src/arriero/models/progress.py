"""How a download tells how far it is: to nobody, or to a person at a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Progress(Protocol):
    """Is told about one file at a time: `begin`, then `reach` as often as there is news."""

    def begin(self, what: str, total: int) -> None:
        """The file `what` of `total` bytes comes now."""

    def reach(self, done: int) -> None:
        """`done` bytes of it are here; it may be fewer than before, after a source failed."""

    def say(self, line: str) -> None:
        """Something that a person should know."""


class Silent:
    """Says nothing, and remembers what it was told to say."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, what: str, total: int) -> None: ...

    def reach(self, done: int) -> None: ...

    def say(self, line: str) -> None:
        self.said.append(line)


class Bar:
    """A Rich progress bar a file on stderr, so that stdout stays for results. Use it in a `with`."""

    def __init__(self) -> None:
        self._bars = _bars()
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        self._task = self._bars.add_task(what, total=total)

    def reach(self, done: int) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=done)

    def say(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _bars() -> Bars:
    from rich.console import Console  # noqa: PLC0415  # 0.1 s, and only for a terminal
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))
