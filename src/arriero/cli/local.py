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

from arriero.core.errors import ArrieroError
from arriero.core.settings import Settings

FILE = "server.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is running over this data folder."""

    url: str
    key: str
    pid: int

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer to a request; an error answer becomes an `ArrieroError`."""
        import httpx  # noqa: PLC0415  # keeps --help fast

        headers = {"authorization": f"Bearer {self.key}"}
        try:
            answer = httpx.request(
                method, self.url + path, json=body, headers=headers, timeout=120.0
            )
        except httpx.HTTPError as error:
            raise ArrieroError(f"the server at {self.url} does not answer: {error}") from None
        if answer.status_code >= 400 and "error" in answer.json():
            raise ArrieroError(answer.json()["error"]["message"])
        return answer.json()


def running(settings: Settings) -> Running | None:
    """The server over this data folder, or None when none is alive."""
    try:
        told = json.loads((settings.data / FILE).read_text())
        found = Running(told["url"], told["key"], told["pid"])
        os.kill(found.pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return found


def announce(folder: Path, told: Running) -> Path:
    """Leave the note that `running` finds; only its owner may read it."""
    file = folder / FILE
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({"url": told.url, "key": told.key, "pid": told.pid}, out)
    temporary.rename(file)
    return file
