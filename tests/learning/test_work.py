"""One whole cycle on a real platform with fake models and a fake trainer: ratings in, a rollout out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.chat.app import ChatApp
from arriero.assembly import Platform, datasets, open_platform, works
from arriero.core.errors import Conflict, InputError
from arriero.core.ids import uuid7
from arriero.core.settings import (
    DatasetSettings,
    DriftSettings,
    LearningSettings,
    ModelsSettings,
    Settings,
)
from arriero.core.words import Feedback, Run
from arriero.learning import report, rollout
from arriero.learning import work as work_module
from arriero.learning.cycle import Cycle, State, Trigger
from arriero.learning.cycles import Cycles
from arriero.learning.forget import forget
from arriero.learning.gate import Gate, GateCase, Kind, Pair
from arriero.learning.judging import Blind, Judging
from arriero.learning.rollouts import Rollouts
from arriero.learning.trainers.base import Reason, Recipe, Trained, TrainingFailed
from arriero.learning.trainers.fake import FakeTrainer
from arriero.learning.work import AppWork
from arriero.store.base import Artefact, FeedbackGiven, RunErased, RunRecorded
from arriero.store.rows import erased

WORDS = "tent rope stove boots lamp map jacket bag bottle pole knife sock glove hat mug pan".split()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(
        data=tmp_path,
        models=ModelsSettings(encoder="fake:hash", folder=tmp_path / "no-models"),
        apps={
            "chat": {"models": {"chat": {"model": "fake:echo"}}},
            "support": {"enabled": False},  # what is tested here knows no app
        },
        learning=LearningSettings(
            min_examples=12,
            dataset=DatasetSettings(cosine=1, minhash=1),
            drift=DriftSettings(reference=60, batch=50),
        ),
    )
    async with open_platform(settings) as opened:
        yield opened


def cycles(platform: Platform, trainer: FakeTrainer, adapters: list[str]) -> Cycles:
    async def adapt(app: str, trained: Trained) -> str:
        adapters.append(f"{app} {trained.key}")
        return trained.key  # what a real adapter's hash would be

    return Cycles(platform.ledger, works(platform, trainer, adapt))


async def talk(platform: Platform, count: int, *, good: bool | None = None) -> None:
    """People ask the chat app, and say whether the answer was good."""
    for number in range(count):
        asked = f"{WORDS[number % 16]} or {WORDS[number * 7 % 16]}, number {number}?"
        told = await platform.run(
            "chat", {"messages": [{"role": "user", "content": asked}]}, unit=f"u-{number}"
        )
        assert told.run_id is not None
        liked = number % 3 > 0 if good is None else good
        await platform.feedback(told.run_id, "thumb", liked, user=f"person-{number}")


async def due(platform: Platform, learning: Cycles) -> Cycle:
    """A cycle of the chat app whose challenger the gate let through: its rollout is due."""
    moved = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    while moved.state is not State.EXPOSED:
        stepped = await learning.step("chat", platform.clock.now())
        assert stepped is not None
        moved = stepped
    return moved


async def test_enough_ratings_begin_a_cycle_that_ends_in_a_rollout(platform: Platform) -> None:
    trainer, adapters = FakeTrainer(), list[str]()
    learning = cycles(platform, trainer, adapters)
    now = platform.clock.now()
    assert await learning.step("chat", now) is None
    await talk(platform, 15)
    begun = await learning.step("chat", now)
    assert begun is not None
    assert (begun.trigger, begun.because) == (Trigger.FEEDBACK, "15 runs with new feedback")
    moved, states = begun, [begun.state]
    while moved.state is not State.EXPOSED:
        stepped = await learning.step("chat", now)
        assert stepped is not None
        moved = stepped
        states.append(moved.state)
    assert states == [State.COLLECTING, State.TRAINING, State.GATED, State.EXPOSED]
    assert len(trainer.trainings) == len(adapters) == 1
    assert moved.dataset is not None
    assert (platform.settings.data / "learning" / "datasets" / moved.dataset / "kto.jsonl").exists()
    await learning.step("chat", now)
    await learning.step("chat", now)
    (begun_rollout,) = await platform.rollouts.all(app="chat")
    assert begun_rollout.cycle == moved.id
    assert begun_rollout.challenger == moved.challenger
    evaluation = await platform.ledger.artefact("evaluation", moved.evaluation or "")
    assert evaluation is not None
    assert begun_rollout.plan.level == evaluation.body["level"]  # one test goes on
    challenger = await platform.ledger.variant(moved.challenger or "")
    assert challenger is not None
    assert challenger.roles["chat"].adapter == f"adapter:{trainer.trainings[0]}"
    ended = await platform.rollouts.act(begun_rollout.id, "abort", "ana")
    assert ended.state is rollout.State.ROLLED_BACK
    last = await learning.step("chat", now)
    assert last is not None
    assert (last.state, last.because) == (State.ROLLED_BACK, "aborted by ana")


async def test_the_gates_runs_act_on_nothing_and_are_recorded_as_shadows(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 15)
    moved = await due(platform, learning)
    evaluation = await platform.ledger.artefact("evaluation", moved.evaluation or "")
    assert evaluation is not None
    found = evaluation.body["finding"]
    assert (found["cases"], found["reached"], found["ties"]) == (15, 15, 15)
    run = await platform.ledger.run("default", evaluation.body["pairs"][0]["challenger"]["run"])
    assert run is not None
    assert run.mode.value == "shadow"
    assert "messages" not in evaluation.body["pairs"][0]  # what was said stays in the runs


async def test_too_little_feedback_is_a_verdict_and_not_begun_again_at_once(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 3)
    now = platform.clock.now()
    await learning.begin("chat", Trigger.PERSON, "because", now=now)
    ended = await learning.step("chat", now)
    assert ended is not None
    assert ended.state is State.INCONCLUSIVE
    assert "kto: 3 of 12" in ended.because
    assert await learning.step("chat", now) is None


@pytest.mark.parametrize(
    ("reason", "tries"),
    [
        *((Reason.CRASHED, 3), (Reason.OUT_OF_MEMORY, 3)),
        *((Reason.NAN_LOSS, 1), (Reason.DISK_FULL, 1), (Reason.WRONG_BASE, 1)),
        *((Reason.TIME_LIMIT, 1), (Reason.CANCELLED, 1)),
    ],
)
async def test_a_training_that_fails_leaves_the_champion(
    platform: Platform, reason: Reason, tries: int
) -> None:
    trainer = FakeTrainer(fails=reason)
    learning = cycles(platform, trainer, [])
    await talk(platform, 15)
    before = platform.exposures.variant("chat", None)
    moved = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    while moved.open:
        stepped = await learning.step("chat", platform.clock.now())
        assert stepped is not None
        moved = stepped
    assert moved.state is State.FAILED
    assert len(trainer.trainings) == tries
    await platform.exposures.refresh()
    assert platform.exposures.variant("chat", None) == before


async def test_an_adapter_that_cannot_be_served_as_trained_ends_the_cycle(
    platform: Platform,
) -> None:
    async def refused(app: str, trained: Trained) -> str:
        raise TrainingFailed(Reason.NOT_SERVED, "what is served is not what was trained")

    learning = Cycles(platform.ledger, works(platform, FakeTrainer(), refused))
    await talk(platform, 15)
    moved = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    while moved.open:
        stepped = await learning.step("chat", platform.clock.now())
        assert stepped is not None
        moved = stepped
    assert (moved.state, moved.because) == (State.FAILED, "what is served is not what was trained")


@pytest.mark.parametrize("good", [False, True])
async def test_one_kind_of_thumb_alone_is_a_verdict_and_the_champion_goes_on(
    platform: Platform, good: bool
) -> None:
    learning = cycles(platform, trainer := FakeTrainer(), [])
    await talk(platform, 15, good=good)
    before, now = platform.exposures.variant("chat", None), platform.clock.now()
    begun = await learning.step("chat", now)
    assert begun is not None
    ended = await learning.step("chat", now)
    assert ended is not None
    assert (ended.state, trainer.trainings) == (State.INCONCLUSIVE, [])
    assert f"{15 * good} good and {15 * (not good)} bad answers" in ended.because
    await platform.exposures.refresh()
    assert platform.exposures.variant("chat", None) == before
    assert await learning.step("chat", now) is None


async def test_a_thousand_thumbs_of_one_person_on_one_run_begin_no_cycle_and_teach_nothing(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 3)
    run, now = (await platform.ledger.runs("default", app="chat"))[0], platform.clock.now()
    thumbs = [
        Feedback(f"f-{number}", "default", run.id, "webshop/one", now, "thumb", value=False)
        for number in range(1_000)
    ]
    await platform.ledger.commit(*map(FeedbackGiven, thumbs))
    assert await learning.step("chat", now) is None
    await learning.begin("chat", Trigger.PERSON, "because", now=now)
    ended = await learning.step("chat", now)
    assert ended is not None
    assert "kto: 3 of 12" in ended.because  # the burst is set aside; what others said stays


async def exposed(platform: Platform, learning: Cycles) -> Cycle:
    """A cycle whose challenger is in its shadow."""
    await talk(platform, 15)
    await due(platform, learning)
    begun = await learning.step("chat", platform.clock.now())
    assert begun is not None
    return begun


async def test_without_traffic_for_a_day_a_cycle_waits_and_the_champion_goes_on(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    waiting = await exposed(platform, learning)
    for hours in (1, 12, 24):
        later = platform.clock.now() + timedelta(hours=hours)
        await platform.rollouts.look(later)
        assert await learning.step("chat", later) == waiting
    (begun,) = await platform.rollouts.all(app="chat")
    assert (begun.state, begun.share) == (rollout.State.SHADOW, 0.0)
    await platform.exposures.refresh()
    assert {platform.exposures.variant("chat", f"u-{n}").id for n in range(50)} == {begun.champion}


async def test_a_clock_that_goes_back_two_days_moves_no_cycle_back(platform: Platform) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    waiting = await exposed(platform, learning)
    early = platform.clock.now() - timedelta(days=2)
    assert await learning.step("chat", early) == waiting
    await platform.rollouts.look(early)
    (begun,) = await platform.rollouts.all(app="chat")
    assert begun.open
    ended = await learning.abort(waiting.id, early, "ana")
    assert ended.at >= waiting.at
    work = learning.works["chat"]
    assert isinstance(work, AppWork)
    every = replace(work, settings=work.settings.model_copy(update={"every_h": 1.0}))
    assert await every.trigger(ended, early) is None  # the schedule waits until the clock is there


async def test_a_drift_begins_a_cycle_whose_report_says_so(platform: Platform) -> None:
    async def drifted(champion: str, since: datetime | None, now: datetime) -> str | None:
        return None if since else f"drift of what {champion.partition('@')[0]} is asked"

    work = cycles(platform, FakeTrainer(), []).works["chat"]
    assert isinstance(work, AppWork)
    learning = Cycles(platform.ledger, {"chat": replace(work, drifted=drifted)})
    now = platform.clock.now()
    begun = await learning.step("chat", now)
    assert begun is not None
    assert (begun.trigger, begun.why) == (Trigger.DRIFT, "drift of what chat is asked")
    ended = await learning.step("chat", now)
    assert ended is not None
    assert (ended.state, ended.why) == (State.INCONCLUSIVE, begun.why)
    told = report.to_markdown(await report.gather(platform.ledger, "default", begun.id))
    assert "UTC began (drift): drift of what chat is asked" in told
    assert await learning.step("chat", now) is None  # the cycle was a new beginning


async def test_the_platform_looks_out_for_drift(platform: Platform) -> None:
    settings = platform.settings.learning.drift
    for number in range(settings.reference + 3 * settings.batch):
        asked = "Hello there" if number < settings.reference else "Is the green tent dry inside?"
        said = {"messages": [{"role": "user", "content": f"{asked} {number}"}]}
        await platform.run("chat", said)
    begun = await cycles(platform, FakeTrainer(), []).step("chat", platform.clock.now())
    assert begun is not None
    assert (begun.trigger, "drift of" in begun.because) == (Trigger.DRIFT, True)


async def test_a_platform_that_serves_starts_a_challengers_model_before_units_see_it(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    champion = platform.apps["chat"].baseline()
    absent = replace(champion.roles["chat"], model="llama:smollm2-135m")
    challenger = replace(champion, roles={"chat": absent})
    platform.exposures.prepare_with(platform.make_ready)
    await platform.rollouts.start("chat", challenger, actor="ana", forced=True, because="a test")
    await platform.exposures.refresh()
    seen = {platform.exposures.variant("chat", f"u-{number}").id for number in range(50)}
    assert seen == {champion.id}
    for _ in range(100):
        await asyncio.sleep(0.02)  # the platform itself follows the exposure
        seen |= {platform.exposures.variant("chat", f"u-{number}").id for number in range(50)}
    assert seen == {champion.id, challenger.id}
    assert (
        f"variant {challenger.id} is not ready" in caplog.text
    )  # it was tried: no model lies here


async def test_a_schedule_begins_cycles_too(platform: Platform) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    work = learning.works["chat"]
    assert isinstance(work, AppWork)
    every = replace(work, settings=work.settings.model_copy(update={"every_h": 24.0}))
    now: datetime = platform.clock.now()
    assert await every.trigger(None, now) == (Trigger.SCHEDULE, "24 hours have passed")
    await learning.begin("chat", Trigger.PERSON, "because", now=now)
    (last,) = await learning.listed("chat")
    assert await every.trigger(last, now + timedelta(hours=23)) is None
    assert await every.trigger(last, now + timedelta(hours=24)) is not None


async def test_pairs_against_a_champion_that_serves_no_more_prove_nothing(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 15)
    await due(platform, learning)
    other = replace(platform.apps["chat"].baseline(), rounds=3)
    chosen = await platform.rollouts.start("chat", other, actor="ana", forced=True)
    await platform.rollouts.act(chosen.id, "promote", "ana")
    ended = await learning.step("chat", platform.clock.now())
    assert ended is not None
    assert (ended.state, "another champion" in ended.because) == (State.INVALID, True)
    assert [it.id for it in await platform.rollouts.all(app="chat")] == [chosen.id]


@pytest.mark.parametrize("when", ["before", "training", "adapting"])
async def test_what_somebody_was_erased_from_meanwhile_makes_no_challenger(
    platform: Platform, when: str
) -> None:
    async def erase() -> None:
        told = await forget(
            platform.ledger, platform.flow.vaults, [],
            root=datasets(platform.settings), mark=platform.sealer.mark("default"),
            tenant="default", person="person-4", actor="ana", at=platform.clock.now(),
        )  # fmt: skip
        assert [one.rows for one in told.datasets] == [1]

    class Interrupted(FakeTrainer):
        async def train(self, *args: Any, **named: Any) -> Trained:
            trained = await super().train(*args, **named)
            await erase()
            return trained

    async def adapt(app: str, trained: Trained) -> str:
        adapters.append(app)
        await erase()
        return trained.key

    adapters = list[str]()
    trainer = Interrupted() if when == "training" else FakeTrainer()
    learning = Cycles(platform.ledger, works(platform, trainer, adapt))
    await talk(platform, 15)
    begun = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    await learning.step("chat", platform.clock.now())
    if when == "before":
        await erase()
    ended = await learning.step("chat", platform.clock.now())
    assert ended is not None
    assert (ended.id, ended.state, ended.challenger) == (begun.id, State.FAILED, None)
    assert "erased" in ended.because
    assert adapters == ["chat"] * (when == "adapting")
    assert not (platform.settings.data / "learning" / "trained" / (ended.training or "")).exists()


async def test_an_abort_ends_the_training(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(FakeTrainer):
        ended = False

        async def train(self, *args: Any, **named: Any) -> Trained:
            try:
                await asyncio.sleep(3_600)
            finally:
                self.ended = True
            raise AssertionError("nobody ended it")

    monkeypatch.setattr(work_module, "LOOK_S", 0.02, raising=False)
    trainer = Endless()
    learning = cycles(platform, trainer, [])
    await talk(platform, 15)
    begun = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    await learning.step("chat", platform.clock.now())
    training = asyncio.create_task(learning.step("chat", platform.clock.now()))
    await asyncio.sleep(0.05)
    await learning.abort(begun.id, platform.clock.now(), "ana")
    with pytest.raises(Conflict, match="moved meanwhile"):
        await asyncio.wait_for(training, 5)
    assert trainer.ended
    assert (await learning.listed("chat"))[0].because == "aborted by ana"


@pytest.mark.parametrize("state", [State.COLLECTING, State.GATED])
async def test_an_abort_ends_what_else_a_cycle_does(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    ended: list[State] = []

    async def endless(*args: Any, **named: Any) -> Any:
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.append(state)

    monkeypatch.setattr(work_module, "LOOK_S", 0.02)
    learning = cycles(platform, FakeTrainer(), [])
    own = learning.works["chat"]
    assert isinstance(own, AppWork)
    await talk(platform, 15)
    moved = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    while moved.state is not state:
        stepped = await learning.step("chat", platform.clock.now())
        assert stepped is not None
        moved = stepped
    monkeypatch.setattr(Gate, "pairs", endless)
    slow = Cycles(platform.ledger, {"chat": replace(own, build=endless)})
    working = asyncio.create_task(slow.step("chat", platform.clock.now()))
    await asyncio.sleep(0.05)
    await learning.abort(moved.id, platform.clock.now(), "ana")
    with pytest.raises(Conflict, match="moved meanwhile"):
        await asyncio.wait_for(working, 5)
    assert ended == [state]


async def test_people_cannot_judge_what_never_reached_the_trained_part(platform: Platform) -> None:
    own = cycles(platform, FakeTrainer(), []).works["chat"]
    assert isinstance(own, AppWork)
    gate = own.settings.gate.model_copy(update={"people": True, "replayed": 0})
    asking = replace(own, settings=own.settings.model_copy(update={"gate": gate}))
    learning = Cycles(platform.ledger, {"chat": asking})
    await talk(platform, 15)
    moved = await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    for _ in range(3):
        stepped = await learning.step("chat", platform.clock.now())
        assert stepped is not None
        moved = stepped
    assert (moved.state, moved.because) == (
        State.INVALID,
        "none of 0 cases reached what was trained",
    )


async def test_a_cycle_that_waits_for_people_names_what_they_have_to_judge(
    platform: Platform,
) -> None:
    own = cycles(platform, FakeTrainer(), []).works["chat"]
    assert isinstance(own, AppWork)
    gate = own.settings.gate.model_copy(update={"people": True})
    asking = replace(own, settings=own.settings.model_copy(update={"gate": gate}))

    async def none_yet(judging: Judging, evaluation: Artefact) -> Blind:
        return Blind("c", "Which?", "This", "That")  # the fake model's answers are all alike

    learning = Cycles(platform.ledger, {"chat": asking})
    await talk(platform, 15)
    await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Judging, "next", none_yet)
        patch.setattr(Pair, "differs", True)
        for _ in range(3):
            waits = await learning.step("chat", platform.clock.now())
    assert waits is not None
    assert (waits.state, waits.waits) == (
        State.GATED,
        "0 of 15 pairs are judged: `arriero judge`",
    )
    judging = Judging(platform.ledger, "default")
    assert (await judging.newest()).id == waits.evaluation


async def test_answers_that_are_alike_are_nobodys_to_judge(platform: Platform) -> None:
    await talk(platform, 15)
    moved = await due(platform, cycles(platform, FakeTrainer(), []))
    judging = Judging(platform.ledger, "default")
    evaluation = await judging.evaluation(moved.id)
    assert evaluation.body["finding"]["reached"] == 15
    assert (
        await judging.standing(evaluation)
    ).of == 0  # the fake model says the same with its adapter


async def also_recorded(platform: Platform, **changed: Any) -> Run:
    """The newest run once more, with what is `changed` of it."""
    run = (await platform.ledger.runs("default", app="chat"))[0]
    trace = await platform.ledger.trace(run)
    assert trace is not None
    other = replace(run, id=uuid7(), **changed)
    await platform.ledger.commit(RunRecorded(other, trace))
    return other


async def test_a_run_whose_input_the_app_takes_no_more_is_left_out_of_the_gate(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 15)
    old = await also_recorded(platform, unit="long-ago", input={"text": "Is it dry?"})
    await platform.feedback(old.id, "thumb", False, user="person-long-ago")
    moved = await due(platform, learning)
    evaluation = await platform.ledger.artefact("evaluation", moved.evaluation or "")
    assert evaluation is not None
    assert evaluation.body["finding"]["cases"] == 15


async def test_a_run_whose_server_counted_no_tokens_is_a_case_of_the_gate(
    platform: Platform,
) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    await talk(platform, 15)
    await also_recorded(platform, unit="elsewhere", tokens_in=0, tokens_out=0)
    moved = await due(platform, learning)
    evaluation = await platform.ledger.artefact("evaluation", moved.evaluation or "")
    assert evaluation is not None
    assert evaluation.body["finding"]["cases"] == 16


async def test_a_run_that_is_erased_before_its_turn_is_not_told_again(platform: Platform) -> None:
    await talk(platform, 2)
    runs = await platform.ledger.runs("default", app="chat")
    cases = [GateCase(one.id, Kind.REPLAYED, one.tenant, one.input, one.unit) for one in runs]
    await platform.ledger.commit(RunErased(erased(runs[0]), "ana", platform.clock.now()))
    gate = Gate(platform.flow, platform.app("chat"), frozenset({"chat"}))
    champion = platform.exposures.variant("chat", None)
    assert [it.case.id for it in await gate.pairs(cases, champion, champion)] == [runs[1].id]


async def test_aborting_a_cycle_takes_its_challenger_back(platform: Platform) -> None:
    learning = cycles(platform, FakeTrainer(), [])
    shown = await exposed(platform, learning)
    ended = await learning.abort(shown.id, platform.clock.now(), "ana")
    (rolled,) = await platform.rollouts.all(app="chat")
    assert (ended.state, rolled.state) == (State.INCONCLUSIVE, rollout.State.ROLLED_BACK)
    assert rolled.because == "aborted by ana"
    there = (await platform.ledger.exposures())["chat"]
    assert [(it.variant, it.share) for it in there.shares] == [(shown.champion, 1.0)]
    assert [leaf.kind for leaf in await platform.ledger.leaves()][-3:] == [
        *("cycle.moved", "rollout.moved", "exposure.set")
    ]


async def test_an_adapter_of_another_base_brings_that_base(platform: Platform) -> None:
    own = cycles(platform, FakeTrainer(), []).works["chat"]
    assert isinstance(own, AppWork)
    other = replace(own, recipe=lambda bound, route: Recipe("fake", "smollm2-135m", route.value))
    learning = Cycles(platform.ledger, {"chat": other})
    await talk(platform, 15)
    await learning.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    await learning.step("chat", platform.clock.now())
    made = await learning.step("chat", platform.clock.now())
    assert made is not None
    challenger = await platform.ledger.variant(made.challenger or "")
    assert challenger is not None
    assert challenger.roles["chat"].model == "llama:smollm2-135m"


async def test_a_role_of_another_app_keeps_no_app_from_learning(platform: Platform) -> None:
    learning = platform.settings.learning.model_copy(update={"role": "response_generator"})
    settings = platform.settings.model_copy(update={"learning": learning})
    trainer, adapters = FakeTrainer(), list[str]()
    own = cycles(replace(platform, settings=settings), trainer, adapters)
    await talk(platform, 15)
    await own.begin("chat", Trigger.PERSON, "because", now=platform.clock.now())
    await own.step("chat", platform.clock.now())
    made = await own.step("chat", platform.clock.now())
    assert made is not None
    challenger = await platform.ledger.variant(made.challenger or "")
    assert challenger is not None
    assert challenger.roles["chat"].adapter == f"adapter:{trainer.trainings[0]}"


async def test_an_abort_while_the_rollout_begins_takes_it_back(platform: Platform) -> None:
    class Slow(Rollouts):
        async def start(self, *args: Any, **named: Any) -> rollout.Rollout:
            await learning.abort(named["cycle"], platform.clock.now(), "ana")
            return await super().start(*args, **named)

    own = cycles(platform, FakeTrainer(), []).works["chat"]
    assert isinstance(own, AppWork)
    slow = Slow(platform.ledger, platform.clock, platform.settings.learning.rollout)
    learning = Cycles(platform.ledger, {"chat": replace(own, rollouts=slow)})
    with pytest.raises(Conflict, match="moved meanwhile"):
        await exposed(platform, learning)
    (rolled,) = await platform.rollouts.all(app="chat")
    assert rolled.state is rollout.State.ROLLED_BACK


def test_a_golden_question_that_the_app_does_not_take_is_named_before_any_is_asked(
    platform: Platform, tmp_path: Path
) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(
        '{"input": {"messages": [{"role": "user", "content": "Is it dry?"}]}, "facts": ["yes"]}\n'
        '{"input": {"text": "Is it dry?"}, "facts": ["yes"]}\n'
    )
    chat = platform.apps["chat"]
    assert isinstance(chat, ChatApp)
    chat.golden = file
    with pytest.raises(InputError, match="golden-1 of 'chat' is no input of the app"):
        platform.exams.golden(chat)
