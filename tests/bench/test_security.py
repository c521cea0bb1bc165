"""`arriero bench security`: rows of every format, the right numbers, bad input in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.bench.security import Row, measure, read_rows
from arriero.cli.bench_security import security
from arriero.core.errors import InputError

WEAK = "import os\n\ndef f(x):\n    os.system('ls ' + x)\n"
GOOD = "def f(x):\n    return x + 1\n"


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_recall_false_alarms_and_exact_numbers_are_counted() -> None:
    insecure = [Row(WEAK, 78), Row(WEAK, 89), Row(GOOD, 78), Row("eval(x)\n")]
    found = measure(insecure, [Row(GOOD), Row(WEAK), Row(GOOD), Row(GOOD)])
    assert (found["recall"].value, found["recall"].n) == (0.75, 4)
    assert found["cwe_exact"].value == pytest.approx(1 / 3)
    assert found["cwe_exact"].n == 3
    assert (found["false_alarms"].value, found["false_alarms"].n) == (0.25, 4)


def test_code_that_cannot_be_read_is_counted_and_not_flagged() -> None:
    found = measure([Row("no code " * 9 + "\n" + "no code at all\n" * 40, 78)], [Row(GOOD)])
    assert found["unreadable"].value == 1
    assert found["recall"].value == 0


@pytest.mark.parametrize(
    ("row", "cwe"),
    [
        ({"Insecure_code": WEAK, "ID": "CWE-078_author_1.py"}, 78),
        ({"code": WEAK, "cwe": "CWE-89"}, 89),
        ({"code": WEAK, "cwe": 22}, 22),
        ({"origin_code": WEAK, "cwe_identifier": "CWE-502", "language": "python"}, 502),
        ({"prompt": "def f(x):\n", "canonical_solution": "    return x\n"}, 0),
        ({"insecure": WEAK, "repaired": GOOD, "cwe": "CWE-1333"}, 1333),
    ],
)
def test_rows_of_every_format_are_read(tmp_path: Path, row: dict[str, object], cwe: int) -> None:
    (found,) = read_rows(written(tmp_path / "rows.jsonl", row), insecure=True)
    assert found.cwe == cwe


def test_a_pair_gives_its_repaired_half_as_clean_code(tmp_path: Path) -> None:
    file = written(tmp_path / "pairs.jsonl", {"insecure": WEAK, "repaired": GOOD})
    assert read_rows(file, insecure=False) == (Row(GOOD),)


def test_rows_in_other_languages_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text(
        json.dumps([{"code": "int x;", "language": "c"}, {"code": GOOD, "language": "python"}]),
        encoding="utf-8",
    )
    assert len(read_rows(file, insecure=True)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows"),
        ("{\n", "line 1 is no JSON"),
        ("[{]", "not JSONL"),
        ("[1]", "no JSON object"),
        ('{"a": 1}\n', "needs the code"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said) as refused:
        read_rows(file, insecure=True)
    assert "\n" not in refused.value.message


def test_the_command_writes_the_metrics_of_the_design(tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.jsonl", {"code": WEAK, "cwe": 78})
    good = written(tmp_path / "good.jsonl", {"code": GOOD})
    out = tmp_path / "out.json"
    argv = ["--insecure", str(bad), "--clean", str(good), "--json", str(out)]
    assert CliRunner().invoke(security, argv).exit_code == 0
    results = json.loads(out.read_text(encoding="utf-8"))["results"]
    assert {"recall", "false_alarms", "cwe_exact"} <= set(results)


def test_javascript_of_humanevalpack_is_no_clean_python(tmp_path: Path) -> None:
    packed = {"prompt": "const f = (x) => {\n", "canonical_solution": "  return x;\n}\n"}
    rows = {**packed, "task_id": "JavaScript/0"}, {"code": GOOD}
    assert read_rows(written(tmp_path / "rows.jsonl", *rows), insecure=False) == (Row(GOOD),)


def test_a_number_in_quotes_names_a_weakness(tmp_path: Path) -> None:
    (found,) = read_rows(
        written(tmp_path / "rows.jsonl", {"code": WEAK, "cwe": "078"}), insecure=True
    )
    assert found.cwe == 78
