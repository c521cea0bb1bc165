"""A bad answer is asked again as shadow runs; only what the app itself would release is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from arriero.core.clock import SystemClock
from arriero.core.words import Exposure, Mode, RoleBinding, Run, Share, Variant
from arriero.flow import Case, Flow
from arriero.learning.dataset.example import Written
from arriero.learning.dataset.sampling import FlowSampler, warmer
from arriero.models.base import Prompt
from arriero.models.fake import ScriptedGenerator
from arriero.models.roles import Models
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, RunErased, VariantRegistered
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger
from arriero.store.rows import erased
from tests.toy import Ask, Toy

QUESTION = "where may my parcel be today, it has not come"


class Varied:
    """Replies one after the other; the temperature of each prompt is kept."""

    def __init__(self, *replies: str) -> None:
        self.replies = iter(replies)
        self.generator = ScriptedGenerator(self._next)
        self.temperatures: list[float] = []

    def _next(self, prompt: Prompt) -> str:
        self.temperatures.append(prompt.temperature)
        return next(self.replies)


async def sampled(
    varied: Varied, *, erase: bool = False, **changes: Any
) -> tuple[Written | None, Run, Flow]:
    app = Toy(first="", rounds=0)
    ledger, clock, variant = MemoryLedger(), SystemClock(), app.baseline()
    exposure = Exposure("toy", "baseline", (Share(variant.id, 1.0),))
    await ledger.commit(
        VariantRegistered(variant, clock.now()), ExposureSet(exposure, "test", clock.now())
    )
    exposures = Exposures(ledger)
    await exposures.refresh()

    def models(variant: Variant) -> Models:
        return Models(variant.roles, {"writer": varied.generator}, {}, {})

    flow = Flow(ledger, exposures, models, PatternMasker(), clock, "c")
    bad = (await flow.run(app, Case("default", "t", Ask(message=QUESTION), unit="u"))).run
    if erase:
        await ledger.commit(RunErased(erased(bad), "test", clock.now()))
    sampler = FlowSampler(flow, app, variant, **changes)
    return await sampler(bad), bad, flow


async def test_the_first_answer_that_passes_the_apps_checks_is_kept() -> None:
    good = "please look at the tracking page of the parcel"
    varied = Varied("no idea at all", "no idea again", good, "please never asked")
    found, bad, flow = await sampled(varied)
    assert found is not None
    assert found.reply == good
    assert [one["content"] for one in found.messages] == [QUESTION]
    shadows = [
        one for one in await flow.ledger.runs("default", app="toy") if one.mode is Mode.SHADOW
    ]
    assert [one.of for one in shadows] == [bad.id, bad.id]
    assert varied.temperatures == [0.0, 0.7, 0.7]


async def test_when_none_passes_nothing_is_kept() -> None:
    found, _, _ = await sampled(Varied(*["no idea at all"] * 4), candidates=3)
    assert found is None


async def test_what_was_erased_since_it_was_read_is_not_asked_again() -> None:
    found, bad, flow = await sampled(Varied("no idea", "please look at the page"), erase=True)
    assert found is None
    assert [one.id for one in await flow.ledger.runs("default", app="toy")] == [bad.id]


async def test_a_score_may_be_asked_for() -> None:
    varied = Varied("no idea", *["please look at the tracking page"] * 2)
    found, _, _ = await sampled(varied, candidates=2, score_at=1.1)
    assert found is None


def test_only_text_models_are_made_warmer() -> None:
    roles = {"w": RoleBinding("llama:x", temperature=0.9), "h": RoleBinding("head:x")}
    warm = warmer(Variant("toy", roles, {}, {}), 0.7)
    assert {name: bound.temperature for name, bound in warm.roles.items()} == {"w": 0.9, "h": 0.0}
    assert replace(warm, roles=roles) == Variant("toy", roles, {}, {})
