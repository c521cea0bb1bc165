"""`arriero bench retrieval`: any folder, any tasks, and a difference that is shown or not shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.bench.report import Metric
from arriero.bench.retrieval import (
    Task,
    compared,
    measure_files,
    read_documents,
    read_tasks,
    recall,
    shown,
)
from arriero.core.errors import InputError
from arriero.models.fake import FakeEncoder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for at in range(40):
        row = {"id": f"d{at}", "title": f"About thing{at}", "content": f"Thing{at} is blue."}
        (folder / f"{at}.json").write_text(json.dumps(row))
    (folder / "care.md").write_text("# Care\n\nWax the boots.")
    (folder / "notes.log").write_text("no document")
    return folder


def written(folder: Path, rows: object) -> Path:
    file = folder / "tasks.json"
    file.write_text(json.dumps(rows))
    return file


async def test_required_documents_are_found_and_counted(docs: Path, tmp_path: Path) -> None:
    tasks = [
        {"question": "What colour is thing7?", "required_documents": ["d7"]},
        {"question": "Wax for boots?", "required": ["care"]},
        {"question": "Is thing3 or thing5 blue?", "required_documents": ["d3", "d5"]},
    ]
    found = await measure_files(docs, written(tmp_path, tasks), FakeEncoder(), tmp_path / "index")
    names = {f"recall{depth}_{name}" for depth in (10, 30) for name in ("bm25", "dense", "fused")}
    assert names | {"gain10", "gain30"} <= found.keys()
    assert found["recall10_fused"].value == found["recall10_bm25"].value == 1.0
    assert found["recall10_fused"].n == 3
    assert found["documents"].value == 41


def test_a_tau3_task_is_read_as_it_is(tmp_path: Path) -> None:
    row = {
        "id": "task_1",
        "user_scenario": {"instructions": "You want a card."},
        "required_documents": ["a", "b"],
    }
    assert read_tasks(written(tmp_path, [row])) == (Task("You want a card.", frozenset("ab")),)


def test_recall_is_the_share_of_what_is_required() -> None:
    task = Task("?", frozenset({"a", "b"}))
    assert [recall(task, ["x", "a", "b"], depth) for depth in (1, 2, 3)] == [0, 0.5, 1]


def test_a_steady_difference_is_shown_and_an_accidental_one_is_not() -> None:
    tasks = [Task("?", frozenset({"a"}))] * 40
    hit, miss = ["a"], ["x"]
    better = compared(tasks, {"bm25": [miss] * 40, "dense": [hit] * 20 + [miss] * 20,
                              "fused": [hit] * 30 + [miss] * 10})  # fmt: skip
    assert better["gain10"].value == pytest.approx(0.25)  # against dense, the better one
    assert shown(better["gain10"]) == "ahead"
    same = compared(
        tasks, {"bm25": [miss] * 40, "dense": [hit, miss] * 20, "fused": [miss, hit] * 20}
    )
    assert shown(same["gain10"]) == "not shown"
    assert shown(Metric(0.5, 1)) == "not shown"


def test_the_same_rankings_give_the_same_interval() -> None:
    tasks = [Task("?", frozenset({"a"}))] * 5
    ranked = {"bm25": [["a"], ["x"], ["a"], ["x"], ["a"]], "fused": [["a"]] * 5}
    assert compared(tasks, ranked) == compared(tasks, ranked)


async def test_a_task_that_needs_an_unknown_document_is_named(docs: Path, tmp_path: Path) -> None:
    tasks = written(tmp_path, [{"question": "Where?", "required_documents": ["nowhere"]}])
    with pytest.raises(InputError, match=r"'Where\?' needs 'nowhere', which is not among the 41"):
        await measure_files(docs, tasks, FakeEncoder(), tmp_path / "index")


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [
        ([], "has no tasks"),
        ({}, "has no tasks"),
        (["x"], "task 1 is no object"),
        ([{"required_documents": ["a"]}], "task 1 has no question"),
        ([{"question": " ", "required_documents": ["a"]}], "task 1 has no question"),
        ([{"question": "?", "required_documents": []}], "task 1 has no documents"),
    ],
)
def test_broken_tasks_are_named(rows: object, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=remedy):
        read_tasks(written(tmp_path, rows))


def test_broken_files_and_folders_are_named(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text("[")
    with pytest.raises(InputError, match=r"tasks\.json is no JSON"):
        read_tasks(tmp_path / "tasks.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_tasks(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="is not a folder"):
        read_documents(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no documents"):
        read_documents(tmp_path / "empty")
    (docs / "z.json").write_text('{"id": "d1", "content": "again"}')
    with pytest.raises(InputError, match="a second document is called 'd1'"):
        read_documents(docs)
    (docs / "z.json").write_text('{"title": "no id"}')
    with pytest.raises(InputError, match=r"z\.json is no document"):
        read_documents(docs)
