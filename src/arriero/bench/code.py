"""Code generation on problems with hidden tests: the model alone, the pipeline with it, and the model sampled.

Both are told the same (`Asked`); hidden tests run in the sandbox and only score. *Best of n* is the fair rival:
the bare model may write, for each problem, as many tokens as the pipeline took, and the answer that most of its
samples agree on counts (a product without a sandbox can do that; ties go to the greedy one). `any_of_n` counts
a problem when any sample is right, which no product can know. The uplift is paired, problem by problem.
"""

from __future__ import annotations

import ast
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from arriero.apps.codegen import trees
from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.bench.bare import Written
from arriero.bench.kept import Attempt, Kept
from arriero.bench.problems import Asked, Problem, mark
from arriero.bench.report import Metric
from arriero.core.statistics import paired, percentile, wilson

MAX_SAMPLES = 16  # an answer of a few tokens would otherwise be sampled for ever
Writer = Callable[[Asked, int], Awaitable[Written]]
Tell = Callable[[str, int, int], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """Writers side by side on problems: `bare` alone, `pipeline`, or both. `seed` is the pipeline's.

    `at_once` problems are under way together; with more than one no times are told, as each then waits for others.
    """

    model: str
    sandbox: Sandbox
    kept: Kept
    bare: Writer | None = None
    pipeline: Writer | None = None
    seed: int = 0
    tell: Tell = lambda what, done, of: None
    at_once: int = 1
    best_of_n: bool = True

    async def run(self, problems: Sequence[Problem]) -> Mapping[str, Metric]:
        """All metrics of DESIGN §6 that these writers can give. What was kept is not written again."""
        alone = await self.attempts("bare", self.bare, problems)
        ours = await self.attempts("pipeline", self.pipeline, problems, self.seed)
        rivals = self.best_of_n and alone and ours
        sampled = await self._sampled(problems, alone, ours) if rivals else []
        return metrics(alone, ours, sampled, timed=self.at_once == 1)

    async def attempt(self, arm: str, writer: Writer, problem: Problem, seed: int) -> Attempt:
        """What `writer` delivers for a problem, marked; from the kept ones if it is there.

        What was marked by other tests is marked anew, and not written again.
        """
        known = self.kept.get((problem.id, problem.digest, arm, self.model, seed))
        if known is not None and known.scoring == problem.scoring:
            return known
        written = known.written if known is not None else await writer(problem.asked, seed)
        made = Attempt(
            *(problem.id, problem.digest, arm, self.model, seed, written),
            await mark(problem, written.files, self.sandbox),
            problem.scoring,
        )
        self.kept.add(made)
        return made

    async def attempts(
        self, arm: str, writer: Writer | None, problems: Sequence[Problem], seed: int = 0
    ) -> list[Attempt]:
        """One attempt at each problem, in their order; none without a writer."""
        if writer is None:
            return []
        drafts = [partial(self.attempt, arm, writer, problem, seed) for problem in problems]
        return await self._side_by_side(arm, drafts)

    async def _sampled(
        self, problems: Sequence[Problem], alone: Sequence[Attempt], ours: Sequence[Attempt]
    ) -> list[list[Attempt]]:
        """For each problem the greedy answer and samples, until they took the pipeline's tokens."""
        assert self.bare is not None  # noqa: S101 - it wrote `alone`
        pairs = zip(problems, alone, ours, strict=True)
        draws = [partial(self._drawn, self.bare, *each) for each in pairs]
        return await self._side_by_side("bare, best of n", draws)

    async def _drawn(
        self, bare: Writer, problem: Problem, greedy: Attempt, our: Attempt
    ) -> list[Attempt]:
        found = [greedy]
        while _tokens(found) < our.written.tokens_out and len(found) < MAX_SAMPLES:
            found.append(await self.attempt("bare", bare, problem, len(found)))
        return found

    async def _side_by_side(
        self, what: str, works: Sequence[Callable[[], Awaitable[T]]]
    ) -> list[T]:
        """The results of all, `at_once` of them under way."""
        gate, done = asyncio.Semaphore(self.at_once), 0
        self.tell(what, 0, len(works))

        async def one(work: Callable[[], Awaitable[T]]) -> T:
            nonlocal done
            async with gate:
                result = await work()
            done += 1
            self.tell(what, done, len(works))
            return result

        tasks = [asyncio.create_task(one(work)) for work in works]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:  # one that failed ends the others
                task.cancel()


def metrics(
    alone: Sequence[Attempt],
    ours: Sequence[Attempt],
    sampled: Sequence[Sequence[Attempt]],
    *,
    timed: bool = True,
) -> Mapping[str, Metric]:
    """Shares of problems solved with their intervals, tokens written, and times where they were `timed`."""
    found: dict[str, Metric] = {}
    for arm, attempts in (("bare", alone), ("pipeline", ours)):
        if attempts:
            found |= {
                f"pass1_{arm}": _share(_passed(attempts)),
                f"tokens_{arm}": Metric(_tokens(attempts), len(attempts), "tokens written"),
            }
    if alone and ours:
        found["uplift"] = _uplift(_passed(alone), _passed(ours))
    if sampled:
        best = [agreed(drawn).mark.passed for drawn in sampled]
        found |= {
            "pass1_best_of_n": _share(best),
            "uplift_over_best_of_n": _uplift(best, _passed(ours)),
            "any_of_n": _share([any(_passed(drawn)) for drawn in sampled]),
            "tokens_best_of_n": Metric(
                sum(_tokens(drawn) for drawn in sampled), len(sampled), "tokens written"
            ),
            "samples_mean": Metric(sum(map(len, sampled)) / len(sampled), len(sampled), "samples"),
        }
    shown = ours or alone
    if not shown:
        return found
    delivered = [one for one in shown if one.written.files]
    return found | {
        "syntax_errors": _share([one.mark.syntax_error for one in delivered]),
        **({"syntax_errors_bare": _share(_broken(alone))} if alone and ours else {}),
        "nothing_delivered": _share([not one.written.files for one in shown]),
        **(_times(shown, alone if ours else ()) if timed else {}),
    }


def agreed(drawn: Sequence[Attempt]) -> Attempt:
    """The answer that most samples gave, told apart by their syntax trees; ties go to the earliest."""
    shapes = [_shape(one) for one in drawn]
    counted = Counter(shapes)
    return max(enumerate(drawn), key=lambda placed: (counted[shapes[placed[0]]], -placed[0]))[1]


def _shape(attempt: Attempt) -> str:
    try:
        return "\0".join(
            ast.dump(trees.parse(text)) for _, text in sorted(attempt.written.files.items())
        )
    except (SyntaxError, ValueError, RecursionError):
        return str(sorted(attempt.written.files.items()))


def _times(shown: Sequence[Attempt], alone: Sequence[Attempt]) -> Mapping[str, Metric]:
    return {
        name: Metric(percentile([one.written.seconds for one in made], 50), len(made), "s")
        for name, made in (("p50_s", shown), ("p50_s_bare", alone))
        if made
    }


def _passed(attempts: Sequence[Attempt]) -> list[bool]:
    return [one.mark.passed for one in attempts]


def _broken(attempts: Sequence[Attempt]) -> list[bool]:
    return [one.mark.syntax_error for one in attempts if one.written.files]


def _tokens(attempts: Sequence[Attempt]) -> int:
    return sum(one.written.tokens_out for one in attempts)


def _share(right: Sequence[bool]) -> Metric:
    return Metric.of(wilson(sum(right), len(right)), len(right))


def _uplift(before: Sequence[bool], after: Sequence[bool]) -> Metric:
    pairs = list(zip(before, after, strict=True))
    won, lost = pairs.count((False, True)), pairs.count((True, False))
    return Metric.of(paired(won, lost, len(pairs)), len(pairs), "share")
