"""What `--tune` needs: torch, and an encoder's float weights; both are asked for before any work."""

from __future__ import annotations

from pathlib import Path

FLOATS = "minilm-l6-float"


def tuning_source(models: Path) -> Path:
    """The folder of the weights to tune. Raises `MissingExtra` without torch, `ModelMissing`."""
    import arriero.models.bert  # noqa: F401, PLC0415  # says which extra is missing
    from arriero.models import catalogue  # noqa: PLC0415

    return catalogue.path(FLOATS, models)
