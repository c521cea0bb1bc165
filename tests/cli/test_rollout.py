"""`arriero rollout ...`: begun with a cycle's guardrails, moved by a person, and told what is wrong."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

from arriero.assembly import Platform, open_platform, open_store
from arriero.cli.rollout import rollout
from arriero.core.errors import ArrieroError
from arriero.core.settings import Settings
from arriero.learning import cycle
from arriero.learning.experiment.findings import Pairs
from arriero.learning.rollout import Plan
from arriero.learning.rollouts import BODY
from arriero.store.base import MachineMoved, VariantRegistered
from arriero.store.ledger import SqlLedger
from tests.cli.conftest import Ended, Place, one_sentence, up

# One small app on a fake: what is tested here knows no app.
CHAT = """
[models]
encoder = "fake:hash"
[server]
port = 0
[apps.support]
enabled = false
[apps.chat.models]
chat = { model = "fake:echo" }
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Here(Place):
    """A place whose commands run in this process: the entry point itself is tested elsewhere."""

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> Ended:
        where = ("--config", str(self.folder / "arriero.toml"), "--data", str(self.data))
        done = CliRunner().invoke(rollout, [*argv[1:], *where], env=dict(env or {}))
        match done.exception:
            case None | SystemExit():
                return Ended(done.exit_code, done.stdout, done.stderr)
            case ArrieroError() as error:
                return Ended(2, done.stdout, f"arriero: {error.message}\n")
            case other:
                raise other


def settings(place: Place) -> Settings:
    return Settings.load(place.folder / "arriero.toml", data=place.data)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A data folder whose ledger knows two variants besides the champion."""
    place = Place(tmp_path_factory.mktemp("prepared"))
    place.configure(CHAT)

    async def register(platform: Platform) -> None:
        champion, now = platform.apps["chat"].baseline(), platform.clock.now()
        await platform.ledger.commit(
            *(VariantRegistered(replace(champion, rounds=rounds), now) for rounds in (7, 8))
        )

    async def fill() -> None:
        async with open_platform(settings(place)) as platform:
            await register(platform)

    asyncio.run(fill())
    return place


@pytest.fixture
def challenged(prepared: Place, tmp_path: Path) -> Place:
    shutil.copytree(prepared.folder, tmp_path / "place")
    return Here(tmp_path / "place")


def look(place: Place, work: Callable[[SqlLedger], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_store(settings(place)) as ledger:
            return await work(ledger)

    return asyncio.run(run())


def variants(place: Place) -> list[str]:
    """The champion, and the two that may challenge it."""

    async def named(ledger: SqlLedger) -> list[str]:
        return [it.id for it in await ledger.variants("chat")]

    return look(place, named)


def begin(place: Place, *argv: str, which: int = 1) -> str:
    """The id of a rollout that was begun from the terminal."""
    done = place.run("rollout", "start", variants(place)[which], *argv)
    assert done.status == 0, done.err
    return done.out.split()[0]


def last_actor(place: Place) -> str:
    async def named(ledger: SqlLedger) -> str:
        return (await ledger.leaves())[-1].actor

    return look(place, named)


def test_it_begins_in_the_shadow_and_is_listed_and_shown(challenged: Place) -> None:
    assert "no rollout yet" in challenged.run("rollout", "list").out
    id = begin(challenged, "--because", "a better prompt", "--actor", "ana")
    listed = challenged.run("rollout", "list").out
    assert f"{id}  chat  shadow  0% of units" in listed
    assert "begun (a better prompt)" in listed
    assert last_actor(challenged) == "ana"
    shown = challenged.run("rollout", "show", id).out
    assert "waits for   0 of 0 decisive pairs won" in shown
    assert "compared    0 of 0 runs reach the changed part" in shown
    assert "no rollout yet" in challenged.run("rollout", "list", "--app", "support").out


@pytest.mark.parametrize("argv", [(), ("--force", "--because", "an experiment")])
def test_its_guardrails_are_those_of_a_cycle(challenged: Place, argv: tuple[str, ...]) -> None:
    id = begin(challenged, *argv)
    mine = look(challenged, lambda ledger: plan_of(ledger, id))
    challenged.run("rollout", "abort", id)

    other_id = variants(challenged)[2]

    async def of_a_cycle() -> Plan:
        async with open_platform(settings(challenged)) as platform:
            other = await platform.ledger.variant(other_id)
            assert other is not None
            made = await platform.rollouts.start("chat", other, actor="arriero", cycle="c-1")
            return made.plan

    theirs = asyncio.run(of_a_cycle())
    assert mine == replace(theirs, level=mine.level)  # the second test is stricter, nothing else
    assert mine.safety == ("not-empty",)
    assert None not in (mine.margins.errors, mine.margins.slow, mine.margins.unsafe)


def test_a_share_is_one_step(challenged: Place) -> None:
    id = begin(challenged, "--share", "0.5", "--force", "--because", "half of them")
    told = challenged.run("rollout", "show", id).out
    assert "canary  50% of units  forced" in told
    assert "begun by force: no gate passed it (half of them)" in told


def test_what_a_forced_one_carries_from_its_gate_is_shown(challenged: Place) -> None:
    champion, challenger, _ = variants(challenged)

    async def gate(ledger: SqlLedger) -> None:
        now = datetime(2026, 11, 29, tzinfo=UTC)
        begun = cycle.begin("c-1", "chat", "default", champion, cycle.Trigger.PERSON, now, "new")
        told = replace(begun, challenger=challenger, evaluation="e" * 64, before=Pairs(7, 22))
        ended = replace(told, state=cycle.State.INCONCLUSIVE)
        await ledger.commit(MachineMoved(cycle.to_machine(ended, 1), "arriero", "no proof"))

    look(challenged, gate)
    id = begin(challenged, "--force", "--because", "a try")
    shown = challenged.run("rollout", "show", id).out
    brings = "its gate's pairs bring +47% of a proof of harm"
    assert f"begun by force: no gate passed it; {brings} (a try)" in shown
    assert f"  carried     {brings}" in shown


def test_a_person_pauses_resumes_and_aborts_it_and_the_audit_log_says_who(
    challenged: Place,
) -> None:
    id = begin(challenged)
    assert "paused by ana" in challenged.run("rollout", "pause", id, "--actor", "ana").out
    assert last_actor(challenged) == "ana"
    assert "resumed by eva" in challenged.run("rollout", "resume", id, "--actor", "eva").out
    assert "rolled_back" in challenged.run("rollout", "abort", id, "--actor", "ana").out
    assert one_sentence(challenged.run("rollout", "abort", id)).endswith("aborted by ana")


def test_a_person_promotes_it_to_every_unit(challenged: Place) -> None:
    id = begin(challenged)
    told = challenged.run("rollout", "promote", id, "--actor", "ana").out
    assert "promoted  100% of units" in told
    assert "promoted by ana, without proof" in told

    async def champion(ledger: SqlLedger) -> str:
        return (await ledger.exposures())["chat"].shares[0].variant

    assert look(challenged, champion) == variants(challenged)[1]


def test_what_cannot_begin_is_one_sentence(challenged: Place) -> None:
    champion, challenger, other = variants(challenged)
    unknown = one_sentence(challenged.run("rollout", "start", "chat@nothing"))
    assert unknown.startswith("there is no variant 'chat@nothing' in this ledger; the newest are:")
    assert challenger in unknown
    itself = one_sentence(challenged.run("rollout", "start", champion))
    assert "choose another variant of the same app" in itself
    begin(challenged)
    second = one_sentence(challenged.run("rollout", "start", other))
    assert "end that one first" in second


@pytest.mark.parametrize("because", [(), ("--because", " ")])
def test_force_needs_a_reason(challenged: Place, because: tuple[str, ...]) -> None:
    refused = challenged.run("rollout", "start", variants(challenged)[1], "--force", *because)
    assert (refused.status, "--force needs --because" in refused.err) == (2, True)
    assert "no rollout yet" in challenged.run("rollout", "list").out


@pytest.mark.parametrize("share", ["0", "1.5", "-0.1", "half"])
def test_a_share_is_more_than_nothing_and_at_most_all(challenged: Place, share: str) -> None:
    assert challenged.run("rollout", "start", "any", "--share", share).status == 2


@pytest.mark.parametrize("verb", ["show", "pause", "resume", "promote", "abort"])
def test_a_rollout_that_is_not_there_is_one_sentence(challenged: Place, verb: str) -> None:
    sentence = one_sentence(challenged.run("rollout", verb, "nothing"))
    assert sentence == "there is no rollout 'nothing'; `arriero rollout list` names them"


def test_a_pause_in_a_pause_and_a_resume_without_one_are_refused(challenged: Place) -> None:
    id = begin(challenged)
    assert "is not paused" in one_sentence(challenged.run("rollout", "resume", id))
    challenged.run("rollout", "pause", id)
    assert "paused already" in one_sentence(challenged.run("rollout", "pause", id))


@pytest.mark.slow
def test_a_running_server_begins_it_and_the_audit_log_names_the_person(challenged: Place) -> None:
    with up(challenged):
        id = begin(challenged, "--force", "--because", "an experiment", "--actor", "ana")
        assert last_actor(challenged) == "cli/ana"
        mine = look(challenged, lambda ledger: plan_of(ledger, id))
        assert mine.safety == ("not-empty",)
        again = one_sentence(challenged.run("rollout", "start", variants(challenged)[2]))
        assert "end that one first" in again


async def plan_of(ledger: SqlLedger, id: str) -> Plan:
    machine = await ledger.machine("rollout", id)
    assert machine is not None
    return BODY.validate_python(machine.body).plan
