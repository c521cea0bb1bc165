"""A file that a command writes for its user, where the user said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arriero.core.errors import StoreError


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """What is written inside goes to `file`; `StoreError`, in one sentence, when it cannot."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{str(file)!r} cannot be written ({error.strerror}); name another file"
        ) from None


def write(file: Path, text: str) -> None:
    """Write `text` into `file` as UTF-8."""
    with writing(file):
        file.write_text(text, encoding="utf-8")
