"""From a ledger to files that LLaMA-Factory reads; too little, one kind only, benchmarks: a verdict each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, StoreError
from arriero.core.settings import DatasetSettings, LearningSettings
from arriero.core.words import JsonValue, Run
from arriero.learning.dataset.build import Dataset, NotEnough, Place, build
from arriero.learning.dataset.example import Route, Written, written_by
from arriero.learning.trainers.dataset import dataset_id, datasets_in, file_of
from arriero.models.fake import FakeEncoder
from arriero.security.vault import Sealer
from arriero.store.base import FeedbackGiven, RunRecorded
from arriero.store.fake import MemoryLedger
from tests.learning.rated import START, run, said, trace

WORDS = """tent stove rope boot lamp mat jacket glove compass map bottle knife filter sack pole
helmet harness anchor sling crampon axe ski sled bivouac tarp pegs towel soap gaiter beanie""".split()
NOW = START + timedelta(days=20)


@dataclass
class Shop:
    """A ledger that fills with rated runs, and a place to build in."""

    root: Path
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(HeldClock()))
    sealer: Sealer = field(default_factory=Sealer.fresh)
    settings: LearningSettings = field(default_factory=lambda: LearningSettings(min_examples=20))
    runs: list[Run] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place("default", self.root, self.sealer.mark("default"), "test")

    async def rate(
        self, count: int, *feedback: tuple[str, JsonValue], start: int = 0, **changes: Any
    ) -> list[Run]:
        """`count` runs of a customer each, an hour apart, with this feedback."""
        made = []
        for place in range(start, start + count):
            thing = f"{WORDS[place % 30]} {WORDS[place // 30 % 30]}"
            at = START + timedelta(hours=place)
            asked = f"Do you still sell the {thing} in size {place}?"
            answer = f"Yes, the {thing} is there, {place} of them lie on the shelf {place * 7}."
            one = run(asked, answer, unit=f"c-{place}", at=at, number=place, **changes)
            await self.ledger.commit(RunRecorded(one, trace(one)))
            for number, (kind, value) in enumerate(feedback):
                text = f"{value} Number {place}." if kind == "edit" else value
                event = said(one, kind, text, id=f"{place}-{number}")
                await self.ledger.commit(FeedbackGiven(event))
            made.append(one)
        self.runs += made
        return made

    async def build(self, **changes: Any) -> Dataset | NotEnough:
        since = changes.pop("since", None)
        place = replace(self.place, **changes)
        return await build(self.ledger, "toy", self.settings, place, now=NOW, since=since)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "datasets")


def lines(folder: Path, file: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (folder / file).read_text("utf-8").splitlines()]


async def test_feedback_becomes_files_that_llama_factory_reads(shop: Shop) -> None:
    await shop.rate(30, ("edit", "We have it in every shop."))
    await shop.rate(10, ("thumb", True), start=30)
    found = await shop.build()
    assert isinstance(found, Dataset)
    assert found.stages == {Route.SFT: 30, Route.DPO: 30, Route.KTO: 40}
    entries = datasets_in(found.folder)
    assert {"sft", "dpo", "kto", "eval_kto"} <= set(entries)
    for name, entry in entries.items():
        assert file_of(found.folder, name).is_file()
        assert (entry["formatting"], entry["columns"]["messages"]) == ("sharegpt", "messages")
        assert entry.get("ranking", False) is name.endswith("dpo")
    sft, dpo, kto = (lines(found.folder, f"{name}.jsonl") for name in ("sft", "dpo", "kto"))
    assert [one["role"] for one in sft[0]["messages"]] == ["system", "user", "assistant"]
    assert [one["role"] for one in dpo[0]["messages"]] == ["system", "user"]
    assert dpo[0]["chosen"]["content"].startswith("We have it in every shop.")
    assert dpo[0]["rejected"]["content"].startswith("Yes, the ")
    assert {one["kto_tag"] for one in kto} == {True, False}
    assert found.id == dataset_id(found.folder) == found.folder.name
    assert found.manifest["trainer"] == {"mask_history": True}


async def test_the_same_feedback_gives_the_same_dataset_once(shop: Shop) -> None:
    await shop.rate(25, ("edit", "In every shop."))
    one, other = await shop.build(), await shop.build()
    assert isinstance(one, Dataset)
    assert isinstance(other, Dataset)
    assert one.id == other.id
    assert len(await shop.ledger.artefacts("dataset", app="toy")) == 1
    assert [path.name for path in shop.root.iterdir()] == [one.id]


async def test_rehearsal_stands_beside_the_full_targets_and_counts_for_nothing(shop: Shop) -> None:
    await shop.rate(30, ("edit", "We have it in every shop."))
    plain = await shop.build()
    shop.settings = LearningSettings(min_examples=20, dataset=DatasetSettings(rehearsal=0.5))
    found, again = await shop.build(), await shop.build()
    assert isinstance(plain, Dataset)
    assert isinstance(found, Dataset)
    assert isinstance(again, Dataset)
    assert (found.id, found.stages) == (again.id, plain.stages)
    before, after = (lines(one.folder, "sft.jsonl") for one in (plain, found))
    assert [one for one in after if one in before] == before
    assert len(after) == len(before) + round(0.5 * len(before))
    assert lines(found.folder, "eval_sft.jsonl") == lines(plain.folder, "eval_sft.jsonl")
    assert lines(found.folder, "dpo.jsonl") == lines(plain.folder, "dpo.jsonl")


async def test_who_is_rehearsed_is_nobody(shop: Shop) -> None:
    shop.settings = LearningSettings(min_examples=20, dataset=DatasetSettings(rehearsal=1.0))
    await shop.rate(30, ("edit", "We have it in every shop."))
    found = await shop.build()
    assert isinstance(found, Dataset)
    index = json.loads((found.folder / "index.json").read_text("utf-8"))["sft.jsonl"]
    rehearsed = len(index) // 2
    assert index[-rehearsed:] == [[]] * rehearsed
    assert all(index[:rehearsed])


async def test_too_few_examples_are_a_verdict_that_says_what_is_missing(shop: Shop) -> None:
    await shop.rate(5, ("edit", "In every shop."))
    found = await shop.build()
    assert isinstance(found, NotEnough)
    assert "sft: 5 of 20 edited answers" in found.missing
    assert not shop.root.exists()
    assert await shop.ledger.artefacts("dataset") == []


async def test_only_negatives_are_a_verdict(shop: Shop) -> None:
    await shop.rate(40, ("thumb", False))
    found = await shop.build()
    assert isinstance(found, NotEnough)
    assert any("0 good and 40 bad answers" in line for line in found.missing)


async def test_ten_thousand_thumbs_of_one_person_change_nothing(shop: Shop) -> None:
    runs = await shop.rate(30, ("edit", "In every shop."))
    calm = await shop.build()
    thumbs = [
        FeedbackGiven(said(runs[n % 30], "thumb", value=False, by="webshop/bad", after_s=n, id=f"x{n}"))
        for n in range(10_000)
    ]  # fmt: skip
    await shop.ledger.commit(*thumbs)
    loud = await shop.build()
    assert isinstance(calm, Dataset)
    assert isinstance(loud, Dataset)
    assert loud.id == calm.id
    assert loud.manifest["feedback"]["burst"] >= 9_990


async def test_prompts_of_a_benchmark_are_not_learned(shop: Shop, tmp_path: Path) -> None:
    runs = await shop.rate(30, ("edit", "In every shop."))
    golden = tmp_path / "golden.jsonl"
    golden.write_text(
        "".join(json.dumps({"question": one.input["message"]}) + "\n" for one in runs[:20])
    )
    found = await shop.build(benchmarks=[golden])
    assert isinstance(found, NotEnough)
    assert found.manifest["left_out"]["it is like a text of a benchmark or a golden set"] == 80
    assert found.manifest["benchmarks"].keys() == {"golden.jsonl"}


async def test_a_benchmark_that_is_not_there_is_said(shop: Shop, tmp_path: Path) -> None:
    await shop.rate(1, ("edit", "In every shop."))
    with pytest.raises(InputError, match="there is no benchmark"):
        await shop.build(benchmarks=[tmp_path / "nope.jsonl"])


async def test_private_data_that_is_left_is_left_out(shop: Shop) -> None:
    await shop.rate(25, ("edit", "Write to ana.lopez@mail.example."))
    found = await shop.build()
    assert isinstance(found, NotEnough)
    assert found.manifest["left_out"] == {"private data is left in it": 75}


async def test_a_value_of_the_evidence_is_not_private(shop: Shop) -> None:
    for place in range(25):
        one = run(f"How do I reach shop {WORDS[place]}?", unit=f"c-{place}", number=place)
        told = trace(one, evidence=[{"text": "Write to shop@mail.example."}])
        event = said(
            one, "edit", f"Write to shop@mail.example, desk {WORDS[place]}.", id=f"e{place}"
        )
        await shop.ledger.commit(RunRecorded(one, told), FeedbackGiven(event))
    assert isinstance(await shop.build(), Dataset)


async def test_older_examples_are_replayed_as_a_part(shop: Shop) -> None:
    await shop.rate(100, ("edit", "We had it."))
    await shop.rate(40, ("edit", "We have it."), start=100)
    since = START + timedelta(hours=100)
    found = await shop.build(since=since)
    assert isinstance(found, Dataset)
    assert found.stages[Route.SFT] == 40
    targets = [
        one["messages"][-1]["content"]
        for file in ("sft.jsonl", "eval_sft.jsonl")
        for one in lines(found.folder, file)
    ]
    old = sum(text.startswith("We had it.") for text in targets)
    assert (len(targets), old) == (47, 7)  # 7 of 47 are 15 %


async def test_a_bad_answer_is_asked_again_and_replaced(shop: Shop) -> None:
    runs = await shop.rate(25, ("thumb", False))

    async def sampler(one: Run) -> Written | None:
        told = await shop.ledger.run("default", one.id)
        assert told is not None
        recorded = await shop.ledger.trace(told)
        assert recorded is not None
        written = written_by(one, recorded)
        assert isinstance(written, Written)
        return None if one.id == runs[0].id else replace(written, reply=f"Better: {one.unit}.")

    found = await shop.build(sampler=sampler)
    assert isinstance(found, Dataset)
    assert found.stages == {Route.SFT: 24, Route.DPO: 24}


async def test_near_questions_are_found_by_the_encoder(shop: Shop) -> None:
    await shop.rate(25, ("edit", "In every shop."))
    told: list[tuple[str, int, int]] = []
    progress: Callable[[str, int, int], None] = lambda *news: told.append(news)  # noqa: E731
    found = await shop.build(encoder=FakeEncoder(), progress=progress)
    assert found.manifest["encoder"] == FakeEncoder().name
    assert {what for what, _, _ in told} == {"reading runs", "comparing texts"}
    assert all(done <= of for _, done, of in told)


async def test_no_unit_is_in_training_and_kept_aside(shop: Shop) -> None:
    await shop.rate(60, ("edit", "In every shop."))
    found = await shop.build()
    assert isinstance(found, Dataset)
    index = json.loads((found.folder / "index.json").read_text())

    def marks(files: Sequence[str]) -> set[str]:
        return {mark for file in files for row in index[file] for mark in row}

    aside = [file for file in index if file.startswith("eval_")]
    assert aside
    assert marks(aside).isdisjoint(marks([file for file in index if file not in aside]))


async def test_nobody_is_named_in_the_folder(shop: Shop) -> None:
    await shop.rate(30, ("edit", "In every shop."))
    found = await shop.build()
    assert isinstance(found, Dataset)
    for file in ("manifest.json", "index.json"):
        assert '"c-1"' not in (found.folder / file).read_text()
    assert found.folder.stat().st_mode & 0o077 == 0


async def test_a_disk_that_cannot_be_written_leaves_no_dataset(shop: Shop) -> None:
    await shop.rate(25, ("edit", "In every shop."))
    shop.root.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="free space"):
        await shop.build()
    assert await shop.ledger.artefacts("dataset") == []
