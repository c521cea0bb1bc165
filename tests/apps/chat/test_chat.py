from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from arriero.apps.chat import plugin
from arriero.apps.chat.app import ChatApp
from arriero.apps.chat.settings import ChatSettings
from arriero.apps.chat.values import Conversation, Reply, Said
from arriero.checks.base import Exhibit
from arriero.core.clock import SystemClock
from arriero.core.errors import InputError, PromptTooLong
from arriero.core.words import Action, Ended, Exposure, Mode, Share, Variant
from arriero.flow import Case, Event, Flow, Result
from arriero.models.base import Piece, Prompt
from arriero.models.fake import ScriptedGenerator
from arriero.models.roles import Models
from arriero.security.masking import PatternMasker
from arriero.store.base import ExposureSet, VariantRegistered
from arriero.store.exposures import Exposures
from arriero.store.fake import MemoryLedger

HELLO = Conversation(messages=(Said(role="user", content="hello"),))


class Bench:
    """The chat app in a real flow, with a scripted model and the fake ledger."""

    def __init__(self, settings: ChatSettings | None = None) -> None:
        self.app = ChatApp(settings or ChatSettings())
        self.generator = ScriptedGenerator({"hello": "Hello to you too."})
        self.clock = SystemClock()
        self.ledger = MemoryLedger(self.clock)
        self.seen: list[Event] = []
        self.flow: Flow

    async def open(self) -> Bench:
        variant, now = self.app.baseline(), self.clock.now()
        exposure = Exposure("chat", "baseline", (Share(variant.id, 1.0),))
        await self.ledger.commit(
            VariantRegistered(variant, now), ExposureSet(exposure, "settings", now)
        )
        exposures = Exposures(self.ledger)
        await exposures.refresh()
        self.flow = Flow(self.ledger, exposures, self._models, PatternMasker(), self.clock, "test")
        return self

    def _models(self, variant: Variant) -> Models:
        return Models(variant.roles, {"chat": self.generator}, {}, {})

    async def tell(self, given: Conversation = HELLO) -> Result[Reply]:
        case = Case("default", "tester", given)
        return await self.flow.run(self.app, case, watch=self.seen.append)


@pytest.fixture
async def bench() -> Bench:
    return await Bench().open()


async def test_the_model_answers_and_is_judged(bench: Bench) -> None:
    result = await bench.tell()
    assert result.outcome.ended is Ended.ANSWERED
    assert result.outcome.answer == Reply("Hello to you too.", "stop")
    assert result.outcome.score == 1.0
    assert [verdict.passed for verdict in result.outcome.verdicts] == [True, True]


async def test_pieces_are_told_as_they_come_with_their_run(bench: Bench) -> None:
    result = await bench.tell()
    pieces = [event.data for event in bench.seen if event.kind == "piece"]
    assert "".join(piece["text"] for piece in pieces) == "Hello to you too."
    assert len(pieces) == 4
    assert {piece["run"] for piece in pieces} == {result.run_id}


async def test_the_variants_parameters_hold_where_the_caller_gives_none(bench: Bench) -> None:
    await bench.tell()
    prompt = bench.generator.asked[-1]
    assert (prompt.temperature, prompt.max_tokens) == (0.3, 300)


async def test_the_callers_parameters_win(bench: Bench) -> None:
    given = HELLO.model_copy(update={"temperature": 0.0, "max_tokens": 2, "seed": 5})
    result = await bench.tell(given)
    prompt = bench.generator.asked[-1]
    assert (prompt.temperature, prompt.max_tokens, prompt.seed) == (0.0, 2, 5)
    assert result.outcome.answer.finish == "length"


async def test_being_cut_is_a_note_not_a_failure(bench: Bench) -> None:
    result = await bench.tell(HELLO.model_copy(update={"max_tokens": 2}))
    assert result.outcome.ended is Ended.ANSWERED
    assert [verdict.reason for verdict in result.outcome.verdicts] == ["", "cut at max_tokens"]


async def test_the_system_prompt_opens_a_conversation_without_one() -> None:
    bench = await Bench(ChatSettings(system_prompt="Be brief.")).open()
    await bench.tell()
    assert bench.generator.asked[-1].messages[0].content == "Be brief."
    own = Said(role="system", content="Be long.")
    await bench.tell(Conversation(messages=(own, *HELLO.messages)))
    assert [message.content for message in bench.generator.asked[-1].messages] == [
        "Be long.", "hello",
    ]  # fmt: skip


async def test_a_model_that_fails_gives_the_fallback_text_and_the_reason(bench: Bench) -> None:
    result = await bench.tell(Conversation(messages=(Said(role="user", content="what?"),)))
    assert result.outcome.ended is Ended.FALLBACK
    assert result.outcome.answer.text == ChatSettings().fallback
    assert "no scripted reply" in result.outcome.reason


def test_an_answer_of_blanks_does_not_pass() -> None:
    (group,) = ChatApp.checks
    verdicts = [check.judge(Exhibit("hello", "  \n")) for check in group]
    assert not all(verdict.passed for verdict in verdicts)  # type: ignore[union-attr]


class Narrow(ScriptedGenerator):
    """A model into which no prompt fits."""

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncGenerator[Piece, None]:
        raise PromptTooLong("model 'narrow' cannot read so much; shorten the prompt")
        yield


async def test_what_the_caller_sent_too_long_is_no_error_of_the_service(bench: Bench) -> None:
    bench.generator = Narrow({})
    result = await bench.tell()
    assert (result.outcome.ended, result.outcome.error) == (Ended.FALLBACK, PromptTooLong.code)
    seen = await bench.ledger.window("chat", result.run.started_at)
    assert (seen.runs, seen.errors) == (1, 0)


@pytest.mark.parametrize("narrow", [False, True])
async def test_a_replay_says_the_same(bench: Bench, narrow: bool) -> None:
    if narrow:
        bench.generator = Narrow({})
    result = await bench.tell()
    run = await bench.ledger.run("default", result.run.id)
    assert run is not None
    trace = await bench.ledger.trace(run)
    assert trace is not None
    assert list(await bench.flow.replay(bench.app, run, trace)) == []


async def test_a_shadow_turn_answers_too(bench: Bench) -> None:
    case = Case("default", "tester", HELLO)
    result = await bench.flow.run(bench.app, case, mode=Mode.SHADOW)
    assert result.run.mode is Mode.SHADOW


async def test_an_action_is_refused(bench: Bench) -> None:
    with pytest.raises(InputError, match="'refund'"):
        await bench.app.perform("default", "r-1", Action("refund", "k"))


def test_the_plugin_is_called_chat() -> None:
    assert (plugin.name, plugin.settings) == ("chat", ChatSettings)


def test_another_model_alone_keeps_what_the_role_has_otherwise() -> None:
    role = ChatSettings.model_validate({"models": {"chat": {"model": "openai:ours"}}}).models.chat
    assert (role.model, role.temperature, role.max_tokens) == ("openai:ours", 0.3, 300)
