"""A question as search terms and clauses. User text never reaches a search engine as syntax."""

from __future__ import annotations

import re

# A long message asks several things, the last ones at its end. On questions put together from several
# (TAT-QA's development part) 32 terms found 43 % of the documents within ten, all terms 48 %.
MOST_TERMS = 256
LONG_WORDS = 40  # from here on a text is searched clause by clause
LEAST_WORDS = 3  # of a clause: "Thank you." asks nothing
MOST_CLAUSES = 24  # each costs an encoding, 5 ms
# Words that stand in most English questions and say nothing of their subject.
STOP_WORDS = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but by
    can could did do does doing don down during each else few for from further get got had has have
    having he hello her here hers hi him his how i if in into is it its just let like ll may me more
    most my myself no nor not now of off on once only or other our ours out over own please re same
    she should so some such than thank thanks that the their theirs them then there these they this
    those through to too under until up us ve very want was we were what when where which while who
    whom why will with would you your yours
    """.split()
)
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.!?;])\s+|\n+")


def terms(text: str) -> tuple[str, ...]:
    """The distinct words of `text` in lower case without stop-words, at most 256.

    A question of stop-words alone keeps them: it is all there is to go by.
    """
    found = dict.fromkeys(word for word in _WORD.findall(text.lower()) if _utf8(word))
    telling = [word for word in found if word not in STOP_WORDS]
    return tuple((telling or list(found))[:MOST_TERMS])


def clauses(text: str) -> tuple[str, ...]:
    """What a long text asks, piece by piece: its sentences, at most 24, neighbours joined if need be.

    A short text, of up to 40 words, is one clause.
    """
    if len(text.split()) <= LONG_WORDS:
        return (text,)
    found = [one.strip() for one in _END.split(text) if len(one.split()) >= LEAST_WORDS]
    size = -(-len(found) // MOST_CLAUSES)
    joined = (" ".join(found[at : at + size]) for at in range(0, len(found), size or 1))
    return tuple(joined) or (text,)


def _utf8(word: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in word)
