"""Are true answers of the embedded model told from invented ones? Real answers, read and labelled twice.

The packaged smollm2 answers the sample shop's own questions in words of its own (`wording = "free"`,
every intent open), half of them from `relevance.jsonl`, half from `questions.jsonl`. What it wrote and
cites is kept in `answers_labelled.jsonl` with two labels a sentence: does what is cited support all
that it claims, read as a part of a reply to its question? That something is unknown or not offered is
a claim; what claims nothing, or says the question again, is not supported. Of the first 68 answers both
passes are by one reader, the second shuffled and minutes later with the first still in mind: their kappa
is an upper bound. The others were read by two, each in another order and without the other's labels
(`readers`): theirs says how far two readers agree. The scores were not looked at before. A sentence is supported where both passes say so, an answer where all of it is.

The score is what support's checks of truth give: nothing where a fact is not sourced, else the
chance of `grounded`. That layer was fitted on the same articles, with other answers (corrupted and
reworded sentences); none of these drafts was used. The laziest products are those of `grounding`.

python -m bars.answers --collect FILE has the model write drafts, without labels, until FILE has 200.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from random import Random

from arriero.apps.support import articles, quality
from arriero.apps.support.reviews import agreement
from arriero.apps.support.settings import SAMPLE
from arriero.assembly import Platform, open_platform
from arriero.bench.grounding import auroc, interval
from arriero.bench.specimens import Specimen
from arriero.checks.base import Check, Exhibit
from arriero.checks.facts import facts_are_sourced
from arriero.checks.rarity import Rarity
from arriero.checks.reading import read, sentences
from arriero.core.settings import Settings
from arriero.core.statistics import expected_calibration_error, wilson
from arriero.core.words import Source, Verdict
from arriero.models import catalogue
from arriero.models.encoder import OnnxEncoder
from bars._questions import SEED, rows
from bars._trial import count, keep, progress
from bars.grounding import products
from bars.result import HERE, Figure

COLLECT = "--collect"
LABELLED = HERE / "answers_labelled.jsonl"
ANSWERS = 200  # issue: 200 real answers of the embedded models labelled twice
RELEASE = 0.7  # case study: quality < 0.7 -> fallback
DEADLINE_MS = 120_000
WHAT = "real answers of the packaged smollm2 in words of its own, read and labelled twice"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of an answer, and whether what is cited supports it, as read twice."""

    sentence: str
    first: bool | None = None
    second: bool | None = None

    @property
    def supported(self) -> bool:
        return bool(self.first and self.second)


@dataclass(frozen=True, slots=True)
class Answer:
    """A draft of the model, what it cites, and its sentences, each once, as one or two people read them."""

    question: str
    answer: str
    sources: tuple[Source, ...]
    said: tuple[Said, ...]
    readers: int = 2

    @property
    def supported(self) -> bool:
        return bool(self.said) and all(one.supported for one in self.said)

    def specimen(self, text: str, *, right: bool) -> Specimen:
        """As the bench of grounding takes it; what cites the same article first goes together."""
        document = self.sources[0].id.partition("#")[0]
        return Specimen("real", document, self.question, text, self.sources, right)


def main() -> None:
    if COLLECT in sys.argv[1:]:
        file = Path(sys.argv[sys.argv.index(COLLECT) + 1])
        asyncio.run(_collect(file, count(ANSWERS, 5)))
    else:
        keep("answers", WHAT, asyncio.run(_measured(labelled()[:: count(1, 8)])))


def labelled(file: Path = LABELLED) -> tuple[Answer, ...]:
    """The answers of a file; `ValueError` names the first that is not labelled twice."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sources = tuple(Source(**one) for one in row["sources"])
        said = tuple(Said(**one) for one in row["said"])
        if any(one.first is None or one.second is None for one in said):
            raise ValueError(f"the answer to {row['question']!r} is not labelled twice")
        found.append(Answer(row["question"], row["answer"], sources, said, row["readers"]))
    return tuple(found)


def specimens(answers: Sequence[Answer]) -> tuple[Sequence[Specimen], Sequence[Specimen]]:
    """The sentences of all answers, and the answers whole."""
    parts = [
        one.specimen(said.sentence, right=said.supported) for one in answers for said in one.said
    ]
    return parts, [one.specimen(one.answer, right=one.supported) for one in answers]


def figures(answers: Sequence[Answer], score: Callable[[Specimen], float]) -> list[Figure]:
    """How well `score` tells what both passes found supported, and how far the passes agree."""
    parts, whole = specimens(answers)
    scores = [score(one) for one in parts]
    sure = [one.right for one, chance in zip(parts, scores, strict=True) if chance >= RELEASE]
    return [
        Figure("answers", len(answers), "answers", f">= {ANSWERS}"),
        *_told(parts, scores, "_of_sentences"),
        _share("sentences_supported", [one.right for one in parts], "by both passes"),
        _share("sentences_supported_from_0.7", sure, "of those that score 0.7 or more"),
        *_told(whole, [score(one) for one in whole], ""),
        _share("answers_supported", [one.right for one in whole], "in every sentence"),
        *_agreed(answers, 2, "", "of two readers"),
        *_agreed(answers, 1, "_with_oneself", "of one reader's two passes: an upper bound"),
    ]


def _told(made: Sequence[Specimen], scores: Sequence[float], suffix: str) -> list[Figure]:
    told = interval(scores, made)
    low, high = (round(one, 4) if one is not None else None for one in (told.low, told.high))
    ece = expected_calibration_error(scores, [one.right for one in made])
    return [
        Figure(f"auroc{suffix}", round(told.value, 4), "share", ">= 0.9", told.n, low, high),
        Figure(f"ece{suffix}", round(ece, 4), "share", "<= 0.05", told.n),
    ]


class Truth:
    """What support's checks of truth make of an answer, as they do when serving."""

    def __init__(self) -> None:
        rarity = Rarity.of(one.text for one in articles.load(SAMPLE / "articles"))
        self._checks: Sequence[Check] = (facts_are_sourced, quality.grounded(rarity))

    def __call__(self, specimen: Specimen) -> float:
        exhibit = Exhibit(
            specimen.question, specimen.answer, origin="generative", sources=specimen.sources
        )
        score = 0.0
        for check in self._checks:
            verdict = check.judge(exhibit)
            if not isinstance(verdict, Verdict) or not verdict.passed:
                return 0.0
            score = verdict.score
        return score


async def _measured(answers: Sequence[Answer]) -> list[Figure]:
    found = figures(answers, Truth())
    parts, _ = specimens(answers)
    right = [one.right for one in parts]
    folder = Settings.load().models.folder.expanduser()
    encoder = OnnxEncoder(catalogue.path("minilm-l6", folder))
    for name, product in products(encoder).items():
        scores = [await product(one) for one in parts]
        ece = expected_calibration_error(scores, right)
        value = round(auroc(scores, right), 4)
        found += [
            Figure(f"auroc_of_sentences_by_{name}", value, "share", n=len(right)),
            Figure(f"ece_of_sentences_by_{name}", round(ece, 4), "share", n=len(right)),
        ]
    await encoder.close()
    return found


async def _collect(file: Path, wanted: int) -> None:
    """Answers without labels, each written as it comes, beside those that `file` has already."""
    known = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    asked = {json.loads(line)["question"] for line in known}
    logging.getLogger("arriero").setLevel(logging.ERROR)
    intents = sorted({label for _, label in rows(SAMPLE / "intents.csv")})
    support = {"wording": "free", "open_intents": intents, "review_share": 0}
    with tempfile.TemporaryDirectory() as folder, file.open("a", encoding="utf-8") as lines:
        settings = Settings.load(data=Path(folder), apps={"support": support})
        async with open_platform(settings) as platform:
            progress("platform open; starting the text model")
            for question in (one for one in questions() if one not in asked):
                if len(asked) >= wanted:
                    return
                if one := await _drafted(platform, question):
                    print(json.dumps(asdict(one), ensure_ascii=False), file=lines, flush=True)
                    asked.add(question)


def questions() -> Iterator[str]:
    """The sample shop's own questions, in turn one of each file, each once, in a shuffled order."""
    asked = _rows("relevance.jsonl", "question"), _rows("questions.jsonl", "questions")
    random = Random(SEED)
    for one in asked:
        random.shuffle(one)
    return iter(dict.fromkeys(chain.from_iterable(zip(*asked, strict=False))))


def _rows(name: str, field: str) -> list[str]:
    told = [json.loads(line)[field] for line in (SAMPLE / name).read_text("utf-8").splitlines()]
    return [one for row in told for one in ([row] if isinstance(row, str) else row)]


async def _drafted(platform: Platform, question: str) -> Answer | None:
    """What the model wrote; None where the question did not reach it."""
    result = await platform.run(
        "support", {"message": question}, actor="bar", deadline_ms=DEADLINE_MS
    )
    drafts = (one["draft"] for one in result.trace.drafts)
    draft = next((one for one in drafts if one["origin"] == "generative"), None)
    if draft is None:
        return None
    sources, text = tuple(Source(**one) for one in draft["sources"]), draft["answer"]["response"]
    said = dict.fromkeys(one for one in sentences(text) if read(one).claims)
    return Answer(question, text, sources, tuple(Said(one) for one in said))


def _agreed(answers: Sequence[Answer], readers: int, suffix: str, note: str) -> list[Figure]:
    """How far the two labels of each sentence agree, where `readers` made them."""
    both = agreement(
        [
            (bool(s.first), bool(s.second))
            for one in answers
            if one.readers == readers
            for s in one.said
        ]
    )
    if not both.n:
        return []
    same = Figure(f"same_label{suffix}", round(both.observed, 4), "share", n=both.n, note=note)
    if both.kappa is None or both.kappa_low is None or both.kappa_high is None:
        return [same]  # every label the same: there is none
    value, low, high = (round(one, 4) for one in (both.kappa, both.kappa_low, both.kappa_high))
    return [Figure(f"kappa{suffix}", value, "", "", both.n, low, high, f"Fleiss, {note}"), same]


def _share(name: str, hits: Sequence[bool], note: str) -> Figure:
    seen = wilson(sum(hits), len(hits))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", "", len(hits), low, high, note)


if __name__ == "__main__":
    main()
