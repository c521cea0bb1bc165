"""The model server's own process: llama.cpp's HTTP server on loopback, until its stdin ends.

Started by `models/llama.py`. One JSON line comes in on stdin (`ChildConfig`, with the API key, which
therefore stands in no command line), one goes out on stdout: {"url": ...} or {"error": ...}. The
end of stdin means that the parent is gone, however it went, so the process ends at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
from dataclasses import asdict, dataclass

CANNOT_LOAD = 3  # exit status: llama.cpp refuses the model or the adapter file
NOT_INSTALLED = 4  # exit status: xllamacpp is not there
NO_ORIGIN = "https://none.invalid"  # llama.cpp would reflect any page's origin (DESIGN §4)
PROMPT_CACHE_MIB = 256  # llama.cpp's default of 8 GiB is meant for servers with that much to spare
# Waiting threads spin this often, some microseconds, then sleep. libgomp's default spins on: beside
# other work a thread then burns the core that the one it waits for needs, and an answer of 2 s took up
# to 19 s (4 s with this; idle speed is the same; bars/LOG.md).
SPINS = "3000"
# Drafts of the answer are looked up in the prompt: after DRAFT_AFTER tokens that stand there too, the
# DRAFT_TOKENS that follow them are tried in one batch. Exact: the model accepts what it would have written.
DRAFT_AFTER, DRAFT_TOKENS = 3, 12
WARNINGS = 2  # llama.cpp's verbosity: errors and warnings, no prompts, no line per request


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What the child is told. `threads` write the answer, `threads_batch` read the prompt.

    `drafting` speeds up answers that quote their prompt; llama.cpp then gives no log-probabilities
    (accepted drafts come with 0.0 and no alternatives), so who needs those must do without.
    `parallel` answers are written at once, in one batch, each with a `context` of its own.
    """

    gguf: str
    adapter: str | None
    threads: int
    threads_batch: int
    context: int
    key: str
    drafting: bool = False
    parallel: int = 1

    def to_line(self) -> bytes:
        """The line that `main` reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    """Serve until the parent is gone; an exit status other than 0 says why it could not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to the log, never into the handshake
    config = ChildConfig(**json.loads(sys.stdin.buffer.readline()))
    _end_with_parent()
    try:
        server, url = _serve(config)
    except ImportError as error:
        return _say(answer, NOT_INSTALLED, error=str(error))
    except RuntimeError as error:
        return _say(answer, CANNOT_LOAD, error=str(error))
    _say(answer, 0, url=url)
    answer.close()
    signal.pause()  # the server has its own threads; `server` must stay referenced until the end
    del server
    return 0


def _serve(config: ChildConfig) -> tuple[object, str]:
    import xllamacpp  # noqa: PLC0415 - loads 100 MB; a missing one is reported over the handshake

    params = xllamacpp.CommonParams()
    params.model.path = config.gguf
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [config.key]
    params.cors_origins = NO_ORIGIN
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.offline = True
    params.n_ctx = config.context * config.parallel
    params.warmup = False  # the start-up probe is one
    params.n_parallel = config.parallel
    params.kv_unified = False  # each answer has its whole context, whatever the others take
    params.fit_params = False  # the context asked for or an error, never silently less
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.verbosity = WARNINGS
    params.cpuparams.n_threads = config.threads
    params.cpuparams_batch.n_threads = config.threads_batch
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # sleep while waiting, never spin
    if config.drafting:
        simple = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE
        params.speculative.types = [simple]
        params.speculative.ngram_simple.size_n = DRAFT_AFTER
        params.speculative.ngram_simple.size_m = DRAFT_TOKENS
    if config.adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(config.adapter, 1.0)]
    server = xllamacpp.Server(params)
    return server, server.listening_address


def _end_with_parent() -> None:
    """End this process when stdin ends. No more data comes, so whatever stirs there is its end."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    if sys.platform == "linux":
        # The thread cannot run while llama.cpp loads a model, seconds to minutes with the GIL held.
        # SIGIO's default action ends the process without asking Python.
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def _wait_for_the_end() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # nothing to save, and a graceful end would wait for answers nobody reads


def _say(answer: object, status: int, **line: str) -> int:
    print(json.dumps(line), file=answer, flush=True)  # type: ignore[call-overload]
    return status


if __name__ == "__main__":
    os._exit(main())
