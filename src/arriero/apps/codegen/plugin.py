"""Builds the codegen app of its settings and the platform's parts."""

from __future__ import annotations

from arriero.apps.codegen.app import CodegenApp
from arriero.apps.codegen.door import door
from arriero.apps.codegen.gather.accepted import Accepted
from arriero.apps.codegen.gather.library import Library
from arriero.apps.codegen.kept import Kept
from arriero.apps.codegen.settings import CodegenSettings
from arriero.apps.codegen.workshop import Workshop
from arriero.flow import Parts, Plugin


async def open_codegen(settings: CodegenSettings, parts: Parts) -> CodegenApp:
    """Opens nothing yet: the sandbox with the first requirement, the model with the first draft."""
    return CodegenApp(
        settings,
        Workshop(settings.examine_s),
        Kept(parts.cache, settings.response_cache_s),
        library=Library(
            settings.gather,
            parts.encoder,
            parts.folder / "gather",
            Accepted(parts.ledger, parts.clock),
        ),
    )


plugin = Plugin(name="codegen", settings=CodegenSettings, open=open_codegen, door=door)
