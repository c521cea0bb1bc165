"""Negative, neutral or positive: the head's opinion and a lexicon's, weighed together. Pure.

The head knows what customers write, the lexicon (VADER: Hutto and Gilbert, ICWSM 2014, as the package
`nltk-vader-sentiment` has it) knows what people post. A softmax over both decides; its weights were
fitted apart from any test set, on GoEmotions' dev rows (Demszky et al., ACL 2020) and on the sample's
written rows left out in turn; `python -m bars.sentiment --weights` fits them again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vader import SentimentIntensityAnalyzer

SENTIMENTS = ("negative", "neutral", "positive")
FLOOR = 0.01  # under the head's chances, before the logarithm
# For each sentiment: of the logarithm of the head's three chances, of the lexicon's compound value,
# of its positive and its negative share; and the constant.
WEIGHTS: Mapping[str, tuple[float, ...]] = {
    "negative": (0.34, -0.10, -0.10, -0.79, -0.32, 1.12, -0.17),
    "neutral": (-0.09, 0.26, -0.08, -0.06, -1.77, -1.17, 1.16),
    "positive": (-0.25, -0.16, 0.19, 0.85, 2.09, 0.05, -0.99),
}
_TYPED = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|@\w+")
_TAG = re.compile(r"#(\w+)")
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")


def plain(text: str) -> str:
    """The text as head and lexicon read it: straight quotes, no addresses or @names, tags as words.

    A phone's curved apostrophe hides "can't" from the lexicon. A text of addresses only stays as it is.
    """
    said = _ADDRESS.sub(" ", text.translate(_TYPED))
    said = _TAG.sub(lambda tag: _JOINT.sub(" ", tag[1]), said)
    return " ".join(said.split()) or text


def features(text: str, chances: Mapping[str, float]) -> tuple[float, ...]:
    """What `WEIGHTS` weighs: the head's chances and what the lexicon says of the text."""
    found = _lexicon().polarity_scores(plain(text))
    heads = (log(chances.get(name, 0.0) + FLOOR) for name in SENTIMENTS)
    return (*heads, found["compound"], found["pos"], found["neg"])


def weighed(
    text: str,
    scores: Sequence[tuple[str, float]],
    *,
    language: str = "en",
    weights: Mapping[str, tuple[float, ...]] = WEIGHTS,
) -> tuple[tuple[str, float], ...]:
    """The sentiments with their probabilities, the likeliest first.

    `scores` are a classifier's (label, probability). They come back as they are when the language is
    not English, which is all that the lexicon reads, or when the labels are not these three.
    """
    chances = dict(scores)
    if language != "en" or chances.keys() != set(SENTIMENTS):
        return tuple(scores)
    values = (*features(text, chances), 1.0)
    sums = {
        name: sum(weight * value for weight, value in zip(row, values, strict=True))
        for name, row in weights.items()
    }
    most = max(sums.values())
    powers = {name: exp(value - most) for name, value in sums.items()}
    whole = sum(powers.values())
    found = ((name, power / whole) for name, power in powers.items())
    return tuple(sorted(found, key=lambda pair: -pair[1]))


def lexicon_says(text: str) -> str:
    """What the lexicon alone says, at its authors' threshold of 0.05."""
    compound = _lexicon().polarity_scores(plain(text))["compound"]
    return "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"


@cache
def _lexicon() -> SentimentIntensityAnalyzer:
    from vader import SentimentIntensityAnalyzer  # noqa: PLC0415  # 20 ms, and only when asked

    return SentimentIntensityAnalyzer()
