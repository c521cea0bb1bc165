"""Recorded HTTP: a transport that writes down what services answered, and one that plays it back offline.

A cassette is one JSON file a request, named by a hash of method and address. Keys never reach it: query parameters and
headers that hold one are left out, of the name too, so a recording plays back under any key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import httpx

from arriero.apps.finance.evidence.base import Reason, Unavailable
from arriero.apps.finance.evidence.web import MOST_BYTES, RECORDED_AT
from arriero.core.clock import Clock

SECRET = frozenset({"apikey", "token", "key"})
KEPT_HEADERS = ("content-type", "retry-after")


class Recording(httpx.AsyncBaseTransport):
    """Sends through `inner` and writes each answer to `folder`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, folder: Path, clock: Clock) -> None:
        self._inner, self._folder, self._clock = inner, folder, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()  # decoded: the cassette holds what the service meant
        if len(body) > MOST_BYTES:
            return answer
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        told = {
            "url": str(_public(request.url)),
            "status": answer.status_code,
            "headers": headers,
            "at": self._clock.now().isoformat(),
            "body": base64.b64encode(body).decode(),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _name(request)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        aside.replace(path)
        return httpx.Response(answer.status_code, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Replaying(httpx.AsyncBaseTransport):
    """Answers from `folder`. Raises `Unavailable` for what was not recorded, and for a cassette that is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = self._folder / _name(request)
        if not path.exists():
            raise Unavailable(Reason.DOWN, f"not recorded: {_public(request.url)}")
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return httpx.Response(
                told["status"],
                headers={**told["headers"], RECORDED_AT: told["at"]},
                content=base64.b64decode(told["body"]),
                request=request,
            )
        except (ValueError, KeyError, TypeError) as error:
            said = f"the cassette {path.name} ({type(error).__name__})"
            raise Unavailable(Reason.MALFORMED, said) from None


def _name(request: httpx.Request) -> str:
    text = f"{request.method} {_public(request.url)}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _public(url: httpx.URL) -> httpx.URL:
    shown = [
        (name, value) for name, value in url.params.multi_items() if name.lower() not in SECRET
    ]
    return url.copy_with(query=str(httpx.QueryParams(sorted(shown))).encode() or None)
