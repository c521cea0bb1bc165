"""A person who is forgotten leaves the datasets too, and what was trained on them is listed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arriero.core.errors import InputError
from arriero.learning.dataset.build import Dataset
from arriero.learning.forget import Erased, forget
from arriero.learning.trainers.dataset import dataset_id
from arriero.models.fake import FakeEncoder
from arriero.security import privacy_forget
from arriero.security.privacy_forget import Forgotten
from arriero.security.vault import memory_vaults
from arriero.store.base import Artefact, ArtefactRegistered, FeedbackGiven, RunRecorded
from tests.learning.dataset.test_build import NOW, Shop
from tests.learning.rated import run, said, trace


@pytest.fixture
async def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "datasets")
    await shop.rate(30, ("edit", "In every shop."))
    return shop


async def built(shop: Shop) -> Dataset:
    found = await shop.build()
    assert isinstance(found, Dataset)
    return found


async def gone(shop: Shop, person: str) -> Erased:
    return await forget(
        shop.ledger, memory_vaults(), [], root=shop.root, mark=shop.sealer.mark("default"),
        tenant="default", person=person, actor="cli", at=NOW,
    )  # fmt: skip


def everything(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.rglob("*") if file.is_file())


async def test_rows_go_into_no_successor(shop: Shop) -> None:
    old = await built(shop)
    assert "size 7?" in everything(old.folder)
    erased = await gone(shop, "c-7")
    (cleared,) = erased.datasets
    assert (cleared.id, cleared.rows) == (old.id, 4)
    assert cleared.successor is not None
    successor = shop.root / cleared.successor
    assert "size 7?" not in everything(shop.root)
    assert "size 8?" in everything(successor)
    assert dataset_id(successor) == cleared.successor != old.id
    assert {one.id for one in await shop.ledger.artefacts("dataset")} == {old.id, cleared.successor}


async def test_the_old_manifest_is_a_tombstone(shop: Shop) -> None:
    old = await built(shop)
    await gone(shop, "c-7")
    assert {file.name for file in old.folder.iterdir()} == {"manifest.json", "index.json"}
    told = json.loads((old.folder / "manifest.json").read_text())
    assert told["gone"]["because"] == "erased"
    assert told["id"] == old.id


async def test_what_was_trained_on_it_is_listed_until_it_is_trained_again(shop: Shop) -> None:
    old = await built(shop)
    card = {"lineage": {"dataset": old.id}}
    for kind, id, body in (("adapter", "a" * 64, card), ("head", "b" * 64, {"dataset": "other"})):
        made = Artefact(kind, id, "default", "toy", body, NOW)
        await shop.ledger.commit(ArtefactRegistered(made, "test"))
    for _ in range(2):  # doing it again lists it again
        erased = await gone(shop, "c-7")
        assert [(one.kind, one.id, one.dataset) for one in erased.retrain] == [
            ("adapter", "a" * 64, old.id)
        ]
    other = await gone(shop, "c-8")  # whose rows were in the old one and in its successor
    assert {one.id for one in other.datasets} > {old.id}
    assert [one.id for one in other.retrain] == ["a" * 64]


async def test_what_a_training_printed_of_a_dataset_goes_too(shop: Shop) -> None:
    old, trained = await built(shop), shop.root.parent / "trained"
    for key, dataset in (("k1", old.id), ("k2", "another")):
        (trained / key / "cache").mkdir(parents=True)
        (trained / key / "train.yaml").write_text(f'dataset_dir: "{shop.root / dataset}"\n')
        (trained / key / "train.log").write_text("training example: size 7?")
        (trained / key / "cache" / "rows.arrow").write_text("size 7?")
        (trained / key / "trained.json").write_text("{}")
    await gone(shop, "c-7")
    assert "size 7?" not in everything(trained / "k1")
    assert (trained / "k1" / "trained.json").exists()
    assert everything(trained / "k2").count("size 7?") == 2


async def test_what_a_build_that_was_killed_left_behind_goes_too(shop: Shop) -> None:
    left = shop.root / ".abc.unfinished"
    left.mkdir(parents=True)
    (left / "sft.jsonl").write_text("size 7?")
    await gone(shop, "c-7")
    assert everything(shop.root) == ""


async def test_a_conversation_of_the_customer_goes_too(shop: Shop) -> None:
    for place in range(2):
        one = run(f"Question {place} of a talk?", unit="talk-1", number=900 + place)
        customer = "c-99" if place == 0 else None
        one = replace(one, input={"message": one.input["message"], "customer": customer})
        event = said(one, "edit", f"An answer of {place} words.", id=f"t{place}")
        await shop.ledger.commit(RunRecorded(one, trace(one)), FeedbackGiven(event))
    await built(shop)
    await gone(shop, "c-99")
    assert "of a talk?" not in everything(shop.root)


async def test_one_who_only_gave_feedback_can_be_forgotten(shop: Shop) -> None:
    one = run("Who edits this?", unit="c-500", number=950)
    who = shop.sealer.mark("default")("editor-1")
    event = said(one, "edit", "The editor does.", by=f"desk/{who}", id="e1")
    await shop.ledger.commit(RunRecorded(one, trace(one)), FeedbackGiven(event))
    await built(shop)
    erased = await gone(shop, "editor-1")
    assert len(erased.datasets) == 1
    assert "The editor does." not in everything(shop.root)
    await built(shop)  # the next cycle's: the run is somebody else's and stays
    assert "The editor does." not in everything(shop.root)
    later = said(one, "edit", "The editor is back.", by=f"desk/{who}", id="e2")
    await shop.ledger.commit(FeedbackGiven(replace(later, at=NOW + timedelta(days=1))))
    await built(shop)
    assert "The editor is back." in everything(shop.root)


async def test_the_last_person_leaves_no_successor(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "datasets")
    shop.settings = shop.settings.model_copy(update={"min_examples": 1})
    await shop.rate(1, ("edit", "In every shop."))
    await built(shop)
    (cleared,) = (await gone(shop, "c-0")).datasets
    assert cleared.successor is None


async def test_a_stranger_is_in_no_dataset(shop: Shop) -> None:
    old = await built(shop)
    erased = await gone(shop, "c-12345")
    assert (erased.datasets, erased.retrain) == ((), ())
    assert (old.folder / "sft.jsonl").exists()


async def test_a_dataset_that_is_gone_is_built_anew_only_without_the_person(shop: Shop) -> None:
    old = await built(shop)
    await gone(shop, "c-7")
    again = await built(shop)
    assert again.id != old.id
    assert "size 7?" not in everything(shop.root)


async def test_who_is_forgotten_while_a_dataset_is_built_is_not_in_it(shop: Shop) -> None:
    class Slow(FakeEncoder):
        async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if not erased:
                erased.append(await gone(shop, "c-7"))
            return await super().encode(texts)

    erased = list[Erased]()
    found = await shop.build(encoder=Slow())
    assert isinstance(found, Dataset)
    assert [one.datasets for one in erased] == [()]
    assert "size 7?" not in everything(shop.root)
    assert "size 8?" in everything(found.folder)


async def test_what_is_built_while_the_runs_are_erased_is_found_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = privacy_forget.forget

    async def slow(*args: Any, **named: Any) -> Forgotten:
        assert "size 7?" in everything((await built(shop)).folder)
        return await first(*args, **named)

    monkeypatch.setattr(privacy_forget, "forget", slow)
    assert len((await gone(shop, "c-7")).datasets) == 1
    assert "size 7?" not in everything(shop.root)


async def test_nobody_cannot_be_forgotten(shop: Shop) -> None:
    with pytest.raises(InputError, match="say whom to forget"):
        await gone(shop, " ")
