"""The flow tells every case to its end: what fails becomes a fallback, what is answered is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from arriero.core.clock import SystemClock
from arriero.core.errors import ModelTimeout, StageFailed, StoreError
from arriero.core.words import Action, Ended, Exposure, Mode, RoleBinding, Run, Share, Stage, Trace
from arriero.flow import UNRECORDED, Case, Event, Flow, Result
from arriero.models.fake import EchoGenerator
from arriero.models.roles import Models
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, Ledger, VariantRegistered
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger
from arriero.store.rows import is_error
from tests.toy import Ask, Say, Toy


async def told(flow: Flow, result: Result[Say]) -> tuple[Run, Trace]:
    """The run and its trace as the ledger has them."""
    run = await flow.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await flow.ledger.trace(run)
    assert trace is not None
    return run, trace


async def flow_for(app: Toy, ledger: Ledger | None = None) -> Flow:
    ledger = ledger or MemoryLedger()
    clock = SystemClock()
    variant = app.baseline()
    exposure = Exposure("toy", "baseline", (Share(variant.id, 1.0),))
    await ledger.commit(
        VariantRegistered(variant, clock.now()), ExposureSet(exposure, "test", clock.now())
    )
    exposures = Exposures(ledger)
    await exposures.refresh()
    models = Models({"writer": RoleBinding("fake:echo")}, {"writer": EchoGenerator("echo")}, {}, {})
    return Flow(ledger, exposures, lambda _: models, PatternMasker(), clock, "config")


def case(message: str = "hello", *, deadline_ms: float | None = None) -> Case[Ask]:
    return Case("default", "tester", Ask(message=message), "u1", deadline_ms)


async def test_a_good_draft_is_answered_and_its_run_is_in_the_ledger() -> None:
    flow = await flow_for(app := Toy())
    result = await flow.run(app, case())
    assert result.outcome.ended is Ended.ANSWERED
    run = await flow.ledger.run("default", result.run_id or "")
    assert run is not None
    assert run.answer == {"response": result.outcome.answer.response}
    assert [stage.stage for stage in run.stages] == [
        "understand",
        "gather",
        "draft",
        "judge",
        "decide",
    ]


async def test_a_seed_that_is_given_is_the_runs_own() -> None:
    flow = await flow_for(app := Toy())
    given = Case("default", "tester", Ask(message="hello"), seed=7)
    assert (await flow.run(app, given)).trace.seed == 7


async def test_whom_the_caller_does_not_know_is_no_unit_of_a_test() -> None:
    flow = await flow_for(app := Toy())
    assert (await flow.run(app, replace(case(), unit=""))).run.unit is None


@pytest.mark.parametrize("stage", ["understand", "gather", "draft", "judge"])
async def test_a_stage_that_gives_up_becomes_a_fallback_with_its_reason(stage: str) -> None:
    flow = await flow_for(app := Toy(breaks={stage: StageFailed("cannot judge")}))
    result = await flow.run(app, case())
    assert (result.outcome.ended, result.outcome.reason) == (Ended.FALLBACK, "cannot judge")


@pytest.mark.parametrize("stage", ["understand", "gather", "draft"])
async def test_a_bug_in_a_stage_becomes_a_fallback_that_names_the_stage(stage: str) -> None:
    flow = await flow_for(app := Toy(breaks={stage: ZeroDivisionError()}))
    result = await flow.run(app, case())
    assert result.outcome.ended is Ended.FALLBACK
    assert result.outcome.reason == f"error: ZeroDivisionError in {stage}"
    assert result.run_id is not None


class Impatient(Toy):
    deadline_ms = 60.0


@pytest.mark.parametrize("stage", ["understand", "gather", "draft"])
async def test_a_stage_past_the_deadline_becomes_a_fallback(stage: str) -> None:
    flow = await flow_for(app := Impatient(breaks={stage: 5.0}))
    result = await flow.run(app, case())
    assert result.outcome.reason == f"error: the deadline passed in {stage}"
    assert is_error(result.run)
    assert result.run.duration_ms < 1_000


@pytest.mark.parametrize("broken", [5.0, ModelTimeout("the model 'x' was not done")])
async def test_a_deadline_that_the_caller_cut_short_is_no_error_of_ours(
    broken: float | ModelTimeout,
) -> None:
    flow = await flow_for(app := Toy(breaks={"draft": broken}))
    result = await flow.run(app, case(deadline_ms=60.0))
    assert result.outcome.ended is Ended.FALLBACK
    assert result.outcome.reason.endswith(" (the caller allowed 60 ms)")
    assert not is_error(result.run)


@pytest.mark.parametrize(
    ("broken", "allowed"),
    [(5.0, 60.0), (5.0, 900.0), (ModelTimeout("not done"), 60.0), (ZeroDivisionError(), 1.0)],
)
async def test_what_fails_within_our_own_deadline_is_an_error_whatever_the_caller_allows(
    broken: float | Exception, allowed: float
) -> None:
    flow = await flow_for(app := Impatient(breaks={"draft": broken}))
    assert is_error((await flow.run(app, case(deadline_ms=allowed))).run)


async def test_a_failing_fallback_is_recorded_as_failed() -> None:
    flow = await flow_for(app := Toy(breaks={"gather": StageFailed("x"), "fallback": 1.0}))
    result = await flow.run(app, case())
    assert result.outcome.ended is Ended.FAILED


async def test_a_poor_draft_is_improved_once_and_the_better_one_is_answered() -> None:
    flow = await flow_for(app := Toy(first="no", second="now please"))
    result = await flow.run(app, case())
    assert result.outcome.answer.response == "now please"
    assert result.run.origin == "second"


async def test_without_improvement_a_poor_draft_is_not_shown() -> None:
    flow = await flow_for(app := Toy(first="no"))
    result = await flow.run(app, case())
    assert result.outcome.answer.response == "sorry"
    assert result.run.verdicts[0].reason == "no please"


async def test_a_variant_without_rounds_is_not_improved() -> None:
    flow = await flow_for(app := Toy(first="no", second="now please", rounds=0))
    assert (await flow.run(app, case())).outcome.ended is Ended.FALLBACK


async def test_private_data_never_reaches_a_stage_or_the_ledger_and_comes_back_in_the_answer() -> (
    None
):
    flow = await flow_for(app := Toy())
    result = await flow.run(app, case("write to jane.doe@example.org"))
    run = await flow.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await flow.ledger.trace(run)
    assert "jane" not in app.prompts[0]
    assert "jane" not in f"{run} {trace}"
    assert "jane.doe@example.org" in result.outcome.answer.response


async def test_an_action_is_performed_after_its_intent_is_committed_and_then_closed() -> None:
    flow = await flow_for(app := Toy(actions=(Action("mail", "a"),)))
    result = await flow.run(app, case())
    assert app.performed == [f"{result.run_id}:a"]
    run = await flow.ledger.run("default", result.run_id or "")
    assert run is not None
    assert run.stages[-1].stage is Stage.ACT
    assert not await flow.ledger.intended(older_than=flow.clock.now())


async def test_an_action_that_fails_stays_in_the_outbox() -> None:
    broken = Toy(actions=(Action("mail", "a"),), breaks={"act": StoreError("mail is away")})
    flow = await flow_for(broken)
    result = await flow.run(broken, case())
    assert result.outcome.ended is Ended.ANSWERED
    (left,) = await flow.ledger.intended(older_than=flow.clock.now())
    assert (left.run, left.action.key) == (result.run_id, "a")


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
async def test_only_a_live_turn_acts(mode: Mode) -> None:
    flow = await flow_for(app := Toy(actions=(Action("mail", "a"),)))
    await flow.run(app, case(), mode=mode)
    assert app.performed == []


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
async def test_a_case_is_told_again_with_another_variant(mode: Mode) -> None:
    flow = await flow_for(app := Toy(first="no", second="please"))
    plain = replace(app.baseline(), rounds=0)
    result = await flow.run(app, case(), mode=mode, variant=plain, of="run-1")
    run, _ = await told(flow, result)
    assert (run.mode, run.variant, run.of) == (mode, plain.id, "run-1")
    assert run.ended is Ended.FALLBACK  # the variant has no round to improve it in


async def test_a_live_case_is_given_no_variant() -> None:
    flow = await flow_for(app := Toy())
    with pytest.raises(ValueError, match="that its unit sees"):
        await flow.run(app, case(), variant=app.baseline())


async def test_with_the_ledger_down_an_app_that_may_answers_without_a_run_id() -> None:
    flow = await flow_for(app := Toy(), ledger := MemoryLedger())
    ledger.down = True
    result = await flow.run(app, case())
    assert (result.run_id, result.outcome.ended) == (None, Ended.ANSWERED)


class Sparing(Toy):
    """A toy whose notes may be dropped, and whose mails may not."""

    spared: ClassVar = {"note": "this is not noted"}

    def without(self, evidence: str) -> Sequence[str]:
        return [f"without more than {evidence}"]


async def test_with_the_ledger_down_an_action_that_may_be_spared_is_dropped_and_said() -> None:
    flow = await flow_for(app := Sparing(actions=(Action("note", "a"),)), ledger := MemoryLedger())
    ledger.down = True
    result = await flow.run(app, case())
    assert (result.run_id, app.performed) == (None, [])
    assert result.degraded == ("without more than evidence", UNRECORDED, "this is not noted")


@pytest.mark.parametrize("kinds", [("mail",), ("note", "mail")])
async def test_with_the_ledger_down_no_other_action_is_promised(kinds: tuple[str, ...]) -> None:
    actions = tuple(Action(kind, kind) for kind in kinds)
    flow = await flow_for(app := Sparing(actions=actions), ledger := MemoryLedger())
    ledger.down = True
    with pytest.raises(StoreError):
        await flow.run(app, case())
    assert app.performed == []


async def test_with_the_ledger_down_an_app_that_must_record_refuses() -> None:
    flow = await flow_for(app := Toy(), ledger := MemoryLedger())
    app.unrecorded = False
    ledger.down = True
    with pytest.raises(StoreError):
        await flow.run(app, case())


async def test_a_run_replays_identically_without_asking_a_model() -> None:
    flow = await flow_for(app := Toy(first="no", second="now please"))
    result = await flow.run(app, case())
    run, trace = await told(flow, result)
    silent = replace(
        flow, models_of=lambda _: Models({"writer": RoleBinding("fake:x")}, {}, {}, {})
    )
    assert list(await silent.replay(app, run, trace)) == []


async def test_a_replay_says_which_stages_came_out_different() -> None:
    flow = await flow_for(app := Toy())
    result = await flow.run(app, case())
    run, trace = await told(flow, result)
    changed = await flow.replay(Toy(first="of course please"), run, trace)
    assert {difference.stage for difference in changed} == {Stage.DRAFT, Stage.DECIDE}


async def test_a_watcher_sees_every_stage_begin_and_end_in_order() -> None:
    flow = await flow_for(app := Toy())
    events: list[Event] = []
    await flow.run(app, case(), watch=events.append)
    seen = [(event.data["stage"], event.data["state"]) for event in events]
    stages = ["understand", "gather", "draft", "judge", "decide"]
    assert seen == [(stage, state) for stage in stages for state in ("begun", "ended")]


async def test_a_call_is_recorded_with_the_masked_prompt_and_its_tokens() -> None:
    flow = await flow_for(app := Toy())
    result = await flow.run(app, case("hi 4111 1111 1111 1111"))
    _, trace = await told(flow, result)
    (call,) = trace.calls
    assert call.request["messages"][0]["content"] == "hi <CARD_1>"
    assert result.run.tokens_out == call.tokens_out > 0


async def test_a_bug_in_an_action_leaves_it_in_the_outbox_and_the_answer_with_the_customer() -> (
    None
):
    broken = Toy(actions=(Action("mail", "a"),), breaks={"act": KeyError("secret inside")})
    flow = await flow_for(broken)
    result = await flow.run(broken, case())
    assert result.outcome.ended is Ended.ANSWERED
    (left,) = await flow.ledger.intended(older_than=flow.clock.now())
    assert left.run == result.run_id
    run = await flow.ledger.run("default", left.run)
    assert run is not None
    assert "KeyError" in (run.stages[-1].error or "")
    assert "secret" not in str(run)


@pytest.mark.parametrize("rounds", [0, 1])
async def test_a_bug_where_it_is_decided_becomes_a_fallback_too(rounds: int) -> None:
    flow = await flow_for(app := Toy(breaks={"decide": ZeroDivisionError()}, rounds=rounds))
    result = await flow.run(app, case())
    assert result.outcome.reason == "error: ZeroDivisionError in decide"
    assert result.run_id is not None


async def test_what_was_understood_is_compared_though_nothing_was_found() -> None:
    flow = await flow_for(app := Toy(breaks={"gather": StageFailed("nothing there")}))
    run, trace = await told(flow, await flow.run(app, case()))
    (changed,) = await flow.replay(app, run, replace(trace, seen="something else"))
    assert (changed.stage, changed.was) == (Stage.UNDERSTAND, "something else")
