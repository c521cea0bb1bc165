"""Risk factors on your filings: how many sub-captions are found, and with labels how many of them are right.

DIR holds 10-Ks in HTML or text, or Item 1A texts, also as .gz. A label is a JSONL row that points into a file by its
name: `{"file", "start", "end"}` with `kind` (`caption`, all else is left alone) or with `type` (a type of the taxonomy,
with `second`, which counts as right too). `sha256`: of the file's text, compared when it is there. `doubt`: neither
missed nor false. Offsets count characters, so labels are of plain text: HTML is measured without them.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from arriero.apps.finance.filings.base import Label, RiskText, Span
from arriero.apps.finance.filings.risks import risk_factors
from arriero.apps.finance.filings.taxonomy import label, types
from arriero.bench.jsonl import Row, objects
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import clustered, percentile

SUFFIXES = (".txt", ".htm", ".html", ".xhtml")
NO_TYPE = "none"  # the label of a span that is of no type
SAME = 0.9  # of the letters of two spans together that both have: the same caption
Finder = Callable[[str], RiskText]
Typer = Callable[[str, Span, Span], Label | None]


@dataclass(frozen=True, slots=True)
class Document:
    """A filing as it was read."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled span of a file: a caption, or with `types` what it is about (any of them is right)."""

    file: str
    span: Span
    types: tuple[str, ...] = ()
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """One filing's captions against its labels, as spans of the file."""

    name: str
    found: tuple[Span, ...]
    missed: tuple[Span, ...]
    false: tuple[Span, ...]


def read_documents(place: Path) -> tuple[Document, ...]:
    """The filings of a folder, by name, or one file. InputError when there is none, or one cannot be read."""
    files = [place] if place.is_file() else sorted(place.glob("*")) if place.is_dir() else []
    taken = [file for file in files if file.name.removesuffix(".gz").lower().endswith(SUFFIXES)]
    if not taken:
        raise InputError(f"{str(place)!r} has no filings; give a folder of .txt or .html, also .gz")
    return tuple(Document(file.name, read_text(file)) for file in taken)


def read_text(file: Path) -> str:
    """A filing's text. InputError says why it cannot be read."""
    try:
        raw = file.read_bytes()
        raw = gzip.decompress(raw) if file.suffix == ".gz" else raw
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.name} is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file.name} cannot be read ({error}); give text, HTML or .gz") from None


def read_marks(files: Sequence[Path], documents: Sequence[Document]) -> tuple[Mark, ...]:
    """The labels of these documents; InputError names the row that is wrong, or when none is of them."""
    rows = [(f"{file.name}, row {number}", row) for file in files for number, row in objects(file)]
    marks = marks_of(rows, documents)
    if files and not marks:
        raise InputError("no label is of a file in this folder; `file` has to be a file's name")
    return marks


def marks_of(rows: Sequence[tuple[str, Row]], documents: Sequence[Document]) -> tuple[Mark, ...]:
    """The labels among these rows (each with where it stands) that are of these documents."""
    known = {document.name: document for document in documents}
    marks = []
    for where, row in rows:
        mark = _mark(row, where)
        if mark.file in known:
            _check(mark, row, known[mark.file], where)
            if mark.types or row.get("kind") == "caption" or mark.doubt:
                marks.append(mark)
    return tuple(dict.fromkeys(marks))  # a label that is given twice counts once


def measure(
    documents: Sequence[Document],
    marks: Sequence[Mark] = (),
    finder: Finder = risk_factors,
    typer: Typer = label,
) -> Mapping[str, Metric]:
    """Counts over all documents; recall, precision and types over those that are labelled.

    Intervals are over filings, not over captions: a layout that is read wrongly costs many of one filing.
    """
    read, times = [], []
    for document in documents:
        started = perf_counter()
        read.append((document, finder(document.text)))
        times.append((perf_counter() - started) * 1_000)
    every = [[(risks, caption) for caption in risks.captions] for _, risks in read]
    results = {
        "captions": Metric(sum(map(len, every)), len(documents), "captions"),
        "without": Metric(sum(not risks.captions for _, risks in read), len(read), "filings"),
        "quoted": _share(
            [[caption.of(risks.text) == caption.text for risks, caption in one] for one in every]
        ),
        "typed": _share([[caption.label is not None for _, caption in one] for one in every]),
        "p50_ms": Metric(percentile(times, 50), len(times), "ms"),
    }
    compared = compare(read, marks)
    if compared:
        results["recall"] = _share([_hits(one.found, one.missed) for one in compared])
        results["precision"] = _share([_hits(one.found, one.false) for one in compared])
    told = typed(read, marks, typer)
    if told:
        results["type_accuracy"] = _share(list(told.values()))
    return results


def compare(
    read: Sequence[tuple[Document, RiskText]], marks: Sequence[Mark]
) -> tuple[Compared, ...]:
    """Each labelled document's captions: found, missed, false."""
    sure: dict[str, list[Span]] = defaultdict(list)
    free: dict[str, list[Span]] = defaultdict(list)
    for mark in marks:
        if not mark.types:
            (free if mark.doubt else sure)[mark.file].append(mark.span)
    return tuple(
        _compared(document.name, spans(risks), sure[document.name], free[document.name])
        for document, risks in read
        if sure[document.name]
    )


def spans(risks: RiskText) -> tuple[Span, ...]:
    """The captions' places in the document (plain text)."""
    return tuple(
        Span(caption.start + risks.start, caption.end + risks.start) for caption in risks.captions
    )


def typed(
    read: Sequence[tuple[Document, RiskText]], marks: Sequence[Mark], typer: Typer
) -> Mapping[str, list[bool]]:
    """By file, whether each labelled span gets one of its types; the text under it reaches to the next caption found."""
    texts = {document.name: (document.text, spans(risks)) for document, risks in read}
    right: dict[str, list[bool]] = defaultdict(list)
    for mark in marks:
        if mark.types:
            text, captions = texts[mark.file]
            after = (caption.start for caption in captions if caption.start > mark.span.start)
            body = Span(mark.span.end, min(after, default=len(text)))
            told = typer(text, mark.span, body)
            right[mark.file].append((told.type if told is not None else NO_TYPE) in mark.types)
    return right


def _compared(
    name: str, captions: Sequence[Span], sure: Sequence[Span], free: Sequence[Span]
) -> Compared:
    found = tuple(span for span in captions if any(_same(span, other) for other in sure))
    return Compared(
        name,
        found,
        missed=tuple(span for span in sure if not any(_same(span, other) for other in captions)),
        false=tuple(
            span
            for span in captions
            if span not in found and not any(_same(span, other) for other in free)
        ),
    )


def _same(one: Span, other: Span) -> bool:
    both = min(one.end, other.end) - max(one.start, other.start)
    return both >= SAME * (max(one.end, other.end) - min(one.start, other.start))


def _mark(row: Row, where: str) -> Mark:
    file, start, end = row.get("file"), row.get("start"), row.get("end")
    if not isinstance(file, str) or not isinstance(start, int) or not isinstance(end, int):
        raise InputError(f"{where}: needs file, start and end")
    names = tuple(str(row[key]) for key in ("type", "second") if row.get(key))
    strange = next((name for name in names if name not in types() and name != NO_TYPE), None)
    if strange is not None:
        raise InputError(f"{where}: {strange!r} is no type; see filings/taxonomy.toml")
    return Mark(file, Span(start, end), names, bool(row.get("doubt")))


def _check(mark: Mark, row: Row, document: Document, where: str) -> None:
    if not 0 <= mark.span.start < mark.span.end <= len(document.text):
        raise InputError(f"{where}: {mark.span.start} to {mark.span.end} is not within {mark.file}")
    told = row.get("sha256")
    if told and told != hashlib.sha256(document.text.encode()).hexdigest():
        raise InputError(f"{where}: {mark.file} is not the text that was labelled")


def _hits(right: Sequence[Span], wrong: Sequence[Span]) -> list[bool]:
    return [True] * len(right) + [False] * len(wrong)


def _share(right: Sequence[Sequence[bool]]) -> Metric:
    n = sum(map(len, right))
    return Metric.of(clustered([(sum(one), len(one)) for one in right]), n) if n else Metric(0.0, 0)
