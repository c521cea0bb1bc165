"""Code generation in stages: what is asked, drafts, what running them shows, and whether to deliver one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from arriero.apps.codegen.decide import Decision, decision, refused_because, warnings
from arriero.apps.codegen.document import documented, tests_file
from arriero.apps.codegen.gather.library import Library
from arriero.apps.codegen.improve import LEFT_S, Round
from arriero.apps.codegen.judge.base import Switches
from arriero.apps.codegen.judge.copied import Known
from arriero.apps.codegen.judge.grammars import GRAMMARS
from arriero.apps.codegen.judge.imports import needed
from arriero.apps.codegen.kept import ACTION, NOT_KEPT, Kept, as_json, key_of, versions
from arriero.apps.codegen.parts import built
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.settings import CodegenSettings
from arriero.apps.codegen.values import Evidence, Generated, Seen
from arriero.apps.codegen.verdicts import CHECKS, Examination, score_of
from arriero.apps.codegen.wanted import Wanted
from arriero.apps.codegen.workbench import Benches, Judgement, Workbench, subject_of
from arriero.apps.codegen.workshop import Workshop
from arriero.apps.codegen.writer import ROLE, Writer, candidate
from arriero.checks.base import Exhibit, Group
from arriero.core.errors import ModelError, ModelMissing, NotFound, StageFailed
from arriero.core.words import Action, Draft, Ended, JsonValue, Outcome, Variant, Verdict
from arriero.flow import Judged, Shapes, Turn
from arriero.store.jobs import Job

LANGUAGES = frozenset({"python", *GRAMMARS})
DRAFTING = 0.75  # the share of the deadline after which no part is written twice; the first parts leave the others theirs
GRACE_S = 0.5  # kept back for the decision, so that the deadline never takes what is already there


@dataclass(frozen=True)
class CodegenApp:
    """The app over its parts; `plugin` builds it. A run's candidates lie on its workbench."""

    settings: CodegenSettings
    workshop: Workshop
    kept: Kept
    benches: Benches = field(default_factory=Benches)
    library: Library | None = None  # None: nothing is looked up

    name = "codegen"
    shapes = Shapes(Wanted, Requirement, Evidence, Generated)
    checks: Sequence[Group] = CHECKS
    jobs: Sequence[Job] = ()
    golden: Path | None = None
    unrecorded = True
    unseen = frozenset({ACTION})  # what is kept is found under the variant that wrote it alone

    @property
    def spared(self) -> Mapping[str, str]:
        return {ACTION: NOT_KEPT}

    @property
    def deadline_ms(self) -> float:
        return self.settings.deadline_ms

    def baseline(self) -> Variant:
        """The variant that the settings file describes."""
        settings = self.settings
        return Variant(
            app=self.name,
            roles={ROLE: settings.models.writer.binding()},
            prompts={"system": settings.system_prompt},
            thresholds={"ship": settings.ship_at, "refuse": settings.refuse_at},
            rounds=settings.rounds,
        )

    def versions(self) -> Mapping[str, str]:
        """What judged: for the manifest, and so that a replay knows what has changed."""
        return {**versions(), "sandbox": self.workshop.told}

    async def understand(self, turn: Turn[Wanted]) -> Seen:
        """The requirement record, by rules."""
        requirement = read(turn.input, languages=LANGUAGES, longest=self.settings.longest)
        if not requirement.refused and not requirement.questions:
            self.workshop.begin()
        return requirement

    async def gather(self, turn: Turn[Wanted], seen: Seen) -> Evidence:
        """An answer to the same question that was shipped within the hour, or code that may help."""
        if seen.refused or seen.questions:
            return Evidence()
        repository = turn.input.repository
        kept = None if repository else await self.kept.find(self._key(turn))
        if kept is not None or self.library is None:
            return Evidence(kept)
        tenant, within_s = turn.case.tenant, turn.remaining() / 4
        found = await self.library.gather(seen, tenant, repository, within_s=within_s)
        return Evidence(
            found=found.found,
            shown=found.shown,
            missing=found.missing,
            left=found.left,
            sources=found.sources,
            own=repository is not None,
        )

    def without(self, evidence: Evidence) -> Sequence[str]:
        """Nothing here rests on the ledger."""
        return []

    async def draft(
        self, turn: Turn[Wanted], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Generated]]:
        """The caller's own code, an answer from the cache, or the writer's likeliest one."""
        bench = self._lay(turn, seen, evidence)
        if seen.refused or seen.questions:
            return []
        if evidence.kept is not None:
            return self._drafts(bench, evidence.kept, "kept")
        if turn.input.code is not None:
            given = candidate(seen, turn.input.code, main=turn.input.file)
            return self._drafts(bench, given, "given")
        try:
            made = await self._written(self._writer(turn, seen, evidence), bench)
        except ModelMissing as missing:
            needs = StageFailed(f"needs: arriero models pull {missing.model}")
            needs.code = missing.code
            raise needs from missing
        return self._drafts(bench, made, "written") if made else []

    async def _written(self, writer: Writer, bench: Workbench) -> Generated | None:
        seen, turn = writer.requirement, writer.turn
        if seen.multi_part and seen.language == "python":
            whole_s = self.settings.deadline_ms / 1_000
            return await built(
                writer,
                self.workshop.examine,
                tries=self.settings.part_tries,
                temperature=self.settings.sample_temperature,
                enough=lambda share: turn.remaining() < whole_s * (1 - share * DRAFTING),
            )
        first = await writer.whole()
        return await Round(bench, writer, self.settings).settled(first) if first else None

    async def improve(
        self, turn: Turn[Wanted], seen: Seen, evidence: Evidence, best: Judged[Generated]
    ) -> Sequence[Draft[Generated]]:
        """One more candidate, or none when there is nothing left to try or no time for it."""
        bench = self._bench(turn, seen)
        judgement = await bench.judged(best.draft.answer)
        if turn.remaining() < LEFT_S:
            bench.done = True
            return []
        within = replace(turn, deadline=turn.deadline - GRACE_S)
        round_ = Round(bench, self._writer(within, seen, evidence), self.settings)
        try:
            found = await round_.made(best.draft.answer, judgement)
        except ModelError:  # on the run as a failed call; what is there is decided on
            found, bench.done = None, True
        return [Draft(found[0], found[1])] if found else []

    def exhibit(
        self, turn: Turn[Wanted], seen: Seen, evidence: Evidence, draft: Draft[Generated]
    ) -> Exhibit:
        """The checks ask the workbench for the judgement, which examines each candidate once."""
        bench, made = self._bench(turn, seen), draft.answer
        return Exhibit(
            seen.text, made.code, draft.origin, subject=Examination(lambda: bench.judged(made))
        )

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """The quality score as a share of ten."""
        return score_of(verdicts)

    def decide(
        self, turn: Turn[Wanted], seen: Seen, best: Judged[Generated] | None
    ) -> Outcome[Generated]:
        """Ship, ship with warnings, refuse, or ask; "pending" while a further round may make it better."""
        if seen.refused:
            return Outcome(Ended.REFUSED, self._empty(seen, seen.refused), seen.refused)
        if seen.questions:
            empty = replace(self._empty(seen, ""), questions=seen.questions)
            return Outcome(Ended.CLARIFY, empty, " ".join(seen.questions))
        if best is None:
            return self.fallback(turn, seen, "the writer gave no code")
        bench = self._bench(turn, seen)
        judgement = bench.known(best.draft.answer)
        if judgement is None:
            return self.fallback(turn, seen, "the code was not examined")
        told = self._decision(turn, judgement)
        if told is not Decision.SHIP and not bench.done and bench.rounds < turn.variant.rounds:
            return Outcome(Ended.PENDING, best.draft.answer, "a further round may be better")
        return self._outcome(turn, seen, best.draft, judgement)

    def _decision(self, turn: Turn[Wanted], judgement: Judgement) -> Decision:
        thresholds = turn.variant.thresholds
        return decision(judgement, ship_at=thresholds["ship"], refuse_at=thresholds["refuse"])

    def _outcome(
        self,
        turn: Turn[Wanted],
        seen: Seen,
        draft: Draft[Generated],
        judgement: Judgement,
        why: str = "",
    ) -> Outcome[Generated]:
        """The answer with everything that is said of it."""
        told, made = self._decision(turn, judgement), draft.answer
        bench = self._bench(turn, seen)
        whole = self._shown(seen, made, judgement, told, bench.notes)
        if told is Decision.REFUSE:
            because = refused_because(judgement, turn.variant.thresholds["refuse"])
            withheld = replace(whole, code="", files={}, tests="", documentation=_sentence(because))
            return Outcome(Ended.REFUSED, withheld, why or because, judgement.score, draft.origin)
        actions: tuple[Action, ...] = ()
        keeps = self.kept.ttl_s > 0 and draft.origin != "kept" and not bench.own
        if told is Decision.SHIP and keeps:
            payload = {"key": self._key(turn), "answer": as_json(made)}
            actions = (Action(ACTION, ACTION, payload),)
        return Outcome(Ended.ANSWERED, whole, why, judgement.score, draft.origin, actions=actions)

    def _shown(
        self,
        seen: Seen,
        made: Generated,
        judgement: Judgement,
        told: Decision,
        notes: Sequence[str],
    ) -> Generated:
        report, settings = judgement.report, self.settings.documentation
        made = replace(made, dependencies=needed(subject_of(seen, made)))
        return replace(
            made,
            documentation=documented(
                seen, made, report, sections=settings.sections, max_tokens=settings.max_tokens
            ),
            tests=tests_file(seen, made, report),
            validation_score=judgement.quality.score,
            decision=told.value,
            executed=report.tests.executed,
            terms=judgement.quality.terms,
            cap=judgement.quality.cap or "",
            warnings=tuple(dict.fromkeys((*warnings(seen, judgement), *notes))),
        )

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        """Keep what was shipped, for an hour."""
        if action.kind != ACTION:
            raise NotFound(f"codegen has no action {action.kind!r}; it knows {ACTION}")
        await self.kept.keep(str(action.payload["key"]), action.payload["answer"])
        return {"kept_s": self.kept.ttl_s}

    def fallback(self, turn: Turn[Wanted], seen: Seen | None, reason: str) -> Outcome[Generated]:
        """The best candidate so far if it may be delivered; else nothing, and why."""
        bench = self.benches.of(turn.run)
        made = bench.best() if bench else None
        judgement = bench.known(made) if bench and made else None
        if seen is None or made is None or judgement is None:
            return Outcome(Ended.FALLBACK, self._empty(seen, reason), reason, None, "none")
        if self._decision(turn, judgement) is not Decision.REFUSE:
            return self._outcome(turn, seen, Draft(made, "best so far"), judgement, reason)
        return Outcome(Ended.FALLBACK, self._empty(seen, reason), reason, None, "none")

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {
            "language": seen.language,
            "kind": seen.kind.value,
            "complexity": seen.complexity.value,
        }

    async def ping(self) -> None:
        """Needs nothing to be reached: the model answers for itself, the sandbox says what it is with each run."""

    async def close(self) -> None:
        await self.benches.close()
        await self.workshop.close()
        if self.library is not None:
            await self.library.close()

    def _writer(self, turn: Turn[Wanted], seen: Seen, evidence: Evidence) -> Writer:
        return Writer(turn, seen, self.settings.opened, evidence.shown)

    def _empty(self, seen: Seen | None, reason: str) -> Generated:
        """An answer without code."""
        language = seen.language if seen else "python"
        complexity = seen.complexity.value if seen else "simple"
        told = f"No code was written: {reason.removeprefix('error: ')}." if reason else ""
        return Generated(documentation=told, language=language, complexity=complexity)

    def _drafts(self, bench: Workbench, made: Generated, origin: str) -> Sequence[Draft[Generated]]:
        bench.is_new(made)
        return [Draft(made, origin)]

    def _lay(self, turn: Turn[Wanted], seen: Seen, evidence: Evidence) -> Workbench:
        own, asked = self.settings.validation, turn.input.checks
        switches = Switches(
            syntax=own.syntax_check and asked.syntax,
            security=own.security_scan and asked.security,
            performance=own.performance_analysis and asked.performance,
        )
        bench = Workbench(
            seen,
            switches,
            partial(self.workshop.examine, known=self._known(evidence)),
            frozenset(turn.input.packages),
            notes=evidence.left,
            own=evidence.own,
        )
        return self.benches.lay(turn.run, bench)

    def _bench(self, turn: Turn[Wanted], seen: Seen) -> Workbench:
        return self.benches.of(turn.run) or self._lay(turn, seen, Evidence())

    def _known(self, evidence: Evidence) -> Known | None:
        """The fingerprints of what the code must not be copied from."""
        return self.library.known(evidence.sources) if self.library and evidence.sources else None

    def _key(self, turn: Turn[Wanted]) -> str:
        settings = self.settings.model_dump(mode="json", exclude={"thresholds", "scaling"})
        return key_of(turn.case.tenant, turn.input, turn.variant.id, settings)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
