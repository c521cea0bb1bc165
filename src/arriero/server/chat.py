"""`/v1/chat/completions` and `/v1/models`: the chat app in OpenAI's words, for OpenAI's clients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from arriero.apps.chat.app import ROLE
from arriero.apps.chat.values import MOST_STOPS, Conversation, Said
from arriero.assembly import Platform
from arriero.core.errors import InputError
from arriero.core.ids import CHAT_PREFIX
from arriero.core.words import Ended, JsonValue
from arriero.flow import Case, Result
from arriero.security.keys import Identity
from arriero.security.masking import Vault, mask_input
from arriero.security.vault import withhold
from arriero.server import security
from arriero.server.chat_stream import ChunkFrames, Restoring
from arriero.server.doors import Answered, common, failure
from arriero.server.errors import EdgeError
from arriero.server.idempotency import Answers, once
from arriero.server.replies import JSON, Page, Reply, Watch, to_body
from arriero.server.streaming import EVENT_STREAM, EventStream, unless_gone

APP = "chat"
# An OpenAI client retries what it is told failed; a fallback sentence with 200 it would believe.
REFUSED = {
    "context_length_exceeded": 400,
    "model_busy": 429,
    "model_missing": 503,
    "model_error": 503,
    "model_timeout": 504,
    "deadline": 504,
}


def _joined(content: object) -> object:
    """Content parts (`[{"type": "text", "text": ...}]`) as one text; anything else as it is."""
    if not isinstance(content, list):
        return content
    for part in content:
        told = isinstance(part, dict) and part.get("type") == "text"
        if not told or not isinstance(part.get("text"), str):
            raise ValueError("only text parts can be read")
    return "".join(part["text"] for part in content)


Text = Annotated[str, BeforeValidator(_joined, json_schema_input_type=str | list[dict[str, str]])]


class ChatMessage(BaseModel):
    """A message. `developer` is today's name of `system`; other fields are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: Text

    def said(self) -> Said:
        role = "system" if self.role == "developer" else self.role
        return Said(role=role, content=self.content)


class ResponseFormat(BaseModel):
    type: str


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatAsked(BaseModel):
    """OpenAI's request. Fields that are not named here are accepted and ignored.

    What would be answered in another form than was asked for is refused: tools, JSON, log-probabilities.
    """

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, max_length=1_000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=32_768)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=32_768)
    stop: str | list[str] | None = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    n: int | None = Field(default=None, ge=1, le=1)
    tools: list[JsonValue] | None = None
    tool_choice: JsonValue = None
    functions: list[JsonValue] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    user: str | None = Field(default=None, max_length=128)

    def conversation(self) -> Conversation:
        """The chat app's input. An empty last message is refused: there is nothing to answer."""
        if not self.messages[-1].content.strip():
            at = f"messages[{len(self.messages) - 1}].content"
            raise InputError(f"{at!r} is empty; say something", param=at)
        for field, asked in self._unserved().items():
            if asked:
                raise InputError(
                    f"{field!r} is not served here: the answer is plain text; leave it out",
                    param=field,
                )
        stop = tuple([self.stop] if isinstance(self.stop, str) else self.stop or ())
        if len(stop) > MOST_STOPS or "" in stop:
            raise InputError(
                f"'stop' takes at most {MOST_STOPS} texts, none of them empty", param="stop"
            )
        return Conversation(
            messages=tuple(message.said() for message in self.messages),
            temperature=self.temperature,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            stop=stop,
            seed=self.seed,
        )

    def _unserved(self) -> Mapping[str, bool]:
        """Which fields ask for something else than one plain text."""
        form = self.response_format
        return {
            "tools": bool(self.tools) and self.tool_choice != "none",
            "functions": bool(self.functions),
            "response_format": form is not None and form.type != "text",
            "logprobs": bool(self.logprobs),
        }


class ChatUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatChoice(BaseModel):
    index: Literal[0]
    message: dict[str, str | None]
    logprobs: None
    finish_reason: Literal["stop", "length"]


class ChatCompletion(BaseModel):
    """OpenAI's response."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: ChatUsage


def mount(router: APIRouter, platform: Platform, answers: Answers) -> None:
    """Open `POST /v1/chat/completions`, `GET /v1/models` and `GET /v1/models/{model}`."""

    @router.post(
        "/v1/chat/completions",
        operation_id="chat_complete",
        summary="Ask a model, as OpenAI's clients do",
        response_class=Response,
        responses={
            200: {
                "model": create_model("ChatAnswer", __base__=(ChatCompletion, Answered)),
                "content": {EVENT_STREAM: {}},
                "description": "The completion; with `stream`, its chunks as they come.",
            }
        },
    )
    async def complete(request: Request, body: ChatAsked) -> Response:
        who = security.identity(request.scope)
        given = _checked(platform, body)
        asked = await once(request, who)
        tell = partial(_run, platform, who, body, given)
        if body.stream:
            vault = await _vault(platform, who, body, given)
            usage = body.stream_options is not None and body.stream_options.include_usage
            frames = ChunkFrames(body.model, platform.clock.now(), Restoring(vault), usage=usage)
            return EventStream(lambda watch: answers.give(asked, lambda: tell(watch)), frames)
        work = answers.give(asked, lambda: tell(lambda event: None))
        return (await unless_gone(request.receive, work)).response()

    @router.get("/v1/models", operation_id="models_list", summary="What `model` may be")
    async def models() -> Response:
        shown = [_shown(platform, name) for name in served(platform)]
        return Response(to_body(Page(tuple(shown))), media_type=JSON)

    @router.get("/v1/models/{model:path}", operation_id="models_get", summary="One of them")
    async def model(model: str) -> Response:  # a name may have slashes
        return Response(to_body(_shown(platform, _served(platform, model))), media_type=JSON)


def served(platform: Platform) -> tuple[str, ...]:
    """The names that `model` may have: the app's own, and that of the model its champion binds."""
    if APP not in platform.apps:
        return ()
    bound = platform.exposures.variant(APP, None).roles[ROLE]
    return APP, bound.model.partition(":")[2]


def _checked(platform: Platform, body: ChatAsked) -> Conversation:
    """The conversation, once it is clear that it can be answered here."""
    _served(platform, body.model)
    return body.conversation()


def _served(platform: Platform, model: str) -> str:
    """`model`, if it is one; else an error in OpenAI's words."""
    platform.app(APP)
    if model not in served(platform):
        error = EdgeError(
            404,
            "model_not_found",
            f"there is no model {model!r}; GET /v1/models lists: {', '.join(served(platform))}",
        )
        error.param = "model"
        raise error
    return model


def _shown(platform: Platform, name: str) -> Mapping[str, JsonValue]:
    created = int(platform.clock.now().timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": "arriero"}


async def _vault(platform: Platform, who: Identity, body: ChatAsked, given: Conversation) -> Vault:
    """What the flow will mask of `given`, to be put back into the stream."""
    masker, vaults = platform.flow.masker, platform.flow.vaults
    if not body.user:
        return mask_input(given, masker)[1]
    place = who.tenant, body.user
    return (await withhold(given, masker, vaults, place, keeps=False, typed=True))[1]


async def _run(
    platform: Platform, who: Identity, body: ChatAsked, given: Conversation, watch: Watch
) -> Reply:
    case = Case(who.tenant, who.actor, given, unit=body.user)
    result = await platform.flow.run(platform.app(APP), case, watch=watch)
    if result.outcome.error in REFUSED:
        status = REFUSED[result.outcome.error]
        error = EdgeError(
            status, result.outcome.error, result.outcome.reason.removeprefix("error: ")
        )
        error.param = "messages" if status == 400 else None
        raise error
    told = _completion(body.model, result) | common(result)
    if result.outcome.ended is Ended.FAILED:
        return Reply(503, to_body(told | failure(result)), result.run_id)
    return Reply(200, to_body(told), result.run_id)


def _completion(model: str, result: Result[Any]) -> dict[str, Any]:
    run, answer = result.run, result.outcome.answer
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    choice = {
        "index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish,
    }  # fmt: skip
    return {
        "id": CHAT_PREFIX + run.id,
        "object": "chat.completion",
        "created": int(run.started_at.timestamp()),
        "model": model,
        "choices": [choice],
        "usage": {
            "prompt_tokens": run.tokens_in,
            "completion_tokens": run.tokens_out,
            "total_tokens": run.tokens_in + run.tokens_out,
        },
        "system_fingerprint": run.variant,
    }
