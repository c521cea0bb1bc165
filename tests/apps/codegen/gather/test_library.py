"""What a requirement is looked up in, and what happens where it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from arriero.apps.codegen.gather import library
from arriero.apps.codegen.gather.cards import Card
from arriero.apps.codegen.gather.library import Library, question, snippets_of
from arriero.apps.codegen.gather.repository import Repository
from arriero.apps.codegen.gather.snippet import Origin
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.settings import Gather
from arriero.core.errors import ModelMissing
from arriero.models.base import Encoder
from arriero.models.fake import FakeEncoder

GROUP = Card(
    "group-rows", "Group rows by a key", ("bucket records by category",), (), "def group_by(): ...", "pass", "python"
)  # fmt: skip
CLOCK = Card("clock", "Tell the time of day", (), (), "def now(): ...", "pass", "python")
ASKED = Requirement("Group rows by a key", entry="group_rows")


async def _fake() -> Encoder:
    return FakeEncoder()


def _library(
    folder: Path, opens: Callable[[], Awaitable[Encoder]] = _fake, **settings: object
) -> Library:
    return Library(Gather.model_validate({"wait_s": 60, "cards": True, **settings}), opens, folder)


@pytest.fixture(autouse=True)
def _no_other_language(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"python": (GROUP, CLOCK)}
    monkeypatch.setattr(library, "cards", lambda language: known.get(language, ()))


async def test_a_card_is_found_and_shown_when_it_is_like_enough(tmp_path: Path) -> None:
    found = await _library(tmp_path, shown=2, likeness=0.6).gather(ASKED, "default")
    assert [one.snippet.id for one in found.found] == ["python/group-rows", "python/clock"]
    assert [one.id for one in found.shown] == ["python/group-rows"]
    assert found.shown[0].origin is Origin.CARD
    assert found.shown[0].licence == "Apache-2.0"
    assert found.missing == ()


async def test_nothing_is_looked_up_where_none_is_wanted(tmp_path: Path) -> None:
    async def never() -> Encoder:
        raise AssertionError

    assert (await _library(tmp_path, never, found=0).gather(ASKED, "default")).found == ()


async def test_without_the_encoder_the_answer_goes_on_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    async def missing() -> Encoder:
        raise ModelMissing("minilm-l6")

    house = _library(tmp_path, missing)
    for _ in range(2):  # and the next requirement tries again
        found = await house.gather(ASKED, "default")
        assert found.found == ()
        assert "minilm-l6" in found.missing[0]


async def test_an_answer_does_not_wait_for_an_index_that_is_being_made(tmp_path: Path) -> None:
    ready = asyncio.Event()

    async def slow() -> Encoder:
        await ready.wait()
        return FakeEncoder()

    house = _library(tmp_path, slow, wait_s=0.05)
    found = await house.gather(ASKED, "default")
    assert found.missing == ("nothing was looked up: what there is is still being encoded",)
    ready.set()
    assert (await _patient(house)).found
    await house.close()


async def _patient(house: Library) -> library.Gathered:
    # A caller has no event to wait for either.
    while not (found := await house.gather(ASKED, "default")).found:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return found


async def test_what_matches_a_barred_text_never_enters_the_index(tmp_path: Path) -> None:
    barred = tmp_path / "tests.txt"
    barred.write_text("def group_by(): ...", encoding="utf-8")
    found = await _library(tmp_path, barred=(barred,)).gather(ASKED, "default")
    assert [one.snippet.id for one in found.found] == ["python/clock"]


async def test_a_language_without_cards_finds_nothing(tmp_path: Path) -> None:
    found = await _library(tmp_path).gather(Requirement("Group rows", language="cobol"), "default")
    assert (found.found, found.missing) == ((), ())


async def test_without_cards_and_code_of_ones_own_nothing_is_encoded(tmp_path: Path) -> None:
    async def never() -> Encoder:
        raise AssertionError

    assert (
        await _library(tmp_path, never, cards=False).gather(ASKED, "default") == library.Gathered()
    )


OWN = Repository(
    files={"rows.py": 'def group_rows(rows):\n    """Group rows by a key."""\n', "x.bin": ""}
)


async def test_the_callers_repository_is_searched_beside_the_cards(tmp_path: Path) -> None:
    house = _library(tmp_path)
    found = await house.gather(ASKED, "default", OWN)
    assert {one.snippet.origin for one in found.found[:2]} == {Origin.CARD, Origin.REPOSITORY}
    assert found.left == ("1 file was not read, no code of a language that is read here: x.bin",)
    assert house.known(found.sources) is not None
    assert house.known("") is None


async def test_a_repository_is_waited_for_longer_and_what_fails_is_said(tmp_path: Path) -> None:
    async def slow() -> Encoder:
        await asyncio.sleep(0.3)
        return FakeEncoder()

    house = _library(tmp_path, slow, wait_s=0.01)
    assert (await house.gather(ASKED, "default")).missing
    assert (await house.gather(ASKED, "default", OWN, within_s=30)).found
    await house.close()

    async def missing() -> Encoder:
        raise ModelMissing("minilm-l6")

    assert "minilm-l6" in (await _library(tmp_path, missing).gather(ASKED, "default", OWN)).left[-1]


async def test_one_tenant_never_sees_the_code_of_another(tmp_path: Path) -> None:
    house = _library(tmp_path, cards=False)
    await house.gather(ASKED, "one", OWN)
    assert (await house.gather(ASKED, "other")).found == ()


def test_typescript_has_the_cards_of_javascript_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        library, "cards", lambda language: (CLOCK,) if language == "javascript" else ()
    )
    assert [one.title for one in snippets_of("typescript")] == [CLOCK.title]
    assert snippets_of("python") == ()


def test_examples_are_not_part_of_what_is_looked_up() -> None:
    text = "Sort the names.\n>>> f(['b', 'a'])\n['a', 'b']\nassert f([]) == []\nf(1) -> 2"
    assert (
        question(Requirement(text, entry="sortNames")) == "sort names. Sort the names. ['a', 'b']"
    )
    assert question(Requirement("f(1) == 2")) == "f(1) == 2"
