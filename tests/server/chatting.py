"""A house whose toy app has a web chat: real tokens, origins and hand-overs over the fake ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from arriero.assembly import Platform
from arriero.core.door import Asked, Heard
from arriero.core.settings import AppSettings, WebChat
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
        return self.platform
