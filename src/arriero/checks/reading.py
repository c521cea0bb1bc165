"""A sentence read for what it claims: facts with their units, names, negations, modals, limits.

Everything here is a rule over tokens: it needs no model, and a sentence that was
read is remembered, because sources are cited again and again (a long text is not).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from arriero.checks.facts import MONTHS, NUMBER_WORDS, plain
from arriero.checks.grounding import STOP, stem

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n")
# A new line goes on with the sentence (a wrapped paragraph) unless a list item or a gap begins there.
_WRAPPED = re.compile(r"(?<=[^\s:])[ \t]*\n[ \t]*(?=[^\s#*•|>-])(?!\d+[.)]\s)")
_HEADING = re.compile(r"^[^\S\n]*+#++\s.*$", re.MULTILINE)
_LIST_MARK = re.compile(r"^[^\S\n]*+(?:[-*•>]|\d+[.)])\s+", re.MULTILINE)
_TOKEN = re.compile(
    r"(?:https?://|www\.)[^\s<>()\"']+|(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+"
    r"|[$€£]|%|\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[.,;:!?()\"“”]"
)
_WORD = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"(?<![A-Z0-9]-)\b(?=[A-Z-]*+\d)(?=[0-9-]*+[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_QUOTED = re.compile(r"[\"“]([^\"“”]{2,40})[\"”]")
_ELLIPSIS = frozenset("the a an of and or our your if that with than as its their".split())
_BREAKS = frozenset(".,;:!?()")
COURTESY = 4  # words: an opener of an answer is hardly ever longer
LONGEST_KEPT = 400  # characters: a long one is a customer's message, not asked for again, and takes up to 60 KB
SCOPE = 5  # tokens after a negation or around a number that it is taken to speak of

_WEEKDAYS = {
    name: f"day:{name[:3]}"
    for name in (
        "monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays "
        "saturday saturdays sunday sundays"
    ).split()
}
# One spelling a unit; what is not here is compared by the words around the number.
_UNITS = {
    alias: unit
    for unit, aliases in {
        "eur": "€ eur euro euros",
        "usd": "$ usd dollar dollars",
        "gbp": "£ gbp pound pounds",
        "cent": "cent cents",
        "%": "% percent",
        "second": "second seconds sec",
        "minute": "minute minutes min mins",
        "hour": "hour hours h hr hrs hourly",
        "day": "day days daily",
        "week": "week weeks weekly",
        "month": "month months monthly",
        "year": "year years yearly annual annually",
        "mile": "mile miles",
        "km": "km kilometre kilometres kilometer kilometers",
        "m": "m metre metres meter meters",
        "cm": "cm centimetre centimetres",
        "mm": "mm millimetre millimetres",
        "kg": "kg kilo kilos kilogram kilograms",
        "g": "g gram grams",
        "l": "l litre litres liter liters",
        "ml": "ml millilitre millilitres",
        "degree": "degree degrees °",
        "point": "point points",
        "time": "times",
    }.items()
    for alias in aliases.split()
}
_NEGATORS = frozenset(
    "not no never cannot without nor neither nobody nothing none hardly unable nowhere don doesn".split()
)
# Words that deny without a negation: "free" is "costs nothing".
_IMPLICIT = frozenset(
    "free excluded exclude excludes except unless impossible refuse refused lost locked closed ends "
    "excluding fails failed sold ineligible prohibited stop stops stopped".split()
)
_MODALS: Mapping[str, str] = {
    **dict.fromkeys("must need needs required mandatory shall obliged".split(), "must"),
    **dict.fromkeys("can may could might able allowed possible permitted eligible".split(), "can"),
    **dict.fromkeys("should recommended recommend advise ought".split(), "should"),
}
_EMPTY = STOP | NUMBER_WORDS.keys() | _NEGATORS | {"must", "shall"}
_LIMITS = (
    ("most", ("up", "to")), ("most", ("at", "most")), ("most", ("no", "more", "than")),
    ("most", ("at", "the", "latest")), ("most", ("less", "than")), ("most", ("fewer", "than")),
    ("least", ("at", "least")), ("least", ("more", "than")), ("least", ("no", "less", "than")),
    ("most", ("maximum",)), ("least", ("minimum",)), ("most", ("within",)), ("most", ("under",)),
    ("most", ("below",)), ("least", ("over",)), ("least", ("above",)), ("least", ("exceed",)),
    ("least", ("from",)), ("most", ("until",)), ("most", ("by",)), ("about", ("about",)),
    ("about", ("around",)), ("about", ("approximately",)), ("before", ("before",)),
    ("after", ("after",)),
)  # fmt: skip
_CONDITIONS = frozenset(
    "if unless except until only when while provided without after before once during".split()
)
_OPPOSITES = {
    word: other
    for one, two in (
        pair.split("/")
        for pair in (
            "before/after above/below over/under more/less more/fewer open/closed include/exclude "
            "includes/excludes included/excluded minimum/maximum always/never first/last "
            "largest/smallest increase/decrease increases/decreases higher/lower required/optional "
            "allowed/prohibited accepted/refused earlier/later longer/shorter with/without "
            "new/used eligible/ineligible online/offline least/most all/none early/late "
            "available/unavailable manual/automatic credit/debit warm/cold dry/wet sender/recipient"
        ).split()
    )
    for word, other in ((one, two), (two, one))
}


@dataclass(frozen=True, slots=True)
class Stated:
    """A hard fact at a place: its value, its unit (or ""), the limit before it, the words around it."""

    value: str
    unit: str
    limit: str
    around: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence says. `stems` are its content words in order, `plain` its words alone."""

    text: str
    plain: tuple[str, ...]
    stems: tuple[str, ...]
    facts: tuple[Stated, ...]
    names: frozenset[str]
    words: frozenset[str]
    denied: tuple[frozenset[str], ...]
    modals: Mapping[str, str]
    conditions: tuple[frozenset[str], ...]
    pairs: frozenset[tuple[str, str]]
    exclusive: bool
    implicit: bool
    ends: bool

    @property
    def claims(self) -> bool:
        """Whether it says anything to be supported; "Of course." and "Happy to help." do not."""
        return bool(self.facts or self.names) or (bool(self.stems) and len(self.plain) > COURTESY)

    @property
    def opposites(self) -> frozenset[str]:
        """The opposites of its words, as far as the small list knows them."""
        return frozenset(_OPPOSITES[word] for word in self.words & _OPPOSITES.keys())


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and list items of `text`; headings and list marks are left out."""
    plainer = _LIST_MARK.sub("", _WRAPPED.sub(" ", _HEADING.sub("\n", text)))
    parts = (" ".join(part.split()) for part in _END.split(plainer) if part)
    return tuple(part for part in parts if _WORD.search(part))


def read(sentence: str) -> Reading:
    """Read one sentence."""
    return _kept(sentence) if len(sentence) <= LONGEST_KEPT else _reading(sentence)


@lru_cache(maxsize=1_000)  # some 8 KB each: the sentences of the articles that are asked for
def _kept(sentence: str) -> Reading:
    return _reading(sentence)


def _reading(sentence: str) -> Reading:
    tokens = _TOKEN.findall(_expanded(sentence))
    lower = [token.lower() for token in tokens]
    words = tuple(token for token in lower if token not in _BREAKS)
    content = [_content(token) for token in lower]
    return Reading(
        text=sentence,
        plain=words,
        stems=tuple(one for one in content if one),
        facts=_facts(sentence, lower, content),
        names=_names(sentence, tokens),
        words=frozenset(lower),
        denied=_denied(lower, content),
        modals=_modal_verbs(lower, content),
        conditions=_conditions(lower, content),
        pairs=frozenset(pairwise(words)),
        implicit=not _IMPLICIT.isdisjoint(lower),
        exclusive="only" in lower or "exclusively" in lower or "solely" in lower,
        ends=sentence.rstrip(" \"')”").endswith((".", "!", "?", ":"))
        and (len(lower) < 2 or lower[-2] not in _ELLIPSIS),
    )


def _expanded(text: str) -> str:
    """Contractions as two words, so that "isn't" and "is not" read alike."""
    text = re.sub(r"\b(can)['\u2019]t\b", r"\1not", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(won)['\u2019]t\b", "will not", text, flags=re.IGNORECASE)
    text = re.sub(r"n['\u2019]t\b", " not", text)
    return re.sub(r"['\u2019](?:s|re|ve|ll|d|m)\b", "", text)


def _content(token: str) -> str:
    if not token[0].isalpha() or token in _EMPTY or len(token) < 3:
        return ""
    return stem(token)


def _facts(sentence: str, lower: list[str], content: list[str]) -> tuple[Stated, ...]:
    found = [
        Stated(value, _unit(lower, at), _limit(lower, at), _around(content, at))
        for at, token in enumerate(lower)
        if (value := _value(token))
    ]
    codes = {code.lower() for code in _CODE.findall(sentence)} - set(lower)
    found += [Stated(code, "", "", frozenset()) for code in sorted(codes)]
    found += [
        Stated(token.rstrip(".,;:"), "", "", frozenset())
        for token in lower
        if "@" in token or token.startswith(("http", "www."))
    ]
    return tuple(found)


def _value(token: str) -> str:
    if token[0].isdigit():
        return plain(token) if ":" not in token and "/" not in token else token
    if token in NUMBER_WORDS and token not in {"zero", "one"}:
        return NUMBER_WORDS[token]
    if token in _WEEKDAYS:
        return _WEEKDAYS[token]
    return (
        f"month:{MONTHS[token]}"
        if token in MONTHS and token not in {"may", "march", "mar", "sep"}
        else ""
    )


def _unit(lower: list[str], at: int) -> str:
    """The first unit in the three tokens after the number, or a currency sign before it."""
    if at and lower[at - 1] in {"$", "€", "£"}:
        return _UNITS[lower[at - 1]]
    for token in lower[at + 1 : at + 4]:
        if token in _UNITS:
            return _UNITS[token]
        if token in _BREAKS or token[0].isdigit():
            break
    return ""


def _limit(lower: list[str], at: int) -> str:
    before = lower[max(0, at - 4) : at]
    if before and before[-1] in {"$", "€", "£"}:
        before = before[:-1]
    for limit, words in _LIMITS:
        if tuple(before[-len(words) :]) == words:
            return limit
    return ""


def _around(content: list[str], at: int) -> frozenset[str]:
    return frozenset(one for one in content[max(0, at - SCOPE - 1) : at + SCOPE + 2] if one)


def _names(sentence: str, tokens: list[str]) -> frozenset[str]:
    """Words written with a capital inside the sentence, and the words of quoted terms."""
    found = set()
    opened = True
    for token in tokens:
        if token[0].isalpha():
            if (
                not opened
                and token[0].isupper()
                and token.lower() not in MONTHS.keys() | _WEEKDAYS.keys()
            ):
                found.add(token.lower())
            opened = False
        elif token in {".", "!", "?", ":"}:
            opened = True
    for quoted in _QUOTED.findall(sentence):
        found |= {word.lower() for word in re.findall(r"[^\W\d_]+", quoted)}
    return frozenset(word for word in found if word not in STOP)


def _scope(lower: list[str], content: list[str], at: int, length: int = SCOPE) -> frozenset[str]:
    """The content words after a place, up to the end of the clause."""
    found = []
    for place in range(at + 1, min(len(lower), at + 1 + length)):
        if lower[place] in _BREAKS:
            break
        found.append(content[place])
    return frozenset(one for one in found if one)


def _denied(lower: list[str], content: list[str]) -> tuple[frozenset[str], ...]:
    """What each negation speaks of: the words after it, or before it at the end of a clause."""
    return tuple(
        _scope(lower, content, at) or frozenset(one for one in content[max(0, at - 4) : at] if one)
        for at, token in enumerate(lower)
        if token in _NEGATORS
    )


def _modal_verbs(lower: list[str], content: list[str]) -> Mapping[str, str]:
    """The modality of each word that follows a modal."""
    found: dict[str, str] = {}
    for at, token in enumerate(lower):
        if token in _MODALS:
            for word in _scope(lower, content, at, 4):
                found.setdefault(word, _MODALS[token])
    return found


def _conditions(lower: list[str], content: list[str]) -> tuple[frozenset[str], ...]:
    """What each condition, exception or time clause names."""
    return tuple(
        scope
        for at, token in enumerate(lower)
        if token in _CONDITIONS and (scope := _scope(lower, content, at, 7))
    )
