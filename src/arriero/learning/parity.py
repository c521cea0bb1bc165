"""Whether what is served is what was trained: the same weights in torch score the served child's words.

Users of LLaMA-Factory lose most quality between training and serving (its issues 5232, 10596): another
chat template, an adapter that was not applied. So a child serves base and adapter, each continues a few
prompts greedily, and the trained weights say how likely they find each token. llama.cpp quantises
activations, so the two always differ a little; the base tells how much.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from arriero.core.errors import ArrieroError
from arriero.core.words import JsonValue, content_hash
from arriero.learning.trainers.environment import Environment, ask_inside
from arriero.models.llama_probe import ARM, BASE, probe
from arriero.models.llama_process import Child, running_child
from arriero.models.loss import TEXTS, ask

TOKENS = 40  # a prompt; 12 prompts and two arms give some 900 log-probabilities
MOST = 1.5  # x the base model's own difference (issue: measured 0.046 for the base, 0.030 with adapter)
NOISE = 0.005  # nats: a tenth of what smollm2's base differs by; nearer than that is equal
CONTEXT = 2_048
SYSTEM = "You answer customers of a shop from the passages that you are given, briefly."
# A first turn and a second one, which shows how an answer ends; then without a system message.
SHAPES: Sequence[Sequence[Mapping[str, str]]] = (
    ({"role": "system", "content": SYSTEM}, {"role": "user", "content": "Where is my order 4?"}),
    (
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello, how can I help?"},
        {"role": "user", "content": "My tent leaks.\nWhat now?"},
    ),
)
WITHOUT_SYSTEM = ({"role": "user", "content": "Where is my order 4?"},)


class AdapterRefused(ArrieroError):
    """An adapter, or a model, that cannot be served as what it says; the message says why."""

    status = 400
    code = "adapter_refused"


@dataclass(frozen=True, slots=True)
class Difference:
    """Of log-probabilities, served minus trained, in nats over `n` tokens; `agreement`: same first choice."""

    mean_abs: float
    max_abs: float
    agreement: float
    n: int


@dataclass(frozen=True, slots=True)
class Parity:
    """`base` and `adapter`: how far serving is from training. Template hashes are of token ids.

    `same_default` is False when only conversations without a system message are rendered otherwise.
    """

    base: Difference
    adapter: Difference
    template_served: str
    template_trained: str
    same_default: bool

    @property
    def holds(self) -> bool:
        near = self.adapter.mean_abs <= max(NOISE, MOST * self.base.mean_abs)
        return near and self.template_served == self.template_trained

    def check(self) -> None:
        """Raises `AdapterRefused` with what is different."""
        if self.template_served != self.template_trained:
            raise AdapterRefused(
                "it was trained with another chat template than the base is served with; train with"
                " the base's own (in LLaMA-Factory: leave `template` out), or name the right --template"
            )
        if not self.holds:
            raise AdapterRefused(
                f"what is served is not what was trained: log-probabilities differ by"
                f" {self.adapter.mean_abs:.3f} nats on average, the base's own by"
                f" {self.base.mean_abs:.3f} (at most {MOST} times that is allowed)"
            )

    def to_json(self) -> Mapping[str, JsonValue]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Served:
    """What a child wrote after a prompt: token ids and their log-probabilities."""

    prompt: Sequence[int]
    reply: Sequence[int]
    chances: Sequence[float]


@dataclass(frozen=True, slots=True)
class Weights:
    """What was trained: the base's folder, the PEFT folder, where the tokenizer is, which template.

    `template` is LLaMA-Factory's name, or None: parsed from the tokenizer's own chat template.
    """

    base: Path
    adapter: Path
    tokenizer: Path
    template: str | None = None


async def parity_of(
    gguf: Path,
    adapter: Path,
    weights: Weights,
    environment: Environment,
    *,
    prompts: Sequence[str] = TEXTS,
) -> Parity:
    """Serve `adapter` on `gguf`, and compare (some 90 s for 135 million weights on two cores).

    Raises `ModelCorrupt` when the child is not the arm that it says, or refuses a file.
    """
    conversations = [
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
        for text in prompts
    ]
    async with _serving(gguf, adapter) as child:
        rendered = [await _rendered(child, one) for one in (*SHAPES, WITHOUT_SYSTEM)]
        asked = [await _rendered(child, one) for one in conversations]
        base = [await _greedy(child, ids, BASE) for ids in asked]
        arm = [await _greedy(child, ids, ARM) for ids in asked]
    question = {
        "base": str(weights.base),
        "adapter": str(weights.adapter),
        "tokenizer": str(weights.tokenizer),
        "template": weights.template,
        "conversations": [*SHAPES, WITHOUT_SYSTEM],
        "served": {"base": _told(base), "adapter": _told(arm)},
    }
    answer = await _scored(environment, question)
    *trained, alone = answer["prompts"]
    return Parity(
        _difference(base, answer["base"]),
        _difference(arm, answer["adapter"]),
        content_hash(rendered[:-1]),
        content_hash(trained),
        alone == rendered[-1],
    )


async def merged_parity(
    served: Path, merged: Path, base_gguf: Path, base: Path, environment: Environment
) -> Parity:
    """The same for a merged model: `served` is its GGUF file, `merged` its folder. The base's own
    difference is that of `base_gguf` from the folder `base`.
    """
    own, _, _ = await _alone(base_gguf, base, environment)
    found, rendered, trained = await _alone(served, merged, environment)
    return Parity(
        own,
        found,
        content_hash(rendered[:-1]),
        content_hash(trained[:-1]),
        rendered[-1] == trained[-1],
    )


async def _alone(
    gguf: Path, folder: Path, environment: Environment
) -> tuple[Difference, list[list[int]], list[list[int]]]:
    """A model without an adapter: its difference, and its prompts as served and as trained."""
    conversations = [*SHAPES, WITHOUT_SYSTEM]
    async with _serving(gguf, None) as child:
        rendered = [await _rendered(child, one) for one in conversations]
        asked = [await _rendered(child, [{"role": "user", "content": text}]) for text in TEXTS]
        said = [await _greedy(child, ids, ()) for ids in asked]
    question = {
        "base": str(folder),
        "adapter": None,
        "tokenizer": str(folder),
        "template": None,
        "conversations": conversations,
        "served": {"base": _told(said), "adapter": []},
    }
    answer = await _scored(environment, question)
    return _difference(said, answer["base"]), rendered, answer["prompts"]


async def _scored(environment: Environment, question: Mapping[str, Any]) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "question.json"
        await asyncio.to_thread(file.write_text, json.dumps(question), encoding="utf-8")
        return await ask_inside(environment, "score.py", str(file))


@asynccontextmanager
async def _serving(gguf: Path, adapter: Path | None) -> AsyncIterator[Child]:
    with TemporaryDirectory() as folder:
        log = Path(folder) / "llama.log"
        async with running_child(
            gguf, adapter, threads=(1, 1), context=CONTEXT, log_file=log
        ) as child:
            await probe(child.http, adapter)
            yield child


async def _rendered(child: Child, conversation: Sequence[Mapping[str, str]]) -> list[int]:
    """The token ids that the child would read for a chat, ready to answer."""
    text = (await ask(child, "/apply-template", {"messages": list(conversation)}))["prompt"]
    body = {"content": text, "add_special": True, "parse_special": True}
    tokens: list[int] = (await ask(child, "/tokenize", body))["tokens"]
    return tokens


async def _greedy(child: Child, prompt: list[int], arm: Sequence[Mapping[str, Any]]) -> _Served:
    body: dict[str, Any] = {
        "prompt": prompt,
        "n_predict": TOKENS,
        "temperature": 0,
        "n_probs": 1,
        "cache_prompt": False,  # llama.cpp issue 26207: a cached prompt may be another arm's
    }
    body |= {"lora": list(arm)} if arm else {}
    places = (await ask(child, "/completion", body))["completion_probabilities"]
    return _Served(prompt, [one["id"] for one in places], [one["logprob"] for one in places])


def _told(served: Sequence[_Served]) -> list[Mapping[str, Sequence[int]]]:
    return [{"prompt": one.prompt, "reply": one.reply} for one in served]


def _difference(
    served: Sequence[_Served], scored: Sequence[Sequence[tuple[float, bool]]]
) -> Difference:
    apart, first = [], 0
    for one, told in zip(served, scored, strict=True):
        for chance, (trained, likeliest) in zip(one.chances, told, strict=True):
            apart.append(abs(chance - trained))
            first += likeliest
    if not apart:
        raise AdapterRefused("the served model wrote nothing, so it cannot be compared")
    n = len(apart)
    return Difference(sum(apart) / n, max(apart), first / n, n)
