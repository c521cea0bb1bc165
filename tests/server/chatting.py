"""A house whose toy app has a web chat: real tokens, origins and hand-overs over the fake ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arriero.assembly import Platform
from arriero.core.door import Asked, Heard
from arriero.core.settings import AppSettings, WebChat
from arriero.core.words import JsonValue
from arriero.flow import Case
from arriero.security.channel import Channel
from arriero.store.records import MemoryRecords
from tests.server.conftest import TOY
from tests.server.desk import DeskHouse
from tests.server.toy import Question, door

SHOP = "https://shop.example"


class ToySettings(AppSettings):
    web_chat: WebChat = WebChat()


def _heard(said: Heard) -> Asked:
    return Asked(Question(message=said.message), said.conversation)


@dataclass
class ChatHouse(DeskHouse):
    """A house that answers the pages of `origins`."""

    origins: list[str] = field(default_factory=lambda: [SHOP])
    most_messages: int = 10
    webhook: str = ""
    webhook_key: bytes = b"k" * 32
    platform: Platform | None = None

    async def open(self) -> Platform:
        platform = await super().open()
        toy = replace(TOY, door=replace(door, heard=_heard), desk=lambda app: self.desk)
        chat = WebChat(origins=tuple(self.origins), most_messages=self.most_messages)
        self.platform = replace(
            platform,
            plugins=dict(platform.plugins) | {"toy": toy},
            sections=dict(platform.sections) | {"toy": ToySettings(web_chat=chat)},
        )
        if self.webhook:
            self.platform.channels["toy"] = self._channel(self.platform)
        return self.platform

    def _channel(self, platform: Platform) -> Channel:
        async def ask(tenant: str, said: Heard) -> Mapping[str, JsonValue]:
            case = Case(tenant, "webhook", Question(message=said.message), said.conversation)
            result = await platform.flow.run(self.toy, case)
            return {"response": result.outcome.answer.response, "waits": False}

        return Channel(
            "toy", self.webhook, self.webhook_key, MemoryRecords(), platform.sealer, self.clock,
            ask, self.desk,
        )  # fmt: skip
