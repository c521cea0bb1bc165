"""What waits for a customer's yes, and what counts as one.

A pending change lives in the records, keyed by conversation, and ends by itself. No text that a
model, a page or an order note holds can make, alter or confirm one: only a customer's message that
says yes and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from arriero.apps.support.policy import Tool
from arriero.core.clock import Clock
from arriero.core.errors import StoreError
from arriero.core.ids import uuid7
from arriero.core.words import JsonValue
from arriero.store.records import Records

KIND = "pending"
MOST_WORDS = 12  # a longer message says more than yes, so it is read as a message

# Whole words that may stand in a message which only agrees; English, German, French, Spanish, Italian.
_YES = frozenset(
    """yes yep yeah yup y confirm confirmed confirming agreed agree proceed absolutely definitely
    affirmative ja jawohl bestätige bestätigt einverstanden oui confirme confirmé sí confirmo sì
    confermo""".split()
)
# With a thank-you these close a conversation as often as they agree.
_MAYBE = frozenset("sure ok okay correct right exactly genau vale certo".split())
_THANKS = frozenset("thanks thank thx danke merci gracias grazie".split())
_FILLER = frozenset(
    """please you do it that this go ahead for me the of course i want would like to my and is fine
    perfect great good with all just now sounds that's i'm am bitte mach das gern s'il vous plaît por
    favor per favore bien sûr d'accord""".split()
)
# A yes may repeat what it agrees to, but not name something else.
_ABOUT = {
    Tool.CANCEL_ORDER: frozenset("cancel cancelled cancelling order stornieren".split()),
    Tool.REFUND: frozenset("refund refunded money back order return".split()),
    Tool.CHANGE_ADDRESS: frozenset("change changed address send there order new".split()),
}
# "do it", "go ahead" agree without any of the words above.
_GO = re.compile(r"\b(?:go ahead|do it|do that|please do|of course|mach das|d'accord|bien sûr)\b")
_NO = re.compile(
    r"\b(?:no|nope|nah|not|don't|dont|do not|never|stop|keep it|leave it|forget it|never ?mind|"
    r"changed my mind|on second thou?ght|nein|nicht|lieber nicht|non|pas)\b"
)
_BEGINS_NO = frozenset("no nope nah nein non".split())
_HESITATES = re.compile(
    r"\?|\b(?:but|except|unless|only|instead|wait|however|if|rather|first|before|maybe|aber|nur|mais|pero|ma)\b"
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class Reading(StrEnum):
    """How a message answers "shall I?"."""

    YES = "yes"
    NO = "no"
    ELSE = "else"


def reading(message: str, tool: Tool | None = None, order: str = "") -> Reading:
    """Whether a message says yes, says no, or is about something else.

    `tool` and `order` are what it would say yes to, which it may name.

    A yes has to be nothing but a yes: a condition, a question, another number or any word that is
    not known to be harmless makes it something else. A no needs less: when in doubt, nothing happens.
    """
    text = _without(message, order).casefold().replace("\u2019", "'").strip()
    words = _WORD.findall(text)
    if not words or len(words) > MOST_WORDS:
        return Reading.ELSE
    if _NO.search(text):
        short = len(words) <= 6 or words[0] in _BEGINS_NO
        return Reading.NO if short and "?" not in text and not _DIGIT.search(text) else Reading.ELSE
    if _HESITATES.search(text) or _DIGIT.search(text):
        return Reading.ELSE
    known = _YES | _MAYBE | _THANKS | _FILLER
    if tool is not None:
        known |= _ABOUT.get(tool, frozenset())
    said = frozenset(words)
    agrees = (
        bool(said & _YES) or bool(_GO.search(text)) or bool(said & _MAYBE and not said & _THANKS)
    )
    return Reading.YES if agrees and said <= known else Reading.ELSE


def agrees_at_first(message: str) -> bool:
    """Whether a message begins with a yes, whatever else it says."""
    return _first(message) in _YES


def answers(message: str) -> bool:
    """Whether a message says yes or no to something: what that is does not stand in it."""
    return _first(message) in _YES | _BEGINS_NO or reading(message) is Reading.YES


def _first(message: str) -> str:
    found = _WORD.search(message.casefold())
    return found.group() if found else ""


def _without(message: str, order: str) -> str:
    """The message without the number of this order; every other number stays."""
    if not order:
        return message
    named = rf"(?<![^\W_]){re.escape(order)}(?![^\W_])"
    return re.sub(named, " ", message, flags=re.IGNORECASE)


class Stage(StrEnum):
    """What the bot waits for: the new address, or a yes."""

    ADDRESS = "address"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that was described to the customer and waits for them.

    `run` is the run that asked: the change's key follows from it, so that two yeses are one change.
    `address` is masked where the message was. `question` is the hash of what was asked: of the text itself
    everything private would be masked, such as a product with the customer's name.
    """

    tool: Tool
    stage: Stage
    customer: str
    order: str
    run: str
    until: datetime
    address: str = ""
    question: str = ""

    def payload(self) -> Mapping[str, JsonValue]:
        """As JSON values; `pending_from` reads them."""
        return asdict(self) | {"until": self.until.isoformat()}


def pending_from(value: Mapping[str, JsonValue]) -> Pending:
    """What `payload` wrote. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    told = {name: str(value[name]) for name in Pending.__dataclass_fields__}
    until = datetime.fromisoformat(told.pop("until"))
    tool, stage = Tool(told.pop("tool")), Stage(told.pop("stage"))
    return Pending(tool, stage, until=until, **told)


def place_of(conversation: str | None, customer: str | None) -> str | None:
    """Where a conversation's memory lies: a caller without conversations has one for each customer."""
    if conversation:
        return f"conversation:{conversation}"
    return f"customer:{customer}" if customer else None


@dataclass(frozen=True, slots=True)
class Confirmations:
    """The pending changes of all conversations, in the app's records."""

    records: Records
    clock: Clock
    # By tenant an id that was made when reading last failed: ids sort by their time.
    _unread: dict[str, str] = field(default_factory=dict)

    async def get(self, tenant: str, place: str | None) -> Pending | None:
        """What waits here; None when nothing does any more.

        What was asked before the records could not be read has lost its `question`: something else may
        have been said since, so that a yes is no yes to it. Then it is asked again.
        """
        if place is None:
            return None
        try:
            value = await self.records.get(tenant, KIND, place)
        except StoreError:
            self._unread[tenant] = uuid7()
            raise
        try:
            pending = None if value is None else pending_from(value)
        except (KeyError, ValueError, TypeError, AttributeError):
            return None  # written by another version: the customer is asked again
        if pending is None or self.clock.now() >= pending.until:
            return None
        asked_before = pending.run < self._unread.get(tenant, "")
        return replace(pending, question="") if asked_before else pending

    async def put(self, tenant: str, place: str, pending: Pending) -> None:
        await self.records.put(tenant, KIND, place, pending.payload())

    async def drop(self, tenant: str, place: str) -> None:
        await self.records.delete(tenant, KIND, place)

    async def sweep(self, tenant: str) -> int:
        """Delete what has ended; how many. For a job."""
        ended = 0
        for place in await self.records.list(tenant, KIND):
            if await self.get(tenant, place) is None:  # at once: a new question may wait meanwhile
                await self.drop(tenant, place)
                ended += 1
        return ended

    async def forget(self, tenant: str, customer: str) -> int:
        """Delete what waits for this customer, whatever the conversation; how many."""
        found = await self.records.list(tenant, KIND)
        theirs = [place for place, value in found.items() if value.get("customer") == customer]
        for place in theirs:
            await self.drop(tenant, place)
        return len(theirs)
