"""The chat app: the model's answer streams out as it comes and is judged afterwards (DESIGN §2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from arriero.apps.chat.settings import ChatSettings
from arriero.apps.chat.values import Conversation, Evidence, Reply, Seen
from arriero.checks.base import Exhibit, Group, check
from arriero.core.errors import InputError, PromptTooLong, StageFailed
from arriero.core.words import (
    Action,
    Draft,
    Ended,
    JsonValue,
    Message,
    Outcome,
    Variant,
    Verdict,
)
from arriero.flow import Event, Judged, Shapes, Turn
from arriero.models.base import Prompt
from arriero.store.jobs import Job

ROLE = "chat"


@check("not-empty")
def is_not_empty(exhibit: Exhibit) -> bool:
    """The model said something."""
    return bool(exhibit.text.strip())


@check("finished", blocking=False)
def is_finished(exhibit: Exhibit) -> tuple[float, str]:
    """Being cut at the caller's own limit is worth a note, not a failure."""
    cut = isinstance(exhibit.subject, Reply) and exhibit.subject.finish == "length"
    return 1.0, "cut at max_tokens" if cut else ""


class ConversationTooLong(StageFailed):
    """What the caller sent does not fit into the model: theirs to shorten, no error of the service."""

    status = PromptTooLong.status
    code = PromptTooLong.code


class ChatApp:
    """Implements `App`. Emits `Event("piece", {"run", "text"})` for every piece of the answer."""

    name = "chat"
    shapes = Shapes(Conversation, Seen, Evidence, Reply)
    checks: Sequence[Group] = ((is_not_empty, is_finished),)
    jobs: Sequence[Job] = ()
    golden: Path | None = None
    unrecorded = True

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings
        self.deadline_ms = settings.deadline_ms

    def baseline(self) -> Variant:
        return Variant(
            app=self.name,
            roles={ROLE: self._settings.models.chat.binding()},
            prompts={"system": self._settings.system_prompt},
            thresholds={},
            rounds=self._settings.rounds,
        )

    def versions(self) -> Mapping[str, str]:
        return {}

    async def understand(self, turn: Turn[Conversation]) -> Seen:
        said = turn.input.messages
        return Seen(len(said), sum(len(message.content) for message in said))

    async def gather(self, turn: Turn[Conversation], seen: Seen) -> Evidence:
        return Evidence()

    async def draft(
        self,
        turn: Turn[Conversation],
        seen: Seen,  # the same four stages for every app
        evidence: Evidence,
    ) -> Sequence[Draft[Reply]]:
        """One draft, told piece by piece while it is written."""
        pieces = turn.models.stream(ROLE, _prompt(turn), timeout_s=turn.remaining())
        try:
            async with aclosing(pieces):  # type: ignore[type-var]  # every stream is an async generator
                async for piece in pieces:
                    if piece.reply is not None:
                        return (Draft(Reply(piece.reply.text, piece.reply.finish), "generative"),)
                    turn.emit(Event("piece", {"run": turn.run, "text": piece.text}))
        except PromptTooLong as error:
            raise ConversationTooLong(error.message) from error
        raise StageFailed("the chat model ended its stream without a reply; see its log")

    async def improve(
        self,
        turn: Turn[Conversation],
        seen: Seen,
        evidence: Evidence,
        best: Judged[Reply],
    ) -> Sequence[Draft[Reply]]:
        """Nothing: what was streamed is already with the caller."""
        return ()

    def exhibit(
        self,
        turn: Turn[Conversation],
        seen: Seen,
        evidence: Evidence,
        draft: Draft[Reply],
    ) -> Exhibit:
        asked = turn.input.messages[-1].content
        return Exhibit(asked, draft.answer.text, draft.origin, subject=draft.answer)

    def score(self, verdicts: Sequence[Verdict]) -> float:
        """The worst verdict's score."""
        return min((verdict.score for verdict in verdicts), default=0.0)

    def decide(
        self, turn: Turn[Conversation], seen: Seen, best: Judged[Reply] | None
    ) -> Outcome[Reply]:
        if best is None or not best.passed:
            return self.fallback(turn, seen, "the model said nothing")
        return Outcome(Ended.ANSWERED, best.draft.answer, origin=best.draft.origin)

    async def perform(
        self,
        tenant: str,
        run: str,
        action: Action,
    ) -> Mapping[str, JsonValue]:
        """A chat proposes no action, so whatever arrives here is a mistake."""
        raise InputError(f"chat performs no action; run {run} holds one of kind {action.kind!r}")

    def fallback(
        self,
        turn: Turn[Conversation],
        seen: Seen | None,
        reason: str,
    ) -> Outcome[Reply]:
        return Outcome(Ended.FALLBACK, Reply(self._settings.fallback), reason, origin="fallback")

    def labels(self, seen: Seen) -> Mapping[str, str]:
        return {}

    async def ping(self) -> None:
        """Holds nothing of its own; the model engines answer for themselves."""

    async def close(self) -> None:
        """Holds nothing of its own."""


def _prompt(turn: Turn[Conversation]) -> Prompt:
    """The conversation with the variant's parameters, and the caller's where they were given."""
    asked = turn.input
    said = [Message(message.role, message.content) for message in asked.messages]
    system = turn.variant.prompts.get("system")
    if system and all(message.role != "system" for message in said):
        said.insert(0, Message("system", system))
    given: dict[str, Any] = asked.model_dump(
        include={"temperature", "max_tokens"}, exclude_none=True
    )
    if asked.stop:
        given["stop"] = asked.stop
    seed = turn.seed if asked.seed is None else asked.seed
    return replace(turn.models.prompt(ROLE, said, seed=seed), **given)
