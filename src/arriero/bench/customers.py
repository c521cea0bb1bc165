"""Simulated customers of the sample shop: what they ask, what they like, how they rate and edit.

Nobody here is a person, and whoever shows their ratings says so. A customer asks for one fact of an own
order. What they like is hidden from the learning loop: one or two sentences that say the order's number
and exactly the fact. A rating is that preference with noise; an edit is written from the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from arriero.apps.support.facts import order_facts
from arriero.apps.support.orders import Customer, Order

MOST_SENTENCES, MOST_WORDS = 2, 45
MISTAKEN = 0.05  # of ratings are drawn without a look at the answer
EDITS = (
    0.9  # of those who were told something wrong or in a way they dislike write what they wanted
)

_DATE = r"\d{1,2}(?:st|nd|rd|th)? [A-Z][a-z]+ \d{4}"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Whatever has the shape of a fact: dates in any order, amounts, and other runs of three digits or more.
_SHAPES = re.compile(
    rf"{_DATE}|(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d+(?:[.,]\d+)* ?(?:EUR|€)"
    r"|[A-Z]{0,3}\d{3,}"
)
_CARRIERS = ("Tambo Parcel", "Llama Express")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: the fact that is asked for, how it is asked, and how a customer would say it.

    `known` kinds are asked from the first day; the others are what nobody has asked yet.
    """

    fact: str
    asked: tuple[str, ...]
    said: tuple[str, ...]
    known: bool = True


KINDS: Mapping[str, Kind] = {
    "arrival": Kind(
        "expected_on",
        (
            "When will my order {id} arrive?",
            "On which day do you expect order {id} to be delivered?",
            "What is the delivery date of order {id}?",
            "How long until {id} gets here, which day is it?",
        ),
        (
            "Order {id} is expected on {fact}.",
            "We expect order {id} to reach you on {fact}.",
            "Your order {id} should arrive on {fact}.",
        ),
    ),
    "tracking": Kind(
        "tracking",
        (
            "What is the tracking number of order {id}?",
            "Can you give me the tracking number for my parcel {id}?",
            "I want to track order {id}, which number do I need?",
            "How can I follow the parcel of order {id}?",
        ),
        (
            "The tracking number of order {id} is {fact}.",
            "You can follow order {id} with tracking number {fact}.",
            "Order {id} has tracking number {fact}.",
        ),
    ),
    "carrier": Kind(
        "carrier",
        (
            "Which carrier brings my order {id}?",
            "Who delivers order {id}?",
            "Which parcel service has my order {id}?",
            "With which company was order {id} sent?",
        ),
        (
            "Order {id} was sent with {fact}.",
            "{fact} is the carrier of order {id}.",
            "Your order {id} is with {fact}.",
        ),
    ),
    "sent": Kind(
        "shipped_on",
        (
            "When was my order {id} shipped?",
            "On which day did you send order {id}?",
            "Since when is order {id} on its way?",
            "When did my parcel {id} leave your warehouse?",
        ),
        (
            "Order {id} left our warehouse on {fact}.",
            "We shipped order {id} on {fact}.",
            "Your order {id} was sent on {fact}.",
        ),
    ),
    "delivered": Kind(
        "delivered_on",
        (
            "When was order {id} delivered?",
            "On which day did my order {id} arrive?",
            "Which delivery day do you have on record for order {id}?",
            "My parcel {id} is said to be delivered, when was that?",
        ),
        (
            "Order {id} was delivered on {fact}.",
            "Your order {id} reached you on {fact}.",
            "The delivery of order {id} was on {fact}.",
        ),
    ),
    "refund": Kind(
        "refund_amount",
        (
            "How much is the refund for order {id}?",
            "What amount do I get back for my order {id}?",
            "How much money is refunded for {id}?",
            "What is my refund for the return of order {id}?",
        ),
        (
            "The refund for order {id} is {fact}.",
            "You get {fact} back for order {id}.",
            "For order {id} the refund is {fact}.",
        ),
    ),
    "refunded": Kind(
        "refund_on",
        (
            "When do I get the refund for order {id}?",
            "On which day is the money for order {id} refunded?",
            "What is the date of the refund for my order {id}?",
            "By when is my refund for {id} paid?",
        ),
        (
            "The date of the refund for order {id} is {fact}.",
            "The refund for order {id} is dated {fact}.",
            "For order {id} the refund day is {fact}.",
        ),
    ),
    "placed": Kind(
        "placed_on",
        (
            "On which day did I place order {id}?",
            "When did I order {id}?",
            "What is the order date of {id}?",
        ),
        ("You placed order {id} on {fact}.",),
        known=False,
    ),
    "total": Kind(
        "total",
        (
            "What is the total of my order {id}?",
            "How much did order {id} cost in total?",
            "What did I pay for order {id}?",
        ),
        ("The total of order {id} is {fact}.",),
        known=False,
    ),
    "items": Kind(
        "items",
        (
            "What is in my order {id}?",
            "Which items did I order with {id}?",
            "What did I buy with order {id}?",
        ),
        ("Order {id} contains {fact}.",),
        known=False,
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An inquiry: who asks what of which order. `record` are the order's facts, ready to be said."""

    customer: str
    kind: str
    message: str
    record: Mapping[str, str]

    @property
    def fact(self) -> str:
        """What a right answer says."""
        return self.record[KINDS[self.kind].fact]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a simulated customer says of an answer: 1 to 5 stars, a thumb, and what it should have been."""

    rating: int
    thumb: bool
    edit: str | None


def inquiries(
    random: Random,
    people: Sequence[Customer],
    orders: Sequence[Order],
    kinds: Sequence[str],
) -> Iterator[Asked]:
    """Inquiries without end, the kinds in turn, each customer once before anybody asks again."""
    by_id = {one.id: one for one in people}
    while True:
        several = list(orders)
        random.shuffle(several)
        asked: set[str] = set()
        for order in several:
            record = _record(by_id[order.customer_id], order)
            fitting = [name for name in kinds if KINDS[name].fact in record]
            if order.customer_id in asked or not fitting:
                continue
            asked.add(order.customer_id)
            kind = random.choice(fitting)
            message = random.choice(KINDS[kind].asked).format(id=order.id)
            yield Asked(order.customer_id, kind, message, record)


def _record(customer: Customer, order: Order) -> Mapping[str, str]:
    told = order_facts(customer, order)
    return {name: value for name, value in told.items() if name not in {"first_name", "points"}}


def exact(text: str, asked: Asked) -> bool:
    """Whether `text` says the fact that was asked for, at most one other, and nothing that is not so.

    The record is the database's, so this needs no judge. Dates, amounts, numbers and carriers are looked
    at; "2 July 2026" has to be said as the shop says it. Who reads out the whole record answers nothing.
    """
    said, fact = _spoken(text), _spoken(asked.fact)
    copied = sum(f"{name}:" in said for name in asked.record)
    if copied > 1 or not _holds(said, fact):
        return False
    known = _spoken(" ; ".join(asked.record.values()))
    rest = said.replace(fact, " ")
    stated = {match.group() for match in _SHAPES.finditer(rest)}
    stated |= {name for name in _CARRIERS if name in rest}
    others = stated - {asked.record["order_id"]}
    return len(others) <= 1 and all(_holds(known, one) for one in stated)


def _holds(text: str, part: str) -> bool:
    """Whether `part` is in `text`, and not as a piece of a longer word or number."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def liked(text: str, asked: Asked) -> bool:
    """The hidden preference of style: one or two sentences, not long, that name the order."""
    sentences = [one for one in re.split(r"(?<=[.!?])\s+", text.strip()) if one]
    short = len(sentences) <= MOST_SENTENCES and len(text.split()) <= MOST_WORDS
    return short and asked.record["order_id"] in text and "_" not in text


def wanted(random: Random, asked: Asked) -> str:
    """How a customer would have said it, from the database."""
    return wanted_fact(random, asked, asked.fact)


def wanted_fact(random: Random, asked: Asked, fact: str) -> str:
    """The same sentence with a fact that is given."""
    return random.choice(KINDS[asked.kind].said).format(id=asked.record["order_id"], fact=fact)


def react(random: Random, text: str, asked: Asked) -> Reaction:
    """Wrong facts weigh most, style second; some do not look."""
    right, nice = exact(text, asked), liked(text, asked)
    if random.random() < MISTAKEN:
        rating = random.randint(1, 5)
    elif right and nice:
        rating = random.choice((4, 5, 5))
    elif right:
        rating = random.choice((2, 3, 4))
    else:
        rating = random.choice((1, 1, 2))
    edit = None
    if not (right and nice) and random.random() < EDITS:
        edit = wanted(random, asked)
    return Reaction(rating, rating >= 4, edit)


def _spoken(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("**", "")).strip()
