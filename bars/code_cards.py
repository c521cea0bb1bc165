"""Do recipe cards in the prompt help a small writer? First drafts on MBPP's training problems, with and without.

Measured only where a card is at least `LIKE` like the problem: nothing else changes. Greedy drafts, so the two differ by the
cards alone; hidden tests score in the sandbox. MBPP's training part is what settings are chosen on (DESIGN, section 9).
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.draft import asked, code_in
from arriero.apps.codegen.gather.library import question, snippets_of
from arriero.apps.codegen.gather.prompt import shown, with_snippets
from arriero.apps.codegen.gather.shelf import Shelf
from arriero.apps.codegen.gather.snippet import Snippet
from arriero.apps.codegen.repair import put_right
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.settings import SYSTEM, CodegenModels, Gather
from arriero.apps.codegen.wanted import Wanted
from arriero.bench.bare import WITHIN_S, Bare
from arriero.bench.code import Trial
from arriero.bench.problems import Problem, mark, read_problems
from arriero.bench.report import Metric
from arriero.cli.bench_code import Task, opened
from arriero.core.settings import Settings
from arriero.core.statistics import paired, wilson
from arriero.models.base import Prompt, complete
from arriero.models.encoder import OnnxEncoder
from bars._code import figure, option
from bars._data import data
from bars._trial import keep, progress, short
from bars.result import Figure

LIKE = 0.5
MOST = 2
TOKENS = 400  # of a draft; MBPP's own solutions take 60 on average


@dataclass(frozen=True, slots=True)
class Pair:
    """A problem with the cards that it would be shown."""

    problem: Problem
    requirement: Requirement
    cards: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """Whether a draft passed, its tokens, and the seconds it took."""

    passed: bool
    tokens_in: int
    seconds: float


def main() -> None:
    figures = asyncio.run(_measure())
    keep("code_cards", "first drafts of the 0.5b on MBPP's training problems, with cards and without", figures)  # fmt: skip


async def _measure() -> list[Figure]:
    problems = list(read_problems(data("mbpp", "mbpp.jsonl")))
    random.Random(0).shuffle(problems)
    pairs = await _matched(problems)
    share = wilson(len(pairs), len(problems))
    progress(f"{len(pairs)} of {len(problems)} problems have a card that is {LIKE} like them")
    chosen = pairs[: 3 if short() else int(option("limit", str(len(pairs))))]
    async with opened(Settings(), Task("qwen2.5-coder-0.5b", "bare")) as trial:
        without, with_ = [], []
        for done, pair in enumerate(chosen):
            without.append(await _draft(trial, pair, ()))
            with_.append(await _draft(trial, pair, pair.cards))
            progress(f"{done + 1}: {without[-1].passed} {with_[-1].passed} {pair.cards[0].id}")
    return [
        figure("matched", Metric.of(share, len(problems)), note=f"problems with a card of likeness {LIKE}"),
        *_shares("without", without),
        *_shares("with", with_),
        figure("gain", _gain(without, with_), note="with less without, paired"),
    ]  # fmt: skip


async def _matched(problems: Sequence[Problem]) -> list[Pair]:
    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.stocked(snippets_of("python"), encoder, Path(folder) / "cards")
    progress(f"{len(shelf.snippets)} cards")
    found = []
    for problem in problems:
        wanted = Wanted(requirement=problem.asked.requirement)
        requirement = read(wanted, languages=LANGUAGES, longest=8_000)
        text = question(requirement)
        near = shelf.find(text, (await encoder.encode([text]))[0], 5)
        cards = shown(near, most=MOST, likeness=LIKE, tokens=Gather().tokens)
        if cards and not requirement.refused and not requirement.questions:
            found.append(Pair(problem, requirement, cards))
    await encoder.close()
    return found


async def _draft(trial: Trial, pair: Pair, cards: Sequence[Snippet]) -> Drafted:
    """The writer's likeliest draft, put right by rules as the pipeline does, and marked."""
    assert isinstance(trial.bare, Bare)
    role, requirement = CodegenModels().writer, pair.requirement
    prompt = with_snippets(asked(SYSTEM, requirement, opened=True), cards)
    told = Prompt(prompt.messages, max_tokens=TOKENS, stop=role.stop)
    reply = await complete(trial.bare.generator, told, timeout_s=WITHIN_S)
    code = code_in(reply.text, prompt.begun, "python", requirement.entry)
    files = {pair.problem.asked.main: put_right(code, requirement)}
    marked = await mark(pair.problem, files, trial.sandbox)
    return Drafted(marked.passed, reply.tokens_in, reply.total_ms / 1e3)


def _shares(name: str, drafts: Sequence[Drafted]) -> list[Figure]:
    passed = wilson(sum(one.passed for one in drafts), len(drafts))
    seconds = sum(one.seconds for one in drafts) / len(drafts)
    tokens = sum(one.tokens_in for one in drafts) / len(drafts)
    return [
        figure(f"pass1_{name}", Metric.of(passed, len(drafts))),
        figure(f"seconds_{name}", Metric(seconds, len(drafts), "s"), note="mean of a draft"),
        figure(f"tokens_in_{name}", Metric(tokens, len(drafts), "tokens"), note="mean of a prompt"),
    ]


def _gain(before: Sequence[Drafted], after: Sequence[Drafted]) -> Metric:
    pairs = [(one.passed, two.passed) for one, two in zip(before, after, strict=True)]
    told = paired(pairs.count((False, True)), pairs.count((True, False)), len(pairs))
    return Metric.of(told, len(pairs), "share")


if __name__ == "__main__":
    main()
