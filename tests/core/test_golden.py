from __future__ import annotations

import json
from pathlib import Path

import pytest

from arriero.apps.support import plugin as support
from arriero.apps.support.settings import SAMPLE
from arriero.core.errors import InputError
from arriero.core.golden import Golden, read


def test_a_golden_set_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    told = [
        {"input": {"message": "a\u2028b"}, "facts": ["x"], "unit": "c"},
        {"input": {}, "answerable": False},
    ]
    lines = (json.dumps(one, ensure_ascii=False) for one in told)
    file.write_text("\n".join(lines) + "\n\n", encoding="utf-8-sig")
    assert read(file) == [
        Golden({"message": "a\u2028b"}, ("x",), unit="c"),
        Golden({}, answerable=False),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [("{", "line 1 of .* is no JSON object"), ("3", "no JSON object"), ("{}", "has no 'input'")],
)
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read(file)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.jsonl")


def test_the_sample_shops_golden_questions_say_what_a_right_answer_says() -> None:
    asked = support.golden(SAMPLE / "golden.jsonl")
    assert len(asked) == 60
    assert asked[0].facts == ("10234", "TP9391710504")
    assert sum(not one.answerable for one in asked) == 9
