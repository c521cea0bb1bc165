"""Is any slice of customers served worse? By segment, intent, channel and length, at the sample shop.

The sentences of `inquiries_utterances.jsonl`, by an author who had not seen those that the classifiers
learn from, about as many of each intent, each asked once; customers' segments and channels take turns.
They come without a stated fact, so an answer that was sent counts as right by what it is about: the
intent as it was written, for a template or flow; a cited article that carries that intent, for what is
taken from articles. What only a person can answer, or nobody, may not be answered. That is a proxy,
weaker than reading: a wrong sentence of the right article passes it. The slices are those of
`/console/support`, by the same code.

The channel touches nothing of how an answer is made: a difference between channels is chance. The
lazy product sends every best draft, whatever its score.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle, product
from pathlib import Path
from random import Random

from arriero.apps.support import articles
from arriero.apps.support.resolution_quality import MINIMUM, Quality, Slice, quality
from arriero.apps.support.sample import shop
from arriero.apps.support.settings import SAMPLE
from arriero.assembly import Platform, open_platform
from arriero.core.settings import Settings
from arriero.core.words import Ended, Feedback, Run
from bars._inquiries import NOT_ANSWERABLE, SLOTS, utterances
from bars._questions import OPEN, SEED
from bars._trial import count, keep, progress
from bars.result import Figure

MODEL_START_MS = 120_000
CHANNELS = ("api", "chat", "webhook")
OF_ARTICLES = frozenset({"extractive", "generative"})
SLICES = ("segment", "intent", "channel", "length")
THINNED = 3  # of the open intents, which have three times as many sentences as others: one in three
POINTS = 3.0  # below the mean, or more wrong ones
WHAT = "sentences of another author to the sample shop, answers by slice against the mean of all"

Labels = Mapping[str, frozenset[str]]  # the intents of each article


@dataclass(frozen=True, slots=True)
class Asked:
    """One sentence, who says it, and the intent it was written for."""

    intent: str
    message: str
    customer: str
    channel: str


@dataclass(frozen=True, slots=True)
class Told:
    """The run of a sentence, with the score of what was sent or would have been; whether it is right."""

    run: Run
    score: float | None
    right: bool


def main() -> None:
    asked = questions()[:: count(1, 12)]
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(_measure(Path(folder), asked))
    real = sliced(told)
    lazy = sliced([replace(one, run=replace(one.run, ended=Ended.ANSWERED)) for one in told])
    keep("slices", WHAT, [
        Figure("asked", len(told), "sentences"),
        Figure("sent", real.all.n, "answers"),
        Figure("score", round(real.all.score.value, 4), "share", "", real.all.n),
        Figure("wrong_but_sent", round(real.all.wrong.value, 4), "share", "", real.all.n,
               round(real.all.wrong.low, 4), round(real.all.wrong.high, 4), "by the proxy"),
        Figure("too_small", real.too_small, "slices", note=f"fewer than {MINIMUM} answers"),
        *figures(real, f"<= {POINTS:g}"),
        *figures(lazy, "", "_by_sending_everything"),
    ])  # fmt: skip


def questions() -> Sequence[Asked]:
    """The sentences, each once, in a shuffled order; segments and channels take turns."""
    random = Random(SEED)
    people: dict[str, list[str]] = {}
    for one in shop.customers():
        people.setdefault(str(one.segment), []).append(one.id)
    orders: dict[str, str] = {}
    for order in shop.orders(datetime.now(UTC).date()):
        orders.setdefault(order.customer_id, order.id)
    owners = {name: [id for id in ids if id in orders] for name, ids in sorted(people.items())}
    turns = cycle(product(CHANNELS, owners))
    rows = [
        (intent, text)
        for intent, texts in sorted(utterances().items())
        for text in texts[:: THINNED if intent in OPEN else 1]
    ]
    random.shuffle(rows)
    found = []
    for (intent, text), (channel, segment) in zip(rows, turns, strict=False):
        customer = random.choice(owners[segment])
        filled = text.replace("{order}", orders[customer])
        for name, values in SLOTS.items():
            filled = filled.replace("{" + name + "}", random.choice(values))
        found.append(Asked(intent, filled, customer, channel))
    return found


def right(intent: str, understood: str, origin: str, cited: Sequence[str], labels: Labels) -> bool:
    """Whether an answer is about what was asked, as far as intents can tell; see the module."""
    if intent in NOT_ANSWERABLE:
        return False
    if origin not in OF_ARTICLES:
        return understood == intent
    return any(intent in labels.get(one.partition("#")[0], ()) for one in cited)


def sliced(told: Sequence[Told]) -> Quality:
    """The slices of what was sent; what is wrong counts as a thumb down."""
    segments = {one.id: str(one.segment) for one in shop.customers()}
    runs = [replace(one.run, score=one.score) for one in told]
    thumbs = {one.run.id: [_down(one.run)] for one in told if not one.right}
    return quality(runs, thumbs, segments)


def figures(found: Quality, bar: str, suffix: str = "") -> list[Figure]:
    """For each kind of slice the one that lies furthest from the mean, in points: score and errors."""
    shown = []
    for by in SLICES:
        mine = [one for one in found.slices if one.by == by]
        if not mine:
            continue
        worst = max(mine, key=lambda one: one.below.value)
        points, low, high = (100 * one for one in _bounds(worst))
        shown.append(Figure(f"score_below_mean_{by}{suffix}", round(points, 2), "points", bar,
                            worst.n, round(low, 2), round(high, 2), worst.value))  # fmt: skip
        wrong = max(mine, key=lambda one: one.wrong.value)
        points = 100 * (wrong.wrong.value - found.all.wrong.value)
        shown.append(Figure(f"wrong_above_mean_{by}{suffix}", round(points, 2), "points", bar,
                            wrong.n, note=wrong.value))  # fmt: skip
    return shown


def _bounds(one: Slice) -> tuple[float, float, float]:
    return one.below.value, one.below.low, one.below.high


def _down(run: Run) -> Feedback:
    return Feedback("bar", run.tenant, run.id, "bar", run.started_at, "thumb", value=False)


async def _measure(folder: Path, asked: Sequence[Asked]) -> list[Told]:
    logging.getLogger("arriero").setLevel(logging.ERROR)
    labels = {one.id: frozenset(one.intents) for one in articles.load(SAMPLE / "articles")}
    async with open_platform(Settings.load(data=folder)) as platform:
        progress("platform open; starting the text model")
        await platform.run(
            "support", {"message": "Which tent for wind?"}, deadline_ms=MODEL_START_MS
        )
        is_open = sum(one.intent in OPEN for one in asked)
        progress(f"asking {len(asked)} sentences, {is_open} of them open questions")
        return [await _told(platform, one, labels) for one in asked]


async def _told(platform: Platform, asked: Asked, labels: Labels) -> Told:
    given = {"message": asked.message, "customer": asked.customer}
    result = await platform.run("support", given, unit=asked.customer, actor=asked.channel)
    best = max(result.trace.drafts, key=lambda one: one["score"], default=None)
    if best is None:
        return Told(result.run, None, right=False)
    draft, understood = best["draft"], result.run.labels.get("intent", "")
    cited = [source["id"] for source in draft["sources"]]
    is_right = right(asked.intent, understood, draft["origin"], cited, labels)
    return Told(result.run, best["score"], is_right)


if __name__ == "__main__":
    main()
