"""Runs a compiler on what lies in /work and prints what it said and made, as one line of JSON.

Argv: the folder to look in afterwards, then the compiler's own words. What is handed over is data here and there: it is
started in another box, if at all.
"""

import base64
import json
import os
import subprocess
import sys

MOST_SAID = 100_000  # an error takes 3,000 where it is told in JSON


def made(folder):
    """Every file below `folder`, by its name there."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)  # noqa: PTH118  # pathlib takes the box 20 ms to import
            with open(path, "rb") as file:  # noqa: PTH123
                found[os.path.relpath(path, folder)] = base64.b64encode(file.read()).decode()
    return found


def main():
    """Compile, then tell."""
    folder, *argv = sys.argv[1:]
    os.makedirs(folder)  # noqa: PTH103
    done = subprocess.run(  # the box is there for that
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout[:MOST_SAID].decode(errors="replace")
    files = made(folder) if done.returncode == 0 else {}
    json.dump({"status": done.returncode, "said": said, "files": files}, sys.stdout)


main()
