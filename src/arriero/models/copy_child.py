"""The copy of an encoder that was pulled before it had one: `python -m arriero.models.copy_child NAME FOLDER`.

A server has it made in a process that ends: writing one takes a library and 200 MB that a server never needs.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from arriero.core.errors import ArrieroError
from arriero.models.catalogue import Entry, entry_of, repacked_copy

WITHIN_S = 60.0  # it takes 3 s; another process may be at work on the same one

log = logging.getLogger(__name__)


def copy_of(entry: Entry, folder: Path) -> Path | None:
    """The copy of `entry` in `folder`, made when it is missing; None when it cannot be had here.

    The log then says why: what was pulled serves as well, in more memory. Blocks.
    """
    if found := repacked_copy(entry, folder):
        return found.path
    argv = [sys.executable, "-m", __spec__.name, entry.name, str(folder)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        complaint = (done.stderr.strip().splitlines() or ["no message"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        complaint = str(error)
    made = repacked_copy(entry, folder)
    if made is None:
        log.info("%s is used as it was pulled, without a copy: %s", entry.name, complaint)
    return made.path if made else None


def main(argv: Sequence[str] | None = None) -> int:
    """Prepare the copy of a pulled model; status 2 and a sentence on stderr when that cannot be done."""
    from arriero.models.copies import prepare  # noqa: PLC0415  # the server needs only `copy_of`
    from arriero.models.progress import Silent  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog=__spec__.name, description=main.__doc__)
    parser.add_argument("name", help="of a row in the catalogue")
    parser.add_argument("folder", type=Path, help="of pulled models")
    given = parser.parse_args(argv)
    try:
        entry = entry_of(given.name, given.folder)
        asyncio.run(prepare(entry, given.folder, progress=Silent()))
    except (ArrieroError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
