"""The sample's golden questions and approved texts are the sample's shop's only."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.support import articles
from arriero.apps.support.app import SupportApp
from arriero.apps.support.knowledge import File, Knowledge, Store
from arriero.apps.support.settings import SAMPLE
from arriero.assembly import open_platform
from arriero.core.settings import Settings

TEXTS = '[[template]]\nid = "own"\nintent = "order_status"\ntext = "It is under way."\n'


async def opened(tmp_path: Path, **support: object) -> tuple[Path | None, set[str]]:
    """The golden set that is in force, and the ids of the approved texts."""
    models = {"intent_classifier": {"model": "fake:order_status"}, "sentiment_analyzer": {"model": "fake:neutral"}, "response_generator": {"model": "fake:echo"}}  # fmt: skip
    settings = Settings.model_validate(
        {
            "data": tmp_path / "data",
            "models": {"encoder": "fake:encoder"},
            "apps": {"support": {"models": models, **support}, "chat": {"enabled": False}},
        }
    )
    async with open_platform(settings) as platform:
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
