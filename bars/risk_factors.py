"""Risk factors: sub-captions of 13 Item 1A texts against labels, the same out of 5 whole filings, and their types.

The labels were made before the code and apart from it (LOG of 2026-11-27). Seven filings are `dev`, on which points and
words were set; the six of `test` are the claim. Beside it the laziest products: every short line is a caption,
none is, and every risk has the type that is most frequent in `dev`. A trial (--short) reads no row of `test`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from arriero.apps.finance.filings.base import Caption, Label, RiskText, Span
from arriero.apps.finance.filings.risks import risk_factors
from arriero.apps.finance.filings.taxonomy import types
from arriero.bench.jsonl import objects
from arriero.bench.report import Metric
from arriero.bench.risk_factors import (
    Document,
    Finder,
    Mark,
    Typer,
    marks_of,
    measure,
    read_documents,
)
from arriero.core.statistics import wilson
from bars._data import data
from bars._trial import keep, progress, short
from bars.result import HERE, Figure

SPLITS = ("dev", "test")
SHORT_LINE = 300  # characters: what the laziest product takes for a caption
CUT = "item1a-"
Given = tuple[tuple[Document, ...], tuple[Mark, ...]]


def main() -> None:
    folder = data()
    files = read_documents(folder / "edgar-10k")
    texts = tuple(file for file in files if file.name.startswith(CUT))
    whole = tuple(file for file in files if not file.name.startswith(CUT))
    splits = SPLITS[:1] if short() else SPLITS
    given = {split: marked(texts, split) for split in splits}
    figures: list[Figure] = []
    for split in splits:
        promised = split == "test"
        figures += own(given[split], f"_{split}", promised=promised)
        figures += from_html(whole, given[split], f"_{split}", promised=promised)
    last = splits[-1]
    usual = most_frequent(given["dev"][1])
    figures += others(given[last], f"_{last}", "short_lines", finder=short_lines)
    figures += others(given[last], f"_{last}", "none", finder=nothing)
    figures += others(given[last], f"_{last}", "the_usual_type", typer=usual)
    every = tuple(document for split in splits for document in given[split][0])
    marks = tuple(mark for split in splits for mark in given[split][1])
    figures += over_all(every, marks, whole)
    keep("risk_factors", "sub-captions and types of Item 1A in 13 real filings", figures)


def marked(texts: Sequence[Document], split: str) -> Given:
    """The filings of one split with their labels; no other row is looked at."""
    rows = [
        (f"{name}, row {number}", row)
        for name in ("risk_captions.jsonl", "risk_labels.jsonl")
        for number, row in objects(HERE / name)
        if row["split"] == split
    ]
    marks = marks_of(rows, texts)
    names = {mark.file for mark in marks}
    return tuple(text for text in texts if text.name in names), marks


def own(given: Given, suffix: str, *, promised: bool) -> list[Figure]:
    """What this product finds in one split."""
    found = measure(*given)
    progress(f"{suffix[1:]}: {len(given[0])} filings")
    return [
        figure(f"recall{suffix}", found["recall"], ">= 0.95" if promised else ""),
        figure(f"precision{suffix}", found["precision"], ">= 0.95" if promised else ""),
        figure(f"typed{suffix}", found["typed"], ">= 0.92" if promised else ""),
        figure(f"type_accuracy{suffix}", found["type_accuracy"], ""),
    ]


def from_html(
    whole: Sequence[Document], given: Given, suffix: str, *, promised: bool
) -> list[Figure]:
    """The same captions, cut out of the whole filing in HTML: compared by their words, as offsets differ."""
    texts, marks = given
    found = missed = false = 0
    for text in texts:
        html = next((one for one in whole if stem(text) == CUT + stem(one)), None)
        if html is None:
            continue
        sure, free = words_of(text, marks, doubt=False), words_of(text, marks, doubt=True)
        captions = Counter(caption.title for caption in risk_factors(html.text).captions)
        both = (captions & sure).total()
        found, missed = found + both, missed + sure.total() - both
        false += (captions - sure - free).total()
    bar = ">= 0.95" if promised else ""
    return [
        share(f"html_recall{suffix}", found, found + missed, bar),
        share(f"html_precision{suffix}", found, found + false, bar),
    ]


def stem(document: Document) -> str:
    return document.name.partition(".")[0]


def words_of(text: Document, marks: Sequence[Mark], *, doubt: bool) -> Counter[str]:
    """The captions of a filing as they read, on one line."""
    return Counter(
        " ".join(mark.span.of(text.text).split())
        for mark in marks
        if mark.file == text.name and not mark.types and mark.doubt is doubt
    )


def others(
    given: Given,
    suffix: str,
    name: str,
    *,
    finder: Finder | None = None,
    typer: Typer | None = None,
) -> list[Figure]:
    """What a lazy product gets: it has to fail."""
    if typer is not None:
        found = measure(*given, typer=typer)
        return [figure(f"type_accuracy{suffix}_by_{name}", found["type_accuracy"], "")]
    assert finder is not None
    found = measure(*given, finder=finder)
    return [
        figure(f"{metric}{suffix}_by_{name}", found[metric], "")
        for metric in ("recall", "precision")
    ]


def over_all(
    texts: Sequence[Document], marks: Sequence[Mark], whole: Sequence[Document]
) -> list[Figure]:
    """Quotations, types and times over all filings, both splits together."""
    found, html = measure(texts, marks), measure(whole)
    return [
        figure("quoted", found["quoted"], "== 1"),
        figure("html_quoted", html["quoted"], "== 1"),
        figure("typed", found["typed"], ">= 0.92"),
        figure("type_accuracy", found["type_accuracy"], ""),
        Figure("p50_ms", round(found["p50_ms"].value, 1), "ms", "", found["p50_ms"].n),
        Figure("html_p50_ms", round(html["p50_ms"].value, 1), "ms", "", html["p50_ms"].n),
    ]


def short_lines(text: str) -> RiskText:
    """The laziest product that finds all: every short line is a caption."""
    captions = []
    start = 0
    for line in text.split("\n"):
        if 0 < len(line.strip()) <= SHORT_LINE:
            begin = start + len(line) - len(line.lstrip())
            end = start + len(line.rstrip())
            captions.append(Caption(begin, end, text[begin:end]))
        start += len(line) + 1
    return RiskText(text, tuple(captions))


def nothing(text: str) -> RiskText:
    """The laziest product that says nothing false."""
    return RiskText(text)


def most_frequent(marks: Sequence[Mark]) -> Typer:
    """The type that most labels have, for every risk."""
    usual = Counter(mark.types[0] for mark in marks if mark.types).most_common(1)[0][0]

    def typer(_text: str, _caption: Span, _body: Span) -> Label:
        return Label(usual, types()[usual], 1.0)

    return typer


def figure(name: str, metric: Metric, bar: str) -> Figure:
    low, high = (None if edge is None else round(edge, 4) for edge in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high)


def share(name: str, right: int, of: int, bar: str) -> Figure:
    seen = wilson(right, of)
    return figure(name, Metric.of(seen, of), bar)


if __name__ == "__main__":
    main()
