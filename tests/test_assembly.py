"""The platform as a whole, embedded, with fakes of its models: what is wired works together."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.apps.support.app import SupportApp
from arriero.assembly import Platform, app_settings, configuration, open_platform, writable
from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, SettingsError, StoreError
from arriero.core.ids import uuid7
from arriero.core.settings import Settings
from arriero.core.words import Action, Alert, Ended, Exposure, Share
from arriero.learning.shadows import Shadows
from arriero.store.base import AlertSaved, ExposureSet, RunRecorded, VariantRegistered

FAKES = {
    "models": {
        "intent_classifier": {"model": "fake:shipping_cost"},
        "response_generator": {"model": "fake:echo"},
        "sentiment_analyzer": {"model": "fake:neutral"},
    }
}


def fake_settings(folder: Path, **more: object) -> Settings:
    table = {"data": folder, "models": {"encoder": "fake:hash"}, "apps": {"support": FAKES}, **more}
    return Settings.model_validate(table)


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(fake_settings(tmp_path), clock=HeldClock()) as opened:
        yield opened


async def test_python_asks_support_and_the_answer_is_in_the_ledger(platform: Platform) -> None:
    result = await platform.support.inquire("What does express delivery cost?", customer="c-0042")
    assert result.outcome.ended is Ended.ANSWERED
    run = await platform.ledger.run("default", result.run_id or "")
    assert run is not None
    assert run.versions["index"]
    assert run.config == configuration(platform.settings, platform.sections)


async def test_the_folder_of_articles_is_followed_at_a_start_also_once_a_draft_was_approved(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "care.md").write_text("# Caring for wool\n\nWool is washed at 30 degrees.\n")
    apps = {"support": {**FAKES, "articles": own}}
    settings = fake_settings(tmp_path / "data", apps=apps)
    async with open_platform(settings, clock=(clock := HeldClock())) as platform:
        app = platform.apps["support"]
        assert isinstance(app, SupportApp)
        assert app.gaps is not None
        text = "# Loan\n\nWe lend tents to schools.\n"
        await app.gaps.shelf.publish("gap-1", text, [], "ada", clock.now())
    (own / "care.md").write_text("# Caring for wool\n\nWool is washed at 20 degrees.\n")
    (own / "gifts.md").write_text("# Gift cards\n\nA gift card holds for three years.\n")
    async with open_platform(settings, clock=clock) as platform:
        app = platform.apps["support"]
        assert isinstance(app, SupportApp)
        hits = await app.index.search("wool gift card tents schools", k=9)
    assert {hit.passage.text for hit in hits} == {
        "Wool is washed at 20 degrees.",
        "A gift card holds for three years.",
        "We lend tents to schools.",
    }


@pytest.mark.parametrize("conversation", [None, "chat-1"])
async def test_a_colleague_and_a_customer_read_what_each_of_them_wrote(
    platform: Platform, conversation: str | None
) -> None:
    asked = "My mail is zoe@mail.example. I want to talk to a human."
    result = await platform.support.inquire(asked, customer="c-0042", conversation=conversation)
    (task,) = await platform.ledger.tasks("default", kind="hand_over")
    app = platform.apps["support"]
    assert isinstance(app, SupportApp)
    answer = "Please write to help@shop.example, or call +43 660 1234567."
    await app.handovers.accept("default", task.id, "ann")
    await app.handovers.reply("default", task.id, "ann", answer)
    about = await app.handovers.about(task, "ann")
    assert about["summary"]["problem"] == asked
    said = await app.handovers.messages("default", conversation or str(result.run_id))
    assert [one["text"] for one in said if one["sender"] != "service"] == [asked, answer]
    assert [one["text"] for one in about["messages"]] == [one["text"] for one in said]


async def test_an_input_that_an_app_cannot_take_is_one_sentence(platform: Platform) -> None:
    with pytest.raises(InputError, match="support cannot take 'message'"):
        await platform.support.inquire("   ")


async def test_every_engine_answers_its_ping(platform: Platform) -> None:
    ready = await platform.readiness()
    assert {"ledger", "cache", "app:support"} <= set(ready)
    assert [ping.error for ping in ready.values() if ping.error] == []


async def test_an_unknown_app_is_one_sentence(platform: Platform) -> None:
    with pytest.raises(InputError, match="there is no app 'poetry'"):
        platform.app("poetry")


def test_an_unknown_app_in_the_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown app 'poetry'"):
        app_settings(fake_settings(tmp_path, apps={"poetry": {}}))


def test_an_unknown_key_of_an_app_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"unknown setting 'colour'.*|in \[apps.support\].*"):
        app_settings(fake_settings(tmp_path, apps={"support": {"colour": "red"}}))


async def test_changed_settings_become_the_champion_while_nothing_was_promoted(
    tmp_path: Path,
) -> None:
    async with open_platform(fake_settings(tmp_path)) as first:
        before = first.exposures.variant("support", None)
    changed = {"support": {**FAKES, "release_at": 0.6}}
    async with open_platform(fake_settings(tmp_path, apps=changed)) as second:
        after = second.exposures.variant("support", None)
    assert (before.thresholds["release"], after.thresholds["release"]) == (0.7, 0.6)


async def test_a_promoted_champion_wins_over_changed_settings(tmp_path: Path) -> None:
    async with open_platform(fake_settings(tmp_path)) as first:
        better = replace(first.exposures.variant("support", None), prompts={"system": "better"})
        exposure = Exposure("support", "rollout-1", (Share(better.id, 1.0),))
        now = first.clock.now()
        await first.ledger.commit(
            VariantRegistered(better, now), ExposureSet(exposure, "learning", now)
        )
    changed = {"support": {**FAKES, "release_at": 0.6}}
    async with open_platform(fake_settings(tmp_path, apps=changed)) as second:
        assert second.exposures.variant("support", None).id == better.id
        challenger = await second.ledger.variant(second.apps["support"].baseline().id)
        assert challenger is not None


async def test_a_rollback_reaches_the_flow_within_a_second(platform: Platform) -> None:
    champion = platform.exposures.variant("support", "u")
    other = replace(champion, rounds=0)
    now = platform.clock.now()
    exposure = Exposure("support", "r2", (Share(other.id, 1.0),))
    await platform.ledger.commit(VariantRegistered(other, now), ExposureSet(exposure, "t", now))
    await platform.exposures.refresh()
    assert platform.exposures.variant("support", "u").id == other.id
    result = await platform.support.inquire("How much is shipping?")
    assert result.run.variant == other.id


async def test_an_alert_is_raised_when_a_threshold_is_crossed_and_cleared_again(
    tmp_path: Path,
) -> None:
    clock = HeldClock()
    thresholds = {"minimum_runs": 2, "quality": 1.0, "window_s": 60}
    apps = {"support": {**FAKES, "thresholds": thresholds, "release_at": 0.1}}
    async with open_platform(fake_settings(tmp_path, apps=apps), clock=clock) as platform:
        for _ in range(3):
            await platform.support.inquire("do you have anything about llamas and shipping?")
        await platform.jobs().tick(clock.now())
        (alert,) = await platform.ledger.alerts()
        assert (alert.app, alert.name) == ("support", "quality")
        assert b'arriero_alert{app="support",name="quality"} 1' in platform.metrics.text()
        clock.advance(120)
        await platform.jobs().tick(clock.now())
        assert not await platform.ledger.alerts()
        assert len(await platform.ledger.alerts(open_only=False)) == 1


async def test_what_a_crash_left_intended_is_finished_once(platform: Platform) -> None:
    """The process died between the commit of the intent and the action: the job performs it."""
    result = await platform.support.inquire("How much is shipping?")
    run = await platform.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await platform.ledger.trace(run)
    assert trace is not None
    left = replace(run, id=uuid7(), trace=None)
    action = Action("hand_over", "hand-over", {"reason": "test"})
    await platform.ledger.commit(RunRecorded(left, trace, (action,)))
    clock = platform.clock
    assert isinstance(clock, HeldClock)
    for _ in range(2):
        clock.advance(60)
        await platform.jobs("another").tick(clock.now())
    tasks = await platform.ledger.tasks("default", kind="hand_over")
    assert [task.run for task in tasks].count(left.id) == 1
    assert not await platform.ledger.intended(older_than=clock.now())


async def test_an_action_that_never_succeeds_is_handed_to_a_person(platform: Platform) -> None:
    result = await platform.support.inquire("How much is shipping?")
    run = await platform.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await platform.ledger.trace(run)
    assert trace is not None
    left = replace(run, id=uuid7(), trace=None)
    await platform.ledger.commit(RunRecorded(left, trace, (Action("fly", "a"),)))
    clock = platform.clock
    assert isinstance(clock, HeldClock)
    clock.advance(7_200)
    await platform.jobs().tick(clock.now())
    (task,) = await platform.ledger.tasks("default", kind="failed_action")
    assert "fly" in str(task.payload)


async def test_a_missing_model_disables_its_app_and_says_what_to_pull(tmp_path: Path) -> None:
    models = {"encoder": "onnx:minilm-l6", "folder": tmp_path / "none"}
    async with open_platform(fake_settings(tmp_path, models=models)) as platform:
        assert platform.needs == {"support": "minilm-l6"}
        with pytest.raises(Exception, match="arriero models pull minilm-l6"):
            platform.app("support")


async def test_a_missing_text_model_leaves_the_articles_to_answer_and_says_what_to_pull(
    tmp_path: Path,
) -> None:
    roles = {**FAKES["models"], "response_generator": {"model": "llama:smollm2-135m"}}
    roles["intent_classifier"] = {"model": "fake:product_advice"}
    models = {"encoder": "fake:hash", "folder": tmp_path / "none"}
    # A hash is no encoder: what it finds is not to be judged here.
    apps = {"support": {"models": roles, "release_at": 0.0, "wording": "free"}}
    async with open_platform(fake_settings(tmp_path, models=models, apps=apps)) as platform:
        result = await platform.support.inquire("Which tent for two in winter?")
        run = await platform.ledger.run("default", result.run_id or "")
        assert run is not None
        trace = await platform.ledger.trace(run)
        assert trace is not None
        assert result.outcome.origin == "extractive"
        assert "arriero models pull smollm2-135m" in (trace.calls[-1].error or "")


def test_the_configuration_s_hash_is_of_what_is_in_force(tmp_path: Path) -> None:
    spelled = {"support": {**FAKES, "release_at": 0.7}}
    changed = {"support": {**FAKES, "release_at": 0.6}}
    base = fake_settings(tmp_path)
    same = fake_settings(tmp_path, apps=spelled)
    other = fake_settings(tmp_path, apps=changed)
    hashes = [configuration(one, app_settings(one)) for one in (base, same, other)]
    assert hashes[0] != hashes[2]
    thresholds = [app_settings(one)["support"] for one in (base, same)]
    assert thresholds[0] == thresholds[1]


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        writable(tmp_path / "file" / "data")


async def test_a_corrupt_ledger_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError):
        async with open_platform(fake_settings(tmp_path)):
            pass


async def test_the_ledger_holds_no_secret_and_no_private_value(tmp_path: Path) -> None:
    async with open_platform(fake_settings(tmp_path)) as platform:
        await platform.support.inquire("shipping? reply to ann.lee@example.org")
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert "ann.lee" not in dump
    assert b"ann.lee" not in b"".join(
        file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()
    )


async def test_an_app_whose_only_model_is_not_pulled_is_named_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    models = {"encoder": "fake:hash", "folder": tmp_path / "none"}
    async with open_platform(fake_settings(tmp_path, models=models)) as platform:
        assert platform.lacking() == {"chat": "smollm2-135m", "codegen": "qwen2.5-coder-0.5b"}
        assert not [name for name, ping in (await platform.readiness()).items() if ping.error]


async def test_python_asks_for_code(tmp_path: Path) -> None:
    async with open_platform(fake_settings(tmp_path)) as platform:
        result = await platform.code.generate("Write a keylogger in Python.")
        assert result.outcome.ended is Ended.REFUSED


async def _left(
    platform: Platform, action: Action, *, took_ms: float = 10.0, conversation: str | None = None
) -> str:
    """The id of a run whose action was intended and not performed."""
    result = await platform.support.inquire("How much is shipping?", conversation=conversation)
    run = await platform.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await platform.ledger.trace(run)
    assert trace is not None
    left = replace(run, id=uuid7(), trace=None, duration_ms=took_ms)
    await platform.ledger.commit(RunRecorded(left, trace, (action,)))
    return left.id


async def test_a_bug_in_one_action_keeps_no_other_from_being_finished(platform: Platform) -> None:
    performed, support = [], platform.apps["support"]

    class Buggy:
        def __getattr__(self, name: str) -> object:
            return getattr(support, name)

        async def perform(self, tenant: str, run: str, action: Action) -> dict[str, str]:
            performed.append(action.key)
            if action.kind == "bug":
                raise KeyError("secret inside")
            return {}

    platform.apps["support"] = Buggy()  # type: ignore[assignment]
    broken = await _left(platform, Action("bug", "a"))
    clock = platform.clock
    assert isinstance(clock, HeldClock)
    clock.advance(1)
    await _left(platform, Action("mail", "b"))
    clock.advance(60)
    await platform.jobs().tick(clock.now())
    assert performed == ["a", "b"]
    assert [one.run for one in await platform.ledger.intended(older_than=clock.now())] == [broken]
    clock.advance(7_200)
    await platform.jobs().tick(clock.now())
    (task,) = await platform.ledger.tasks("default", kind="failed_action")
    assert "KeyError" in str(task.payload)
    assert "secret" not in str(task.payload)


async def test_an_action_of_a_long_run_is_left_to_the_flow_that_has_just_recorded_it(
    platform: Platform,
) -> None:
    clock = platform.clock
    assert isinstance(clock, HeldClock)
    long = await _left(
        platform, Action("hand_over", "hand-over", {"reason": "test"}), took_ms=60_000
    )
    clock.advance(61)
    await platform.jobs().tick(clock.now())
    assert [one.run for one in await platform.ledger.intended(older_than=clock.now())] == [long]
    clock.advance(20)
    await platform.jobs().tick(clock.now())
    assert not await platform.ledger.intended(older_than=clock.now())


async def test_what_a_finished_action_tells_of_a_person_is_covered(platform: Platform) -> None:
    class Telling:
        def __init__(self, app: object) -> None:
            self.app = app

        def __getattr__(self, name: str) -> object:
            return getattr(self.app, name)

        async def perform(self, tenant: str, run: str, action: Action) -> dict[str, str]:
            if action.kind == "fail":
                raise StoreError("no mailbox ann.lee@example.org")
            return {"sent": "to ann.lee@example.org"}

    asked = "How much is shipping? Reply to ann.lee@example.org"
    await platform.support.inquire(asked, conversation="c-1")
    platform.apps["support"] = Telling(platform.apps["support"])  # type: ignore[assignment]
    for kind in ("mail", "fail"):
        await _left(platform, Action(kind, kind), conversation="c-1")
    clock = platform.clock
    assert isinstance(clock, HeldClock)
    clock.advance(7_200)
    await platform.jobs().tick(clock.now())
    (task,) = await platform.ledger.tasks("default", kind="failed_action")
    assert task.payload["why"] == "no mailbox <EMAIL_1>"
    with sqlite3.connect(platform.settings.data / "ledger.db") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert "to <EMAIL_1>" in dump
    assert "ann.lee" not in dump


async def test_no_two_workers_hold_a_lease_under_one_name(platform: Platform) -> None:
    """Two containers on one host's network have its name, and their first process has one number."""
    assert platform.jobs().holder != platform.jobs().holder


def test_two_processes_may_look_at_a_folder_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(writable, [tmp_path] * 2_000)) == {tmp_path}


async def test_a_shadow_is_ended_before_the_app_that_it_asks_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[type] = []

    async def note(it: object) -> None:
        closed.append(type(it))

    for kind in (Shadows, SupportApp):
        monkeypatch.setattr(kind, "close", note)
    async with open_platform(fake_settings(tmp_path)):
        pass
    assert closed == [Shadows, SupportApp]


async def test_an_alert_of_an_app_that_was_closed_is_cleared(tmp_path: Path) -> None:
    clock = HeldClock()
    alert = Alert("a1", "support", "error_rate", 0.5, 0.05, clock.now())
    apps = {"support": {**FAKES, "enabled": False}}
    async with open_platform(fake_settings(tmp_path, apps=apps), clock=clock) as platform:
        await platform.ledger.commit(AlertSaved(alert))
        clock.advance(600)
        await platform.jobs().tick(clock.now())
        assert not await platform.ledger.alerts()
