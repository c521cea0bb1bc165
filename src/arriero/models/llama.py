"""The embedded engine: a supervised llama.cpp child for each (base model, adapter)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import Context
from pathlib import Path
from time import monotonic

import httpx

from arriero.core.errors import (
    ArrieroError,
    MissingExtra,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    ModelTimeout,
)
from arriero.models.adapters import check_adapter
from arriero.models.base import Piece, Prompt
from arriero.models.lease import GenerationLease
from arriero.models.llama_grammar import ending, llama_body
from arriero.models.llama_probe import probe
from arriero.models.llama_process import Child, running_child
from arriero.models.openai_http import OpenAIHttp
from arriero.models.pace import cores, threads_for

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 10.0
MISSES = 2  # checks in a row without an answer before a child counts as hung
WELL_AFTER_S = 60.0  # a child that lived this long starts the back-off anew
FIRST_TRIES = 3  # a child that never served is given up after so many starts
FOR_GOOD = (ModelCorrupt, ModelMissing, MissingExtra)  # trying again changes nothing


def pause_before(failures: int) -> float:
    """Seconds to wait before a restart: none after the first failure, then 0.5, 1, 2, ... up to 30.

    People wait while a child that served for a minute is gone; only one that fails again is to blame.
    """
    return min(30.0, 0.5 * 2.0 ** (failures - 2)) if failures > 1 else 0.0


class LlamaServer:
    """Keeps one child alive: starts it, probes it, watches it, restarts it with back-off.

    `adapter` is a GGUF LoRA, fixed for the child's life. `drafting` and `parallel`: see `ChildConfig`. `threads` 0 chooses by the
    cores that this process may use; `writers` were measured to write fastest. The child's log goes to `log_file`.
    """

    def __init__(
        self,
        name: str,
        gguf: Path,
        *,
        adapter: Path | None = None,
        threads: int = 0,
        writers: int | None = None,
        context: int = 4096,
        drafting: bool = False,
        parallel: int = 1,
        log_file: Path,
    ) -> None:
        self.name = name
        self.gguf = gguf.absolute()
        self.adapter = adapter.absolute() if adapter else None
        size = self.gguf.stat().st_size if self.gguf.is_file() else 0
        self.threads = threads_for(cores(), threads, size, writers)
        self.context = context
        self.drafting = drafting
        self.parallel = parallel
        self.log_file = log_file
        self.starts = 0
        self._child: Child | None = None
        self._served = False
        self._gave_up: ArrieroError | None = None
        self._settled = asyncio.Event()  # the first child serves, or never will
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the child that serves now."""
        return self._child.process.pid if self._child else None

    async def start(self) -> None:
        """Return once a child serves; further calls wait with the first.

        Raises `ModelMissing` without the file, `ModelCorrupt` when llama.cpp refuses it or the
        adapter is not what it says, `MissingExtra` without xllamacpp, else `ModelError`.
        """
        if self._supervisor is None:
            self._supervisor = asyncio.create_task(
                self._supervise(),
                name=f"llama {self.name}",
                context=Context(),  # it outlives the request that may have started it
            )
        await self._settled.wait()
        if self._gave_up is not None:
            raise self._gave_up.with_traceback(None)

    def child(self) -> Child:
        """The child that serves now; raises at once when there is none."""
        if self._child is not None and self._child.process.returncode is None:
            return self._child
        if self._gave_up is not None:
            raise self._gave_up.with_traceback(None)
        if self._served:
            raise ModelError(
                f"model {self.name!r} is restarting; try again in some seconds, or see"
                f" {self.log_file}"
            )
        raise ModelError(f"model {self.name!r} has not been started yet; ask again in some seconds")

    async def close(self) -> None:
        """End the child: terminate, then kill after two seconds."""
        if self._gave_up is None:
            self._gave_up = ModelError(f"model {self.name!r} has been closed")
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
        self._settled.set()

    async def _supervise(self) -> None:
        failures = 0
        try:
            while self._gave_up is None:
                began = monotonic()
                try:
                    await self._serve_once()
                except (ArrieroError, OSError, httpx.HTTPError) as error:
                    self._gave_up = self._final(error, failures)
                failures = 1 if monotonic() - began > WELL_AFTER_S else failures + 1
                if self._gave_up is None:
                    await asyncio.sleep(pause_before(failures))
        finally:
            if self._gave_up is None:
                self._gave_up = ModelError(f"model {self.name!r} is no longer supervised")
            self._settled.set()

    async def _serve_once(self) -> None:
        """One child's life: returns when it ended or hung."""
        await asyncio.to_thread(self._check_files)  # hashes an adapter
        self.starts += 1
        async with running_child(
            self.gguf,
            self.adapter,
            threads=self.threads,
            context=self.context,
            log_file=self.log_file,
            drafting=self.drafting,
            parallel=self.parallel,
        ) as child:
            await probe(child.http, self.adapter)
            self._child, self._served = child, True
            self._settled.set()
            try:
                why = await _watch(child)
            finally:
                self._child = None
            log.warning("model %r %s; it is restarted (log: %s)", self.name, why, self.log_file)

    def _check_files(self) -> None:
        if not self.gguf.is_file():
            raise ModelMissing(self.name)
        if self.adapter:
            check_adapter(self.adapter)

    def _final(self, error: Exception, failures: int) -> ArrieroError | None:
        """The error to give up with, or None when another start may help."""
        log.warning("model %r did not start: %s", self.name, error)
        known = error if isinstance(error, ArrieroError) else ModelError(str(error))
        if isinstance(known, ModelCorrupt) and not self._served and self.adapter is None:
            return ModelCorrupt(f"{known.message} (run: arriero models pull {self.name})")
        last = isinstance(known, FOR_GOOD) and not self._served
        return known if last or (not self._served and failures + 1 >= FIRST_TRIES) else None


class LlamaGenerator:
    """A `Generator` on a `LlamaServer`, alone or `parallel` times, in turn with all others that share the `lease`.

    Starts with `start` or with the first request, whose deadline then includes the start. While the
    child is being restarted, requests and `ping` raise `ModelError` at once.
    """

    def __init__(self, server: LlamaServer, lease: GenerationLease | None = None) -> None:
        self.name = server.name
        self.server = server
        self._lease = lease or GenerationLease()
        self._client: OpenAIHttp | None = None
        self._key = ""

    @classmethod
    def of(
        cls,
        name: str,
        gguf: Path,
        *,
        folder: Path,
        adapter: Path | None = None,
        threads: int = 0,
        writers: int | None = None,
        context: int = 4096,
        drafting: bool = False,
        parallel: int = 1,
        lease: GenerationLease | None = None,
    ) -> LlamaGenerator:
        """A generator with its own child, which logs into `folder`."""
        arm = f"{name}+{adapter.stem}" if adapter else name
        server = LlamaServer(
            name,
            gguf,
            adapter=adapter,
            threads=threads,
            writers=writers,
            context=context,
            drafting=drafting,
            parallel=parallel,
            log_file=folder / f"{arm}.log",
        )
        return cls(server, lease)

    async def start(self) -> None:
        """See `LlamaServer.start`."""
        await self.server.start()

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncGenerator[Piece, None]:
        if prompt.top_logprobs and self.server.drafting:
            raise ModelError(f"the child of {self.name!r} drafts, so it gives no log-probabilities")
        began = monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                await self.server.start()
        except TimeoutError:
            raise ModelTimeout(
                f"model {self.name!r} did not start within {timeout_s:.3g} s; ask again"
            ) from None
        client = await self._connected()
        left = timeout_s - (monotonic() - began)
        async with aclosing(client.stream(prompt, timeout_s=left)) as pieces:
            async for piece in pieces:
                yield piece

    async def ping(self) -> None:
        """Raises `ModelError` unless the child serves and says that it is healthy."""
        if not await self.server.child().healthy():
            raise ModelError(f"model {self.name!r} does not answer; see {self.server.log_file}")

    async def close(self) -> None:
        await self.server.close()
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> OpenAIHttp:
        """A client of the child that serves now: each child has its own port and key."""
        child = self.server.child()
        if self._client is None or self._key != child.key:
            old, self._client, self._key = self._client, self._client_of(child), child.key
            if old is not None:
                await old.close()
        return self._client

    def _client_of(self, child: Child) -> OpenAIHttp:
        adapter = self.server.adapter
        return OpenAIHttp(
            self.name,
            f"{child.url}/v1",
            self.name,
            child.key,
            lease=self._lease,
            at_once=self.server.parallel,
            adapter=adapter.stem if adapter else None,
            body=llama_body,
            ending=ending,
        )


async def _watch(child: Child) -> str:
    """Wait until the child ends or hangs; says which."""
    misses = 0
    while misses < MISSES:
        try:
            async with asyncio.timeout(HEALTH_EVERY_S):
                return f"ended with status {await child.process.wait()}"
        except TimeoutError:
            misses = 0 if await child.healthy() else misses + 1
    return f"missed {misses} health checks"
