"""500 requests of all kinds in twelve languages: delivered code with a syntax error, requests refused, mean score.

Delivered code is parsed again here. `--every=N` takes each Nth request; `--models=0.5b` the size. Beside it: the
bare model, which shows what it writes unchecked, and the product that never delivers, which refuses all.
"""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Mapping, Sequence

from arriero.apps.codegen.judge.grammars import GRAMMARS, tree
from arriero.apps.codegen.requirement_words import SUFFIXES
from arriero.bench.bare import Written
from arriero.bench.problems import Asked, Problem
from arriero.cli.bench_code import Task, opened
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from bars._code import AT_ONCE, BUILD, models, option, tell
from bars._requests import FILE
from bars._trial import count, keep
from bars.result import Figure

GATED = frozenset({"Python", "JavaScript", "TypeScript", "Go", "Java", "Rust", "C++"})
SPELT = {"C++": "cpp", "C#": "csharp"}


def main() -> None:
    what = "requests of all kinds in twelve languages"
    keep("code_requests", what, asyncio.run(_figures()))


async def _figures() -> list[Figure]:
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    rows = rows[:: count(int(option("every", "1")), 250)]
    (size,) = models()[:1]
    made = {mode: await _made(mode, rows, size) for mode in ("bare", "pipeline")}
    return [*figures(rows, made["pipeline"], ""), *figures(rows, made["bare"], "_by_bare")]


async def _made(mode: str, rows: Sequence[Mapping[str, str]], size: str) -> list[Written]:
    """What one writer gives for each request; kept, but marked by nothing: there are no tests."""
    keep_in = BUILD / f"code_requests-{size}.jsonl"
    task = Task(f"qwen2.5-coder-{size}", mode, keep=keep_in, at_once=AT_ONCE)
    problems = [
        Problem(row["id"], Asked(row["requirement"], files=(file_of(row),)), ()) for row in rows
    ]
    async with opened(Settings(), task, tell) as trial:
        writer = trial.bare if mode == "bare" else trial.pipeline
        return [one.written for one in await trial.attempts(mode, writer, problems)]


def file_of(row: Mapping[str, str]) -> str:
    """The name of the file that is asked for: `main`, with the end of its language."""
    language = SPELT.get(row["language"], row["language"].lower())
    return f"main.{SUFFIXES.get(language, 'txt')}"


def figures(
    rows: Sequence[Mapping[str, str]], made: Sequence[Written], suffix: str
) -> list[Figure]:
    """Shares over what was delivered, and over all; the bars hold for the pipeline (no suffix)."""
    both = [(row["language"], one) for row, one in zip(rows, made, strict=True)]
    gated = [broken(one, name) for name, one in both if one.files and name in GATED]
    other = [broken(one, name) for name, one in both if one.files and name not in GATED]
    refused = [not one.files for one in made]
    scores = [one.score for one in made if one.files and one.score is not None]
    mean = sum(scores) / len(scores) if scores else 0.0
    promised = not suffix
    return [
        _share(f"syntax_errors{suffix}", [one for one in gated if one is not None], "== 0" if promised else "", "Python, JS, TS, Go, Java, Rust, C++"),
        _share(f"syntax_errors_elsewhere{suffix}", [one for one in other if one is not None], "<= 0.003" if promised else ""),
        Figure(f"not_parsed{suffix}", gated.count(None) + other.count(None), "answers", note="no grammar for the language"),
        _share(f"refused{suffix}", refused, "<= 0.05" if promised else ""),
        *([Figure("mean_score", round(mean, 3), "of 10", ">= 8.7", len(scores))] if promised else []),
        *([_share("refused_by_nobody_home", [True] * len(made), "")] if promised else []),
    ]  # fmt: skip


def broken(written: Written, language: str) -> bool | None:
    """Whether a delivered file does not parse; None when the language has no grammar here."""
    name = SPELT.get(language, language.lower())
    if name == "python":
        return any(not _parses(text) for text in written.files.values())
    if name not in GRAMMARS:
        return None
    return any(tree(text, name).has_error for text in written.files.values())


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _share(name: str, said: Sequence[bool], bar: str, note: str = "") -> Figure:
    seen = wilson(sum(said), len(said))
    return Figure(name, round(seen.value, 4), "share", bar, len(said), round(seen.low, 4), round(seen.high, 4), note)  # fmt: skip


if __name__ == "__main__":
    main()
