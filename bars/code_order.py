"""The score of generated code: does it put HumanEvalPack's right solution above the broken one of the same problem?

Python and JavaScript, 164 pairs each; a tie counts as wrong. Hidden tests are not used: the visible ones are the
examples of the prompt, which the data set also gives as code (`example_test`; six problems have none). Also without
running anything. Weights and rules were tuned on our own bugs in MBPP's solutions (601 to 974, `_code_bugs.py`).
Beside it the laziest scores: the shorter text first, and what passes its examples first, ties wrong.
"""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.examine import examine
from arriero.apps.codegen.judge.quality import quality
from arriero.apps.codegen.judge.report import Report, Tests
from arriero.apps.codegen.sandbox.base import Sandbox, Test
from arriero.apps.codegen.sandbox.open import open_sandbox
from arriero.core.statistics import percentile, wilson
from bars._data import data
from bars._trial import count, keep, progress
from bars.result import Figure

LANGUAGES = {"python": "python", "js": "javascript"}
Row = Mapping[str, str]
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Reports of a right and a broken solution; `shorter`: whether the right text is the shorter one."""

    right: Report
    broken: Report
    shorter: bool

    @property
    def ordered(self) -> bool:
        return quality(self.right).score > quality(self.broken).score

    @property
    def unexecuted(self) -> Pair:
        """The same pair as if nothing could be run."""
        nothing = Tests(executed=False, reason="not asked to")
        right, broken = (
            replace(one, tests=nothing, performance=None) for one in (self.right, self.broken)
        )
        return Pair(right, broken, self.shorter)

    @property
    def by_examples(self) -> bool:
        """Whether the examples alone tell them apart."""
        return (self.right.tests.ratio or 0) > (self.broken.tests.ratio or 0)


def main() -> None:
    figures: list[Figure] = []
    found = asyncio.run(measure())
    for name, pairs in found.items():
        executed = not name.endswith("_unexecuted")
        figures.append(
            share(f"ordered_{name}", [one.ordered for one in pairs], ">= 0.88" if executed else "")
        )
        if executed:
            figures.append(share(f"ordered_{name}_by_examples", [one.by_examples for one in pairs]))
            figures.append(share(f"ordered_{name}_by_length", [one.shorter for one in pairs]))
            left = [one.ordered for one in pairs if not one.by_examples]
            figures.append(share(f"ordered_{name}_where_examples_say_nothing", left))
    spent = asyncio.run(times())
    figures += [
        Figure("judged_p50_ms", round(percentile(spent, 50), 1), "ms", "<= 300", len(spent)),
        Figure("judged_p95_ms", round(percentile(spent, 95), 1), "ms", "", len(spent)),
    ]
    keep("code_order", "the score puts right code above broken code (HumanEvalPack)", figures)


async def measure() -> Mapping[str, Sequence[Pair]]:
    """Both languages, with and without running; the same reports, of which the second kind forgets what ran."""
    folder = data()
    found: dict[str, Sequence[Pair]] = {}
    async with open_sandbox() as opened:
        for short, language in LANGUAGES.items():
            path = folder / "humanevalpack" / f"humanevalpack-{short}.jsonl"
            if not path.exists():
                progress(f"{path.name} is not there; set ARRIERO_DATA")
                continue
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            rows = rows[:: count(1, 20)]
            few = asyncio.Semaphore(AT_ONCE)
            pairs = await asyncio.gather(
                *(judged(row, language, opened.sandbox, few) for row in rows)
            )
            found[language] = pairs
            found[f"{language}_unexecuted"] = [one.unexecuted for one in pairs]
            progress(f"{language}: {sum(one.ordered for one in pairs)} of {len(rows)}")
    return found


async def times() -> Sequence[float]:
    """Milliseconds that all checks of one function take together, one function at a time."""
    code = 'def clamp(value: int, low: int, high: int) -> int:\n    """Value, not below low and not above high."""\n    return max(low, min(value, high))\n'
    asked = Subject(
        code,
        "python",
        "clamp",
        tests=(
            Test("one", "assert clamp(5, 1, 3) == 3"),
            Test("two", "assert clamp(0, 1, 3) == 1"),
        ),
    )
    async with open_sandbox() as opened:
        await examine(asked, opened.sandbox)
        reports = [await examine(asked, opened.sandbox) for _ in range(count(40, 3))]
    return [one.times_ms["whole"] for one in reports]


async def judged(row: Row, language: str, sandbox: Sandbox, few: asyncio.Semaphore) -> Pair:
    """Both solutions of one problem, each with the prompt before it as a model would give it back."""
    tests = visible(row, language)
    entry = row["entry_point"] if row["entry_point"] in row["declaration"] else None
    async with few:
        reports = [
            await examine(Subject(row["prompt"] + row[name], language, entry, tests=tests), sandbox)
            for name in ("canonical_solution", "buggy_solution")
        ]
    shorter = len(row["canonical_solution"]) < len(row["buggy_solution"])
    return Pair(reports[0], reports[1], shorter)


def visible(row: Row, language: str) -> tuple[Test, ...]:
    """The prompt's examples as tests: each assert of Python one, JavaScript's all together."""
    text = row["example_test"].strip()
    if not text:
        return ()
    if language != "python":
        return (Test("examples", text),)
    try:
        tree = ast.parse(text)
    except SyntaxError:  # of one problem the data set's own text is none
        return ()
    (check,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    name = check.args.args[0].arg
    if all(isinstance(node, ast.Assert) for node in check.body):
        codes = [ast.unparse(node) for node in check.body]
        if name != row["entry_point"]:
            codes = [f"{name} = {row['entry_point']}\n{code}" for code in codes]
        return tuple(Test(f"example {number}", code) for number, code in enumerate(codes, 1))
    return (Test("examples", text),)


def share(name: str, right: Sequence[bool], bar: str = "") -> Figure:
    """A share with its Wilson interval."""
    if not right:
        return Figure(name, 0, "share", "", 0)
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(right), low, high)


if __name__ == "__main__":
    main()
