"""A morning of the sample shop: who asks what, when. The sentences stand in inquiries_utterances.jsonl.

They were written by somebody who had read the shop's articles and the names of its intents, and none of
the sentences that its classifiers learn from. A sentence's places are filled for the customer who says
it: an order of their own, a product, a town.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from arriero.apps.support.sample import shop

UTTERANCES = Path(__file__).parent / "inquiries_utterances.jsonl"
OPEN_SHARE = 0.32  # of the inquiries; the bar wants at least a quarter
REPEATS = 0.08  # word for word; the bar allows a tenth
# What nothing but a person, or a refusal, can answer.
NOT_ANSWERABLE = frozenset({"human_agent", "complaint", "out_of_scope"})

BEFORE = (
    "",
    "",
    "",
    "Hi, ",
    "Hello, ",
    "Hey, ",
    "Good morning, ",
    "Quick question: ",
    "Excuse me, ",
)
AFTER = ("", "", "", " Thanks!", " Thank you.", " Thx", " Best regards", " Please help.")
SLOTS: Mapping[str, Sequence[str]] = {
    "boot": ("Quebrada Low shoes", "Quebrada Mid boots", "Cumbre GT boots", "Nevado mountain boots"),
    "tent": ("Salar 1 tent", "Salar 2 tent", "Salar 3 tent"),
    "jacket": ("Suri down jacket", "rain jacket", "fleece", "softshell"),
    "bag": ("down sleeping bag", "synthetic sleeping bag", "winter sleeping bag", "summer bag"),
    "product": (
        "Salar 2 tent", "Fogata gas stove", "Siesta Air mat", "Suri down jacket", "Cumbre crampons",
        "Puya climbing shoes", "Lucero 200 headlamp", "Boot wax", "trekking poles", "dry bag",
    ),
    "city": ("Innsbruck", "Freiburg", "Grenoble"),
    "country": ("Austria", "Spain", "Finland", "Portugal", "Ireland", "Slovenia", "Italy", "France"),
    "month": ("March", "May", "July", "September", "October", "November"),
    "days": ("two", "three", "four", "five", "seven", "ten"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asked `at` seconds after the start, by the owner of what it names."""

    at: float
    intent: str
    message: str
    customer: str
    conversation: str

    def body(self) -> Mapping[str, Any]:
        return {
            "message": self.message,
            "customer": self.customer,
            "conversation": self.conversation,
        }


@cache
def utterances() -> Mapping[str, Sequence[str]]:
    """The sentences of each intent."""
    found: dict[str, list[str]] = {}
    for line in UTTERANCES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["intent"], []).append(row["text"])
    return found


def plan(
    count: int, rate: float, seed: int, today: date, *, open_intents: Sequence[str]
) -> Sequence[Inquiry]:
    """`count` inquiries that arrive at random (Poisson), `rate` a second on average.

    At most `REPEATS` of them say what another one said, word for word.
    """
    random = Random(seed)
    owners = [(order.customer_id, order.id) for order in shop.orders(today)]
    said: list[tuple[str, str, str]] = []
    fresh, seen, at = _messages(random, owners, open_intents), set[str](), 0.0
    made = []
    for number in range(count):
        at += random.expovariate(rate)
        if said and random.random() < REPEATS:
            intent, message, customer = random.choice(said)
        else:
            intent, message, customer = next(one for one in fresh if one[1] not in seen)
            said.append((intent, message, customer))
            seen.add(message)
        made.append(Inquiry(at, intent, message, customer, f"bar-{seed}-{number}"))
    return made


def repeats(inquiries: Sequence[Inquiry]) -> float:
    """The share that says, word for word, what was said before."""
    return 1 - len({one.message for one in inquiries}) / len(inquiries)


def _messages(
    random: Random, owners: Sequence[tuple[str, str]], open_intents: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    known = utterances()
    others = sorted(known.keys() - set(open_intents))
    while True:
        intents = sorted(open_intents) if random.random() < OPEN_SHARE else others
        intent = random.choice(intents)
        customer, order = random.choice(owners)
        text = random.choice(known[intent])
        text = text.replace("{order}", order)
        for name, values in SLOTS.items():
            text = text.replace("{" + name + "}", random.choice(values))
        yield intent, f"{random.choice(BEFORE)}{text}{random.choice(AFTER)}", customer
