"""What was tried for one run: each candidate once, with its report, and which rounds were used.

It lives as long as the run. A replay of the run fills a bench of its own in the same way.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from arriero.apps.codegen.judge.base import Subject, Switches
from arriero.apps.codegen.judge.compiled.table import DIALECTS
from arriero.apps.codegen.judge.quality import Quality, quality
from arriero.apps.codegen.judge.report import Report
from arriero.apps.codegen.repair_names import defined, module_of, unbound
from arriero.apps.codegen.requirement import Kind, Requirement
from arriero.apps.codegen.sandbox.base import Test
from arriero.apps.codegen.spelt import compared, javascript
from arriero.apps.codegen.values import Generated

MOST = 256  # runs at once; the server lets 64 be under way (server/app.py)

Examine = Callable[[Subject, Switches], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A report and the quality that follows from it."""

    report: Report
    quality: Quality

    @property
    def share(self) -> float:
        """The share of the caller's examples that passed; 0 when none was run."""
        return self.report.tests.ratio or 0.0

    @property
    def score(self) -> float:
        """From 0 to 1."""
        return self.quality.score / 10


@dataclass
class Workbench:
    """Candidates of one run. `judged` examines a candidate once, however often it is asked.

    `dry`: the last round of drafts brought nothing new. `done`: there is nothing left to try. `fruitless`: so many turns
    of the writer in a row brought nothing nearer.
    """

    requirement: Requirement
    switches: Switches
    examine: Examine
    declared: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()  # said with the answer: what of the repository was not read
    own: bool = False  # whether the answer rests on a repository of the caller's
    rounds: int = 0
    fixed: bool = False
    sampled: int = 0
    repaired: int = 0
    dry: bool = False
    fruitless: int = 0
    nearest: tuple[bool, float] = (False, -1.0)
    done: bool = False
    candidates: OrderedDict[str, Generated] = field(default_factory=OrderedDict)
    _tasks: dict[str, asyncio.Task[Judgement]] = field(default_factory=dict)
    _known: dict[str, Judgement] = field(default_factory=dict)

    def is_new(self, made: Generated) -> bool:
        """Whether nothing with the same code was tried; notes it."""
        mark = mark_of(made)
        if mark in self.candidates:
            return False
        self.candidates[mark] = made
        return True

    def known(self, made: Generated) -> Judgement | None:
        """The judgement of a candidate that was examined."""
        return self._known.get(mark_of(made))

    async def judged(self, made: Generated) -> Judgement:
        """The judgement of a candidate; several may wait for the same one."""
        mark = mark_of(made)
        self.candidates.setdefault(mark, made)
        if mark not in self._tasks:
            self._tasks[mark] = asyncio.create_task(self._judge(mark, made))
        return await asyncio.shield(self._tasks[mark])

    async def _judge(self, mark: str, made: Generated) -> Judgement:
        report = await self.examine(
            subject_of(self.requirement, made, self.declared), self.switches
        )
        judgement = Judgement(report, quality(report))
        self._known[mark] = judgement
        return judgement

    def reached(self, best: Judgement) -> None:
        """Note how near the best candidate is: whether it may be delivered, and the share of examples that hold."""
        near = (not best.report.blocked, best.share)
        if near > self.nearest:
            self.nearest, self.fruitless = near, 0

    def best(self) -> Generated | None:
        """The best candidate that was judged, the earlier one on a tie."""
        scored = [made for mark, made in self.candidates.items() if mark in self._known]
        return max(scored, key=lambda made: self._known[mark_of(made)].score, default=None)

    async def close(self) -> None:
        """End examinations that nobody waits for any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


class Benches:
    """The workbench of each run that is going on; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._benches: OrderedDict[str, Workbench] = OrderedDict()

    def lay(self, run: str, bench: Workbench) -> Workbench:
        self._benches[run] = bench
        self._benches.move_to_end(run)
        while len(self._benches) > MOST:
            self._benches.popitem(last=False)
        return bench

    def of(self, run: str) -> Workbench | None:
        return self._benches.get(run)

    async def close(self) -> None:
        for bench in self._benches.values():
            await bench.close()


def mark_of(made: Generated) -> str:
    """The same for the same files, whatever blanks stand at the ends of their lines."""
    files = {made.main: made.code, **made.files}
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
        digest.update(f"{name}\0{lines}\0{made.cut}\0".encode(errors="replace"))
    return digest.hexdigest()


def subject_of(
    requirement: Requirement, made: Generated, declared: frozenset[str] = frozenset()
) -> Subject:
    """What the judge is given of a candidate: with the caller's examples as tests."""
    return Subject(
        made.code, made.language, entry=made.entry, files=made.files, main=made.main,
        tests=tests_of(requirement, made.main, {made.main: made.code, **made.files}), declared=declared, forbidden=frozenset(requirement.forbidden),
        cut=made.cut, given=requirement.given if requirement.kind is Kind.REFACTORING else "",
        text=requirement.text,
    )  # fmt: skip


def tests_of(requirement: Requirement, main: str, files: Mapping[str, str]) -> tuple[Test, ...]:
    """The examples as tests for the sandbox, each with a name of its own.

    A test is offered what `main` has; what another file of the project defines it imports. Examples are read
    as Python; JavaScript, TypeScript and the compiled languages have those whose values they have as well, others none.
    """
    if requirement.language in {"javascript", "typescript"}:
        told = ((number, javascript(one)) for number, one in enumerate(requirement.examples, 1))
        return tuple(Test(f"example {number}", code) for number, code in told if code)
    if requirement.language in DIALECTS:
        told = ((number, compared(one)) for number, one in enumerate(requirement.examples, 1))
        return tuple(Test(f"example {number}", code) for number, code in told if code)
    if requirement.language != "python":
        return ()
    elsewhere = {
        name: module_of(file)
        for file, text in files.items()
        if file != main and file.endswith(".py")
        for name in defined(text) - defined(files.get(main, ""))
    }
    return tuple(
        Test(f"example {number}", _importing(one.code, elsewhere), objects=one.objects)
        for number, one in enumerate(requirement.examples, 1)
    )


def _importing(code: str, elsewhere: Mapping[str, str]) -> str:
    """`code` with an import for each of the names that another file defines."""
    used = sorted(unbound(code) & elsewhere.keys()) if elsewhere else ()
    return "".join(f"from {elsewhere[name]} import {name}\n" for name in used) + code


def with_files(made: Generated, files: Mapping[str, str]) -> Generated:
    """`made` with other texts in its files; the one called `main` is its code."""
    others = {name: text for name, text in files.items() if name != made.main}
    return replace(made, code=files[made.main], files=others)
