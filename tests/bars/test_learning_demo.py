"""The figures of the played demo, from kept seeds."""

import json
from pathlib import Path
from typing import Any

import pytest

from bars import learning_demo
from bars.learning_demo import figures


def told(seed: int, **ended: str) -> dict[str, Any]:
    effect = {"value": 0.3, "low": 0.2, "high": 0.4}
    measured = {"n": 90, "asked": 100, "champion": 0.4, "challenger": 0.7, "effect": effect}
    return {
        "seed": seed,
        "acts": [{"name": name, "ended": how} for name, how in ended.items()],
        "good_arm_minutes": 20.0 + seed,
        "seconds": 2_900,
        "held_out": measured,
        "against": {"model": "larger", "seconds": 300.0, **measured},
    }


def test_a_harmful_adapter_that_is_promoted_counts_as_wrong() -> None:
    rows = [
        told(1, good="promoted", neutral="refused", harmful="rolled_back"),
        told(2, good="promoted", neutral="inconclusive", harmful="promoted"),
    ]
    found = {(one.name, one.note): one for one in figures(rows)}
    assert found["arms_that_ended_right", "2 seeds"].value == 5
    assert found["arms_that_ended_right", "2 seeds"].holds is False
    assert found["lazy_always_promotes", "by arithmetic"].value == 2
    assert found["lazy_never_promotes", "by arithmetic"].value == 4
    assert found["good_arm_minutes", "slowest"].value == 22.0
    whole = found["all_arms_minutes", "slowest"]
    assert (whole.value, whole.holds) == (
        43.3,
        True,
    )  # without the five minutes of the larger model
    assert found["ahead_of_rival", "seed 2, larger"].low == 0.2


def test_a_seed_that_was_played_is_not_played_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[int] = []

    async def play(folder: Path, seed: int, *_: Any, **__: Any) -> dict[str, Any]:
        played.append(seed)
        return told(seed, good="promoted", neutral="refused", harmful="rolled_back")

    monkeypatch.setattr(learning_demo, "play", play)
    monkeypatch.setattr(learning_demo, "show", lambda *_: None)
    monkeypatch.setattr(learning_demo, "PLAYED", tmp_path / "played.jsonl")
    monkeypatch.setattr("sys.argv", ["learning_demo", "--seeds", "2", "--short"])
    learning_demo.main()
    assert played == [1, 2]
    monkeypatch.setattr("sys.argv", ["learning_demo", "--seeds", "3", "--short"])
    learning_demo.main()
    assert played == [1, 2, 3]
    kept = [json.loads(line) for line in (tmp_path / "played.jsonl").read_text().splitlines()]
    assert [row["seed"] for row in kept] == [1, 2, 3]
    assert all(row["commit"] and row["machine"] for row in kept)


def test_a_seed_of_which_only_the_good_arm_was_played_is_played_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[int] = []

    async def play(folder: Path, seed: int, *_: Any, **__: Any) -> dict[str, Any]:
        played.append(seed)
        return told(seed, good="promoted", neutral="refused", harmful="rolled_back")

    file = tmp_path / "played.jsonl"
    file.write_text(json.dumps(told(1, good="promoted")) + "\n", encoding="utf-8")
    monkeypatch.setattr(learning_demo, "play", play)
    monkeypatch.setattr(learning_demo, "show", lambda *_: None)
    monkeypatch.setattr(learning_demo, "PLAYED", file)
    monkeypatch.setattr("sys.argv", ["learning_demo", "--seeds", "1", "--short"])
    learning_demo.main()
    assert played == [1]
    monkeypatch.setattr("sys.argv", ["learning_demo", "--good", "--seeds", "1", "--short"])
    learning_demo.main()
    assert played == [1]
