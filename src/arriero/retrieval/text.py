"""A question as search terms. User text never reaches a search engine as syntax."""

from __future__ import annotations

import re

MOST_TERMS = 32  # a message of a thousand words is no better a query than its first sentences
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


def terms(text: str) -> tuple[str, ...]:
    """The distinct words of `text` in lower case without stop-words, at most 32.

    A question of stop-words alone keeps them: it is all there is to go by.
    """
    found = dict.fromkeys(word for word in _WORD.findall(text.lower()) if _utf8(word))
    telling = [word for word in found if word not in STOP_WORDS]
    return tuple((telling or list(found))[:MOST_TERMS])


def _utf8(word: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in word)
