"""What likeness means for one company's questions: learned once from those that its passages expect.

It is learned when the questions have changed since, which takes half a minute of a core in a process of its
own, and kept beside the index's vectors. A company that wrote down few questions keeps the encoder's
likeness: from those little can be learned.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.models.base import Encoder
from arriero.models.projection import Projection, load
from arriero.models.projection_fit import Lesson, fit_in_child
from arriero.retrieval.base import Expected, Passage
from arriero.retrieval.vectors import QUESTIONS, Vectors, vectors_of

LEAST = 200  # questions; with so few it finds a tenth more of their answers (bars/LOG.md)
RULE = 1  # counts up when what is learned from the same questions changes

log = logging.getLogger(__name__)


async def learned(
    passages: Sequence[Passage],
    encoder: Encoder,
    folder: Path,
    unanswered: Vectors | None = None,
) -> Projection | None:
    """The projection of these passages' expected questions; `folder` is the index's.

    `unanswered` are vectors of questions that nothing answers. None with fewer than `LEAST` questions, and,
    with a line in the log, when it cannot be learned: then likeness is the encoder's.
    """
    pairs = tuple(dict.fromkeys(pair for passage in passages for pair in passage.expected))
    if len(pairs) < LEAST:
        return None
    none = np.empty((0, encoder.dimension), np.float32) if unanswered is None else unanswered
    file = folder / f"projection-{_key(pairs, encoder.name, none)}.safetensors"
    try:
        return await asyncio.to_thread(load, file)
    except (FileNotFoundError, ModelCorrupt):
        pass
    lesson = await lesson_of(pairs, encoder, folder, none)
    log.info("learning which of %d expected questions are alike: half a minute, once", len(pairs))
    try:
        found = await fit_in_child(lesson, file)
    except (ModelError, OSError, SafetensorError) as error:
        log.warning("likeness stays as the encoder sees it: %s", error)
        return None
    await asyncio.to_thread(_forget_others, file)
    return found


async def lesson_of(
    pairs: Sequence[Expected], encoder: Encoder, folder: Path, unanswered: Vectors
) -> Lesson:
    """What a projection is learned from, with the vectors that the index keeps in `folder`."""
    quotes = tuple(dict.fromkeys(pair.quote for pair in pairs))
    place = {quote: at for at, quote in enumerate(quotes)}
    return Lesson(
        await vectors_of([pair.question for pair in pairs], encoder, folder / QUESTIONS),
        np.array([place[pair.quote] for pair in pairs], np.intp),
        await vectors_of(quotes, encoder, folder / "answers.safetensors"),
        unanswered,
    )


def _key(pairs: Sequence[Expected], encoder: str, unanswered: Vectors) -> str:
    told = hashlib.sha256(f"{RULE}\n{encoder}\n".encode())
    for pair in pairs:
        told.update(f"{pair.question}\n{pair.quote}\n".encode(errors="replace"))
    told.update(unanswered.tobytes())
    return told.hexdigest()[:16]


def _forget_others(file: Path) -> None:
    """What was learned from questions that have changed since is of no use."""
    for other in file.parent.glob("projection-*.safetensors"):
        if other != file:
            other.unlink(missing_ok=True)
