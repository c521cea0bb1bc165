from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arriero.core.errors import ModelCorrupt, ModelError, ModelMissing, ModelTimeout
from arriero.models import encoder as room
from arriero.models.encoder import OnnxEncoder, OpenAIEncoder
from tests.models.drip import dripping


@pytest.fixture
async def encoder(model_path: Callable[[str], Path]) -> AsyncIterator[OnnxEncoder]:
    made = await asyncio.to_thread(OnnxEncoder, model_path("minilm-l6"))
    yield made
    await made.close()


class Rounds:
    """Looks on while the encoder's thread works: which texts it was given, round by round."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self.texts: list[list[str]] = []
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._run = encoder._model.run
        encoder._model.run = self  # type: ignore[method-assign]

    def __call__(self, texts: Sequence[str]) -> room.Vectors:
        self.texts.append(list(texts))
        self._loop.call_soon_threadsafe(self.begun.set)
        return self._run(texts)


async def test_the_vectors_are_those_that_minilm_is_known_for(encoder: OnnxEncoder) -> None:
    # all-MiniLM-L6-v2's card: these two are near (0.6 to 0.8), an unrelated one is not.
    cat, feline, market = await encoder.encode(
        ["A cat sits on the mat", "A kitten is sitting on a rug", "The market fell by two percent"]
    )
    assert cat @ feline > 0.6
    assert abs(cat @ market) < 0.2


async def test_requests_that_arrive_meanwhile_share_the_next_round(encoder: OnnxEncoder) -> None:
    rounds = Rounds(encoder)
    first = asyncio.create_task(encoder.encode(["first"]))
    await rounds.begun.wait()
    await asyncio.gather(first, *(encoder.encode([text]) for text in ("second", "third")))
    assert rounds.texts == [["first"], ["second", "third"]]


async def test_a_text_asked_again_is_not_encoded_again(encoder: OnnxEncoder) -> None:
    rounds = Rounds(encoder)
    await encoder.encode(["hello", "hello"])
    await encoder.encode(["hello"])
    assert rounds.texts == [["hello"]]


async def test_two_that_ask_side_by_side_pay_for_one_encoding(encoder: OnnxEncoder) -> None:
    rounds = Rounds(encoder)
    one, other = await asyncio.gather(encoder.encode(["hello"]), encoder.encode(["hello"]))
    assert rounds.texts == [["hello"]]
    assert (one == other).all()


async def test_only_the_last_256_texts_are_remembered(encoder: OnnxEncoder) -> None:
    await encoder.encode([f"text {number}" for number in range(300)])
    assert len(encoder._memo) == 256


async def test_a_short_request_overtakes_a_long_one(encoder: OnnxEncoder) -> None:
    index = asyncio.create_task(encoder.encode([f"passage {number}" for number in range(400)]))
    await asyncio.sleep(0.01)
    await encoder.encode(["where is my order"])
    assert not index.done()
    assert len(await index) == 400


async def test_a_request_given_up_is_not_worked_on(encoder: OnnxEncoder) -> None:
    rounds = Rounds(encoder)
    index = asyncio.create_task(encoder.encode([f"passage {number}" for number in range(400)]))
    await asyncio.sleep(0.01)
    index.cancel()
    await encoder.encode(["where is my order"])
    assert sum(map(len, rounds.texts)) < 400


async def test_a_change_of_a_vector_does_not_reach_the_next_caller(encoder: OnnxEncoder) -> None:
    mine = await encoder.encode(["hello"])
    before = mine.copy()
    mine[:] = 0
    assert (await encoder.encode(["hello"]) == before).all()


async def test_what_the_model_raises_is_a_model_error_and_the_next_text_works(
    encoder: OnnxEncoder,
) -> None:
    run = encoder._model.run
    encoder._model.run = lambda texts: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(ModelError, match="failed: division by zero"):
        await encoder.encode(["hello"])
    encoder._model.run = run  # type: ignore[method-assign]
    assert len(await encoder.encode(["hello"])) == 1


async def test_a_closed_encoder_says_so(encoder: OnnxEncoder) -> None:
    await encoder.close()
    with pytest.raises(ModelError, match="is closed; open it again"):
        await encoder.encode(["hello"])


async def test_who_waits_at_the_close_gets_an_error(encoder: OnnxEncoder) -> None:
    index = asyncio.create_task(encoder.encode([f"passage {number}" for number in range(400)]))
    await asyncio.sleep(0.01)
    await encoder.close()
    with pytest.raises(ModelError, match="is closed"):
        await index


async def test_the_longest_texts_do_not_stay_in_memory(encoder: OnnxEncoder) -> None:
    await encoder.encode(["warm " * 250])
    await _quiet(encoder)
    before = _resident_mb()
    for number in range(5):
        await encoder.encode([f"{number} {line} " + "long " * 250 for line in range(3)])
    await _quiet(encoder)
    assert _resident_mb() - before < 15  # untrimmed, one such text leaves 70 MB behind (measured)


async def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="arriero models pull minilm-l6"):
        OnnxEncoder(tmp_path / "minilm-l6")


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
async def test_a_corrupt_file_is_named(
    broken: str, tmp_path: Path, model_path: Callable[[str], Path]
) -> None:
    copy = tmp_path / "minilm-l6"
    shutil.copytree(model_path("minilm-l6"), copy)
    (copy / broken).write_bytes(b"{} not what it was")
    with pytest.raises(ModelCorrupt, match=f"{broken}.*arriero models verify minilm-l6"):
        OnnxEncoder(copy)


async def test_the_name_tells_how_texts_are_cut(
    encoder: OnnxEncoder, model_path: Callable[[str], Path]
) -> None:
    path = model_path("minilm-l6")
    same = OnnxEncoder((path / "model.onnx", path / "tokenizer.json"))
    shorter = OnnxEncoder(path, max_tokens=128)
    assert encoder.name == same.name != shorter.name
    await same.close()
    await shorter.close()


@given(st.lists(st.integers(1, 256), max_size=60), st.integers(1, 600))
def test_a_batch_never_exceeds_its_padded_tokens(lengths: list[int], most: int) -> None:
    batches = list(room._batches(lengths, most))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= most


async def test_a_server_that_is_not_there_is_named() -> None:
    encoder = OpenAIEncoder("http://127.0.0.1:9/v1", "model")
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9/v1/embeddings"):
        await encoder.encode(["hello"])
    await encoder.close()


@pytest.mark.parametrize(
    "answer", [{"data": []}, {"error": "no"}, {"data": [{"index": 0, "embedding": "text"}]}]
)
async def test_an_answer_without_vectors_is_a_model_error(answer: dict[str, object]) -> None:
    encoder = OpenAIEncoder("http://127.0.0.1:9/v1", "model")
    await encoder._http.aclose()
    encoder._http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    )
    with pytest.raises(ModelError):
        await encoder.encode(["hello"])
    await encoder.close()


async def test_another_model_behind_the_same_name_is_noticed() -> None:
    encoder = OpenAIEncoder("http://127.0.0.1:9/v1", "model")
    await encoder._http.aclose()
    lengths = iter((3, 4))

    def answer(_request: httpx.Request) -> httpx.Response:
        vector = [1.0] * next(lengths)
        return httpx.Response(200, json={"data": [{"index": 0, "embedding": vector}]})

    encoder._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await encoder.encode(["hello"])
    with pytest.raises(ModelError, match="4 numbers, before they had 3"):
        await encoder.encode(["hello", "again"])
    await encoder.close()


async def test_a_server_whose_vectors_drip_is_left_in_time() -> None:
    async with dripping() as url:
        encoder = OpenAIEncoder(url, "model", timeout_s=0.3)
        began = time.monotonic()
        with pytest.raises(ModelTimeout):
            await encoder.encode(["hello"])
        assert time.monotonic() - began < 5
        await encoder.close()


async def _quiet(encoder: OnnxEncoder) -> None:
    if encoder._worker is not None:
        await encoder._worker


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def test_a_long_text_is_read_in_windows_up_to_its_cut(encoder: OnnxEncoder) -> None:
    first, second = "tent " * 126, "boots " * 126  # a word each, and two special tokens a window
    texts = [first, first + second, first + second + "stove", first + "stove"]
    one, both, beyond, other = await encoder.encode(texts)
    assert np.array_equal(both, beyond)
    assert one @ both < 0.95
    assert one @ other < 0.999


async def test_no_proxy_stands_before_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"data": [{"index": 0, "embedding": [3, 4]}]}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        encoder = OpenAIEncoder(f"http://127.0.0.1:{port}/v1", "model")
        assert (await encoder.encode(["hello"])).tolist() == [[np.float32(0.6), np.float32(0.8)]]
        await encoder.close()
