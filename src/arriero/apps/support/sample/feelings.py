"""The sample's sentiment rows: sentences written one by one, made from patterns, and said in pairs.

`python -m arriero.apps.support.sample.feelings` writes sentiment.csv anew from sentiment_written.csv
and feelings.toml; the same files give the same rows.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from arriero.apps.support.sentiment import plain

HERE = Path(__file__).parent
SEED = 20_261_124
EACH = {"posts": 5, "letters": 5}  # sentences made from one pattern
BESIDE = 0.2  # of the posts say something neutral first
_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")

Row = tuple[str, str]


def written() -> tuple[Row, ...]:
    """The sentences that were written one by one."""
    with (HERE / "sentiment_written.csv").open(encoding="utf-8", newline="") as lines:
        return tuple((row["text"], row["label"]) for row in csv.DictReader(lines))


def made() -> tuple[Row, ...]:
    """The sentences of the patterns, each once, in an order that does not change."""
    table = tomllib.loads((HERE / "feelings.toml").read_text(encoding="utf-8"))
    fill = table.pop("fill")
    facts = table["neutral"]["posts"].strip().splitlines()
    found: dict[str, Row] = {}  # by what is said, whatever its capitals
    for label, parts in table.items():
        for register, count in EACH.items():
            for pattern in parts[register].strip().splitlines():
                random = Random(f"{SEED} {label} {pattern}")
                for text in _filled(pattern, count, fill, random):
                    said = text
                    if register == "posts":
                        said = _posted(text, parts["tags"], parts["emoji"], random)
                        if random.random() < BESIDE:  # a fact beside a feeling is still a feeling
                            fact = random.choice(facts)
                            said = f"{next(_filled(fact, 1, fill, random)).capitalize()}. {said}"
                    found.setdefault(" ".join(said.lower().split()), (said, label))
    return tuple(found.values())


def paired(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Each row with a neutral one of `rows` before or behind it, so that what is felt may be one part.

    What people write is longer than one sentence; a head that learned from single ones takes a feeling
    beside a fact for a fact.
    """
    neutral = [text for text, label in rows if label == "neutral"]
    found = []
    for text, label in rows:
        random = Random(f"{SEED} {text}")
        other = random.choice(neutral)
        first, second = (other, text) if random.random() < 0.5 else (text, other)
        if other != text:
            found.append((f"{first if first[-1] in '.!?' else first + '.'} {second}", label))
    return tuple(found)


def _filled(
    pattern: str, count: int, fill: Mapping[str, Sequence[str]], random: Random
) -> Iterator[str]:
    for _ in range(count):
        chosen = _CHOICE.sub(lambda match: random.choice(match[1].split("|")), pattern)
        yield _SLOT.sub(lambda match: random.choice(fill[match[1]]), chosen)


def _posted(text: str, tags: Sequence[str], emoji: Sequence[str], random: Random) -> str:
    """As people post: names before, tags and signs behind, capitals now and then."""
    if random.random() < 0.35:
        text = text[0].upper() + text[1:]
    if not text.endswith("?"):
        text += random.choice(["", "", ".", "!", "!!", "..."] if emoji else ["", "", ".", "."])
    if random.random() < 0.15:
        text = f"@user {text}"
    if random.random() < 0.15:
        text += f" {random.choice(tags)}"
    if emoji and random.random() < 0.2:
        text += f" {random.choice(emoji)}"
    return text if random.random() > 0.1 else f"{text} http://t.example/{random.randrange(9_999)}"


def rows() -> tuple[Row, ...]:
    """All of them as the head reads them; of rows that say the same, the written one, then the made."""
    found: dict[str, Row] = {}
    for text, label in (*written(), *made(), *paired(written())):
        found.setdefault(plain(text).lower(), (plain(text), label))
    return tuple(found.values())


def main() -> None:
    """Write sentiment.csv."""
    with (HERE / "sentiment.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("text", "label"))
        out.writerows(rows())


if __name__ == "__main__":
    main()
