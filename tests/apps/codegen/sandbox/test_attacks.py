"""Hostile programs: a part of them in every run, all of them in CI."""

from __future__ import annotations

import pytest

from arriero.apps.codegen.sandbox.attacks.bait import laid
from arriero.apps.codegen.sandbox.attacks.base import LIMITS, Attack
from arriero.apps.codegen.sandbox.attacks.suite import ATTACKS, CANARIES
from arriero.apps.codegen.sandbox.base import Ran, Sandbox, Tested


async def _held(sandbox: Sandbox, attack: Attack) -> str:
    with laid() as bait:
        ran = await sandbox.run(bait.program(attack, forever=True), LIMITS)
        assert ran.executed, ran.reason
        return bait.escaped(ran)


@pytest.mark.parametrize("attack", CANARIES, ids=lambda attack: attack.name)
async def test_a_canary_is_held(sandbox: Sandbox, attack: Attack) -> None:
    assert await _held(sandbox, attack) == ""


@pytest.mark.slow
@pytest.mark.parametrize("attack", set(ATTACKS) - set(CANARIES), ids=lambda attack: attack.name)
async def test_an_attack_is_held(sandbox: Sandbox, attack: Attack) -> None:
    assert await _held(sandbox, attack) == ""


def test_every_attack_has_a_name_of_its_own() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 30


def test_bait_sees_what_was_done_to_it() -> None:
    with laid() as bait:
        assert bait.escaped(Ran(0)) == ""
        assert bait.escaped(Ran(0, stdout=f"x{bait.secret}")) == "told the secret"
        assert bait.escaped(Ran(0, "ESCAPED")) == "told so"
        assert bait.escaped(Ran(0, wall_s=60)) == "ran too long"
        assert bait.escaped(Ran(0, tests=(Tested("answer", passed=True),))) == "passed the test"
        (bait.folder / "outside" / "new").touch()
        assert bait.escaped(Ran(0)) == "changed the host"
    assert not bait.folder.exists()
    assert bait.victim.returncode is not None
