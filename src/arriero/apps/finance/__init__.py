"""Financial analysis: every number computed, cited, judged and kept. `plugin` is what the entry point offers."""

from arriero.apps.finance.plugin import plugin

__all__ = ["plugin"]
