"""How much of right code is executed, and what it scores: solutions written by hand for our own requests of all kinds.

No model is in it. Each solution is judged as the pipeline judges a draft, and once more with one mistake, which has
to score lower. Beside it the product that executes nothing. `_solutions.py` was written before the first look, and
the rows of `code_requests.jsonl` are read while the judge is made: nothing here is held out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox
from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.apps.codegen.wanted import Wanted
from arriero.apps.codegen.workbench import subject_of
from arriero.apps.codegen.writer import candidate
from arriero.core.statistics import wilson
from bars._requests import FILE
from bars._solutions import SOLUTIONS
from bars._trial import count, keep, progress
from bars.result import Figure

RUN = ("Python", "JavaScript", "TypeScript", "C++", "C", "Java", "Go", "Rust", "PHP", "Ruby")
WITHIN_S = 20.0  # a busy machine is not what is measured


@dataclass(frozen=True, slots=True)
class Seen:
    """A solution, right and with its mistake: whether the right one was executed, what both score."""

    language: str
    kind: str
    words: str
    executed: bool
    right: float
    wrong: float
    why: str


def main() -> None:
    keep("code_executed", "right code that is executed, by hand", asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    async with open_sandbox() as probed:
        seen = await judged(probed.sandbox)
    nothing = await judged(NoSandbox("asked to execute nothing"))
    return figures(seen, nothing)


async def judged(sandbox: Sandbox) -> list[Seen]:
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    found = []
    for language, kind, words, code, old, new in SOLUTIONS[: count(len(SOLUTIONS), 3)]:
        text = next(row["requirement"] for row in rows if row["language"] == language and row["kind"] == kind and words in row["requirement"])  # fmt: skip
        assert old in code, words
        executed, right, why = await _judged(text, code, sandbox)
        _, wrong, _ = await _judged(text, code.replace(old, new, 1), sandbox)
        found.append(Seen(language, kind, words, executed, right, wrong, why))
        progress(f"{language} {kind} {words}: {right:.2f} {wrong:.2f} {why}")
    return found


async def _judged(text: str, code: str, sandbox: Sandbox) -> tuple[bool, float, str]:
    """(whether it was executed, its score, why not)."""
    seen = read(Wanted(requirement=text), languages=LANGUAGES, longest=50_000)
    report = await examine(subject_of(seen, candidate(seen, code)), sandbox, within_s=WITHIN_S)
    failed = "; ".join(one.told for one in report.tests.failed)
    why = failed or ("" if report.tests.executed else report.skipped.get("tried", report.tests.reason))  # fmt: skip
    return report.tests.executed, quality(report).score, why


def figures(seen: Sequence[Seen], nothing: Sequence[Seen]) -> list[Figure]:
    made = []
    for language in dict.fromkeys(one.language for one in seen):
        of = [one for one in seen if one.language == language]
        made.append(_share(f"executed_{language.lower()}", [one.executed for one in of], "== 1" if language in RUN else ""))  # fmt: skip
        made.append(_mean(f"score_{language.lower()}", [one.right for one in of]))
    run = [one for one in seen if one.language in RUN]
    made.append(_mean("score", [one.right for one in run], ">= 8.7", ", ".join(RUN)))
    made.append(_mean("score_with_a_mistake", [one.wrong for one in run]))
    made.append(_share("right_above_mistake", [one.right > one.wrong for one in run], ">= 0.95"))
    made.append(_share("executed_by_nobody", [one.executed for one in nothing], "", "without a sandbox; has to be 0"))  # fmt: skip
    made.append(_mean("score_by_nobody", [one.right for one in nothing if one.language in RUN], "", "without a sandbox; has to fail"))  # fmt: skip
    return made


def _share(name: str, said: Sequence[bool], bar: str = "", note: str = "") -> Figure:
    part = wilson(sum(said), len(said))
    return Figure(name, round(part.value, 4), "share", bar, len(said), round(part.low, 4), round(part.high, 4), note)  # fmt: skip


def _mean(name: str, scores: Sequence[float], bar: str = "", note: str = "") -> Figure:
    mean = sum(scores) / len(scores) if scores else 0.0
    return Figure(name, round(mean, 2), "of 10", bar, len(scores), note=note)


if __name__ == "__main__":
    main()
