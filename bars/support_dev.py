"""Development sets of the sample shop's support, messages of our own, each in two halves; the first has 321.

Written from the articles and the names of the intents, with the courtesies, slips and detours of real
messages; 71 have no answer in the articles, most of them one word away from something that has one.
What is changed in support is chosen on the first half, by the digest of the message, and reported on
the second; rows of both were read, so neither is a blind test as `adversarial` and `inquiries` are.

`support_dev_near.jsonl` has 80 more that nothing answers, written after those changes: another year, another
place, a quality that no article tells. `support_dev_voices.jsonl` has 215 in other voices (short, sloppy,
indirect, several clauses; 50 that nothing answers), written before the changes that were chosen on its
first half; of its second half only shares were looked at. `support_dev_third.jsonl` has 177 in a third voice
(careful sentences of people who write in another language than their own; 79 that nothing answers: never
written, out of date, of things that are not sold), written before the changes that were chosen on its
first half; of its second half only shares were looked at.

An answer that was sent is right when it says one of the row's facts; for what the customer's own
orders or an approved text answer, when its intent was understood. The lazy product sends every draft.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from arriero.apps.support.sample import shop
from arriero.assembly import Platform, open_platform
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from arriero.core.words import Ended
from bars._questions import says
from bars._trial import count, keep, progress
from bars.result import Figure

ROWS = Path(__file__).parent / "support_dev.jsonl"
VOICES = Path(__file__).parent / "support_dev_voices.jsonl"
THIRD = Path(__file__).parent / "support_dev_third.jsonl"
NEAR = Path(__file__).parent / "support_dev_near.jsonl"
MODEL_START_MS = 120_000
WORDED = frozenset({"template", "flow", "approved"})
WHAT = "713 messages of three development sets to the sample shop, chosen on one half, reported on the other"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: how it ended, the best draft's text, whether that is right."""

    ended: str
    text: str
    right: bool
    origin: str = ""


Pair = tuple[Mapping[str, Any], Told]


def main() -> None:
    files = (ROWS, VOICES, THIRD, NEAR)
    asked, voices, third, near = (messages(file)[:: count(1, 12)] for file in files)
    rows = [*asked, *voices, *third, *near]
    with tempfile.TemporaryDirectory() as folder:
        everything = asyncio.run(_measure(Path(folder), rows))
    pairs = list(zip(rows, everything, strict=True))
    for row, one in pairs:
        if one.ended == Ended.ANSWERED and not one.right and half_of(row) == 0:
            progress(f"wrong, sent: {row['text']!r}: {one.text!r}")
    halves, spoken, careful = (
        _halves([pair for pair in pairs if pair[0] in part]) for part in (asked, voices, third)
    )
    sent = [one for row, one in pairs if row in near]
    keep("support_dev", WHAT, [
        *figures(halves[0], "_chosen"),
        *figures(halves[1], "_reported"),
        *figures([(row, Told(Ended.ANSWERED, one.text, one.right)) for row, one in halves[1]],
                 "_reported_by_sending_everything"),
        *figures(spoken[0], "_voices_chosen"),
        *figures(spoken[1], "_voices_reported"),
        *figures(careful[0], "_third_chosen"),
        *figures(careful[1], "_third_reported"),
        *by_step([*halves[1], *spoken[1], *careful[1]]),
        _share("near_sent", [one.ended == Ended.ANSWERED for one in sent]),
    ])  # fmt: skip


def messages(file: Path = ROWS) -> Sequence[Mapping[str, Any]]:
    """The rows: intent, text, answer (article, record, none) and what a right answer says."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def half_of(row: Mapping[str, Any]) -> int:
    """0: things are chosen on it; 1: reported."""
    return crc32(f"half {row['text']}".encode()) % 2


def right(row: Mapping[str, Any], text: str, origin: str, understood: str) -> bool:
    """Whether an answer that is sent would be right."""
    if row["answer"] == "none":
        return False
    if row["answer"] == "article":
        return any(says(text, [fact]) for fact in row["says"])
    return origin not in WORDED or understood == row["intent"]


def _halves(pairs: Sequence[Pair]) -> Mapping[int, Sequence[Pair]]:
    return {half: [pair for pair in pairs if half_of(pair[0]) == half] for half in (0, 1)}


def by_step(pairs: Sequence[Pair]) -> list[Figure]:
    """What is wrong of what each step of the cascade sent, on the reported halves."""
    sent = [one for _, one in pairs if one.ended == Ended.ANSWERED]
    steps = sorted({one.origin for one in sent})
    return [
        _share(f"wrong_but_sent_{step}", [not one.right for one in sent if one.origin == step])
        for step in steps
    ]


def figures(pairs: Sequence[Pair], suffix: str) -> list[Figure]:
    """Answered rightly of the answerable; wrong of what was sent; the unanswerable that were sent."""
    able = [one for row, one in pairs if row["answer"] != "none"]
    none = [one for row, one in pairs if row["answer"] == "none"]
    sent = [one for _, one in pairs if one.ended == Ended.ANSWERED]
    return [
        _share(f"answered{suffix}", [one.ended == Ended.ANSWERED for one in able]),
        _share(f"answered_rightly{suffix}", [one.ended == Ended.ANSWERED and one.right for one in able]),
        _share(f"asked_back{suffix}", [one.ended == Ended.CLARIFY for one in able]),
        _share(f"wrong_but_sent{suffix}", [not one.right for one in sent]),
        _share(f"unanswerable_sent{suffix}", [one.ended == Ended.ANSWERED for one in none]),
    ]  # fmt: skip


async def _measure(folder: Path, asked: Sequence[Mapping[str, Any]]) -> list[Told]:
    logging.getLogger("arriero").setLevel(logging.ERROR)
    owners = [(order.customer_id, order.id) for order in shop.orders(datetime.now(UTC).date())]
    async with open_platform(Settings.load(data=folder)) as platform:
        progress("platform open; starting the text model")
        await platform.run(
            "support", {"message": "Which tent for wind?"}, deadline_ms=MODEL_START_MS
        )
        return [
            await _told(platform, row, *Random(crc32(row["text"].encode())).choice(owners))
            for row in asked
        ]


async def _told(platform: Platform, row: Mapping[str, Any], customer: str, order: str) -> Told:
    conversation = f"dev-{crc32(row['text'].encode())}"
    given = {
        "message": row["text"].replace("{order}", order),
        "customer": customer,
        "conversation": conversation,
    }
    result = await platform.run("support", given, unit=conversation, actor="bar")
    outcome, understood = result.outcome, result.run.labels.get("intent", "")
    text, origin = outcome.answer.response, outcome.origin
    if outcome.ended is not Ended.ANSWERED and result.trace.drafts:
        best = max(result.trace.drafts, key=lambda one: float(one["score"]))["draft"]
        text, origin = best["answer"]["response"], best["origin"]
    return Told(outcome.ended.value, text, right(row, text, origin, understood), origin)


def _share(name: str, hits: Sequence[bool]) -> Figure:
    seen = wilson(sum(hits), len(hits))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", "", len(hits), low, high)


if __name__ == "__main__":
    main()
