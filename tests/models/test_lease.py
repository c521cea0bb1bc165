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


async def test_only_as_many_hold_it_as_there_are_slots() -> None:
    lease, most = GenerationLease(slots=2, max_waiting=9), 0

    async def work() -> None:
        nonlocal most
        async with lease.hold(timeout_s=5):
            most = max(most, lease.held)
            await asyncio.sleep(0.001)

    await asyncio.gather(*[work() for _ in range(8)])
    assert most == 2


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
