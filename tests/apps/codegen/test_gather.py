"""The stage gather in the whole flow: what is found is recorded, shown to the writer, and replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.codegen.gather import library as shelves
from arriero.apps.codegen.gather.cards import Card
from arriero.apps.codegen.gather.library import Library
from arriero.apps.codegen.settings import CodegenSettings, Gather
from arriero.core.words import Ended, Stage
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
    gather = Gather(cards=True, shown=1, likeness=0.1, wait_s=60)
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
    result = await house.ask(ADD)
    asked = list(house.asked)
    differ = await house.flow.replay(house.app, result.run, result.trace)
    assert not [one for one in differ if one.stage is Stage.DRAFT]  # what is judged is timed anew
    assert house.asked == asked  # the recorded calls answered, so the prompts were the same


OWN = {"files": {"money.py": "def add_money(a, b):\n    return round(a + b, 2)\n", "../x.py": ""}}


async def test_code_of_the_callers_repository_is_shown_and_the_run_keeps_no_file_of_it(
    house: Desk,
) -> None:
    result = await house.ask(ADD, repository=OWN)
    assert "add_money (money.py):" in house.asked[0].messages[1].content
    assert "repository" not in result.run.input
    told = "1 file was not read, a name that leads out of the folder: ../x.py"
    assert told in result.outcome.answer.warnings
    differ = await house.flow.replay(house.app, result.run, result.trace)
    assert not [one for one in differ if one.stage is Stage.DRAFT]
    await house.ask(ADD, repository=OWN)
    assert len(house.asked) == 2  # an answer that rests on a repository is not kept for others


async def test_code_copied_from_the_repository_is_named_with_its_place(house: Desk) -> None:
    long = "".join(f"    value_{n} = a * {n} + b - {n}\n" for n in range(40))
    own = f"def add(a: int, b: int) -> int:\n{long}    return a + b\n"
    house.says = [f'    """Add two numbers."""\n{long}    return a + b\n']
    result = await house.ask(ADD, repository={"files": {"money.py": own}})
    copied = [one for one in result.outcome.verdicts if one.check == "copied"]
    assert "money.py" in copied[0].reason
