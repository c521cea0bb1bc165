"""The sample's golden questions and approved texts are the sample's shop's only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from arriero.apps.support import articles
from arriero.apps.support.app import SupportApp
from arriero.apps.support.handover import Texts
from arriero.apps.support.inquiry import Inquiry
from arriero.apps.support.knowledge import File, Knowledge, Store
from arriero.apps.support.settings import SAMPLE
from arriero.assembly import open_platform
from arriero.core.settings import Settings
from arriero.core.words import Ended
from arriero.flow import Case

TEXTS = '[[template]]\nid = "own"\nintent = "order_status"\ntext = "It is under way."\n'


def shop(tmp_path: Path, support: Mapping[str, object]) -> Settings:
    models = {"intent_classifier": {"model": "fake:order_status"}, "sentiment_analyzer": {"model": "fake:neutral"}, "response_generator": {"model": "fake:echo"}}  # fmt: skip
    return Settings.model_validate(
        {
            "data": tmp_path / "data",
            "models": {"encoder": "fake:encoder"},
            "apps": {"support": {"models": models, **support}, "chat": {"enabled": False}},
        }
    )


async def opened(tmp_path: Path, **support: object) -> tuple[Path | None, set[str]]:
    """The golden set that is in force, and the ids of the approved texts."""
    async with open_platform(shop(tmp_path, support)) as platform:
        app = platform.app("support")
        assert isinstance(app, SupportApp)
        return app.golden, {one.id for texts in app.answers.values() for one in texts}


def own_articles(folder: Path) -> Path:
    folder.mkdir()
    file = min((SAMPLE / "articles").iterdir())
    (folder / file.name).write_bytes(file.read_bytes())
    return folder


async def test_the_sample_shop_answers_its_golden_questions(tmp_path: Path) -> None:
    golden, texts = await opened(tmp_path)
    assert golden == SAMPLE / "golden.jsonl"
    assert len(texts) > 20


async def test_another_company_says_nothing_that_the_sample_shop_approved(tmp_path: Path) -> None:
    assert await opened(tmp_path, articles=own_articles(tmp_path / "own")) == (None, set())


async def test_who_asks_another_company_for_a_person_is_told_by_no_shop_s_text(
    tmp_path: Path,
) -> None:
    settings = shop(tmp_path, {"articles": own_articles(tmp_path / "own")})
    async with open_platform(settings) as platform:
        asked = Inquiry(message="I want to talk to a human")
        result = await platform.flow.run(platform.app("support"), Case("default", "t", asked))
    assert result.outcome.ended is Ended.PENDING
    assert result.outcome.answer.response == Texts().looked_at


async def test_a_company_that_names_its_texts_says_these(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(TEXTS)
    mine = await opened(tmp_path, articles=own_articles(tmp_path / "own"), templates=file)
    assert mine == (None, {"own"})


async def test_own_intents_are_not_examined_by_the_sample_s_questions(tmp_path: Path) -> None:
    file = tmp_path / "intents.csv"
    rows = [f"order_status,Where is parcel {n}?\ngreeting,Hello {n}\n" for n in range(12)]
    file.write_text("intent,text\n" + "".join(rows))
    golden, texts = await opened(tmp_path, intents=file)
    assert golden is None
    assert len(texts) > 20  # beside the sample's articles


async def test_another_directory_has_orders_of_its_own_and_no_golden_questions(
    tmp_path: Path,
) -> None:
    golden, texts = await opened(tmp_path, directory="http://127.0.0.1:9/")
    assert golden is None
    assert len(texts) > 20


@pytest.mark.parametrize("dropped", [False, True])
async def test_what_was_taken_in_is_another_company(tmp_path: Path, dropped: bool) -> None:
    store = Store(tmp_path / "data" / "support" / "knowledge")
    (article, *_) = articles.load(SAMPLE / "articles")
    store.save(Knowledge({"own": (File("own.md", "0" * 64, (article,)),)}))
    if dropped:
        store.save(Knowledge())  # the sample's articles answer again
    golden, texts = await opened(tmp_path)
    assert (golden is not None, len(texts) > 20) == (dropped, dropped)
