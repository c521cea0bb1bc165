"""A served language model as a classifier, for example one fine-tuned to name an intent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence

from arriero.core.errors import ModelError
from arriero.core.words import Message
from arriero.models.base import Generator, Labels, Prompt, Reply, TokenChance, complete

INSTRUCTION = "Name the label that fits the user's text best."
SHOWN = 20  # alternatives asked for at each token: the most that OpenAI's API gives
VALUE = re.compile(r'\{\s*"label"\s*:\s*(?=")')  # what stands before the label in the answer


class LlmClassifier:
    """A `Classifier` over a `Generator`: the answer is held to one of `labels` by a JSON schema.

    Probabilities are read from the log-probabilities of the tokens that tell the labels apart,
    normalised over the labels. Approximations: a label whose next token is not among the `SHOWN`
    most likely ones counts as likely as the least likely one shown (too much, so the confidence errs
    on the low side); labels that share a token share its probability equally; and servers give the
    chances before the schema is applied, which normalising over the labels undoes. Without any
    log-probabilities, the label named gets probability 1. None of this is calibrated.
    """

    def __init__(
        self,
        generator: Generator,
        labels: Sequence[str],
        *,
        instruction: str = INSTRUCTION,
    ) -> None:
        if not labels or len(set(labels)) != len(labels):
            raise ValueError(f"a classifier needs labels, each once, not {list(labels)!r}")
        self.name = generator.name
        self._generator = generator
        self._labels = tuple(labels)
        self._system = f"{instruction}\nThe labels are: {', '.join(labels)}."

    async def classify(self, text: str, *, timeout_s: float) -> Labels:
        """The labels with their probabilities; `ModelError` when the answer names none of them."""
        reply = await complete(self._generator, self._prompt(text), timeout_s=timeout_s)
        chances = label_chances(reply.text, reply.tokens, self._labels)
        named = self._named(reply)
        ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0] != named))
        model = f"{reply.model}+{reply.adapter}" if reply.adapter else reply.model
        return Labels(tuple(ranked), model)

    def _prompt(self, text: str) -> Prompt:
        choice = {"type": "string", "enum": list(self._labels)}
        return Prompt(
            messages=(Message("system", self._system), Message("user", text)),
            max_tokens=16 + max(len(json.dumps(label)) for label in self._labels),
            schema={
                "type": "object",
                "properties": {"label": choice},
                "required": ["label"],
                "additionalProperties": False,
            },
            top_logprobs=SHOWN,
        )

    def _named(self, reply: Reply) -> str:
        try:
            label = json.loads(reply.text)["label"]
        except (ValueError, KeyError, TypeError):
            label = None
        if label not in self._labels:
            raise ModelError(
                f"model {self.name!r} answered {reply.text[:80]!r}, which names none of its"
                f" {len(self._labels)} labels; does its server apply JSON schemas?"
            )
        return str(label)


def label_chances(
    text: str, tokens: Sequence[TokenChance], labels: Sequence[str]
) -> dict[str, float]:
    """The probability of each label, from an answer `{"label": "..."}` and its tokens' chances.

    The tokens are walked once. Where those labels that still fit part ways, each gets its share of
    what the model gave to its next token; those that the answer leaves keep theirs.
    """
    if tokens:  # llama.cpp's tokens may hold a code fence that it takes out of the text
        text = "".join(token.token for token in tokens)
    head = VALUE.search(text)
    begin = text[: head.end()] if head else ""
    full = {label: f"{begin}{json.dumps(label, ensure_ascii=False)}" for label in labels}
    chances = dict.fromkeys(labels, 0.0)
    fitting, share, said = list(labels), 1.0, ""
    for token in tokens:
        after = said + token.token
        staying = [label for label in fitting if _fits(full[label], after)]
        if 0 < len(staying) < len(fitting):
            weights = _weights(token, said, {label: full[label] for label in fitting})
            whole = sum(weights.values())
            for label in fitting:
                chances[label] = share * weights[label] / whole
            share = sum(chances[label] for label in staying)
            fitting = staying
        said = after
    for label in fitting:
        chances[label] = share / len(fitting)
    return _settled(chances, fitting, text, full)


def _weights(token: TokenChance, said: str, full: dict[str, str]) -> dict[str, float]:
    """What the model gave to each label at this token, not normalised."""
    shown = dict(token.top) | {token.token: token.logprob}
    floor = math.exp(min(shown.values()))
    weights = dict.fromkeys(full, 0.0)
    for piece, logprob in shown.items():
        fits = [label for label in full if piece and _fits(full[label], said + piece)]
        for label in fits:
            weights[label] += math.exp(logprob) / len(fits)
    return {label: weight or floor for label, weight in weights.items()}


def _fits(full: str, said: str) -> bool:
    return full.startswith(said) or said.startswith(full)


def _settled(
    chances: dict[str, float], fitting: Sequence[str], text: str, full: dict[str, str]
) -> dict[str, float]:
    """Give what several labels still share to the one that the answer names."""
    named = [label for label in fitting if text.startswith(full[label])]
    if len(named) == 1:
        rest = sum(chances[label] for label in fitting)
        return chances | dict.fromkeys(fitting, 0.0) | {named[0]: rest}
    return chances
