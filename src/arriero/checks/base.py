"""What a check is: one decorated function, or a frozen dataclass that is given its parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arriero.core.words import Source, Verdict


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What is judged: the answer's `text`, and what it may rest on.

    `sources` are cited passages, `facts` are texts that the answer may state without a citation
    (an order's fields, the question itself), `subject` is the app's own view for its own checks.
    """

    question: str
    text: str
    origin: str = ""
    sources: tuple[Source, ...] = ()
    facts: tuple[str, ...] = ()
    language: str = "en"
    subject: object = None


class Check(Protocol):
    """Gives a verdict on an exhibit. A failed blocking check stops the later groups."""

    @property
    def name(self) -> str: ...

    @property
    def blocking(self) -> bool: ...

    def judge(self, exhibit: Exhibit) -> Verdict | Awaitable[Verdict]: ...


Group = Sequence[Check]


@dataclass(frozen=True, slots=True)
class FunctionCheck:
    """A check made of a function by `@check`."""

    name: str
    function: Callable[[Exhibit], tuple[float, str] | bool]
    blocking: bool = True
    pass_at: float = field(default=1.0)

    def judge(self, exhibit: Exhibit) -> Verdict:
        score, reason = self.measure(exhibit)
        return Verdict(self.name, score >= self.pass_at, score, reason)

    def measure(self, exhibit: Exhibit) -> tuple[float, str]:
        """The score and its reason, before they are held against `pass_at`."""
        result = self.function(exhibit)
        return (float(result), "") if isinstance(result, bool) else result


def check(
    name: str, *, blocking: bool = True, pass_at: float = 1.0
) -> Callable[[Callable[[Exhibit], tuple[float, str] | bool]], FunctionCheck]:
    """Make a check of a function that returns (score, reason) or just whether it passes."""

    def make(function: Callable[[Exhibit], tuple[float, str] | bool]) -> FunctionCheck:
        return FunctionCheck(name, function, blocking, pass_at)

    return make
