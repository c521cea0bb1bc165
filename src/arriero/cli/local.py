"""How a command reaches Arriero: the server that runs over this data folder, if one does.

`arriero up` leaves `server.json` (readable by its owner only) with its address and a key that is
valid while it runs. A command that finds it speaks HTTP; else it opens the platform itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arriero.core.errors import ArrieroError, StoreError
from arriero.core.settings import Settings

FILE = "server.json"
ALIVE_S = 2.0  # /health/live touches no engine: an idle server answers in milliseconds
ANSWER_S = 125.0  # the longest deadline that an inquiry may ask for is 120 s


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is running over this data folder."""

    url: str
    key: str
    pid: int

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer to a request; an error answer becomes an `ArrieroError`."""
        status, answer = self._call(method, path, body, timeout_s=ANSWER_S)
        if status >= 400 and "error" in answer:
            raise ArrieroError(str(answer["error"]["message"]))
        return answer

    def alive(self) -> bool:
        """Whether an Arriero answers at this address. One that is only slow to do so is alive."""
        try:
            self._call("GET", "/health/live", None, timeout_s=ALIVE_S)
        except NoAnswer as error:
            return error.late
        return True

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, timeout_s: float
    ) -> tuple[int, dict[str, Any]]:
        import httpx  # noqa: PLC0415  # keeps --help fast

        headers = {"authorization": f"Bearer {self.key}"}
        try:
            with httpx.Client(trust_env=False, timeout=timeout_s) as client:  # loopback: no proxy
                answer = client.request(method, self.url + path, json=body, headers=headers)
            told = answer.json()
        except httpx.HTTPError as error:
            late = isinstance(error, httpx.ReadTimeout)
            raise NoAnswer(
                f"the server at {self.url} does not answer ({error or type(error).__name__}); "
                "see its terminal, or end it and start it again: arriero up",
                late=late,
            ) from None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise NoAnswer(f"what answers at {self.url} is not Arriero; start it: arriero up")
        return answer.status_code, told


class NoAnswer(ArrieroError):
    """Nothing that is Arriero answered; `late` when something is there but took too long."""

    code = "no_answer"

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


def running(settings: Settings) -> Running | None:
    """The server over this data folder, or None when none is alive.

    A server that was killed leaves its note behind, and its process id may be another's by now: so
    whoever has that id must also answer at the address.
    """
    try:
        told = json.loads((settings.data.expanduser() / FILE).read_text())
        found = Running(told["url"], told["key"], told["pid"])
        os.kill(found.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.alive() else None


def announce(folder: Path, told: Running) -> Path:
    """Leave the note that `running` finds; only its owner may read it."""
    file = folder.expanduser() / FILE
    temporary = file.with_suffix(".new")
    try:
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump({"url": told.url, "key": told.key, "pid": told.pid}, out)
        temporary.rename(file)
    except OSError as error:
        raise StoreError(
            f"{str(file)!r} cannot be written ({error.strerror}); "
            "free space or choose another folder with --data"
        ) from None
    return file
