"""More than one intent in a message, and two intents in one clause. Pure.

A clause is read by the classifier on its own; what the clauses say is put together here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from arriero.models.base import Labels

SHORTEST = 3  # words: less is a greeting, a name or a continuation, and is read with its neighbour
MOST = 6  # clauses of a message that are read one by one
SHARED = 0.9  # two intents hold this much of the mass between them ...
MARGIN = 0.2  # ... and differ by no more than this: ask which

# Ends of sentences, semicolons, line ends; and joints that begin another request.
_REQUEST = (
    r"(?:can|could|would|will|do|does|did|is|are|was|were|has|have|how|what|when|where|why|who|which"
    r"|i|i'd|i'm|i've|please|tell|send|cancel|change|update|give|let|show|help|check|refund)\b"
)
_CUT = re.compile(
    r"(?<=[.!?;])\s+|(?<![^\S\n])[^\S\n]*+\n\s*"
    rf"|(?:,|(?<!\s))\s++(?:and\s+also|and\s+then|and|but|also|plus|as\s+well\s+as)\s++(?={_REQUEST})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\W*(?:(?:hi|hello|hey|and|also|so|but|then|please|pls)\W+)*"
    r"(?:can|could|would|will|do|does|did|is|are|was|were|has|have|how|what|when|where|why|who|which"
    r"|tell|send|cancel|change|update|give|let|show|help|check|refund"
    r"|i(?:'d|\s+would)\s+like|i\s+(?:want|need|wish))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An intent of a message: its mass (0 to 1) and the clause that it was read from."""

    intent: str
    mass: float
    clause: str


def clauses(text: str) -> tuple[str, ...]:
    """The parts of a message that may ask for different things, in order; one for most messages.

    A part has three words or more; what would be shorter stays where it is. At most six parts: the
    last one keeps the rest.
    """
    parts: list[str] = []
    begun = 0
    for cut in _CUT.finditer(text):
        if len(parts) == MOST - 1:
            break
        before, after = text[begun : cut.start()], text[cut.end() :]
        if min(len(before.split()), len(after.split())) >= SHORTEST:
            parts.append(before.strip())
            begun = cut.end()
    rest = text[begun:].strip()
    return (*parts, rest) if rest else tuple(parts)


def asks(clause: str) -> bool:
    """Whether a clause asks for something: it ends as a question or begins as a request. Else it tells."""
    return clause.rstrip().endswith("?") or _ASKS.match(clause) is not None


def intents_in(read: Sequence[tuple[str, Labels]], *, at_least: float = 0.5) -> tuple[Asked, ...]:
    """The intents of a message from its clauses and their labels, in order, each once.

    A clause counts when its likeliest label has `at_least` this probability and the classifier does not
    place it out of scope; of two clauses with the same intent the surer one is named.
    """
    found: dict[str, Asked] = {}
    for clause, labels in read:
        outside = labels.outside is not None and labels.outside >= 0.5
        if outside or labels.confidence < at_least:
            continue
        known = found.get(labels.label)
        if known is None or known.mass < labels.confidence:
            found[labels.label] = Asked(labels.label, labels.confidence, clause)
    return tuple(found.values())


async def read_intents(
    text: str, classify: Callable[[str], Awaitable[Labels]], *, at_least: float = 0.5
) -> tuple[Asked, ...]:
    """`intents_in` of a message whose clauses are classified one after the other."""
    return intents_in(
        [(clause, await classify(clause)) for clause in clauses(text)], at_least=at_least
    )


def which_of(
    labels: Labels, *, shared: float = SHARED, margin: float = MARGIN
) -> tuple[str, str] | None:
    """The two intents to ask about: they hold `shared` of the mass and are within `margin`; or None."""
    if len(labels.scores) < 2:
        return None
    (one, first), (other, second) = labels.scores[:2]
    unclear = first + second >= shared and first - second <= margin
    return (one, other) if unclear else None
