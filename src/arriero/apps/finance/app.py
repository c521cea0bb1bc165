"""Financial analysis in stages: one frozen bundle, figures computed of it, a rating by a table, a gate before it is shown.

The rating is computed in the draft. `decide` releases it, releases a lower one, or withholds it: it never raises one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from arriero.apps.finance import publish
from arriero.apps.finance.compliance.base import State
from arriero.apps.finance.compliance.gate import repaired
from arriero.apps.finance.compliance.pack import RESTRICTED, Pack, shipped
from arriero.apps.finance.compliance.rulebook import Rulebook
from arriero.apps.finance.compose import Composed, compose, lowered
from arriero.apps.finance.evidence.base import Bundle, Provider
from arriero.apps.finance.evidence.edgar import given_cik
from arriero.apps.finance.explain import rewrite
from arriero.apps.finance.news.mood import texts
from arriero.apps.finance.publish import OpenEncoder, Submission
from arriero.apps.finance.rating.table import Table
from arriero.apps.finance.releases import Releases
from arriero.apps.finance.settings import FinanceSettings
from arriero.apps.finance.track.calibrate import calibration_of
from arriero.apps.finance.track.predictions import Predictions, made_of, prediction_of, told
from arriero.apps.finance.track.watch import Watch
from arriero.apps.finance.values import (
    HORIZONS,
    WITHHELD,
    Analysis,
    Earlier,
    Evidence,
    Past,
    Rating,
    Request,
    Ruled,
    Seen,
)
from arriero.checks.base import Exhibit, Group
from arriero.core.errors import InputError, ModelError, NotFound, StageFailed
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Outcome,
    Source,
    Variant,
    Verdict,
)
from arriero.flow import Judged, Shapes, Turn
from arriero.store.jobs import Job

WRITER, READER = "writer", "news_reader"
HEAD = "head"
READ_WITHIN_S = 10.0
PREDICT, APPROVE = "predict", "approve"
SUPERVISION = "C23"
CHECK = "compliance."
TEMPLATE, MODEL, REPAIRED, LOWERED, WALLED = (
    "template",
    "model",
    "repaired",
    "lowered",
    "restricted",
)
STATUS = {
    TEMPLATE: "released",
    MODEL: "released",
    REPAIRED: "released after a repair",
    LOWERED: "downgraded",
}
WAITS = "waits for approval"
WAITING = (
    "The analysis is written and judged, and waits for a principal, who has to approve it first."
)
# Says the same of every name on the list and of the list itself: nothing.
NOTHING_SAID = "No analysis of this name is published."
CIK_UNKNOWN = "a CIK cannot be compared with the list of restricted names; ask by the ticker"
log = logging.getLogger(__name__)
Freeze = Callable[[Request, Seen], Awaitable[Bundle]]


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule of the compliance pack as a check. It is never optional, and it fails closed."""

    rule: str
    blocking: bool = True

    @property
    def name(self) -> str:
        return f"{CHECK}{self.rule}"

    async def judge(self, exhibit: Exhibit) -> Verdict:
        if not isinstance(exhibit.subject, Submission):
            return Verdict(
                self.name, passed=False, score=0.0, reason="nothing was submitted to the gate"
            )
        seen = await exhibit.subject.review()
        found = next((one for one in seen.results if one.id == self.rule), None)
        if found is None:
            return Verdict(
                self.name, passed=False, score=0.0, reason="the gate gave no result for this rule"
            )
        passed = found.state is not State.FAIL
        reason = found.reason if not passed else "does not apply" if found.state is State.NA else ""
        return Verdict(
            self.name, passed, float(passed), reason, tuple(span.quote for span in found.evidence)
        )


@dataclass(frozen=True)
class FinanceApp:
    """The finance app over its parts; `apps.finance.plugin` builds it."""

    settings: FinanceSettings
    providers: Sequence[Provider]
    freeze: Freeze
    table: Table
    rulebook: Rulebook
    predictions: Predictions
    watch: Watch
    releases: Releases
    encoder: OpenEncoder  # for the gate's second listener; asked only for what it doubts

    name = "finance"
    shapes = Shapes(Request, Seen, Evidence, Analysis)
    golden: Path | None = None
    unrecorded = False  # with the ledger down nothing is published

    @property
    def checks(self) -> Sequence[Group]:
        return (tuple(RuleCheck(rule.id) for rule in shipped().rules),)

    @property
    def jobs(self) -> Sequence[Job]:
        return (self.watch.job, self.releases.job)

    @property
    def deadline_ms(self) -> float:
        return self.settings.deadline_ms

    def baseline(self) -> Variant:
        """The variant of the settings. Only the wording and the tone of news may be a model's."""
        models = self.settings.models
        roles = {WRITER: models.writer.binding()} if self.settings.wording == MODEL else {}
        if self.settings.sentiment == HEAD:
            roles[READER] = models.news_reader.binding()
        return Variant(
            app=self.name,
            roles=roles,
            prompts={WRITER: rewrite.SYSTEM} if WRITER in roles else {},
            thresholds={
                name: getattr(self.table, name)
                for name in ("enter", "stay", "enter_against", "stay_against")
            },
            rounds=self.settings.rounds,
        )

    def versions(self) -> Mapping[str, str]:
        return {"rating_table": self.table.version, "rule_pack": shipped().version}

    async def understand(self, turn: Turn[Request]) -> Seen:
        """Which company by which day; a name on the restricted list goes no further."""
        asked, today = turn.input, turn.now.date()
        as_of = asked.as_of or today
        if as_of > today:
            raise StageFailed(
                f"as_of {as_of} lies in the future (today is {today}, UTC); send a day up to today"
            )
        if self.settings.restricted and given_cik(asked.company) is not None:
            raise StageFailed(CIK_UNKNOWN)
        return Seen(
            ticker=asked.company,
            as_of=as_of,
            horizon=asked.horizon,
            audience=asked.audience,
            client=asked.client,
            restricted=self.settings.restricts(asked.company),
            unfilled=asked.customer.missing() if asked.customer else (),
        )

    async def gather(self, turn: Turn[Request], seen: Seen) -> Evidence:
        """The frozen bundle, and what our own ledger adds: the earlier rating, the calibration, open alarms."""
        if seen.restricted:
            return Evidence()
        try:
            bundle = await self.freeze(turn.input, seen)
        except (InputError, NotFound) as error:
            raise StageFailed(error.message) from None
        known = [
            one
            for one in await self.predictions.all(turn.case.tenant)
            if one.outcome is not None and one.outcome.day <= seen.as_of
        ]
        earlier = await self.predictions.earlier(
            turn.case.tenant, seen.ticker, seen.horizon, seen.as_of
        )
        past = await self._past(turn.case.tenant, seen.ticker, seen.as_of)
        return Evidence(
            bundle=bundle,
            earlier=Earlier(earlier.rating, earlier.as_of, earlier.run) if earlier else None,
            calibration=calibration_of(known),
            caution=await self.watch.caution(turn.case.tenant, seen.as_of),
            past=past,
            rule_changes=tuple(await self.rulebook.changes(turn.case.tenant)),
            tones=await self._tones(turn, bundle, seen.as_of),
        )

    async def _tones(
        self, turn: Turn[Request], bundle: Bundle, by: date
    ) -> Mapping[str, float] | None:
        """The tone of each text by the head: P(positive) less P(negative). None: the lexicon reads alone."""
        if READER not in turn.variant.roles:
            return None
        found = {}
        try:
            for text in texts(bundle.news, by):
                told = await turn.models.classify(READER, text, timeout_s=READ_WITHIN_S)
                chances = dict(told.scores)
                found[text] = chances.get("positive", 0.0) - chances.get("negative", 0.0)
        except ModelError as error:
            log.warning("the news are read by words alone: %s", error.message)
            return None
        return found

    async def _past(self, tenant: str, ticker: str, by: date) -> Past:
        made = [one for one in await self.predictions.all(tenant) if one.made.date() <= by]
        counts = Counter(one.rating for one in made)
        rated = (
            one.as_of
            for one in made
            if one.ticker == ticker and one.rating is not Rating.NO_RATING and not one.backdated
        )
        since = min(rated, default=None)
        return Past(counts[Rating.BUY], counts[Rating.HOLD], counts[Rating.SELL], since)

    async def draft(
        self, turn: Turn[Request], seen: Seen, evidence: Evidence
    ) -> Sequence[Draft[Analysis]]:
        """The whole analysis by template; reworded by a model if that is asked for and says the same."""
        if evidence.bundle is None:
            return [Draft(Analysis(ticker=seen.ticker, as_of=seen.as_of.isoformat()), WALLED)]
        composed = await asyncio.to_thread(compose, seen, evidence, self.table)
        plain = self._draft(turn, evidence, composed.answer, composed.sources, TEMPLATE)
        if WRITER not in turn.variant.roles:
            return [plain]
        return [*await self._reworded(turn, evidence, composed), plain]

    async def _reworded(
        self, turn: Turn[Request], evidence: Evidence, composed: Composed
    ) -> Sequence[Draft[Analysis]]:
        """The model's wording, paragraph by paragraph while its time lasts; none when it changed nothing.

        A paragraph that says something else, or is not ready in time, stays the template's. A replay has no other
        calls than the run had, so it stops where the run stopped.
        """
        paragraphs = composed.answer.explanation.split("\n\n")
        until = turn.clock.monotonic() + min(self.settings.wording_within_s, turn.remaining() / 2)
        for at, text in enumerate(paragraphs):
            if (left := until - turn.clock.monotonic()) <= 0:
                break
            try:
                reply = await turn.models.generate(
                    WRITER, rewrite.prompt(text), timeout_s=left, seed=turn.seed
                )
            except ModelError:
                break
            if not rewrite.refusal(text, reply.text):
                paragraphs[at] = reply.text.strip()
        reworded = "\n\n".join(paragraphs)
        if reworded == composed.answer.explanation:
            return []
        answer = replace(composed.answer, explanation=reworded, wording=MODEL)
        return [self._draft(turn, evidence, answer, composed.sources, MODEL)]

    def _draft(
        self,
        turn: Turn[Request],
        evidence: Evidence,
        answer: Analysis,
        sources: tuple[Source, ...],
        origin: str,
    ) -> Draft[Analysis]:
        """With the prediction that it makes, which is registered when it is released."""
        horizon, pack = turn.input.horizon, shipped().changed(evidence.rule_changes)
        legends = answer.legends or publish.legends_of(answer.wording)
        answer = replace(answer, legends=legends, rule_pack=pack.version[:16])
        made = made_of(answer, turn.run, turn.now, days=horizon, band=self.table.bands[horizon])
        return Draft(answer, origin, sources, (Action(PREDICT, PREDICT, told(made)),))

    async def improve(
        self, turn: Turn[Request], seen: Seen, evidence: Evidence, best: Judged[Analysis]
    ) -> Sequence[Draft[Analysis]]:
        """One repair by template; beside it the same analysis without a rating, which asks for less."""
        if evidence.bundle is None:
            return []
        submission = self._submission(turn, seen, evidence, best.draft)
        seen_by_gate = await submission.review()
        mended = repaired(submission.publication, seen_by_gate, submission.pack)
        drafts = []
        if mended is not None:
            legends = mended.record.legends or ()
            answer = replace(best.draft.answer, explanation=mended.text, legends=legends)
            drafts.append(self._draft(turn, evidence, answer, best.draft.sources, REPAIRED))
        if best.draft.answer.recommendation is not Rating.NO_RATING:
            rules = ", ".join(one.id for one in seen_by_gate.failed)
            composed = await asyncio.to_thread(compose, seen, evidence, self.table)
            because = f"a rating did not pass compliance ({rules})"
            less = lowered(composed, seen, evidence.bundle, because, self.table)
            drafts.append(self._draft(turn, evidence, less.answer, less.sources, LOWERED))
        return drafts

    def exhibit(
        self, turn: Turn[Request], seen: Seen, evidence: Evidence, draft: Draft[Analysis]
    ) -> Exhibit:
        """The text with its record, as the gate reads them."""
        question = f"{seen.ticker} as of {seen.as_of} over {HORIZONS[seen.horizon]}"
        if evidence.bundle is None:
            return Exhibit(question, draft.answer.explanation, draft.origin)
        submission = self._submission(turn, seen, evidence, draft)
        return Exhibit(
            question, draft.answer.explanation, draft.origin, draft.sources, subject=submission
        )

    def _submission(
        self, turn: Turn[Request], seen: Seen, evidence: Evidence, draft: Draft[Analysis]
    ) -> Submission:
        assert evidence.bundle is not None  # noqa: S101  # asked only where there is one
        publication = publish.publication_of(
            draft.answer, seen, evidence.bundle, self.settings.firm, self.table,
            run=turn.run, customer=turn.input.customer, past=evidence.past,
        )  # fmt: skip
        return Submission(publication, shipped().changed(evidence.rule_changes), self.encoder)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """The share of rules that do not fail: what the better of two drafts is chosen by. All must pass."""
        return sum(verdict.passed for verdict in verdicts) / max(len(verdicts), 1)

    def decide(
        self, turn: Turn[Request], seen: Seen, best: Judged[Analysis] | None
    ) -> Outcome[Analysis]:
        """Release, or withhold with the rules that failed."""
        if seen.restricted or best is None or best.draft.origin == WALLED:
            walled = Analysis(
                ticker=seen.ticker, as_of=seen.as_of.isoformat(), explanation=NOTHING_SAID
            )
            answer = replace(walled, compliance_status=WITHHELD)
            return Outcome(Ended.REFUSED, answer, NOTHING_SAID, origin=WALLED, score=0.0)
        draft, pack = best.draft, shipped()
        answer = replace(
            draft.answer,
            compliance_status=STATUS[draft.origin],
            rules=tuple(_ruled(verdict, pack) for verdict in best.verdicts),
            notices=tuple(pack.legends[id] for id in draft.answer.legends),
        )
        if best.passed and best.verdicts:
            return Outcome(
                Ended.ANSWERED,
                answer,
                origin=draft.origin,
                sources=draft.sources,
                actions=draft.actions,
            )
        failed = [one for one in best.verdicts if not one.passed]
        if any(one.check == f"{CHECK}{RESTRICTED}" for one in failed):
            return self.decide(turn, replace(seen, restricted=True), None)
        if {one.check for one in failed} == {f"{CHECK}{SUPERVISION}"}:
            about = (
                f"{seen.ticker} as of {seen.as_of}: a publication waits for a principal's approval"
            )
            text, author = draft.answer.explanation, turn.case.actor
            ask = Action(APPROVE, APPROVE, {"text": text, "author": author, "reason": about})
            why = "a principal has to approve it first"
            waiting = replace(
                withheld(answer), compliance_status=WAITS, because=why, explanation=WAITING
            )
            return Outcome(Ended.PENDING, waiting, why, origin=draft.origin, actions=(ask,))
        return Outcome(Ended.REFUSED, withheld(answer), _why(failed), origin=draft.origin)

    async def perform(self, tenant: str, run: str, action: Action) -> Mapping[str, JsonValue]:
        """Register the prediction of a released run, or ask for its approval. Doing it twice is doing it once."""
        payload = action.payload
        match action.kind:
            case "predict":
                made = prediction_of(payload)
                await self.predictions.put(tenant, made)
                return {"prediction": run, "due": made.due.isoformat()}
            case "approve":
                task = await self.rulebook.ask(
                    tenant, run, str(payload["text"]), author=str(payload["author"]),
                    reason=str(payload.get("reason", "")),
                )  # fmt: skip
                return {"task": task.id}
        raise NotFound(f"finance has no action {action.kind!r}; it knows {PREDICT} and {APPROVE}")

    def fallback(self, turn: Turn[Request], seen: Seen | None, reason: str) -> Outcome[Analysis]:
        """No rating, and why."""
        why = reason.removeprefix("error: ")
        answer = Analysis(
            ticker=seen.ticker if seen else turn.input.company,
            as_of=seen.as_of.isoformat() if seen else "",
            explanation=f"No analysis could be made: {why}.",
            because=why,
            compliance_status=WITHHELD,
        )
        return Outcome(Ended.FALLBACK, answer, reason, origin="fallback")

    def labels(self, seen: Seen) -> Mapping[str, str]:
        """What runs are found by; a restricted name leaves no other trace than the request itself."""
        found = {
            "ticker": seen.ticker,
            "as_of": seen.as_of.isoformat(),
            "horizon": HORIZONS[seen.horizon],
            "retention": self.settings.firm.retention,
        }
        return found | ({"client": seen.client} if seen.client else {})

    async def ping(self) -> None:
        """Providers answer for themselves, with each analysis."""

    async def close(self) -> None:
        """Close the providers' connections."""
        for provider in self.providers:
            await provider.close()


def _ruled(verdict: Verdict, pack: Pack) -> Ruled:
    rule = verdict.check.removeprefix(CHECK)
    state = "fail" if not verdict.passed else "na" if verdict.reason else "pass"
    span = verdict.evidence[0] if verdict.evidence else ""
    return Ruled(rule, state, verdict.reason, pack.rule(rule).citation, span)


def withheld(answer: Analysis) -> Analysis:
    """What is left of an analysis that may not be shown: which rules failed, and what is missing."""
    return Analysis(
        ticker=answer.ticker,
        name=answer.name,
        as_of=answer.as_of,
        time_horizon=answer.time_horizon,
        explanation="The analysis is withheld: it did not pass the compliance rules that are named.",
        because="the analysis is withheld",
        compliance_status=WITHHELD,
        rule_pack=answer.rule_pack,
        rules=tuple(one for one in answer.rules if one.state == "fail"),
        gaps=answer.gaps,
        bundle=answer.bundle,
        table=answer.table,
    )


def _why(failed: Sequence[Verdict]) -> str:
    return "; ".join(f"{one.check.removeprefix(CHECK)}: {one.reason}" for one in failed)
