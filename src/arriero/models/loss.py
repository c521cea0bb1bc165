"""What a re-quantised copy loses against its original.

Loss: the original continues a few of our own texts greedily; both files are then led along exactly
that continuation, token by token, and say how likely they find each next token. The share of equal
first choices, and the difference of the log-probabilities, are the loss. No benchmark text is used.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from arriero.core.errors import ModelError
from arriero.models.llama_process import Child, running_child

TOP = 64  # how many alternatives are asked for; a token beyond them counts with the last one's
TOKENS_A_TEXT = 40  # 12 texts, some end earlier: 384 choices, a standard error of 2 points at 80 %
CONTEXT = 2_048

# Written for this measurement: what the apps ask small models to do.
TEXTS = (
    (
        "Question: My tent leaks at the seams. Can I have it repaired?\n"
        "Passage: Seam repair costs 18 euros and takes ten working days. Bring the tent dry to any shop.\nAnswer:"
    ),
    (
        "Question: When is parcel 4471 going to arrive?\n"
        "Passage: Parcels to Austria take two to four working days. Parcel 4471 left the warehouse on Monday.\nAnswer:"
    ),
    "Dear customer,\n\nthank you for writing to us about the torn strap on your backpack. We",
    "The main difference between a down sleeping bag and a synthetic one is",
    "To return an article, please follow these three steps:\n1.",
    "The quarterly report shows that revenue grew by 12 percent while costs stayed flat, which means",
    "def average(values):\n    '''Return the mean of a list of numbers.'''\n",
    "Summary of the call: the customer ordered hiking boots in size 42, received size 40 and",
    "Rewrite in a friendly tone: 'Your request was received. Wait for a reply.'\nRewritten:",
    "Q: Is the message 'This is the third time that my order is late!' positive or negative?\nA:",
    "Climbing ropes should be stored in a dry and dark place because",
    "Our opening hours change in winter. From November to March the shop in the valley is open",
)


@dataclass(frozen=True, slots=True)
class Loss:
    """`agreement` is the share of positions at which both files prefer the same token.

    `mean_abs` and `mean` are of log-probability(original) - log-probability(copy), in nats, over `n`
    tokens that the original chose: `mean` > 0 says that the copy finds them less likely.
    `perplexity_ratio` is exp(mean).
    """

    agreement: float
    mean_abs: float
    mean: float
    perplexity_ratio: float
    n: int

    def said(self) -> str:
        return (
            f"same first choice {self.agreement:.1%}, "
            f"mean |change of log-probability| {self.mean_abs:.3f} nats ({self.n} tokens)"
        )

    def to_json(self) -> dict[str, float | int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Step:
    """One position: the token chosen, the likeliest one, each alternative's log-probability."""

    token: int
    first: int
    chances: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class _Told:
    """How the original went on from a prompt."""

    prompt: Sequence[int]
    steps: tuple[_Step, ...]


async def loss_of(copy: Path, original: Path, texts: Sequence[str] = TEXTS) -> Loss:
    """The loss of `copy` against `original` (about 25 s for 135M parameters).

    Raises `ModelCorrupt` when llama.cpp refuses a file, `ModelError` when it cannot be measured.
    """
    async with opened(original) as child:
        told = [await _greedy(child, text) for text in texts]
    async with opened(copy) as child:
        after = [await _led(child, one) for one in told]
    return _loss(told, after)


def _loss(told: Sequence[_Told], after: Sequence[Sequence[_Step]]) -> Loss:
    changes, same = [], 0
    for one, steps in zip(told, after, strict=True):
        for old, new in zip(one.steps, steps, strict=True):
            changes.append(_chance(old, old.token) - _chance(new, old.token))
            same += old.first == new.first
    if not changes:
        raise ModelError("the model wrote nothing, so the loss of its copy cannot be measured")
    n = len(changes)
    mean = sum(changes) / n
    return Loss(same / n, sum(map(abs, changes)) / n, mean, math.exp(mean), n)


def _chance(step: _Step, token: int) -> float:
    return step.chances.get(token, min(step.chances.values()))


@asynccontextmanager
async def opened(gguf: Path, threads: tuple[int, int] = (1, 1)) -> AsyncIterator[Child]:
    """A short-lived model server over `gguf`; `threads` write and read.

    One thread each by default: beside other work on two cores, two threads wait for each other.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "llama.log"
        async with running_child(
            gguf, None, threads=threads, context=CONTEXT, log_file=log
        ) as child:
            yield child


async def _greedy(child: Child, text: str) -> _Told:
    """The tokens with which the model continues `text`, its end not counted."""
    prompt = (await ask(child, "/tokenize", {"content": text, "add_special": True}))["tokens"]
    said = await ask(child, "/completion", _sampling(prompt, TOKENS_A_TEXT))
    return _Told(prompt, tuple(_step(place) for place in said["completion_probabilities"]))


async def _led(child: Child, told: _Told) -> list[_Step]:
    """What `child` thinks at each step of `told`. The prompt is cached: a step costs one token."""
    steps, tokens = [], list(told.prompt)
    for step in told.steps:
        said = await ask(child, "/completion", _sampling(tokens, 1))
        steps.append(_step(said["completion_probabilities"][0]))
        tokens.append(step.token)
    return steps


def _step(place: Mapping[str, Any]) -> _Step:
    chances = {item["id"]: item["logprob"] for item in place["top_logprobs"]}
    return _Step(place["id"], max(chances, key=chances.__getitem__), chances)


def _sampling(tokens: Sequence[int], count: int) -> dict[str, Any]:
    return {
        "prompt": list(tokens),
        "n_predict": count,
        "temperature": 0,
        "n_probs": TOP,
        "cache_prompt": True,
    }


async def ask(child: Child, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """llama.cpp's own (not OpenAI's) endpoints: only they take tokens and give timings."""
    answer = await child.http.post(path, json=body)
    if answer.status_code != 200:
        raise ModelError(f"llama.cpp answered {answer.status_code} to {path}: {answer.text[:200]}")
    found: dict[str, Any] = answer.json()
    return found
