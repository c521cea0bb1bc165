"""No look ahead: 1,000 random days, each analysed twice: over all files, and over files cut on that day.

The cut removes from the files themselves every fact and filing filed later, every price and every article of a
later day. The laziest product, which reads the newest row that it finds, is asked the same.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from arriero.apps.finance.evidence.files import bars_of
from arriero.apps.finance.evidence.open import SAMPLE
from bars._finance import LAST, Asked, analyst, asked, told
from bars._trial import count, keep, progress
from bars.result import Figure

SEED = 7_112


def main() -> None:
    many = count(1_000, 8)
    with ProcessPoolExecutor(2) as pool:
        found = [*pool.map(_half, (many, many), (0, 1))]
    same, lazy = (sum(column) for column in zip(*found, strict=True))
    keep(
        "finance_cuts",
        "analyses that stay the same when all later data is removed",
        [
            Figure("unchanged", same, "analyses", f">= {many}", many),
            Figure("unchanged_by_the_newest_row", lazy, "answers", "", many, note="the laziest product"),
        ],
    )  # fmt: skip


def _half(many: int, which: int) -> tuple[int, int]:
    """How many of every second question stay the same, and how many by the laziest product."""
    return asyncio.run(_counted(asked(many, SEED)[which::2]))


async def _counted(questions: Sequence[Asked]) -> tuple[int, int]:
    same = lazy = 0
    with tempfile.TemporaryDirectory() as folder:
        async with analyst() as whole:
            for number, question in enumerate(questions):
                place = Path(folder) / str(number)
                cut(question, place)
                async with analyst(evidence={"files": place}) as short:
                    before, after = await whole.ask(question), await short.ask(question)
                same += told(before) == told(after)
                lazy += newest(SAMPLE / question.ticker, question) == newest(place, question)
                shutil.rmtree(place)
                if number % 100 == 99:
                    progress(f"{number + 1} days, {same} the same")
    return same, lazy


def cut(question: Asked, place: Path) -> None:
    """The company's files as they were on the day of the question."""
    by, source = question.as_of.isoformat(), SAMPLE / question.ticker
    place.mkdir()
    for file in sorted(source.rglob("*")):
        if file.name.startswith("CIK"):
            (place / file.name).write_text(json.dumps(_facts(_parsed(file), by)))
        elif file.name.startswith("submissions"):
            told = _parsed(file)
            recent = told["filings"]["recent"]
            kept = [at for at, day in enumerate(recent["filingDate"]) if day <= by]
            short = {name: [column[at] for at in kept] for name, column in recent.items()}
            filings = told["filings"] | {"recent": short}
            (place / file.name).write_text(json.dumps(told | {"filings": filings}))
        elif file.suffix == ".csv":
            head, *lines = _lines(file)
            kept_lines = [head, *(line for line in lines if line[:10] <= by)]
            (place / file.name).write_text("\n".join(kept_lines) + "\n")
        elif file.name.startswith("news"):
            told = _parsed(file)
            feed = [row for row in told["feed"] if _day(row["time_published"]) <= by]
            (place / file.name).write_text(json.dumps(told | {"feed": feed}))
        elif file.suffix == ".htm":
            (place / file.name).symlink_to(file)  # read only where the submissions name it


def _facts(told: Mapping[str, Any], by: str) -> Mapping[str, Any]:
    """Companyfacts without what was filed after `by`."""
    return {
        **told,
        "facts": {
            taxonomy: {
                name: {
                    **entry,
                    "units": {
                        unit: [row for row in rows if row["filed"] <= by]
                        for unit, rows in entry["units"].items()
                    },
                }
                for name, entry in concepts.items()
            }
            for taxonomy, concepts in told["facts"].items()
        },
    }


@cache
def _parsed(file: Path) -> Any:
    return json.loads(file.read_text())


@cache
def _lines(file: Path) -> Sequence[str]:
    return file.read_text().splitlines()


def newest(folder: Path, question: Asked) -> float:
    """The last close in the file, whatever the day that was asked for."""
    file = folder / f"{question.ticker}.csv"
    bars = bars_of(file.read_bytes(), file.name, LAST)
    return bars[-1].close if bars else 0.0


def _day(moment: str) -> str:
    return datetime.strptime(moment[:8], "%Y%m%d").date().isoformat()  # noqa: DTZ007  # a day has no zone


if __name__ == "__main__":
    main()
