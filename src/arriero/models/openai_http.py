"""Text from any server that speaks the OpenAI HTTP API: llama.cpp, vLLM, SGLang, a hosted one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from time import perf_counter
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx

from arriero.core.errors import ModelBusy, ModelError, ModelTimeout, PromptTooLong
from arriero.core.words import JsonValue
from arriero.models.base import Piece, Prompt, Reply
from arriero.models.lease import GenerationLease
from arriero.models.openai_wire import (
    DONE,
    Answer,
    error_message,
    event_data,
    is_too_long,
    request_body,
)
from arriero.store.base import without_password

# llama.cpp and uvicorn close an idle connection after 5 s; we let go first, or a request could be
# written into a connection that is just being closed.
KEEP_ALIVE_S = 4.0
MAX_LINE_BYTES = 1 << 20  # an event is some hundred bytes; a longer line is no event stream
PING_S = 5.0
HINTS = {
    401: "check its api_key_file",
    403: "check its api_key_file",
    404: "check its url (it ends in /v1) and model",
}


T = TypeVar("T")


class OpenAIHttp:
    """A `Generator` at `url` (ending in /v1). Always streams, so that giving up frees the server.

    At most `at_once` requests (at least one) are under way at that server, which queues them itself; with a `lease`
    further ones wait for it, without one `ModelBusy` is raised. `adapter` is sent in place of `model`
    (how vLLM names a LoRA). `body` writes the request. `ending` gives for a prompt what tells all that can
    follow the text so far, where that is known (else nothing): then the server is left, and the rest filled in.
    `Reply.tokens_in` and `tokens_out` are the server's own usage, 0 where it sends none; what was filled in is
    in neither.
    """

    def __init__(
        self,
        name: str,
        url: str,
        model: str,
        api_key: str | None,
        *,
        at_once: int = 64,
        lease: GenerationLease | None = None,
        adapter: str | None = None,
        body: Callable[[Prompt, str], Mapping[str, JsonValue]] = request_body,
        ending: Callable[[Prompt], Callable[[str], str]] = lambda prompt: lambda text: "",
    ) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.model = model
        self.adapter = adapter
        self._body = body
        self._ending = ending
        self._lease = lease or GenerationLease(max_waiting=0)
        self._at_once = max(1, at_once)
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=None,  # noqa: S113 - _Deadline is a wall clock over the whole answer
            limits=httpx.Limits(max_connections=None, keepalive_expiry=KEEP_ALIVE_S),
            verify=self.url.startswith(
                "https:"
            ),  # a TLS context costs 30 ms that http: never needs
            trust_env=not is_loopback(self.url),  # a proxy from the environment for others only
        )

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncGenerator[Piece, None]:
        deadline = _Deadline(self._who(), timeout_s)
        answer, end_of = Answer(), self._ending(prompt)
        first: float | None = None
        async with self._lease.hold(timeout_s=timeout_s, by=self, at_once=self._at_once):
            left = perf_counter()
            async with aclosing(self._events(prompt, deadline)) as events:
                async for data in events:
                    if text := self._take(answer, data):
                        first = first or perf_counter()
                        yield Piece(text)
                        if rest := end_of(answer.text):
                            answer.end(rest)
                            yield Piece(rest)
                            break
        try:
            finish = answer.check()
        except ModelError as error:
            self._fail(error)
        # Outside the lease: a caller that takes the reply and leaves holds nothing back.
        yield Piece("", self._reply(answer, finish, left, first or left))

    async def ping(self) -> None:
        """Raises `ModelError` unless the server lists its models within five seconds."""
        try:
            async with asyncio.timeout(PING_S):
                response = await self._http.get(f"{self.url}/models")
        except TimeoutError:
            raise ModelTimeout(f"{self._who()} did not list its models in {PING_S:g} s") from None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code != 200:
            self._refuse(response.status_code, response.content)

    async def close(self) -> None:
        await self._http.aclose()

    async def _events(self, prompt: Prompt, deadline: _Deadline) -> AsyncGenerator[str, None]:
        """The data of each event up to the end of the stream. Closing it closes the connection."""
        if self._http.is_closed:  # while the request waited for its turn
            raise ModelError(f"{self._who()} was closed or started anew; ask again")
        request = self._http.build_request(
            "POST",
            f"{self.url}/chat/completions",
            json=self._body(prompt, self.adapter or self.model),
        )
        try:
            async with self._send(request, deadline) as response:
                if response.status_code != 200:
                    body = await deadline.wait(lambda: _start_of(response))
                    self._refuse(response.status_code, body)
                async with aclosing(self._lines(response, deadline)) as lines:
                    async for line in lines:
                        if (data := event_data(line)) == DONE:
                            return
                        if data:
                            yield data
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    @asynccontextmanager
    async def _send(
        self, request: httpx.Request, deadline: _Deadline
    ) -> AsyncIterator[httpx.Response]:
        response = await deadline.wait(lambda: self._http.send(request, stream=True))
        try:
            yield response
        finally:
            await response.aclose()

    async def _lines(
        self, response: httpx.Response, deadline: _Deadline
    ) -> AsyncGenerator[bytes, None]:
        """Lines as the event-stream format means them: `aiter_lines` would also split at U+2028."""
        buffer = b""
        chunks = response.aiter_bytes()
        while (chunk := await deadline.wait(lambda: anext(chunks, None))) is not None:
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                yield line
            if len(buffer) > MAX_LINE_BYTES:
                raise ModelError(f"{self._who()} sent a line of more than {MAX_LINE_BYTES} bytes")
        if buffer:
            yield buffer

    def _take(self, answer: Answer, data: str) -> str:
        try:
            return answer.take(data)
        except ModelError as error:
            self._fail(error)

    def _reply(self, answer: Answer, finish: str, left: float, first: float) -> Reply:
        return Reply(
            text=answer.text,
            model=self.model,
            finish=finish,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            first_ms=(first - left) * 1000,
            total_ms=(perf_counter() - left) * 1000,
            adapter=self.adapter,
            tokens=tuple(answer.tokens),
        )

    def _refuse(self, status: int, body: bytes) -> NoReturn:
        message = f"{self._who()} answered HTTP {status}: {error_message(body)}"
        if status == 429:
            raise ModelBusy(f"{message}; try again in some seconds")
        if status == 400 and is_too_long(body):
            raise PromptTooLong(
                f"model {self.name!r} cannot read so much: {error_message(body)}; shorten the prompt"
            )
        raise ModelError(f"{message}; {HINTS.get(status, 'see its log')}")

    def _fail(self, error: ModelError) -> NoReturn:
        raise ModelError(f"{self._who()}: {error.message}; see its log") from error

    def _unreachable(self, error: httpx.HTTPError) -> ModelError:
        said = str(error) or type(error).__name__
        return ModelError(f"{self._who()} cannot be reached: {said}; is it running?")

    def _who(self) -> str:
        return f"model {self.name!r} at {without_password(self.url)}"


class _Deadline:
    """A wall clock over several awaits. It never spans a `yield`, where it would hit the caller."""

    def __init__(self, who: str, timeout_s: float) -> None:
        self._who = who
        self._timeout_s = timeout_s
        self._ends = perf_counter() + timeout_s

    async def wait(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work()`, or `ModelTimeout` when the time is over first."""
        left = self._ends - perf_counter()
        if left <= 0:
            raise self._late()
        try:
            async with asyncio.timeout(left):
                return await work()
        except TimeoutError:
            raise self._late() from None

    def _late(self) -> ModelTimeout:
        return ModelTimeout(
            f"{self._who} gave no whole answer within {self._timeout_s:.3g} s;"
            " ask for less or allow more time"
        )


async def _start_of(response: httpx.Response) -> bytes:
    """Enough of an error body to explain it: whatever its length, its first chunk."""
    return await anext(response.aiter_bytes(), b"")


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine, before which no proxy stands."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
