"""The evaluation of the sandbox, small: the lazy product lets through what the sandbox holds."""

from __future__ import annotations

import logging

import pytest

from arriero.apps.codegen.sandbox.attacks.base import Attack
from arriero.apps.codegen.sandbox.attacks.suite import ATTACKS
from arriero.apps.codegen.sandbox.base import NoSandbox
from arriero.apps.codegen.sandbox.probe import Probed, probe
from arriero.bench.sandbox import measure
from arriero.core.errors import InputError
from tests.conftest import absent

FEW = ("read the environment", "outlive the run", "equal to anything")


async def test_a_few_attacks_work_without_a_sandbox_and_are_held_by_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    probed = await probe(canaries=())
    if not probed.sound:
        raise absent("REQUIRE_SERVICES", probed.told)
    few = [attack for attack in ATTACKS if attack.name in FEW]
    with caplog.at_level(logging.WARNING):
        told = await measure(probed, [*few, Attack("harmless", "print(1)")], starts=3)
    assert told["contained"].value == 1
    assert told["attacks"].value == len(FEW)
    assert told["contained_by_lazy"].value == 0
    assert told["p50_ms"].value > 0
    assert "harmless" in caplog.text


async def test_without_a_sandbox_there_is_nothing_to_measure() -> None:
    with pytest.raises(InputError, match="not executed: none here"):
        await measure(Probed(NoSandbox(""), sound=False, told="code is not executed: none here"))
