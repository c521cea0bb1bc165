"""Text -> unit vector: an ONNX sentence encoder in this process, or a server's `/embeddings`.

What keeps the first small and steady (measured with the packaged int8 MiniLM on one core; without any of
it the session costs 155 MB and one batch of 32 x 160 tokens leaves another 130 MB behind):

* no arena and no memory pattern: both keep the largest batch ever seen;
* a copy of the graph whose table of words stays int8 (113 -> 77 MB; `models/rows_first.py`);
* the heap is trimmed after loading (155 -> 96 MB: glibc keeps what the optimiser freed) and, once
  nobody waits, after a long round (231 -> 157 MB for the whole process after 256 tokens);
* a batch is at most `batch_tokens` padded tokens of texts of similar length;
* a longer text is read in windows of 128 tokens: attention needs memory by the square of them.

Tried and left out: another graph optimisation level, pre-packing off, device allocator for
initializers, the ORT format (all within 3 MB); no constant folding (-60 MB, but 63 ms a text
instead of 6); an optimised copy whose weights are mapped from a file (another -35 MB for a file of
90 MB).
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelError, ModelMissing, ModelTimeout
from arriero.models.openai_http import is_loopback

try:
    import onnxruntime
    import tokenizers
except ImportError as error:
    raise MissingExtra(error.name or "onnxruntime", "local") from error

# A token of these models is at most a word, and a whole unknown word is one token: what lies beyond
# 64 characters a token is hardly ever read, but a message of a megabyte would be tokenised for it.
CHARACTERS_A_TOKEN = 64
# Prose measures 4 to 5 characters a token; the guess only ends a round in time.
CHARACTERS_GUESSED = 4
# A bigger batch is not faster (0.35 ms a token on one core at 16, 256 and 2,048 tokens), but all
# that wait, wait for the whole of it.
BATCH_TOKENS = 128
WINDOW_TOKENS = 128  # what MiniLM was trained on; its model card
MEMO_TEXTS = 256  # 256 x 384 x 4 bytes = 0.4 MB
TRIM_TOKENS = 128  # shorter rounds leave nothing behind worth a trim (measured)
CONNECTIONS = 8  # at once to an embeddings server; more would only wait there instead of here
TEXTS_A_REQUEST = 256  # OpenAI takes 2,048; small servers are configured for less
QUIET = 3  # onnxruntime's level for errors: its warnings about hardware are not ours to print

Vectors = NDArray[np.float32]


class OnnxEncoder:
    """An `Encoder` over a folder (model.onnx and tokenizer.json), or over those two files by name.

    Mean of the last hidden state over the attention mask, scaled to length one; of a text of several
    windows, over all of them. Texts longer than `max_tokens` are cut. `name` is made of the files' content, so that a head fitted on one encoder
    is refused by another. `graph` is a copy of the model that gives the same vectors in less memory (`models/copies.py`).

    One thread runs the model. Requests that arrive meanwhile are merged into the next round, the
    smallest request first, so that a message does not wait for an index that is being built.
    The last 256 texts are remembered: a classifier and a search that ask for the same message (one
    after the other, or side by side) share one encoding.

    Opening blocks for about 0.3 s: open it in a thread. Raises `ModelMissing`, `ModelCorrupt`;
    `encode` raises `ModelError` when the model fails and after `close`.
    """

    def __init__(
        self,
        files: Path | tuple[Path, Path],
        *,
        graph: Path | None = None,
        threads: int = 1,
        max_tokens: int = 256,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        model, tokenizer = _named(files)
        self.name = f"onnx@{_digest((model, tokenizer), max_tokens)}"
        self.max_tokens = max_tokens
        self.batch_tokens = batch_tokens
        self._model = _Model(graph or model, tokenizer, threads, max_tokens, batch_tokens)
        self.dimension = self._model.dimension
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._memo: OrderedDict[str, Vectors] = OrderedDict()
        self._jobs: list[_Job] = []
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`, in their order."""
        if self._closed:
            raise self._gone()
        texts = [_readable(text, self.max_tokens) for text in texts]
        job = _Job(texts, self._memo)
        if job.wanted:
            self._jobs.append(job)
            if self._worker is None or self._worker.done():
                self._worker = asyncio.create_task(self._work())
            await job.done
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = job.found[text]
        return vectors

    def encode_now(self, texts: Sequence[str]) -> Vectors:
        """The same for a script: it blocks, and remembers nothing. Not beside `encode`."""
        return self._model.run([_readable(text, self.max_tokens) for text in texts])

    async def close(self) -> None:
        """Ends the thread after its present round; who still waits gets a `ModelError`."""
        self._closed = True
        if self._worker is not None:
            await asyncio.wait([self._worker])
        self._thread.shutdown(wait=False)  # idle by now
        self._memo.clear()

    async def _work(self) -> None:
        """Rounds until nobody waits; then, after a long one, the heap is trimmed."""
        loop = asyncio.get_running_loop()
        longest = 0
        while self._waiting():
            while (jobs := self._waiting()) and not self._closed:
                texts = _round(jobs, self.max_tokens, self.batch_tokens)
                longest = max(longest, sum(_guess(text, self.max_tokens) for text in texts))
                await self._one_round(jobs, texts)
            if longest > TRIM_TOKENS:
                await loop.run_in_executor(self._thread, trim_heap)
            if self._closed:
                self._fail(self._jobs, self._gone())

    async def _one_round(self, jobs: Sequence[_Job], texts: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        try:
            vectors = await loop.run_in_executor(self._thread, self._model.run, texts)
        except Exception as error:  # noqa: BLE001  # onnxruntime's errors have no base class
            failed = [job for job in jobs if not job.wanted.keys().isdisjoint(texts)]
            self._fail(failed, ModelError(f"encoder {self.name!r} failed: {error}"))
        else:
            self._deliver(dict(zip(texts, vectors, strict=True)))

    def _waiting(self) -> list[_Job]:
        """The requests that nobody has given up and nothing has answered yet."""
        self._jobs = [job for job in self._jobs if not job.done.done()]
        return self._jobs

    def _deliver(self, vectors: dict[str, Vectors]) -> None:
        for text, vector in vectors.items():
            _remember(self._memo, text, vector)
        for job in self._jobs:
            job.take(vectors)

    def _fail(self, jobs: Sequence[_Job], error: ModelError) -> None:
        for job in jobs:
            if not job.done.done():
                job.done.set_exception(error)

    def _gone(self) -> ModelError:
        return ModelError(f"encoder {self.name!r} is closed; open it again")


class _Job:
    """One request: the texts it still wants, the vectors it has."""

    def __init__(self, texts: Sequence[str], memo: OrderedDict[str, Vectors]) -> None:
        self.found: dict[str, Vectors] = {}
        self.wanted: dict[str, None] = {}
        self.done = asyncio.get_running_loop().create_future()
        for text in texts:
            if text in memo:
                memo.move_to_end(text)
                self.found[text] = memo[text]
            else:
                self.wanted[text] = None

    def take(self, vectors: dict[str, Vectors]) -> None:
        for text in self.wanted.keys() & vectors.keys():
            self.found[text] = vectors[text]
            del self.wanted[text]
        if not self.wanted and not self.done.done():
            self.done.set_result(None)


class _Model:
    """The blocking part: tokenizer and session. Used from one thread at a time."""

    def __init__(
        self, model: Path, tokenizer: Path, threads: int, max_tokens: int, batch_tokens: int
    ) -> None:
        window = min(max_tokens, WINDOW_TOKENS)
        self._tokenizer = open_tokenizer(tokenizer, window)
        self._windows = max_tokens // window
        self._session = _open_session(model, threads)
        self._inputs = {put.name for put in self._session.get_inputs()}
        self._batch_tokens = batch_tokens
        self.dimension = self._probe(model)
        trim_heap()

    def run(self, texts: Sequence[str]) -> Vectors:
        rows: list[NDArray[np.int64]] = []
        texts_of: list[int] = []
        for place, text in enumerate(texts):
            windows = self._read(text)
            rows += windows
            texts_of += [place] * len(windows)
        sums = np.zeros((len(texts), self.dimension), np.float32)
        for part in _batches([len(row) for row in rows], self._batch_tokens):
            np.add.at(
                sums, [texts_of[index] for index in part], self._summed([rows[i] for i in part])
            )
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def _read(self, text: str) -> list[NDArray[np.int64]]:
        """The tokens of each window. One text by one: encode_batch would start a thread a core."""
        first = self._tokenizer.encode(text)
        windows = [first, *first.overflowing][: self._windows]
        return [np.asarray(window.ids, np.int64) for window in windows]

    def _summed(self, rows: Sequence[NDArray[np.int64]]) -> Vectors:
        ids = np.zeros((len(rows), max(len(row) for row in rows)), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feed = {name: value for name, value in given.items() if name in self._inputs}
        hidden: NDArray[np.float32] = self._session.run(None, feed)[0]
        return np.asarray(np.einsum("nth,nt->nh", hidden, mask.astype(np.float32)), np.float32)

    def _probe(self, model: Path) -> int:
        """The length of a vector, from a first text: the graph does not always name it."""
        try:
            vector = self._summed(self._read("one"))
        except Exception as error:
            raise ModelCorrupt(
                f"{str(model)!r} does not run as a sentence encoder ({error}); "
                "it needs input_ids and attention_mask in, the last hidden state out"
            ) from error
        return int(vector.shape[1])


def trim_heap() -> None:
    """Gives freed memory back to the system where the C library can (glibc); else does nothing."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def _named(files: Path | tuple[Path, Path]) -> tuple[Path, Path]:
    folder = files if isinstance(files, Path) else None
    model, tokenizer = (
        (files / "model.onnx", files / "tokenizer.json") if isinstance(files, Path) else files
    )
    for path in (model, tokenizer):
        if not path.is_file():
            raise ModelMissing(folder.name if folder else path.name)
    return model, tokenizer


def _digest(paths: Sequence[Path], max_tokens: int) -> str:
    digest = hashlib.sha256(f"{max_tokens} {WINDOW_TOKENS}".encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def open_tokenizer(path: Path, window: int) -> tokenizers.Tokenizer:
    """The tokenizer in the file, cutting texts at `window` tokens. Raises `ModelCorrupt`."""
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust library raises Exception itself
        raise _corrupt(path, error) from error
    tokenizer.enable_truncation(window)
    tokenizer.no_padding()
    return tokenizer


def _open_session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = QUIET
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class
        raise _corrupt(path, error) from error


def _corrupt(path: Path, error: Exception) -> ModelCorrupt:
    name = path.parent.name
    return ModelCorrupt(
        f"{str(path)!r} cannot be read ({error}); run: arriero models verify {name}"
    )


def _readable(text: str, max_tokens: int) -> str:
    """`text` without what is never read, and with ? for lone surrogates, which are no UTF-8."""
    return _utf8(text[: max_tokens * CHARACTERS_A_TOKEN])


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _guess(text: str, max_tokens: int) -> int:
    return min(max_tokens, len(text) // CHARACTERS_GUESSED + 2)


def _round(jobs: Sequence[_Job], max_tokens: int, batch_tokens: int) -> list[str]:
    """The texts to encode next: those of the smallest requests, about one batch of them."""
    texts: dict[str, None] = {}
    tokens = 0
    for job in sorted(jobs, key=lambda job: len(job.wanted)):
        for text in job.wanted:
            if text not in texts:
                tokens += _guess(text, max_tokens)
                if texts and tokens > batch_tokens:
                    return list(texts)
                texts[text] = None
    return list(texts)


def _batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of similar length, each of at most `batch_tokens` with its padding."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class OpenAIEncoder:
    """An `Encoder` behind an OpenAI-compatible `/embeddings` address: `url` ends in /v1.

    `dimension` is 0 until the first answer. The last 256 texts are remembered, as in `OnnxEncoder`.
    Raises `ModelTimeout` after `timeout_s` seconds, `ModelError` for any other answer than vectors.
    """

    def __init__(
        self, url: str, model: str, key: str | None = None, *, timeout_s: float = 30.0
    ) -> None:
        self.name = f"openai@{model}"
        self.dimension = 0
        self._url = f"{url.rstrip('/')}/embeddings"
        self._model = model
        self._memo: OrderedDict[str, Vectors] = OrderedDict()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        limits = httpx.Limits(max_connections=CONNECTIONS)
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            headers=headers,
            timeout=None,  # noqa: S113 - `_ask` has a wall clock over the whole answer
            limits=limits,
            trust_env=not is_loopback(url),
        )

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`, in their order; at most 256 texts a request."""
        known = {text: self._memo[text] for text in texts if text in self._memo}
        wanted = [text for text in dict.fromkeys(texts) if text not in known]
        for start in range(0, len(wanted), TEXTS_A_REQUEST):
            part = wanted[start : start + TEXTS_A_REQUEST]
            known |= zip(part, await self._ask(part), strict=True)
        for text in wanted:
            _remember(self._memo, text, known[text])
        return np.stack([known[text] for text in texts]) if texts else self._none()

    async def close(self) -> None:
        await self._http.aclose()

    def _none(self) -> Vectors:
        return np.empty((0, self.dimension), np.float32)

    async def _ask(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self._model, "input": [_utf8(text) or " " for text in texts]}
        try:
            async with asyncio.timeout(self._timeout_s):  # however slowly the answer drips
                answer = await self._http.post(self._url, json=body)
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: int(row["index"]))
            vectors = np.asarray([row["embedding"] for row in rows], np.float32)
        except TimeoutError as error:
            raise ModelTimeout(f"no vectors from {self._url} in time; is it running?") from error
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"no vectors from {self._url} ({error!r}); check its url, model and key"
            ) from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ModelError(
                f"{self._url} gave vectors of shape {vectors.shape} for {len(texts)} texts; "
                f"is {self._model!r} an embedding model?"
            )
        if self.dimension not in {0, vectors.shape[1]}:
            raise ModelError(
                f"{self._url} gave vectors of {vectors.shape[1]} numbers, before they had {self.dimension}: "
                f"another model answers as {self._model!r}; restart to use it"
            )
        self.dimension = vectors.shape[1]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _remember(memo: OrderedDict[str, Vectors], text: str, vector: Vectors) -> None:
    memo[text] = vector
    if len(memo) > MEMO_TEXTS:
        memo.popitem(last=False)
