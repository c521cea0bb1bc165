"""The models bound to a variant's roles. Every call made here is recorded, or replayed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from arriero.core.errors import (
    ModelBusy,
    ModelCorrupt,
    ModelError,
    ModelTimeout,
    PromptTooLong,
)
from arriero.core.words import Call, JsonValue, Message, RoleBinding
from arriero.models.base import Classifier, Generator, Labels, Piece, Prompt, Reply
from arriero.observe import calls

GIVEN_UP = "given up: the deadline passed, or others were enough"
LEFT = "given up: whoever asked left before the end"
KINDS = {kind.code: kind for kind in (ModelBusy, ModelCorrupt, ModelTimeout, PromptTooLong)}


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the currency of the settings."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def of(self, reply: Reply) -> float:
        return (self.tokens_in * reply.tokens_in + self.tokens_out * reply.tokens_out) / 1e6


@dataclass(frozen=True, slots=True)
class Models:
    """What a turn may ask: `classify` and `generate` by role, never by model name."""

    bindings: Mapping[str, RoleBinding]
    generators: Mapping[str, Generator]
    classifiers: Mapping[str, Classifier]
    prices: Mapping[str, Price]

    async def classify(self, role: str, text: str, *, timeout_s: float) -> Labels:
        """The labels that the role's classifier gives `text`."""
        request: dict[str, JsonValue] = {"text": text}
        log = calls.current()
        if log is not None and log.replaying:
            return _labels(log.recorded(role, request))
        started = time.perf_counter()
        try:
            labels = await self._classifier(role).classify(text, timeout_s=timeout_s)
        except ModelError as error:
            self._note(log, role, request, None, started, error=error)
            raise
        except asyncio.CancelledError:
            self._note(log, role, request, None, started, error=GIVEN_UP)
            raise
        self._note(log, role, request, _answer(labels), started)
        return labels

    async def generate(
        self,
        role: str,
        messages: Sequence[Message],
        *,
        timeout_s: float,
        seed: int = 0,
        frequency_penalty: float = 0.0,
        schema: Mapping[str, JsonValue] | None = None,
    ) -> Reply:
        """The whole reply of the role's generator with the role's own parameters."""
        prompt = replace(
            self.prompt(role, messages, seed=seed, schema=schema),
            frequency_penalty=frequency_penalty,
        )
        async for piece in self.stream(role, prompt, timeout_s=timeout_s):
            if piece.reply is not None:
                return piece.reply
        raise ModelError(f"the model of role {role!r} ended its stream without a reply")

    def prompt(
        self,
        role: str,
        messages: Sequence[Message],
        *,
        seed: int = 0,
        schema: Mapping[str, JsonValue] | None = None,
    ) -> Prompt:
        """`messages` with the sampling parameters that the variant binds to the role."""
        bound = self.bindings[role]
        return Prompt(
            tuple(messages), bound.max_tokens, bound.temperature, bound.stop, seed, schema=schema
        )

    async def stream(self, role: str, prompt: Prompt, *, timeout_s: float) -> AsyncIterator[Piece]:
        """The reply as it comes; recorded when its last piece came, or when it failed.

        The pieces of one that is given up count as tokens: servers send a token a piece, and no usage before the end.
        """
        request: dict[str, JsonValue] = asdict(prompt)
        log = calls.current()
        if log is not None and log.replaying:
            reply = _reply(log.recorded(role, request))
            yield Piece(reply.text)
            yield Piece("", reply)
            return
        started, came, noted = time.perf_counter(), 0, False
        pieces = self._generator(role).stream(prompt, timeout_s=timeout_s)
        try:
            async for piece in pieces:
                if piece.reply is not None:
                    self._note(log, role, request, asdict(piece.reply), started, piece.reply)
                    noted = True
                came += 1
                yield piece
        except GeneratorExit:
            if not noted:
                self._note(log, role, request, None, started, error=LEFT, came=came)
            raise
        except ModelError as error:
            self._note(log, role, request, None, started, error=error, came=came)
            raise
        except asyncio.CancelledError:
            self._note(log, role, request, None, started, error=GIVEN_UP, came=came)
            raise
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]  # every stream is an async generator

    def _classifier(self, role: str) -> Classifier:
        if role not in self.classifiers:
            raise ModelError(f"role {role!r} has no classifier; bind it in [apps.X.models]")
        return self.classifiers[role]

    def _generator(self, role: str) -> Generator:
        if role not in self.generators:
            raise ModelError(f"role {role!r} has no generator; bind it in [apps.X.models]")
        return self.generators[role]

    def _note(
        self,
        log: calls.CallLog | None,
        role: str,
        request: Mapping[str, JsonValue],
        answer: Mapping[str, JsonValue] | None,
        started: float,
        reply: Reply | None = None,
        error: ModelError | str | None = None,
        came: int = 0,
    ) -> None:
        if log is None:
            return
        bound = self.bindings[role]
        log.add(
            Call(
                role=role,
                model=bound.model,
                adapter=bound.adapter,
                request=request,
                reply=answer,
                tokens_in=reply.tokens_in if reply else 0,
                tokens_out=reply.tokens_out if reply else came,
                first_ms=reply.first_ms if reply else None,
                total_ms=(time.perf_counter() - started) * 1e3,
                cost=self.prices.get(role, Price()).of(reply) if reply else 0.0,
                error=error.message if isinstance(error, ModelError) else error,
                code=error.code if isinstance(error, ModelError) else None,
            )
        )


def _answer(labels: Labels) -> dict[str, JsonValue]:
    near = [list(row) for row in labels.near]
    known = {"scores": labels.scores[:5], "model": labels.model}
    return known | {"outside": labels.outside, "near": near}


def _labels(call: Call) -> Labels:
    if call.reply is None:
        raise _failure(call)
    scores = tuple((str(label), float(chance)) for label, chance in call.reply["scores"])
    near = tuple(
        (str(text), str(label), float(like)) for text, label, like in call.reply.get("near", ())
    )
    outside = call.reply.get("outside")  # a call recorded by an older version has neither
    return Labels(scores, str(call.reply["model"]), outside, near)


def _reply(call: Call) -> Reply:
    if call.reply is None:
        raise _failure(call)
    return Reply(**{**call.reply, "tokens": ()})


def _failure(call: Call) -> ModelError:
    """The recorded failure, of its own kind again: an app may tell one from another."""
    kind = KINDS.get(call.code or "", ModelError)
    failure = kind(call.error or "the recorded call failed")
    failure.code = call.code or failure.code
    return failure
