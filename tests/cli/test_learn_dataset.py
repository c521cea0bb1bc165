"""`arriero learn dataset | import | forget`, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Place, one_sentence


def logs(folder: Path, count: int, **said: object) -> Path:
    file = folder / "logs.jsonl"
    rows = [
        {
            "messages": [{"role": "user", "content": f"Is model {number * 37} of yours in stock?"}],
            "response": f"Model {number * 37} is not known here, number {number}.",
            "created": 1_780_000_000 + number * 3_600,
            "user": f"c-{number}",
            "edit": f"Shelf {number * 91} has model {number * 37} in size {number * 13}.",
            **said,
        }
        for number in range(count)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_logs_become_a_dataset_and_a_person_leaves_it(place: Place) -> None:
    with (place.folder / "arriero.toml").open("a") as out:
        out.write("[learning]\nmin_examples = 20\n[learning.dataset]\ncosine = 1\n")
    file = logs(place.folder, 30)
    came = place.run("learn", "import", str(file))
    assert came.status == 0, came.err
    assert "30 runs with 30 events of feedback taken in" in came.out
    run = place.run("runs", "list", "--app", "chat", "--limit", "1").out.split("\n")[1].split()[0]
    again = place.run("runs", "replay", run)
    assert "another service answered it" in one_sentence(again)
    made = place.run("learn", "dataset", "chat", "--out", str(place.folder / "copy"))
    assert made.status == 0, made.err
    assert "sft.jsonl" in made.out
    assert (place.folder / "copy" / "dataset_info.json").exists()
    (folder,) = (place.data / "learning" / "datasets").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    gone = place.run("learn", "forget", "--person", "c-3", "--yes")
    assert gone.status == 0, gone.err
    assert f"dataset {folder.name} of chat: 4 rows; its successor is" in gone.out


@pytest.mark.slow
def test_too_little_feedback_is_said_with_status_1(place: Place) -> None:
    place.run("learn", "import", str(logs(place.folder, 3)))
    made = place.run("learn", "dataset", "chat")
    assert made.status == 1
    assert "sft: 3 of 100 edited answers" in made.out


@pytest.mark.parametrize(
    "asked",
    [
        ("learn", "forget", "--person", "c-3", "--yes"),
        ("support", "forget", "--customer", "c-3", "--yes"),
        ("learn", "dataset", "chat"),
        ("judge",),
    ],
    ids=" ".join,
)
def test_a_mistyped_data_folder_holds_nobody_and_is_not_made(
    place: Place, asked: tuple[str, ...]
) -> None:
    told = place.run(*asked, "--data", "typo")
    assert "there is no data folder 'typo'" in one_sentence(told)
    assert not (place.folder / "typo").exists()


def test_nobody_is_forgotten_under_a_new_key(place: Place) -> None:
    place.configure('[store]\nledger = "postgresql://127.0.0.1:1/none"\n')
    told = place.run("learn", "forget", "--person", "c-3", "--yes", "--data", "typo")
    assert "the key of pseudonyms" in one_sentence(told)
    assert not (place.folder / "typo").exists()


def test_bad_lines_are_listed(place: Place) -> None:
    file = place.folder / "logs.jsonl"
    file.write_text('{"messages": []}\nhello\n')
    came = place.run("learn", "import", str(file))
    assert came.status == 1
    assert "line 2: it is no JSON" in came.out


def test_a_dataset_that_corrects_no_label_is_one_sentence(place: Place) -> None:
    (place.folder / "dataset").mkdir()
    place.run("learn", "import", str(logs(place.folder, 1)))
    told = one_sentence(place.run("learn", "heads", "dataset"))
    assert "corrects no label of a classifier of support" in told
    other = one_sentence(place.run("learn", "heads", "dataset", "--app", "gone"))
    assert "there is no app 'gone'" in other
