"""Whether an answer is about what was asked: words, names, and the kind of thing wanted. Pure.

An answer can be true word for word and still answer another question; this is what tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
    "other_year": "the question is about another year",
}
# What is known beside that where a company wrote down the questions that it expects.
EXPECTED: Mapping[str, str] = {
    "likely": "no question that we expect is near this one",
    "ahead": "it is nearer to a question that something else answers",
    "asked_up": "its words are neither in the answer nor in the question that we expect",
    "asked_missing": "a telling word is neither in the answer nor in the question that we expect",
    "alike": "the question that we expect has other words",
    "first": "words and meaning find different passages",
}
# What is known beside that where a company wrote down questions that nothing of it answers.
UNANSWERED: Mapping[str, str] = {
    "unanswered": "it is near a question that nothing answers",
    "often_unanswered": "several questions like it have no answer",
}
OFTEN = 3  # questions

_YEAR = re.compile(
    r"\b20\d\d\b(?! ?(?:EUR|euros?|€|mm|ml|g|grams?|kg|m|km|lumens?|kcal|points?|metres?)\b)",
    re.IGNORECASE,
)
_NEAR_YEARS = re.compile(r"\b(?:last|next|previous|past|coming) year\b", re.IGNORECASE)

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


@dataclass(frozen=True, slots=True)
class Nearest:
    """The expected question whose answering words are said, if any: its cosine with what was asked,
    that of the nearest whose words are not said, and the share of rankings that put it first.
    """

    question: str
    likeness: float
    elsewhere: float
    first: float


def features(
    question: str,
    answer: str,
    titles: Sequence[str],
    rarity: Rarity,
    *,
    near: Sequence[float] = (),
    filed: float = 0.0,
    year: int | None = None,
) -> Mapping[str, float]:
    """The features of `MEANINGS`, each from 0 to 1.

    `near` are the encoder's cosines of the question and each sentence of the answer; `filed` is the probability of the
    question's intent where the answer cites what is filed under it; `year` is the one in which it is asked.
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
        "other_year": float(year is not None and _asks_of_another_year(question, answer, year)),
    }


def of_expected(
    question: str, answer: str, titles: Sequence[str], rarity: Rarity, expected: Nearest
) -> Mapping[str, float]:
    """The features of `EXPECTED`, each from 0 to 1."""
    wanted, alike = set(content_words(question)), set(content_words(expected.question))
    given = alike | {stem for text in (answer, *titles) for stem in content_words(text)}
    weight = rarity.total(wanted) or 1.0
    both = rarity.total(wanted | alike) or 1.0
    return {
        "likely": expected.likeness,
        "ahead": 0.5 + expected.likeness - expected.elsewhere,
        "asked_up": rarity.total(wanted & given) / weight if wanted else 1.0,
        "asked_missing": max((rarity(stem) for stem in wanted - given), default=0.0),
        "alike": rarity.total(wanted & alike) / both,
        "first": expected.first,
    }


def of_unanswered(likenesses: Sequence[float]) -> Mapping[str, float]:
    """The features of `UNANSWERED`, from the cosines to the questions that nothing answers."""
    nearest = sorted(likenesses, reverse=True)[:OFTEN]
    if not nearest:
        return {}
    return {"unanswered": nearest[0], "often_unanswered": sum(nearest) / len(nearest)}


def _values(readings: Sequence[Reading]) -> set[str]:
    return {fact.value for one in readings for fact in one.facts}


def _asks_of_another_year(question: str, answer: str, year: int) -> bool:
    """What holds now says nothing of another year, unless it names it."""
    named = set(_YEAR.findall(question)) - {str(year)} - set(_YEAR.findall(answer))
    return bool(named) or _NEAR_YEARS.search(question) is not None


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
    """1 when a price, weight, colour, ... is asked for and the answer names none.

    What the question names ("the Lucero 800") has to stand in a sentence that says it: the weight of
    another lamp is none of this one.
    """
    kinds = [says for asked, says in _KINDS if asked.search(question)]
    if not kinds:
        return 0.0
    about = _about(question, told) or told
    text = answer if about is told else " ".join(one.text for one in about)
    return float(not all(says(text, about) for says in kinds))


def _about(question: str, told: Sequence[Reading]) -> Sequence[Reading]:
    """The sentences that name what the question names, with its number if it has one."""
    asked = read(question)
    names = {name for one in told for name in one.names if name in asked.words}
    models = {pair for pair in asked.pairs if pair[0] in names and pair[1][:1].isdigit()}
    if models:
        return [one for one in told if models & one.pairs]
    return [one for one in told if names & one.names]


def _dated(told: Sequence[Reading]) -> bool:
    return any(fact.value.startswith(("day:", "month:")) for one in told for fact in one.facts)


def _of_unit(*units: str) -> Callable[[str, Sequence[Reading]], bool]:
    return lambda _text, told: any(fact.unit in units for one in told for fact in one.facts)


def _worded(pattern: str) -> Callable[[str, Sequence[Reading]], bool]:
    words = re.compile(pattern, re.IGNORECASE)
    return lambda text, _told: bool(words.search(text))


# What a question asks for -> whether a text names something of the kind.
_KINDS: Sequence[tuple[re.Pattern[str], Callable[[str, Sequence[Reading]], bool]]] = (
    (_MONEY, lambda text, told: _of_unit(*_CURRENCY)(text, told) or bool(_PAID.search(text))),
    (
        _TIME,
        lambda text, told: (
            _of_unit(*_SPANS)(text, told) or bool(_TIMELY.search(text)) or _dated(told)
        ),
    ),
    (_COUNT, lambda _text, told: any(one.facts for one in told)),
    (_PLACE, lambda text, _told: bool(_SOMEWHERE.search(text))),
    *(
        (re.compile(asked, re.IGNORECASE), says)
        for asked, says in (
            (r"\b(?:weigh|weighs|weight|how heavy|grammage)\b", _of_unit("g", "kg")),
            (r"\bhow (?:tall|wide|thick)\b|\b(?:width|diameter)\b", _of_unit("m", "cm", "mm")),
            (
                r"\bcolou?rs?\b",
                _worded(
                    r"\b(?:black|white|red|blue|green|yellow|grey|gray|orange|brown|pink|purple|colou?r)"
                ),
            ),
            (r"\b(?:tele)?phone number\b|\bfax\b", _worded(r"\d[\d /-]{6,}")),
            (r"\be-?mail address of\b", _worded("@")),
            (
                r"\bsince when\b|\b(?:what|which) year\b|\bwhen (?:was|were|did) .*(?:open|found)",
                _worded(r"\b(?:19|20)\d\d\b"),
            ),
            (r"\blumens?\b", _worded(r"\blumens?\b")),
            (r"\bwater column\b", _worded(r"\d ?mm\b")),
        )
    ),
)
