"""Blobs: what was put comes back, or an error, never other bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from arriero.core.errors import InputError, StoreError
from arriero.store.blobs import Blobs, FolderBlobs, MemoryBlobs

DATA = b"\x00adapter weights\xff" * 1_000
REF = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["memory", "folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else FolderBlobs(tmp_path / "blobs")


async def test_a_blob_comes_back_by_its_hash(blobs: Blobs) -> None:
    assert await blobs.put(DATA) == REF
    assert await blobs.get(REF) == DATA
    assert await blobs.has(REF)


async def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    assert await blobs.get(await blobs.put(b"")) == b""


async def test_a_blob_that_was_never_put_is_none(blobs: Blobs) -> None:
    assert await blobs.get(REF) is None
    assert not await blobs.has(REF)


@pytest.mark.parametrize("ref", ["", "../../etc/passwd", REF.upper(), REF + "0", REF + "\n"])
async def test_what_is_no_hash_is_refused(blobs: Blobs, ref: str) -> None:
    with pytest.raises(InputError, match="no blob reference"):
        await blobs.get(ref)
    with pytest.raises(InputError, match="no blob reference"):
        await blobs.has(ref)


def the_file(folder: Path) -> Path:
    return folder / REF[:2] / REF[2:]


async def test_a_damaged_blob_is_an_error_and_putting_it_again_repairs_it(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    await blobs.put(DATA)
    the_file(tmp_path).write_bytes(DATA[:-1])
    with pytest.raises(StoreError, match="is damaged; delete it and put it again"):
        await blobs.get(REF)
    await blobs.put(DATA)
    assert await blobs.get(REF) == DATA


async def test_putting_twice_leaves_one_file_and_nothing_beside_it(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    await blobs.put(DATA)
    await blobs.put(DATA)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [the_file(tmp_path)]


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="make the folder writable"):
        await FolderBlobs(tmp_path / "file").put(DATA)
