"""A unit sees one variant, and a growing challenger only gains units."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from arriero.core.errors import ModelMissing
from arriero.core.words import Exposure, RoleBinding, Share, Variant
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.exposures import WAIT_S, Exposures, choose
from arriero.store.fake import MemoryLedger
from tests.store.samples import NOW

OLD = Variant("toy", {"writer": RoleBinding("fake:a")}, {}, {})
NEW = replace(OLD, roles={"writer": RoleBinding("fake:b")})
UNITS = [f"customer-{number}" for number in range(2_000)]


def exposed(share: float, rollout: str = "r1") -> Exposure:
    return Exposure("toy", rollout, (Share("champion", 1 - share), Share("challenger", share)))


def seeing(exposure: Exposure) -> set[str]:
    return {unit for unit in UNITS if choose(exposure, unit) == "challenger"}


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_of_units_is_the_exposure_s(share: float) -> None:
    assert len(seeing(exposed(share))) / len(UNITS) == pytest.approx(share, abs=0.03)


def test_a_larger_share_keeps_every_unit_of_the_smaller_one() -> None:
    assert seeing(exposed(0.1)) < seeing(exposed(0.5)) < seeing(exposed(0.9))


def test_a_new_rollout_has_new_guinea_pigs() -> None:
    first, second = seeing(exposed(0.1, "r1")), seeing(exposed(0.1, "r2"))
    assert len(first & second) < 0.3 * len(first)


def test_a_case_without_a_unit_sees_the_champion() -> None:
    assert choose(exposed(0.99), None) == "champion"


@dataclass
class Replica:
    """A process that serves: its reader, and fake arms that are ready when the test says so."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    now: float = 0.0
    started: list[str] = field(default_factory=list)
    ready: dict[str, asyncio.Event] = field(default_factory=dict)
    missing: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> Exposures:
        await self.ledger.commit(VariantRegistered(OLD, NOW), VariantRegistered(NEW, NOW))
        await self.expose(0.0, "baseline")
        exposures = Exposures(self.ledger, seconds=lambda: self.now)
        await exposures.refresh()
        self.ready = {OLD.id: asyncio.Event(), NEW.id: asyncio.Event()}
        self.ready[OLD.id].set()
        exposures.prepare_with(self.prepare)
        return exposures

    async def prepare(self, variant: Variant) -> None:
        self.started.append(variant.id)
        self.asked.set()
        if self.missing:
            raise ModelMissing("b")
        await self.ready[variant.id].wait()

    async def expose(self, share: float, rollout: str = "r1") -> None:
        shares = (Share(OLD.id, 1 - share), Share(NEW.id, share))
        told = Exposure("toy", rollout, shares if rollout != "baseline" else (Share(OLD.id, 1.0),))
        await self.ledger.commit(ExposureSet(told, "test", NOW))

    async def sees_new(self, exposures: Exposures) -> bool:
        """Whether any unit sees the challenger after the next poll."""
        await exposures.refresh()
        await asyncio.sleep(0)  # what was started begins, what has ended is done
        await asyncio.sleep(0)
        await exposures.refresh()
        return any(exposures.variant("toy", unit) == NEW for unit in UNITS[:100])


async def test_nobody_sees_an_arm_before_it_is_ready() -> None:
    replica = Replica()
    exposures = await replica.open()
    await replica.expose(0.5)
    assert not await replica.sees_new(exposures)
    assert set(replica.started) == {OLD.id, NEW.id}  # the champion stays ready for the way back
    replica.now = WAIT_S / 2
    assert not await replica.sees_new(exposures)
    replica.ready[NEW.id].set()
    assert await replica.sees_new(exposures)
    assert len(replica.started) == 2


async def test_an_arm_is_made_ready_while_it_is_in_the_shadow() -> None:
    replica = Replica()
    exposures = await replica.open()
    await replica.expose(0.0)
    assert not await replica.sees_new(exposures)
    assert exposures.other("toy", OLD.id) == NEW  # the shadow itself begins at once
    assert NEW.id in replica.started
    replica.ready[NEW.id].set()
    await replica.expose(0.5)
    assert await replica.sees_new(exposures)


async def test_an_arm_that_takes_too_long_is_seen_all_the_same() -> None:
    replica = Replica()
    exposures = await replica.open()
    await replica.expose(0.5)
    assert not await replica.sees_new(exposures)
    replica.now = WAIT_S
    assert await replica.sees_new(exposures)


async def test_an_arm_that_cannot_be_made_ready_is_seen_so_that_the_guardrail_finds_it() -> None:
    replica = Replica(missing=True)
    exposures = await replica.open()
    await replica.expose(0.5)
    assert await replica.sees_new(exposures)


async def test_the_way_back_waits_for_nothing() -> None:
    replica = Replica()
    exposures = await replica.open()
    await replica.expose(0.5)
    replica.ready[NEW.id].set()
    assert await replica.sees_new(exposures)
    replica.ready[OLD.id].clear()
    await replica.expose(0.0, "baseline")
    await exposures.refresh()
    assert all(exposures.variant("toy", unit) == OLD for unit in UNITS[:100])


async def test_one_app_that_waits_holds_up_no_other() -> None:
    replica = Replica()
    exposures = await replica.open()
    other = replace(OLD, app="chat")
    shares = (Share(other.id, 1.0),)
    await replica.ledger.commit(
        VariantRegistered(other, NOW), ExposureSet(Exposure("chat", "b", shares), "test", NOW)
    )
    replica.ready[other.id] = asyncio.Event()
    await replica.expose(0.5)
    assert not await replica.sees_new(exposures)
    assert exposures.variant("chat", None) == other


async def test_a_process_that_does_not_serve_starts_no_arm() -> None:
    replica = Replica()
    await replica.open()
    await replica.expose(0.5)
    exposures = Exposures(replica.ledger)
    await exposures.refresh()
    assert (replica.started, exposures.variant("toy", None)) == ([], OLD)


async def test_a_reader_that_ends_ends_what_it_started() -> None:
    replica = Replica()
    exposures = await replica.open()
    await replica.expose(0.5)
    following = asyncio.create_task(exposures.follow())
    await replica.asked.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


@dataclass(slots=True)
class Puzzling(MemoryLedger):
    """A ledger whose exposures cannot be read the first time."""

    asked: int = 0

    async def exposures(self) -> Mapping[str, Exposure]:
        self.asked += 1
        if self.asked == 1:
            raise ValueError("written by another version")
        return await MemoryLedger.exposures(self)


async def test_a_reader_goes_on_after_what_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replica = Replica(Puzzling(asked=1))
    await replica.open()
    await replica.expose(0.5)
    ledger = replica.ledger
    assert isinstance(ledger, Puzzling)
    ledger.asked = 0
    exposures = Exposures(ledger)
    monkeypatch.setattr("arriero.store.exposures.POLL_S", 0.01)
    following = asyncio.create_task(exposures.follow())
    await asyncio.sleep(0.2)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert exposures.variant("toy", None) == OLD
    assert "written by another version" in caplog.text
