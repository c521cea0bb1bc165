"""The next round: what rules can put right, then further drafts, then corrections by the writer.

Also the second opinions: of a draft whose examples hold but say little, another one or two are written, and the one
that most agree with is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from arriero.apps.codegen.draft import Slant
from arriero.apps.codegen.judge.compiled.edits import edited
from arriero.apps.codegen.judge.compiled.includes import included
from arriero.apps.codegen.judge.compiled.unused import used
from arriero.apps.codegen.judge.report import COMPILER
from arriero.apps.codegen.parts import MOST_TOLD, mendable, mended
from arriero.apps.codegen.repair import linted, put_right
from arriero.apps.codegen.repair_unsafe import safer
from arriero.apps.codegen.select import Judged, agree, best_of, chosen, is_doubtful, is_wrong
from arriero.apps.codegen.settings import CodegenSettings
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import Judgement, Workbench, mark_of, with_files
from arriero.apps.codegen.writer import Writer
from arriero.core.errors import ModelError

LEFT_S = 1.0  # no round begins with less; what is there is delivered instead
AT_ONCE = 4  # drafts under way; the embedded model writes as many in one batch ([models] parallel)
ENOUGH = 3  # candidates that pass, before agreement chooses among them
# By turns. Begun with a plan the likeliest answer is nearly the plain one again, so that slant is for warm ones.
SLANTS = (Slant.UNSHOWN, Slant.PLAIN, Slant.PLANNED, Slant.UNSHOWN)
MENDS = 3  # times that a compiler is asked again what it says of the code mended by its own words
COOL = 1  # so many of the first further drafts are the likeliest answers to their slants
OPINION = 500  # where the seeds of second opinions begin


@dataclass(frozen=True, slots=True)
class Round:
    """One round over the best candidate so far. What was tried before is on the bench and not tried again."""

    bench: Workbench
    writer: Writer
    settings: CodegenSettings

    async def settled(self, first: Generated) -> Generated:
        """`first`, or the candidate that most agree with where its examples hold and leave open what is right.

        At most `opinions` further drafts are written, one if that agrees with `first` wherever both were tried.
        """
        judgement = await self.bench.judged(first)
        if not is_doubtful(judgement) or first.files or self.bench.requirement.given:
            return first
        if self.writer.turn.remaining() < self.settings.deadline_ms / 2_000:
            return first
        drafts = [partial(self._drafted, at, OPINION) for at in range(self.settings.opinions)]

        def with_first(found: Sequence[Judged]) -> list[Judged]:
            return [(first, judgement), *_right(found)]

        def agreed(found: Sequence[Judged]) -> bool:
            return bool(_right(found)) and agree(with_first(found))

        try:
            found = await self._judged(drafts, agreed)
        except ModelError:  # on the run as a failed call; the first draft is there
            return first
        return chosen(with_first(found))

    async def made(self, best: Generated, judgement: Judgement) -> tuple[Generated, str] | None:
        """A new candidate and how it came about; None when there is nothing left to try."""
        self.bench.rounds += 1
        self.bench.reached(judgement)
        async for made, origin in self._tried(best, judgement):
            return made, origin
        self.bench.done = True
        return None

    async def _tried(
        self, best: Generated, judgement: Judgement
    ) -> AsyncIterator[tuple[Generated, str]]:
        """Candidates in the order in which they are worth trying."""
        bench = self.bench
        if not bench.fixed:
            bench.fixed = True
            fixed = await self._fixed(best, judgement)
            if mark_of(fixed) != mark_of(best):
                yield fixed, "fixed"
        while is_wrong(judgement) and self._may_go_on():
            if bench.fruitless >= self.settings.patience:
                return
            bench.fruitless += 1
            # The caller's own code is corrected first; a requirement is first drafted anew.
            turns = bench.repaired + (not bench.requirement.given)
            if bench.sampled < turns and self._may_sample(best):
                bench.sampled += 1
                found = await self._sampled(best, judgement)
                bench.dry = found is None
                if found is not None:
                    yield found, "sampled"
            elif bench.repaired < self.settings.repairs:
                bench.repaired += 1
                corrected = await self._corrected(best, judgement)
                if corrected is not None and bench.is_new(corrected):
                    yield corrected, "corrected"
            else:
                return

    def _may_sample(self, best: Generated) -> bool:
        """Not after a round that brought nothing new: the writer says the same again."""
        return self.settings.samples > 0 and not best.files and not self.bench.dry

    def _may_go_on(self) -> bool:
        return self.writer.turn.remaining() > LEFT_S

    async def _fixed(self, best: Generated, judgement: Judgement) -> Generated:
        """What rules and ruff put right, in every file; what a compiler refuses for its form alone."""
        if best.language != "python":
            return await self._compilable(best, judgement)
        files = {best.main: best.code, **best.files}
        requirement, fixed = self.bench.requirement, {}
        safe = partial(safer, asked=requirement.text, tried=bool(requirement.examples))
        for name, text in files.items():
            others = {other: one for other, one in files.items() if other != name}
            right = put_right(text, requirement, others)
            fixed[name] = await linted(safe(right)) if name.endswith(".py") else text
        return with_files(best, fixed)

    async def _compilable(self, best: Generated, judgement: Judgement) -> Generated:
        """With the headers and imports that it lacks, what the compiler is sure to mend it by, and names that nothing reads used."""
        made = best
        for _ in range(MENDS):
            refused = [one for one in judgement.report.syntax if one.rule == COMPILER]
            # PHP and Ruby lack something only when they come to it.
            if not refused and made.language not in {"php", "ruby"}:
                break
            code = used(made.code, refused) if made.language == "go" else made.code
            code = edited(code, (edit for one in refused for edit in one.edits))
            code = included(code, made.language)
            if code == made.code:
                break
            made = replace(made, code=code)
            judgement = await self.bench.judged(made)
        return made

    async def _sampled(self, best: Generated, judgement: Judgement) -> Generated | None:
        """The best of up to `samples` further drafts; among those that pass, the one that most agree with.

        The first that passes is the last where its examples leave nothing open.
        """
        before = frozenset(self.bench.candidates)
        every = range(self.settings.samples)
        drafts = [partial(self._another, best, judgement, number) for number in every]
        tried = dict[str, Judged]()  # what is said twice counts once, where it was said first
        for made, other in await self._judged(drafts, _enough):
            if mark_of(made) not in before and not other.report.blocked:
                tried.setdefault(mark_of(made), (made, other))
        for made, other in tried.values():
            if _is_certain(other):
                return made
        return chosen(best_of(list(tried.values()))) if tried else None

    async def _judged(
        self,
        drafts: Sequence[Callable[[], Awaitable[Generated | None]]],
        enough: Callable[[Sequence[Judged]], bool],
    ) -> list[Judged]:
        """What the writer gives to `drafts`, some asked for at once; what is not there when it is `enough` is given up.

        All that is whole by then is judged and comes in the order of `drafts`, so a replay, in which everything is
        whole at once, gives the same. Raises `ModelError` when the writer failed and gave nothing.
        """
        gate = asyncio.Semaphore(AT_ONCE)

        async def asked(draft: Callable[[], Awaitable[Generated | None]]) -> Generated | None:
            async with gate:
                return await draft()

        waiting = {place: asyncio.create_task(asked(one)) for place, one in enumerate(drafts)}
        told, failed = dict[int, Judged](), list[ModelError]()
        try:
            while waiting:
                await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
                for place in [place for place, task in waiting.items() if task.done()]:
                    task = waiting.pop(place)
                    try:
                        made = None if task.cancelled() else task.result()
                    except ModelError as error:  # on the run as a failed call
                        failed.append(error)
                        continue
                    if made is not None:
                        told[place] = made, await self.bench.judged(made)
                found = [told[place] for place in sorted(told)]
                if enough(found):
                    for task in waiting.values():
                        task.cancel()
        finally:
            for task in waiting.values():
                task.cancel()
            await asyncio.gather(*waiting.values(), return_exceptions=True)
        if failed and not told:
            raise failed[0]
        return [told[place] for place in sorted(told)]

    async def _another(
        self, best: Generated, judgement: Judgement, number: int
    ) -> Generated | None:
        """One more draft: of the whole, or of the caller's code with what is wrong with it."""
        number += (self.bench.sampled - 1) * self.settings.samples
        if self.bench.requirement.given:
            return await self.writer.again(
                best,
                faults(judgement)[:MOST_TOLD],
                temperature=self.settings.sample_temperature,
                salt=1 + number,
            )
        return await self._drafted(number, 1)

    async def _drafted(self, number: int, salt: int) -> Generated | None:
        """A further draft of the whole: asked for otherwise than the one before, all but the first warm."""
        return await self.writer.whole(
            temperature=0.0 if number < COOL else self.settings.sample_temperature,
            salt=salt + number,
            slant=SLANTS[number % len(SLANTS)],
        )

    async def _corrected(self, best: Generated, judgement: Judgement) -> Generated | None:
        """The writer's correction, told what is wrong; warmer the second time, so that it says something else.

        Of several parts each function whose example fails is corrected by itself.
        """
        requirement = self.bench.requirement
        if requirement.multi_part and mendable(requirement, judgement.report):
            return await mended(
                self.writer,
                self.bench.examine,
                best,
                judgement.report,
                turn=self.bench.repaired,
                tries=self.settings.samples,
                temperature=self.settings.sample_temperature,
                enough=lambda: not self._may_go_on(),
            )
        wrong = faults(judgement)
        warm = self.settings.sample_temperature / 2 if self.bench.repaired > 1 else None
        made = await self.writer.again(
            best, wrong[:MOST_TOLD], temperature=warm, salt=1_000 + self.bench.repaired
        )
        return None if made is None else replace(made, entry=best.entry)


def _right(found: Sequence[Judged]) -> list[Judged]:
    """Those whose examples hold."""
    return [one for one in found if not is_wrong(one[1])]


def _is_certain(judgement: Judgement) -> bool:
    """Whether its examples hold and say what is right."""
    return not is_wrong(judgement) and not is_doubtful(judgement)


def _enough(found: Sequence[Judged]) -> bool:
    """Whether one is certain, or there are enough for agreement to choose among."""
    return len(_right(found)) >= ENOUGH or any(_is_certain(other) for _, other in found)


def faults(judgement: Judgement) -> list[str]:
    """What is wrong, as the writer is told: the call, what it gave and what it should give."""
    report = judgement.report
    told = [report.blocked] if report.blocked else []
    told += [one.told for one in report.tests.failed]
    told += [f"it crashes: {report.tests.fault}"] if report.tests.fault else []
    weaknesses = report.findings.serious if report.findings else ()
    told += [f"line {one.span.line}: {one.message}; {one.safe}" for one in weaknesses]
    return told
