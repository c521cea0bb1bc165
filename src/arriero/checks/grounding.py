"""Soft support: how much of what an answer says is covered by what it may rest on."""

from __future__ import annotations

import re
from functools import lru_cache

from arriero.checks.base import Exhibit, check
from arriero.checks.facts import supports

# Function words and politeness carry no claim, so they need no source.
STOP = frozenset(
    "a about after all also am an and any are as at be been before but by can could did do does for from get "
    "had has have he help her here hi him his how i if in into is it its just let like may me more most must my "
    "need no not now of on or our out over please she should so some sorry sure than thank thanks that the their "
    "them then there these they this those to too up us very want was we were what when where which while who "
    "will with would you your yours hello dear kind regards happy glad welcome yes okay question order make "
    "much many however still even each other only both such because during through".split()
)
_WORD = re.compile(r"[a-z]+")
COVERED_AT = (
    0.6  # a paraphrase keeps most content words; measured in bars/grounding when it is built
)


def content_words(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    return [
        stem(word) for word in _WORD.findall(text.lower()) if word not in STOP and len(word) > 2
    ]


@lru_cache(maxsize=20_000)  # a language's common words; every answer asks for hundreds again
def stem(word: str) -> str:
    """A crude English stem: enough to let "washing", "washed" and "wash" meet."""
    for ending in ("ingly", "edly", "ing", "ies", "ied", "es", "ed", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _single(word[: -len(ending)])
    return word


def _single(root: str) -> str:
    """A consonant doubled before an ending is one again: "shipp" (of "shipping") is "ship"."""
    doubled = root[-1] == root[-2] and root[-1] not in "aeiouls"
    return root[:-1] if doubled else root


@check("grounded", pass_at=COVERED_AT)
def is_covered_by_its_sources(exhibit: Exhibit) -> tuple[float, str]:
    """The share of the answer's content words that occur in its sources, its facts or the question."""
    said = content_words(exhibit.text)
    if not said:
        return 0.0, "says nothing"
    known = set(content_words(" ".join((*supports(exhibit), exhibit.question))))
    missing = [word for word in said if word not in known]
    covered = 1 - len(missing) / len(said)
    return covered, f"not covered: {', '.join(sorted(set(missing))[:8])}" if missing else ""


@check("relevant", blocking=False, pass_at=0.3)
def speaks_of_what_was_asked(exhibit: Exhibit) -> tuple[float, str]:
    """The share of the question's content words that the answer or its cited titles take up."""
    asked = set(content_words(exhibit.question))
    if not asked:
        return 1.0, ""
    titles = " ".join(source.title for source in exhibit.sources)
    taken = asked & set(content_words(f"{exhibit.text} {titles}"))
    return len(taken) / len(asked), ""
