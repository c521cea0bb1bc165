"""Private values in conversations: kept masked, told again to the customer and to the agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from arriero.core.words import FreeText, JsonValue
from arriero.security.masking import Masker, PatternMasker
from arriero.security.vault import Vaults, withhold
from arriero.store.records import Records


class _Line(BaseModel):
    text: FreeText


@dataclass(frozen=True)
class KeptInVault:
    """A `conversation.Privacy` over the vault of the conversation, which its runs share.

    What the directory knew of the customer has fixed placeholders and is in no vault: `reveal` asks
    for it again, by the run that handed the conversation over.
    """

    vaults: Vaults
    records: Records
    reveal: Callable[[str, str, JsonValue], Awaitable[JsonValue]]
    masker: Masker = field(default_factory=PatternMasker)

    async def mask(self, tenant: str, conversation: str, text: str) -> str:
        place = (tenant, conversation)
        masked, _ = await withhold(_Line(text=text), self.masker, self.vaults, place)
        return masked.text

    async def restore(self, tenant: str, conversation: str, text: str) -> str:
        if "<" not in text:
            return text
        text = (await self.vaults.open(tenant, conversation)).restore(text)
        pointer = await self.records.get(tenant, "conversation", conversation)
        if "<" not in text or not isinstance(pointer, Mapping):
            return text
        run, _, _ = str(pointer["task"]).partition(":")
        return str(await self.reveal(tenant, run, text))
