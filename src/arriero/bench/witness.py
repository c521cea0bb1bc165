"""A client that keeps what it was told: every answer's run id, every acknowledged feedback.

Whatever it holds must be in the ledger afterwards, whatever was killed meanwhile.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from time import monotonic
from typing import Any, Protocol

from arriero.bench.wire import FEEDBACK, INQUIRIES, Answer, Connection, connected, post

GONE = (ConnectionError, OSError, TimeoutError)


class Asked(Protocol):
    """A server that can be asked."""

    @property
    def url(self) -> str: ...
    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A message and who asks; `intent` is what the row's author meant."""

    message: str
    customer: str | None = None
    intent: str = ""
    conversation: str | None = None

    def body(self, **more: Any) -> Mapping[str, Any]:
        told = {"message": self.message, "customer": self.customer, **more}
        return told if self.conversation is None else {"conversation": self.conversation, **told}


@dataclass(frozen=True, slots=True)
class Moment:
    """An answer: when it came (`monotonic`), how it ended (`status outcome`), its run if recorded."""

    at: float
    end: str
    run: str | None

    @property
    def recorded(self) -> bool:
        return self.run is not None


@dataclass
class Witness:
    """What was told, in order of arrival; `ends` counts `status outcome`."""

    runs: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    feedback_ends: Counter[int] = field(default_factory=Counter)
    moments: list[Moment] = field(default_factory=list)
    broken: int = 0
    stopped: bool = False

    def note(self, answer: Answer) -> str | None:
        """Write an answer down; the run id, if it was recorded."""
        told = answer.json()
        run: str | None = told.get("run_id") if answer.status == 200 else None
        end = f"{answer.status} {told['outcome']}" if answer.status == 200 else str(answer.status)
        self.ends[end] += 1
        self.moments.append(Moment(monotonic(), end, run))
        if run:
            self.runs.append(run)
        return run


async def load(server: Asked, questions: Sequence[Question], seen: Witness, lines: int) -> None:
    """Ask over `lines` connections until `seen.stopped`, or until the server is gone."""
    asked = cycle(questions)
    await asyncio.gather(*(_one_line(server, asked, seen) for _ in range(lines)))


async def _one_line(server: Asked, asked: Iterator[Question], seen: Witness) -> None:
    with suppress(*GONE):
        async with connected(server.url) as line:
            try:
                while not seen.stopped:
                    await _one_case(line, server.key, next(asked), seen)
            except GONE:
                seen.broken += 1
                raise


async def _one_case(line: Connection, key: str, question: Question, seen: Witness) -> None:
    """A question and, when it was recorded, a thumb for it."""
    run = seen.note(await line.ask(post(INQUIRIES, key, question.body())))
    if run is None:
        await asyncio.sleep(0.01)  # refused at once: do not spin
        return
    thumb = {"run_id": run, "kind": "thumb", "value": True}
    thanked = await line.ask(post(FEEDBACK, key, thumb))
    seen.feedback_ends[thanked.status] += 1
    if thanked.status == 201:
        seen.feedback.append(json.loads(thanked.body)["feedback_id"])
