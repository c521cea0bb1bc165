"""Chat: the small built-in app behind `/v1/chat/completions`. `plugin` is what the entry point offers."""

from arriero.apps.chat.plugin import plugin

__all__ = ["plugin"]
