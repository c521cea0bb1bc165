"""Does a customer ask for a person? Whoever does, reaches one: before intents, with or without history.

Rules over word classes (`person.toml`) estimate, a small model fitted on the rows beside it
(`person_rows.jsonl`) corrects, and a hunch from the message's sentence vector, which the intents need
as well, is heard beside them: the same three parts that find injections, on another question.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from arriero.core.errors import ModelError
from arriero.models.base import Encoder
from arriero.security.injection_grammar import Grammar, Tagged, slips
from arriero.security.injection_model import Row, Weights, features, probability
from arriero.security.injection_views import folded

if TYPE_CHECKING:
    from arriero.models.hunch import Feeling

HERE = Path(__file__).parent
WEIGHTS = HERE / "person_weights.json"
HUNCH = HERE / "person_hunch.safetensors"
ASKED_AT = 0.5
TRUST = 0.5  # of the hunch's log-odds beside those of the words; by grouped cross-validation on the rows
CLEAR = 0.5  # with the hunch, from here on; by the same
SENTENCE = 25  # words that are looked at together; a request is never longer
ONLY = 0.6  # what it says that a message is nothing but "agent, please"
NEVER = -30.0  # log-odds of a message without a word
_PLAIN = 6.0  # the rules' estimate 0..1 as log-odds -3..+3
logger = logging.getLogger(__name__)
_OFFER = frozenset({"person", "human", "agent", "mensch", "humain", "operatore"})
_AGREED = frozenset(
    "yes yeah yep sure ok okay please do ja gerne bitte oui volontiers si claro certo tak sim".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How likely a person is asked for: `score` in [0, 1], `asked` from `ASKED_AT` on, and why."""

    score: float
    asked: bool
    reason: str = ""


@dataclass(frozen=True)
class Recogniser:
    """Rules and weights; `asks_for_a_person` is the packaged one."""

    grammar: Grammar
    weights: Weights

    @classmethod
    def packaged(cls, weights: Weights | None = None) -> Recogniser:
        """With the rules of the package and `weights`, by default the packaged ones."""
        table = tomllib.loads((HERE / "person.toml").read_text(encoding="utf-8"))
        table["classes"]["person"] += " ".join(["", *slips(**table["slips"])])
        return cls(Grammar.of(table), weights or Weights.load(WEIGHTS))

    def judge(self, message: str, hunch: float = 0.0, asked_at: float = ASKED_AT) -> Asked:
        """The likeliest sentence of `message` decides; `hunch` are log-odds of the whole message."""
        odds, reason = self.odds(message)
        if not reason and odds == NEVER:
            return Asked(0.0, asked=False)
        score = probability(odds + hunch)
        asked = score >= asked_at
        return Asked(round(score, 4), asked, (reason or "model") if asked else "")

    def odds(self, message: str) -> tuple[float, str]:
        """The log-odds of the likeliest sentence by its words, and the rules that matched there."""
        found = [
            (row.offset + self.weights.margin(row.features, len(row.features)), reason)
            for row, reason in self._rows(message, truth=False)
        ]
        return max(found, default=(NEVER, ""), key=lambda one: one[0])

    def rows(self, message: str, truth: bool) -> Iterator[Row]:
        """What the model learns: every sentence of a message, of a request the likeliest one."""
        found = [row for row, _ in self._rows(message, truth=truth)]
        yield from [max(found, key=lambda row: row.offset)] if truth and found else found

    def _rows(self, message: str, *, truth: bool) -> Iterator[tuple[Row, str]]:
        tagged = self.grammar.lexicon.tag(folded(message).text)
        hits = self.grammar.found(tagged)
        for first, last in _sentences(tagged):
            start, end = tagged.words[first].start, tagged.words[last - 1].end
            near = [hit for hit in hits if hit.start < end and hit.end > start]
            names = [hit.rule.name for hit in near]
            doubt = 1.0
            for hit in near:
                doubt *= 1 - hit.rule.weight
            if _only(tagged, first, last):
                names.append("only")
                doubt *= 1 - ONLY
            size = min(last - first, 10)
            extra = [*(f"!{name}" for name in names), f"words:{size}"]
            row = Row(features(tagged, first, last, extra), _PLAIN * (0.5 - doubt), truth, message)
            yield row, ", ".join(names)


def asks_for_a_person(message: str, history: Sequence[str] = (), hunch: float = 0.0) -> Asked:
    """Whether `message` asks for a person, in words or as a bare "agent!!". Pure; well under 1 ms.

    `history` is what was said before, oldest first. It is only read for a bare "yes" to our own
    offer of a person; every other request is found without it. `hunch` is from `Listener`.
    """
    return _judged(message, history, hunch, ASKED_AT)


@dataclass(frozen=True, slots=True)
class Listener:
    """Recognises requests for a person with the hunch, where the encoder is the one it was fitted on."""

    feeling: Feeling | None = None

    @classmethod
    def of(cls, encoder: Encoder | None) -> Listener:
        """With the packaged hunch on `encoder`; by words alone with any other encoder, or none."""
        from arriero.models.hunch import Feeling  # noqa: PLC0415  # needs the extra `local`

        return cls(Feeling.of(HUNCH, encoder))

    async def asks_for_a_person(self, message: str, history: Sequence[str] = ()) -> Asked:
        """As the function of this name; by words alone when the encoder fails."""
        if self.feeling is None:
            return asks_for_a_person(message, history)
        try:
            (hunch,) = await self.feeling.odds([message])
        except ModelError as error:
            logger.warning("a request for a person is sought by words alone: %s", error.message)
            return asks_for_a_person(message, history)
        return _judged(message, history, TRUST * hunch, CLEAR)


def _judged(message: str, history: Sequence[str], hunch: float, asked_at: float) -> Asked:
    judged = _packaged().judge(message, hunch, asked_at)
    if not judged.asked and history and _agrees(message) and _offers(history[-1]):
        return Asked(0.9, asked=True, reason="agreed to our offer")
    return judged


@lru_cache(maxsize=1)
def _packaged() -> Recogniser:
    return Recogniser.packaged()


def _sentences(tagged: Tagged) -> Iterator[tuple[int, int]]:
    first = 0
    for at, word in enumerate(tagged.words):
        gap = word.place - tagged.words[at - 1].place if at else 1
        if gap > 1 or at - first >= SENTENCE:
            yield first, at
            first = at
    if first < len(tagged.words):
        yield first, len(tagged.words)


def _only(tagged: Tagged, first: int, last: int) -> bool:
    """Whether nothing but a person and words around it is said."""
    named = any(first <= low and high < last for low, high in tagged.tags.get("person", ()))
    allowed: set[int] = set()
    for name in ("person", "filler", "real"):
        for low, high in tagged.tags.get(name, ()):
            allowed.update(range(low, high + 1))
    declined = tagged.tags.get("decline", ())
    return (
        not declined
        and named
        and all(at in allowed for at in range(first, last))
        and last - first <= 6
    )


def _agrees(message: str) -> bool:
    words = folded(message).text.replace(",", " ").replace("!", " ").replace(".", " ").split()
    return 0 < len(words) <= 3 and all(word in _AGREED for word in words)


def _offers(said: str) -> bool:
    words = {word.strip(".,;:!?") for word in folded(said).text.split()}
    return "?" in said and bool(words & (_OFFER | {"colleague", "kollege", "collegue", "colega"}))
