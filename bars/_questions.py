"""What the bars ask: the sample shop's own questions, and many different ones about its orders."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SAMPLE, SupportSettings
from arriero.bench.witness import Question as Question  # noqa: PLC0414  # the bars' own word

SEED = 20_261_123
HERE = Path(__file__).parent
DEVELOPED = tuple(HERE / f"support_dev{name}.jsonl" for name in ("", "_voices", "_third"))
OPEN = frozenset(SupportSettings().open_intents)
# Intents that an article answers, not an order and not a person.
POLICY = frozenset(
    """shipping_cost return_item payment_methods invoice_request discount_code gift_card club_points
    product_availability warranty_repair rental store_hours account_login delete_account""".split()
)
ORDER_FORMS = (
    "Where is my order {order}?",
    "Hi, when will order {order} arrive?",
    "What is the status of my order {order}, please?",
    "Can you tell me where parcel {order} is right now?",
    "I am still waiting for order {order}. Where is it?",
)


def of_orders(count: int, *, today: date | None = None) -> tuple[Question, ...]:
    """`count` different questions after an order, each by the order's owner."""
    orders = list(shop.orders(today or datetime.now(UTC).date()))
    Random(SEED).shuffle(orders)
    asked = (
        Question(form.format(order=order.id), order.customer_id, "order_status")
        for form, order in product(ORDER_FORMS, orders)
    )
    return tuple(question for question, _ in zip(asked, range(count), strict=False))


def of_articles() -> tuple[Question, ...]:
    """Questions that an article answers, as their authors said: golden ones, and those of the development sets.

    An intent does not say that: half of the sentences that ask for an invoice mean one's own, and most
    that ask what is in stock are answered nowhere.
    """
    known = [
        Question(row["question"], row["customer"], row["intent"])
        for row in golden()
        if row["path"] == "extractive"
    ]
    lines = (line for file in DEVELOPED for line in file.read_text(encoding="utf-8").splitlines())
    developed = [
        Question(row["text"], None, row["intent"])
        for row in map(json.loads, lines)
        if row["answer"] == "article"
    ]
    return (*known, *developed)


def of_open() -> tuple[Question, ...]:
    """Questions that no fixed text answers: the golden ones, then the sample's sentences with an open intent."""
    first = [
        Question(row["question"], row["customer"], row["intent"])
        for row in golden()
        if row["path"] == "generative"
    ]
    return (*first, *labelled(OPEN))


def labelled(intents: frozenset[str]) -> tuple[Question, ...]:
    """The sample's own sentences with one of `intents`, each once: first those kept from training."""
    found: dict[str, Question] = {}
    for name in ("intents_heldout.csv", "intents.csv"):
        for text, label in rows(SAMPLE / name):
            if label in intents:
                found.setdefault(text, Question(text, None, label))
    return tuple(found.values())


def rows(file: Path) -> Iterator[tuple[str, str]]:
    """(text, label) of each row of a sample file."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["text"], row["label"]


def golden() -> Sequence[Mapping[str, Any]]:
    """The 60 golden questions with the path, facts and article that each should lead to."""
    lines = (SAMPLE / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def of_lengths(count: int, shortest: int = 3, longest: int = 2_000) -> Iterator[str]:
    """`count` different messages of `shortest` to `longest` characters, lengths even in the logarithm."""
    random = Random(SEED)
    words = " ".join(text for text, _ in rows(SAMPLE / "intents.csv")).split()
    for number in range(count):
        length = round(shortest * (longest / shortest) ** random.random())
        at = random.randrange(len(words) - longest)
        text = " ".join([str(number), *words[at : at + length]])
        yield text[:length] if length > len(str(number)) else str(number)[-length:]


def path_of(outcome: str, origin: str) -> str:
    """The path an answer took, in the golden questions' words."""
    if outcome in {"fallback", "pending", "refused", "failed"}:
        return "fallback"
    return "clarify" if outcome == "clarify" else origin


def says(answer: str, facts: Sequence[str]) -> bool:
    """Whether every fact stands in the answer, in any case of letters; "5 EUR" does not stand in "15 EUR"."""
    return all(_stands(re.escape(fact.casefold()), answer) for fact in facts)


def says_loosely(answer: str, fact: str) -> bool:
    """The same for the letters and digits of a fact alone, whatever stands between them."""
    signs = (re.escape(sign) for sign in fact.lower() if sign.isalnum())
    return _stands(r"[\W_]*".join(signs), answer)


def _stands(pattern: str, answer: str) -> bool:
    """A number has to be the whole number that is there, whatever words stand around it."""
    before = r"(?<!\d)(?<!\d[.,])" if pattern[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if pattern[-1:].isdigit() else ""
    return re.search(f"{before}{pattern}{after}", answer.casefold()) is not None
