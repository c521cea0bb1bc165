"""Whether an answer names the kind of thing that was asked for: an amount, a duration, a weight, a person.

An article can take up every word of a question and lack what it asks: the detergent is there, its
weight is not. Only questions that say plainly what they want are held to it ("how much does it weigh",
not "cost" as a verb somewhere), so a right answer is hardly ever refused: of the 5,915 expected
questions of the sample shop 37, with the passages that answer them (`bars/LOG.md`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arriero.checks.base import Exhibit
from arriero.checks.grounding import content_words
from arriero.checks.reading import Reading, read, sentences
from arriero.core.words import Verdict

Says = Callable[[str, Sequence[Reading]], bool]

_MONEY = frozenset({"eur", "usd", "gbp", "cent", "%", "point"})
_MASS = frozenset({"g", "kg"})
_SPAN = frozenset("second minute hour day week month year time".split())
_FREE = r"\b(?:free|nothing|no (?:\w+ )?(?:fee|costs?|charge|surcharge|duties|duty)|same price|never|at our cost|not (?:charged|cost)|price)"
_TIMELY = (
    r"\b(?:at once|immediately|always|never|any ?time|until|till|before|after|as (?:soon|long) as|when|now|today|every|while"
    r"|daily|weekly|twice|once|later|season|night|morning|evening|overnight|for good|permanent\w*|forever|by itself)\b|\d:\d\d"
)
_ABOUT_A_DAY = (
    r"\b(?:an?|one|half an?|same|next|few) (?:\w+ )?(?:second|minute|hour|day|week|month|year)s?\b"
)
_PERSON = (
    r"\b(?:staff|team|lead|persons?|people|colleagues?|owner|manager|drivers?|founder|carriers?|somebody|someone|members?"
    r"|companies|students|workshop (?:does|repairs)) "
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing, how a question asks for it, and whether a text names one."""

    name: str
    asked: re.Pattern[str]
    says: Says


def _worded(pattern: str) -> Says:
    words = re.compile(pattern, re.IGNORECASE)
    return lambda text, _told: words.search(text) is not None


def _unit(units: frozenset[str]) -> Says:
    return lambda _text, told: any(fact.unit in units for one in told for fact in one.facts)


def _either(*ways: Says) -> Says:
    return lambda text, told: any(way(text, told) for way in ways)


def _kind(name: str, asked: str, *says: Says) -> Kind:
    return Kind(name, re.compile(asked, re.IGNORECASE), _either(*says))


_THING = r"(?:does|do|is|are|was|would|will|did)"
KINDS = (
    _kind("weight", rf"\bhow (?:heavy (?!may|can|should)|much {_THING} [^?.]{{1,60}}\bweigh)|\bwhat {_THING} [^?.]{{1,60}}\bweigh\b|\b(?:the )?weight of\b",
          _unit(_MASS), _worded(r"\b(?:light|heav)")),
    _kind("price", r"\bhow much (?:is (?!still|left)|are|for|money|would|will it|does it cost|do you (?:charge|want|ask|take))\b(?![^?.]*\bweigh)"
          r"|\bhow (?:expensive|dear)\b|\bwhat (?:does|do|would|will|is|are) [^?.]{1,60}\b(?:cost|price)\b"
          r"|\b(?:price|cost) (?:of|for)\b", _unit(_MONEY), _worded(_FREE)),
    _kind("duration", r"\bhow (?:long|soon|fast|quick(?:ly)?|many (?:minutes|hours|days|weeks|months|years)) (?!is the|are the|sleeping)",
          _unit(_SPAN), _worded(_TIMELY), _worded(_ABOUT_A_DAY), lambda _text, told: any(
              fact.value.startswith(("day:", "month:")) for one in told for fact in one.facts)),
    _kind("person", r"\bwho (?:is|are|runs|makes?|owns?|made|manages|leads?|founded|designed|packed|sews?|invented|supplies)\b", _worded(_PERSON)),
    _kind("colour", r"\b(?:which|what) colou?rs?\b", _worded(
        r"\b(?:black|white|red|blue|green|yellow|gr[ea]y|orange|brown|pink|purple|colou?r)")),
    _kind("telephone number", r"\b(?:tele)?phone number\b|\bfax\b|\bwhat number (?:can|do) i call\b", _worded(r"\+?\d[\d /-]{6,}|call|ask for a")),
    _kind("year", r"\b(?:in )?(?:which|what) year\b|\bsince when (?:do|does|are|is|have|has)\b", _worded(r"\b(?:19|20)\d\d\b|since")),
    _kind("origin", r"\bmade in\b|\bwhere (?:is|are|do) [^?.]{1,50}\b(?:made|produced|manufactured|sewn|come from)\b",
          _worded(r"\b(?:made|produced|manufactured|sewn|from|farm)\b.*\b[A-Z]|traced")),
)  # fmt: skip
_MANY = re.compile(
    r"\bhow many (?:\w+ly )?((?!minutes|hours|days|weeks|months|years|times|of|more|people can)\w{3,})",
    re.IGNORECASE,
)
# A day on which shops are open at other hours: an answer that does not name it speaks of ordinary days.
_SPECIAL_DAY = re.compile(
    r"\b(?:christmas|easter|new year|good friday|boxing day|black friday|thanksgiving|whit (?:sunday|monday)|pentecost|(?:public|bank) holiday)",
    re.IGNORECASE,
)
_OPENS = re.compile(r"\b(?:open|opens|opening|close|closes|closed|closing|shut)\b", re.IGNORECASE)
_OF_SPECIAL_DAYS = re.compile(
    r"\bholidays?\b|\b(?:24|25|26|31) (?:and \d+ )?december\b", re.IGNORECASE
)
_COUNTED = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|only|once|any|all|every|several|no|both|a single|unlimited)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks for: kinds of things, the number of something, the hours of a special day."""

    kinds: tuple[Kind, ...]
    many: tuple[str, ...]
    day: str


@lru_cache(maxsize=256)  # every template that may answer a question is held to it
def wanted(question: str) -> Wanted:
    """The kinds of things that `question` says plainly that it wants."""
    day = _SPECIAL_DAY.search(question) if _OPENS.search(question) else None
    return Wanted(
        kinds=tuple(kind for kind in KINDS if kind.asked.search(question)),
        many=tuple(found[1] for found in _MANY.finditer(question)),
        day=day[0].lower() if day else "",
    )


def lacking(question: str, answer: str) -> str:
    """The kind of thing that is asked for and not named; empty when nothing is lacking."""
    asked = wanted(question)
    if asked.kinds or asked.many:  # most ask for none, and reading an answer is what takes time
        told = [read(one) for one in sentences(answer)] or [read(answer)]
    for kind in asked.kinds:
        if not kind.says(answer, told):
            return kind.name
    for things in asked.many:
        counted = set(content_words(things))
        unit = {fact.unit for fact in read(f"1 {things}").facts} - {""}
        if counted and not any(
            (counted & set(one.stems) and _COUNTED.search(one.text))
            or unit & {fact.unit for fact in one.facts}
            for one in told
        ):
            return f"number of {things.lower()}"
    if asked.day and asked.day not in answer.lower() and not _OF_SPECIAL_DAYS.search(answer):
        return asked.day
    return ""


@dataclass(frozen=True, slots=True)
class SaysTheKindAsked:
    """An answer to a question for a price, a duration, a weight, a person, ... names one.

    What a person matched to its question (the origins in `approved`) need not.
    """

    approved: frozenset[str] = frozenset()
    name: str = "kind-asked"
    blocking: bool = True

    def judge(self, exhibit: Exhibit) -> Verdict:
        if exhibit.origin in self.approved:
            return Verdict(self.name, passed=True, score=1.0)
        missing = lacking(exhibit.question, exhibit.text)
        return Verdict(
            self.name, not missing, float(not missing), f"no {missing}" if missing else ""
        )
