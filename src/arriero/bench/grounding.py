"""`arriero bench grounding`: are corrupted answers told from true ones, on anybody's documents?

Right answers quote or reword sentences of the documents; wrong ones are corrupted in ways that the
score was never fitted on (dates, units, modality, changed sources, cut sentences, added sentences,
answers to another question), in equal number. `auroc_facts` is measured apart, on swapped numbers,
dates and names. Documents come without questions: a question is made of the title and half of the
telling words of the sentence that is quoted.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from time import perf_counter

from arriero.apps.support import quality
from arriero.bench.report import Metric, Report, report
from arriero.bench.specimens import Document, Recipe, Specimen, specimens
from arriero.checks.base import Exhibit
from arriero.checks.corruptions import FITTED as FITTED_CORRUPTIONS
from arriero.checks.corruptions import UNSEEN as UNSEEN_CORRUPTIONS
from arriero.checks.facts import facts_are_sourced
from arriero.checks.rarity import Rarity
from arriero.checks.reading import sentences
from arriero.checks.rewording import UNSEEN as UNSEEN_RULES
from arriero.core.errors import InputError
from arriero.core.statistics import expected_calibration_error, percentile
from arriero.core.words import Verdict
from arriero.models.base import Encoder

SEED = 20_261_125
SENTENCES = 3  # of each document
ENDINGS = frozenset({".md", ".txt", ".json"})
RESAMPLES = 200
FACTS = ("number", "date", "name")

Score = Callable[[Specimen], Awaitable[float]]


async def evaluate(docs: Path, encoder: Encoder | None, *, seed: int = SEED) -> Report:
    """The score of support on answers made of the documents of a folder; see the module."""
    documents = load(docs)
    judge = Judge(documents, encoder)
    unseen = unseen_kinds(documents, seed)
    facts = swapped_facts(documents, seed + 1)
    started = perf_counter()
    scores = [await judge(one) for one in unseen]
    spent = (perf_counter() - started) * 1_000
    count = sum(max(1, len(sentences(one.answer))) for one in unseen)
    of_facts = [await judge(one) for one in facts]
    right = [one.right for one in unseen]
    results = {
        "auroc": interval(scores, unseen),
        "auroc_facts": interval(of_facts, facts),
        "ece": Metric(expected_calibration_error(scores, right), len(right)),
        "ms_per_sentence": Metric(spent / count, count, "ms"),
    }
    for kind in sorted({one.kind for one in unseen if not one.right}):
        results[f"auroc_{kind}"] = _of_kind(kind, unseen, scores)
    for kind in FACTS:
        results[f"auroc_{kind}"] = _of_kind(kind, facts, of_facts)
    return report("grounding", [docs], {name: one for name, one in results.items() if one.n})


class Judge:
    """What support would score a specimen, as it does when serving."""

    def __init__(self, documents: Sequence[Document], encoder: Encoder | None) -> None:
        rarity = Rarity.of(one.text for one in documents)
        self._grounded = quality.grounded(rarity)
        self._relevant = quality.relevant(rarity, encoder)

    async def __call__(self, specimen: Specimen) -> float:
        exhibit = Exhibit(
            specimen.question, specimen.answer, origin="generative", sources=specimen.sources
        )
        facts = facts_are_sourced.judge(exhibit)
        verdicts = [facts]
        if facts.passed:
            for check in (self._grounded, self._relevant):
                verdict = check.judge(exhibit)
                verdicts.append(verdict if isinstance(verdict, Verdict) else await verdict)
        return quality.score(verdicts)


def unseen_kinds(documents: Sequence[Document], seed: int = SEED) -> tuple[Specimen, ...]:
    """Right answers and answers corrupted in ways that nothing was fitted on, half and half."""
    recipe = Recipe(UNSEEN_CORRUPTIONS, UNSEEN_RULES, SENTENCES, stale=True, other_question=True)
    return _enough(specimens(documents, recipe, seed))


def swapped_facts(documents: Sequence[Document], seed: int = SEED) -> tuple[Specimen, ...]:
    """Right answers and answers with a number, date or name swapped, half and half."""
    known = {**FITTED_CORRUPTIONS, **UNSEEN_CORRUPTIONS}
    recipe = Recipe({kind: known[kind] for kind in FACTS}, UNSEEN_RULES, 2 * SENTENCES)
    return specimens(documents, recipe, seed)


def load(folder: Path) -> tuple[Document, ...]:
    """The documents of a folder: .md and .txt (headers between `---` are left out), .json with a text.

    A .json file holds an object, or a list of them, with `content`, `text` or `body`, and may have
    `id` and `title`. Raises `InputError` naming the file.
    """
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; name the one that holds the documents")
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)
    found = [one for file in files for one in _documents(file, folder)]
    if len(found) < 2:
        raise InputError(
            f"{str(folder)!r} holds {len(found)} documents (.md, .txt, .json); two or more are needed, "
            "because wrong answers are made of other documents"
        )
    return tuple(found)


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """The chance that a right answer scores above a wrong one, ties counting half (Mann-Whitney)."""
    order = sorted(range(len(scores)), key=lambda at: scores[at])
    ranks = [0.0] * len(scores)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and scores[order[end]] == scores[order[begin]]:
            end += 1
        for at in order[begin:end]:
            ranks[at] = (begin + end + 1) / 2
        begin = end
    above = sum(right)
    if not above or above == len(right):
        return 0.5
    total = sum(rank for rank, one in zip(ranks, right, strict=True) if one)
    return (total - above * (above + 1) / 2) / (above * (len(right) - above))


def interval(scores: Sequence[float], made: Sequence[Specimen]) -> Metric:
    """AUROC with a percentile bootstrap over whole documents: answers of one document go together."""
    if not made:
        return Metric(0.5, 0)
    right = [one.right for one in made]
    places: dict[str, list[int]] = {}
    for at, one in enumerate(made):
        places.setdefault(one.document, []).append(at)
    groups = [places[name] for name in sorted(places)]
    random = Random(SEED)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = [at for group in random.choices(groups, k=len(groups)) for at in group]
        drawn.append(auroc([scores[at] for at in chosen], [right[at] for at in chosen]))
    value = auroc(scores, right)
    return Metric(value, len(made), "share", percentile(drawn, 2.5), percentile(drawn, 97.5))


def _of_kind(kind: str, made: Sequence[Specimen], scores: Sequence[float]) -> Metric:
    """All right answers against the wrong ones of one kind."""
    kept = [at for at, one in enumerate(made) if one.right or one.kind == kind]
    wrong = sum(not made[at].right for at in kept)
    value = auroc([scores[at] for at in kept], [made[at].right for at in kept])
    return Metric(value, wrong)


def _enough(made: tuple[Specimen, ...]) -> tuple[Specimen, ...]:
    if not made:
        raise InputError(
            "no answers can be made of these documents: none has a sentence of four words or more"
        )
    return made


def _documents(file: Path, folder: Path) -> list[Document]:
    name = file.relative_to(folder).as_posix()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name} cannot be read ({error}); save it as UTF-8 text") from None
    if file.suffix.lower() != ".json":
        return [_plain_document(name, text)]
    try:
        told = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name} is not JSON ({error}); correct or remove it") from None
    rows = told if isinstance(told, list) else [told]
    return [
        _json_document(f"{name}#{at}" if len(rows) > 1 else name, row)
        for at, row in enumerate(rows)
    ]


def _plain_document(name: str, text: str) -> Document:
    title, body = "", text
    if text.startswith("---\n") and "\n---" in text[4:]:
        header, _, body = text[4:].partition("\n---")
        title = next(
            (line[6:].strip() for line in header.splitlines() if line.startswith("title:")), ""
        )
    first = next((line.lstrip("# ").strip() for line in body.splitlines() if line.strip()), "")
    return Document(name, title or first or name, body.lstrip("-").strip())


def _json_document(name: str, row: object) -> Document:
    if isinstance(row, dict):
        for field in ("content", "text", "body"):
            if isinstance(row.get(field), str):
                return Document(str(row.get("id", name)), str(row.get("title") or name), row[field])
    raise InputError(f"{name} holds no text; give it a field content, text or body")
