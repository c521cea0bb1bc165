"""A receiver of webhooks: a real server on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Receiver:
    """Answers each POST with the next of `statuses` (the last one for ever) and keeps what came."""

    statuses: list[int]
    wait_s: float = 0.0
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]

    def wait(self, within_s: float = 15.0) -> tuple[dict[str, str], bytes]:
        """The first message, once it is there."""
        ends = time.monotonic() + within_s
        while not self.got:
            assert time.monotonic() < ends, "nothing came"
            time.sleep(0.02)
        return self.got[0]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as seen:
        yield seen


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on loopback, ended with the block."""
    seen = Receiver([204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(seen.wait_s)
            self.send_response(seen.statuses.pop(0) if len(seen.statuses) > 1 else seen.statuses[0])
            self.send_header("location", seen.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        seen.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield seen
        server.shutdown()
        thread.join()
