"""The compliance gate on a corpus by an author who has not seen its code, and on paragraphs of real filings.

The fifth corpus, of which nothing was fitted on or read: half of it (`compliance5_open.jsonl`) is there to develop on, the other half
is sealed by its hash and has one look; further runs of it show only whether the figures still hold. The first four corpora had their looks
and are what the listener may be fitted on; their figures are history (bars/LOG.md). Paragraphs of
ten-Ks are cut in two by the hash of their text; the first 1,000 of the half that nobody developed on are the clean ones.
Beside the gate: the gate without an encoder, block all, pass all, and a list of banned words, which is the laziest gate
that one meets. `python -m bars.compliance open` looks at the open half alone and keeps nothing.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence

from arriero.apps.finance.compliance.base import Profile, Publication
from arriero.apps.finance.compliance.complete import publication
from arriero.bench.compliance import (
    CLEAN,
    KINDS,
    Judge,
    Row,
    Said,
    gate,
    gate_with,
    judged,
    misses,
    read_rows,
)
from arriero.core.settings import Settings
from arriero.core.statistics import percentile, wilson
from arriero.models.encoder import OnnxEncoder
from bars._data import data
from bars._paragraphs import paragraphs
from bars._trial import keep, progress, short
from bars.result import HERE, Figure

SEALED = "108e617d73c3929ac60e0be48b24345612f15753ef4ad8fefc9c6ffb84c4e550"
PARAGRAPHS = 1_000
# Each paragraph is published once, in turn for these.
READERS = (
    *((Profile.BROKER_DEALER, "retail"), (Profile.ADVISER, "retail")),
    *((Profile.PUBLISHER, "retail"), (Profile.BROKER_DEALER, "institutional")),
)
BANNED = (
    *("guarantee", "risk-free", "risk free", "no risk", "can't lose", "cannot lose", "sure thing"),
    *("will rise", "will double", "insider", "act now", "to the moon"),
)


def main() -> None:
    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    judges: Sequence[tuple[str, Judge]] = (
        ("", gate_with(encoder.encode_now)),
        ("_without_encoder", gate),
        ("_by_blocking_all", block_all),
        ("_by_passing_all", pass_all),
        ("_by_banned_words", banned_words),
    )
    only_open = sys.argv[1:] == ["open"]
    figures: list[Figure] = []
    for half in ("open",) if only_open else ("sealed", "open"):
        file = HERE / f"compliance5_{half}.jsonl"
        if short() and half == "sealed":  # a trial is no look at what was sealed
            continue
        if not file.exists():
            progress(f"{file.name} is not there")
            continue
        if half == "sealed":
            assert hashlib.sha256(file.read_bytes()).hexdigest() == SEALED, (
                "another file was sealed"
            )
        rows = read_rows(file)
        for name, judge in judges:
            said = judged(rows, judge)
            figures += corpus(said, f"_{half}{name}", promised=half == "sealed" and not name)
            if not name:
                for line in misses(said):
                    progress(f"{half}: {line}")
    if only_open:
        progress("\n   ".join(f"{one.name} {one.value} {one.unit} (n {one.n})" for one in figures))
        return
    clean = filings()
    for name, judge in judges:
        said = judged(clean, judge)
        wrongly = [bool(one.failed) for one in said]
        figures.append(share(f"false_blocks_filings{name}", wrongly, "" if name else "<= 0.03"))
        if not name:
            times = sorted(one.ms for one in said)
            figures.append(Figure("p50_ms", round(percentile(times, 50), 1), "ms", "", len(times)))
            figures.append(Figure("p95_ms", round(percentile(times, 95), 1), "ms", "", len(times)))
    keep("compliance", "the compliance gate on violations and on clean texts", figures)


def filings() -> tuple[Row, ...]:
    """Paragraphs of real filings, published with a complete record."""
    folder = data() / "edgar-10k"
    if not folder.is_dir():
        progress("edgar-10k is not there; set ARRIERO_DATA")
        return ()
    texts = paragraphs(folder, "develop", 50) if short() else paragraphs(folder, "test", PARAGRAPHS)
    return tuple(
        Row(str(at), None, "clean", publication(*READERS[at % len(READERS)], text))
        for at, text in enumerate(texts)
    )


def corpus(said: Sequence[Said], suffix: str, *, promised: bool) -> list[Figure]:
    """Violations blocked, clean rows blocked, the very rule named, and each kind by itself."""
    bad = [one for one in said if one.row.rule is not None]
    good = [one for one in said if one.row.rule is None]
    found = [
        share(f"blocked{suffix}", [bool(one.failed) for one in bad], ">= 0.99" if promised else ""),
        share(f"false_blocks{suffix}", [bool(one.failed) for one in good], ""),
    ]
    if suffix in {"_sealed", "_open"}:
        found.append(share(f"by_the_rule{suffix}", [one.row.rule in one.failed for one in bad], ""))
        for kind in KINDS:
            mine = [bool(one.failed) for one in said if one.row.kind == kind]
            name = "false_blocks" if kind in CLEAN else "blocked"
            found.append(share(f"{name}{suffix}_{kind}", mine, ""))
    return found


def share(name: str, right: Sequence[bool], bar: str) -> Figure:
    """A share with its Wilson interval."""
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(right), low, high)


def block_all(_one: Publication) -> frozenset[str]:
    """The laziest gate that lets no violation through."""
    return frozenset({"C01"})


def pass_all(_one: Publication) -> frozenset[str]:
    """The laziest gate that blocks nothing for nothing."""
    return frozenset()


def banned_words(one: Publication) -> frozenset[str]:
    """A list of words."""
    text = one.text.lower()
    return frozenset({"C01"} if any(word in text for word in BANNED) else ())


if __name__ == "__main__":
    main()
