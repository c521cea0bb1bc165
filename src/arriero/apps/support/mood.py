"""How a customer feels: frustration of a message, its trend, and what follows from it. Pure.

Frustration is a noisy-or of signals (Pearl, "Probabilistic reasoning in intelligent systems", 1988):
each signal that is present takes its share of the patience that the others left. The shares are a
policy, written down below and tested on dialogues; they are not measured probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Priority = Literal["low", "normal", "high", "urgent"]

# The share of the remaining patience that a signal takes when it is fully there.
SHARES: Mapping[str, float] = {
    "negative": 0.50,
    "capitals": 0.25,
    "punctuation": 0.15,
    "repeated": 0.60,
    "threat": 0.60,
    "insult": 0.60,
    "history": 0.40,
}
MANY_TIMES = 4  # contacts beyond the first that count as fully repeated
REMEMBERED = 5  # earlier messages that the trend and the history look back on
ANNOYED = 0.35
ANGRY = 0.65
RISING = 0.15

_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "twice two second 2nd|thrice three third 3rd|four fourth|five fifth|six sixth"
            "|seven seventh|eight eighth|nine ninth|ten tenth"
        ).split("|"),
        start=2,
    )
    for word in words.split()
}
_ORDINAL = (
    r"second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|2nd|3rd|\d{1,2}th|umpteenth|nth"
)
_COUNT = r"two|three|four|five|six|seven|eight|nine|ten|[2-9]|[1-9]\d"
_CONTACT = (
    r"(?:writ|wrote|e-?mail|mail|message|call|phon|contact|ask|report|complain|chas|repeat|explain"
    r"|remind|told|tell|sen[dt])\w*"
)
_NTH_TIME = re.compile(
    rf"\b({_ORDINAL}) time\b(?!\s+zone)|\btime number (\d{{1,2}})\b", re.IGNORECASE
)
_TIMES = re.compile(
    rf"\b{_CONTACT}\b[^.?!]{{0,30}}\b(twice|thrice|({_COUNT}) times)\b"
    rf"|\b({_COUNT}) (?:e-?mails|mails|calls|messages|reminders|complaints|tickets)\b"
    rf"|\b(twice|({_COUNT}) times)\b[^.?!]{{0,20}}\b{_CONTACT}\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    rf"\b(?:already|again|keep|kept|repeatedly|once more|several times|many times|countless times)"
    rf"\b[^.?!]{{0,15}}\b{_CONTACT}\b"
    rf"|\b{_CONTACT}\b[^.?!]{{0,25}}\b(?:again|already|before|repeatedly|several times|many times"
    r"|over and over)\b"
    r"|\bstill\b[^.?!]{0,20}\b(?:no|not|nothing|nobody|never|waiting|haven'?t|hasn'?t|isn'?t"
    r"|doesn'?t|don'?t|without|broken|missing|unresolved)\b"
    r"|\b(?:as|like) i (?:said|wrote|told you|explained)\b|\bhow (?:many times|often) (?:do|must) i\b"
    r"|\b(?:no|never got an?|without an?|not had an?) (?:reply|answer|response)\b"
    r"|\b(?:nobody|no one|no-one) (?:ever )?(?:\w+ )?(?:answer|repl|respond|react)\w*"
    r"|\b(?:same|this) (?:problem|issue|thing|mistake|fault) again\b",
    re.IGNORECASE,
)
_THREATS: Mapping[str, re.Pattern[str]] = {
    "money": re.compile(
        r"\b(?:charge ?-?back|dispute (?:the|this) (?:charge|payment|transaction)"
        r"|(?:my|the) bank (?:\w+ ){0,4}(?:back|reverse|reclaim)|stop the payment"
        r"|reverse the (?:charge|payment))\b",
        re.IGNORECASE,
    ),
    "law": re.compile(
        r"\b(?:lawyers?|attorneys?|solicitors?|legal (?:action|steps|advice|proceedings)"
        r"|(?:sue|suing) (?:you|your|the)|small claims|(?:take|see) you (?:to|in) court"
        r"|ombudsman|consumer (?:protection|association|rights|advice)|trading standards"
        r"|(?:go|going|report (?:you|this)) to the police|report you)\b",
        re.IGNORECASE,
    ),
    "public": re.compile(
        r"\b(?:(?:bad|negative|terrible|honest|1[- ]star|one[- ]star) (?:reviews?|ratings?)"
        r"|trust ?pilot|(?:leave|write|post|publish)\w* (?:\w+ ){0,3}reviews?|one star\b"
        r"|all over (?:social media|twitter|facebook|instagram)|(?:go|going) (?:public|viral)"
        r"|(?:tell|warn)(?:ing)? (?:everyone|everybody|all my|other people|the press)"
        r"|to the (?:press|newspapers?|media))\b",
        re.IGNORECASE,
    ),
    "leaving": re.compile(
        r"\b(?:never (?:\w+ )?(?:order|buy|shop)(?:ing)?(?: \w+){0,3} again|lost (?:me|a customer)"
        r"|going to (?:a|your) competitors?"
        r"|taking my (?:business|money) elsewhere|last (?:order|time i (?:order|buy|shop)))\b",
        re.IGNORECASE,
    ),
}
SEVERE = frozenset({"money", "law"})
_INSULT = re.compile(
    r"\b(?:idiot(?:s|ic)?|morons?|imbeciles?|stupid (?:people|bot|company|shop|machine)"
    r"|you(?:'re| are) (?:all )?(?:so )?(?:stupid|useless|incompetent|hopeless|a joke|pathetic)"
    r"|incompeten(?:t|ce)|liars?|lying to (?:me|us)|crooks?|thieves|thief|scammers?|scam|fraudsters?"
    r"|rip-?offs?|clowns?|bunch of amateurs|fuck\w*|wtf|bullshit|bastards?|arseholes?|assholes?"
    r"|screw you|shut up|go to hell|ashamed of yourselves?|piece of (?:crap|shit|junk))\b"
    r"|[🤬🖕]",
    re.IGNORECASE,
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_LOUD = re.compile(r"[!?]{2,}|!\s*!|(?:![^!]*){3,}")
# Written in capitals by everybody.
_ACRONYMS = frozenset(
    "USB PDF EUR USD GBP VAT DHL UPS GLS GPS LED UV SMS URL VIP FAQ IBAN PIN TAN XXL XXXL UK EU USA"
    " PVC GTX OK ASAP FYI ETA SKU".split()
)


@dataclass(frozen=True, slots=True)
class Mood:
    """A message's frustration in [0, 1], its `trend` over the conversation in [-1, 1] (above 0: it
    gets worse), how often the customer has written about this by now, and what was noticed.
    """

    sentiment: str
    frustration: float
    trend: float = 0.0
    contacts: int = 1
    signals: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()


def mood(
    message: str,
    sentiment: Mapping[str, float],
    history: Sequence[float] = (),
    *,
    earlier_contacts: int = 0,
) -> Mood:
    """The mood of a message whose sentiments have these probabilities.

    `history` holds the frustration of the customer's earlier messages in this conversation, oldest
    first; `earlier_contacts` counts earlier conversations about the same thing. Somebody who says that
    it is the fifth time is believed.
    """
    message = _plain(message)
    # "The third time that I order here, and I love it" is no complaint.
    said = 1 if _pleased(sentiment) else said_times(message)
    contacts = max(said, 1 + earlier_contacts)
    found = signals(message, sentiment, history, contacts=contacts)
    return Mood(
        sentiment=max(sentiment, key=lambda name: sentiment[name]) if sentiment else "neutral",
        frustration=_taken(found),
        trend=trend([*history, _taken(found)]),
        contacts=contacts,
        signals=tuple(name for name, strength in found.items() if strength > 0),
        threats=threats(message) if found["threat"] else (),
    )


def frustration(
    message: str, sentiment: Mapping[str, float], history: Sequence[float] = ()
) -> float:
    """How frustrated the message sounds, from 0 to 1, given the frustration of those before it."""
    message = _plain(message)
    said = 1 if _pleased(sentiment) else said_times(message)
    return _taken(signals(message, sentiment, history, contacts=said))


def signals(
    message: str, sentiment: Mapping[str, float], history: Sequence[float], *, contacts: int
) -> Mapping[str, float]:
    """How strongly each signal of `SHARES` is there, from 0 to 1.

    Praise is no threat: "I'll write a good review" counts only when the message is not positive.
    """
    negative, positive = sentiment.get("negative", 0.0), sentiment.get("positive", 0.0)
    pleased = _pleased(sentiment)
    warned = set(threats(message)) - (set() if not pleased else {"public", "leaving"})
    return {
        "negative": negative,
        "capitals": 0.0 if pleased else _shouting(message),
        "punctuation": 0.0 if pleased else float(bool(_LOUD.search(message))),
        "repeated": min(1.0, (contacts - 1) / MANY_TIMES),
        "threat": 1.0 if warned & SEVERE else 0.6 * bool(warned),
        "insult": float(bool(_INSULT.search(message))),
        "history": fmean(history[-REMEMBERED:]) * (1 - positive) if history else 0.0,
    }


def said_times(message: str) -> int:
    """How often the customer says to have written about this: 1 when nothing is said of it."""
    told = [1]
    for nth, number in _NTH_TIME.findall(message):
        told.append(_number(nth or number))
    for match in _TIMES.finditer(message):
        word = next((part for part in match.groups() if part), "two")
        told.append(1 + _number(word.split()[0]))
    if _AGAIN.search(message):
        told.append(2)
    return max(told)


def threats(message: str) -> tuple[str, ...]:
    """What the customer threatens with: money (a chargeback), law, public (a review), leaving."""
    return tuple(name for name, pattern in _THREATS.items() if pattern.search(message))


def trend(frustrations: Sequence[float]) -> float:
    """The rise of frustration a message over the last messages: the slope of the least-squares line.

    From -1 to 1; 0 for fewer than two messages.
    """
    last = frustrations[-REMEMBERED:]
    if len(last) < 2:
        return 0.0
    middle, mean = (len(last) - 1) / 2, fmean(last)
    rise = sum((at - middle) * (value - mean) for at, value in enumerate(last))
    return rise / sum((at - middle) ** 2 for at in range(len(last)))


def priority(mood: Mood) -> Priority:
    """Where the customer stands in the queue. Whoever writes for the third time is never normal."""
    if set(mood.threats) & SEVERE or mood.contacts >= 5:
        return "urgent"
    if mood.frustration >= ANGRY and (mood.contacts >= 3 or mood.trend >= RISING):
        return "urgent"
    if mood.frustration >= ANGRY or mood.contacts >= 3:
        return "high"
    if mood.frustration >= ANNOYED and mood.trend >= RISING:
        return "high"
    return "low" if mood.sentiment == "positive" and mood.frustration < 0.1 else "normal"


def should_hand_over(mood: Mood) -> str | None:
    """Why a person should take over now, as a clause for the task; None when nobody has to."""
    if "money" in mood.threats:
        return "the customer speaks of taking the money back through the bank"
    if "law" in mood.threats:
        return "the customer speaks of legal steps"
    if mood.contacts >= 3:
        return f"the customer writes about this for the {_ordinal(mood.contacts)} time"
    if mood.frustration >= ANGRY:
        named = ", ".join(name for name in mood.signals if name != "history")
        return f"the customer is angry ({named})" if named else "the customer is angry"
    if mood.frustration >= ANNOYED and mood.trend >= RISING:
        return "the customer gets angrier from message to message"
    return None


def _pleased(sentiment: Mapping[str, float]) -> bool:
    return bool(sentiment) and max(sentiment, key=lambda name: sentiment[name]) == "positive"


def _plain(message: str) -> str:
    return message.replace("\u2019", "'")


def _taken(found: Mapping[str, float]) -> float:
    patience = 1.0
    for name, strength in found.items():
        patience *= 1 - SHARES[name] * strength
    return 1 - patience


def _shouting(message: str) -> float:
    words = [word for word in _WORD.findall(message) if len(word) > 2 and word.isalpha()]
    loud = [word for word in words if word.isupper() and word not in _ACRONYMS]
    return min(1.0, 2 * len(loud) / len(words)) if len(loud) >= 2 else 0.0


def _number(word: str) -> int:
    known = _NUMBERS.get(word.lower())
    if known is not None:
        return known
    digits = re.match(r"\d+", word)
    return int(digits.group()) if digits else 5  # the umpteenth


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
