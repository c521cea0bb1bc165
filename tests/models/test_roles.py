"""Calls of a role are on the record whatever became of them."""

from __future__ import annotations

import asyncio

import pytest

from arriero.core.words import RoleBinding
from arriero.models.base import Labels
from arriero.models.roles import GIVEN_UP, Models
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
