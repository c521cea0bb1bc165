from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from arriero.core.errors import ModelError, ModelTimeout
from arriero.models.base import Classifier, TokenChance
from arriero.models.fake import EchoGenerator, ScriptedGenerator
from arriero.models.llama import LlamaGenerator
from arriero.models.llm_classifier import LlmClassifier, label_chances

LABELS = ("billing", "delivery", "other")
HEAD = TokenChance('{"label": "', -0.5, (('{"label": "', -0.5), ("The", -1.0)))


def chance(token: str, top: Mapping[str, float]) -> TokenChance:
    """A token with the probabilities (not their logarithms) of the alternatives there."""
    logs = tuple((piece, math.log(value)) for piece, value in top.items())
    return TokenChance(token, dict(logs)[token], logs)


def chances(*tokens: TokenChance, labels: tuple[str, ...] = LABELS) -> dict[str, float]:
    return label_chances("".join(token.token for token in tokens), tokens, labels)


def test_the_token_that_tells_labels_apart_gives_the_probabilities() -> None:
    apart = chance("billing", {"billing": 0.6, "delivery": 0.3, "other": 0.1})
    found = chances(HEAD, apart, chance('"}', {'"}': 1.0}))
    assert found == pytest.approx({"billing": 0.6, "delivery": 0.3, "other": 0.1})


def test_what_the_model_gave_to_other_words_is_normalised_away() -> None:
    apart = chance("billing", {"The": 0.9, "billing": 0.06, "delivery": 0.03, "other": 0.01})
    assert chances(HEAD, apart)["billing"] == pytest.approx(0.6)


def test_a_label_that_is_not_shown_counts_as_the_least_likely_shown() -> None:
    apart = chance("billing", {"billing": 0.8, "delivery": 0.1})
    assert chances(HEAD, apart)["other"] == pytest.approx(0.1)


def test_a_piece_of_a_label_counts_for_the_labels_that_begin_with_it() -> None:
    labels = ("card_lost", "card_stolen", "refund")
    card = chance("card_", {"card_": 0.8, "refund": 0.2})
    lost = chance("lost", {"lost": 0.25, "stolen": 0.75})
    found = chances(HEAD, card, lost, labels=labels)
    assert found == pytest.approx({"card_lost": 0.2, "card_stolen": 0.6, "refund": 0.2})


def test_a_token_may_hold_the_quote_and_the_label() -> None:
    head = TokenChance('{"label": ', -0.1)
    apart = chance('"b', {'"b': 0.7, '"d': 0.2, '"o': 0.1})
    found = chances(head, apart, chance('illing"}', {'illing"}': 1.0}))
    assert found == pytest.approx({"billing": 0.7, "delivery": 0.2, "other": 0.1})


def test_a_code_fence_among_the_tokens_does_not_matter() -> None:
    fence = TokenChance("```", -9.0, (("I", -0.1),))
    apart = chance("billing", {"billing": 0.6, "delivery": 0.3, "other": 0.1})
    found = label_chances('{"label": "billing"}', (fence, HEAD, apart), LABELS)
    assert found["billing"] == pytest.approx(0.6)


def test_a_label_that_begins_another_is_told_apart_by_its_end() -> None:
    labels = ("order", "order_late")
    begin = chance("order", {"order": 1.0})
    end = chance('"}', {'"}': 0.9, "_late": 0.1})
    found = chances(HEAD, begin, end, labels=labels)
    assert found == pytest.approx({"order": 0.9, "order_late": 0.1})


def test_labels_with_quotes_and_accents_are_found() -> None:
    labels = ('say "hi"', "très bien")
    text = json.dumps({"label": "très bien"}, ensure_ascii=False)
    assert label_chances(text, (), labels) == {'say "hi"': 0.0, "très bien": 1.0}


def test_without_log_probabilities_the_named_label_is_certain() -> None:
    found = label_chances('{"label": "delivery"}', (), LABELS)
    assert found == {"billing": 0.0, "delivery": 1.0, "other": 0.0}


def scripted(label: str) -> LlmClassifier:
    tokens = [HEAD, chance(label, {"billing": 0.3, label: 0.7}), TokenChance('"}', 0.0)]
    generator = ScriptedGenerator(lambda _: f'{{"label": "{label}"}}', chances=lambda _: tokens)
    return LlmClassifier(generator, LABELS)


async def test_labels_come_from_the_likeliest_down_and_add_up() -> None:
    labels = await scripted("delivery").classify("where is it?", timeout_s=1)
    assert labels.label == "delivery"
    assert [chance for _, chance in labels.scores] == sorted(
        (chance for _, chance in labels.scores), reverse=True
    )
    assert sum(chance for _, chance in labels.scores) == pytest.approx(1)


async def test_the_prompt_holds_the_answer_to_the_labels() -> None:
    generator = ScriptedGenerator(lambda _: '{"label": "other"}')
    classifier: Classifier = LlmClassifier(generator, LABELS, instruction="Which intent?")
    await classifier.classify("hello", timeout_s=1)
    prompt = generator.asked[0]
    assert prompt.schema is not None
    assert prompt.schema["properties"]["label"]["enum"] == list(LABELS)
    assert prompt.messages[0].content.startswith("Which intent?")
    assert prompt.top_logprobs > 0


async def test_an_answer_that_is_no_label_is_an_error() -> None:
    with pytest.raises(ModelError, match="names none of its 3 labels"):
        await LlmClassifier(EchoGenerator(), LABELS).classify("billing, surely", timeout_s=1)


async def test_the_deadline_is_the_generators() -> None:
    with pytest.raises(ModelTimeout):
        await LlmClassifier(EchoGenerator(delay_s=9), LABELS).classify("x", timeout_s=0.05)


def test_labels_must_be_distinct() -> None:
    with pytest.raises(ValueError, match="each once"):
        LlmClassifier(EchoGenerator(), ("a", "a"))


@pytest.mark.slow
async def test_a_real_model_gives_every_label_a_probability(
    model_path: Callable[[str], Path], tmp_path: Path
) -> None:
    generator = LlamaGenerator.of("smollm2-135m", model_path("smollm2-135m"), folder=tmp_path)
    classifier = LlmClassifier(
        generator, ("positive", "negative", "neutral"), instruction="Name the sentiment."
    )
    try:
        labels = await classifier.classify("I love it, thank you so much!", timeout_s=60)
    finally:
        await generator.close()
    assert {label for label, _ in labels.scores} == {"positive", "negative", "neutral"}
    assert sum(chance for _, chance in labels.scores) == pytest.approx(1)
    assert 1 / 3 <= labels.confidence < 1
