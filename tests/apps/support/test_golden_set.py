"""The sample's golden questions are asked of the sample's shop only."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.support import articles
from arriero.apps.support.knowledge import File, Knowledge, Store
from arriero.apps.support.plugin import _golden_set
from arriero.apps.support.settings import SAMPLE, SupportSettings


def test_the_sample_shop_answers_its_golden_questions(tmp_path: Path) -> None:
    assert _golden_set(SupportSettings(), Store(tmp_path)) == SAMPLE / "golden.jsonl"


@pytest.mark.parametrize(
    "own", [{"intents": "own.csv"}, {"articles": "own"}, {"directory": "sqlite:////own.db"}]
)
def test_another_company_has_no_golden_questions_of_the_sample(
    tmp_path: Path, own: dict[str, str]
) -> None:
    settings = SupportSettings.model_validate(own)
    assert _golden_set(settings, Store(tmp_path)) is None


def test_what_was_taken_in_is_another_company(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (article, *_) = articles.load(SAMPLE / "articles")
    store.save(Knowledge({"own": (File("own.md", "0" * 64, (article,)),)}))
    assert _golden_set(SupportSettings(), store) is None
    store.save(Knowledge())  # dropped again: the sample's articles answer
    assert _golden_set(SupportSettings(), store) is not None
