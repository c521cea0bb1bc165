from __future__ import annotations

import asyncio
from time import perf_counter

import pytest

from arriero.core.errors import ModelBusy, ModelTimeout
from arriero.models.lease import GenerationLease


async def test_waiters_are_served_in_the_order_in_which_they_came() -> None:
    lease, served = GenerationLease(max_waiting=5), []

    async def work(number: int) -> None:
        async with lease.hold(timeout_s=5):
            served.append(number)
            await asyncio.sleep(0.001)

    await asyncio.gather(*[work(number) for number in range(5)])
    assert served == [0, 1, 2, 3, 4]


async def test_one_kind_holds_it_as_often_as_it_may_and_no_two_kinds_at_once() -> None:
    lease, held, most = GenerationLease(max_waiting=99), dict[str, int](), dict[str, int]()

    async def work(kind: str, at_once: int) -> None:
        async with lease.hold(timeout_s=5, by=kind, at_once=at_once):
            held[kind] = held.get(kind, 0) + 1
            assert sum(held.values()) == held[kind]
            most[kind] = max(most.get(kind, 0), held[kind])
            await asyncio.sleep(0.001)
            held[kind] -= 1

    await asyncio.gather(*[work(*one) for one in [("many", 3), ("few", 1), ("many", 3)] * 5])
    assert most["few"] == 1
    await asyncio.gather(*[work("many", 3) for _ in range(8)])
    assert most["many"] == 3
    assert lease.idle


async def test_who_may_hold_it_beside_others_does_not_overtake_who_waits() -> None:
    lease, served = GenerationLease(), []

    async def work(kind: str) -> None:
        async with lease.hold(timeout_s=5, by=kind, at_once=4):
            served.append(kind)
            await asyncio.sleep(0.001)

    await asyncio.gather(*[work(kind) for kind in ("a", "b", "a")])
    assert served == ["a", "b", "a"]


async def test_who_waited_behind_one_that_gave_up_comes_in_at_once() -> None:
    lease = GenerationLease()
    async with lease.hold(timeout_s=1, by="a", at_once=2):
        other = asyncio.create_task(lease.hold(timeout_s=9, by="b").__aenter__())
        await asyncio.sleep(0)
        beside = lease.hold(timeout_s=9, by="a", at_once=2)
        behind = asyncio.create_task(beside.__aenter__())
        await asyncio.sleep(0)
        assert lease.waiting == 2
        other.cancel()
        await asyncio.wait_for(behind, 1)
        assert lease.held == 2
        await beside.__aexit__(None, None, None)


async def test_a_full_queue_refuses_at_once() -> None:
    lease = GenerationLease(max_waiting=0)
    async with lease.hold(timeout_s=1):
        began = perf_counter()
        with pytest.raises(ModelBusy, match="try again"):
            async with lease.hold(timeout_s=60):
                pass
        assert perf_counter() - began < 0.1


async def test_waiting_ends_at_the_deadline() -> None:
    lease = GenerationLease()
    async with lease.hold(timeout_s=1):
        with pytest.raises(ModelTimeout):
            async with lease.hold(timeout_s=0.05):
                pass
    assert lease.idle


async def test_a_cancelled_holder_gives_the_slot_back() -> None:
    lease = GenerationLease()

    async def hold_for_ever() -> None:
        async with lease.hold(timeout_s=1):
            await asyncio.Event().wait()

    task = asyncio.create_task(hold_for_ever())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    async with lease.hold(timeout_s=0.1):
        assert lease.held == 1


async def test_a_cancelled_waiter_leaves_the_queue() -> None:
    lease = GenerationLease(max_waiting=1)
    async with lease.hold(timeout_s=1):
        waiter = asyncio.create_task(lease.hold(timeout_s=9).__aenter__())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.wait({waiter})
        assert lease.waiting == 0
    async with lease.hold(timeout_s=0.1):
        pass
    assert lease.idle
