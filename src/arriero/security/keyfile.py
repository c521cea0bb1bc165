"""A secret of 32 bytes: from an environment variable, or from a file in the data folder, made at first need."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arriero.core.errors import SettingsError, StoreError

BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where a secret lives: `what` it is, for messages; the variable wins over the file."""

    what: str
    variable: str
    file: str

    def secret(self, folder: Path, environment: Mapping[str, str] = os.environ) -> bytes:
        """The secret; made with mode 0600 when neither the variable nor the file is there.

        Raises:
            SettingsError: it is not 32 bytes in URL-safe base64, or others may read the file.
            StoreError: the file cannot be read or made.
        """
        if given := environment.get(self.variable):
            return decoded(given, f"the environment variable {self.variable}")
        file = folder / self.file
        try:
            if not file.exists():
                self._make(file)
        except FileExistsError:  # another process was faster
            pass
        except OSError as error:
            raise StoreError(
                f"{self.what} cannot be made in {str(folder)!r} ({error.strerror}); "
                f"make the folder writable or set {self.variable}"
            ) from None
        return self._read(file)

    def _make(self, file: Path) -> None:
        """Write a secret aside and give it its name: nobody reads half of one."""
        made, aside = tempfile.mkstemp(dir=file.parent, prefix=f".{self.file}-")  # mode 0600
        try:
            with os.fdopen(made, "wb") as out:
                out.write(base64.urlsafe_b64encode(secrets.token_bytes(BYTES)))
                out.flush()
                os.fsync(out.fileno())
            os.link(aside, file)
        finally:
            Path(aside).unlink()

    def _read(self, file: Path) -> bytes:
        try:
            if file.stat().st_mode & 0o077:
                raise SettingsError(f"others may read {self.what}; run: chmod 600 {file}")
            return decoded(file.read_text(encoding="ascii"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.what} {str(file)!r} cannot be read: {error}") from None


def decoded(text: str, where: str) -> bytes:
    """The 32 bytes that `text` holds in URL-safe base64; `SettingsError` naming `where`."""
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != BYTES:
        raise SettingsError(
            f"{where} must hold 32 bytes in URL-safe base64; make one with: python -c "
            "'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
        )
    return key
