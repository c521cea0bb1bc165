"""Which paragraphs of Item 1A are sub-captions, which are headings of a group, which are text.

Each paragraph gets points for each of the three from what can be seen of it (how long it is, how it ends, how it
is set, how it begins, what follows), and the sequence with the most points is taken (Viterbi, IEEE Trans. Inf.
Theory 13, 1967): a caption has text under it, and two captions do not stand together. A second pass
knows the manner of the report: whether its captions are sentences or titles, and whether they stand out.

The points are ours, set by hand on seven filings of `bars/risk_captions.jsonl` (split `dev`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from math import log

from arriero.apps.finance.filings.base import Look
from arriero.apps.finance.filings.paragraphs import Paragraph, titled

NEVER = -1e6


class Kind(Enum):
    CAPTION = "caption"
    HEADING = "heading"
    TEXT = "text"


# What may follow what: a caption without text under it is none, and a group has at least one caption.
STEPS: Mapping[tuple[Kind, Kind], float] = {
    (Kind.CAPTION, Kind.CAPTION): -8.0,
    (Kind.CAPTION, Kind.HEADING): -8.0,
    (Kind.CAPTION, Kind.TEXT): 0.0,
    (Kind.HEADING, Kind.CAPTION): 1.0,
    (Kind.HEADING, Kind.HEADING): -0.5,
    (Kind.HEADING, Kind.TEXT): -1.0,
    (Kind.TEXT, Kind.CAPTION): 0.0,
    (Kind.TEXT, Kind.HEADING): 0.0,
    (Kind.TEXT, Kind.TEXT): 0.0,
}
ENDS: Mapping[Kind, float] = {Kind.CAPTION: -8.0, Kind.HEADING: -4.0, Kind.TEXT: 0.0}

# How a paragraph begins that goes on with something said before.
_GOING_ON = re.compile(
    r"(?:in addition|additionally|further(?:more)?|moreover|however|for (?:example|instance)|as a result|accordingly"
    r"|therefore|thus|consequently|also|similarly|likewise|finally|lastly|second(?:ly)?|third(?:ly)?|first(?:ly)?"
    r"|conversely|nevertheless|nonetheless|on the other hand|to the extent|in particular|in (?:such|that|those|these)"
    r"|these|this|those|such|that|they|it|each of (?:these|those)|any of (?:these|those|the)|if any of (?:these|those|the)"
    r"|as (?:of|noted|described|discussed|referenced)|from time to time|there can be no|see|refer|for a discussion|the following"
    r"|in (?:fiscal|january|february|march|april|may|june|july|august|september|october|november|december|\d)"
    r"|on (?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|we (?:also|have also|discuss|describe)|one or a combination)\b",
    re.IGNORECASE,
)
# Beginnings that captions have now and then, and texts more often.
_SELDOM = re.compile(
    r"(?:although|while|even (?:though|if)|despite|some|certain of|many of|most of|other|during|since|historically|as we|in (?:general|any|some)"
    r"|we (?:currently|believe|expect))\b",
    re.IGNORECASE,
)
_RISK = re.compile(
    r"\b(?:could|may|might|can|cannot|would|will|unable|inab\w+|fail\w*|depend\w*|rel(?:y|ies|iance)|subject(?:s|ed)? (?:us )?to|expos\w+"
    r"|risks?|advers\w+|harm\w*|negativ\w+|material\w*|uncertain\w*|volatil\w*|compet\w+|loss\w*|disrupt\w*|limit\w*|difficult\w*"
    r"|fluctuat\w*|challeng\w*|damag\w*|impair\w*|insufficient|not)\b",
    re.IGNORECASE,
)
# What a risk does, which most captions say and few first sentences of a text do.
_EFFECT = re.compile(
    r"\b(?:could|may|might|can|would|will)\b[^.]{0,40}?\b(?:advers\w+|negativ\w+|materially|harm|hurt|damage|impair|disrupt|reduce|decrease|decline"
    r"|suffer|limit|expose|subject|cause|result in|lead to|increase|prevent|impede|discourage|delay|lose|be harmed|incur|fail|impact|affect"
    r"|not be|be (?:unable|required|insufficient|difficult|costly|impacted|affected))\b"
    r"|\b(?:expos(?:es|e) us|are exposed to|is exposed to|subject to|unable to|depends? (?:\w+ )?(?:up)?on|rel(?:y|ies) (?:\w+ )?(?:up)?on)\b",
    re.IGNORECASE,
)
_POINTS_AWAY = re.compile(
    r"\b(?:see|refer to|described|discussed|set forth|listed|mentioned|noted) (?:in|above|below|under|elsewhere|part|note|item)|\bnote \d|\bitem \d|\b(?:above|below)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"[$\u20ac\u00a3]\s?\d|\d\s?(?:%|percent|million|billion)|\b(?:19|20)\d\d\b", re.IGNORECASE
)
_DEFINES = re.compile(r"[(\u201c\"][^)]{0,40}[\u201d\"]\)|\(the [\u201c\"]")
_ALSO = re.compile(r"^\W*(?:\w+\W+){0,5}?also\b", re.IGNORECASE)
_GROUP = re.compile(r"\brisks?\b", re.IGNORECASE)
_RELATED = re.compile(
    r"^(?:other |general |additional )*(?:risks?|factors?|matters?)\b.{0,20}\b(?:relat\w+|associated|regarding|of|in|to|from|about)\b|^(?:general|other|additional) risks?",
    re.IGNORECASE,
)
_PREFACE = re.compile(
    r"\bforward[- ]looking\b|\bsummary\b|^introduct\w+$|^overview$|^risk factors\b.{0,12}$",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"(?<!\b[A-Z])(?<!\bInc)(?<!\bCo)(?<!\bCorp)(?<!\bNo)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bvs)[.!?][\"\u201d\u2019)]*\s+(?=[\"\u201c(]?[A-Z])"
)
_CLOSED = re.compile(r"[.!?][\"\u201d\u2019')]*$")
LONGEST = 700  # characters; the longest caption of the seven filings has 493
THIN = 0.15  # of the text under a caption with much of it (upper quartile): so little under several in a row is a list
THIN_RUN = 3
RARE = 1.25  # points against a sentence: most are text; the middle of what makes no error in `dev`
TURN, TURN_FROM, TURN_MOST = (
    4.0,
    0.15,
    2.0,
)  # points for a share, the share that tells nothing, the most
HEADING_LONGEST = 130
HEADING_WORDS = 18


@dataclass(frozen=True, slots=True)
class Manner:
    """How a report sets its captions; None: not known, or not the same throughout."""

    sentences: bool | None = None
    look: Look | None = None


def kinds(rows: Sequence[Paragraph]) -> tuple[Kind, ...]:
    """The kind of each paragraph. Deterministic; of equal sequences the one with the earlier caption."""
    if not rows:
        return ()
    turns = _turns(rows)
    not_these = _repeated(rows)
    first = _best(rows, turns, Manner(look=_usual_look(rows)), not_these)
    how = manner(rows, first)
    found = _best(rows, turns, how, not_these)
    while listed := _listed(rows, found, not_these):
        not_these |= listed
        found = _best(rows, turns, how, not_these)
    return found


def manner(rows: Sequence[Paragraph], found: Sequence[Kind]) -> Manner:
    """What most captions found so far have in common."""
    captions = [row for row, kind in zip(rows, found, strict=True) if kind is Kind.CAPTION]
    if len(captions) < 4:
        return Manner()
    closed = sum(_CLOSED.search(row.text) is not None for row in captions) / len(captions)
    sentences = True if closed >= 0.75 else False if closed <= 0.25 else None
    looks = [row.look for row in captions]
    common = max(dict.fromkeys(looks), key=looks.count)
    return Manner(sentences, common if common and looks.count(common) >= 0.6 * len(looks) else None)


def _usual_look(rows: Sequence[Paragraph]) -> Look | None:
    """The look of most paragraphs that could be captions and stand out; None when hardly any does."""
    looks = [
        row.look for row in rows if row.look and len(row.words) >= 5 and len(row.text) < LONGEST
    ]
    return max(dict.fromkeys(looks), key=looks.count) if len(looks) >= 4 else None


def _repeated(rows: Sequence[Paragraph]) -> frozenset[int]:
    """Paragraphs that a later one says again: the lines of a summary."""
    last = {_plain(row.text): at for at, row in enumerate(rows)}
    return frozenset(at for at, row in enumerate(rows) if last[_plain(row.text)] != at)


def _listed(
    rows: Sequence[Paragraph], found: Sequence[Kind], known: frozenset[int]
) -> frozenset[int]:
    """The lines of a summary that were read as captions in turn with texts: several in a row with hardly a text.

    Each call names at least one caption of `found`, so that taking them out again and again ends.
    """
    starts = [at for at, kind in enumerate(found) if kind is Kind.CAPTION]
    under = {
        start: sum(
            len(rows[at].text)
            for at in takewhile(lambda at: found[at] is Kind.TEXT, range(start + 1, len(rows)))
            if at not in known
        )
        for start in starts
    }
    usual = sorted(under.values())[3 * len(under) // 4] if under else 0
    run: list[int] = []
    listed: set[int] = set()
    for start in starts:
        run = [*run, start] if under[start] <= THIN * usual else []
        if len(run) >= THIN_RUN or (start + 1 in known and not under[start]):
            listed.update(range(run[0], start + 2))
    return frozenset(listed)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _turns(rows: Sequence[Paragraph]) -> Sequence[float]:
    """Points for a change of subject: a caption shares its words with what follows, not with what went before.

    After Hearst, "TextTiling", Computational Linguistics 23(1), 1997: of the paragraph's words, weighted by how
    few paragraphs have them, the share that the next two have less the share that the one before has.
    """
    bags = [_stems(row.text) if len(row.text) <= LONGEST else frozenset() for row in rows]
    full = [_stems(row.text) for row in rows]
    spread = Counter(stem for bag in full for stem in bag)

    def weight(stems: frozenset[str]) -> float:
        return sum(log(1 + len(rows) / spread[stem]) for stem in sorted(stems))

    points = []
    for at, bag in enumerate(bags):
        total = weight(bag)
        ahead = frozenset[str]().union(*full[at + 1 : at + 3])
        behind = full[at - 1] if at else frozenset()
        change = (weight(bag & ahead) - weight(bag & behind)) / total if total else 0.0
        points.append(max(-TURN_MOST, min(TURN_MOST, TURN * (change - TURN_FROM))))
    return points


def _stems(text: str) -> frozenset[str]:
    """Words of four letters and more, by their first six."""
    return frozenset(word[:6] for word in re.findall(r"[a-z]{4,}", text.lower()))


def _best(
    rows: Sequence[Paragraph], turns: Sequence[float], how: Manner, repeated: frozenset[int]
) -> tuple[Kind, ...]:
    points = [
        {
            Kind.CAPTION: NEVER if at in repeated else _caption_points(rows, at, how) + turns[at],
            Kind.HEADING: _heading_points(row, how),
            Kind.TEXT: 0.0,
        }
        for at, row in enumerate(rows)
    ]
    totals = dict(points[0])
    came: list[dict[Kind, Kind]] = []
    for here in points[1:]:
        back = {
            kind: max(Kind, key=lambda before: totals[before] + STEPS[before, kind])
            for kind in Kind
        }
        totals = {kind: totals[back[kind]] + STEPS[back[kind], kind] + here[kind] for kind in Kind}
        came.append(back)
    last = max(Kind, key=lambda kind: totals[kind] + ENDS[kind])
    path = [last]
    for back in reversed(came):
        path.append(back[path[-1]])
    return tuple(reversed(path))


def _caption_points(rows: Sequence[Paragraph], at: int, how: Manner) -> float:
    """How much speaks for a caption, against text (0)."""
    row = rows[at]
    text, length, words = row.text, len(row.text), len(row.words)
    if row.bullet or row.broken or row.resumed or length > LONGEST or words < 3:
        return NEVER
    if text.endswith((":", ";", ",")) or text[:1].islower():
        return NEVER
    if _PREFACE.search(text) and words <= 12:
        return NEVER
    points = _length_points(length) - 2.5 * len(_STOP.findall(text))
    points -= 0.5 if titled(text) or not _CLOSED.search(text) else RARE
    points += 1.5 if _EFFECT.search(text) else 0.5 if _RISK.search(text) else -1.0
    points -= 4.0 if _GOING_ON.match(text) else 0.0
    points -= 4.0 if _ALSO.match(text) else 0.0
    points -= 2.0 if _SELDOM.match(text) else 0.0
    points -= 2.0 if _POINTS_AWAY.search(text) else 0.0
    points -= 1.0 if _FIGURE.search(text) else 0.0
    points -= 1.0 if _DEFINES.search(text) else 0.0
    points += _followed(rows, at)
    return points + _manner_points(row, how)


def _length_points(length: int) -> float:
    if length <= 140:
        return 2.0
    if length <= 260:
        return 1.5
    if length <= 340:
        return 0.5
    return -1.0 if length <= 500 else -2.0


def _followed(rows: Sequence[Paragraph], at: int) -> float:
    """A caption is followed by text that is longer than it is."""
    if at + 1 == len(rows):
        return -2.0
    row, after = rows[at], rows[at + 1]
    if after.bullet:
        return -1.5
    longer = len(after.text) >= 1.2 * len(row.text)
    return (0.5 if longer else -0.5) + (0.5 if len(after.text) >= 250 else 0.0)


def _manner_points(row: Paragraph, how: Manner) -> float:
    closed = _CLOSED.search(row.text) is not None
    points = 0.0
    if how.look is not None:
        points += 5.0 if row.look == how.look else -3.0 if not row.look else -1.0
    if how.sentences is True and not closed:
        points -= 4.0
    elif how.sentences is False:
        points += -3.0 if closed else 2.0 if titled(row.text) else 0.0
    elif not closed and not titled(row.text):
        points -= 1.0
    return points


def _heading_points(row: Paragraph, how: Manner) -> float:
    """How much speaks for the heading of a group, against text (0)."""
    text, words = row.text, len(row.words)
    if row.bullet or row.broken or row.resumed or text[:1].islower():
        return NEVER
    if len(text) > HEADING_LONGEST or words > HEADING_WORDS or text.endswith((";", ",")):
        return NEVER
    if _PREFACE.search(text) and words <= 12:
        return 6.0
    closed = _CLOSED.search(text) is not None
    points = -3.0 if closed else 1.0
    points += 1.5 if titled(text) or text.isupper() else -1.0
    points += 1.5 if _RELATED.search(text) else 0.5 if _GROUP.search(text) else 0.0
    points += 0.5 if words <= 8 else 0.0
    if how.look is not None and row.look and row.look != how.look:
        points += 1.0
    return points
