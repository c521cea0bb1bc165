"""`arriero bench code` from a file of problems to a file of metrics, with a fake model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.cli.bench_code import code

ROW = {
    "task_id": "Own/0",
    "prompt": 'def nothing(x):\n    """Gives None.\n\n    >>> nothing(1)\n    """\n',
    "entry_point": "nothing",
    "test": "def check(candidate):\n    assert candidate(3) is None\n",
}


@pytest.mark.slow
def test_the_command_scores_a_model_and_keeps_what_it_wrote(tmp_path: Path) -> None:
    """The echo repeats the prompt: a function whose body is its docstring gives None, which is right."""
    problems, out, keep = (tmp_path / name for name in ("p.jsonl", "out.json", "kept.jsonl"))
    wrong = ROW | {
        "task_id": "Own/1",
        "test": "def check(candidate):\n    assert candidate(3) == 3\n",
    }
    problems.write_text(f"{json.dumps(ROW)}\n{json.dumps(wrong)}\n", encoding="utf-8")
    argv = ["--problems", str(problems), "--model", "fake:echo", "--mode", "bare"]
    argv += ["--json", str(out), "--keep", str(keep), "--data", str(tmp_path / "data")]
    ran = CliRunner().invoke(code, argv)
    assert ran.exit_code == 0, ran.output
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["results"]["pass1_bare"]["value"] == 0.5
    assert told["environment"]["model"] == "fake:echo"
    assert len(keep.read_text(encoding="utf-8").splitlines()) == 2


def test_a_file_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    ran = CliRunner().invoke(code, ["--problems", str(tmp_path / "none.jsonl")])
    assert ran.exit_code == 1
    assert "cannot be read" in str(ran.exception)
