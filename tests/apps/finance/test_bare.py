"""Without the extra `finance` the app opens and says what to install."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "selectolax", "scipy", "onnxruntime"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import asyncio
from bars._finance import LAST, Asked, analyst

async def main():
    async with analyst() as one:
        answer = (await one.ask(Asked("XTAM", LAST, 63))).outcome.answer
    print(answer.recommendation.value, *(f"{gap.part}: {gap.detail}" for gap in answer.gaps), sep="\\n")

asyncio.run(main())
"""


def test_a_wheel_without_extras_gives_no_rating_and_names_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "NO_RATING"
    assert "trend: numpy is needed: pip install 'arriero[finance]'" in said
    assert "risk: numpy is needed: pip install 'arriero[finance]'" in said
