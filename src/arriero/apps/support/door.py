"""How a support inquiry comes in over HTTP, and which keys its answer has."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.values import Reply
from arriero.core.door import Asked, Door, Heard
from arriero.core.words import JsonValue, Outcome, Run


class InquiryBody(Inquiry):
    """A customer's message. `conversation`, or else `customer`, keeps a rollout's unit together."""

    deadline_ms: float | None = Field(default=None, gt=0, le=120_000)


class ReplyBody(BaseModel):
    """The case study's keys; `confidence` is the quality score that the release is decided on."""

    model_config = ConfigDict(frozen=True)

    response: str
    intent: str
    intent_confidence: float
    confidence: float
    sentiment: str
    processing_time: float = Field(description="seconds")


def _asked(body: InquiryBody) -> Asked:
    given = body.model_dump(exclude={"deadline_ms"})
    unit = body.conversation or body.customer
    return Asked(
        Inquiry.model_construct(**given | {"history": body.history}), unit, body.deadline_ms
    )


def _present(outcome: Outcome[Reply], run: Run) -> Mapping[str, JsonValue]:
    answer = outcome.answer
    return {
        "response": answer.response,
        "intent": answer.intent,
        "intent_confidence": answer.intent_confidence,
        "confidence": answer.confidence,
        "sentiment": answer.sentiment,
        "processing_time": run.duration_ms / 1e3,
    }


def _heard(said: Heard) -> Asked:
    given = Inquiry(message=said.message, customer=said.customer, conversation=said.conversation)
    return Asked(given, said.conversation)


door = Door(
    path="/v1/support/inquiries",
    app="support",
    summary="Answer a customer's message",
    request=InquiryBody,
    response=ReplyBody,
    asked=_asked,
    present=_present,
    heard=_heard,
)
