"""Private values of a conversation: no store sees them, customer and agent read them."""

from __future__ import annotations

from arriero.apps.support.conversation import Messages
from arriero.apps.support.told import KeptInVault
from arriero.core.clock import HeldClock
from arriero.core.errors import StoreError
from arriero.core.words import JsonValue
from arriero.security.masking import each_text
from arriero.security.vault import memory_vaults
from arriero.store.fake import MemoryLedger
from arriero.store.records import MemoryRecords


async def of_the_directory(tenant: str, run: str, value: JsonValue) -> JsonValue:
    assert (tenant, run) == ("default", "run-1")
    if isinstance(value, dict):
        return {name: await of_the_directory(tenant, run, text) for name, text in value.items()}
    return str(value).replace("<FIRST_NAME>", "Ann")


async def test_what_is_masked_is_told_again_in_its_own_conversation_only() -> None:
    privacy = KeptInVault(memory_vaults(), MemoryLedger(), MemoryRecords(), of_the_directory)
    masked = await privacy.mask("default", "chat-1", "write to ann@example.org please")
    assert "ann@" not in masked
    assert await privacy.restore("default", "chat-1", masked) == "write to ann@example.org please"
    assert await privacy.restore("default", "chat-2", masked) == masked


async def test_what_the_directory_knows_is_asked_for_again_by_the_run() -> None:
    records = MemoryRecords()
    await records.put("default", "conversation", "chat-1", {"task": "run-1:hand-over"})
    privacy = KeptInVault(memory_vaults(), MemoryLedger(), records, of_the_directory)
    assert await privacy.restore("default", "chat-1", "Hello <FIRST_NAME>") == "Hello Ann"


async def test_what_the_directory_knows_is_masked_in_what_people_write_too() -> None:
    records = MemoryRecords()
    await records.put("default", "conversation", "chat-1", {"task": "run-1:hand-over"})
    privacy = KeptInVault(memory_vaults(), MemoryLedger(), records, of_the_directory)
    masked = await privacy.mask("default", "chat-1", "the parcel is with ann now")
    assert masked == "the parcel is with <FIRST_NAME> now"
    assert await privacy.restore("default", "chat-1", masked) == "the parcel is with Ann now"


async def test_a_directory_that_is_down_holds_up_no_message() -> None:
    async def down(tenant: str, run: str, value: JsonValue) -> JsonValue:
        raise StoreError("the customer directory cannot be reached")

    records = MemoryRecords()
    await records.put("default", "conversation", "chat-1", {"task": "run-1:hand-over"})
    privacy = KeptInVault(memory_vaults(), MemoryLedger(), records, down)
    assert await privacy.mask("default", "chat-1", "All done.") == "All done."


async def test_a_conversation_is_told_again_with_one_look_at_the_directory() -> None:
    looks: list[str] = []

    async def slow(tenant: str, run: str, value: JsonValue) -> JsonValue:
        looks.append(run)
        return each_text(value, lambda text: text.replace("<FIRST_NAME>", "Ann"))

    records = MemoryRecords()
    await records.put("default", "conversation", "chat-1", {"task": "run-1:hand-over"})
    privacy = KeptInVault(memory_vaults(), MemoryLedger(), records, slow)
    messages = Messages(records, HeldClock(), privacy)
    for at in range(20):
        await messages.add("default", "chat-1", "agent", f"Hello <FIRST_NAME>, {at}")
    looks.clear()
    read = await messages.read("default", "chat-1")
    assert [one["text"] for one in read] == [f"Hello Ann, {at}" for at in range(20)]
    assert len(looks) == 1
    assert await privacy.restore("default", "chat-1", "a < b and <3") == "a < b and <3"
    assert len(looks) == 1
