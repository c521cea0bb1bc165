"""Fits the quality score's two layers: `python -m arriero.bench.fit_quality [OUT]`.

On our own material only: the sample shop's articles with corruptions and rewordings of the kinds in
`FITTED`, and the hand-written rows of `relevance.jsonl` (a question, the passage that answers it, a
true rewording). `bench grounding` tests on other kinds and other documents.

The weights have a given sign (a mismatch can only cost), so the score is monotone and readable;
within it they minimise the log-loss with an L2 penalty, by SciPy's L-BFGS-B.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arriero.apps.support import articles, extract
from arriero.apps.support.quality import COEFFICIENTS
from arriero.apps.support.settings import SAMPLE
from arriero.bench.fit_expected import Asked, Collection, Intents, Judged, judged, questions
from arriero.bench.specimens import Document, Recipe, specimens
from arriero.checks import evidence, relevance
from arriero.checks.corruptions import FITTED as CORRUPTIONS
from arriero.checks.evidence import Sources
from arriero.checks.logistic import Logistic
from arriero.checks.rarity import Rarity
from arriero.checks.reading import read, sentences
from arriero.checks.rewording import FITTED as RULES
from arriero.core.settings import Settings
from arriero.core.words import Source
from arriero.models import catalogue

if TYPE_CHECKING:
    from arriero.models.encoder import OnnxEncoder

SEED = 20_261_124
DAY = date(2026, 11, 24)  # the day on which the sample's articles are asked for
SPEAKS_FOR = frozenset(
    "verbatim covered in_order says_whole taken_up best_sentence near filed title_up likely ahead "
    "asked_up alike first".split()
)
COSINES = ("near",)
PENALTY = 1.0  # L2 on the distance of a weight from what is presumed of it
# A mismatch is presumed to cost log-odds until true rewordings say that it does not: corruptions of
# the kinds that are fitted on show only some of the mismatches.
PRESUMED = -3.0
DRAFTS = (
    3  # drafts a question: what would be said if the best, second, third passage were the first
)
FIRST = 5  # times the first draft counts: it is the one that would be said
HAND = 4  # times a hand-written rewording counts: there are fewer of them than of those by rule

ANSWERABLE = 0.5  # assumed share of the questions of customers that some article answers
BY_HAND = 0.5  # of the weight: hand-written questions are more like what people ask


class Sample(NamedTuple):
    """An answer's features, whether it is right, what stays together in a fold, and its weight."""

    features: Mapping[str, float]
    right: bool
    group: str
    weight: float = 1.0


Rows = list[Sample]


@dataclass(frozen=True)
class Row:
    """A question, the passages that answer it (the best first, or none) and that answer reworded."""

    question: str
    passages: Sequence[str]
    reworded: str | None


def main() -> None:
    """Fit all layers, write them, and print how well they do on documents left out."""
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # heavy

    out = Path(sys.argv[1]) if len(sys.argv) > 1 else COEFFICIENTS
    known = articles.load(SAMPLE / "articles")
    rows = [
        Row(**json.loads(line))
        for line in (SAMPLE / "relevance.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    rarity = Rarity.of(article.text for article in known)
    truth = support_rows(known, rows, rarity)
    grounded = fit(truth, evidence.MEANINGS)
    folder = Settings.load().models.folder.expanduser()
    encoder = OnnxEncoder(catalogue.path("minilm-l6", folder))
    asked = relevance_rows(known, rows, rarity, grounded, encoder)
    asked += hurried_rows(known, rarity, encoder)
    both = [*relevance.MEANINGS, *relevance.EXPECTED]
    warned = [*both, *relevance.UNANSWERED]
    expecting = expected_rows(rows, Collection(encoder, DAY))
    learned = expected_rows(rows, Collection(encoder, DAY, learning=True, warned=False))
    learned_warned = expected_rows(rows, Collection(encoder, DAY, learning=True))
    by_words = [name for name in relevance.MEANINGS if name not in COSINES]
    fitted: dict[str, tuple[Rows, Sequence[str]]] = {
        "relevant": (asked, [*relevance.MEANINGS]),
        "relevant_by_words": (asked, by_words),
        "relevant_to_expected": (expecting, both),
        "relevant_beside_unanswered": (expecting, warned),
        "relevant_to_learned": (learned, both),
        "relevant_beside_learned": (learned_warned, warned),
    }
    layers = {"grounded": grounded} | {name: fit(*given) for name, given in fitted.items()}
    tables = {name: layer.table() for name, layer in layers.items()}
    text = json.dumps({"encoder": encoder.name, **tables}, indent=2)
    out.write_text(text + "\n", encoding="utf-8")
    for name, (data, names) in {"grounded": (truth, [*evidence.MEANINGS]), **fitted}.items():
        found = folds(data, names)
        print(f"{name}: {len(data)} rows, folds of whole documents: {said(found)}")  # noqa: T201
        if data is not truth and data is not asked:
            own = [at for at, one in enumerate(data) if one.group in {row.question for row in rows}]
            hand = [found[0][at] for at in own], [found[1][at] for at in own]
            print(f"    of them {len(own)} hand-written: {said(hand)}")  # noqa: T201  # a script


def support_rows(known: Sequence[articles.Article], rows: Sequence[Row], rarity: Rarity) -> Rows:
    """Sentences, right and wrong, with their features; grouped by the document they cite."""
    documents = [Document(one.id, one.title, one.text) for one in known]
    recipe = Recipe(CORRUPTIONS, RULES, sentences=12, every_kind=True)
    found: Rows = []
    for one in specimens(documents, recipe, SEED):
        sources = Sources.of([source.quote for source in one.sources])
        parts = sentences(one.answer)  # what was corrupted is the first that claims anything
        told = next((part for part in parts if read(part).claims), one.answer)
        found.append(Sample(evidence.features(told, sources, rarity), one.right, one.document))
    by_id = {article.id: article for article in known}
    for row in rows:
        if not row.passages or row.reworded is None:
            continue
        document, _, _ = row.passages[0].partition("#")
        sources = Sources.of([by_id[document].text])
        features = evidence.features(row.reworded, sources, rarity)
        found += [Sample(features, True, document)] * HAND
        found += _hand_corrupted(row.reworded, by_id[document], known, sources, rarity)
    return found


def _hand_corrupted(
    told: str,
    article: articles.Article,
    known: Sequence[articles.Article],
    sources: Sources,
    rarity: Rarity,
) -> Rows:
    """A hand-written rewording made wrong: wrong answers are reworded as often as right ones."""
    from arriero.checks.corruptions import Pool  # noqa: PLC0415

    random = Random(f"{SEED}{told}")
    others = tuple(
        text
        for one in random.sample(known, 20)
        if one.id != article.id
        for text in sentences(one.text)
    )
    pool = Pool(sentences(article.text), others)
    kinds = [kind for name, kind in CORRUPTIONS.items() if name != "neighbour"]
    changed = [one for kind in kinds if (one := kind(random, told, pool)) is not None]
    return [
        Sample(evidence.features(one, sources, rarity), False, article.id)
        for one in changed
        for _ in range(max(1, HAND // len(changed)))
    ]


def relevance_rows(
    known: Sequence[articles.Article],
    rows: Sequence[Row],
    rarity: Rarity,
    grounded: Logistic,
    encoder: OnnxEncoder,
) -> Rows:
    """What would be said to each question, and whether it answers it; grouped by question."""
    passages = [one for one in articles.passages_of(known) if one.valid_on(DAY)]
    vectors = encoder.encode_now([f"{one.title}\n{one.text}" for one in passages])
    intents = Intents(encoder)
    found: Rows = []
    for at, row in enumerate(rows):
        asked = encoder.encode_now([row.question])[0]
        chances = intents.of(asked)
        words = relevance.features
        order = sorted(
            range(len(passages)),
            key=lambda place: (
                -(
                    float(vectors[place] @ asked)
                    + 0.3 * _shared(row.question, passages[place].text, rarity)
                    + 0.15
                    * max((chances.get(label, 0.0) for label in passages[place].labels), default=0)
                )
            ),
        )
        ranked = [
            Source(one.id, one.title, one.text) for one in (passages[place] for place in order[:12])
        ]
        labels = {passages[place].id: passages[place].labels for place in order[:12]}
        right = [one for one in ranked if one.id in row.passages[:1]]
        starts = [ranked[first:] for first in range(DRAFTS)] + (
            [[*right, ranked[0]]] if right else []
        )
        drafts = [draft for start in starts if (draft := extract.answer(row.question, start))]
        drafts += [(row.reworded, tuple(right))] if right and row.reworded else []
        seen: set[str] = set()
        for text, cited in drafts:
            if text in seen:
                continue
            seen.add(text)
            near = encoder.encode_now(sentences(text)) @ asked
            best = max(chances, key=lambda name: chances[name])
            filed = chances[best] * any(best in labels.get(one.id, ()) for one in cited)
            features = words(
                row.question, text, [one.title for one in cited], rarity,
                near=[float(one) for one in near], filed=filed,
            )  # fmt: skip
            times = 1 if seen - {text} else FIRST
            found += [Sample(features, _answers(row, cited, grounded, rarity), str(at))] * times
    return found


def expected_rows(rows: Sequence[Row], known: Collection) -> Rows:
    """The rows of `fit_expected`, and the hand-written questions asked of the whole collection.

    A chance is one of some mix of questions: of the weight, `ANSWERABLE` lies on questions that
    something answers, and `BY_HAND` on the hand-written ones, which are less hard than an expected
    question whose own words were taken away.
    """
    place = {one.id: at for at, one in enumerate(known.passages)}
    by_hand = [
        Asked(
            row.question, row.question, frozenset(place[id] for id in row.passages if id in place)
        )
        for row in rows
    ]
    hand, own = judged(known, by_hand), judged(known, questions(known))
    return [
        Sample(one.features, one.right, one.asked.group, weight)
        for part, share in ((hand, BY_HAND), (own, 1 - BY_HAND))
        for one, weight in zip(part, _weights(part, share * len(own)), strict=True)
    ]


def _weights(judged: Sequence[Judged], whole: float) -> Sequence[float]:
    """A weight each, `whole` together: `ANSWERABLE` of it on what can be answered, and of the rest as much
    on questions whose answer was taken out as on those that never had one.
    """
    kinds = [
        "answerable" if one.asked.right else "taken out" if one.asked.gone else "unanswered"
        for one in judged
    ]
    count = Counter(kinds)
    rest = (1 - ANSWERABLE) / (len(count) - 1)
    return [whole * (ANSWERABLE if one == "answerable" else rest) / count[one] for one in kinds]


def hurried_rows(known: Sequence[articles.Article], rarity: Rarity, encoder: OnnxEncoder) -> Rows:
    """Questions of a subject and a few telling words, with the sentence they are of, or another.

    The hand-written questions are hard on purpose; alone they would teach the score to be timid.
    """
    documents = [Document(one.id, one.title, one.text) for one in known]
    recipe = Recipe({}, RULES, sentences=3, other_question=True)
    found: Rows = []
    for one in specimens(documents, recipe, SEED):
        asked, *told = encoder.encode_now([one.question, *sentences(one.answer)])
        features = relevance.features(
            one.question, one.answer, [one.sources[0].title], rarity,
            near=[float(asked @ vector) for vector in told],
        )  # fmt: skip
        found.append(Sample(features, one.right, one.document))
    return found


def _answers(row: Row, cited: Sequence[Source], grounded: Logistic, rarity: Rarity) -> bool:
    """Whether the right passage is cited, or one that says the same."""
    if any(one.id in row.passages for one in cited):
        return True
    if not row.passages or row.reworded is None:
        return False
    same = Sources.of([one.quote for one in cited])
    return grounded.chance(evidence.features(row.reworded, same, rarity)) >= 0.7


def _shared(question: str, text: str, rarity: Rarity) -> float:
    return relevance.features(question, text, (), rarity)["taken_up"]


def fit(
    rows: Sequence[Sample],
    names: Sequence[str] | Mapping[str, str],
    penalty: float = PENALTY,
) -> Logistic:
    """The layer of least penalised log-loss whose weights have the sign of what they mean."""
    from scipy.optimize import minimize  # noqa: PLC0415  # only when something is fitted

    names = list(names)
    matrix = np.array(
        [[min(1.0, max(0.0, row.features.get(name, 0.0))) for name in names] for row in rows]
    )
    right = np.array([row.right for row in rows], float)
    weight = np.array([row.weight for row in rows])
    presumed = np.array([0.0 if name in SPEAKS_FOR else PRESUMED for name in names])
    if "near" in names or "filed" in names:  # every kind of mismatch with a question is in the rows
        presumed[:] = [PRESUMED if name == "other_year" else 0.0 for name in names]

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = matrix @ at[1:] + at[0]
        value = (
            weight @ np.logaddexp(0, logits)
            - (weight * right) @ logits
            + penalty / 2 * ((at[1:] - presumed) @ (at[1:] - presumed))
        )
        off = weight * (1 / (1 + np.exp(-logits)) - right)
        return float(value), np.concatenate(
            ([off.sum()], matrix.T @ off + penalty * (at[1:] - presumed))
        )

    bounds = [(None, None)] + [(0, None) if name in SPEAKS_FOR else (None, 0) for name in names]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    weights = {name: round(float(value), 4) for name, value in zip(names, found.x[1:], strict=True)}
    means = np.average(matrix, axis=0, weights=weight * right)
    usual = {name: round(float(value), 4) for name, value in zip(names, means, strict=True)}
    return Logistic(round(float(found.x[0]), 4), weights, usual)


def folds(rows: Rows, names: Sequence[str], *, count: int = 5) -> tuple[list[float], list[bool]]:
    """Each row's chance from a layer that saw no row of its group."""
    groups = sorted({row.group for row in rows})
    Random(SEED).shuffle(groups)
    part = {group: at % count for at, group in enumerate(groups)}
    chances = [0.0] * len(rows)
    for left_out in range(count):
        layer = fit([row for row in rows if part[row.group] != left_out], names)
        for at, row in enumerate(rows):
            if part[row.group] == left_out:
                chances[at] = layer.chance(row.features)
    return chances, [row.right for row in rows]


def said(result: tuple[list[float], list[bool]]) -> str:
    """AUROC and calibration error of chances, for people."""
    from arriero.bench.grounding import auroc  # noqa: PLC0415
    from arriero.core.statistics import expected_calibration_error  # noqa: PLC0415

    chances, right = result
    ece = expected_calibration_error(chances, right)
    return f"AUROC {auroc(chances, right):.4f}, ECE {ece:.4f}, right {sum(right)}"


if __name__ == "__main__":
    main()
