from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import numpy as np
import pytest

from arriero.core.errors import ModelError, ModelTimeout
from arriero.core.words import Message
from arriero.models.base import Classifier, Encoder, Generator, Prompt, complete
from arriero.models.fake import EchoGenerator, FakeClassifier, FakeEncoder, ScriptedGenerator


def ask(text: str, *, max_tokens: int = 300, stop: tuple[str, ...] = ()) -> Prompt:
    return Prompt((Message("user", text),), max_tokens=max_tokens, stop=stop)


def test_the_fakes_are_what_they_stand_for() -> None:
    generator: Generator = EchoGenerator()
    encoder: Encoder = FakeEncoder()
    classifier: Classifier = FakeClassifier({}, default="other")
    assert (generator.name, encoder.dimension, classifier.name) == ("echo", 384, "fake")


async def test_an_exact_key_wins_over_one_found_inside() -> None:
    generator = ScriptedGenerator({"order": "inside", "my order": "exact"})
    assert (await complete(generator, ask("my order"), timeout_s=1)).text == "exact"
    assert (await complete(generator, ask("an order!"), timeout_s=1)).text == "inside"


async def test_a_prompt_without_a_script_is_an_error() -> None:
    with pytest.raises(ModelError, match="no scripted reply to 'hello'"):
        await complete(ScriptedGenerator({"x": "y"}), ask("hello"), timeout_s=1)


async def test_an_empty_script_is_an_error() -> None:
    with pytest.raises(ModelError, match="empty"):
        await complete(ScriptedGenerator({"x": " "}), ask("x"), timeout_s=1)


async def test_it_streams_word_by_word() -> None:
    generator = ScriptedGenerator(lambda _: "It is  here.\n")
    pieces = [piece.text async for piece in generator.stream(ask("x"), timeout_s=1)]
    assert pieces == ["It", " is", "  here.", ""]


async def test_it_keeps_what_it_was_asked() -> None:
    generator, prompt = EchoGenerator(), ask("hello")
    await complete(generator, prompt, timeout_s=1)
    assert generator.asked == [prompt]


async def test_a_delay_beyond_the_deadline_is_a_timeout() -> None:
    began = perf_counter()
    with pytest.raises(ModelTimeout):
        await complete(EchoGenerator(delay_s=30), ask("hello"), timeout_s=0.1)
    assert perf_counter() - began < 1


async def test_the_echo_stops_at_a_stop_word() -> None:
    reply = await complete(EchoGenerator(), ask("one two three", stop=("two",)), timeout_s=1)
    assert reply.text == "one"


async def test_vectors_are_unit_length_float32() -> None:
    vectors = await FakeEncoder(64).encode(["where is my order", "", "!", "é"])
    assert vectors.shape == (4, 64)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


async def test_no_text_gives_no_vector() -> None:
    assert (await FakeEncoder(64).encode([])).shape == (0, 64)


async def test_texts_that_share_words_are_nearer() -> None:
    one, near, far = await FakeEncoder().encode(
        ["where is my order", "Where is my ORDER now?", "reset the password"]
    )
    assert one @ near > 0.7
    assert one @ far < 0.3


async def test_vectors_are_the_same_in_every_process() -> None:
    script = (
        "import asyncio; from arriero.models.fake import FakeEncoder;"
        "print(asyncio.run(FakeEncoder(16).encode(['where is my order'])).tobytes().hex())"
    )
    seeds = ["1", "2"]
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in seeds
    ]
    here = (await FakeEncoder(16).encode(["where is my order"])).tobytes().hex()
    assert runs == [here, here]


async def test_a_rule_decides_else_the_default() -> None:
    classifier = FakeClassifier({"refund": "billing", "parcel": "delivery"}, default="other")
    sure = await classifier.classify("I want a REFUND", timeout_s=1)
    unsure = await classifier.classify("hello", timeout_s=1)
    assert (sure.label, sure.confidence) == ("billing", 0.9)
    assert (unsure.label, unsure.confidence) == ("other", 0.6)


async def test_its_probabilities_add_up_over_all_labels() -> None:
    classifier = FakeClassifier({"a": "x", "b": "y", "c": "x"}, default="z")
    scores = (await classifier.classify("b", timeout_s=1)).scores
    assert sorted(label for label, _ in scores) == ["x", "y", "z"]
    assert sum(chance for _, chance in scores) == pytest.approx(1)


async def test_a_single_label_is_certain() -> None:
    labels = await FakeClassifier({}, default="only").classify("x", timeout_s=1)
    assert labels.scores == (("only", 1.0),)
