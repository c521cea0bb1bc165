"""The figures of a text, and whether they are known: as they are, rounded, in other units, or reckoned from others.

Amounts, shares, counts and ratios are figures. Dates, years, spans of time, names that hold a number (S&P 500) and the
numbers of a list state nothing of the company. A figure may be reckoned from others that stand in the same text and are
known themselves: 615 million dollars and 340 clinics make 1.8 million a clinic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_UNIT = r"(?:%|percent|per cent|dollars|euros|pounds|cents|thousand|million|billion|trillion)"
_NO_FIGURE = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?\b|{_MONTH} \d{{4}}"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{1,2}:\d{2}\b"
    rf"|(?<![$€£.,\d])\b(?:19|20)\d\d(?:[-/\u2013]\d\d(?:\d\d)?)?s?\b(?![.,]?\d)(?!\s?{_UNIT})"
    r"|\b\d+(?:\.\d+)?[- ](?:calendar |trading |business |working )?(?:months?|years?|days?|weeks?|sessions?|quarters?|hours?|minutes?|decades?)\b"
    r"|\b(?:S&P|Russell|Nasdaq|FTSE|Stoxx|MSCI|CAC|Dow|Nikkei|Fortune|Form|Rule|Item|Section|page|slide|chapter|note|table"
    r"|chart|figure|exhibit|appendix|clause|step|question|phase|tier|level|class|round|version|No\.)[- ]?\d+\b(?![.,]\d)"
    rf"|(?<=\d )(?:times |chances |cases )?(?:in|of|out of) (?:a |every )?(?:10|100|1,?000)\b(?! ?{_UNIT})"
    r"|\b\d{1,2}-[KQF]\b|\b[QH][1-4]\b|(?m:^\s*\(?\d{1,2}[.):](?!\d))|(?<=[.:;] )\(?\d[.):](?= )",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?:(?<![\w.,])|(?<=USD)|(?<=EUR)|(?<=GBP))(\d+(?:,\d{3})*(?:\.\d+)?)(?:mn?|bn?|k|tn|x|bps?|pp|pts?|pc)?(?![\w,]\w|\w)",
    re.IGNORECASE,
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))  # fmt: skip
_SMALL = {
    word: at
    for at, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_IN_WORDS = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[- ]({'|'.join(list(_SMALL)[1:10])}))?|({'|'.join(_SMALL)}))"
    rf"(?=[- ](?:{_UNIT}|points|in (?:a|one|every) hundred)\b)",
    re.IGNORECASE,
)
# A share in percent; thousands, millions, billions up and down.
_SCALES = (1e2, 1e-3, 1e-6, 1e-9, 1e3, 1e6, 1e9)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed: its value, half of its last place, and where it stands."""

    value: float
    half: float
    start: int
    end: int

    def is_(self, known: float) -> bool:
        """Whether this is `known`, rounded as it is printed: itself, a share in percent, in thousands and so on."""
        values = (abs(known) * scale for scale in _SCALES)
        return abs(self.value - abs(known)) <= self.half or any(
            abs(self.value - value) <= self.half for value in values if value >= 2 * self.half
        )


@lru_cache(maxsize=16)  # every rule asks for those of one text
def figures(text: str) -> tuple[Figure, ...]:
    """The figures of `text`, in order; those in words only where a unit follows ("thirty-five percent")."""
    bare = _NO_FIGURE.sub(lambda match: " " * len(match.group()), text)
    found = []
    for match in _FIGURE.finditer(bare):
        digits = match[1].replace(",", "")
        half = 0.5 * 10.0 ** -len(digits.partition(".")[2]) + 1e-9
        found.append(Figure(float(digits), half, match.start(1), match.end(1)))
    for match in _IN_WORDS.finditer(bare):
        tens, one, small = ((part or "").lower() for part in match.groups())
        value = _TENS.get(tens, 0) + _SMALL.get(one or small, 0)
        found.append(Figure(float(value), 0.5, match.start(), match.end()))
    return tuple(sorted(found, key=lambda one: one.start))


def unknown(
    found: Iterable[Figure], known: Sequence[float], told: Iterable[Figure]
) -> tuple[Figure, ...]:
    """Those of `found` that are none of `known`, nor reckoned from those of `told` (the whole text's) that are."""
    left = [one for one in found if not any(one.is_(value) for value in known)]
    base = dict.fromkeys(
        one.value for one in told if left and any(one.is_(value) for value in known)
    )
    made = [value for one, two in permutations(base, 2) for value in _made(one, two)]
    made += [abs(100.0 - one) for one in base]
    return tuple(one for one in left if not any(one.is_(value) for value in made))


def _made(one: float, two: float) -> Iterator[float]:
    yield from (one + two, one - two, one * two)
    if two:
        yield from (one / two, (one - two) / two)
