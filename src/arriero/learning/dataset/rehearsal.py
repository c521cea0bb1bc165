"""Rehearsal: examples of reading a fact out of a record, of trades that no app is about.

A small model that is tuned on a few kinds of questions learns these kinds and forgets how to read the rest
of a record. A share of examples over many trades, questions and fields keeps that skill alive and sharpens
it. Everything in `rehearsal.toml` is invented; nothing of it is like a question of a golden set.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("rehearsal.toml")
SYSTEMS = (
    "You answer questions about {name}s. The text is the record.",
    "You are the customer service for {name}s. The text is the record of the {name}.",
    "Answer the question from the record.",
)
TASKS = ("Answer in one sentence.", "Answer the question in 2 sentences of the text.", "")
FIRST_DAY, DAYS = date(2023, 1, 1), 1_400
MONTHS = (
    "January February March April May June July August September October November December"
).split()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: how its values look, how it is asked for and how it is said."""

    name: str
    values: str
    asked: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record: what it is called, how its numbers look, its fields."""

    name: str
    number: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One example: the messages of a prompt and what answers them."""

    messages: tuple[Mapping[str, str], ...]
    question: str
    target: str


def rehearsal(count: int, seed: int) -> Sequence[Rehearsed]:
    """So many examples, the same for the same seed; kinds of records and fields in turn."""
    random = Random(seed)
    places = [(record, field) for record in records() for field in record.fields]
    random.shuffle(places)
    return [_example(random, *places[at % len(places)]) for at in range(count)]


@cache
def records() -> tuple[Record, ...]:
    """What `rehearsal.toml` holds."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["record"]
    return tuple(
        Record(row["name"], row["number"], tuple(map(_field, row["fields"].strip().splitlines())))
        for row in rows
    )


def _field(line: str) -> Field:
    name, values, asked, said = (part.strip() for part in line.split(" | "))
    return Field(name, values, tuple(asked.split(" / ")), said)


def _example(random: Random, record: Record, field: Field) -> Rehearsed:
    number = _filled(random, record.number)
    told = {one.name: _value(random, one.values) for one in record.fields}
    names = list(told)
    random.shuffle(names)
    text = "; ".join(f"{name}: {told[name]}" for name in names)
    question = random.choice(field.asked).format(id=number)
    title = f"{record.name.capitalize()} {number}"
    system = f"{random.choice(SYSTEMS).format(name=record.name)} {random.choice(TASKS)}".strip()
    return Rehearsed(
        (
            {"role": "system", "content": system},
            {"role": "user", "content": f"{title}\n{text}\n\nQuestion: {question}"},
        ),
        question,
        field.said.format(id=number, value=told[field.name]),
    )


def _value(random: Random, values: str) -> str:
    chosen = random.choice(values.split(" / "))
    kind, _, rest = chosen.partition(" ")
    if chosen == "day":
        day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    if chosen == "time":
        return f"{random.randrange(6, 22):02d}:{random.randrange(0, 60, 5):02d}"
    if kind == "money" and "-" in rest:
        low, high = map(int, rest.split("-"))
        return f"{random.randrange(low * 100, high * 100) / 100:.2f} EUR"
    if kind == "count" and "-" in rest:
        low, high = map(int, rest.split("-"))
        return str(random.randint(low, high))
    return _filled(random, rest) if kind == "code" else chosen


def _filled(random: Random, pattern: str) -> str:
    """`pattern` with a digit for each #, the first of them no zero."""
    digits = (str(random.randrange(1 if at == 0 else 0, 10)) for at in range(pattern.count("#")))
    return "".join(next(digits) if one == "#" else one for one in pattern)
