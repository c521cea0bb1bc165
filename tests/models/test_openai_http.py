from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest

from arriero.core.errors import ModelBusy, ModelError, ModelTimeout, PromptTooLong, SettingsError
from arriero.core.settings import Settings
from arriero.core.words import Message, RoleBinding
from arriero.models import openai_http
from arriero.models.base import Generator, Prompt, TokenChance, complete
from arriero.models.engines import Engines
from arriero.models.fake import EchoGenerator, ScriptedGenerator
from arriero.models.fake_server import Behaviour, FakeOpenAIServer, open_fake_server
from arriero.models.lease import GenerationLease
from arriero.models.llama_grammar import llama_body
from arriero.models.openai_http import OpenAIHttp
from arriero.models.openai_wire import Answer, error_message, event_data, is_too_long
from arriero.store.cache import MemoryCache
from tests.models.drip import dripping

WORDS = "one two three four five six seven eight nine ten"


def ask(text: str = WORDS) -> Prompt:
    return Prompt((Message("user", text),))


@asynccontextmanager
async def client_of(
    fake: FakeOpenAIServer, *, lease: GenerationLease | None = None, adapter: str | None = None
) -> AsyncIterator[OpenAIHttp]:
    client = OpenAIHttp("remote", fake.url, "tiny", fake.key, lease=lease, adapter=adapter)
    try:
        yield client
    finally:
        await client.close()


async def refusal(behaviour: Behaviour, *, timeout_s: float = 5.0) -> ModelError:
    """What asking a fake with this behaviour raises."""
    async with open_fake_server(behaviour=behaviour) as fake, client_of(fake) as client:
        with pytest.raises(ModelError) as caught:
            await complete(client, ask(), timeout_s=timeout_s)
        assert fake.url in caught.value.message
        return caught.value


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110 - the fake counts, it does not signal
            await asyncio.sleep(0.005)


async def test_an_answer_comes_back_whole_with_the_servers_usage() -> None:
    async with open_fake_server() as fake, client_of(fake) as client:
        reply = await complete(client, ask(), timeout_s=5)
    assert (reply.text, reply.finish, reply.tokens_in, reply.tokens_out) == (WORDS, "stop", 10, 10)
    assert 0 < reply.first_ms <= reply.total_ms


async def test_the_server_is_always_asked_to_stream() -> None:
    async with open_fake_server() as fake, client_of(fake) as client:
        await complete(client, ask(), timeout_s=5)
        assert fake.seen[0]["stream"] is True
        assert fake.seen[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("told", "too_long"),
    [
        (
            {"message": "request (6717 tokens) exceeds ...", "type": "exceed_context_size_error"},
            True,
        ),
        ({"message": "too many tokens", "code": "context_length_exceeded"}, True),
        ({"message": "This model's maximum context length is 4096 tokens."}, True),
        ({"message": "messages: field required", "type": "invalid_request_error"}, False),
    ],
)
def test_a_prompt_that_does_not_fit_is_told_from_other_refusals(
    told: dict[str, str], too_long: bool
) -> None:
    assert is_too_long(json.dumps({"error": told}).encode()) is too_long


async def test_a_prompt_that_does_not_fit_is_the_callers_to_shorten() -> None:
    async with open_fake_server(behaviour=Behaviour.FULL) as fake, client_of(fake) as client:
        with pytest.raises(PromptTooLong, match="shorten the prompt") as caught:
            await complete(client, ask(), timeout_s=5)
    assert fake.url not in caught.value.message


async def test_an_adapter_is_asked_for_as_the_model() -> None:
    async with open_fake_server() as fake, client_of(fake, adapter="support-7") as client:
        reply = await complete(client, ask(), timeout_s=5)
        assert fake.seen[0]["model"] == "support-7"
    assert (reply.model, reply.adapter) == ("tiny", "support-7")


async def test_a_server_may_be_asked_in_words_of_its_own() -> None:
    async with open_fake_server() as fake:
        client = OpenAIHttp("r", fake.url, "m", fake.key, body=llama_body)
        await complete(client, ask(), timeout_s=5)
        await client.close()
        assert fake.seen[0]["cache_prompt"] is True


async def test_a_schema_is_sent_as_a_response_format() -> None:
    prompt = Prompt((Message("user", "hi"),), schema={"type": "string"})
    async with open_fake_server() as fake, client_of(fake) as client:
        await complete(client, prompt, timeout_s=5)
        sent = fake.seen[0]["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == {"type": "string"}


async def test_log_probabilities_come_back_with_their_alternatives() -> None:
    chance = TokenChance("yes", -0.1, (("yes", -0.1), ("no", -2.5)))
    generator = ScriptedGenerator({"ok?": "yes"}, chances=lambda _: [chance])
    prompt = Prompt((Message("user", "ok?"),), top_logprobs=2)
    async with open_fake_server(generator) as fake, client_of(fake) as client:
        reply = await complete(client, prompt, timeout_s=5)
    assert reply.tokens == (chance,)


async def test_a_line_separator_inside_an_answer_is_not_the_end_of_a_line() -> None:
    text = "first\u2028second\u0085third"
    generator = ScriptedGenerator(lambda _: text)
    async with open_fake_server(generator) as fake, client_of(fake) as client:
        reply = await complete(client, ask(), timeout_s=5)
    assert reply.text == text


async def test_a_failure_in_the_middle_is_no_answer() -> None:
    assert "the fake broke" in (await refusal(Behaviour.BROKEN)).message


async def test_a_stream_without_a_finish_is_no_answer() -> None:
    assert "middle of the answer" in (await refusal(Behaviour.CUT)).message


async def test_a_broken_connection_is_no_answer() -> None:
    assert "cannot be reached" in (await refusal(Behaviour.DROPPED)).message


async def test_an_empty_answer_is_an_error() -> None:
    assert "empty" in (await refusal(Behaviour.EMPTY)).message


async def test_a_server_error_names_the_server_and_its_words() -> None:
    error = await refusal(Behaviour.FAIL)
    assert "HTTP 500: the fake fails" in error.message


async def test_a_busy_server_is_model_busy() -> None:
    assert isinstance(await refusal(Behaviour.BUSY), ModelBusy)


async def test_a_silent_server_is_left_at_the_deadline() -> None:
    began = perf_counter()
    assert isinstance(await refusal(Behaviour.STALL, timeout_s=0.3), ModelTimeout)
    assert 0.3 <= perf_counter() - began < 0.8


async def test_a_drip_does_not_stretch_the_deadline() -> None:
    began = perf_counter()
    assert isinstance(await refusal(Behaviour.DRIP, timeout_s=0.5), ModelTimeout)
    assert perf_counter() - began < 1.0


async def test_the_deadline_closes_the_stream_upstream() -> None:
    async with open_fake_server(behaviour=Behaviour.STALL) as fake, client_of(fake) as client:
        with pytest.raises(ModelTimeout):
            await complete(client, ask(), timeout_s=0.2)
        await until(lambda: fake.under_way == 0)
        assert fake.abandoned == 1


async def test_closing_the_iterator_closes_the_stream_upstream() -> None:
    async with open_fake_server(behaviour=Behaviour.DRIP) as fake, client_of(fake) as client:
        async with aclosing(client.stream(ask(), timeout_s=9)) as pieces:
            assert (await anext(pieces)).text == "one"
            assert fake.under_way == 1
        await until(lambda: fake.under_way == 0)
        assert fake.abandoned == 1


async def test_an_end_that_is_known_is_filled_in_and_the_server_is_left() -> None:
    known = "one two three"
    async with open_fake_server(behaviour=Behaviour.DRIP) as fake:
        client = OpenAIHttp(
            "remote", fake.url, "tiny", fake.key,
            ending=lambda prompt: lambda text: known.removeprefix(text) if text == "one two" else "",
        )  # fmt: skip
        pieces = [piece async for piece in client.stream(ask(), timeout_s=9)]
        assert [piece.text for piece in pieces] == ["one", " two", " three", ""]
        reply = pieces[-1].reply
        assert reply is not None
        assert (reply.text, reply.finish) == (known, "stop")
        await until(lambda: fake.under_way == 0)
        assert fake.abandoned == 1
        await client.close()


async def test_cancelling_closes_the_stream_upstream() -> None:
    async with open_fake_server(behaviour=Behaviour.STALL) as fake, client_of(fake) as client:
        task = asyncio.create_task(complete(client, ask(), timeout_s=9))
        await until(lambda: fake.under_way == 1)
        task.cancel()
        await until(lambda: fake.under_way == 0)
        assert fake.abandoned == 1


async def test_waiting_in_the_queue_counts_towards_the_deadline() -> None:
    lease = GenerationLease()
    async with open_fake_server() as fake, client_of(fake, lease=lease) as client:
        async with lease.hold(timeout_s=1):
            with pytest.raises(ModelTimeout):
                await complete(client, ask(), timeout_s=0.2)
        assert fake.seen == []


async def test_a_client_that_is_closed_while_a_request_waits_is_an_error_of_ours() -> None:
    lease = GenerationLease()
    async with open_fake_server() as fake, client_of(fake, lease=lease) as client:
        async with lease.hold(timeout_s=1):
            waiting = asyncio.create_task(complete(client, ask(), timeout_s=5))
            await until(lambda: lease.waiting == 1)
            await client.close()
        with pytest.raises(ModelError, match="ask again"):
            await waiting


async def test_without_a_lease_one_more_than_at_once_is_busy() -> None:
    async with open_fake_server(behaviour=Behaviour.STALL) as fake:
        client = OpenAIHttp("r", fake.url, "m", fake.key, at_once=2)
        tasks = [asyncio.create_task(complete(client, ask(), timeout_s=9)) for _ in range(2)]
        await until(lambda: fake.under_way == 2)
        with pytest.raises(ModelBusy):
            await complete(client, ask(), timeout_s=9)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await client.close()


async def test_nobody_listening_names_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    client = OpenAIHttp("gone", url, "m", None)
    with pytest.raises(ModelError, match="is it running") as caught:
        await complete(client, ask(), timeout_s=5)
    with pytest.raises(ModelError, match="is it running"):
        await client.ping()
    await client.close()
    assert url in caught.value.message


async def test_a_wrong_key_says_where_to_look() -> None:
    async with open_fake_server() as fake:
        client = OpenAIHttp("r", fake.url, "m", "wrong")
        with pytest.raises(ModelError, match="api_key_file"):
            await complete(client, ask(), timeout_s=5)
        with pytest.raises(ModelError, match="api_key_file"):
            await client.ping()
        await client.close()


async def test_a_ping_ends_in_time_however_slowly_the_answer_drips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai_http, "PING_S", 0.3)
    async with dripping() as url:
        client = OpenAIHttp("r", url, "m", None)
        began = perf_counter()
        with pytest.raises(ModelTimeout, match="list its models"):
            await client.ping()
        assert perf_counter() - began < 5
        await client.close()


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 307 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    client = OpenAIHttp("r", url, "m", "secret")
    with pytest.raises(ModelError, match="HTTP 307"):
        await complete(client, ask(), timeout_s=5)
    await client.close()
    server.close()
    await server.wait_closed()


def test_comments_and_blank_lines_carry_nothing() -> None:
    assert [event_data(line) for line in (b": ping", b"", b"event: x", b"\r")] == [None] * 4
    assert event_data(b"data: [DONE]\r") == "[DONE]"
    assert event_data(b'error: {"message": "x"}') == '{"message": "x"}'


@pytest.mark.parametrize(
    "data",
    [
        "no json",
        "[]",
        '{"error": {"message": "x"}}',
        '{"id": 1}',
        '{"choices": [null]}',
        '{"choices": {"0": {}}}',
        '{"choices": [{"delta": "word"}]}',
        '{"choices": [{"delta": {"content": [{"text": "word"}]}}]}',
        '{"choices": [{"delta": {}, "logprobs": {"content": [{"token": "x", "logprob": null}]}}]}',
        '{"choices": [], "usage": {"prompt_tokens": "many"}}',
        '{"choices": [], "timings": [1]}',
    ],
)
def test_an_event_that_is_no_chunk_is_an_error(data: str) -> None:
    with pytest.raises(ModelError):
        Answer().take(data)


def test_counts_in_every_event_are_known_before_the_end() -> None:
    answer, timings = Answer(), {"cache_n": 30, "prompt_n": 9, "predicted_n": 2}
    answer.take(json.dumps({"choices": [{"delta": {"content": "a"}}], "timings": timings}))
    assert (answer.tokens_in, answer.tokens_out) == (39, 2)


def test_an_answer_that_a_filter_ended_is_no_answer() -> None:
    answer = Answer()
    answer.take('{"choices": [{"delta": {"content": "a"}, "finish_reason": "content_filter"}]}')
    with pytest.raises(ModelError, match="content_filter"):
        answer.check()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "too long"}}', "too long"),
        (b'{"detail": "no such model"}', "no such model"),
        (b"<html>bad gateway", "<html>bad gateway"),
        (b"x" * 9000, "x" * 300),
    ],
)
def test_the_human_part_of_an_error_body_is_found(body: bytes, said: str) -> None:
    assert error_message(body) == said


def test_it_is_a_generator() -> None:
    generator: Generator = OpenAIHttp("r", "http://127.0.0.1:1/v1/", "m", None)
    other: Generator = EchoGenerator()
    assert (generator.name, other.name) == ("r", "echo")


async def test_a_key_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    where = {"url": "http://127.0.0.1:9/v1", "model": "m", "api_key_file": tmp_path / "none"}
    engines = Engines(Settings.model_validate({"deployments": {"shop": where}}), MemoryCache())
    with pytest.raises(SettingsError, match=r"\[deployments.shop\] api_key_file .*none"):
        await complete(engines.generator(RoleBinding("openai:shop")), ask(), timeout_s=1)


async def test_a_key_file_may_lie_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text("secret\n")
    where = {"url": "http://127.0.0.1:9/v1", "model": "m", "api_key_file": "~/key"}
    engines = Engines(Settings.model_validate({"deployments": {"shop": where}}), MemoryCache())
    with pytest.raises(ModelError, match="cannot be reached"):
        await complete(engines.generator(RoleBinding("openai:shop")), ask(), timeout_s=1)
    await engines.close()


async def test_a_password_in_a_url_is_in_no_error() -> None:
    model = OpenAIHttp("ours", "http://me:s3cret@127.0.0.1:9/v1", "m", None)
    with pytest.raises(ModelError, match=r"at http://me:\*\*\*@127\.0\.0\.1:9/v1"):
        await complete(model, ask(), timeout_s=1)
    await model.close()
