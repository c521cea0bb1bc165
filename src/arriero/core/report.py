"""How an app reports on itself, without knowing the server that shows it, and without it knowing the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from arriero.core.words import JsonValue


class Reporter(Protocol):
    """What an app can say of its own work, as JSON that its page in the console understands."""

    async def report(self, tenant: str, days: int) -> Mapping[str, JsonValue]:
        """The last `days` days of a tenant. Private values stay masked."""
