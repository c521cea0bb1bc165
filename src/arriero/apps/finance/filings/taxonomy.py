"""What a risk factor is about: one of the thirty types of `taxonomy.toml`, told by the words of `cues.toml`.

A caption usually names a cause and what it does ("a breach ... could harm our reputation"). The type is the
cause, so words that name an effect count less, words that come early count more, and the text under
the caption counts a little. Nothing is learned, nothing is drawn: the same words give the same type.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from arriero.apps.finance.filings.base import Label, Span

WEIGHTS = {"strong": 3.0, "plain": 2.0, "faint": 1.0, "against": -3.0}
EARLY = 0.5  # what a word at the very beginning of the caption counts more than one at its end
EFFECT = 0.35  # what a word counts that names what happens, not why
MORE = 0.5  # what the second and every further word of a type counts
AGAINST = 0.7
BODY = 0.12  # what a word of the text counts beside one of the caption
BODY_LETTERS = 1_200
BODY_MOST = 2.5
ENOUGH = 1.0  # points below which a caption has no type
NEAR = 0.6  # share of the first type's points from which another is its second

SHOWN = 3  # words of the text that are quoted when the caption has none
KEY = 3  # letters by which cues are looked up
_WORD = re.compile(r"[A-Za-z0-9]+(?:[\u2019'.-][A-Za-z0-9]+)*")

_CAN = r"\b(?:could|may|might|can|would|will|to|which|and|has|have)\b"
_DOES = (
    r"(?:affect|impact|harm|damage|hurt|impair|reduce|reduces|decrease|disrupt|limit|result in|results? in|lead to|cause|increase|expose|exposes|subject"
    r"|lose|incur|depress|impede|prevent|jeopardi[sz]e|suffer|decline|diminish|adversely|negatively|materially|restrict|give rise|discourage|make it)\b"
)
_EFFECT_FROM = re.compile(rf"{_CAN}(?:\s+\w+){{0,3}}?\s+{_DOES}", re.IGNORECASE)
_CAUSE_FROM = re.compile(
    r"\b(?:affected|impacted|harmed|hurt|damaged|impaired|caused|influenced|limited|disrupted)(?: \w+)? by\b|\b(?:is|are|be|been|was) subject to\b|\b(?:is|are|be) exposed to\b"
    r"|\bdue to\b|\bas a result of\b|\bbecause\b|\bif\b|\bunless\b|\bwhen\b|\brelat(?:ing|ed) to\b|\bassociated with\b|\barising (?:from|out of)\b"
    r"|\bdepend\w* (?:\w+ ){0,3}(?:up)?on\b|\brel(?:y|ies) (?:\w+ ){0,2}(?:up)?on\b|\bsuch as\b|\bby the\b|[.;]\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A word or phrase of one type; below 0 it speaks against the type."""

    type: str
    found: re.Pattern[str]
    weight: float


@dataclass(frozen=True, slots=True)
class Hit(Span):
    weight: float = 0.0


def label(text: str, caption: Span, body: Span) -> Label | None:
    """The type of the risk factor whose caption and text are these spans of `text`; None when no word tells."""
    above = _hits(caption.of(text))
    below = _hits(text[body.start : min(body.end, body.start + BODY_LETTERS)])
    places = _places(caption.of(text))
    scores = {
        one: _points(above[one], places, below[one])
        for one in types()
        if one in above or one in below
    }
    # Of equal points the type that the taxonomy names first.
    order = sorted(scores, key=lambda one: -scores[one])
    if not order or scores[order[0]] < ENOUGH:
        return None
    best, rest = order[0], order[1:]
    near = [one for one in rest if scores[one] >= max(ENOUGH, NEAR * scores[best])]
    told = [(caption.start, hit) for hit in above[best] if hit.weight > 0]
    told = told or [(body.start, hit) for hit in below[best] if hit.weight > 0][:SHOWN]
    evidence = tuple(Span(at + hit.start, at + hit.end) for at, hit in told)
    return Label(best, types()[best], scores[best], evidence, near[0] if near else None)


@cache
def types() -> Mapping[str, str]:
    """The name of each type, by its id, in the taxonomy's order."""
    return {row["id"]: row["name"] for row in _table("taxonomy.toml")["type"]}


@cache
def classes() -> Mapping[str, str]:
    """The name of each class, by its id."""
    return {row["id"]: row["name"] for row in _table("taxonomy.toml")["class"]}


def _points(above: Sequence[Hit], places: Sequence[float], below: Sequence[Hit]) -> float:
    """The best word counts whole, the others half: many names for one thing are still one thing."""
    spoken = sorted(
        (hit.weight * places[hit.start] for hit in above if hit.weight > 0), reverse=True
    )
    against = sum(hit.weight for hit in above if hit.weight < 0)
    under = sum(hit.weight for hit in below if hit.weight > 0)
    points = sum(spoken[:1]) + MORE * sum(spoken[1:]) + AGAINST * against
    return round(points + min(BODY_MOST, BODY * under), 4)


def _hits(text: str) -> Mapping[str, Sequence[Hit]]:
    """Every type's cues in the text, from left to right; one that is said twice counts once.

    Where two of a type begin at one word, the one against it is heard, else the longer.
    """
    found: dict[str, list[Hit]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for word in _WORD.finditer(text):
        begins = word[0].casefold()
        here: dict[str, Hit] = {}
        for size in range(1, KEY + 1):
            for cue in _index().get(begins[:size], ()) if len(begins) >= size else ():
                match = cue.found.match(text, word.start())
                if match is None:
                    continue
                hit = Hit(match.start(), match.end(), cue.weight)
                other = here.get(cue.type)
                if other is None or (hit.weight < 0, hit.end) > (other.weight < 0, other.end):
                    here[cue.type] = hit
        for one, hit in here.items():
            said = (one, hit.of(text).casefold())
            if said not in seen and (not found[one] or found[one][-1].end <= hit.start):
                seen.add(said)
                found[one].append(hit)
    return found


def _places(caption: str) -> Sequence[float]:
    """What a word counts, by where it begins: more early on, less where an effect is told."""
    turns = sorted(
        [(match.end(), EFFECT) for match in _EFFECT_FROM.finditer(caption)]
        + [(match.end(), 1.0) for match in _CAUSE_FROM.finditer(caption)]
    )
    weights = []
    role, upcoming = 1.0, 0
    for at in range(len(caption)):
        while upcoming < len(turns) and turns[upcoming][0] <= at:
            role = turns[upcoming][1]
            upcoming += 1
        weights.append(role * (1.0 + EARLY * (1.0 - at / len(caption))))
    return weights


@cache
def _index() -> Mapping[str, Sequence[Cue]]:
    """The cues by the first letters that a word must have for them to be tried."""
    index: dict[str, list[Cue]] = defaultdict(list)
    for one, told in _table("cues.toml").items():
        for strength, cues in told.items():
            for cue in cues:
                compiled = Cue(
                    one, re.compile(rf"{_pattern(cue)}\b", re.IGNORECASE), WEIGHTS[strength]
                )
                for key in sorted({_key(begin) for begin in _beginnings(cue)}):
                    index[key].append(compiled)
    return index


def _beginnings(cue: str) -> Sequence[str]:
    """A cue that begins with a choice begins in several ways: `(?:stock|share) price`."""
    return cue[3 : cue.index(")")].split("|") if cue.startswith("(?:") else [cue]


def _key(cue: str) -> str:
    letters = re.match(r"[a-z]+(?![?*])|[a-z]+?(?=[a-z][?])|[a-z]+", cue)
    return (letters[0] if letters else "")[:KEY]


def _pattern(cue: str) -> str:
    gap = r"(?:\W+\w+){0,6}?\W+"
    return cue.replace("*", r"\w*").replace(" ~ ", gap).replace(" ", r"\s+")


@cache
def _table(name: str) -> Mapping[str, Any]:
    text = files("arriero.apps.finance.filings").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
