"""Blobs: bytes under their own SHA-256 (adapters, heads, data sets)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from arriero.core.errors import InputError, StoreError

REF = re.compile(r"[0-9a-f]{64}")


class Blobs(Protocol):
    """Content-addressed bytes: what a ref gives never changes. `StoreError` when the disk fails."""

    async def put(self, data: bytes) -> str:
        """Keep `data`, on disk when it returns; its SHA-256 in 64 hexadecimal digits."""

    async def get(self, ref: str) -> bytes | None:
        """The bytes, or None; `StoreError` when they are no longer the ones that were put."""

    async def has(self, ref: str) -> bool: ...


class MemoryBlobs:
    """A fake that ships: blobs in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        ref = hashlib.sha256(data).hexdigest()
        self._blobs[ref] = data
        return ref

    async def get(self, ref: str) -> bytes | None:
        return self._blobs.get(_checked(ref))

    async def has(self, ref: str) -> bool:
        return _checked(ref) in self._blobs


class FolderBlobs:
    """Blobs as files ``ab/cdef...`` below `folder`; a half-written one is never seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, ref: str) -> bytes | None:
        return await asyncio.to_thread(self._get, self._file(ref), ref)

    async def has(self, ref: str) -> bool:
        return await asyncio.to_thread(self._file(ref).exists)

    def _file(self, ref: str) -> Path:
        return self._folder / _checked(ref)[:2] / ref[2:]

    def _put(self, data: bytes) -> str:
        ref = hashlib.sha256(data).hexdigest()
        file = self._file(ref)
        try:
            # A damaged blob is written again, so that putting the bytes again repairs it.
            if not file.exists() or file.read_bytes() != data:
                _write(file, data)
        except OSError as error:
            raise StoreError(
                f"the blob {ref[:12]} ({len(data)} bytes) cannot be kept in {self._folder}: "
                f"{error.strerror}; free some space or make the folder writable"
            ) from error
        return ref

    def _get(self, file: Path, ref: str) -> bytes | None:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"the blob {file} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != ref:
            raise StoreError(f"the blob {file} is damaged; delete it and put it again")
        return data


def _checked(ref: str) -> str:
    if not REF.fullmatch(ref):
        raise InputError(f"{ref!r} is no blob reference; it has 64 hexadecimal digits")
    return ref


def _write(file: Path, data: bytes) -> None:
    """Write aside, flush, rename, flush the folder: after a crash it is all there or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(aside).replace(file)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    _flush_folder(file.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
