"""A classifier is refitted with what people corrected, registered by its hash, and served by a variant."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arriero.core.errors import InputError
from arriero.core.settings import ModelsSettings, Settings
from arriero.core.words import RoleBinding, Variant
from arriero.learning.heads import challenger, register
from arriero.learning.trainers.base import Reason, TrainingFailed, TrainingProgress
from arriero.learning.trainers.heads import HeadsTrainer, recipe
from arriero.models.engines import Engines, learned_heads
from arriero.store.base import Artefact
from arriero.store.cache import open_cache
from arriero.store.fake import MemoryLedger

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ROWS = [
    *((f"where is parcel number {place}", "status") for place in range(12)),
    *((f"give me my money for {place} back", "refund") for place in range(12)),
]
MOVED = [("wo ist meine kohle geblieben", "refund"), ("meine kohle bitte zurück", "refund")]


def write_rows(file: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return file


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "intents.csv", ("text", "label"), ROWS)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    rows = [("intents", *row) for row in MOVED]
    rows += [
        ("intents", ROWS[0][0], "refund"),
        ("intents", "sing me a song", "music"),
        ("moods", "aargh", "angry"),
    ]
    write_rows(folder / "heads.csv", ("head", "text", "label"), rows)
    (folder / "manifest.json").write_text('{"id": "d1"}')
    return folder


@pytest.fixture
def trainer(tmp_path: Path) -> HeadsTrainer:
    return HeadsTrainer("fake:hash", tmp_path)


async def test_corrections_win_over_the_rows_they_correct(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    told: list[TrainingProgress] = []
    trained = await trainer.train(
        dataset, recipe("intents", base), tmp_path / "out", progress=told.append
    )
    with (tmp_path / "out" / "rows.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["text"]: row["label"] for row in csv.DictReader(lines)}
    assert rows[ROWS[0][0]] == "refund"
    assert rows[MOVED[0][0]] == "refund"
    assert "aargh" not in rows
    assert (trained.figures["changed"], trained.figures["added"]) == (1, 2)
    assert trained.figures["unknown_labels"] == {"music": 1}
    assert [one.step for one in told] == [0, 1]
    again = await trainer.train(
        dataset, recipe("intents", base), tmp_path / "out", progress=told.append
    )
    assert (again.key, len(told)) == (trained.key, 2)


async def test_a_refitted_head_is_served_by_the_variant_that_names_it(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    settings = Settings(
        data=tmp_path / "data", models=ModelsSettings(encoder="fake:hash", folder=tmp_path)
    )
    engines = Engines(settings, open_cache("memory://"))
    await engines.fit({"intents": base})
    champion = Variant("toy", {"classifier": RoleBinding("head:intents")}, {}, {})
    trained = await trainer.train(
        dataset, recipe("intents", base), tmp_path / "out", progress=lambda news: None
    )
    ledger = MemoryLedger()
    for _ in range(2):
        head = await register(
            ledger, trained, learned_heads(settings), tenant="default", app="toy", actor="t", now=NOW
        )  # fmt: skip
    assert [one.id for one in await ledger.artefacts("head")] == [head.id]
    assert head.body["dataset"] == "d1"
    better = challenger(champion, head)
    assert better.id != champion.id
    labels = {"classifier": ("refund", "status")}
    text = ROWS[0][0]
    before = await engines.models(champion, labels, {}).classify("classifier", text, timeout_s=5)
    after = await engines.models(better, labels, {}).classify("classifier", text, timeout_s=5)
    assert before.label == "status"
    assert after.scores != before.scores
    assert dict(after.scores)["refund"] > dict(before.scores)["refund"]
    await engines.close()


def test_a_head_that_no_role_uses_serves_none() -> None:
    head = Artefact("head", "a", "default", "toy", {"head": "moods"}, NOW)
    with pytest.raises(InputError, match="no role"):
        challenger(Variant("toy", {"c": RoleBinding("head:intents")}, {}, {}), head)


async def test_rows_that_changed_meanwhile_are_a_wrong_base(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    made = recipe("intents", base)
    write_rows(base, ("text", "label"), ROWS[:20])
    with pytest.raises(TrainingFailed) as failed:
        await trainer.train(dataset, made, tmp_path / "out", progress=lambda news: None)
    assert failed.value.reason is Reason.WRONG_BASE
    assert recipe("intents", base).key("d") != made.key("d")


async def test_too_little_time_is_said(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    hasty = replace(recipe("intents", base), time_limit_s=0.01)
    with pytest.raises(TrainingFailed) as failed:
        await trainer.train(dataset, hasty, tmp_path / "out", progress=lambda news: None)
    assert failed.value.reason is Reason.TIME_LIMIT


async def test_a_cancelled_training_leaves_no_result(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    work = asyncio.create_task(
        trainer.train(
            dataset, recipe("intents", base), tmp_path / "out", progress=lambda news: None
        )
    )
    await asyncio.sleep(0.05)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not (tmp_path / "out" / "trained.json").exists()


async def test_a_disk_that_cannot_be_written_is_said(
    base: Path, dataset: Path, trainer: HeadsTrainer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrainingFailed) as failed:
        await trainer.train(
            dataset, recipe("intents", base), tmp_path / "file" / "out", progress=lambda news: None
        )
    assert failed.value.reason is Reason.DISK_FULL
