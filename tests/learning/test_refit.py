"""Labels that people corrected become a challenger whose classifier was fitted with them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import InputError
from arriero.core.words import RoleBinding, Variant
from arriero.learning.refit import Refitted, refit
from arriero.learning.trainers.heads import HeadsTrainer
from arriero.store.fake import MemoryLedger
from tests.learning.trainers.test_heads import NOW, ROWS, write_rows

CHAMPION = Variant("toy", {"classifier": RoleBinding("head:intents")}, {}, {})


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "intents.csv", ("text", "label"), ROWS)


def corrected(folder: Path, *rows: tuple[str, str, str]) -> Path:
    folder.mkdir()
    write_rows(folder / "heads.csv", ("head", "text", "label"), rows)
    (folder / "manifest.json").write_text('{"id": "d1"}')
    return folder


async def refitted(
    tmp_path: Path, dataset: Path, base: Path, champion: Variant, ledger: MemoryLedger
) -> tuple[Refitted, ...]:
    return await refit(
        dataset, {"intents": base, "moods": base}, champion,
        trainer=HeadsTrainer("fake:hash", tmp_path), work=tmp_path / "work", root=tmp_path / "heads",
        ledger=ledger, clock=HeldClock(NOW), tenant="default", actor="t",
    )  # fmt: skip


async def test_a_corrected_label_makes_a_challenger_that_is_registered(
    tmp_path: Path, base: Path
) -> None:
    dataset = corrected(tmp_path / "dataset", ("intents", ROWS[0][0], "refund"))
    ledger = MemoryLedger()
    (made,) = await refitted(tmp_path, dataset, base, CHAMPION, ledger)
    assert made.head.body["figures"]["changed"] == 1
    assert made.challenger.roles["classifier"].adapter == f"head:{made.head.id}"
    assert [one.id for one in await ledger.artefacts("head")] == [made.head.id]
    assert await ledger.variant(made.challenger.id) == made.challenger
    assert (tmp_path / "heads" / made.head.id / "head.json").exists()
    with (tmp_path / "work" / "intents" / "rows.csv").open(encoding="utf-8", newline="") as lines:
        assert dict(csv.reader(lines))[ROWS[0][0]] == "refund"


async def test_what_corrects_no_label_makes_nothing(tmp_path: Path, base: Path) -> None:
    dataset = corrected(tmp_path / "dataset", ("others", "aargh", "angry"))
    ledger = MemoryLedger()
    assert await refitted(tmp_path, dataset, base, CHAMPION, ledger) == ()
    assert not await ledger.artefacts("head")


async def test_a_head_that_serves_no_role_is_refused(tmp_path: Path, base: Path) -> None:
    dataset = corrected(tmp_path / "dataset", ("intents", ROWS[0][0], "refund"))
    other = replace(CHAMPION, roles={"classifier": RoleBinding("llama:m")})
    with pytest.raises(InputError, match="no role"):
        await refitted(tmp_path, dataset, base, other, MemoryLedger())
    assert not (tmp_path / "work").exists()  # before anything is fitted
