"""Whether an answer is about what was asked: words, names, and the kind of thing wanted. Pure.

An answer can be true word for word and still answer another question; this is what tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arriero.checks.grounding import content_words
from arriero.checks.rarity import Rarity
from arriero.checks.reading import Reading, read, sentences

MEANINGS: Mapping[str, str] = {
    "taken_up": "the question's words are not taken up",
    "best_sentence": "no single sentence takes up the question",
    "rare_missing": "a telling word of the question is not taken up",
    "unheard": "the question uses a word that no text of ours has",
    "fact_missing": "a number of the question is not in the answer",
    "name_missing": "a name in the question is not in the answer",
    "kind_missing": "it does not say the kind of thing that was asked (price, time, number, place)",
    "near": "no sentence's meaning is near the question's",
    "filed": "what it cites is not filed under the question's intent",
    "title_up": "the title takes up nothing of the question",
    "asks_several": "the question asks several things",
}

_MONEY = re.compile(
    r"\b(?:how much (?:is|are|does|do|would|will|for|to|did)|price|cost|costs|charge|fee|fees|pay for|expensive|cheap)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:how long|how soon|how fast|how quickly|how late|how early|how often|until when|since when|when|"
    r"what time|which days?|deadline|how many (?:days|weeks|months|hours|minutes|years)|till what|by when)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:how many|how big|how heavy|how large|how hot|how cold|how warm|how far|how high|how tall|"
    r"how bright|how thick|temperature|weigh|weight|percentage|limit|maximum|minimum|how much (?:off|discount))\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:where|address|which (?:city|cities|country|countries|place))\b", re.IGNORECASE
)
_CURRENCY = frozenset({"eur", "usd", "gbp", "cent"})
_SPANS = frozenset("second minute hour day week month year".split())
_TIMELY = re.compile(
    r"\b(?:at once|immediately|always|never|any time|until|before|after|as soon as|when|now|today|tomorrow|"
    r"every|daily|weekly|twice|once|later|season|winter|summer|spring|autumn)\b|\d:\d\d",
    re.IGNORECASE,
)
_PAID = re.compile(
    r"\b(?:free|nothing|no (?:fee|cost|charge|surcharge)|price|extra|costs?|off)\b", re.IGNORECASE
)
_SOMEWHERE = re.compile(
    r"\b(?:in|at|under|on|to|from) (?:your|the|our|any|\"|[A-Z])|\b(?:address|shops?|page|account|online)\b"
)


def features(
    question: str,
    answer: str,
    titles: Sequence[str],
    rarity: Rarity,
    *,
    near: Sequence[float] = (),
    filed: float = 0.0,
) -> Mapping[str, float]:
    """The features of `MEANINGS`, each from 0 to 1.

    `near` are the encoder's cosines of the question and each sentence of the answer; `filed` is the probability of the question's intent where the answer cites what is filed under it.
    """
    asked = [read(one) for one in sentences(question)] or [read(question)]
    told = [read(one) for one in sentences(answer)] or [read(answer)]
    title = {stem for one in titles for stem in content_words(one)}
    wanted = {stem for one in asked for stem in one.stems}
    given = {stem for one in told for stem in one.stems} | title
    weight = rarity.total(wanted) or 1.0
    missing = wanted - given
    return {
        "taken_up": rarity.total(wanted & given) / weight if wanted else 1.0,
        "best_sentence": max(rarity.total(wanted & set(one.stems)) for one in told) / weight,
        "rare_missing": max((rarity(stem) for stem in missing), default=0.0),
        "unheard": sum(rarity(stem) >= 1.0 for stem in missing) / 3 if rarity.documents else 0.0,
        "fact_missing": float(bool(_values(asked) - _values(told))),
        "name_missing": _names_missing(asked, told, titles),
        "kind_missing": _kind_missing(question, answer, told),
        "near": max(near, default=0.0),
        "filed": filed,
        "title_up": rarity.total(wanted & title) / weight,
        "asks_several": (question.count("?") > 1) * 1.0,
    }


def _values(readings: Sequence[Reading]) -> set[str]:
    return {fact.value for one in readings for fact in one.facts}


def _names_missing(
    asked: Sequence[Reading], told: Sequence[Reading], titles: Sequence[str]
) -> float:
    names = {name for one in asked for name in one.names}
    said = {word for one in told for word in one.words} | {
        word for title in titles for word in read(title).words
    }
    if _models(asked) - {pair for one in told for pair in one.pairs}:
        return 1.0  # "Lucero 400" is asked for, the answer speaks of another Lucero
    return len(names - said) / len(names) if names else 0.0


def _models(readings: Sequence[Reading]) -> set[tuple[str, str]]:
    """Names with a number behind them, as products have."""
    return {
        (name, number)
        for one in readings
        for name, number in one.pairs
        if name in one.names and number[:1].isdigit()
    }


def _kind_missing(question: str, answer: str, told: Sequence[Reading]) -> float:
    """1 when a price, time, number or place is asked for and the answer names none."""
    units = {fact.unit for one in told for fact in one.facts}
    numbers = any(one.facts for one in told)
    wants = (
        (_MONEY, bool(units & _CURRENCY) or bool(_PAID.search(answer))),
        (_TIME, bool(units & _SPANS) or bool(_TIMELY.search(answer)) or _dated(told)),
        (_COUNT, numbers),
        (_PLACE, bool(_SOMEWHERE.search(answer))),
    )
    return float(any(asked.search(question) and not there for asked, there in wants))


def _dated(told: Sequence[Reading]) -> bool:
    return any(fact.value.startswith(("day:", "month:")) for one in told for fact in one.facts)
