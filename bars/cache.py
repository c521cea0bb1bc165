"""The semantic cache of approved answers: hits on paraphrases, false hits on near-misses.

The sample shop's 40 approved questions, thresholds fitted on half of them and reported on the other,
both ways round; then twelve questions of four other intents, written after the guards were. Beside
them the laziest products: always a hit, never a hit, only the very same words, a plain cosine of 0.9,
and the guards without any threshold. `--thresholds` writes the sample's thresholds anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence

from arriero.apps.support.agreement import disagreement
from arriero.apps.support.approved import normalised
from arriero.apps.support.approved_fit import Trial, fit
from arriero.apps.support.settings import SAMPLE
from arriero.bench.cache import EVIDENCE, Pair, judged, measure, rates, read_pairs
from arriero.bench.report import Metric
from arriero.core.settings import Settings
from arriero.models import catalogue
from arriero.models.encoder import OnnxEncoder
from bars._trial import count, keep, progress
from bars.result import Figure

KEPT = SAMPLE / "cache_pairs_heldout.jsonl"
WHAT = "pairs of an approved question and a paraphrase or a near-miss of it, of the sample shop"


def main() -> None:
    if sys.argv[1:] == ["--thresholds"]:
        asyncio.run(_thresholds())
        return
    keep("cache", WHAT, asyncio.run(_measure()))


async def _measure() -> list[Figure]:
    encoder = OnnxEncoder(catalogue.path("minilm-l6", Settings.load().models.folder.expanduser()))
    pairs = read_pairs(EVIDENCE)[:: count(1, 4)]
    kept = read_pairs(KEPT)[:: count(1, 4)]
    found = await measure(pairs, encoder)
    progress("crossed; now the questions that were kept apart")
    apart = await measure(kept, encoder, evidence=pairs)
    trials, others = await judged(pairs, encoder), await judged(kept, encoder)
    await encoder.close()
    lazy: dict[str, Callable[[Pair, Trial], bool]] = {
        "always": lambda pair, trial: True,
        "never": lambda pair, trial: False,
        "same_words": lambda pair, trial: normalised(pair.asked) == normalised(pair.question),
        "cosine": lambda pair, trial: trial.likeness >= 0.9,
        "guards": lambda pair, trial: not disagreement(pair.asked, pair.question),
    }
    return [
        _figure("hit_rate", found["hit_rate"], ">= 0.3", "of paraphrases"),
        _figure("false_hit_rate", found["false_hit_rate"], "<= 0.01", "of near-misses"),
        _figure("false_among_hits", found["false_among_hits"]),
        _figure("bound", found["bound"], "<= 0.01", "upper bound of false hits where fitted"),
        _figure("kept_hit_rate", apart["hit_rate"], note="four intents not seen before"),
        _figure("kept_false_hit_rate", apart["false_hit_rate"], "<= 0.01"),
        _figure("p50_ms", found["p50_ms"], note="encoding and guards"),
        *(
            figure
            for name, decide in lazy.items()
            for figure in _of(name, pairs, trials, kept, others, decide)
        ),
    ]


def _of(
    name: str,
    pairs: Sequence[Pair],
    trials: Sequence[Trial],
    kept: Sequence[Pair],
    others: Sequence[Trial],
    decide: Callable[[Pair, Trial], bool],
) -> Sequence[Figure]:
    """A lazy product's rates on all pairs together."""
    both = [*zip(pairs, trials, strict=True), *zip(kept, others, strict=True)]
    found = rates([trial for _, trial in both], [decide(pair, trial) for pair, trial in both])
    return [_figure(f"{rate}_by_{name}", found[rate]) for rate in ("hit_rate", "false_hit_rate")]


def _figure(name: str, metric: Metric, bar: str = "", note: str = "") -> Figure:
    low, high = (round(one, 4) if one is not None else None for one in (metric.low, metric.high))
    return Figure(name, round(metric.value, 4), metric.unit, bar, metric.n, low, high, note)


async def _thresholds() -> None:
    """Fit on all of the sample's pairs, the kept ones too, and write what the shop uses."""
    encoder = OnnxEncoder(catalogue.path("minilm-l6", Settings.load().models.folder.expanduser()))
    fitted = fit(await judged([*read_pairs(EVIDENCE), *read_pairs(KEPT)], encoder))
    saved = {
        "encoder": encoder.name,
        "intents": {name: round(value, 4) for name, value in fitted.thresholds.items()},
    }
    await encoder.close()
    file = SAMPLE / "cache_thresholds.json"
    file.write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    print(f"{file.name}: {len(fitted.thresholds)} intents, floor {fitted.floor}")
    print(f"false hits at most {fitted.bound:.4f} (n {fitted.trials})")


if __name__ == "__main__":
    main()
