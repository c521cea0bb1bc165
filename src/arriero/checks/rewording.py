"""True sentences said differently, by rule: a score must not mistake "word for word" for "true".

Every rule keeps the meaning; it returns None where it does not apply. Seeded, pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from arriero.checks.grounding import STOP

Rule = Callable[[Random, str], str | None]

_OPENERS = (
    "In short, ", "Yes, ", "Good question: ", "Thank you for asking. ", "As far as I can see, ",
    "According to our information, ", "To answer your question: ", "Sure, ", "Please note that ",
)  # fmt: skip
_LATER_OPENERS = (
    "Happy to help. ", "Here is what applies: ", "Good news: ", "Just so you know, ",
    "I looked it up: ", "Of course. ", "The rule is simple: ",
)  # fmt: skip
_SAME = {
    "purchase": "buy", "buy": "purchase", "receive": "get", "get": "receive", "select": "choose",
    "choose": "pick", "begin": "start", "start": "begin", "ends": "finishes", "help": "assist",
    "assist": "help", "free of charge": "free", "at once": "immediately", "immediately": "at once",
    "approximately": "about", "customers": "clients", "parcel": "package",
    "e-mail": "email", "return": "send back", "in order to": "to", "however": "but",
    "additional": "extra", "need": "require", "requires": "needs", "usually": "normally",
    "show": "display", "shows": "displays", "enter": "type in", "quickly": "fast", "large": "big",
    "provide": "give", "provides": "gives", "verify": "check", "review": "look over",
    "submit": "send in", "contact": "reach out to", "request": "ask for", "obtain": "get",
}  # fmt: skip
_SAME_LATER = {
    "ensure": "make sure", "keep": "retain", "use": "make use of", "such as": "like",
    "several": "a number of", "per": "for each", "children": "kids", "shop": "store",
    "store": "shop", "repair": "fix", "small": "little", "difficult": "hard", "find": "locate",
    "available": "on offer", "applies": "holds", "complete": "finish", "maintain": "keep up",
    "confirm": "double-check", "track": "follow", "monitor": "watch", "allows": "lets",
    "eligible": "entitled", "transfer": "move", "covers": "includes", "track progress": "follow it",
}  # fmt: skip
_CONTRACTED = {
    "cannot": "can't", "can not": "can't", "is not": "isn't", "are not": "aren't",
    "do not": "don't", "does not": "doesn't", "will not": "won't", "it is": "it's",
    "we will": "we'll", "you will": "you'll", "you are": "you're", "that is": "that's",
}  # fmt: skip
_FRONTED = re.compile(r"^(If|When|Once|After|Before|Until|Unless) ([^,;:]+), ([^;:]+)\.$")
_BACKED = re.compile(r"^([^,;:]+) (if|when|once|unless|until) ([^,;:]+)\.$")
_PASSIVE = {
    "send": "sent", "refund": "refunded", "charge": "charged", "keep": "kept", "repair": "repaired",
    "reserve": "reserved", "store": "stored", "accept": "accepted", "pay": "paid", "block": "blocked",
    "ship": "shipped", "check": "checked", "cover": "covered", "offer": "offered",
    "review": "reviewed", "provide": "provided", "use": "used", "replace": "replaced",
}  # fmt: skip
_WE_DO = re.compile(
    rf"^We (?:also )?({'|'.join(_PASSIVE)}) ((?:the|your|a|an|all|every|this) [\w-]+(?: [\w-]+)?)"
    r"((?: (?:within|for|by|on|at|in|after|to|when|if)\b[^;:]*)?)\.$"
)


def lowered(sentence: str) -> str:
    """The sentence as it reads after an opener: a function word loses its capital."""
    first, _, _ = sentence.partition(" ")
    return (
        sentence[:1].lower() + sentence[1:] if first.lower() in STOP and first != "I" else sentence
    )


def opened(random: Random, sentence: str) -> str | None:
    """A polite opener before it."""
    opener = random.choice(_OPENERS)
    return opener + (sentence if opener.endswith(". ") else lowered(sentence))


def with_synonyms(random: Random, sentence: str) -> str | None:
    """Up to three words replaced by words of the same meaning."""
    return _exchanged(random, sentence, _SAME, 3)


def contracted(random: Random, sentence: str) -> str | None:
    """Two words as one, as in "can't"."""
    return _exchanged(random, sentence, _CONTRACTED, 2)


def reordered(_random: Random, sentence: str) -> str | None:
    """The condition after what it rules, or before it."""
    if found := _FRONTED.match(sentence):
        when, condition, rest = found.groups()
        return f"{rest[0].upper()}{rest[1:]} {when.lower()} {condition}."
    if found := _BACKED.match(sentence):
        rest, when, condition = found.groups()
        return f"{when.capitalize()} {condition}, {lowered(rest)}."
    return None


def without_please(_random: Random, sentence: str) -> str | None:
    """The word "please" left out."""
    told = re.sub(r"\b[Pp]lease (\w)", lambda found: found[1], sentence)
    return None if told == sentence else told[0].upper() + told[1:]


def opened_later(random: Random, sentence: str) -> str | None:
    """Another set of openers, for tests."""
    opener = random.choice(_LATER_OPENERS)
    return opener + (sentence if opener.endswith(". ") else lowered(sentence))


def with_other_synonyms(random: Random, sentence: str) -> str | None:
    """Another set of synonyms, for tests."""
    return _exchanged(random, sentence, _SAME_LATER, 3)


def passive(_random: Random, sentence: str) -> str | None:
    """What we do as what is done: "We send it" as "It is sent"."""
    found = _WE_DO.match(sentence)
    if found is None:
        return None
    verb, thing, rest = found.groups()
    if thing.split()[0] == "all" or thing.endswith("s"):
        return f"{thing[0].upper()}{thing[1:]} are {_PASSIVE[verb]}{rest}."
    return f"{thing[0].upper()}{thing[1:]} is {_PASSIVE[verb]}{rest}."


def impersonal(_random: Random, sentence: str) -> str | None:
    """Told of customers rather than to one."""
    told = re.sub(r"\bYou can\b", "Customers can", sentence)
    told = re.sub(r"\byou can\b", "customers can", told)
    told = re.sub(r"\bYou need\b", "Customers need", told)
    return None if told == sentence else re.sub(r"\byour\b", "their", told)


def merged(one: str, other: str) -> str:
    """Two sentences as one."""
    return f"{one.rstrip('.')}, and {lowered(other)}"


# What a score may be fitted on, and what only tests it.
FITTED: Mapping[str, Rule] = {
    "opened": opened,
    "synonyms": with_synonyms,
    "contracted": contracted,
    "reordered": reordered,
    "without_please": without_please,
}
UNSEEN: Mapping[str, Rule] = {
    "opened_later": opened_later,
    "other_synonyms": with_other_synonyms,
    "passive": passive,
    "impersonal": impersonal,
}


def reworded(random: Random, sentence: str, rules: Mapping[str, Rule]) -> str | None:
    """The sentence after one or two rules that apply; None when none does."""
    names = sorted(rules)
    random.shuffle(names)
    told, used, wanted = sentence, 0, random.choice((1, 1, 2))
    for name in names:
        if used == wanted:
            break
        if (changed := rules[name](random, told)) is not None:
            told, used = changed, used + 1
    return told if used else None


def _exchanged(random: Random, sentence: str, table: Mapping[str, str], most: int) -> str | None:
    places = [word for word in table if re.search(rf"\b{re.escape(word)}\b", sentence)]
    if not places:
        return None
    for word in random.sample(places, min(most, len(places))):
        sentence = re.sub(rf"\b{re.escape(word)}\b", table[word], sentence, count=1)
    return sentence
