"""Form: what an answer must look like, whatever it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arriero.checks.base import Exhibit, check
from arriero.checks.facts import supports
from arriero.checks.language import language_of
from arriero.core.words import Verdict

_PLACEHOLDER = re.compile(
    r"\{\{?(?=\s*?[\w .-])\s*+[\w .-]*+\s*+\}?\}|\[(?:your |insert |customer |order |name|date|company|link)[^\]]*\]"
    r"|<(?:name|date|order|company|insert)[^>]*>|\bX{3,}\b|\bTODO\b|\blorem ipsum\b",
    re.IGNORECASE,
)
_RUDE = re.compile(
    r"\b(?:stupid|idiot|shut up|dumb|ridiculous|your (?:own )?fault|calm down|obviously you)\b"
    r"|(?:^|[.!?] )(?:well,? |so )?whatever(?=[.,!])",  # "whatever the value of the order" is no shrug
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:i (?:personally )?guarantee|we guarantee|i promise|100 ?% (?:sure|certain)|definitely refund|"
    r"will be refunded immediately|legally (?:binding|obliged))\b",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"\?|\b(?:please|you can|you may|let us know|just reply|reply (?:with|to)|contact|write to|call|visit|"
    r"check|choose|use|send|bring|open|follow|track|wash|store|keep|look|go to|log in|click|enter|"
    r"we will|we'll|a colleague|our team)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Length:
    """Between `least` and `most` words: a fragment and a wall of text both fail."""

    least: int = 4
    most: int = 180
    name: str = "length"
    blocking: bool = True

    def judge(self, exhibit: Exhibit) -> Verdict:
        words = len(exhibit.text.split())
        fits = self.least <= words <= self.most
        reason = "" if fits else f"{words} words, not {self.least} to {self.most}"
        return Verdict(self.name, fits, float(fits), reason)


@check("placeholders")
def no_placeholder_is_left(exhibit: Exhibit) -> tuple[float, str]:
    """No template variable or "[insert name]" is left in the answer."""
    left = _PLACEHOLDER.search(exhibit.text)
    return (1.0, "") if left is None else (0.0, f"a placeholder is left: {left.group()!r}")


TOLD_BY = 200  # characters: two sentences tell a language as surely as twenty


@check("language")
def answers_in_the_language_asked(exhibit: Exhibit) -> tuple[float, str]:
    """The answer is in the language of the question (short texts count as matching)."""
    told = language_of(exhibit.text[:TOLD_BY])
    if told is None or told == exhibit.language:
        return 1.0, ""
    return 0.0, f"answered in {told!r}, asked in {exhibit.language!r}"


@check("tone")
def is_polite_and_promises_nothing(exhibit: Exhibit) -> tuple[float, str]:
    """No insult, no shouting, and no promise that the sources do not make word for word."""
    if rude := _RUDE.search(exhibit.text):
        return 0.0, f"rude: {rude.group()!r}"
    if promise := _PROMISE.search(exhibit.text):
        sourced = " ".join(source.quote for source in exhibit.sources).lower()
        if promise.group().lower() not in sourced:
            return 0.0, f"promises: {promise.group()!r}"
    letters = list(filter(str.isalpha, exhibit.text))
    shouting = len(letters) > 20 and sum(map(str.isupper, letters)) > 0.5 * len(letters)
    return (0.0, "shouts") if shouting else (1.0, "")


@check("next-step", blocking=False)
def names_a_next_step(exhibit: Exhibit) -> tuple[float, str]:
    """The customer is told what to do or what happens next, or is asked something."""
    return (1.0, "") if _STEP.search(exhibit.text) else (0.0, "no next step")


@check("no-loop")
def does_not_repeat_itself(exhibit: Exhibit) -> tuple[float, str]:
    """No sentence comes twice and no word run loops, as small models do when they get lost.

    What the sources and facts say several times may be said as often: two orders, or two articles, can
    stand in the same words.
    """
    known = " ".join(supports(exhibit))
    if _surplus(_sentences, exhibit.text, known):
        return 0.0, "a sentence comes twice"
    loops = _surplus(_runs, exhibit.text, known) > 1
    return (0.0, "a phrase loops") if loops else (1.0, "")


def _surplus(parts: Callable[[str], Sequence[str]], text: str, known: str) -> int:
    """How often a part of `text` is said again without being known as often."""
    said = parts(text)
    if len(set(said)) == len(said):  # as nearly always: nothing has to be known
        return 0
    there = Counter(parts(known))
    return sum(max(0, times - max(1, there[one])) for one, times in Counter(said).items())


def _sentences(text: str) -> Sequence[str]:
    parts = re.split(r"[.!?](?:\s+|$)", text.lower())
    return [part.strip() for part in parts if part.strip()]


def _runs(text: str, length: int = 5) -> Sequence[str]:
    words = text.lower().split()
    return [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]
