"""Private values in conversations: kept masked, told again to the customer and to the agent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from arriero.apps.support.people import KINDS
from arriero.core.errors import StoreError
from arriero.core.words import FreeText, JsonValue
from arriero.security.masking import PLACEHOLDER, Known, Masker, PatternMasker, each_string
from arriero.security.vault import Vaults, withhold
from arriero.store.base import Ledger
from arriero.store.records import Records

log = logging.getLogger(__name__)


class _Line(BaseModel):
    text: FreeText


@dataclass(frozen=True)
class KeptInVault:
    """A `conversation.Privacy` over the vault that the conversation's runs share.

    What the directory knows of the customer has fixed placeholders and is in no vault: `reveal` asks
    for it, by the run that handed the conversation over last.
    """

    vaults: Vaults
    ledger: Ledger
    records: Records
    reveal: Callable[[str, str, JsonValue], Awaitable[JsonValue]]
    masker: Masker = field(default_factory=PatternMasker)

    async def mask(self, tenant: str, conversation: str, text: str) -> str:
        if not text:  # a change of state has no note more often than it has one
            return text
        place = tenant, await self._unit(tenant, conversation)
        known = await self._known(tenant, conversation)
        masked, _ = await withhold(_Line(text=text), self.masker, self.vaults, place, known)
        return masked.text

    async def restore(self, tenant: str, conversation: str, value: JsonValue) -> JsonValue:
        if not _is_masked(value):
            return value
        unit = await self._unit(tenant, conversation)
        value = (await self.vaults.open(tenant, unit)).restore_json(value)
        run = await self._run(tenant, conversation) if _is_masked(value) else None
        return value if run is None else await self.reveal(tenant, run, value)

    async def _known(self, tenant: str, conversation: str) -> Sequence[Known]:
        """The customer's own data; none while the directory is down, for nobody's message waits for it."""
        if (run := await self._run(tenant, conversation)) is None:
            return ()
        try:
            told = await self.reveal(tenant, run, {kind: f"<{kind}>" for kind in KINDS})
        except StoreError as error:
            log.warning("what the directory knows is not masked: %s", error.message)
            return ()
        return [Known(kind, value) for kind, value in told.items() if value != f"<{kind}>"]

    async def _unit(self, tenant: str, conversation: str) -> str:
        """Whose vault it is: a conversation without a name is called after its run, and that is its customer's."""
        run = await self.ledger.run(tenant, conversation)
        return (run and run.unit) or conversation

    async def _run(self, tenant: str, conversation: str) -> str | None:
        pointer = await self.records.get(tenant, "conversation", conversation)
        return str(pointer["task"]).partition(":")[0] if isinstance(pointer, Mapping) else None


def _is_masked(value: JsonValue) -> bool:
    return any(PLACEHOLDER.search(text) for text in each_string(value))
