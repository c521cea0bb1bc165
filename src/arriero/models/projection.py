"""A learned view of an encoder's vectors, in which questions that one answer answers lie together.

A general encoder finds "where is my parcel" and "where is my invoice" much alike. What a company writes
down about its questions says which likenesses count there: a small network moves the vectors
accordingly (`models/projection_fit.py`), and the encoder stays as it is. A file is a safetensors of a megabyte
or three; serving takes a tenth of a millisecond a text and no library beside numpy.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from arriero.core.errors import ModelCorrupt

Vectors = NDArray[np.float32]
AT_ONCE = 128  # vectors: all of a thousand articles at once would leave 50 MB behind
SCALE = 8.0  # of what goes in: the components of a unit vector are small for the kink of a ReLU


@dataclass(frozen=True)
class Projection:
    """`v + relu(8 v @ inner + bias) @ outer`, scaled to length one.

    `inner` has the shape (dimension, hidden), `bias` (hidden,), `outer` (hidden, dimension), all float32.
    """

    inner: Vectors
    bias: Vectors
    outer: Vectors

    @cached_property
    def id(self) -> str:
        """A hash of the weights."""
        whole = b"".join(one.tobytes() for one in (self.inner, self.bias, self.outer))
        return hashlib.sha256(whole).hexdigest()[:12]

    def of(self, vectors: Vectors) -> Vectors:
        """The unit vectors (n, dimension) as they lie here; unit vectors again."""
        found = np.empty(vectors.shape, np.float32)
        for start in range(0, len(vectors), AT_ONCE):
            some = vectors[start : start + AT_ONCE]
            hidden = np.maximum(SCALE * some @ self.inner + self.bias, 0)
            moved = some + hidden @ self.outer
            lengths = np.linalg.norm(moved, axis=1, keepdims=True)
            found[start : start + AT_ONCE] = moved / np.maximum(lengths, 1e-9)
        return found


def save(projection: Projection, file: Path) -> None:
    """Write it; a reader sees a whole file or none."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: getattr(projection, name) for name in ("inner", "bias", "outer")}
    save_file(tensors, part)
    part.replace(file)


def load(file: Path) -> Projection:
    """Raises `ModelCorrupt`; `FileNotFoundError` where there is none."""
    try:
        with safe_open(str(file), framework="numpy") as tensors:
            return Projection(*(tensors.get_tensor(name) for name in ("inner", "bias", "outer")))
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelCorrupt(f"{str(file)!r} is not whole ({error}); delete it") from error
