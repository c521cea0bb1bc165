"""A message with more than one request: which one is answered, and which are named. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from arriero.models.clauses import Asked, asks, clauses

# Chosen on the sample's held-out messages: of 122 with several clauses and one intent, and of 120 pairs of
# messages put behind one another; see bars/LOG.md.
SURE = 0.6
UNNAMED = frozenset({"greeting_smalltalk", "out_of_scope", "human_agent", "other"})
OFFER = "You also asked about {others}. Please send me that on its own, and I will answer it next."


def requests(message: str) -> tuple[str, ...]:
    """The clauses that ask for something, when there are two or more of them; else none."""
    parts = clauses(message)
    asking = tuple(part for part in parts if asks(part)) if len(parts) > 1 else ()
    return asking if len(asking) > 1 else ()


def split(intent: str, confidence: float, asked: Sequence[Asked]) -> tuple[Asked, tuple[str, ...]]:
    """What is answered, and the intents that are named beside it.

    The intent of the whole message goes before those of its clauses; it is the first clause's when the
    whole fits none of them, which is how two requests in one message confuse a classifier.
    """
    named = [one for one in asked if one.intent not in UNNAMED]
    if len(named) < 2:
        return Asked(intent, confidence, ""), ()
    first = next((one for one in named if one.intent == intent), named[0])
    return first, tuple(one.intent for one in named if one is not first)


def offer(others: Sequence[str]) -> str:
    """What is said of the requests that are not answered yet."""
    return OFFER.format(others=" and ".join(one.replace("_", " ") for one in others))
