"""Questions that articles are expected to answer: read, attached to what answers them, judged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from arriero.apps.support import articles, expected, fit, quality
from arriero.apps.support.knowledge import KnowledgeSource, Store
from arriero.apps.support.plugin import _projection, _unanswered
from arriero.apps.support.settings import SAMPLE, SupportSettings
from arriero.apps.support.values import Evidence, Fit, Near, Reply
from arriero.checks.base import Exhibit
from arriero.checks.rarity import Rarity
from arriero.core.errors import InputError
from arriero.core.words import Draft, Source, Verdict
from arriero.models.fake import FakeEncoder
from arriero.models.projection import Projection
from arriero.retrieval.base import Expected, Hit, Passage, fingerprint

FITTED_ON = "onnx@6c1c729094e409de"  # the encoder of the coefficients
FREE = "It is free from an order value of 80 EUR."
ASKS = {"shipping": (Expected("free postage from what amount", FREE),)}
ARTICLE = articles.Article(
    "shipping", "Shipping", f"Shipping costs 4.90 EUR. {FREE}", None, None, "logistics", ()
)


def test_a_question_belongs_to_the_passage_that_holds_its_quote() -> None:
    (passage,) = articles.passages_of([ARTICLE], expected=ASKS)
    assert passage.expected == ASKS["shipping"]


def test_an_edited_sentence_loses_its_questions() -> None:
    edited = replace(ARTICLE, text=ARTICLE.text.replace("80", "90"))
    (passage,) = articles.passages_of([edited], expected=ASKS)
    assert passage.expected == ()


def test_the_questions_are_part_of_a_version() -> None:
    plain, asking = (articles.passages_of([ARTICLE], expected=asks) for asks in ({}, ASKS))
    assert fingerprint(plain) != fingerprint(asking)


@pytest.mark.parametrize(
    "line",
    ["{", '{"article": "a", "quote": "b"}', '{"article": "a", "quote": "b", "questions": []}'],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "q.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match="line 2"):
        expected.load(tmp_path / "q.jsonl")


def test_every_question_of_the_sample_is_answered_by_a_passage_that_holds_today() -> None:
    asks = expected.load(SAMPLE / "questions.jsonl")
    known = [one for one in articles.load(SAMPLE / "articles") if one.valid_on(date(2026, 11, 27))]
    kept = {pair for one in articles.passages_of(known, expected=asks) for pair in one.expected}
    assert kept == {pair for pairs in asks.values() for pair in pairs}
    assert len(kept) > 1_000


PASSAGE = Passage("shipping#1", "shipping", "Shipping", ARTICLE.text, expected=ASKS["shipping"])
HIT = Hit(PASSAGE, 0.03, {"dense": 1, "lexical": 3}, ASKS["shipping"][0], 0.8)
OTHER = Hit(Passage("x#1", "x", "X", "x"), 0.02, {"dense": 2}, Expected("x?", "x"), 0.5)


def test_a_question_counts_only_if_the_words_that_answer_it_are_said() -> None:
    near, elsewhere = fit.near([HIT, OTHER], [PASSAGE])
    assert elsewhere == 0.5
    assert near == (Near("shipping#1", "free postage from what amount", FREE, 0.8, 0.5),)
    evidence = Evidence("none", near=near, elsewhere=elsewhere)
    cited = (Source("shipping#1", "Shipping", ARTICLE.text),)
    whole = fit.of(evidence, Draft(Reply(ARTICLE.text), "extractive", cited), 0.9)
    part = fit.of(evidence, Draft(Reply("Shipping costs 4.90 EUR."), "generative", cited), 0.9)
    assert (whole.likeness, whole.elsewhere, whole.expecting) == (0.8, 0.5, True)
    assert (part.likeness, part.elsewhere, part.expecting) == (0.0, 0.8, True)


async def test_an_answer_near_an_expected_question_scores_above_one_near_another() -> None:
    check = quality.relevant(Rarity.of([ARTICLE.text]), FakeEncoder(name=FITTED_ON))

    async def score(seen: Fit) -> float:
        exhibit = Exhibit(
            "free postage from which sum", ARTICLE.text, sources=(Source("a", "Shipping", FREE),),
            subject=seen,
        )  # fmt: skip
        verdict = check.judge(exhibit)
        return (verdict if isinstance(verdict, Verdict) else await verdict).score

    asked = "free postage from what amount"
    here = Fit(expecting=True, question=asked, likeness=0.9, elsewhere=0.3, first=1.0)
    there = Fit(expecting=True, likeness=0.0, elsewhere=0.9)
    assert await score(here) > await score(there)


async def test_an_answer_to_a_question_like_one_that_nothing_answers_needs_to_fit_better() -> None:
    encoder, question = FakeEncoder(name=FITTED_ON), "free postage from which sum"
    fit_of_it = Fit(
        expecting=True, question="free postage from what amount", likeness=0.9, first=1.0
    )
    shown = Exhibit(
        question, ARTICLE.text, sources=(Source("a", "Shipping", FREE),), subject=fit_of_it
    )

    async def score(*lines: str) -> float:
        unanswered = await encoder.encode(lines)
        check = quality.relevant(Rarity.of([ARTICLE.text]), encoder, unanswered=unanswered)
        verdict = check.judge(shown)
        return (verdict if isinstance(verdict, Verdict) else await verdict).score

    assert 0 < await score(question) < await score("Do you rent boats to Mars?") < 1


async def test_where_likeness_was_learned_what_nothing_answers_is_alike_there_too() -> None:
    """This projection moves the question to the line that nothing answers."""
    encoder, question, line = FakeEncoder(name=FITTED_ON), "free postage from which sum", "Mars?"
    asked, far = await encoder.encode([question, line])
    moves = Projection(
        np.asarray(asked[:, None], np.float32),
        np.full(1, -7.0, np.float32),
        np.asarray(20 * far[None], np.float32),
    )
    fitting = Fit(expecting=True, question=question, likeness=0.9, first=1.0)
    shown = Exhibit(
        question, ARTICLE.text, sources=(Source("a", "Shipping", FREE),), subject=fitting
    )

    async def score(projection: Projection) -> float:
        check = quality.relevant(
            Rarity.of([ARTICLE.text]), encoder, unanswered=far[None], projection=projection
        )
        verdict = check.judge(shown)
        return (verdict if isinstance(verdict, Verdict) else await verdict).score

    stays = Projection(moves.inner, moves.bias, 0 * moves.outer)
    assert await score(moves) < await score(stays)


async def test_likeness_is_learned_only_where_the_score_was_weighed_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[str] = []

    async def learned(_passages: object, encoder: FakeEncoder, *_: object) -> None:
        taught.append(encoder.name)

    monkeypatch.setattr("arriero.retrieval.learned.learned", learned)
    source = KnowledgeSource(Store(tmp_path / "knowledge"), (ARTICLE,), ASKS)
    for name in (FITTED_ON, "fake:other"):

        async def encoder(name: str = name) -> FakeEncoder:
            return FakeEncoder(name=name)

        await _projection(source, SimpleNamespace(encoder=encoder, folder=tmp_path), None)  # type: ignore[arg-type]
    assert taught == [FITTED_ON]


def test_a_list_of_unanswered_questions_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        expected.unanswered(tmp_path / "missing.txt")
    (tmp_path / "u.txt").write_text("One?\n\n  One?\nTwo?\n")
    assert expected.unanswered(tmp_path / "u.txt") == ("One?", "Two?")


@pytest.mark.parametrize(
    ("name", "given", "lines"),
    [
        (FITTED_ON, {}, 1_371),
        (FITTED_ON, {"articles": "own"}, 0),  # the sample's gaps say nothing of another shop
        (FITTED_ON, {"articles": "own", "unanswered": "u.txt"}, 2),
        ("fake:other", {}, 0),  # its likenesses were not weighed
    ],
)
async def test_whose_unanswered_questions_count(
    tmp_path: Path, name: str, given: dict[str, str], lines: int
) -> None:
    (tmp_path / "u.txt").write_text("One?\nTwo?\n")

    async def encoder() -> FakeEncoder:
        return FakeEncoder(name=name)

    paths = {key: tmp_path / file for key, file in given.items()}
    settings = SupportSettings.model_validate(paths)
    parts, sample = SimpleNamespace(encoder=encoder, folder=tmp_path), "articles" not in given
    found = await _unanswered(settings, parts, sample=sample)  # type: ignore[arg-type]
    assert (0 if found is None else len(found)) == lines
