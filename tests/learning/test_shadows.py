"""Shadows: an answered case is told again by the other variant, unless it may not or nobody has time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from arriero.core.words import Action, Exposure, Mode, Outcome, Run, Share
from arriero.flow import AnyApp, Case, Flow
from arriero.learning.shadows import Shadows
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.fake import MemoryLedger
from tests.test_flow import case, flow_for
from tests.toy import Toy


async def shadowed(
    app: Toy, *, share: float = 1.0, idle: Callable[[], bool] = lambda: True
) -> tuple[Flow, Shadows]:
    """A flow in which a variant without rounds challenges the toy's."""
    flow = await flow_for(app, MemoryLedger())
    other = replace(app.baseline(), rounds=0)
    names = (Share(app.baseline().id, 1.0), Share(other.id, 0.0))
    now = flow.clock.now()
    await flow.ledger.commit(
        VariantRegistered(other, now), ExposureSet(Exposure("toy", "r", names), "test", now)
    )
    await flow.exposures.refresh()
    shadows = Shadows(flow.exposures, share, idle)

    def offer(flow: Flow, app: AnyApp, case: Case[Any], outcome: Outcome[Any], run: Run) -> None:
        shadows.offer(flow, app, case, run, acted=bool(outcome.actions))

    return replace(flow, on_answer=offer), shadows


async def told(flow: Flow, app: Toy, shadows: Shadows) -> list[Run]:
    """The shadow runs after one live case."""
    await flow.run(app, case())
    if shadows._task is not None:
        await shadows._task
    return [run for run in await flow.ledger.runs("default") if run.mode is Mode.SHADOW]


async def test_an_answered_case_is_told_again_by_the_other_variant() -> None:
    flow, shadows = await shadowed(app := Toy())
    (shadow,) = await told(flow, app, shadows)
    (live,) = [run for run in await flow.ledger.runs("default") if run.mode is Mode.LIVE]
    assert (shadow.of, shadow.unit) == (live.id, live.unit)
    assert shadow.variant == replace(app.baseline(), rounds=0).id
    assert shadows.told == 1


async def test_a_shadow_is_dropped_while_somebody_waits_for_a_model() -> None:
    flow, shadows = await shadowed(app := Toy(), idle=lambda: False)
    assert await told(flow, app, shadows) == []
    assert shadows.dropped == 1


async def test_what_acted_and_what_was_not_drawn_is_not_told_again() -> None:
    acting = Toy(actions=(Action("refund", "k", {}),))
    flow, shadows = await shadowed(acting)
    assert await told(flow, acting, shadows) == []
    flow, shadows = await shadowed(plain := Toy(), share=0.0)
    assert await told(flow, plain, shadows) == []


async def test_without_a_rollout_nothing_is_told_again() -> None:
    flow, shadows = await shadowed(app := Toy())
    now, alone = flow.clock.now(), Exposure("toy", "baseline", (Share(app.baseline().id, 1.0),))
    await flow.ledger.commit(ExposureSet(alone, "test", now))
    await flow.exposures.refresh()
    assert await told(flow, app, shadows) == []
