"""All attacks, and those of them that are tried whenever a sandbox is opened."""

from __future__ import annotations

from arriero.apps.codegen.sandbox.attacks.reach import REACH
from arriero.apps.codegen.sandbox.attacks.results import RESULTS
from arriero.apps.codegen.sandbox.attacks.use import USE

ATTACKS = (*REACH, *USE, *RESULTS)
CANARIES = tuple(attack for attack in ATTACKS if attack.canary)
