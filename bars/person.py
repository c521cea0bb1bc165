"""Requests for a person on a set kept from fitting, with and without history, and two lazy recognisers.

`--file F.jsonl` measures another file (text, label). With `ARRIERO_DATA` set, the `contact_human_agent`
rows of the Bitext sets and the rows of all their other intents are a second report; nothing is tuned
on them.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from arriero.apps.support.person import asks_for_a_person
from arriero.apps.support.person_fit import HELD_OUT, ROWS, labelled
from arriero.core.statistics import percentile, wilson
from bars._read import heard
from bars._trial import count, keep
from bars._written import labelled as by_hand
from bars.result import Figure

BITEXT = {"with_responses_2023.csv": "instruction", "intent_test.csv": "utterance"}
HISTORY = ("Where is my order?", "It left our warehouse on Monday.")


def main() -> None:
    given = Path(sys.argv[sys.argv.index("--file") + 1]) if "--file" in sys.argv else None
    held = list(labelled(given or HELD_OUT))[:: count(1, 3)]
    texts = [text for text, _ in held]
    said = {text: one.asked for text, one in zip(texts, heard(texts), strict=True)}
    later = {text: one.asked for text, one in zip(texts, heard(texts, HISTORY), strict=True)}
    figures = [
        *_figures("", held, lambda text: said[text], (">= 0.98", "<= 0.02")),
        *_figures("_by_words_alone", held, lambda text: asks_for_a_person(text).asked),
        *_figures("_by_always", held, lambda text: True),
        *_figures("_by_keyword", held, lambda text: "human" in text.lower()),
    ]
    same = [said[text] == later[text] for text in texts]
    figures += _share("same_with_and_without_history", same, ">= 1")
    shared = {text for text, _ in held} & {text for text, _ in labelled(ROWS)}
    figures.append(Figure("rows_also_fitted", len(shared), "rows", "<= 0", len(held)))
    figures.append(_time([text for text, _ in held]))
    written = [(text, truth) for text, _, truth in by_hand("report", "person.txt")]
    texts = [text for text, _ in written]
    told = {text: one.asked for text, one in zip(texts, heard(texts), strict=True)}
    figures += _figures("_by_hand", written, told.__getitem__)
    if "ARRIERO_DATA" in os.environ:
        figures += _bitext(Path(os.environ["ARRIERO_DATA"]) / "bitext-support")
    keep("person", f"requests for a person on {(given or HELD_OUT).name}", figures)


def _figures(
    suffix: str,
    held: Sequence[tuple[str, bool]],
    asked: Callable[[str], bool],
    bars: tuple[str, str] = ("", ""),
) -> list[Figure]:
    return [
        *_share(f"recognised{suffix}", [asked(text) for text, truth in held if truth], bars[0]),
        *_share(f"false_alarms{suffix}", [asked(text) for text, truth in held if not truth], bars[1]),
    ]  # fmt: skip


def _bitext(folder: Path) -> list[Figure]:
    figures = []
    for name, column in BITEXT.items():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))[:: count(1, 10)]
        rows = [(line[column], "human" in line["intent"]) for line in lines]
        suffix = "_bitext_" + name.partition(".")[0].removeprefix("with_")
        others = [(text, truth) for text, truth in rows if truth] + [
            (text, truth)
            for (text, truth), line in zip(rows, lines, strict=True)
            if not truth and "customer_service" not in line["intent"]
        ]
        asked = [text for text, _ in others]
        said = {text: one.asked for text, one in zip(asked, heard(asked), strict=True)}
        figures += _figures(suffix, others, said.__getitem__)
    return figures


def _share(name: str, right: Sequence[bool], bar: str) -> list[Figure]:
    if not right:
        return []
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return [Figure(name, value, "share", bar, len(right), low, high)]


def _time(texts: Sequence[str]) -> Figure:
    spent = []
    for text in texts:
        started = perf_counter()
        asks_for_a_person(text)
        spent.append((perf_counter() - started) * 1_000)
    return Figure("p95_ms", round(percentile(spent, 95), 3), "ms", "<= 1", len(spent))


if __name__ == "__main__":
    main()
