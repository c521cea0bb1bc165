"""Builds the chat app of its settings."""

from __future__ import annotations

from arriero.apps.chat.app import ChatApp
from arriero.apps.chat.settings import ChatSettings
from arriero.flow import Parts, Plugin


async def open_chat(settings: ChatSettings, parts: Parts) -> ChatApp:  # noqa: ARG001
    """Needs no part of the platform: its one model comes with each turn."""
    return ChatApp(settings)


plugin = Plugin(name="chat", settings=ChatSettings, open=open_chat)
