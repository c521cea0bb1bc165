"""The signed channel over real HTTP to a real receiver, from records in a real ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.core.clock import HeldClock
from arriero.core.door import Heard
from arriero.core.errors import Conflict, InputError, SettingsError, StoreError, Unauthenticated
from arriero.core.settings import WebhookChannel, parse
from arriero.core.words import JsonValue
from arriero.security.channel import AGAIN_S, KEPT, TRIES, Channel
from arriero.security.vault import Sealer
from arriero.security.webhooks import sign, verify
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from arriero.store.records import SqlRecords
from tests.apps.support.recorded import ALWAYS, handovers, recorded
from tests.security.conftest import Receiver

KEY = b"k" * 32
SECRET = "My card is 4111 1111 1111 1111"


@dataclass
class Shop:
    """A data folder whose app says a message back, and hands over what asks for a person."""

    folder: Path
    url: str
    clock: HeldClock = field(default_factory=HeldClock)
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    sealer: Sealer = field(default_factory=Sealer.fresh)
    ledger: Any = None
    desk: Any = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Channel]:
        self.ledger = open_ledger(sqlite_url(self.folder / "ledger.db"), clock=self.clock)
        records = SqlRecords(self.ledger, "support")
        self.desk = handovers(self.ledger, self.clock, records, hours=ALWAYS)
        channel = Channel(
            "support", self.url, KEY, records, self.sealer, self.clock, self.ask, self.desk
        )
        try:
            yield channel
        finally:
            await channel.close()
            await self.ledger.close()

    async def ask(self, tenant: str, heard: Heard) -> Mapping[str, JsonValue]:
        if self.broken:
            self.broken -= 1
            raise StoreError("the ledger is down")
        self.asked.append(heard.message)
        if "person" in heard.message:
            run = await recorded(self.ledger, heard.message, conversation=heard.conversation)
            await self.desk.open("default", run, "hand-over", {"reason": "asked"})
        waits = await self.desk.waits(tenant, heard.conversation)
        return {"response": heard.message, "outcome": "answered", "waits": waits}

    def signed(self, id: str = "m1", **body: Any) -> tuple[Mapping[str, str], bytes]:
        raw = json.dumps({"conversation": "c1", "message": "Hello", **body}).encode()
        return sign(KEY, id, self.clock.now(), raw), raw

    async def told(self, channel: Channel, id: str = "m1", **body: Any) -> None:
        """Post a message and wait for what follows from it."""
        channel.begin(await channel.take(*self.signed(id, **body)))
        await channel.close()

    def tick(self, seconds: float) -> None:
        self.clock.advance(seconds)


@pytest.fixture
def shop(tmp_path: Path, receiver: Receiver) -> Shop:
    return Shop(tmp_path, receiver.url)


def _data(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body)["data"] for _, body in receiver.got]


async def test_a_message_is_answered_at_the_companys_address_signed(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        await shop.told(channel, customer="c-0042")
    ((headers, body),) = receiver.got
    assert verify((KEY,), headers, body, shop.clock.now()).startswith("msg_")
    told = json.loads(body)
    assert told["type"] == "support.answer"
    assert told["data"] == {
        "conversation": "c1", "customer": "c-0042", "in_reply_to": "m1", "response": "Hello",
        "outcome": "answered", "waits": False,
    }  # fmt: skip


async def test_a_message_that_comes_twice_is_answered_once(shop: Shop, receiver: Receiver) -> None:
    async with shop.opened() as channel:
        await shop.told(channel)
        await shop.told(channel)
    async with shop.opened() as channel:  # and after a restart
        await shop.told(channel)
        both = [channel.take(*shop.signed("m2")) for _ in range(5)]
        for taken in await asyncio.gather(*both):
            channel.begin(taken)
        await channel.close()
    assert shop.asked == ["Hello", "Hello"]
    assert len(receiver.got) == 2


async def test_an_id_that_comes_again_with_another_text_is_refused(shop: Shop) -> None:
    async with shop.opened() as channel:
        await shop.told(channel)
        with pytest.raises(Conflict, match="another body"):
            await channel.take(*shop.signed("m1", message="Refund me"))


async def test_a_forged_an_old_and_an_unsigned_message_are_refused(shop: Shop) -> None:
    async with shop.opened() as channel:
        headers, raw = shop.signed()
        with pytest.raises(Unauthenticated, match="no signature"):
            await channel.take(headers, raw.replace(b"Hello", b"Other"))
        with pytest.raises(Unauthenticated, match="not signed"):
            await channel.take({}, raw)
        stranger = sign(b"x" * 32, "m1", shop.clock.now(), raw)
        with pytest.raises(Unauthenticated, match="no signature"):
            await channel.take(stranger, raw)
        shop.tick(301)
        with pytest.raises(Unauthenticated, match="301 s ago"):
            await channel.take(headers, raw)
    assert shop.asked == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b'{"conversation": "c1"}', b'{"conversation": "c1", "message": " "}',
     b'{"conversation": "c1", "message": "a", "also": 1}'],
)  # fmt: skip
async def test_what_is_signed_and_no_message_is_one_sentence(shop: Shop, raw: bytes) -> None:
    async with shop.opened() as channel:
        with pytest.raises(InputError):
            await channel.take(sign(KEY, "m1", shop.clock.now(), raw), raw)


async def test_an_answer_is_sent_again_until_it_is_taken_under_one_id(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.statuses = [500, 503, 204]
    async with shop.opened() as channel:
        await shop.told(channel)
        for pause in channel.pauses_s[:2]:
            shop.tick(pause)
            await channel.work(shop.clock.now())
        shop.tick(3600)
        await channel.work(shop.clock.now())
    assert len(set(receiver.ids())) == 1
    assert len(receiver.got) == 3


async def test_what_a_killed_server_left_is_answered_after_its_restart(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        await channel.take(*shop.signed())  # acknowledged, and then the lights go out
    async with shop.opened() as channel:
        await channel.work(shop.clock.now())
        assert shop.asked == []  # it might still be under way elsewhere
        shop.tick(AGAIN_S)
        await channel.work(shop.clock.now())
    assert _data(receiver)[0]["in_reply_to"] == "m1"


async def test_an_app_that_cannot_answer_is_asked_again_and_at_last_the_sender_is_told(
    shop: Shop, receiver: Receiver
) -> None:
    shop.broken = TRIES
    async with shop.opened() as channel:
        await shop.told(channel)
        for _ in range(TRIES):
            shop.tick(AGAIN_S)
            await channel.work(shop.clock.now())
    assert receiver.events() == ["support.failed"]
    assert _data(receiver)[0]["why"] == "the ledger is down"


async def test_what_people_write_goes_out_in_order_until_they_are_done(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        await shop.told(channel, message="A person, please")
        task = (await shop.ledger.tasks("default"))[0]
        await shop.desk.accept("default", task.id, "ana")
        await shop.desk.reply("default", task.id, "ana", "It comes on Tuesday.")
        await channel.work(shop.clock.now())
        await shop.desk.resolve("default", task.id, "ana", "Good bye.")
        for _ in range(3):
            await channel.work(shop.clock.now())
    said = [one for one in _data(receiver) if "sender" in one]
    assert [one["sender"] for one in said] == ["service", "service", "agent", "agent", "service"]
    assert [one["text"] for one in said][2:4] == ["It comes on Tuesday.", "Good bye."]
    assert len(set(receiver.ids())) == len(receiver.got) == 6


async def test_a_second_hand_over_does_not_tell_the_first_again(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        for id in ("m1", "m2"):
            await shop.told(channel, id, message="A person, please")
            task = (await shop.ledger.tasks("default", state="queued"))[0]
            await shop.desk.accept("default", task.id, "ana")
            await shop.desk.resolve("default", task.id, "ana", f"Done with {id}.")
            await channel.work(shop.clock.now())
            shop.tick(KEPT.total_seconds() + 3600)
            await channel.work(shop.clock.now())
    texts = [one.get("text") for one in _data(receiver)]
    assert texts.count("Done with m1.") == texts.count("Done with m2.") == 1


async def test_one_conversation_is_answered_in_order_and_a_slow_one_holds_up_no_other(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        for at in range(30):
            channel.begin(await channel.take(*shop.signed(f"m{at}", message=f"line {at}")))
        channel.begin(await channel.take(*shop.signed("other", conversation="c2")))
        await channel.close()
        await channel.work(shop.clock.now())
    mine = [text for text in shop.asked if text != "Hello"]
    assert mine == [f"line {at}" for at in range(30)]
    assert len(receiver.got) == 31


async def test_no_text_lies_open_in_the_data_folder(shop: Shop, receiver: Receiver) -> None:
    receiver.statuses = [500]
    async with shop.opened() as channel:
        await channel.take(*shop.signed("m1", message=SECRET))
        await shop.told(channel, "m2", message=SECRET)
    raw = b"".join(file.read_bytes() for file in shop.folder.iterdir() if file.is_file())
    assert b"4111" not in raw
    assert b"channel-in" in raw


async def _kinds(shop: Shop) -> Mapping[str, int]:
    """How many records of each kind the channel has."""
    count = "select kind, count(*) from records where kind like 'channel%' group by kind"
    rows = await shop.ledger.read(lambda connection: connection.exec_driver_sql(count).all())
    return dict(tuple(row) for row in rows)


async def test_what_is_done_with_is_not_looked_through_each_second(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        await shop.told(channel)
        await channel.work(shop.clock.now())
        assert await _kinds(shop) == {"channel-in-over": 1, "channel-out-over": 1}
        await shop.told(channel)
    assert len(receiver.got) == 1


async def test_what_an_earlier_version_was_done_with_is_put_away(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        await shop.told(channel)
        for kind in ("channel-in", "channel-out"):
            over = await channel.records.list("default", f"{kind}-over")
            for name, value in over.items():
                await channel.records.put("default", kind, name, value)
                await channel.records.delete("default", f"{kind}-over", name)
        await channel.work(shop.clock.now())
        assert await _kinds(shop) == {"channel-in-over": 1, "channel-out-over": 1}
    assert len(receiver.got) == 1


async def test_a_crash_while_it_is_put_away_answers_and_sends_nothing_again(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        taken = await channel.take(*shop.signed())
        channel.begin(taken)
        await channel.close()
        before = await channel.records.list("default", "channel-in-over")
        waiting = {**next(iter(before.values())), "due": shop.clock.now().isoformat()}
        await channel.records.put("default", "channel-in", next(iter(before)), waiting)
        await channel.work(shop.clock.now())
        assert await _kinds(shop) == {"channel-in-over": 1, "channel-out-over": 1}
    assert shop.asked == ["Hello"]
    assert len(receiver.got) == 1


async def test_ids_are_forgotten_after_a_week(shop: Shop, receiver: Receiver) -> None:
    async with shop.opened() as channel:
        await shop.told(channel)
        shop.tick((KEPT - timedelta(hours=1)).total_seconds())
        await channel.forget(shop.clock.now())
        assert len(await _kinds(shop)) == 2
        shop.tick(timedelta(hours=2).total_seconds())
        await channel.forget(shop.clock.now())
        assert await _kinds(shop) == {}


@pytest.mark.parametrize(
    "table",
    [
        {"url": "https://shop.example/hook"},
        {"secret_file": "secret"},
        {"url": "http://shop.example/hook", "secret_file": "secret"},
    ],
)
def test_a_channel_that_is_half_set_is_a_settings_error(table: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        parse(WebhookChannel, table, "arriero.toml")


async def test_what_another_key_sealed_waits_for_it_and_holds_up_nobody_else(
    shop: Shop, receiver: Receiver
) -> None:
    first, receiver.statuses = shop.sealer, [500]
    async with shop.opened() as channel:
        await shop.told(channel, "m1")
        await channel.take(*shop.signed("m2", conversation="c2"))
    shop.sealer, receiver.statuses = Sealer.fresh(), [204]
    shop.tick(AGAIN_S)
    receiver.got.clear()
    async with shop.opened() as channel:
        await shop.told(channel, "m3", conversation="c3", message="Hello again")
        await channel.work(shop.clock.now())
    assert [one["in_reply_to"] for one in _data(receiver)] == ["m3"]
    shop.sealer = first
    shop.tick(AGAIN_S)
    async with shop.opened() as channel:
        await channel.work(shop.clock.now())
    assert sorted(one["in_reply_to"] for one in _data(receiver)) == ["m1", "m2", "m3"]


@dataclass
class Unreadable:
    """A desk that cannot open one conversation: another key sealed what is in it."""

    desk: Any
    conversation: str = ""

    async def messages(self, tenant: str, conversation: str, *, after: str = "") -> Any:
        if conversation == self.conversation:
            raise StoreError("what is sealed for 'vault' does not open with this key")
        return await self.desk.messages(tenant, conversation, after=after)

    async def waits(self, tenant: str, conversation: str) -> bool:
        return bool(await self.desk.waits(tenant, conversation))

    async def post(self, tenant: str, conversation: str, text: str) -> Any:
        return await self.desk.post(tenant, conversation, text)


async def test_a_conversation_that_cannot_be_opened_holds_up_no_other(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.opened() as channel:
        channel.conversations = desk = Unreadable(shop.desk)
        for name in ("c1", "c2"):
            await shop.told(channel, name, conversation=name, message="A person, please")
        for task in await shop.ledger.tasks("default"):
            await shop.desk.accept("default", task.id, "ana")
            await shop.desk.reply("default", task.id, "ana", "It comes on Tuesday.")
        desk.conversation = "c1"
        await channel.take(*shop.signed("m3", message="Hello?"))
        await channel.take(*shop.signed("m4", conversation="c3"))
        shop.tick(AGAIN_S)
        await channel.work(shop.clock.now())
        told = [(one["conversation"], one.get("text", "")) for one in _data(receiver)]
        assert ("c2", "It comes on Tuesday.") in told
        assert ("c3", "") in told
        assert ("c1", "It comes on Tuesday.") not in told
        desk.conversation = ""
        shop.tick(AGAIN_S)
        await channel.work(shop.clock.now())
    assert "It comes on Tuesday." in [
        one.get("text") for one in _data(receiver) if one["conversation"] == "c1"
    ]
    assert "m3" in [one.get("in_reply_to") for one in _data(receiver)]


async def test_a_message_at_which_an_app_fails_unforeseen_holds_up_no_other(
    shop: Shop, receiver: Receiver
) -> None:
    async def ask(tenant: str, heard: Heard) -> Mapping[str, JsonValue]:
        if heard.message == "a bug":
            raise KeyError("response")
        return await shop.ask(tenant, heard)

    async with shop.opened() as channel:
        channel.ask = ask
        await channel.take(*shop.signed("m1", message="a bug"))
        await channel.take(*shop.signed("m2", conversation="c2"))
        for _ in range(TRIES):
            shop.tick(AGAIN_S)
            await channel.work(shop.clock.now())
    told = {one["in_reply_to"]: one for one in _data(receiver) if "in_reply_to" in one}
    assert "m2" in told
    assert receiver.events() == ["support.answer", "support.failed"]
    assert "KeyError" not in str(_data(receiver))
