"""Fakes of the model seams: deterministic, without weights, for tests, demos and new apps.

Nothing here knows language. `fake:NAME` in the settings means one of these, and says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import blake2b
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING

from arriero.core.errors import ModelError, ModelTimeout
from arriero.models.base import Labels, Piece, Prompt, Reply, TokenChance
from arriero.models.lease import GenerationLease

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Chances = Callable[[Prompt], Sequence[TokenChance]]


class ScriptedGenerator:
    """A fake `Generator` that says what it was told to, word by word.

    `replies` maps a piece of the last message to its answer (an exact match wins, else the first
    key found in the message), or is a function of the prompt. `delay_s` is spent before the first
    word; `word_s` before each further one. One word counts as one token. With `top_logprobs`, each
    word is certain (log-probability 0), unless `chances` says otherwise. `asked` keeps the prompts.
    """

    def __init__(
        self,
        replies: Mapping[str, str] | Callable[[Prompt], str],
        delay_s: float = 0.0,
        name: str = "fake",
        *,
        word_s: float = 0.0,
        lease: GenerationLease | None = None,
        chances: Chances | None = None,
    ) -> None:
        self.name = name
        self.asked: list[Prompt] = []
        self._replies = replies
        self._delay_s = delay_s
        self._word_s = word_s
        self._lease = lease
        self._chances = chances or _certain(self._say)

    async def stream(self, prompt: Prompt, *, timeout_s: float) -> AsyncGenerator[Piece, None]:
        self.asked.append(prompt)
        ends = perf_counter() + timeout_s
        async with self._turn(timeout_s):
            left = perf_counter()
            words, finish = self._say(prompt)
            first = left
            for place, word in enumerate(words):
                await self._pause(self._word_s if place else self._delay_s, ends, timeout_s)
                first = first if place else perf_counter()
                yield Piece(word)
        yield Piece("", self._reply(prompt, words, finish, left, first))

    async def ping(self) -> None:
        """A fake is always there."""

    async def close(self) -> None:
        """A fake holds nothing."""

    def _turn(self, timeout_s: float) -> AbstractAsyncContextManager[None]:
        return self._lease.hold(timeout_s=timeout_s) if self._lease else nullcontext()

    def _say(self, prompt: Prompt) -> tuple[list[str], str]:
        text = self._replies(prompt) if callable(self._replies) else self._find(prompt)
        stops = [at for stop in prompt.stop if (at := text.find(stop)) >= 0]
        words = re.findall(r"\s*\S+", text[: min(stops)] if stops else text)
        if not words:
            raise ModelError(f"fake model {self.name!r} was scripted an empty answer")
        cut = words[: prompt.max_tokens]
        return cut, "stop" if len(cut) == len(words) else "length"

    def _find(self, prompt: Prompt) -> str:
        assert not callable(self._replies)  # noqa: S101 - for the type checker
        last = prompt.messages[-1].content
        keys = [last] if last in self._replies else [key for key in self._replies if key in last]
        if not keys:
            raise ModelError(f"fake model {self.name!r} has no scripted reply to {last[:80]!r}")
        return self._replies[keys[0]]

    async def _pause(self, seconds: float, ends: float, timeout_s: float) -> None:
        left = ends - perf_counter()
        await asyncio.sleep(max(0.0, min(seconds, left)))
        if seconds >= left:
            raise ModelTimeout(
                f"fake model {self.name!r} gave no whole answer in {timeout_s:.3g} s"
            )

    def _reply(
        self, prompt: Prompt, words: list[str], finish: str, left: float, first: float
    ) -> Reply:
        return Reply(
            text="".join(words),
            model=self.name,
            finish=finish,
            tokens_in=sum(len(message.content.split()) for message in prompt.messages),
            tokens_out=len(words),
            first_ms=(first - left) * 1000,
            total_ms=(perf_counter() - left) * 1000,
            tokens=tuple(self._chances(prompt)) if prompt.top_logprobs else (),
        )


class EchoGenerator(ScriptedGenerator):
    """A fake `Generator` that answers with the last message."""

    def __init__(self, name: str = "echo", delay_s: float = 0.0) -> None:
        super().__init__(lambda prompt: prompt.messages[-1].content, delay_s, name)


class FakeEncoder:
    """A fake `Encoder`: hashed words and word pairs, so that texts which share words are near.

    Deterministic over processes and machines. It knows no synonyms and no spelling.
    """

    def __init__(self, dimension: int = 384, name: str = "fake") -> None:
        self.name = name
        self.dimension = dimension

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy  # noqa: ICN001, PLC0415 - an optional package, needed by nothing else here

        rows = numpy.zeros((len(texts), self.dimension), dtype=numpy.float32)
        for row, text in zip(rows, texts, strict=True):
            for place, sign in map(self._place, _features(text)):
                row[place] += sign
            row[0] += not row.any()
        rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    async def close(self) -> None:
        """A fake holds nothing."""

    def _place(self, feature: str) -> tuple[int, float]:
        value = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
        return value // 2 % self.dimension, 1.0 if value % 2 else -1.0


class FakeClassifier:
    """A fake `Classifier`: the label of the first rule whose key stands in the text, else `default`.

    A rule that matches is given `SURE`, the default `UNSURE`; the other labels share the rest.
    """

    SURE = 0.9
    UNSURE = 0.6

    def __init__(self, rules: Mapping[str, str], default: str, name: str = "fake") -> None:
        self.name = name
        self._rules = {key.casefold(): label for key, label in rules.items()}
        self._default = default
        self._labels = tuple(dict.fromkeys([*rules.values(), default]))

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        folded = text.casefold()
        hits = [label for key, label in self._rules.items() if key in folded]
        best, chance = (hits[0], self.SURE) if hits else (self._default, self.UNSURE)
        others = [label for label in self._labels if label != best]
        if not others:
            return Labels(((best, 1.0),), self.name)
        rest = [(label, (1 - chance) / len(others)) for label in others]
        return Labels(((best, chance), *rest), self.name)


def _certain(say: Callable[[Prompt], tuple[list[str], str]]) -> Chances:
    return lambda prompt: [TokenChance(word, 0.0, ((word, 0.0),)) for word in say(prompt)[0]]


def _features(text: str) -> list[str]:
    words = re.findall(r"\w+", text.casefold())
    return words + [f"{one} {two}" for one, two in pairwise(words)]
