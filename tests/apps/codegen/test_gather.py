"""The stage gather in the whole flow: what is found is recorded, shown to the writer, and replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.codegen.gather import library as shelves
from arriero.apps.codegen.gather.cards import Card
from arriero.apps.codegen.gather.library import Library
from arriero.apps.codegen.settings import CodegenSettings, Gather
from arriero.core.words import Ended
from arriero.models.base import Encoder
from arriero.models.fake import FakeEncoder
from tests.apps.codegen.conftest import Desk, Opens

ADD = "Write a function `add(a: int, b: int) -> int` that adds two numbers.\n\nadd(1, 2) == 3\n"
RIGHT = '    """Add two numbers."""\n    return a + b\n'
CARD = Card("add-money", "Add two numbers of money", ("add a and b",), (), "def plus(a, b): ...", "pass", "python")  # fmt: skip


async def _encoder() -> Encoder:
    return FakeEncoder()


@pytest.fixture
async def house(desk: Opens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(shelves, "cards", lambda language: (CARD,) if language == "python" else ())
    gather = Gather(shown=1, likeness=0.1, wait_s=60)
    settings = CodegenSettings(samples=1, examine_s=60, deadline_ms=300_000, gather=gather)
    opened: Desk = await desk(RIGHT, settings=settings, library=Library(gather, _encoder, tmp_path))
    return opened


async def test_the_writer_sees_what_was_found_and_the_run_keeps_it(house: Desk) -> None:
    result = await house.ask(ADD)
    assert result.outcome.ended is Ended.ANSWERED
    asked = house.asked[0].messages[1].content
    assert (
        asked.index("def plus(a, b): ...") < asked.index("Now the task:") < asked.index("adds two")
    )
    evidence = result.trace.evidence
    assert isinstance(evidence, dict)
    assert evidence["shown"][0]["id"] == "python/add-money"


async def test_a_replay_shows_the_writer_the_same(house: Desk) -> None:
    result = await house.ask(ADD, checks={"performance": False})  # times are measured anew
    assert await house.flow.replay(house.app, result.run, result.trace) == []


async def test_code_that_is_given_is_corrected_without_looking_anything_up(house: Desk) -> None:
    result = await house.ask(ADD, code="def add(a: int, b: int) -> int:\n    return a + b\n")
    evidence = result.trace.evidence
    assert isinstance(evidence, dict)
    assert evidence["found"] == []
