"""Fits what makes a word look like a name: `python -m arriero.security.privacy_likeness_fit`.

With `--check` every fifth word (by its hash) is left out, and what the model makes of those is printed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from arriero.security.privacy_likeness import FILE, Likeness, folded, runs
from arriero.security.privacy_names import elsewhere, family_names, given_names, ordinary_words

KEPT = 14_000  # runs of letters; the file stays under 300 kB
STRENGTH = 1.0  # of scikit-learn's logistic regression; 0.3 and 3 do no better on words left out


def fit(names: Sequence[str], others: Sequence[str]) -> Likeness:
    """The model that tells `names` from `others`, each side weighing the same."""
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415  # a server never fits
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    counts = CountVectorizer(analyzer=lambda word: list(runs(word)), binary=True, min_df=3)
    seen = counts.fit_transform([*names, *others])
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear")
    model.fit(seen, [1] * len(names) + [0] * len(others))
    by_run = zip(counts.get_feature_names_out(), model.coef_[0], strict=True)
    largest = sorted(by_run, key=lambda pair: (-abs(pair[1]), pair[0]))[:KEPT]
    weights = {run: round(1_000 * weight) for run, weight in sorted(largest)}
    return Likeness(weights, round(1_000 * float(model.intercept_[0])))


def _left_out(word: str) -> bool:
    return sha256(word.encode()).digest()[0] % 5 == 0


def main() -> None:
    """Write the model, or print what one makes of the words that it has not seen."""
    names = sorted(given_names() | family_names())
    taken = set(names)
    others = sorted({folded(word) for word in ordinary_words() | elsewhere()} - taken)
    if "--check" not in sys.argv:
        model = fit(names, others)
        table = {"base": model.base, "weights": model.weights}
        text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
        (Path(__file__).parent / FILE).write_text(text + "\n", encoding="utf-8")
        return
    model = fit(*([word for word in side if not _left_out(word)] for side in (names, others)))
    for at in (0, 1, 2, 3):
        found, false = (
            [model.odds(word) >= at for word in side if _left_out(word)] for side in (names, others)
        )
        sys.stdout.write(
            f"from {at}: {sum(found) / len(found):.3f} of {len(found)} names, "
            f"{sum(false) / len(false):.3f} of {len(false)} other words\n"
        )


if __name__ == "__main__":
    main()
