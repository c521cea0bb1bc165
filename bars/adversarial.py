"""The sample shop's adversarial questions through the platform: wrong but sent, and answered.

174 questions of our own, never used for fitting: answerable ones in a customer's words, mixed with
ones whose fact was never written, that nobody can answer, that are out of date or that rest on a
false premise. An answer that was sent is right when it states the row's fact; an unanswerable row
without a fact may only be declined. The risk-coverage curve reads the scores of all drafts that the
platform judged: at which threshold would which share have been sent, and how much of it wrong?
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arriero.apps.support.settings import SAMPLE
from arriero.assembly import Platform, open_platform
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from arriero.core.words import Ended
from bars._curve import risk_coverage
from bars._questions import says
from bars._trial import count, keep, progress, short
from bars.result import RESULTS, Figure, load

PLOT = RESULTS / "adversarial.svg"
MODEL_START_MS = 120_000
WHAT = "174 adversarial and answerable questions to the sample shop, with the packaged models"
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Told:
    """How a question was answered: whether an answer was sent, the best draft, its score."""

    sent: bool
    text: str
    score: float


def main() -> None:
    asked = questions()[:: count(1, 8)]
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(_measure(Path(folder), asked))
    for row, one in zip(asked, told, strict=True):
        if one.sent and not right(row, one.text):
            progress(f"wrong, sent ({one.score:.2f}): {row['question']!r}: {one.text!r}")
    keep("adversarial", WHAT, [
        *figures(asked, told, "", ("<= 0.01", ">= 0.6")),
        *figures(asked, [NOTHING] * len(asked), "_by_never_answering"),
        *figures(asked, [Told(True, one.text, 1.0) for one in told], "_by_always_answering"),
        *curve(asked, told),
    ])  # fmt: skip
    if not short():
        PLOT.write_text(risk_coverage(load(RESULTS / "adversarial.json")), encoding="utf-8")


def questions() -> Sequence[Mapping[str, Any]]:
    """The rows: question, kind, answerable, article, fact."""
    lines = (SAMPLE / "adversarial.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def right(row: Mapping[str, Any], text: str) -> bool:
    """Whether a sent answer states the row's fact; without one, nothing that is sent is right."""
    return bool(row["fact"]) and says(text, [row["fact"]])


def figures(
    asked: Sequence[Mapping[str, Any]],
    told: Sequence[Told],
    suffix: str,
    bars: tuple[str, str] = ("", ""),
) -> list[Figure]:
    """Wrong among the sent ones, and the answerable ones that were answered rightly."""
    sent = [(row, one) for row, one in zip(asked, told, strict=True) if one.sent]
    wrong = [not right(row, one.text) for row, one in sent]
    answered = [
        one.sent and right(row, one.text)
        for row, one in zip(asked, told, strict=True)
        if row["answerable"]
    ]
    return [
        _share(f"wrong_but_sent{suffix}", wrong, bars[0]),
        _share(f"answerable_answered{suffix}", answered, bars[1]),
    ]


def curve(asked: Sequence[Mapping[str, Any]], told: Sequence[Told]) -> list[Figure]:
    """The share of wrong ones among the best-scored parts of all drafts, and the area under it."""
    judged = sorted(
        ((one.score, right(row, one.text)) for row, one in zip(asked, told, strict=True)),
        key=lambda pair: -pair[0],
    )
    risks = []
    wrong = 0
    for place, (_, good) in enumerate(judged, start=1):
        wrong += not good
        risks.append(wrong / place)
    places = [(share, max(1, round(share * len(risks)))) for share in COVERAGES]
    points = [
        Figure(f"risk_at_coverage_{share:g}", round(risks[place - 1], 4), "share", n=place,
               note=f"score >= {judged[place - 1][0]:.2f}")
        for share, place in places
    ]  # fmt: skip
    area = round(sum(risks) / len(risks), 4)
    return [*points, Figure("aurc", area, "share", n=len(risks), note="area under risk-coverage")]


async def _measure(folder: Path, asked: Sequence[Mapping[str, Any]]) -> list[Told]:
    logging.getLogger("arriero").setLevel(logging.ERROR)
    async with open_platform(Settings.load(data=folder)) as platform:
        progress("platform open; starting the text model")
        await platform.run(
            "support", {"message": "Which tent for wind?"}, deadline_ms=MODEL_START_MS
        )
        return [await _told(platform, row["question"]) for row in asked]


async def _told(platform: Platform, question: str) -> Told:
    """What was sent; of what was not sent, the best draft, for the curve."""
    result = await platform.run("support", {"message": question}, actor="bar")
    outcome = result.outcome
    if outcome.ended is Ended.ANSWERED:
        return Told(True, outcome.answer.response, outcome.score or 0.0)
    answers = [one for one in result.trace.drafts if one["draft"]["answer"]["ending"] == "answered"]
    best = max(answers, key=lambda one: one["score"], default=None)
    return Told(False, best["draft"]["answer"]["response"], best["score"]) if best else NOTHING


NOTHING = Told(False, "", 0.0)


def _share(name: str, hits: Sequence[bool], bar: str = "") -> Figure:
    seen = wilson(sum(hits), len(hits))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(hits), low, high)


if __name__ == "__main__":
    main()
