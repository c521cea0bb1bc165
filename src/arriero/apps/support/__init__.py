"""Customer support: `plugin` is what the entry point offers."""

from arriero.apps.support.plugin import plugin

__all__ = ["plugin"]
