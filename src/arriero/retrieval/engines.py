"""Opens an index by its engine URL: the only file that names search engines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arriero.core.errors import MissingExtra, SettingsError
from arriero.models.base import Encoder
from arriero.retrieval.base import Index, Passage

if TYPE_CHECKING:  # it needs numpy
    from arriero.models.projection import Projection

Opener = Callable[[str, Sequence[Passage], Encoder, Path, "Projection | None"], Awaitable[Index]]

# Scheme -> (module:class with `open(url, passages, encoder, folder, projection)`, the extra it needs).
ENGINES: dict[str, tuple[str, str]] = {
    "local": ("arriero.retrieval.local:LocalIndex", "local"),
    "memory": ("arriero.retrieval.memory:MemoryIndex", "local"),
}


async def open_index(
    url: str,
    passages: Sequence[Passage],
    encoder: Encoder,
    folder: Path,
    projection: Projection | None = None,
) -> Index:
    """The index behind `url` (`local:`, `memory:`) over `passages`; `folder` keeps its files.

    With a `projection` two texts are as alike as they are there. Raises `SettingsError` for an unknown engine, `MissingExtra` without its package. The encoder
    stays the caller's to close.
    """
    scheme = url.partition(":")[0]
    if scheme not in ENGINES:
        known = ", ".join(f"{name}:" for name in ENGINES)
        raise SettingsError(f"{url!r} names no search engine; use one of {known}")
    where, extra = ENGINES[scheme]
    module, _, name = where.partition(":")
    try:
        opener = cast("Opener", getattr(import_module(module), name).open)
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or where, extra) from error
    return await opener(url, passages, encoder, folder, projection)
