"""Does a text try to give orders to the system? A scan of messages, documents and tool output.

Attackers write orders where data is expected. What protects is the structure around it: a text can
never call a tool or change a policy here, detected or not, because actions are made by code from typed
values and are performed only after the decision. The scan is the second layer: it keeps a poisoned
article out of the index, a poisoned order note out of a prompt, and gives a suspicious message a
person instead of an action. It reads, and never changes, the text.

How: the text is read in several ways (`injection_views`), rules over word classes and marks estimate
each reading (`injection_grammar`, `injection_rules.toml`), a small model that was fitted on this
project's own rows corrects the estimate per passage of a few sentences (`injection_model`).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from arriero.security.injection_grammar import Grammar, Tagged, slips
from arriero.security.injection_model import Row, Weights, features, probability
from arriero.security.injection_views import HIDDEN, View, views

Channel = Literal["message", "document", "tool"]
HERE = Path(__file__).parent
WEIGHTS = HERE / "injection_weights.json"
PLACEHOLDER = "[left out: this text tried to give instructions]"
FLAG_AT = 0.7  # by grouped cross-validation: under two hard harmless rows in a hundred are flagged
PASSAGE = 40  # words; an order hidden in a long document must not drown in it
MOST_READ = 60_000  # characters; a longer text is read in pieces of this length
HIDING = 0.4  # how much doubt it takes away that a found order was encoded or made invisible
HIDDEN_WORDS = ("override", "instr", "order", "approve", "reveal", "reader", "send")
_PLAIN = 4.0  # the rules' estimate 0..1 as log-odds -2..+2; chosen by cross-validation on the rows
_PRIVATE = re.compile(r"[a-z]+_\d+")  # what masking leaves: <NAME_1>


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How likely a text gives orders: `score` in [0, 1], `flagged` from `FLAG_AT` on.

    `reasons` are the names of the rules that matched (`model` when only the learned part is sure),
    with how the text was read where that matters; `spans` are places (start, end) in the text.
    """

    score: float
    flagged: bool
    reasons: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule or mark that matched a reading, by characters of that reading."""

    name: str
    weight: float
    start: int
    end: int


Place = tuple[str, int, int]  # a hit's name, and where it stands in the text


@dataclass(frozen=True, slots=True)
class Mark:
    """A pattern that is searched only where one of `holds` occurs, and in the channels `where` (empty: all)."""

    name: str
    pattern: re.Pattern[str]
    holds: tuple[str, ...]
    weight: float
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scanner:
    """Rules, marks and weights; `scan` is the packaged one."""

    grammar: Grammar
    marks: tuple[Mark, ...]
    runs: re.Pattern[str]
    weights: Weights

    @classmethod
    def packaged(cls, weights: Weights | None = None) -> Scanner:
        """With the rules of the package and `weights`, by default the packaged ones."""
        table = tomllib.loads((HERE / "injection_rules.toml").read_text(encoding="utf-8"))
        for name, row in table["slips"].items():
            table["classes"][name] += " ".join(["", *slips(**row)])
        marks = tuple(_mark(row) for row in table["marks"])
        runs = re.compile("|".join(table["squeezed"]["runs"].split()))
        return cls(
            Grammar.of(table, ("identifier",)), marks, runs, weights or Weights.load(WEIGHTS)
        )

    def scan(self, text: str, channel: Channel = "message") -> Suspicion:
        """The suspicion of the most suspicious passage, by its words alone."""
        passages = self.passages(text, channel)
        worst = max(passages, key=lambda one: one.odds, default=None)
        return told(worst, worst.odds, FLAG_AT) if worst else Suspicion(0.0, flagged=False)

    def passages(self, text: str, channel: Channel = "message") -> Sequence[Passage]:
        """Every passage of every reading of `text`; a long text is read in pieces."""
        found: list[Passage] = []
        for start in range(0, max(1, len(text)), MOST_READ):
            piece = text[start : start + MOST_READ]
            hidden = [match.span() for match in HIDDEN.finditer(piece)]
            plainly: list[Place] = []
            for view in views(piece):
                cut = list(self._passages(view, channel, hidden, plainly))
                if not view.how:
                    plainly = [
                        (hit.name, *view.span(hit.start, hit.end))
                        for one in cut
                        for hit in one.hits
                    ]
                for one in cut:
                    said = piece[slice(*one.span)] if len(cut) > 1 else piece
                    odds = one.offset + self.weights.margin(one.features, len(one.features))
                    found.append(
                        replace(one, odds=odds, shift=start, text=one.text if view.how else said)
                    )
        return found

    def row(self, text: str, channel: Channel, truth: bool) -> Iterator[Row]:
        """What the model learns from a text: every passage of a harmless one, the likeliest of an attack."""
        passages = self.passages(text, channel)
        if truth:
            passages = [max(passages, key=lambda one: one.offset)] if passages else []
        for passage in passages:
            yield Row(passage.features, passage.offset, truth, passage.text)

    def _passages(
        self,
        view: View,
        channel: Channel,
        hidden: Sequence[tuple[int, int]],
        plainly: Sequence[Place],
    ) -> Iterator[Passage]:
        tagged = _with_identifiers(self.grammar.lexicon.tag(view.text))
        hits = [
            Hit(one.rule.name, one.rule.weight, one.start, one.end)
            for one in self.grammar.found(tagged, channel)
        ]
        hits += [
            Hit(mark.name, mark.weight, *match.span())
            for mark in self.marks
            if (not mark.where or channel in mark.where)
            and any(piece in view.text for piece in mark.holds)
            for match in mark.pattern.finditer(view.text)
        ]
        if view.how in {"spelt out", "split words"}:
            hits += self._squeezed(view)
        hits += [
            Hit("hidden", HIDING, *_inside(view, place))
            for place in hidden
            if not view.how and _says(tagged, view, place)
        ]
        if view.how and view.how != "split words":
            disguised = [hit for hit in hits if not _stands(hit, view, plainly)]
            hits += [Hit("disguised", HIDING, one.start, one.end) for one in disguised[:1]]
        yield from _cut(view, tagged, hits, channel)

    def _squeezed(self, view: View) -> list[Hit]:
        letters = re.sub(r"[^a-z]", "", view.text)
        return [Hit("spelt out", 0.7, 0, len(view.text)) for match in self.runs.finditer(letters)][
            :1
        ]


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences of a reading: what rules and model see in them, and the text itself.

    `offset` are the rules' log-odds, `odds` those with the model's correction; `span` and `hits`
    are places in the piece of the whole text that begins at `shift`.
    """

    features: frozenset[str]
    offset: float
    hits: tuple[Hit, ...]
    span: tuple[int, int]
    how: str
    places: tuple[tuple[int, int], ...]
    text: str
    odds: float = 0.0
    shift: int = 0


def told(passage: Passage, odds: float, flag_at: float) -> Suspicion:
    """The suspicion of a text whose most suspicious passage is `passage`, with these log-odds."""
    score = probability(odds)
    flagged = score >= flag_at
    if not flagged and not passage.hits:
        return Suspicion(round(score, 4), flagged)
    names = sorted({hit.name for hit in passage.hits}) or ["model"]
    how = f" ({passage.how})" if passage.how else ""
    where = {(a + passage.shift, b + passage.shift) for a, b in passage.places or (passage.span,)}
    return Suspicion(
        round(score, 4), flagged, tuple(name + how for name in names), tuple(sorted(where))
    )


def scan(text: str, channel: Channel = "message") -> Suspicion:
    """How likely `text` gives orders to the system. Pure; about 1 ms per 1,000 characters.

    `channel` says where it came from: a customer's `message`, a `document` at ingestion, or what a
    `tool` (a directory, an order note) returned; some rules hold only for the last two, where nobody
    has reason to speak to an assistant.
    """
    return packaged().scan(text, channel)


def safe_tool_text(text: str) -> str:
    """What a prompt or an answer may hold of a tool's output: the text itself, or a fixed placeholder."""
    return PLACEHOLDER if scan(text, "tool").flagged else text


@lru_cache(maxsize=1)
def packaged() -> Scanner:
    """The scanner of the package, read once."""
    return Scanner.packaged()


def _mark(row: Mapping[str, Any]) -> Mark:
    pattern = re.compile(row["pattern"], re.IGNORECASE)
    where = tuple(row.get("where", ()))
    return Mark(row["name"], pattern, tuple(row["holds"]), row["weight"], where)


def _with_identifiers(tagged: Tagged) -> Tagged:
    """Words such as issue_refund are names of functions; <NAME_1> is not one."""
    names = [
        (at, at)
        for at, word in enumerate(tagged.words)
        if "_" in word.text and not _PRIVATE.fullmatch(word.text)
    ]
    return Tagged(tagged.words, {**tagged.tags, "identifier": names} if names else tagged.tags)


def _inside(view: View, place: tuple[int, int]) -> tuple[int, int]:
    """The part of a plain reading that comes from the characters `place` of the whole text."""
    return bisect_left(view.origins, place[0]), bisect_left(view.origins, place[1])


def _stands(hit: Hit, view: View, plainly: Sequence[Place]) -> bool:
    """Whether the plain reading has the same hit there: then nothing was disguised."""
    start, end = view.span(hit.start, hit.end)
    return any(name == hit.name and a < end and start < b for name, a, b in plainly)


def _says(tagged: Tagged, view: View, place: tuple[int, int]) -> bool:
    start, end = _inside(view, place)
    return any(
        start <= tagged.words[first].start and tagged.words[last].end <= end
        for name in HIDDEN_WORDS
        for first, last in tagged.tags.get(name, ())
    )


def _cut(view: View, tagged: Tagged, hits: Sequence[Hit], channel: Channel) -> Iterator[Passage]:
    """Passages of at most `PASSAGE` words that end with a sentence where they can, half overlapping."""
    words = tagged.words
    if not words:
        estimate = _estimate(hits)
        if hits:
            yield Passage(
                frozenset(), _PLAIN * (estimate - 0.5), tuple(hits), (view.start, view.end),
                view.how, _places(view, hits), view.text,
            )  # fmt: skip
        return
    step = PASSAGE if len(words) <= PASSAGE else PASSAGE // 2
    for first in range(0, len(words), step):
        last = min(first + PASSAGE, len(words))
        if first and last - first <= PASSAGE - step:
            return
        start, end = words[first].start, words[last - 1].end
        # Marks may stand before the first or after the last word.
        low = 0 if first == 0 else start
        high = len(view.text) if last == len(words) else end
        near = tuple(hit for hit in hits if hit.start < high and hit.end > low)
        extra = [f"channel:{channel}", *(f"!{name}" for name in {hit.name for hit in near})]
        yield Passage(
            features(tagged, first, last, extra),
            _PLAIN * (_estimate(near) - 0.5),
            near,
            view.span(start, end),
            view.how,
            _places(view, near),
            view.text[low:high],
        )


def _places(view: View, hits: Sequence[Hit]) -> tuple[tuple[int, int], ...]:
    return tuple(view.span(hit.start, hit.end) for hit in hits)


def _estimate(hits: Sequence[Hit]) -> float:
    """Noisy or: each rule takes its share of the doubt that the others have left."""
    doubt = 1.0
    for weight in {hit.name: hit.weight for hit in hits}.values():
        doubt *= 1 - weight
    return 1 - doubt
