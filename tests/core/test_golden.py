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
    [
        ("{", "line 1 of .* is no JSON object"),
        ("3", "no JSON object"),
        ('"an input"', "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ("{}", "has no 'input'"),
        ('{"input": "where is it?"}', "question 1 of .*`input` is an object"),
        ('{"input": {}, "facts": "12.90 EUR"}', "`facts` and `never` are lists of texts"),
        ('{"input": {}, "never": [3]}', "lists of texts"),
    ],
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


def test_a_line_of_json_ends_where_json_lines_end(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    message = "one\u2028two\x85three"
    file.write_text(json.dumps({"input": {"m": message}}, ensure_ascii=False), encoding="utf-8")
    assert read(file) == [Golden({"m": message})]
