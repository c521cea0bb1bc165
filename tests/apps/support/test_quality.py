"""The quality score: what it needs, what makes it 0, and that its coefficients are sane."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.apps.support import articles, quality
from arriero.apps.support.checks import Relevant
from arriero.apps.support.settings import SAMPLE
from arriero.checks import evidence, relevance
from arriero.checks.base import Exhibit
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.core.errors import ModelError
from arriero.core.words import Source, Verdict
from arriero.models.fake import FakeEncoder

SHIPPING = Source(
    "shipping#1",
    "What shipping costs",
    "Standard shipping costs 4.90 EUR per order, without surcharge.",
)
RARITY = Rarity.of(article.text for article in articles.load(SAMPLE / "articles"))


class Broken(FakeEncoder):
    """An encoder that fails."""

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ModelError("gone")


async def judged(exhibit: Exhibit, encoder: FakeEncoder | None = None) -> list[Verdict]:
    found = []
    for group in quality.checks([SHIPPING.quote], encoder):
        for check in group:
            verdict = check.judge(exhibit)
            found.append(verdict if isinstance(verdict, Verdict) else await verdict)
            if check.blocking and not found[-1].passed:
                return found
    return found


def exhibit(
    text: str, origin: str = "generative", question: str = "What does shipping cost?"
) -> Exhibit:
    return Exhibit(question, text, origin=origin, sources=(SHIPPING,), subject=0.9)


async def test_a_true_answer_scores_above_a_false_one() -> None:
    true = quality.score(await judged(exhibit("Standard shipping costs 4.90 EUR per order.")))
    denied = quality.score(
        await judged(exhibit("Standard shipping does not cost 4.90 EUR per order."))
    )
    swapped = quality.score(await judged(exhibit("Standard shipping costs 9.90 EUR per order.")))
    assert true > denied
    assert swapped == 0


async def test_a_verdict_says_what_cost_the_score() -> None:
    verdicts = await judged(exhibit("Standard shipping does not cost 4.90 EUR per order."))
    assert "negation" in quality.reason(verdicts)


@pytest.mark.parametrize(("bias", "why"), [(4.0, ""), (1.0, relevance.MEANINGS["near"])])
async def test_only_a_verdict_that_does_not_pass_well_names_a_fault(bias: float, why: str) -> None:
    layer = Logistic(bias, {"near": 2.0})
    check = Relevant(layer, layer, layer, layer, RARITY)
    verdict = await check.judge(exhibit("Standard shipping costs 4.90 EUR per order."))
    assert verdict.passed
    assert verdict.reason == why


async def test_a_true_answer_to_another_question_scores_less() -> None:
    said = "Standard shipping costs 4.90 EUR per order, without surcharge."
    on = quality.score(await judged(exhibit(said)))
    off = quality.score(await judged(exhibit(said, question="Do you rent kayaks in Oslo?")))
    assert off < on / 2


@pytest.mark.parametrize("origin", sorted(quality.APPROVED))
async def test_what_a_person_worded_is_acceptable(origin: str) -> None:
    text = "I have passed your message to a colleague, who will get back to you."
    assert quality.score(await judged(exhibit(text, origin))) == 1


async def test_an_approved_answer_still_may_not_invent_a_number() -> None:
    assert quality.score(await judged(exhibit("Your parcel 99182 is on its way.", "template"))) == 0


async def test_a_broken_or_missing_encoder_leaves_a_score_by_words() -> None:
    true = exhibit("Standard shipping costs 4.90 EUR per order.")
    by_words = quality.score(await judged(true))
    assert 0 < by_words < 1
    assert quality.score(await judged(true, Broken())) == by_words


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        [Verdict("grounded", True, 0.9)],
        [Verdict("relevant", True, 0.9)],
        [Verdict("grounded", False, 0.4), Verdict("relevant", True, 0.9)],
    ],
)
def test_a_missing_or_failed_verdict_makes_it_nothing(verdicts: list[Verdict]) -> None:
    assert quality.score(verdicts) == 0


def test_the_score_is_the_chance_that_both_hold() -> None:
    verdicts = [Verdict("grounded", True, 0.9), Verdict("relevant", False, 0.5)]
    assert quality.score(verdicts) == pytest.approx(0.45)


def test_every_coefficient_has_a_meaning_and_the_sign_of_it() -> None:
    table = json.loads(quality.COEFFICIENTS.read_text(encoding="utf-8"))
    assert table.pop("encoder").startswith("onnx@")
    assert table["grounded"]["weights"].keys() == evidence.MEANINGS.keys()
    assert table["relevant"]["weights"].keys() == relevance.MEANINGS.keys()
    for name in ("unknown_fact", "strayed_fact", "negation", "modality", "cut", "unknown_unit"):
        assert table["grounded"]["weights"][name] < -1
    for layer in table.values():
        good = {
            "verbatim",
            "covered",
            "in_order",
            "says_whole",
            "taken_up",
            "best_sentence",
            "near",
        }
        good |= {"filed", "title_up", "likely", "ahead", "asked_up", "alike", "first"}
        for name, weight in layer["weights"].items():
            assert weight >= 0 if name in good else weight <= 0


async def test_sentences_of_our_articles_are_grounded_in_them() -> None:
    check = quality.grounded(RARITY)
    for article in articles.load(SAMPLE / "articles")[::10]:
        for text in articles.passages(article):
            verdict = check.judge(
                Exhibit("", text, origin="extractive", sources=(Source("a", article.title, text),))
            )
            assert isinstance(verdict, Verdict)
            assert verdict.score > 0.9


ROWS = [
    json.loads(line)
    for line in (SAMPLE / "adversarial.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_adversarial_set_is_big_enough_and_mixed() -> None:
    assert len(ROWS) >= 150
    assert sum(row["answerable"] for row in ROWS) >= 90
    kinds = {row["kind"] for row in ROWS}
    assert kinds == {"answerable", "removed", "unanswerable", "stale", "contradictory"}
    assert len({row["question"] for row in ROWS}) == len(ROWS)


def test_every_adversarial_fact_stands_in_its_article() -> None:
    known = {article.id: article for article in articles.load(SAMPLE / "articles")}
    for row in ROWS:
        if row["article"]:
            assert (row["fact"] or "").lower() in known[row["article"]].text.lower(), row
        else:
            assert not row["answerable"]


def test_no_adversarial_question_was_fitted_on() -> None:
    fitted = {
        json.loads(line)["question"].lower()
        for line in (SAMPLE / "relevance.jsonl").read_text(encoding="utf-8").splitlines()
    }
    assert not fitted & {row["question"].lower() for row in ROWS}


def test_every_fitted_row_names_a_passage_of_ours() -> None:
    known = {one.id for one in articles.passages_of(articles.load(SAMPLE / "articles"))}
    for line in (SAMPLE / "relevance.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert set(row["passages"]) <= known
        assert bool(row["passages"]) is bool(row["reworded"])
