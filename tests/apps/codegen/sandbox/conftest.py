"""A sandbox of this machine; the suite needs one (`make test` installs bubblewrap)."""

from __future__ import annotations

import asyncio

import pytest

from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.sandbox.probe import probe
from tests.conftest import absent


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """Not asked its canaries: the tests of attacks do that."""
    probed = asyncio.run(probe(canaries=()))
    if not probed.sound:
        raise absent("REQUIRE_SERVICES", f"{probed.told}; {probed.remedy}")
    return probed.sandbox
