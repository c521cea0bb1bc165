"""The gate: champion and challenger answer the same cases offline, before anybody sees the challenger.

Cases are the app's frozen golden set and recent runs told again. Nobody judges: a golden case is scored by
the facts that its answer has to say, a recent run by the app's own checks. Each case is a pair, a pair is won,
lost or tied, and the pairs go into the test that the rollout goes on with (`experiment.findings`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from arriero.core.words import Ended, JsonValue, Mode, Run, Variant, content_hash
from arriero.flow import AnyApp, Case, Flow
from arriero.learning.experiment.findings import Finding, Pairs, Says, judge_pairs
from arriero.security.masking import each_string

ACTOR = "gate"


class Kind(StrEnum):
    GOLDEN = "golden"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class GateCase:
    """A case that both variants answer.

    `facts` are texts that a right answer says (compared without case and spaces), `never` texts that
    a right one does not say. `answerable` False: the right thing is not to answer.
    """

    id: str
    kind: Kind
    tenant: str
    input: Mapping[str, JsonValue]
    unit: str | None = None
    facts: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """How a variant answered a case: its value from 0 to 1, whether the trained role was called, the run, what
    it said.
    """

    value: float
    run: str | None
    ended: Ended
    reached: bool
    failed: tuple[str, ...] = ()
    ms: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A case with both answers."""

    case: GateCase
    champion: Told
    challenger: Told

    @property
    def reached(self) -> bool:
        """Whether the trained part had a say in either answer: other pairs prove nothing."""
        return self.champion.reached or self.challenger.reached

    @property
    def differs(self) -> bool:
        """Whether people can choose: both said something, and not the same."""
        old, new = self.champion.text, self.challenger.text
        return bool(old and new) and old != new

    def won(self, tie: float) -> int:
        """1 when the challenger's answer is better by more than `tie`, -1 when worse, else 0."""
        gained = self.challenger.value - self.champion.value
        return 0 if abs(gained) <= tie else 1 if gained > 0 else -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found: `finding` over `pairs` (decisive ones of reached cases), in one sentence.

    `broken` are the safety checks that the challenger failed where the champion did not.
    """

    says: Says
    finding: Finding
    pairs: Pairs
    reached: int
    cases: int
    broken: tuple[str, ...]
    because: str


def value_of(case: GateCase, run: Run, text: str) -> float:
    """How good an answer is, without a judge.

    With facts: the share of them that is said, 0 when it says what it must `never`. Not answerable:
    1 when it was not answered. Else the app's own score, 0 when a check failed.
    """
    answered = run.ended is Ended.ANSWERED
    if not case.answerable:
        return float(not answered)
    if case.facts or case.never:
        plain = _plain(text)
        if not answered or any(_stands(one, plain) for one in case.never):
            return 0.0
        said = sum(_stands(fact, plain) for fact in case.facts)
        return said / len(case.facts) if case.facts else 1.0
    passed = answered and all(verdict.passed for verdict in run.verdicts)
    return (run.score or 0.0) if passed else 0.0


def judge(
    pairs: Sequence[Pair], level: float, *, tie: float, safety: Sequence[str] = ()
) -> Verdict:
    """What paired answers say of a challenger, at the `level` that online control left for this cycle."""
    reached = [pair for pair in pairs if pair.reached]
    found = [pair.won(tie) for pair in reached]
    counted = Pairs(found.count(1), found.count(-1), found.count(0))
    finding = judge_pairs(counted, level)
    broken = tuple(
        dict.fromkeys(
            check
            for pair in pairs
            for check in pair.challenger.failed
            if check in safety and check not in pair.champion.failed
        )
    )
    says, because = finding.says, _sentence(finding, counted)
    if broken:
        says, because = Says.WORSE, f"it fails {', '.join(broken)} where the champion does not"
    elif not reached:
        says, because = Says.INVALID, f"none of {len(pairs)} cases reached what was trained"
    return Verdict(says, finding, counted, len(reached), len(pairs), broken, because)


def _sentence(finding: Finding, pairs: Pairs) -> str:
    seen = f"{pairs.wins} of {pairs.decisive} decisive pairs won, {pairs.ties} ties"
    match finding.says:
        case Says.BETTER:
            return f"proved better on pairs: {seen}"
        case Says.WORSE:
            return f"proved worse on pairs: {seen}"
        case _:
            return f"not decided offline: {seen}; the shadow goes on"


@dataclass(frozen=True)
class Gate:
    """Tells cases with a variant, as shadow runs: nothing is acted on, every run is recorded.

    `roles` are those whose part was trained; a case that never calls them is not reached.
    """

    flow: Flow
    app: AnyApp
    roles: frozenset[str]

    async def pairs(
        self,
        cases: Sequence[GateCase],
        champion: Variant,
        challenger: Variant,
        *,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> Sequence[Pair]:
        """Every case with both variants, one after the other. The order of the two alternates.

        A run that is erased before its turn comes is not told again.
        """
        found: list[Pair] = []
        for number, case in enumerate(cases):
            if await self._erased(case):
                continue
            both = [champion, challenger] if number % 2 == 0 else [challenger, champion]
            told = {variant.id: await self.tell(case, variant) for variant in both}
            found.append(Pair(case, told[champion.id], told[challenger.id]))
            progress(number + 1, len(cases))
        return found

    async def _erased(self, case: GateCase) -> bool:
        if case.kind is not Kind.REPLAYED:
            return False
        run = await self.flow.ledger.run(case.tenant, case.id)
        return run is not None and not run.input

    async def tell(self, case: GateCase, variant: Variant) -> Told:
        """One case with one variant."""
        given = self.app.shapes.input.model_validate(case.input)
        asked = Case(case.tenant, ACTOR, given, case.unit)
        result = await self.flow.run(self.app, asked, mode=Mode.SHADOW, variant=variant)
        run = result.run
        text = said(self.app.shapes.answer_json.dump_python(result.outcome.answer, mode="json"))
        failed = tuple(verdict.check for verdict in run.verdicts if not verdict.passed)
        called = {call.role for call in result.trace.calls}
        return Told(
            *(value_of(case, run, text), result.run_id, run.ended),
            *(bool(self.roles & called), failed, run.duration_ms),
            text=text,
        )


def said(answer: JsonValue) -> str:
    """Every text in an answer, whatever its shape."""
    return "\n".join(filter(None, each_string(answer)))


def takes(app: AnyApp, input: Mapping[str, JsonValue]) -> bool:
    """Whether the app, as it is now, can be asked what a run once recorded."""
    try:
        app.shapes.input.model_validate(input)
    except ValidationError:
        return False
    return True


def fingerprint(cases: Sequence[GateCase]) -> str:
    """Names a frozen set of cases; how often it was used is counted by this."""
    return content_hash([[case.id, case.input, case.facts, case.never] for case in cases])


def _stands(fact: str, plain: str) -> bool:
    """Whether a text says it; a number has to be the whole number: "15 EUR" does not say "5 EUR"."""
    wanted = _plain(fact)
    before = r"(?<!\d)(?<!\d[.,])" if wanted[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if wanted[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(wanted)}{after}", plain) is not None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
