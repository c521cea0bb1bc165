"""What every `Generator` promises: a fake, a remote server, the embedded llama.cpp child."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import cast

import pytest

from arriero.core.errors import ModelBusy, ModelError, ModelTimeout
from arriero.core.words import Message
from arriero.models.base import Generator, Piece, Prompt, complete
from arriero.models.fake import ScriptedGenerator
from arriero.models.fake_server import open_fake_server
from arriero.models.lease import GenerationLease
from arriero.models.llama import LlamaGenerator
from arriero.models.openai_http import OpenAIHttp

SHORT = Prompt((Message("user", "What is the capital of France?"),), max_tokens=12)
LONG = Prompt((Message("user", "Tell me a long story about a llama."),), max_tokens=1000)


@dataclass(frozen=True, slots=True)
class Arm:
    """A generator under test and the lease before it (one slot, one place in the queue)."""

    generator: Generator
    lease: GenerationLease


def scripted(lease: GenerationLease | None = None) -> ScriptedGenerator:
    """Answers `LONG` in about a minute and anything else at once."""

    def say(prompt: Prompt) -> str:
        return (
            "once upon a time " * 250 if "story" in prompt.messages[-1].content else "It is Paris."
        )

    return ScriptedGenerator(say, word_s=0.05, lease=lease)


@asynccontextmanager
async def open_arm(kind: str, folder: Path, gguf: Callable[[], Path]) -> AsyncIterator[Arm]:
    lease = GenerationLease(max_waiting=1)
    if kind == "fake":
        yield Arm(scripted(lease), lease)
    elif kind == "http":
        async with open_fake_server(scripted()) as fake:
            client = OpenAIHttp("remote", fake.url, "tiny", fake.key, at_once=1, lease=lease)
            yield Arm(client, lease)
            await client.close()
    else:
        child = LlamaGenerator.of("smollm2-135m", gguf(), folder=folder, lease=lease)
        try:
            await child.start()
            yield Arm(child, lease)
        finally:
            await child.close()


@pytest.fixture(params=["fake", "http", pytest.param("llama", marks=pytest.mark.slow)])
async def arm(
    request: pytest.FixtureRequest, tmp_path: Path, model_path: Callable[[str], Path]
) -> AsyncIterator[Arm]:
    async with open_arm(request.param, tmp_path, lambda: model_path("smollm2-135m")) as opened:
        yield opened


def pieces_of(generator: Generator, prompt: Prompt) -> AsyncGenerator[Piece, None]:
    return cast("AsyncGenerator[Piece, None]", generator.stream(prompt, timeout_s=30))


async def test_the_pieces_are_the_reply_and_only_the_last_one_carries_it(arm: Arm) -> None:
    pieces = [piece async for piece in pieces_of(arm.generator, SHORT)]
    reply = pieces[-1].reply
    assert reply is not None
    assert "".join(piece.text for piece in pieces) == reply.text != ""
    assert [piece.reply for piece in pieces[:-1]] == [None] * (len(pieces) - 1)


async def test_a_reply_says_who_answered_and_what_it_took(arm: Arm) -> None:
    reply = await complete(arm.generator, SHORT, timeout_s=30)
    assert reply.model
    assert reply.finish in {"stop", "length"}
    assert reply.tokens_in > 0
    assert 0 < reply.tokens_out <= SHORT.max_tokens
    assert 0 <= reply.first_ms <= reply.total_ms


async def test_the_same_prompt_has_the_same_answer_at_temperature_zero(arm: Arm) -> None:
    replies = [await complete(arm.generator, SHORT, timeout_s=30) for _ in range(3)]
    # The first answer comes from a cold prompt cache, which may round differently.
    assert replies[1].text == replies[2].text


async def test_an_answer_that_is_cut_short_says_so(arm: Arm) -> None:
    reply = await complete(arm.generator, replace(LONG, max_tokens=3), timeout_s=30)
    assert (reply.finish, reply.tokens_out) == ("length", 3)


async def test_an_answer_ends_before_a_stop_word(arm: Arm) -> None:
    whole = (await complete(arm.generator, SHORT, timeout_s=30)).text
    stop = whole.split()[-1]
    reply = await complete(arm.generator, replace(SHORT, stop=(stop,)), timeout_s=30)
    assert reply.text.strip() == whole[: whole.index(stop)].strip()
    assert reply.finish == "stop"


async def test_log_probabilities_are_given_when_asked_for(arm: Arm) -> None:
    reply = await complete(arm.generator, replace(SHORT, top_logprobs=3), timeout_s=30)
    assert "".join(token.token for token in reply.tokens) == reply.text
    assert all(token.logprob <= 0 and token.top for token in reply.tokens)


async def test_without_asking_no_log_probabilities_come(arm: Arm) -> None:
    assert (await complete(arm.generator, SHORT, timeout_s=30)).tokens == ()


async def test_the_deadline_ends_a_long_answer(arm: Arm) -> None:
    began = perf_counter()
    with pytest.raises(ModelTimeout):
        await complete(arm.generator, LONG, timeout_s=0.6)
    assert perf_counter() - began < 2
    assert arm.lease.idle


async def test_a_closed_stream_makes_room_for_the_next_request(arm: Arm) -> None:
    async with aclosing(pieces_of(arm.generator, LONG)) as pieces:
        await anext(pieces)
    assert arm.lease.idle
    assert (await complete(arm.generator, SHORT, timeout_s=10)).text


async def test_a_cancelled_request_makes_room_for_the_next_one(arm: Arm) -> None:
    task = asyncio.create_task(complete(arm.generator, LONG, timeout_s=30))
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.wait({task})
    assert arm.lease.idle
    assert (await complete(arm.generator, SHORT, timeout_s=10)).text


async def test_a_full_queue_is_busy_at_once(arm: Arm) -> None:
    tasks = [asyncio.create_task(complete(arm.generator, LONG, timeout_s=30)) for _ in range(2)]
    await asyncio.sleep(0.1)
    began = perf_counter()
    with pytest.raises(ModelBusy):
        await complete(arm.generator, SHORT, timeout_s=30)
    assert perf_counter() - began < 0.5
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert arm.lease.idle


async def test_ping_is_silent_while_all_is_well(arm: Arm) -> None:
    await arm.generator.ping()


async def test_a_generator_without_an_answer_is_an_error() -> None:
    class Silent(ScriptedGenerator):
        async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncGenerator[Piece, None]:
            yield Piece("half an")

    with pytest.raises(ModelError, match="without a reply"):
        await complete(Silent({}), SHORT, timeout_s=1)
