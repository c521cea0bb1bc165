"""The next round: what rules can put right, then further drafts, then corrections by the writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from arriero.apps.codegen.repair import linted, put_right
from arriero.apps.codegen.repair_unsafe import safer
from arriero.apps.codegen.sandbox.base import Sandbox
from arriero.apps.codegen.select import best_of, chosen
from arriero.apps.codegen.settings import CodegenSettings
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.workbench import Judgement, Workbench, with_files
from arriero.apps.codegen.writer import Writer

LEFT_S = 1.0  # no round begins with less; what is there is delivered instead
MOST_TOLD = 4  # failures that the writer is told of
ENOUGH = 3  # candidates that pass, before agreement chooses among them


@dataclass(frozen=True, slots=True)
class Round:
    """One round over the best candidate so far. What was tried before is on the bench and not tried again."""

    bench: Workbench
    writer: Writer
    settings: CodegenSettings
    sandbox: Sandbox

    async def made(self, best: Generated, judgement: Judgement) -> tuple[Generated, str] | None:
        """A new candidate and how it came about; None when there is nothing left to try."""
        self.bench.rounds += 1
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
            fixed = await self._fixed(best)
            if bench.is_new(fixed):
                yield fixed, "fixed"
        while is_wrong(judgement) and self._may_go_on():
            # The caller's own code is corrected first; a requirement is first drafted anew.
            turns = bench.repaired + (not bench.requirement.given)
            if bench.sampled < turns and self.settings.samples and not best.files:
                bench.sampled += 1
                found = await self._sampled(best, judgement)
                if found is not None:
                    yield found, "sampled"
            elif bench.repaired < self.settings.repairs:
                bench.repaired += 1
                corrected = await self._corrected(best, judgement)
                if corrected is not None and bench.is_new(corrected):
                    yield corrected, "corrected"
            else:
                return

    def _may_go_on(self) -> bool:
        return self.writer.turn.remaining() > LEFT_S

    async def _fixed(self, best: Generated) -> Generated:
        """What rules and ruff put right, in every file."""
        if best.language != "python":
            return best
        files = {best.main: best.code, **best.files}
        fixed = {}
        for name, text in files.items():
            others = {other: one for other, one in files.items() if other != name}
            right = put_right(text, self.bench.requirement, others)
            fixed[name] = await linted(safer(right)) if name.endswith(".py") else text
        return with_files(best, fixed)

    async def _sampled(self, best: Generated, judgement: Judgement) -> Generated | None:
        """The best of `samples` further drafts; among those that pass, the one that most agree with."""
        found: list[tuple[Generated, float]] = []
        passed = 0
        for number in range(self.settings.samples):
            if not self._may_go_on() or passed >= ENOUGH:
                break
            salt = 1 + number + self.bench.sampled * self.settings.samples
            made = await self._another(best, judgement, salt)
            if made is None or not self.bench.is_new(made):
                continue
            judgement = await self.bench.judged(made)
            if not judgement.report.blocked:
                found.append((made, judgement.share))
                passed += not is_wrong(judgement)
        if not found:
            return None
        return await chosen(
            best_of(found), self.bench.requirement, self.sandbox, self.bench.chance()
        )

    async def _another(self, best: Generated, judgement: Judgement, salt: int) -> Generated | None:
        """One more draft: of the whole, or of the caller's code with what is wrong with it."""
        warm = self.settings.sample_temperature
        if self.bench.requirement.given:
            return await self.writer.again(
                best, faults(judgement)[:MOST_TOLD], temperature=warm, salt=salt
            )
        return await self.writer.whole(temperature=warm, salt=salt)

    async def _corrected(self, best: Generated, judgement: Judgement) -> Generated | None:
        """The writer's correction, told what is wrong; warmer the second time, so that it says something else."""
        wrong = faults(judgement)
        warm = self.settings.sample_temperature / 2 if self.bench.repaired > 1 else None
        made = await self.writer.again(
            best, wrong[:MOST_TOLD], temperature=warm, salt=1_000 + self.bench.repaired
        )
        return None if made is None else replace(made, entry=best.entry)


def is_wrong(judgement: Judgement) -> bool:
    """Whether another draft could be better: it does not parse, imports what is not there, or fails an example."""
    return bool(judgement.report.blocked) or bool(judgement.report.tests.failed)


def faults(judgement: Judgement) -> list[str]:
    """What is wrong, as the writer is told: the call, what it gave and what it should give."""
    report = judgement.report
    told = [report.blocked] if report.blocked else []
    told += [one.told for one in report.tests.failed]
    weaknesses = report.findings.serious if report.findings else ()
    told += [f"line {one.span.line}: {one.message}; {one.safe}" for one in weaknesses]
    return told
