"""Answers made wrong on purpose, seeded and pure: what a score of answers is fitted and tested on.

A corruption changes a true sentence (or what it is laid beside) so that a customer would be told
something that the sources do not say. It returns None where it does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from arriero.checks.reading import read, sentences
from arriero.checks.rewording import lowered

MONTH = "January|February|March|April|June|July|August|September|October|November|December"
WEEKDAY = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_DATE = re.compile(rf"\b(?:{MONTH})\b|\b(?:{WEEKDAY})s?\b|\b\d{{1,2}}:\d{{2}}\b|\b20\d\d\b")
_NUMBER = re.compile(
    r"(?<![\w:.,/-])\d+(?:[.,]\d+)*(?![\w:/-]|[.,]\d)"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_NAME = re.compile(r"(?<=[a-z,;] )(?:[A-Z][\w-]+)(?: (?:[A-Z][\w-]*))*")
_COUNTING = "two three four five six seven eight nine ten eleven twelve".split()
_AUXILIARY = re.compile(
    r"\b(can|will|is|are|must|should|may|does|do|has|have|was|were)\b(?! not\b)"
)
_DENIED = (
    (re.compile(r"\bcannot\b"), "can"), (re.compile(r"\bnever\b"), "always"),
    (re.compile(r"\bNever\b"), "Always"), (re.compile(r" not\b"), ""),
    (re.compile(r"\bno longer\b"), "still"), (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\bDo not (\w)"), r"Please \1"), (re.compile(r"\bNo (\w+) is\b"), r"A \1 is"),
)  # fmt: skip
_CLAUSE_AFTER = re.compile(
    r",? (?:if|unless|except|until|when|provided|only (?:if|when|in|for|with|to|on)|before|after|once|"
    r"within|as long as|during|at least|from an?)\b [^,;:]+(?=[.,;]|$)"
)
_CLAUSE_BEFORE = re.compile(r"^(?:If|When|Unless|Once|After|Before|Within|Until|For) [^,;:]+, (\w)")
_UNITS = (
    ("working days", "weeks"), ("business days", "weeks"), ("days", "weeks"), ("weeks", "months"),
    ("months", "weeks"), ("hours", "days"), ("minutes", "hours"), ("seconds", "minutes"),
    ("years", "months"), ("day", "week"), ("month", "year"), ("year", "month"), ("hour", "minute"),
    ("EUR", "USD"), ("$", "€"), ("%", " EUR"), ("km", "miles"), ("kg", "g"), ("metres", "centimetres"),
    ("cm", "mm"), ("litres", "millilitres"), ("degrees", "percent"), ("points", "euros"), ("g", "kg"),
)  # fmt: skip
_MODALS = (
    ("can", "must"), ("may", "must"), ("must", "may"), ("should", "need not"), ("need to", "may"),
    ("at least", "at most"), ("up to", "at least"), ("at most", "at least"), ("required", "optional"),
    ("only", "also"), ("before", "after"), ("above", "below"), ("always", "sometimes"),
    ("will", "might"), ("more than", "less than"), ("maximum", "minimum"), ("minimum", "maximum"),
    ("Always", "Sometimes"), ("free", "charged"), ("all", "some"), ("every", "hardly any"),
)  # fmt: skip
SAME = 0.8  # of its content words in one sentence of the document: it is said there too
# Promises and claims that no article of anybody makes; written for this project.
INVENTED = (
    "You will also get a full refund on top, without sending anything back.",
    "As a thank-you we add a voucher that you can use on your next visit.",
    "Our manager has already approved an exception for you.",
    "This also applies to every purchase that you made in the past ten years.",
    "If anything goes wrong, we cover all of your costs worldwide.",
    "You do not have to pay any fees for this at any time.",
    "A colleague will call you back within the next five minutes.",
    "The offer can be combined with all other discounts.",
    "Your bank has confirmed this to us already.",
    "We upgraded you to the premium tier for the rest of the year.",
    "There is no limit on how often you can do this.",
    "This is guaranteed by law in all countries of the world.",
    "It works the same way for friends and relatives of yours.",
    "You can also do this by fax or by carrier pigeon if you like.",
    "Nobody else has access to this option at the moment.",
    "We keep a copy of your passport for twenty years.",
)


@dataclass(frozen=True)
class Pool:
    """A document among others: where a corruption takes its false numbers, names and sentences."""

    own: tuple[str, ...]
    others: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of this document, and of some others."""
        return tuple(dict.fromkeys(_names((*self.own, *self.others[:400]))))


Corruption = Callable[[Random, str, Pool], str | None]


def number(random: Random, sentence: str, pool: Pool) -> str | None:
    """One number becomes another: half of the time one that stands elsewhere in the document."""
    dates = {place for found in _DATE.finditer(sentence) for place in range(*found.span())}
    places = [found for found in _NUMBER.finditer(sentence) if found.start() not in dates]
    if not places:
        return None
    chosen = random.choice(places)
    return _put(sentence, chosen, _another(random, chosen.group(), pool))


def date(random: Random, sentence: str, _pool: Pool) -> str | None:
    """A month, weekday, year or time of day becomes another of its kind."""
    places = list(_DATE.finditer(sentence))
    if not places:
        return None
    chosen = random.choice(places)
    old = chosen.group()
    if old[0].isdigit():
        if ":" in old:
            hour, minute = old.split(":")
            return _put(sentence, chosen, f"{(int(hour) + random.choice((1, 2, 3))) % 24}:{minute}")
        return _put(sentence, chosen, str(int(old) + random.choice((-2, -1, 1, 2))))
    names = (WEEKDAY if old.rstrip("s") in WEEKDAY else MONTH).split("|")
    ending = "s" if old.endswith("days") else ""
    return _put(sentence, chosen, random.choice([one for one in names if one not in old]) + ending)


def name(random: Random, sentence: str, pool: Pool) -> str | None:
    """A name becomes another name, of the same document where it has one."""
    places = [found for found in _NAME.finditer(sentence) if not _DATE.search(found.group())]
    if not places:
        return None
    chosen = random.choice(places)
    own = [one for one in _names(pool.own) if not _alike(one, sentence)]
    rest = [one for one in pool.names if not _alike(one, sentence)]
    known = own if own and random.random() < 0.5 else rest
    return _put(sentence, chosen, random.choice(known)) if known else None


def negation(_random: Random, sentence: str, _pool: Pool) -> str | None:
    """A negation is taken out where there is one, else put in."""
    for pattern, instead in _DENIED:
        if pattern.search(sentence):
            return pattern.sub(instead, sentence, count=1)
    found = _AUXILIARY.search(sentence)
    if found is None:
        return None
    word = "cannot" if found.group() == "can" else f"{found.group()} not"
    return _put(sentence, found, word)


def condition(random: Random, sentence: str, _pool: Pool) -> str | None:
    """A condition, exception or time limit is dropped."""
    if found := _CLAUSE_BEFORE.match(sentence):
        return found[1].upper() + sentence[found.end() :]
    places = [one for one in _CLAUSE_AFTER.finditer(sentence) if one.start() > 12]
    if not places:
        return None
    chosen = random.choice(places)
    told = sentence[: chosen.start()] + sentence[chosen.end() :]
    return told if len(told.split()) >= 4 else None


def neighbour(random: Random, sentence: str, pool: Pool) -> str | None:
    """The sentence of another document that is most like it; the citation stays."""
    own = set(read(sentence).stems)
    known = set(pool.own)
    near: list[str] = sorted(
        (one for one in random.sample(pool.others, min(300, len(pool.others))) if one not in known),
        key=lambda one: -len(own & set(read(one).stems)) / (4 + len(set(read(one).stems))),
    )
    return next((one for one in near[:20] if not _known(one, pool)), None)


def _known(sentence: str, pool: Pool) -> bool:
    """Whether the document says nearly the same: then the sentence is no corruption of it."""
    said = set(read(sentence).stems)
    return any(len(said & set(read(one).stems)) >= SAME * len(said) for one in pool.own)


def unit(random: Random, sentence: str, _pool: Pool) -> str | None:
    """The unit of a number becomes another; the number stays."""
    for old, new in random.sample(_UNITS, len(_UNITS)):
        word = re.escape(old)
        pattern = (
            rf"{word}(?=\d)"
            if old == "$"
            else rf"(?<=\d){word}|(?<=\d )\b{word}\b"
            if old in {"%", "g", "day", "month", "year", "hour"}
            else rf"(?<=\d )\b{word}\b|(?<=\d-){word}\b"
        )
        if re.search(pattern, sentence):
            return re.sub(pattern, new, sentence, count=1)
    return None


def modality(random: Random, sentence: str, _pool: Pool) -> str | None:
    """May becomes must, at least becomes at most, only is lost."""
    for old, new in random.sample(_MODALS, len(_MODALS)):
        if re.search(rf"\b{old}\b(?! not)", sentence):
            return re.sub(rf"\b{old}\b(?! not)", new, sentence, count=1)
    return None


def truncated(random: Random, sentence: str, _pool: Pool) -> str | None:
    """The sentence ends in the middle."""
    words = sentence.split()
    if len(words) < 8:
        return None
    return " ".join(words[: random.randrange(len(words) // 2, len(words) - 2)]).rstrip(",;:")


def added(random: Random, sentence: str, pool: Pool) -> str | None:
    """A sentence follows that nothing supports: invented, or from an unrelated document."""
    strange = random.choice(pool.others) if pool.others else ""
    extra = strange if strange and random.random() < 0.5 else random.choice(INVENTED)
    return f"{sentence} {extra}"


def stale(random: Random, source: str, pool: Pool) -> str | None:
    """The source as it reads after a change of the rule: the old sentence is no longer true."""
    for kind in random.sample((number, date, condition, modality), 4):
        if (changed := kind(random, source, pool)) is not None:
            return changed
    return None


# What a score may be fitted on, and what only tests it. `stale` changes the source, not the answer;
# an answer to another question is made by whoever knows the questions.
FITTED: Mapping[str, Corruption] = {
    "number": number,
    "name": name,
    "negation": negation,
    "condition": condition,
    "neighbour": neighbour,
}
UNSEEN: Mapping[str, Corruption] = {
    "date": date,
    "unit": unit,
    "modality": modality,
    "truncated": truncated,
    "added": added,
}


def _names(texts: Iterable[str]) -> list[str]:
    return [
        found.group()
        for text in texts
        for found in _NAME.finditer(text)
        if not _DATE.search(found.group())
    ]


def _alike(one: str, sentence: str) -> bool:
    """Whether the sentence already speaks of this name, or of a part of it."""
    return any(word.lower() in sentence.lower() for word in one.split())


def _another(random: Random, old: str, pool: Pool) -> str:
    if old in _COUNTING:
        return random.choice([one for one in _COUNTING if one != old])
    known = [
        found.group()
        for text in pool.own
        for found in _NUMBER.finditer(text)
        if found.group()[0].isdigit() and found.group() != old
    ]
    if known and random.random() < 0.5:
        return random.choice(known)
    whole, mark, part = old.replace(",", "").partition(".")
    changed = random.choice((int(whole) * 2, int(whole) + 1, int(whole) + 10, int(whole) // 2))
    if changed == int(whole):
        changed += 5
    return f"{changed}{mark}{part}"


def _put(sentence: str, found: re.Match[str], instead: str) -> str:
    return sentence[: found.start()] + instead + sentence[found.end() :]


def split_documents(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The sentences of each text that a corruption can be made of: four to sixty words."""
    return tuple(
        tuple(dict.fromkeys(one for one in sentences(text) if _is_prose(one))) for text in texts
    )


def _is_prose(sentence: str) -> bool:
    """Four to sixty words, not a table row, a line of code or the beginning of a list."""
    words = sentence.split()
    letters = sum(char.isalpha() or char.isspace() for char in sentence)
    return (
        4 <= len(words) <= 60
        and not sentence.endswith(":")
        and "|" not in sentence
        and letters >= 0.75 * len(sentence)
    )


def joined(sentence: str, other: str, random: Random) -> str:
    """Two sentences one after the other, or merged into one."""
    if random.random() < 0.5:
        return f"{sentence} {other}"
    return f"{sentence.rstrip('.')}, and {lowered(other)}"
