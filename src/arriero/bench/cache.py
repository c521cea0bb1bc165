"""The semantic cache of approved answers on pairs of questions: hits, and hits that are false.

The approved questions are halved; thresholds are fitted on one half's pairs and reported on the other's,
both ways round. A false hit is a near-miss that would get the approved answer.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from arriero.apps.support.agreement import disagreement
from arriero.apps.support.approved import may_be_shared, normalised
from arriero.apps.support.approved_fit import Fitted, Trial, fit
from arriero.apps.support.settings import SAMPLE
from arriero.bench.jsonl import Row, objects
from arriero.bench.report import Metric
from arriero.core.errors import InputError
from arriero.core.statistics import percentile, wilson
from arriero.models.base import Encoder

EVIDENCE = SAMPLE / "cache_pairs.jsonl"
TIMED = 200
_NAMES: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "approved", "approved_question"),
    "asked": ("asked", "new", "new_question", "paraphrase"),
    "same": ("same", "same_answer", "label"),
}
_YES = {"true": True, "yes": True, "1": True, "same": True, "paraphrase": True}
_NO = {"false": False, "no": False, "0": False, "different": False, "near-miss": False}

Decide = Callable[[Trial], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """An approved question, a new one, and whether the approved answer is right for both."""

    intent: str
    question: str
    asked: str
    same: bool


def read_pairs(file: Path) -> tuple[Pair, ...]:
    """The pairs of a JSONL or CSV file: question, asked, same (true or false), and intent if known.

    Also called approved_question, new_question and same_answer. Raises `InputError` naming the line.
    """
    rows = _csv(file) if file.suffix.lower() == ".csv" else objects(file)
    pairs = tuple(dict.fromkeys(_pair(file.name, number, row) for number, row in rows))
    if {pair.same for pair in pairs} != {True, False}:
        raise InputError(
            f"{file.name} needs pairs with the same answer and pairs with another one; give both"
        )
    if len({normalised(pair.question) for pair in pairs}) < 2:
        raise InputError(f"{file.name} has one approved question; two are needed to halve them")
    return pairs


async def measure(
    pairs: Sequence[Pair], encoder: Encoder, *, evidence: Sequence[Pair] = ()
) -> Mapping[str, Metric]:
    """hit_rate and false_hit_rate with their intervals, and the time of a lookup's encoding and guards.

    `evidence` are pairs that thresholds are fitted on as well; those about a question of `pairs` are
    left out of them.
    """
    asked_here = {normalised(pair.question) for pair in pairs}
    apart = [pair for pair in evidence if normalised(pair.question) not in asked_here]
    trials = await judged(pairs, encoder)
    known = await judged(apart, encoder) if apart else []
    decided, fits = crossed(trials, known)
    intents = {trial.intent for trial in trials}
    times = []
    for pair in pairs[:TIMED]:
        started = perf_counter()
        await encoder.encode([f"{pair.asked} "])  # not remembered from before
        disagreement(pair.asked, pair.question)
        times.append((perf_counter() - started) * 1e3)
    return {
        **rates(trials, decided),
        "bound": Metric(max(one.bound for one in fits), min(one.trials for one in fits)),
        "intents": Metric(
            min(len(intents & one.thresholds.keys()) for one in fits), len(intents), "intents"
        ),
        "p50_ms": Metric(percentile(times, 50), len(times), "ms"),
    }


async def judged(pairs: Sequence[Pair], encoder: Encoder) -> list[Trial]:
    """Each pair with the cosine of its questions and what the guards say."""
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.question, pair.asked)))
    places = {text: place for place, text in enumerate(texts)}
    vectors = await encoder.encode(texts)
    return [
        Trial(
            pair.intent,
            normalised(pair.question),
            float(np.dot(vectors[places[pair.question]], vectors[places[pair.asked]])),
            may_be_shared(pair.asked) and not disagreement(pair.asked, pair.question),
            pair.same,
        )
        for pair in pairs
    ]


def crossed(
    trials: Sequence[Trial], evidence: Sequence[Trial] = ()
) -> tuple[list[bool], tuple[Fitted, Fitted]]:
    """Whether each trial is a hit by thresholds that were fitted on the other half, and both fits."""
    half = halves(trials)
    fits = tuple(
        fit([*evidence, *(trial for trial in trials if half[trial.intent, trial.approved] != side)])
        for side in (0, 1)
    )
    decided = [hits(fits[half[trial.intent, trial.approved]].thresholds)(trial) for trial in trials]
    return decided, (fits[0], fits[1])


def halves(trials: Iterable[Trial]) -> Mapping[tuple[str, str], int]:
    """0 or 1 for each approved question: every intent is halved, in the order of a hash."""
    groups = {(trial.intent, trial.approved) for trial in trials}
    by_intent: dict[str, list[str]] = defaultdict(list)
    for intent, question in groups:
        by_intent[intent].append(question)
    side: dict[tuple[str, str], int] = {}
    for intent, questions in sorted(by_intent.items()):
        ordered = sorted(questions, key=lambda text: hashlib.sha256(text.encode()).digest())
        first = len(side)  # so that intents of one question do not all fall into one half
        side |= {(intent, text): (first + at) % 2 for at, text in enumerate(ordered)}
    return side


def hits(thresholds: Mapping[str, float]) -> Decide:
    """What the cache does: guards, then the intent's threshold; without one, exact questions only."""

    def decide(trial: Trial) -> bool:
        threshold = thresholds.get(trial.intent)
        return threshold is not None and trial.agrees and trial.likeness >= threshold

    return decide


def rates(trials: Sequence[Trial], decided: Sequence[bool]) -> Mapping[str, Metric]:
    """The shares of paraphrases and of near-misses that were hits, and of hits that were false."""
    right = [hit for trial, hit in zip(trials, decided, strict=True) if trial.right]
    false = [hit for trial, hit in zip(trials, decided, strict=True) if not trial.right]
    given = sum(right) + sum(false)
    return {
        "hit_rate": Metric.of(wilson(sum(right), len(right)), len(right)),
        "false_hit_rate": Metric.of(wilson(sum(false), len(false)), len(false)),
        "false_among_hits": Metric.of(wilson(sum(false), given), given),
    }


def _pair(name: str, number: int, row: Row) -> Pair:
    where = f"{name}, line {number}"
    found = {
        field: next((row[name] for name in names if row.get(name) is not None), None)
        for field, names in _NAMES.items()
    }
    question, asked = (str(found[field] or "").strip() for field in ("question", "asked"))
    if not question or not asked:
        raise InputError(f"{where}: the approved or the new question is missing; give both")
    same = {**_YES, **_NO}.get(str(found["same"]).strip().lower())
    if same is None:
        raise InputError(f"{where}: same is {found['same']!r}; say true or false")
    return Pair(str(row.get("intent") or ""), question, asked, same)


def _csv(file: Path) -> Iterable[tuple[int, Row]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a CSV in UTF-8") from None
