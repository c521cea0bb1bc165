"""A fake model server: real HTTP on loopback, OpenAI's streaming API, and every way to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from arriero.core.words import JsonValue, Message
from arriero.models.base import Generator, Piece, Prompt, Reply, TokenChance
from arriero.models.fake import EchoGenerator

DRIP_S = 0.2  # between two words of a dripping answer
ANSWER_WITHIN_S = 60.0  # what the fake allows the generator behind it


class Behaviour(StrEnum):
    """How the fake server treats chat completions."""

    NORMAL = "normal"
    BROKEN = "broken"  # an error event after the first word
    CUT = "cut"  # a well-formed end of the stream after the first word, without finish_reason
    DROPPED = "dropped"  # the connection breaks after the first word
    STALL = "stall"  # headers, and then nothing for ever
    DRIP = "drip"  # a word every DRIP_S seconds
    BUSY = "busy"  # HTTP 429
    FAIL = "fail"  # HTTP 500
    FULL = "full"  # HTTP 400: the prompt does not fit
    EMPTY = "empty"  # a whole answer without text


class FakeOpenAIServer:
    """Serves a `Generator` under `url` to whoever brings `key`; one request per connection.

    `seen` keeps the request bodies, `under_way` counts answers being streamed now, `abandoned`
    those whose client hung up before the end.
    """

    def __init__(self, generator: Generator, behaviour: Behaviour, key: str) -> None:
        self.behaviour = behaviour
        self.key = key
        self.url = ""
        self.seen: list[dict[str, JsonValue]] = []
        self.under_way = 0
        self.abandoned = 0
        self._generator = generator
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, port: int = 0) -> asyncio.Server:
        """Listen on loopback, on a free port or on this one."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return server

    async def stop(self) -> None:
        """Break off what is still being answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target, headers, body = await _read_request(reader)
            await self._route(target, headers, body, reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            writer.close()

    async def _route(
        self,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if headers.get("authorization") != f"Bearer {self.key}":
            _write_json(writer, HTTPStatus.UNAUTHORIZED, _error("wrong key"))
        elif target == "GET /v1/models":
            _write_json(writer, HTTPStatus.OK, {"data": [{"id": self._generator.name}]})
        elif target == "POST /v1/chat/completions":
            await self._complete(json.loads(body), reader, writer)
        else:
            _write_json(writer, HTTPStatus.NOT_FOUND, _error(f"no such path: {target}"))

    async def _complete(
        self,
        asked: dict[str, JsonValue],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.seen.append(asked)
        if self.behaviour is Behaviour.BUSY:
            _write_json(writer, HTTPStatus.TOO_MANY_REQUESTS, _error("the fake is busy"))
        elif self.behaviour is Behaviour.FAIL:
            _write_json(writer, HTTPStatus.INTERNAL_SERVER_ERROR, _error("the fake fails"))
        elif self.behaviour is Behaviour.FULL:
            refused = _error("more tokens than the fake's maximum context length")
            _write_json(writer, HTTPStatus.BAD_REQUEST, refused)
        elif not asked.get("stream"):
            _write_json(writer, HTTPStatus.BAD_REQUEST, _error("the fake only streams"))
        else:
            self.under_way += 1
            try:
                self.abandoned += not await _unless_gone(self._send(asked, writer), reader)
            finally:
                self.under_way -= 1

    async def _send(self, asked: dict[str, JsonValue], writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        if self.behaviour is Behaviour.STALL:
            await asyncio.Event().wait()
        async for event in self._events(asked):
            data = f"data: {event}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
            if self.behaviour is Behaviour.DROPPED:
                return
            if self.behaviour is Behaviour.DRIP:
                await asyncio.sleep(DRIP_S)
        writer.write(b"0\r\n\r\n")

    async def _events(self, asked: dict[str, JsonValue]) -> AsyncIterator[str]:
        model = str(asked["model"])
        if self.behaviour is Behaviour.EMPTY:
            yield _chunk(model, finish="stop")
            yield "[DONE]"
            return
        pieces = self._generator.stream(_prompt(asked), timeout_s=ANSWER_WITHIN_S)
        async for piece in pieces:
            if piece.reply is None:
                yield _chunk(model, piece)
            else:
                yield _chunk(model, finish=piece.reply.finish, tokens=piece.reply.tokens)
                yield _usage(model, piece.reply)
            if self.behaviour is Behaviour.BROKEN:
                yield json.dumps(_error("the fake broke"))
            if self.behaviour in {Behaviour.BROKEN, Behaviour.CUT}:
                return
        yield "[DONE]"


@asynccontextmanager
async def open_fake_server(
    generator: Generator | None = None,
    behaviour: Behaviour = Behaviour.NORMAL,
    key: str = "fake-key",
) -> AsyncIterator[FakeOpenAIServer]:
    """A `FakeOpenAIServer` on a free loopback port, stopped at the end of the `async with`."""
    fake = FakeOpenAIServer(generator or EchoGenerator(), behaviour, key)
    server = await fake.serve()
    try:
        yield fake
    finally:
        server.close()
        await fake.stop()
        await server.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return f"{method} {path}", headers, body


async def _unless_gone(sending: Coroutine[Any, Any, None], reader: asyncio.StreamReader) -> bool:
    """Whether `sending` came to its end before the client hung up (then it is cancelled)."""
    work = asyncio.ensure_future(sending)
    gone = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            return True
        return False
    finally:
        work.cancel()
        gone.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


def _write_json(writer: asyncio.StreamWriter, status: HTTPStatus, value: JsonValue) -> None:
    body = json.dumps(value).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)


def _prompt(asked: dict[str, JsonValue]) -> Prompt:
    return Prompt(
        messages=tuple(Message(m["role"], m["content"]) for m in asked["messages"]),
        max_tokens=asked["max_tokens"],
        temperature=asked["temperature"],
        stop=tuple(asked.get("stop", ())),
        seed=asked["seed"],
        schema=(asked.get("response_format") or {}).get("json_schema", {}).get("schema"),
        top_logprobs=asked.get("top_logprobs", 0),
    )


def _error(message: str) -> dict[str, JsonValue]:
    return {"error": {"message": message, "type": "fake", "param": None, "code": None}}


def _chunk(
    model: str,
    piece: Piece | None = None,
    *,
    finish: str | None = None,
    tokens: tuple[TokenChance, ...] = (),
) -> str:
    choice: dict[str, JsonValue] = {
        "index": 0,
        "delta": {"content": piece.text} if piece else {},
        "finish_reason": finish,
    }
    if tokens:
        choice["logprobs"] = {"content": [_logprob(token) for token in tokens]}
    # Raw Unicode, as llama.cpp sends it: a line separator inside a text must not end a line.
    chunk = {"object": "chat.completion.chunk", "model": model, "choices": [choice]}
    return json.dumps(chunk, ensure_ascii=False)


def _logprob(chance: TokenChance) -> dict[str, JsonValue]:
    top = [{"token": token, "logprob": logprob} for token, logprob in chance.top]
    return {"token": chance.token, "logprob": chance.logprob, "top_logprobs": top}


def _usage(model: str, reply: Reply) -> str:
    usage = {"prompt_tokens": reply.tokens_in, "completion_tokens": reply.tokens_out}
    return json.dumps({"model": model, "choices": [], "usage": usage})
