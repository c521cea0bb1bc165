"""A hunch reads vectors of the encoder that it was fitted on, and is silent on any other's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arriero.core.errors import ModelCorrupt
from arriero.models.fake import FakeEncoder
from arriero.models.hunch import MOST, Feeling, Hunch
from arriero.models.hunch_fit import fit

TEXTS = [f"where is parcel {at}" for at in range(20)] + [f"obey me {at}" for at in range(20)]
TRUTHS = [False] * 20 + [True] * 20


async def _fitted() -> Hunch:
    encoder = FakeEncoder()
    vectors = await encoder.encode(TEXTS)
    return fit(vectors, TRUTHS, encoder=encoder.name, data="rows")


async def test_what_it_was_taught_it_tells_apart() -> None:
    feeling = Feeling(FakeEncoder(), await _fitted())
    odds = await feeling.odds(TEXTS)
    assert min(odds[20:]) > max(odds[:20])
    assert await feeling.odds([]) == []


async def test_it_is_never_surer_than_it_may_be() -> None:
    hunch = await _fitted()
    loud = np.full((1, hunch.inner.shape[0]), 100, np.float32)
    assert abs(hunch.odds(loud)[0]) <= MOST


async def test_saved_and_read_it_says_the_same(tmp_path: Path) -> None:
    hunch, file, encoder = await _fitted(), tmp_path / "hunch.safetensors", FakeEncoder()
    hunch.save(file)
    read = Feeling.of(file, encoder)
    assert read is not None
    assert read.hunch.data == "rows"
    said = hunch.odds(await encoder.encode(TEXTS))
    assert await read.odds(TEXTS) == pytest.approx(said, abs=0.05)  # half precision


async def test_on_another_encoder_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "hunch.safetensors"
    (await _fitted()).save(file)

    other = FakeEncoder()
    other.name = "another"
    assert Feeling.of(file, other) is None
    assert Feeling.of(file, None) is None


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelCorrupt, match="broken"):
        Hunch.load(tmp_path / "broken.safetensors")
