"""What the support app does with a message, told with fakes of its models and the sample shop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from arriero.apps.support import articles, templates
from arriero.apps.support.app import NOT_OURS, SORRY, SupportApp
from arriero.apps.support.directory import MemoryDirectory
from arriero.apps.support.plugin import passages_of, plugin
from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SupportSettings
from arriero.apps.support.values import Inquiry, Reply
from arriero.core.clock import HeldClock
from arriero.core.words import Ended, Exposure, Mode, Share
from arriero.flow import Case, Flow, Result
from arriero.models.fake import FakeClassifier, ScriptedGenerator
from arriero.models.roles import Models
from arriero.retrieval.memory import MemoryIndex
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger

TODAY = date(2026, 6, 15)
RULES = {
    "where is": "order_status",
    "human": "human_agent",
    "shipping": "shipping_cost",
    "wash": "product_care",
    "weather": "out_of_scope",
    "cancel": "cancel_order",
}


@dataclass
class Desk:
    """The app with its fakes, and what the generator is going to say."""

    says: str = "Wash your down jacket by hand or on a gentle cycle. Please use down soap."
    settings: SupportSettings = field(default_factory=SupportSettings)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    async def open(self) -> Desk:
        clock = HeldClock(datetime(2026, 6, 15, 9, tzinfo=UTC))
        known = articles.load(self.settings.articles)
        self.writer = ScriptedGenerator(lambda prompt: self.says)
        self.app = SupportApp(
            settings=self.settings,
            directory=MemoryDirectory(shop.customers(), shop.orders(TODAY)),
            index=MemoryIndex(passages_of(known)),
            answers=templates.by_intent(templates.load(self.settings.templates)),
            ledger=self.ledger,
            clock=clock,
        )
        variant = self.app.baseline()
        exposure = Exposure("support", "baseline", (Share(variant.id, 1.0),))
        await self.ledger.commit(
            VariantRegistered(variant, clock.now()), ExposureSet(exposure, "t", clock.now())
        )
        exposures = Exposures(self.ledger)
        await exposures.refresh()
        models = Models(
            variant.roles,
            {"response_generator": self.writer},
            {
                "intent_classifier": FakeClassifier(RULES, default="product_advice"),
                "sentiment_analyzer": FakeClassifier({"angry": "negative"}, default="neutral"),
            },
            {},
        )
        self.flow = Flow(self.ledger, exposures, lambda _: models, PatternMasker(), clock, "c")
        return self

    async def ask(
        self, message: str, customer: str | None = "c-0042", mode: Mode = Mode.LIVE
    ) -> Result[Reply]:
        case = Case("default", "tester", Inquiry(message=message, customer=customer), customer)
        return await self.flow.run(self.app, case, mode=mode)


@pytest.fixture
async def desk() -> Desk:
    return await Desk().open()


async def test_the_owner_of_an_order_is_told_where_it_is_in_approved_words(desk: Desk) -> None:
    result = await desk.ask("Where is my order 10234?")
    assert (result.outcome.ended, result.outcome.origin) == (Ended.ANSWERED, "template")
    order = await desk.app.directory.order("c-0042", "10234")
    assert order is not None
    assert str(order.tracking) in result.outcome.answer.response
    assert result.outcome.sources[0].id == "order:10234"
    assert not desk.writer.asked


async def test_another_customer_is_not_told_about_the_order(desk: Desk) -> None:
    result = await desk.ask("Where is my order 10234?", customer="c-0043")
    order = await desk.app.directory.order("c-0042", "10234")
    assert order is not None
    assert result.outcome.ended is Ended.CLARIFY
    assert str(order.tracking) not in repr(result)


@pytest.mark.parametrize("customer", [None, "nobody", "'; drop table orders; --"])
async def test_an_unknown_customer_learns_nothing_about_an_order(
    desk: Desk, customer: str | None
) -> None:
    result = await desk.ask("Where is my order 10234?", customer=customer)
    assert (result.outcome.ended, result.outcome.origin) == (Ended.CLARIFY, "unknown-order")


async def test_a_policy_question_is_answered_word_for_word_from_an_article(desk: Desk) -> None:
    result = await desk.ask("What does standard shipping cost?", customer=None)
    assert (result.outcome.ended, result.outcome.origin) == (Ended.ANSWERED, "extractive")
    assert "4.90 EUR" in result.outcome.answer.response
    quoted = result.outcome.sources[0].quote
    assert " ".join(quoted.split())[:40] in " ".join(result.outcome.answer.response.split())


async def test_an_expired_article_is_never_cited(desk: Desk) -> None:
    result = await desk.ask("What does standard shipping cost?", customer=None)
    valid = {article.id: article for article in articles.load(desk.settings.articles)}
    for source in result.outcome.sources:
        assert valid[source.id.split("#")[0]].valid_on(TODAY)


async def test_an_open_question_is_written_by_the_model_from_whole_passages() -> None:
    desk = await Desk(settings=SupportSettings(wording="free")).open()
    result = await desk.ask("How do I wash my down jacket so that it stays warm?")
    assert (result.outcome.ended, result.outcome.origin) == (Ended.ANSWERED, "generative")
    (prompt,) = desk.writer.asked
    assert sum(len(source.quote.split()) for source in result.outcome.sources) >= 228
    for source in result.outcome.sources:
        assert source.quote in prompt.messages[-1].content


async def test_a_small_model_may_only_choose_sentences_of_the_passages(desk: Desk) -> None:
    desk.says = '["A sentence that stands nowhere.", "Another one that stands nowhere."]'
    result = await desk.ask("How do I wash my down jacket so that it stays warm?")
    (prompt,) = desk.writer.asked
    assert prompt.schema is not None
    allowed = prompt.schema["items"]["enum"]
    assert all(any(one in text for text in allowed) for one in allowed)
    assert "stands nowhere" not in result.outcome.answer.response
    desk.says = json.dumps(allowed[:2])
    result = await desk.ask("How do I wash my down jacket so that it stays warm?")
    assert result.outcome.origin == "generative"
    assert result.outcome.answer.response == " ".join(allowed[:2])


async def test_an_invented_number_is_not_sent_the_sources_are_quoted_instead() -> None:
    desk = await Desk(
        says="Wash the jacket at 95 degrees for 17 hours, please.",
        settings=SupportSettings(wording="free"),
    ).open()
    result = await desk.ask("How do I wash my down jacket so that it stays warm?")
    assert "17" not in result.outcome.answer.response
    assert result.outcome.origin in {"extractive", "fixed"}


async def test_a_request_for_a_person_opens_one_task(desk: Desk) -> None:
    result = await desk.ask("I want a human")
    assert result.outcome.ended is Ended.PENDING
    (task,) = await desk.ledger.tasks("default")
    assert (task.kind, task.state, task.run) == ("hand_over", "requested", result.run_id)


async def test_performing_the_same_hand_over_twice_opens_one_task(desk: Desk) -> None:
    result = await desk.ask("I want a human")
    (action,) = result.outcome.actions
    await desk.app.perform("default", result.run_id or "", action)
    assert len(await desk.ledger.tasks("default")) == 1


async def test_what_is_out_of_scope_is_declined_without_a_task() -> None:
    desk = await Desk(settings=SupportSettings(scope_at=0.5)).open()
    result = await desk.ask("How is the weather tomorrow?")
    assert (result.outcome.ended, result.outcome.answer.response) == (Ended.FALLBACK, NOT_OURS)
    assert not await desk.ledger.tasks("default")


async def test_a_missing_order_number_is_asked_for(desk: Desk) -> None:
    result = await desk.ask("please cancel it", customer=None)
    assert result.outcome.ended is Ended.CLARIFY
    assert "?" in result.outcome.answer.response


async def test_a_question_in_another_language_goes_to_a_person(desk: Desk) -> None:
    result = await desk.ask("Wo ist meine Bestellung und wann kommt sie? shipping", customer=None)
    assert (result.outcome.ended, result.outcome.answer.response) == (Ended.FALLBACK, SORRY)
    assert len(await desk.ledger.tasks("default")) == 1


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
async def test_a_turn_that_is_not_live_leaves_nothing_but_its_run(desk: Desk, mode: Mode) -> None:
    await desk.ask("I want a human", mode=mode)
    assert not await desk.ledger.tasks("default")
    assert not await desk.ledger.intended(older_than=datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "message",
    ["Where is my order 10234?", "What does standard shipping cost?", "How do I wash down?"],
)
async def test_every_path_replays_identically(desk: Desk, message: str) -> None:
    result = await desk.ask(message)
    run = await desk.ledger.run("default", result.run_id or "")
    assert run is not None
    trace = await desk.ledger.trace(run)
    assert trace is not None
    desk.says = "something else entirely"
    assert list(await desk.flow.replay(desk.app, run, trace)) == []


def test_the_baseline_s_numbers_are_the_case_study_s() -> None:
    generator = SupportSettings().models.response_generator
    assert (generator.temperature, generator.max_tokens) == (0.3, 300)
    assert SupportSettings().intent_cache_s == 3_600
    assert SupportSettings().scaling.target_response_time_ms == 2_000


def test_the_plugin_names_a_head_and_labels_for_each_classifying_role() -> None:
    settings = SupportSettings()
    heads: Mapping[str, object] = plugin.heads(settings)
    assert set(heads) == {"support-intents", "support-sentiment"}
    assert "order_status" in plugin.labels(settings)["intent_classifier"]
    assert set(plugin.labels(settings)["sentiment_analyzer"]) == {"negative", "neutral", "positive"}
