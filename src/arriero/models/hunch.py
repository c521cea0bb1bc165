"""A hunch: what a small network makes of a text's sentence vector, beside what rules say of its words.

Rules know the words that their author thought of; a sentence vector also lies near what was said in
others. The network is one hidden layer, a few tens of kilobytes, and costs a twentieth of a
millisecond; `models/hunch_fit.py` fits it. It stands on the vectors of one encoder and is silent on
those of any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arriero.core.errors import MissingExtra, ModelCorrupt
from arriero.models.base import Encoder

try:
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save_file
except ImportError as error:
    raise MissingExtra("safetensors", "local") from error

SCALE = (
    8.0  # unit vectors of 384 numbers have components of about 0.05; a network likes larger ones
)
MOST = 6.0  # log-odds; a hunch is never surer than 1 in 400

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hunch:
    """One hidden layer of rectified units on a unit vector, and the log-odds that it comes to.

    `encoder` is the name of the one it was fitted on, `data` the hash of the rows.
    """

    encoder: str
    data: str
    inner: Numbers
    shift: Numbers
    outer: Numbers
    base: float

    def odds(self, vectors: Numbers) -> list[float]:
        """The log-odds of each vector, within -`MOST` and `MOST`."""
        hidden = np.maximum(vectors.astype(np.float32) * SCALE @ self.inner + self.shift, 0)
        return [float(one) for one in np.clip(hidden @ self.outer + self.base, -MOST, MOST)]

    def save(self, file: Path) -> None:
        """As safetensors in half precision."""
        tensors = {
            "inner": self.inner.astype(np.float16),
            "shift": self.shift.astype(np.float16),
            "outer": self.outer.astype(np.float16),
            "base": np.array([self.base], np.float16),
        }
        save_file(tensors, file, {"encoder": self.encoder, "data": self.data})

    @classmethod
    def load(cls, file: Path) -> Hunch:
        """From what `save` wrote. Raises `ModelCorrupt` for anything else."""
        try:
            with safe_open(file, "np") as held:
                said = held.metadata() or {}
                parts = {
                    name: held.get_tensor(name).astype(np.float32)
                    for name in ("inner", "shift", "outer", "base")
                }
            return cls(
                said["encoder"], said["data"], parts["inner"], parts["shift"], parts["outer"],
                float(parts["base"][0]),
            )  # fmt: skip
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelCorrupt(
                f"{file.name} is no hunch ({error}); fit it again or install the package anew"
            ) from error


@dataclass(frozen=True, slots=True)
class Feeling:
    """A hunch with the encoder whose vectors it reads."""

    encoder: Encoder
    hunch: Hunch

    @classmethod
    def of(cls, file: Path, encoder: Encoder | None) -> Feeling | None:
        """The hunch in `file` on `encoder`; None when it was fitted on another one."""
        if encoder is None:
            return None
        hunch = Hunch.load(file)
        return cls(encoder, hunch) if hunch.encoder == encoder.name else None

    @property
    def most(self) -> float:
        """The most that `odds` can say for a text."""
        return MOST

    async def odds(self, texts: Sequence[str]) -> list[float]:
        """The log-odds of each text. The encoder remembers its last texts: those cost nothing."""
        return self.hunch.odds(await self.encoder.encode(texts)) if texts else []
