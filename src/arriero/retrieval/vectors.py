"""Vectors kept in a file: a text that was encoded once is not encoded again.

A cache: a broken file is made again, and one that cannot be written only costs the next start time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from arriero.models.base import Encoder
from arriero.retrieval.base import Passage

log = logging.getLogger(__name__)

VECTORS = "vectors.safetensors"
SCANNED = "scanned.safetensors"  # passages of a folder that the scan for orders was in doubt about
QUESTIONS = "questions.safetensors"  # those that passages are expected to answer
PART = 64  # texts between two looks at the progress: about a second on one core

Vectors = NDArray[np.float32]


def encoded(passage: Passage) -> str:
    """What the encoder reads: the title tells a paragraph what it is about."""
    return f"{passage.title}\n{passage.text}"


async def vectors_of(
    texts: Sequence[str],
    encoder: Encoder,
    file: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Vectors:
    """A vector a text: from `file` where it has them, else from the encoder.

    The file then holds these texts and no others. `progress` is told how many of the texts that
    had to be encoded are done, and of how many.
    """
    keys = [_key(encoder, text) for text in texts]
    known = await asyncio.to_thread(read, file)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    for start in range(0, len(new), PART):
        some = list(new)[start : start + PART]
        known |= zip(some, await encoder.encode([new[key] for key in some]), strict=True)
        progress(start + len(some), len(new))
    if new or len(known) > len(set(keys)):
        kept = {key: known[key] for key in keys}
        await asyncio.to_thread(_write, file, kept)
    if not keys:
        return np.empty((0, encoder.dimension), np.float32)
    # Not by the encoder's dimension: one behind a server does not know it before its first answer.
    return np.array([known[key] for key in keys], np.float32)


class Remembering:
    """An `Encoder` that looks a text's vector up in `file` before it asks `encoder` for it."""

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self._encoder = encoder
        self._file = file
        self._known = read(file)
        self._asked: dict[str, Vectors] = {}

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    async def encode(self, texts: Sequence[str]) -> Vectors:
        keys = [_key(self._encoder, text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known |= zip(new, await self._encoder.encode(list(new.values())), strict=True)
        self._asked |= {key: self._known[key] for key in keys}
        if not keys:
            return np.empty((0, self.dimension), np.float32)
        return np.array([self._known[key] for key in keys], np.float32)

    def keep(self) -> None:
        """Write the texts that were asked for, and no others. Blocking: call it in a thread."""
        if self._asked.keys() != read(self._file).keys():
            _write(self._file, self._asked)

    async def close(self) -> None:
        """The encoder is closed by whoever opened it."""


def _key(encoder: Encoder, text: str) -> str:
    return hashlib.sha256(f"{encoder.name}\n{text}".encode(errors="replace")).hexdigest()


def read(file: Path) -> dict[str, Vectors]:
    """The vectors of a file by the hash of encoder and text; none when there is no whole file."""
    try:
        with safe_open(str(file), framework="numpy") as tensors:
            keys = json.loads((tensors.metadata() or {})["keys"])
            return dict(zip(keys, tensors.get_tensor("vectors"), strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        log.warning("%s is not whole (%s); its texts are encoded again", file, error)
        return {}


def _write(file: Path, vectors: Mapping[str, Vectors]) -> None:
    """Keep `vectors`. A full or read-only disk costs the next start some seconds."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        table = {"vectors": np.array(list(vectors.values()), np.float32)}
        save_file(table, part, metadata={"keys": json.dumps(list(vectors))})
        part.replace(file)
    except (OSError, SafetensorError) as error:
        log.warning("%s cannot be written (%s); the next start encodes again", file, error)
