"""Logs of an OpenAI-compatible service as runs of the chat app, with the feedback that they hold.

A line is JSON: `{"request": {...}, "response": {...}}` as they went over the wire, or `{"messages": [...]}`
whose last message is the answer (or with the answer as `response`). Beside them may stand `created`,
`user`, `thumb`, `rating`, `edit`, `comment`, `resolved`, `recontact`. What is private is masked and
not kept. A line is the same run whenever it is read, so importing twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from arriero.apps.chat.app import ROLE, ChatApp
from arriero.apps.chat.values import MOST_TOKENS, Conversation, Evidence, Reply, Said, Seen
from arriero.core import feedback
from arriero.core.errors import InputError
from arriero.core.ids import uuid7
from arriero.core.words import (
    Call,
    Ended,
    Feedback,
    JsonValue,
    Message,
    Mode,
    Outcome,
    RoleBinding,
    Run,
    Trace,
    Variant,
    canonical_json,
)
from arriero.models.base import Prompt
from arriero.models.base import Reply as ModelReply
from arriero.security.masking import Masker, Vault, mask_input
from arriero.store.base import FeedbackGiven, RunRecorded

ACTOR = "import"
IMPORTED = "imported"  # in place of a configuration's hash: another service answered
KINDS = tuple(kind for kind in feedback.KINDS if kind != "label")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
TIMES = ("created", "created_at", "timestamp", "time")
THUMBS: Mapping[JsonValue, bool] = {"up": True, "down": False}
ROLES: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


@dataclass(frozen=True, slots=True)
class Logged:
    """A line that was understood: a run, its trace, the variant it belongs to, and what was said of it."""

    variant: Variant
    recorded: RunRecorded
    feedback: tuple[FeedbackGiven, ...]


def logged(
    line: JsonValue,
    *,
    tenant: str,
    masker: Masker,
    mark: Callable[[str], str],
    at: datetime | None = None,
) -> Logged:
    """The run that a line of a log tells of. `at` dates lines without a time; `mark` hashes a user.

    Raises `InputError`: what is wrong with the line, and what it should have.
    """
    if not isinstance(line, Mapping):
        raise InputError("it is no JSON object; write one exchange a line")
    asked, answer, model, usage, finish = _exchange(line)
    moment = _moment(line, at)
    try:
        digest = hashlib.sha256(canonical_json(line)).digest()
    except ValueError:  # half a surrogate pair, or no finite number
        raise InputError("it holds what is no valid text or number") from None
    who = _user(line)
    unit = who or f"log-{digest.hex()[:16]}"
    if "\0" in unit:  # no database keeps it, and the lines beside this one would not come in either
        raise InputError("its user holds the character U+0000")
    vault = Vault()
    masked, vault = mask_input(_conversation(asked, line), masker, vault)
    text = masker.mask(answer, vault)
    variant = Variant("chat", {ROLE: RoleBinding(f"openai:{model}")}, {}, {}, rounds=0)
    id = uuid7(now_ms=int(moment.timestamp() * 1e3), entropy=digest[:10])
    said = _feedback(line, tenant, id, moment, lambda words: masker.mask(words, vault), who, mark)
    recorded = _recorded(
        masked, Reply(text, finish), model, usage, tenant, unit, id, moment, variant
    )
    return Logged(variant, recorded, tuple(said))


def _user(line: Mapping[str, JsonValue]) -> str | None:
    """Who asked; many a system numbers its customers."""
    who = _whole(line.get("user") or _table(line, "request").get("user"))
    return str(who) if isinstance(who, str | int) and who and who is not True else None


def _whole(value: JsonValue) -> JsonValue:
    """`value`, a whole number as such: JSON has one kind of number, and a column with gaps gives 5.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Exchange = tuple[Sequence[JsonValue], str, str, Mapping[str, JsonValue], str]


def _exchange(line: Mapping[str, JsonValue]) -> Exchange:
    """The messages, the answer, the model, the usage and why it ended."""
    request, response = _table(line, "request"), _table(line, "response")
    messages = request.get("messages", line.get("messages"))
    if not isinstance(messages, list) or not messages:
        raise InputError(
            'it has no messages; write {"request": {"messages": ...}, "response": ...}'
        )
    finish = "stop"
    if isinstance(line.get("response"), str):
        answer: Mapping[str, JsonValue] = {"content": line["response"]}
    elif isinstance(line.get("response"), list):
        raise InputError("its response is a stream's chunks; join what they say to one message")
    elif response:
        choices = response.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        answer = _table(first, "message") if isinstance(first, Mapping) else {}
        if isinstance(first, Mapping) and first.get("finish_reason") == "length":
            finish = "length"
    elif isinstance(messages[-1], Mapping) and messages[-1].get("role") == "assistant":
        messages, answer = messages[:-1], messages[-1]
    else:
        raise InputError("it has no answer; add response, or a last message of the assistant")
    if answer.get("tool_calls") or answer.get("function_call"):  # what it says besides is no answer
        raise InputError("its answer calls a tool; tools are not taken in")
    text = _text(answer.get("content"))
    if not text.strip():
        raise InputError("its answer has no text")
    model = response.get("model") or request.get("model") or line.get("model") or "unknown"
    return messages, text, str(model)[:200], _table(response, "usage"), finish


def _table(line: Mapping[str, JsonValue], key: str) -> Mapping[str, JsonValue]:
    found = line.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(content: JsonValue) -> str:
    """Text, or the text parts of a content list, as one."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    if any(not isinstance(part, Mapping) or part.get("type") != "text" for part in parts):
        raise InputError("it holds something other than text (an image, a sound)")
    return "".join(str(part.get("text", "")) for part in parts)


def _conversation(messages: Sequence[JsonValue], line: Mapping[str, JsonValue]) -> Conversation:
    said = []
    for place, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise InputError(f"messages[{place}] is no message")
        role = ROLES.get(str(message.get("role")))
        if role is None:
            raise InputError(
                f"messages[{place}] has the role {message.get('role')!r}; tools are not taken in"
            )
        said.append(Said(role=role, content=_text(message.get("content"))))
    if not said or said[-1].role != "user":
        raise InputError("the answer does not follow a message of the user")
    request = _table(line, "request")
    known = {name: request[name] for name in ("temperature", "max_tokens") if name in request}
    most = known.get("max_tokens")
    if isinstance(most, int) and not 1 <= most <= MOST_TOKENS:  # -1, or more than is written here
        del known["max_tokens"]  # what it allowed, it allowed then
    try:
        return Conversation(messages=tuple(said), **known)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][0]}: {first['msg']}") from None


def _moment(line: Mapping[str, JsonValue], at: datetime | None) -> datetime:
    """When it was answered: seconds (or milliseconds) since 1970, or ISO 8601; runs are ordered by it."""
    told = _told(line, at)
    if not EARLIEST <= told < LATEST:
        raise InputError(f"its time {told.isoformat()} lies before 1970 or after 9998")
    return told


def _told(line: Mapping[str, JsonValue], at: datetime | None) -> datetime:
    found = next((line[key] for key in TIMES if key in line), None)
    found = _table(line, "response").get("created") if found is None else found
    try:
        if isinstance(found, str):
            told = datetime.fromisoformat(found)
            return told if told.tzinfo else told.replace(tzinfo=UTC)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found / 1e3 if found > 1e11 else found, UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(f"its time {found!r} is none") from None
    if at is None:
        raise InputError("it has no time; add created, or date such lines with --at")
    return at


def _feedback(
    line: Mapping[str, JsonValue],
    tenant: str,
    run: str,
    at: datetime,
    mask: Callable[[str], str],
    who: str | None,
    mark: Callable[[str], str],
) -> Iterator[FeedbackGiven]:
    given = {**line, **_table(line, "feedback")}
    actor = f"{ACTOR}/{mark(who)}" if who else ACTOR
    for kind in KINDS:
        value = _whole(given.get(kind))
        if value is None:
            continue
        if kind == "thumb" and isinstance(value, str):
            value = THUMBS.get(value, value)
        feedback.check(kind, value)
        value = mask(str(value)) if kind in {"edit", "comment"} else value
        entropy = hashlib.sha256(f"{run} {kind}".encode()).digest()[:10]
        id = uuid7(now_ms=int(at.timestamp() * 1e3), entropy=entropy)
        yield FeedbackGiven(Feedback(id, tenant, run, actor, at, kind, value))


def _recorded(
    asked: Conversation,
    reply: Reply,
    model: str,
    usage: Mapping[str, Any],
    tenant: str,
    unit: str,
    id: str,
    at: datetime,
    variant: Variant,
) -> RunRecorded:
    shapes = ChatApp.shapes
    messages = tuple(Message(one.role, one.content) for one in asked.messages)
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = (one if isinstance(one, int) and one >= 0 else 0 for one in counts)
    told = ModelReply(reply.text, model, reply.finish, tokens_in, tokens_out, 0.0, 0.0)
    call = Call(
        ROLE, f"openai:{model}", None, asdict(Prompt(messages)), asdict(told),
        tokens_in=tokens_in, tokens_out=tokens_out,
    )  # fmt: skip
    outcome = Outcome(Ended.ANSWERED, reply, origin="generative")
    seen = Seen(len(messages), sum(len(one.content) for one in messages))
    trace = Trace(
        seen=shapes.seen_json.dump_python(seen, mode="json"),
        evidence=shapes.evidence_json.dump_python(Evidence(), mode="json"),
        drafts=(),  # nobody judged it here
        calls=(call,),
        outcome=shapes.outcome_json.dump_python(outcome, mode="json"),
        seed=int(id[-8:], 16),  # no two runs share a trace, so that erasing one leaves the other's
        now=at,
    )
    run = Run(
        id=id, tenant=tenant, app="chat", unit=unit, actor=ACTOR, mode=Mode.LIVE, variant=variant.id,
        config=IMPORTED, started_at=at, duration_ms=0.0, ended=Ended.ANSWERED, reason="imported",
        score=None, input=asked.model_dump(mode="json"),
        answer=shapes.answer_json.dump_python(reply, mode="json"), origin="generative",
        tokens_in=tokens_in, tokens_out=tokens_out,
    )  # fmt: skip
    return RunRecorded(run, trace)
