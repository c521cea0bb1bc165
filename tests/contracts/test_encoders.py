"""What every encoder promises: the fake, the ONNX one in this process, one behind a server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from arriero.models.base import Encoder
from arriero.models.encoder import OnnxEncoder, OpenAIEncoder
from arriero.models.fake import FakeEncoder

ORDER, ORDERS, STOVE = "where is my order", "Where is my order now?", "the stove leaks gas"


class _Embeddings(BaseHTTPRequestHandler):
    """A server that speaks OpenAI's /embeddings; its vectors are the fake's, times three."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        vectors = 3 * asyncio.run(FakeEncoder(64).encode(body["input"]))
        rows = [{"index": i, "embedding": row.tolist()} for i, row in enumerate(vectors)]
        answer = json.dumps({"data": rows[::-1]}).encode()  # the index tells the order
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def embeddings_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["fake", "onnx", "openai"])
async def encoder(
    request: pytest.FixtureRequest, model_path: Callable[[str], Path]
) -> AsyncIterator[Encoder]:
    made: Encoder
    if request.param == "fake":
        made = FakeEncoder()
    elif request.param == "onnx":
        made = await asyncio.to_thread(OnnxEncoder, model_path("minilm-l6"))
    else:
        made = OpenAIEncoder(request.getfixturevalue("embeddings_url"), "some-model")
    yield made
    await made.close()


async def test_vectors_are_float32_of_length_one(encoder: Encoder) -> None:
    vectors = await encoder.encode([ORDER, STOVE, ""])
    assert vectors.shape == (3, encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


async def test_vectors_come_in_the_order_of_the_texts(encoder: Encoder) -> None:
    texts = [STOVE, ORDER + " and" * 30, ORDER, STOVE]
    together = await encoder.encode(texts)
    alone = [(await encoder.encode([text]))[0] for text in texts]
    assert together == pytest.approx(np.stack(alone), abs=1e-5)


async def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert len(await encoder.encode([])) == 0


async def test_like_texts_are_nearer_than_unlike_ones(encoder: Encoder) -> None:
    one, near, far = await encoder.encode([ORDER, ORDERS, STOVE])
    assert one @ near > one @ far


async def test_any_text_has_a_vector(encoder: Encoder) -> None:
    odd = ["\x00", "\ud800", "\u202e", "🦙" * 50, "x" * 100_000, "where " * 3_000]
    assert np.isfinite(await encoder.encode(odd)).all()


async def test_many_requests_at_once_get_their_own_vectors(encoder: Encoder) -> None:
    texts = [f"order {number}" for number in range(40)]
    answers = await asyncio.gather(*(encoder.encode([text]) for text in texts))
    assert np.concatenate(answers) == pytest.approx(await encoder.encode(texts), abs=1e-5)
