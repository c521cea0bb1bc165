"""The syntax gate in seven languages: whole solutions are let through, cut ones are caught.

Python and JavaScript: HumanEvalPack's right solutions. TypeScript, Go, Java, Rust and C++: programs written for this
bar (`code_gate.jsonl`). Each is cut at four places of its body, at the end of a token, once as if the server had said
that the model ran out of tokens and once without that word. Beside it: the laziest gates, which let everything or
nothing through, and one that only counts brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.parse import problems
from arriero.core.statistics import percentile, wilson
from bars._data import data
from bars._trial import count, keep, progress
from bars.result import HERE, Figure

PARTS = (0.35, 0.55, 0.75, 0.9)  # of the body, where it is cut
TOKEN = re.compile(r"\w+|[^\w\s]")
PAIRS = {"(": ")", "[": "]", "{": "}"}
Gate = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Whole:
    """A right program; `start` is where what the model writes begins."""

    language: str
    entry: str | None
    code: str
    start: int


def main() -> None:
    figures: list[Figure] = []
    times: list[float] = []
    everything = [one for found in programs().values() for one in found]
    for language, found in programs().items():
        passed = [ours(subject(one), times) for one in found]
        cut = [ours(one, times) for whole in found for one in cuts(whole, told=True)]
        unsaid = [ours(one, times) for whole in found for one in cuts(whole, told=False)]
        figures += [
            share(f"{language}_whole_let_through", passed, ">= 0.99"),
            share(f"{language}_cut_caught", [not one for one in cut], "== 1"),
            share(f"{language}_cut_caught_without_the_word", [not one for one in unsaid]),
        ]
        progress(
            f"{language}: {sum(passed)} of {len(passed)} whole, {len(cut) - sum(cut)} of {len(cut)} cut"
        )
    lazy: dict[str, Gate] = {
        "everything": lambda _: True,
        "nothing": lambda _: False,
        "brackets": balanced,
    }
    for name, gate in lazy.items():
        figures += [
            share(f"whole_let_through_by_{name}", [gate(subject(one)) for one in everything]),
            share(
                f"cut_caught_by_{name}",
                [not gate(cut) for one in everything for cut in cuts(one, told=True)],
            ),
        ]
    figures.append(
        Figure("gate_p95_ms", round(percentile(times, 95), 2), "ms", "<= 10", len(times))
    )
    keep("code_gate", "the syntax gate lets whole code through and catches cut code", figures)


def programs() -> dict[str, list[Whole]]:
    """By language: those of the data folder, if it is there, and our own."""
    found: dict[str, list[Whole]] = {}
    folder = data()
    for short, language in (("python", "python"), ("js", "javascript")):
        path = folder / "humanevalpack" / f"humanevalpack-{short}.jsonl"
        if not path.exists():
            progress(f"{path.name} is not there; set ARRIERO_DATA")
            continue
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            entry = row["entry_point"] if row["entry_point"] in row["declaration"] else None
            code = row["prompt"] + row["canonical_solution"]
            found.setdefault(language, []).append(Whole(language, entry, code, len(row["prompt"])))
    for row in map(json.loads, (HERE / "code_gate.jsonl").read_text(encoding="utf-8").splitlines()):
        one = Whole(row["language"], row["entry"], row["code"], row["code"].index(row["entry"]) + len(row["entry"]))  # fmt: skip
        found.setdefault(row["language"], []).append(one)
    return {language: rows[:: count(1, 20)] for language, rows in found.items()}


def subject(whole: Whole) -> Subject:
    return Subject(whole.code, whole.language, whole.entry)


def cuts(whole: Whole, *, told: bool) -> Iterator[Subject]:
    """The program cut at the end of a token, at four places; what is left has to be more than its head."""
    body = whole.code[whole.start :]
    ends = [match.end() for match in TOKEN.finditer(body)]
    for part in PARTS:
        end = ends[min(int(len(ends) * part), len(ends) - 2)]
        yield Subject(whole.code[: whole.start + end], whole.language, whole.entry, cut=told)


def ours(one: Subject, times: list[float]) -> bool:
    begun = perf_counter()
    found, skipped = problems(one)
    times.append((perf_counter() - begun) * 1_000)
    return not found and not skipped


def balanced(one: Subject) -> bool:
    """Every bracket is closed; texts and comments are read like code."""
    open_: list[str] = []
    for sign in one.code:
        if sign in PAIRS:
            open_.append(PAIRS[sign])
        elif sign in PAIRS.values() and (not open_ or open_.pop() != sign):
            return False
    return not open_


def share(name: str, right: Sequence[bool], bar: str = "") -> Figure:
    """A share with its Wilson interval."""
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(right), low, high)


if __name__ == "__main__":
    main()
