"""`/v1/chat/completions`, also as the official client sees it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import httpx
import openai
import pytest

from arriero.core.errors import ModelBusy, ModelError, PromptTooLong, StoreError
from arriero.models.fake import ScriptedGenerator
from arriero.server import create
from tests.server.conftest import HOST, House, Refused, events

PATH = "/v1/chat/completions"
HELLO: dict[str, Any] = {
    "model": "smollm2-135m",
    "messages": [{"role": "user", "content": "hello"}],
}


def test_the_official_client_gets_a_completion(house: House, real: str) -> None:
    with openai.OpenAI(base_url=f"{real}/v1", api_key=house.secrets["tester"]) as client:
        raw = client.chat.completions.with_raw_response.create(**HELLO)
    completion = raw.parse()
    assert completion.choices[0].message.content == "Hello to you too."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 4
    assert completion.id == "chatcmpl-" + raw.headers["x-arriero-run-id"]


def test_the_official_client_gets_a_stream(house: House, real: str) -> None:
    with openai.OpenAI(base_url=f"{real}/v1", api_key=house.secrets["tester"]) as client:
        chunks = list(
            client.chat.completions.create(
                **HELLO, stream=True, stream_options={"include_usage": True}
            )
        )
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(said) == "Hello to you too."
    assert len([text for text in said if text]) == 4
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 4
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_official_client_lists_the_models(house: House, real: str) -> None:
    with openai.OpenAI(base_url=f"{real}/v1", api_key=house.secrets["tester"]) as client:
        assert [model.id for model in client.models.list()] == ["chat", "smollm2-135m"]
        assert client.models.retrieve("smollm2-135m").owned_by == "arriero"
        with pytest.raises(openai.NotFoundError, match="GET /v1/models lists: chat, smollm2-135m"):
            client.models.retrieve("other/model")


def test_the_official_client_understands_our_errors(house: House, real: str) -> None:
    client = openai.OpenAI(base_url=f"{real}/v1", api_key="wrong", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError) as wrong:
        client.chat.completions.create(**HELLO)
    assert wrong.value.code == "invalid_api_key"


async def test_a_completion_carries_what_every_answer_carries(client: httpx.AsyncClient) -> None:
    answer = (await client.post(PATH, json=HELLO)).json()
    assert answer["outcome"] == "answered"
    assert answer["id"] == f"chatcmpl-{answer['run_id']}"
    assert [verdict["check"] for verdict in answer["verdicts"]] == ["not-empty", "finished"]


async def test_a_stream_ends_with_its_run_and_done(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=HELLO | {"stream": True})
    chunks = [data for _, data in events(response.text)]
    assert chunks[-1] == "[DONE]"
    assert chunks[-2]["run_id"] == response.headers["x-arriero-run-id"]
    assert chunks[-2]["outcome"] == "answered"


async def test_unknown_fields_of_openai_are_accepted(client: httpx.AsyncClient) -> None:
    more = {"logit_bias": {}, "parallel_tool_calls": True, "store": False, "top_p": 0.9}
    more |= {"tools": [], "logprobs": False, "response_format": {"type": "text"}}
    assert (await client.post(PATH, json=HELLO | more)).status_code == 200


async def test_content_parts_are_joined(client: httpx.AsyncClient) -> None:
    parts = [{"type": "text", "text": "he"}, {"type": "text", "text": "llo"}]
    body = HELLO | {"messages": [{"role": "user", "content": parts}]}
    answer = (await client.post(PATH, json=body)).json()
    assert answer["choices"][0]["message"]["content"] == "Hello to you too."


async def test_the_callers_parameters_reach_the_model(
    client: httpx.AsyncClient, house: House
) -> None:
    asked = {"temperature": 0.9, "max_completion_tokens": 2, "stop": "!", "seed": 7}
    answer = (await client.post(PATH, json=HELLO | asked)).json()
    assert isinstance(house.generator, ScriptedGenerator)
    prompt = house.generator.asked[-1]
    assert (prompt.temperature, prompt.max_tokens, prompt.stop, prompt.seed) == (0.9, 2, ("!",), 7)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["outcome"] == "answered"


async def test_a_model_that_is_not_served_is_a_404(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    error = refused(await client.post(PATH, json=HELLO | {"model": "gpt-9"}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "smollm2-135m" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages[0].content"),
        ({"messages": [{"role": "nobody", "content": "hello"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content",
        ),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop"),
        ({"tools": [{"type": "function", "function": {"name": "weather"}}]}, "tools"),
        ({"functions": [{"name": "weather"}]}, "functions"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
    ],
)
async def test_what_cannot_be_answered_is_refused_by_name(
    client: httpx.AsyncClient, refused: Refused, wrong: dict[str, Any], param: str
) -> None:
    assert refused(await client.post(PATH, json=HELLO | wrong), 400)["param"] == param


async def test_masked_values_are_back_in_a_stream(client: httpx.AsyncClient, house: House) -> None:
    body = HELLO | {
        "stream": True,
        "messages": [{"role": "user", "content": "mail ann@example.org"}],
    }
    text = (await client.post(PATH, json=body)).text
    assert "EMAIL_1" not in text
    said = [data for _, data in events(text) if data != "[DONE]"]
    whole = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in said)
    assert whole == "I wrote to ann@example.org <now>."
    assert isinstance(house.generator, ScriptedGenerator)
    assert house.generator.asked[-1].messages[-1].content == "mail <EMAIL_1>"


class _Breaks(ScriptedGenerator):
    """A fake that says two words and dies."""

    async def stream(self, prompt: Any, *, timeout_s: float) -> Any:
        said = 0
        async for piece in super().stream(prompt, timeout_s=timeout_s):
            if said == 2:
                raise ModelError("the model died")
            said += 1
            yield piece


async def test_a_stream_that_breaks_ends_with_an_error_and_no_done(
    house: House, client: httpx.AsyncClient
) -> None:
    house.generator = _Breaks({"hello": "one two three"})
    response = await client.post(PATH, json=HELLO | {"stream": True})
    told = [data for _, data in events(response.text)]
    assert "the model died" in told[-1]["error"]["message"]
    assert "[DONE]" not in response.text


async def test_a_model_that_fails_is_a_503_that_a_client_may_retry(
    house: House, client: httpx.AsyncClient
) -> None:
    house.generator = ScriptedGenerator({})
    answer = await client.post(PATH, json=HELLO)
    assert answer.status_code == 503
    assert "no scripted reply" in answer.json()["error"]["message"]


class Narrow(ScriptedGenerator):
    """A model into which no prompt fits."""

    async def stream(self, prompt: Any, *, timeout_s: float) -> Any:
        raise PromptTooLong("model 'narrow' cannot read so much; shorten the prompt")
        yield


@pytest.mark.parametrize("stream", [False, True])
async def test_a_conversation_that_is_too_long_is_the_callers_to_shorten(
    house: House, client: httpx.AsyncClient, stream: bool
) -> None:
    house.generator = Narrow({})
    answer = await client.post(PATH, json=HELLO | {"stream": stream})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "messages")


class Crowded(ScriptedGenerator):
    """A model with a full queue before it."""

    async def stream(self, prompt: Any, *, timeout_s: float) -> Any:
        raise ModelBusy("8 requests wait already; try again in some seconds")
        yield


@pytest.mark.parametrize("stream", [False, True])
async def test_a_full_queue_before_the_model_is_a_429(
    house: House, client: httpx.AsyncClient, stream: bool
) -> None:
    house.generator = Crowded({})
    answer = await client.post(PATH, json=HELLO | {"stream": stream})
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "model_busy"


def test_a_client_that_leaves_a_stream_frees_the_model(house: House, real: str) -> None:
    class Slow(ScriptedGenerator):
        closed = False

        async def stream(self, prompt: Any, *, timeout_s: float) -> Any:
            try:
                async for piece in super().stream(prompt, timeout_s=timeout_s):
                    yield piece
            finally:
                self.closed = True

    house.generator = slow = Slow({"hello": "word " * 200}, word_s=0.05)
    with (
        httpx.Client(base_url=real, headers=house.headers()) as client,
        client.stream("POST", PATH, json=HELLO | {"stream": True}) as response,
    ):
        next(response.iter_text())
    ends = time.monotonic() + 3
    while not slow.closed and time.monotonic() < ends:
        time.sleep(0.01)
    assert slow.closed


async def test_the_same_key_streams_the_same_completion_again(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "c-1"}
    first = await client.post(PATH, json=HELLO | {"stream": True}, headers=headers)
    second = await client.post(PATH, json=HELLO | {"stream": True}, headers=headers)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["x-arriero-run-id"] == first.headers["x-arriero-run-id"]
    assert "Hello to you too." in second.text


@pytest.mark.parametrize("text", [None, 7, ["hello"]])
async def test_a_text_part_without_text_is_refused(
    client: httpx.AsyncClient, refused: Refused, text: object
) -> None:
    body = HELLO | {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}
    error = refused(await client.post(PATH, json=body), 400)
    assert error["param"] == "messages[0].content"


async def test_stream_may_be_null_as_in_openais_api(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=HELLO | {"stream": None})
    assert response.json()["object"] == "chat.completion"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_vault_that_cannot_be_read_keeps_nobody_from_an_answer(
    house: House, stream: bool
) -> None:
    class Down:
        async def open(self, tenant: str, unit: str) -> None:
            raise StoreError("the ledger is down")

    platform = await house.open()
    flow = replace(platform.flow, vaults=Down())  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=create(replace(platform, flow=flow)))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers=house.headers()
    ) as client:
        body = HELLO | {"stream": stream, "user": "u1"}
        response = await client.post(PATH, json=body)
    assert response.status_code == 200, response.text
    assert "Hello" in response.text
