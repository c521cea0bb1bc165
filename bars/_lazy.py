"""The laziest products that look like Arriero: each bar shows that it tells them apart.

`fallback` answers everything at once with an apology. `late` answers at once as well and writes what
it answered and took in to the ledger half a second later, many in one go: fast, until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from arriero.cli.local import Running, announce
from arriero.core.ids import uuid7

LATE_S = 0.5
SORRY: dict[str, Any] = {
    "response": "Sorry, a colleague will answer.",
    "outcome": "fallback",
    "origin": "fixed",
    "reason": "lazy",
    "intent": "unknown",
    "intent_confidence": 0.0,
}


@dataclass
class Lazy:
    """A ledger that is written later, or never."""

    data: Path
    late: bool
    runs: list[tuple[str]] = field(default_factory=list)
    feedback: list[tuple[str]] = field(default_factory=list)

    async def ask(self, request: Request) -> Response:
        await request.body()
        run = uuid7()
        self.runs.append((run,))
        told = SORRY | {"run_id": run}
        if "text/event-stream" in request.headers.get("accept", ""):
            stage, answer = json.dumps({"stage": "understand"}), json.dumps(told)
            frames = f"event: stage\ndata: {stage}\n\nevent: answer\ndata: {answer}\n\n"
            return Response(frames, media_type="text/event-stream")
        return JSONResponse(told)

    async def thank(self, request: Request) -> Response:
        await request.body()
        id = uuid7()
        self.feedback.append((id,))
        return JSONResponse({"feedback_id": id}, 201)

    async def write(self) -> None:
        with sqlite3.connect(self.data / "ledger.db") as db:
            db.execute("create table if not exists runs (id text primary key)")
            db.execute("create table if not exists feedback (id text primary key)")
        while True:
            await asyncio.sleep(LATE_S)
            with sqlite3.connect(self.data / "ledger.db") as db:
                db.executemany("insert into runs values (?)", self.runs if self.late else [])
                db.executemany("insert into feedback values (?)", self.feedback)
            self.runs.clear()
            self.feedback.clear()


def main() -> None:
    kind, data = sys.argv[1], Path(sys.argv[2])
    product = Lazy(data, late=kind == "late")

    async def well(_: Request) -> Response:
        return JSONResponse({"status": "ready", "engines": {}})

    @asynccontextmanager
    async def writing(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(product.write())
        yield
        task.cancel()

    routes = [
        Route("/v1/support/inquiries", product.ask, methods=["POST"]),
        Route("/v1/feedback", product.thank, methods=["POST"]),
        Route("/health/live", well),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    announce(data, Running(url, "any", os.getpid()))
    config = uvicorn.Config(Starlette(routes=routes, lifespan=writing), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
