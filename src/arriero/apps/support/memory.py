"""What a conversation is about, and what "that one" means in it. Pure, but for `Memory`.

Rules, not a model: an order number, an ordinal, a pronoun, a product's name. `recall` reads a
history that the caller sends, `remember` moves a context on by one turn of ours, `resolve` reads the
next message in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from arriero.apps.support.inquiry import Said
from arriero.apps.support.orders import Order
from arriero.core.clock import Clock
from arriero.core.errors import InputError
from arriero.core.words import Action, JsonValue
from arriero.store.records import Records

KIND = "memory"
REMEMBER = "remember"  # the action by which a turn's context is kept
ORDER_NUMBER = (
    r"(?<!\d)\d{5}(?!\d)"  # the sample shop's; the setting `order_number` is the company's
)
MOST_ORDERS = 8  # order numbers of a conversation that are kept, newest last
MOST_BRIEF = 2  # words with a meaning of their own, in a question that only goes on with something
SURE = 0.5  # from this confidence on, another intent is another topic


class Awaits(StrEnum):
    """What the bot asked for last, if its last message was a question."""

    NOTHING = ""
    ORDER = "order"
    ADDRESS = "address"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Context:
    """What a conversation is about so far.

    `order` and `product` are what is being talked about, `orders` every number named in it (newest
    last), `offered` what the bot listed last, in its order. `times` counts how often the present
    problem was brought up. `customer` is who it belongs to, so that it can be forgotten.
    """

    intent: str | None = None
    order: str | None = None
    product: str | None = None
    orders: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    awaits: Awaits = Awaits.NOTHING
    times: int = 0
    customer: str | None = None

    def payload(self) -> Mapping[str, JsonValue]:
        """As JSON values; `context_from` reads them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A message with what it points at.

    `message` names the order where the customer wrote a pronoun, for search and for people. `intent`
    is what the conversation was about, when the message only goes on with that (a bare number, "and
    the other one?"). `switched`: a new topic, so the old order is forgotten. `times`: how often this
    problem came up, this message included. `unclear`: it points at something that is not there.
    `chooses`: it says nothing but which of those that were listed.
    """

    message: str
    order: str | None = None
    product: str | None = None
    intent: str | None = None
    switched: bool = False
    corrected: bool = False
    times: int = 1
    unclear: bool = False
    chooses: bool = False


def context_from(value: Mapping[str, JsonValue]) -> Context:
    """What `Context.payload` wrote. Raises `ValueError`, `KeyError` or `TypeError` for else."""
    return Context(
        intent=value["intent"],
        order=value["order"],
        product=value["product"],
        orders=tuple(value["orders"]),
        offered=tuple(value["offered"]),
        awaits=Awaits(value["awaits"]),
        times=int(value["times"]),
        customer=value["customer"],
    )


_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2,
    "fourth": 3, "4th": 3, "last": -1, "latter": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(?:the\s+)?(first|1st|former|second|2nd|third|3rd|fourth|4th|last|latter)"
    r"(?:\s+(?:one|order|parcel|of (?:them|those|these|the two))|(?=\s*(?:[.,!?;]|$|please\b|instead\b)))",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\b(?:the\s+|my\s+)?other\s*(?:one|order|parcel)?\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:(?:that|this|the same|same)\s+(?:one|order|parcel|package)|the\s+(?:order|parcel|package)"
    r"|that one|this one)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|it's|its|them|they|that|this)\b", re.IGNORECASE)
# "it" and "that" that point at nothing: "is it possible", "that is fine", "that you ...".
_EMPTY = re.compile(
    r"\b(?:(?:is|was) it (?:possible|true|ok(?:ay)?|allowed|free)|how (?:is|does) it work|it (?:is|was|seems|"
    r"looks) (?:possible|that|like|too late)|(?:so|such|now|hope|think|know|see|said|say|sure|sorry|told me|glad)"
    r" that|that(?:'s| is| was)(?: not| very| so)? (?:fine|ok(?:ay)?|good|great|all|right|nice|kind|bad|enough|not true)"
    r"|this (?:is|was) (?:ridiculous|unacceptable|great|annoying|bad)|this (?:week|month|year|morning|evening|summer|"
    r"winter|weekend|time|shop|store|company)|that (?:you|we|i|they|there)|is that (?:all|so|it))\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\W*(?:and|also|what about|how about|so|then|but|or|ok(?:ay)?,? (?:and|so|then)|what else)\b",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"\b(?:i meant|meant|mean|sorry|correction|wrong (?:number|order|one)|mistyped|typo|oops|actually|rather|"
    r"instead of|not|no|nope|mixed up|should be|should have been)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|isn't|instead of|rather than|and not|no longer)\s+(?:order\s+|number\s+|#\s*)?$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^\s*(?:was|is|were)\s+(?:wrong|a typo|the wrong|a mistake|not)\b", re.IGNORECASE
)
_AGAIN = re.compile(
    r"\b(?:again|still (?:no|not|nothing|waiting|haven't|hasn't|isn't|don't)|already (?:told|wrote|asked|said|"
    r"explained|contacted|reported)|as i (?:said|wrote)|once more|yet again|keep (?:asking|writing|telling)|"
    r"nobody (?:answers|answered|replies|replied)|no (?:answer|reply|response))\b",
    re.IGNORECASE,
)
_COUNTS = {
    "once": 1, "twice": 2, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "tenth": 10,
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
}  # fmt: skip
_NTH = re.compile(
    r"\b(?:(second|third|fourth|fifth|sixth|tenth|\d{1,2}(?:nd|rd|th)) (?:time|message|mail|e-mail|email|attempt|try|request)"
    r"|(two|three|four|five|six|ten|\d{1,2}) (?:times|messages|mails|e-mails|emails) (?:already|now|so far|before)"
    r"|(?:asked|written|wrote|told you|contacted you|called|reported (?:it|this)) (?:you )?(twice|(?:two|three|four|five|six|ten|\d{1,2}) times))\b",
    re.IGNORECASE,
)
_ASKS_ORDER = re.compile(
    r"\b(?:which order|order number|its (?:five-digit )?number|number of (?:the|your) order|(?:five-digit|the) number)\b",
    re.IGNORECASE,
)
_ASKS_ADDRESS = re.compile(
    r"\b(?:which address|to which|new address|what address)\b", re.IGNORECASE
)
_ASKS_YES = re.compile(r"\breply yes\b", re.IGNORECASE)
_FILLERS = frozenset(
    "order number no it is its it's the my mine please thanks thank you here one nr # sorry hi hello".split()
)
_STOP = frozenset(
    """a an and any are as at be been but by can could did do does for from had has have hello hey hi i if in
    is it me my no not of on or order our please so still that the there they this to was we were what
    when where which who why will with would yes yet you your again already now ok okay just""".split()
)
_QUESTIONS = frozenset("what when where which who why".split())


def asks_for(text: str) -> Awaits:
    """What a message of the bot asks for."""
    if _ASKS_YES.search(text):
        return Awaits.YES
    if "?" not in text and "please send" not in text.casefold():
        return Awaits.NOTHING
    if _ASKS_ADDRESS.search(text):
        return Awaits.ADDRESS
    return Awaits.ORDER if _ASKS_ORDER.search(text) else Awaits.NOTHING


def recall(
    history: Sequence[Said], latest: Context | None = None, *, number: str = ORDER_NUMBER
) -> Context:
    """What a conversation was about, from its messages, on top of what was kept of it.

    A history has no intents; that of `latest` stays, unless the history says nothing of it.
    """
    context = latest or Context()
    if not history:
        return context
    context = replace(context, offered=(), awaits=Awaits.NOTHING)
    problems: list[frozenset[str]] = []
    times = 1
    for said in history:
        if said.role == "customer":
            read = resolve(said.text, context, number=number)
            context = replace(
                context,
                order=read.order,
                product=read.product,
                orders=_noted(context.orders, numbers_in(said.text, number)),
            )
            words = _problem(said.text)
            alike = sum(_same(words, earlier) for earlier in problems)
            times = max(times * (not read.switched), alike + 1, _stated(said.text))
            problems.append(words)
        else:
            listed = numbers_in(said.text, number)
            offered = listed if len(listed) > 1 else ()
            order = listed[0] if len(listed) == 1 else context.order
            context = replace(
                context,
                order=order,
                orders=_noted(context.orders, listed),
                offered=offered or context.offered,
                awaits=asks_for(said.text),
            )
    return replace(context, times=max(context.times, times if problems else 0))


def remember(
    context: Context | None,
    resolved: Resolved,
    *,
    intent: str | None,
    order: str | None,
    offered: Sequence[str] = (),
    awaits: Awaits = Awaits.NOTHING,
    customer: str | None = None,
) -> Context:
    """The context after a turn: what it was taken to be about, and what the answer listed and asked."""
    before = context or Context()
    kept = None if resolved.switched else before.order
    named = [one for one in (resolved.order, order) if one]
    return Context(
        intent=intent or before.intent,
        order=order or resolved.order or kept,
        product=resolved.product or (None if resolved.switched else before.product),
        orders=_noted(before.orders, [*named, *offered]),
        offered=tuple(offered) or (() if resolved.switched else before.offered),
        awaits=awaits,
        times=resolved.times,
        customer=customer or before.customer,
    )


def kept(place: str | None, context: Context) -> Action | None:
    """The action that keeps a context: like every effect it comes after the decision, live only."""
    if place is None:
        return None
    return Action(REMEMBER, REMEMBER, {"place": place, "context": dict(context.payload())})


def resolve(
    message: str,
    context: Context,
    *,
    intent: str | None = None,
    confidence: float = 0.0,
    orders: Sequence[Order] = (),
    number: str = ORDER_NUMBER,
) -> Resolved:
    """What a message points at.

    `intent` and `confidence` are the classifier's of this message alone; `orders` the customer's, by
    whose items a product is recognised. Without them the rules that need them are left out.
    """
    named = numbers_in(message, number)
    order, corrected = _named(message, named, context, number)
    text, unclear, points, product = message, False, bool(named), None
    if not named:
        order, phrase, unclear = _pointed(message, context)
        points = phrase is not None
        if order is None:
            product, order = _by_product(message, orders)
            points = points or order is not None
            unclear = unclear and order is None
        if phrase and order:
            text = message[: phrase[0]] + f"order {order}" + message[phrase[1] :]
    goes_on = _GOES_ON.search(message) is not None
    answers = context.awaits is Awaits.ORDER and product is not None and "?" not in message
    rest = _without_numbers(message, number)
    only_points = points and not _content(_cut(rest))
    bare = (bool(named) and _is_bare(rest)) or answers or only_points
    switched = (
        not points and not goes_on and intent is not None and context.intent is not None
        and intent != context.intent and confidence >= SURE and context.awaits is not Awaits.ADDRESS
    )  # fmt: skip
    if not points and not switched:
        order, product = context.order, context.product
    hint = context.intent if bare and not switched else None
    return Resolved(
        message=text,
        order=order,
        product=product or (context.product if order == context.order and not switched else None),
        intent=hint,
        switched=switched,
        corrected=corrected,
        times=_times(message, context, hint or intent, switched=switched),
        unclear=unclear,
        chooses=only_points and bool(context.offered) and _ORDINAL.search(message) is not None,
    )


def stands_alone(message: str, *, sure: bool, number: str = ORDER_NUMBER) -> bool:
    """Whether a message can be understood without what was said before it.

    Not if it is a bare number, points at what it does not name, or its intent is not `sure` and it is
    brief or asks nothing: then it answers something. In doubt it cannot.
    """
    if numbers_in(message, number):
        return not _is_bare(_without_numbers(message, number))
    if _ORDINAL.search(message) or _pointed(message, Context())[2]:
        return False
    pronoun = _PRONOUN.search(_without_empty(message))
    if pronoun and len(_content(message[: pronoun.start()])) < MOST_BRIEF:
        return False
    return sure or ("?" in message and len(_content(_cut(message))) > MOST_BRIEF)


def numbers_in(text: str, number: str = ORDER_NUMBER) -> tuple[str, ...]:
    """The order numbers of a text, each once, in their order, spelt as the company spells them."""
    return tuple(dict.fromkeys(spelt for spelt, _, _ in _numbers(text, number)))


def _numbers(text: str, number: str) -> Iterator[tuple[str, int, int]]:
    """Every order number as the company spells it, and where it stands; with digits in it also in another case."""
    for match in re.finditer(number, text, re.IGNORECASE):
        said = plain = match.group()
        if not said.isascii():
            plain = "".join(str(unicodedata.decimal(char, char)) for char in said)
        spellings = (plain, plain.upper(), plain.lower())
        spelt = next((one for one in spellings if re.fullmatch(number, one)), plain)
        if spelt == said or any(char.isdecimal() for char in said):
            yield spelt, match.start(), match.end()


def _without_numbers(text: str, number: str) -> str:
    for _, start, end in reversed([*_numbers(text, number)]):
        text = f"{text[:start]} {text[end:]}"
    return text


def _named(
    message: str, named: Sequence[str], context: Context, number: str
) -> tuple[str | None, bool]:
    """The number that is meant of those that are named, and whether it corrects an earlier one."""
    if not named:
        return None, False
    meant = [
        spelt
        for spelt, start, end in _numbers(message, number)
        if not _DENIED.search(message[:start]) and not _DENIED_AFTER.search(message[end:])
    ]
    order = (meant or list(named))[-1 if _CORRECTS.search(message) and len(meant) > 1 else 0]
    denied = len(set(meant)) < len(named)
    other = context.order is not None and order != context.order
    return order, denied or (other and _CORRECTS.search(message) is not None)


def _pointed(message: str, context: Context) -> tuple[str | None, tuple[int, int] | None, bool]:
    """The order that an ordinal or a pronoun means, where the phrase stands, and is it a riddle?"""
    if context.offered and (found := _ORDINAL.search(message)):
        place = _ORDINALS[found[1].lower()]
        inside = -len(context.offered) <= place < len(context.offered)
        return (context.offered[place] if inside else None), found.span(), not inside
    if found := _OTHER.search(message):
        others = [one for one in context.offered or context.orders if one != context.order]
        sole = others[-1] if others and (len(others) == 1 or not context.offered) else None
        return sole, found.span(), sole is None
    if found := _POINTS.search(message):
        return context.order, found.span(), context.order is None
    if context.order and (found := _PRONOUN.search(_without_empty(message))):
        told = found.group().casefold() in {"it", "them", "that", "this"}
        return context.order, found.span() if told else (found.start(), found.start()), False
    return None, None, False


def _without_empty(message: str) -> str:
    """A message with blanks where an "it" or a "that" points at nothing."""
    return _EMPTY.sub(lambda match: " " * len(match.group()), message)


def _by_product(message: str, orders: Sequence[Order]) -> tuple[str | None, str | None]:
    """The product that a message names, and the order it is in, if it is in one order only."""
    words = _words(message) - _STOP
    found = [
        (len(hits), item.name, order.id)
        for order in orders
        for item in order.items
        if (hits := words & _product_words(item.name))
    ]
    best = max((hits for hits, _, _ in found), default=0)
    names = {(name, id) for hits, name, id in found if hits == best}
    ids = {id for _, id in names}
    return next(iter(names)) if len(ids) == 1 else (None, None)


def _product_words(name: str) -> frozenset[str]:
    """Words by which a customer names a product: no sizes, no units; singular and plural."""
    words = {
        word for word in _words(name.partition(", size")[0]) if len(word) > 3 and word.isalpha()
    }
    return frozenset(words | {word.removesuffix("s") for word in words})


def _times(message: str, context: Context, intent: str | None, *, switched: bool) -> int:
    """How often the problem came up: counted turns of one intent, or what the customer says."""
    stated = _stated(message)
    if switched or not context.times:
        return max(1, stated)
    same = intent is not None and intent == context.intent and context.awaits is Awaits.NOTHING
    return max(stated, context.times + (same or _AGAIN.search(message) is not None))


def _stated(message: str) -> int:
    """What the customer counts: "for the third time" is 3; a bare "again" is 2."""
    found = _NTH.search(message)
    if found:
        word = next(part for part in found.groups() if part).lower().removesuffix(" times")
        digits = re.match(r"\d+", word)
        return int(digits.group()) if digits else _COUNTS[word]
    return 2 if _AGAIN.search(message) else 1


def _noted(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The numbers of a conversation, each once, the newest last."""
    both = [*(one for one in known if one not in more), *dict.fromkeys(more)]
    return tuple(both[-MOST_ORDERS:])


def _is_bare(rest: str) -> bool:
    """Whether a message says nothing more than the number that was taken out of it."""
    return _words(rest) <= _FILLERS | {
        "meant",
        "mean",
        "i",
        "not",
        "nope",
        "actually",
        "rather",
        "and",
    }


def _cut(message: str) -> str:
    """A message without what it points with."""
    for pattern in (_ORDINAL, _OTHER, _POINTS, _PRONOUN, _GOES_ON):
        message = pattern.sub(" ", message)
    return message


def _words(text: str) -> frozenset[str]:
    plain = text.casefold().replace("\u2019", "'")
    return frozenset(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain))


def _content(text: str) -> frozenset[str]:
    return frozenset(word for word in _words(text) - _STOP - _FILLERS if not word.isdigit())


def _problem(text: str) -> frozenset[str]:
    """The words that say what a message brings up: its order number and question word count too."""
    return _words(text) - (_STOP - _QUESTIONS) - _FILLERS


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two messages bring up the same: over half of the shorter one's words in common."""
    common = len(one & other)
    return 2 * common > min(len(one), len(other)) and 3 * common >= len(one | other)


@dataclass(frozen=True, slots=True)
class Memory:
    """The contexts of all conversations, in the app's records; each ends `ttl_s` after its last turn."""

    records: Records
    clock: Clock
    ttl_s: float = 24 * 3_600.0

    async def load(self, tenant: str, place: str | None) -> Context | None:
        """The context of a conversation, or None when there is none any more. Changes nothing."""
        if place is None:
            return None
        value = await self.records.get(tenant, KIND, place)
        try:
            if value is None or self.clock.now() >= datetime.fromisoformat(value["until"]):
                return None
            return context_from(value["context"])
        except (KeyError, ValueError, TypeError):
            return None  # written by another version

    async def save(self, tenant: str, place: str, context: Context) -> None:
        until = self.clock.now() + timedelta(seconds=self.ttl_s)
        kept = {"until": until.isoformat(), "context": dict(context.payload())}
        await self.records.put(tenant, KIND, place, kept)

    async def perform(self, tenant: str, action: Action) -> Mapping[str, JsonValue]:
        """Keep what `kept` proposed; `InputError` when it cannot be read."""
        try:
            place, context = str(action.payload["place"]), action.payload["context"]
            await self.save(tenant, place, context_from(context))
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"action {action.kind!r} cannot be read: {error!r}") from None
        return {"place": place}

    async def sweep(self, tenant: str) -> int:
        """Delete what has ended; how many. For a job."""
        ended = 0
        for place in await self.records.list(tenant, KIND):
            if await self.load(tenant, place) is None:  # at once: it may begin anew meanwhile
                await self.records.delete(tenant, KIND, place)
                ended += 1
        return ended

    async def forget(self, tenant: str, customer: str) -> int:
        """Delete every context of a customer; how many."""
        found = await self.records.list(tenant, KIND)
        theirs = [at for at, value in found.items() if value["context"].get("customer") == customer]
        for place in theirs:
            await self.records.delete(tenant, KIND, place)
        return len(theirs)
