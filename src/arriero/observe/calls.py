"""Model calls write themselves down through a context variable; a replay reads them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from arriero.core.errors import ModelError
from arriero.core.words import Call, JsonValue, content_hash


class CallLog:
    """The calls of one run, in order. Given `recorded` calls it answers from them instead."""

    def __init__(self, recorded: Sequence[Call] | None = None) -> None:
        self.calls: list[Call] = []
        self._recorded = None if recorded is None else list(recorded)

    @property
    def replaying(self) -> bool:
        return self._recorded is not None

    def add(self, call: Call) -> None:
        self.calls.append(call)

    def recorded(self, role: str, request: Mapping[str, JsonValue]) -> Call:
        """The next recorded call of this role with this very request; `ModelError` if there is none."""
        wanted = content_hash(request)
        for index, call in enumerate(self._recorded or ()):
            if call.role == role and content_hash(call.request) == wanted:
                del (self._recorded or [])[index]
                self.calls.append(call)
                return call
        raise ModelError(f"the replay asks {role!r} something that the run never asked")


_current: ContextVar[CallLog | None] = ContextVar("arriero_calls", default=None)


@contextmanager
def recording(log: CallLog) -> Iterator[CallLog]:
    """Within this block, every model call of this task and its children lands in `log`."""
    token = _current.set(log)
    try:
        yield log
    finally:
        _current.reset(token)


def current() -> CallLog | None:
    """The log of the run that is going on here, if one is."""
    return _current.get()
