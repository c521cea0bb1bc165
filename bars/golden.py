"""The sample shop's 60 golden questions through the platform, and intents on sentences kept from training.

Nothing is tuned here and nothing is promised: the numbers say what the spine does. The golden
questions were looked at while the app was built, so they flatter it; the kept sentences were not.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arriero.apps.support.settings import SAMPLE
from arriero.assembly import Platform, open_platform
from arriero.core.settings import Settings
from arriero.core.statistics import wilson
from bars._questions import golden, path_of, rows, says
from bars._trial import count, keep, progress
from bars.result import Figure

MODEL_START_MS = 120_000


@dataclass(frozen=True, slots=True)
class Told:
    """How one golden question was answered."""

    path: str
    text: str
    tokens: int = 0


def main() -> None:
    asked = golden()[:: count(1, 6)]
    kept = list(rows(SAMPLE / "intents_heldout.csv"))[:: count(1, 6)]
    with tempfile.TemporaryDirectory() as folder:
        told, intents = asyncio.run(_measure(Path(folder), asked, [text for text, _ in kept]))
    for row, one in zip(asked, told, strict=True):
        if not (one.path == row["path"] and says(one.text, row["must_contain"])):
            progress(f"{row['question']!r}: wanted {row['path']}, {row['must_contain']}; got {one}")
    truth = [label for _, label in kept]
    keep("golden", WHAT, [
        *_figures("", asked, told),
        *_of_paths(asked, told),
        _share("intent_accuracy", [one == label for one, label in zip(intents, truth, strict=True)],
               "sentences kept from training"),
        *_figures("_by_lazy", asked, [Told("fallback", "Sorry, a colleague will answer.")] * len(asked)),
        _share("intent_accuracy_by_lazy", [label == _most(truth) for label in truth],
               "always the most frequent intent"),
    ])  # fmt: skip


WHAT = "60 golden questions of the sample shop through the platform, with the packaged models"


async def _measure(
    folder: Path, asked: Sequence[Mapping[str, Any]], texts: Sequence[str]
) -> tuple[list[Told], list[str]]:
    logging.getLogger("arriero").setLevel(logging.ERROR)
    async with open_platform(Settings.load(data=folder)) as platform:
        progress("platform open; starting the text model")
        await platform.run(
            "support", {"message": "Which tent for wind?"}, deadline_ms=MODEL_START_MS
        )
        told = [await _told(platform, row) for row in asked]
        progress(f"{len(told)} questions asked")
        models = platform.flow.models_of(platform.exposures.variant("support", None))
        labels = [await models.classify("intent_classifier", text, timeout_s=60) for text in texts]
    return told, [one.label for one in labels]


async def _told(platform: Platform, row: Mapping[str, Any]) -> Told:
    given = {"message": row["question"], "customer": row["customer"]}
    result = await platform.run("support", given, unit=row["customer"], actor="bar")
    path = path_of(result.outcome.ended.value, result.outcome.origin)
    return Told(path, result.outcome.answer.response, result.run.tokens_out)


def _figures(
    suffix: str, asked: Sequence[Mapping[str, Any]], told: Sequence[Told]
) -> tuple[Figure, ...]:
    pairs = list(zip(asked, told, strict=True))
    facts = [says(one.text, row["must_contain"]) for row, one in pairs if row["must_contain"]]
    paths = [one.path == row["path"] for row, one in pairs]
    both = [one.path == row["path"] and says(one.text, row["must_contain"]) for row, one in pairs]
    note = "always the apology" if suffix else ""
    return (
        _share(f"right_path{suffix}", paths, note),
        _share(f"facts_said{suffix}", facts, note or "of the questions that ask for a fact"),
        _share(f"right_path_and_facts{suffix}", both, note),
    )


def _of_paths(asked: Sequence[Mapping[str, Any]], told: Sequence[Told]) -> list[Figure]:
    """Facts and path together, for the questions of each path apart."""
    found: dict[str, list[bool]] = {}
    for row, one in zip(asked, told, strict=True):
        right = one.path == row["path"] and says(one.text, row["must_contain"])
        found.setdefault(row["path"], []).append(right)
    return [_share(f"right_{path}", right) for path, right in found.items()]


def _share(name: str, right: Sequence[bool], note: str = "") -> Figure:
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", "", len(right), low, high, note)


def _most(labels: Sequence[str]) -> str:
    return Counter(labels).most_common(1)[0][0]


if __name__ == "__main__":
    main()
