"""The one sandbox of a platform, when it cannot be opened at first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from arriero.apps.codegen.sandbox.base import NoSandbox
from arriero.apps.codegen.sandbox.probe import Probed
from arriero.apps.codegen.workshop import Workshop


async def test_a_sandbox_that_could_not_be_opened_once_is_opened_for_the_next_request() -> None:
    """A full disk takes the bait of its canaries away, and passes."""
    fails = [OSError("no space left on device")]

    @asynccontextmanager
    async def opens() -> AsyncIterator[Probed]:
        if fails:
            raise fails.pop()
        yield Probed(NoSandbox("not asked to"), sound=True, told="open")

    workshop = Workshop(1.0, opens)
    with pytest.raises(OSError, match="no space"):
        await workshop.probed()
    assert (await workshop.probed()).told == workshop.told == "open"
    await workshop.close()
