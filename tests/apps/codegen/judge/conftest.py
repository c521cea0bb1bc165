"""The sandbox of this machine, as the sandbox's own tests have it."""

from __future__ import annotations

from tests.apps.codegen.sandbox.conftest import sandbox

__all__ = ["sandbox"]
