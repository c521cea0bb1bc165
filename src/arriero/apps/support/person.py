"""Does a customer ask for a person? Whoever does, reaches one: before intents, with or without history.

Rules over word classes (`person.toml`) estimate, a small model fitted on the rows beside it
(`person_rows.jsonl`) corrects: the same two parts that find injections, on another question.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase

from arriero.core.errors import InputError
from arriero.security.injection_grammar import Grammar, Tagged
from arriero.security.injection_model import Row, Weights, features, fit, probability
from arriero.security.injection_views import folded

HERE = Path(__file__).parent
WEIGHTS = HERE / "person_weights.json"
ROWS = HERE / "person_rows.jsonl"
HELD_OUT = HERE / "person_heldout.jsonl"
ASKED_AT = 0.5
SENTENCE = 25  # words that are looked at together; a request is never longer
FOLDS = 5
ONLY = 0.6  # what it says that a message is nothing but "agent, please"
_PLAIN = 6.0  # the rules' estimate 0..1 as log-odds -3..+3
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
        table["classes"]["person"] += " ".join(["", *sorted(_slips(table["slips"]))])
        return cls(Grammar.of(table), weights or Weights.load(WEIGHTS))

    def judge(self, message: str) -> Asked:
        """The likeliest sentence of `message` decides."""
        best = Asked(0.0, asked=False)
        for row, reason in self._rows(message, truth=False):
            score = probability(row.offset + self.weights.margin(row.features, len(row.features)))
            if score > best.score:
                asked = score >= ASKED_AT
                best = Asked(round(score, 4), asked, (reason or "model") if asked else "")
        return best

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
            row = Row(features(tagged, first, last, extra), _PLAIN * (0.5 - doubt), truth)
            yield row, ", ".join(names)


def asks_for_a_person(message: str, history: Sequence[str] = ()) -> Asked:
    """Whether `message` asks for a person, in words or as a bare "agent!!". Pure; well under 1 ms.

    `history` is what was said before, oldest first. It is only read for a bare "yes" to our own
    offer of a person; every other request is found without it.
    """
    judged = _packaged().judge(message)
    if not judged.asked and history and _agrees(message) and _offers(history[-1]):
        return Asked(0.9, asked=True, reason="agreed to our offer")
    return judged


def labelled(file: Path) -> Iterator[tuple[str, bool]]:
    """Text and truth of each line `{"text", "label": "person" or "other"}`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a JSONL file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                table = json.loads(line)
                yield str(table["text"]), {"person": True, "other": False}[table["label"]]
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{file.name}, line {number}: each line is a JSON object with text and label "
                    "(person or other)"
                ) from None


def fitted(given: Sequence[tuple[str, bool]]) -> Weights:
    """The weights learned from `given`, on top of the packaged rules."""
    plain = Recogniser.packaged(Weights())
    return fit([row for text, truth in given for row in plain.rows(text, truth)])


def left_out(given: Sequence[tuple[str, bool]]) -> list[float]:
    """The score of each row from a model that was fitted on the other folds."""
    scores = [0.0] * len(given)
    for fold in range(FOLDS):
        weights = fitted([row for at, row in enumerate(given) if at % FOLDS != fold])
        recogniser = Recogniser.packaged(weights)
        for at in range(fold, len(given), FOLDS):
            scores[at] = recogniser.judge(given[at][0]).score
    return scores


@lru_cache(maxsize=1)
def _packaged() -> Recogniser:
    return Recogniser.packaged()


def _slips(table: Mapping[str, str]) -> set[str]:
    """The words one letter left out, added, changed or swapped away from the given ones."""
    own = {*table["of"].split(), *table["but"].split()}
    found: set[str] = set()
    for word in table["of"].split():
        parts = [
            (word[:at], word[at:]) for at in range(1, len(word) + 1)
        ]  # the first letter stands
        for left, right in parts:
            found.update(left + letter + right for letter in ascii_lowercase)
            if right:
                found.add(left + right[1:])
                found.update(left + letter + right[1:] for letter in ascii_lowercase)
            if len(right) > 1:
                found.add(left + right[1] + right[0] + right[2:])
    return {word for word in found if word not in own and not word.endswith("s")}


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


def main() -> None:
    """Write the weights: `python -m arriero.apps.support.person`."""
    fitted(list(labelled(ROWS))).save(WEIGHTS)


if __name__ == "__main__":
    main()
