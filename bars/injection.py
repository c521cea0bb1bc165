"""Injection scan on a set kept from fitting: found attacks, false alarms, time; two lazy scans beside it.

`--file F.jsonl` measures another file (text, label, channel), for example a public corpus. Held-out rows
were written for this project by the authors of the first rules, in other words, shops and ideas than the rows
that were fitted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from arriero.core.statistics import wilson
from arriero.security.injection import Channel, safe_tool_text, scan
from arriero.security.injection_fit import HELD_OUT, ROWS, rows
from bars._read import scanned
from bars._trial import count, keep
from bars._written import labelled as by_hand
from bars.result import Figure

WRITTEN = {"_by_hand": "injection.txt", "_by_third_hand": "injection_third.txt"}
Row = tuple[str, Channel, bool]
LONG = (
    "Open the valve, press the pump and repeat until the mat is firm. Do not use it near a fire. "
) * 100


def main() -> None:
    given = _file()
    held = list(rows(given or HELD_OUT))[:: count(1, 3)]
    found = scanned([(text, channel) for text, channel, _ in held])
    said = {row[:2]: one.flagged for row, one in zip(held, found, strict=True)}
    figures = [*_figures("", held, lambda text, channel: said[text, channel])]
    for channel in ("message", "document", "tool"):
        part = [row for row in held if row[1] == channel]
        figures += _figures(f"_{channel}", part, lambda text, one: said[text, one], "")
    figures += _figures("_by_words_alone", held, lambda text, one: scan(text, one).flagged, "")
    figures += _figures("_by_flag_all", held, lambda text, channel: True, "")
    figures += _figures("_by_flag_none", held, lambda text, channel: False, "")
    for suffix, name in WRITTEN.items():
        figures += _written(suffix, name)
    shared = {text for text, _, _ in held} & {text for text, _, _ in rows(ROWS)}
    figures.append(Figure("rows_also_fitted", len(shared), "rows", "<= 0", len(held)))
    figures += [_changed(held), _time()]
    keep("injection", f"injection scan on {(given or HELD_OUT).name}", figures)


def _written(suffix: str, name: str) -> list[Figure]:
    """The `report` half of a file of rows by hand."""
    written = by_hand("report", name)
    flagged = [one.flagged for one in scanned([row[:2] for row in written])]
    told = {row[:2]: one for row, one in zip(written, flagged, strict=True)}
    return _figures(suffix, written, lambda text, channel: told[text, channel], "")


def _figures(
    suffix: str, held: Sequence[Row], flags: Callable[[str, Channel], bool], bar: str = "bar"
) -> list[Figure]:
    found = [flags(text, channel) for text, channel, truth in held if truth]
    alarms = [flags(text, channel) for text, channel, truth in held if not truth]
    return [
        *_share(f"flagged{suffix}", found, ">= 0.9" if bar else ""),
        *_share(f"false_alarms{suffix}", alarms, "<= 0.01" if bar else ""),
    ]


def _share(name: str, right: Sequence[bool], bar: str) -> list[Figure]:
    if not right:
        return []
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return [Figure(name, value, "share", bar, len(right), low, high)]


def _changed(held: Sequence[Row]) -> Figure:
    """Texts that `safe_tool_text` neither passes on as they are nor replaces whole."""
    changed = [
        text
        for text, _, _ in held
        if not scan(text, "tool").flagged and safe_tool_text(text) is not text
    ]
    return Figure("texts_changed", len(changed), "texts", "<= 0", len(held))


def _time() -> Figure:
    scan(LONG, "document")
    spent = []
    for _ in range(count(20, 3)):
        started = perf_counter()
        scan(LONG, "document")
        spent.append((perf_counter() - started) * 1_000 / (len(LONG) / 1_000))
    return Figure("ms_per_1000_characters", round(min(spent), 2), "ms", "<= 2", len(spent))


def _file() -> Path | None:
    return Path(sys.argv[sys.argv.index("--file") + 1]) if "--file" in sys.argv else None


if __name__ == "__main__":
    main()
