"""Replay: 1,000 analyses told again in a new process with another hash seed, time zone and locale, caches off.

Each analysis is asked for by (company, day, horizon), reads its evidence from the sample's files, is computed,
judged by the gate and hashed with all that leaves: answer, verdicts, sources. The other process does the same in
the opposite order. The laziest product that shows its key words as a set is asked the same question.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping

from bars._finance import analyst, asked, told
from bars._trial import count, keep, progress
from bars.result import HERE, Figure

SEED = 20_261_127
CHILD = "--child"
HERE_AND_THERE: tuple[Mapping[str, str], Mapping[str, str]] = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "OMP_NUM_THREADS": "2"},
)


def main() -> None:
    many = count(1_000, 12)
    begun = [_begun(many, turned=turned) for turned in (False, True)]
    first, second = (_ended(child) for child in begun)
    same = [first["told"][place] == second["told"][place] for place in range(many)]
    lazy = [first["lazy"][place] == second["lazy"][place] for place in range(many)]
    different = len(set(first["told"]))
    progress(f"{different} different answers among {many}")
    keep(
        "finance_replay",
        "analyses told again in another process, byte for byte",
        [
            Figure("identical", sum(same), "analyses", f">= {many}", many),
            Figure("different_answers", different, "answers", "", many, note="of so many asked for"),
            Figure("identical_by_a_set", sum(lazy), "answers", "", many, note="the laziest product: its key words as a set"),
        ],
    )  # fmt: skip


def _begun(many: int, *, turned: bool) -> subprocess.Popen[bytes]:
    """All analyses in a process of their own; `turned` is the other environment, in the opposite order."""
    command = [sys.executable, "-m", "bars.finance_replay", CHILD, str(many), str(int(turned))]
    environment = {**os.environ, **HERE_AND_THERE[turned]}
    return subprocess.Popen(command, cwd=HERE.parent, env=environment, stdout=subprocess.PIPE)


def _ended(child: subprocess.Popen[bytes]) -> Mapping[str, list[str]]:
    out, _ = child.communicate()
    if child.returncode:
        raise SystemExit(f"a process of the replay ended with status {child.returncode}")
    found: Mapping[str, list[str]] = json.loads(out)
    return found


async def _child(many: int, *, turned: bool) -> None:
    rows = list(enumerate(asked(many, SEED)))
    answers, lazy = [""] * many, [""] * many
    async with analyst() as one:
        for place, question in reversed(rows) if turned else rows:
            result = await one.ask(question)
            answers[place] = told(result)
            lazy[place] = " ".join(set(result.outcome.answer.explanation.split()))
    print(json.dumps({"told": answers, "lazy": lazy}))


if __name__ == "__main__":
    if CHILD in sys.argv:
        asyncio.run(_child(int(sys.argv[2]), turned=sys.argv[3] == "1"))
    else:
        main()
