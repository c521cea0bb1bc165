"""A head on the packaged encoder: accuracy and calibration on BANKING77, time, memory, size.

Fitted on the official training part only, looked at once on the official test part; nothing is
tuned on either. `ARRIERO_DATA` names the folder with the public data.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from arriero.core.settings import Settings
from arriero.core.statistics import expected_calibration_error, percentile, wilson
from arriero.models.base import Labels
from bars.result import Figure, save

PASSAGES = 200
MEMORY_TEXTS = 2_000


def main() -> None:
    if sys.argv[1:] == ["--memory"]:
        asyncio.run(_memory())
        return
    data = Path(os.environ["ARRIERO_DATA"]) / "banking77"
    train, test = data / "train.csv", data / "test.csv"
    figures = [*_held(), *asyncio.run(_measure(train, test))]
    hashes = ", ".join(f"{file.name} {_sha256(file)[:12]}" for file in (train, test))
    save("encoder_heads", f"BANKING77 with the packaged encoder and a head ({hashes})", figures)


async def _measure(train: Path, test: Path) -> list[Figure]:
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # --memory measures its import
    from arriero.models.fit_head import fit_in_child  # noqa: PLC0415
    from arriero.models.heads import HeadClassifier, load_head  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "banking77"
        report = await fit_in_child(train, out, "onnx:minilm-l6", _models())
        encoder = OnnxEncoder(_models() / "minilm-l6")
        classifier = HeadClassifier(load_head(out), encoder)
        rows = [(row["text"], row["category"]) for row in _rows(test)]
        answers, spent = [], []
        for text, _ in rows:
            started = perf_counter()
            answers.append(await classifier.classify(text, timeout_s=60))
            spent.append((perf_counter() - started) * 1_000)
        searches = await _search([text for text, _ in rows], encoder, Path(folder))
        await encoder.close()
    return [
        *_quality(answers, [label for _, label in rows]),
        Figure("p50_ms", round(percentile(spent, 50), 2), "ms", "<= 8", len(spent)),
        Figure("p95_ms", round(percentile(spent, 95), 2), "ms", "<= 15", len(spent)),
        Figure("fit_s", round(report.seconds, 1), "s", "<= 300", report.rows, note="with encoding"),
        Figure("head_mb", round(report.bytes / 2**20, 2), "MiB", "<= 6"),
        *searches,
    ]


def _quality(answers: Sequence[Labels], truth: Sequence[str]) -> list[Figure]:
    right = [answer.label == label for answer, label in zip(answers, truth, strict=True)]
    among = [
        label in [name for name, _ in answer.scores[:5]]
        for answer, label in zip(answers, truth, strict=True)
    ]
    ece = expected_calibration_error([answer.confidence for answer in answers], right)
    return [
        _share("accuracy", right, ">= 0.94"),
        _share("top5", among, ">= 0.99"),
        Figure("ece", round(ece, 4), "share", "<= 0.02", len(right), note="15 equal-mass bins"),
    ]


def _share(name: str, right: Sequence[bool], bar: str) -> Figure:
    seen = wilson(sum(right), len(right))
    value, low, high = (round(number, 4) for number in (seen.value, seen.low, seen.high))
    return Figure(name, value, "share", bar, len(right), low, high)


async def _search(texts: Sequence[str], encoder: object, folder: Path) -> list[Figure]:
    """The time of a search apart from encoding, over passages of eight test messages each."""
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415
    from arriero.retrieval.base import Passage  # noqa: PLC0415
    from arriero.retrieval.engines import open_index  # noqa: PLC0415

    assert isinstance(encoder, OnnxEncoder)
    blocks = [texts[at * 8 : at * 8 + 8] for at in range(PASSAGES)]
    passages = [
        Passage(f"p{at}", f"d{at}", block[0], " ".join(block)) for at, block in enumerate(blocks)
    ]
    index = await open_index("local:", passages, encoder, folder / "index")
    spent = []
    for text in texts[PASSAGES * 8 : PASSAGES * 8 + 500]:
        await encoder.encode([text])  # the search finds it remembered
        started = perf_counter()
        await index.search(text)
        spent.append((perf_counter() - started) * 1_000)
    await index.close()
    return [
        Figure("search_p50_ms", round(percentile(spent, 50), 2), "ms", "<= 3", len(spent)),
        Figure("search_p95_ms", round(percentile(spent, 95), 2), "ms", "", len(spent)),
    ]


def _held() -> list[Figure]:
    """Memory, measured in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "bars.encoder_heads", "--memory"],
        capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    seen: Mapping[str, float] = json.loads(done.stdout)
    return [
        Figure("rss_imports_mb", seen["imports"], "MiB", note="Python, numpy, onnxruntime"),
        Figure("rss_open_mb", seen["open"], "MiB"),
        Figure(
            "rss_after_mb", seen["after"], "MiB", "<= 210", MEMORY_TEXTS,
            note="after texts of 1 to 256 tokens",
        ),
        Figure("rss_peak_mb", seen["peak"], "MiB", n=MEMORY_TEXTS),
    ]  # fmt: skip


async def _memory() -> None:
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415

    seen = {"imports": _resident()}
    encoder = OnnxEncoder(_models() / "minilm-l6")
    seen["open"] = _resident()
    peak = 0.0
    for number in range(MEMORY_TEXTS):
        await encoder.encode([f"{number} " + "word " * (number * 37 % (8 if number % 20 else 250))])
        peak = max(peak, _resident())
    await asyncio.sleep(0.2)  # the heap is trimmed once nobody waits
    print(json.dumps(seen | {"after": _resident(), "peak": peak}))
    await encoder.close()


def _resident() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)


def _models() -> Path:
    return Settings.load().models.folder.expanduser()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
