"""Calls of a role are on the record whatever became of them."""

from __future__ import annotations

import asyncio

import pytest

from arriero.core.words import Message, RoleBinding
from arriero.models.base import Labels, Prompt
from arriero.models.fake import EchoGenerator
from arriero.models.roles import GIVEN_UP, LEFT, Models
from arriero.observe.calls import CallLog, recording


class Slow:
    """Takes longer than anybody waits."""

    name = "slow"

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits this long")


async def test_a_classifier_given_up_at_the_deadline_leaves_its_call() -> None:
    bound = {"role": RoleBinding("fake:slow")}
    models = Models(bindings=bound, generators={}, classifiers={"role": Slow()}, prices={})
    with recording(CallLog()) as log, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await models.classify("role", "hello", timeout_s=5)
    [call] = log.calls
    assert (call.role, call.reply, call.error) == ("role", None, GIVEN_UP)


async def test_a_reply_that_somebody_left_in_the_middle_leaves_its_call() -> None:
    models = Models({"role": RoleBinding("fake:echo")}, {"role": EchoGenerator()}, {}, {})
    prompt = Prompt((Message("user", "one two three"),))
    with recording(CallLog()) as log:
        pieces = models.stream("role", prompt, timeout_s=5)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]  # every stream is an async generator
    [call] = log.calls
    assert (call.role, call.reply, call.error) == ("role", None, LEFT)


async def test_a_reply_that_was_taken_to_its_end_is_one_call() -> None:
    models = Models({"role": RoleBinding("fake:echo")}, {"role": EchoGenerator()}, {}, {})
    prompt = Prompt((Message("user", "one two three"),))
    with recording(CallLog()) as log:
        pieces = models.stream("role", prompt, timeout_s=5)
        while (await anext(pieces)).reply is None:
            pass
        await pieces.aclose()  # type: ignore[attr-defined]  # every stream is an async generator
    [call] = log.calls
    assert call.error is None
