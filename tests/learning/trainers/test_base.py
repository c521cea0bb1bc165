"""Recipes, keys, finished trainings, and the trainer that trains nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.core.errors import InputError
from arriero.learning.trainers.base import (
    Reason,
    Recipe,
    TrainingFailed,
    TrainingProgress,
    trained_in,
)
from arriero.learning.trainers.dataset import dataset_id, file_of
from arriero.learning.trainers.fake import FakeTrainer

RECIPE = Recipe("fake", "smollm2-135m", "sft", {"lora_rank": 8})


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "sft.jsonl").write_text('{"a": 1}\n')
    (folder / "dataset_info.json").write_text(json.dumps({"sft": {"file_name": "sft.jsonl"}}))
    return folder


def test_the_key_follows_what_decides_the_result_and_nothing_else() -> None:
    key = RECIPE.key("d1")
    assert key == replace(RECIPE, time_limit_s=1.0, memory_limit_mb=1).key("d1")
    different = [
        replace(RECIPE, seed=7),
        replace(RECIPE, base="other"),
        replace(RECIPE, stage="kto"),
        replace(RECIPE, parameters={"lora_rank": 16}),
    ]
    keys = {key, RECIPE.key("d2"), *(recipe.key("d1") for recipe in different)}
    assert len(keys) == 6


def test_a_dataset_without_a_manifest_is_named_by_its_content(dataset: Path) -> None:
    before = dataset_id(dataset)
    (dataset / "notes.txt").write_text("not named in dataset_info.json")
    assert dataset_id(dataset) == before
    (dataset / "sft.jsonl").write_text('{"a": 2}\n')
    assert dataset_id(dataset) != before
    (dataset / "manifest.json").write_text('{"id": "abc"}')
    assert dataset_id(dataset) == "abc"


def test_a_folder_whose_other_datasets_lie_on_a_hub_has_an_id(dataset: Path) -> None:
    info = {"sft": {"file_name": "sft.jsonl"}, "alpaca": {"hf_hub_url": "a/b"}}
    info["gone"] = {"file_name": "gone.json"}
    (dataset / "dataset_info.json").write_text(json.dumps(info))
    before = dataset_id(dataset)
    (dataset / "sft.jsonl").write_text('{"a": 2}\n')
    assert dataset_id(dataset) != before


@pytest.mark.parametrize(
    ("info", "sentence"),
    [
        (None, "has no dataset_info.json"),
        ("{", "cannot be read"),
        ("[1]", "no table of datasets"),
        ('{"sft": {"hf_hub_url": "a/b"}}', "names no file_name"),
        ('{"sft": {"file_name": "../other.jsonl"}}', "is not in"),
        ('{"dpo": {"file_name": "sft.jsonl"}}', "has no dataset 'sft'"),
    ],
)
def test_a_dataset_folder_that_cannot_be_used_is_refused(
    dataset: Path, info: str | None, sentence: str
) -> None:
    (dataset / "dataset_info.json").unlink()
    if info is not None:
        (dataset / "dataset_info.json").write_text(info)
    with pytest.raises(InputError, match=sentence):
        file_of(dataset, "sft")


async def test_what_is_finished_is_not_trained_again(dataset: Path, tmp_path: Path) -> None:
    trainer = FakeTrainer()
    seen: list[TrainingProgress] = []
    first = await trainer.train(dataset, RECIPE, tmp_path / "out", progress=seen.append)
    again = await trainer.train(dataset, RECIPE, tmp_path / "out", progress=seen.append)
    assert again == first == trained_in(tmp_path / "out")
    assert trainer.trainings == [RECIPE.key(dataset_id(dataset))]
    assert [progress.step for progress in seen] == [1, 2, 3]


async def test_a_failed_training_says_why_and_leaves_nothing_finished(
    dataset: Path, tmp_path: Path
) -> None:
    trainer = FakeTrainer(fails=Reason.NAN_LOSS)
    with pytest.raises(TrainingFailed) as failed:
        await trainer.train(dataset, RECIPE, tmp_path / "out", progress=lambda progress: None)
    assert failed.value.reason is Reason.NAN_LOSS
    assert trained_in(tmp_path / "out") is None
