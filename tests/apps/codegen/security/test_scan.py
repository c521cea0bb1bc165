"""What the scan finds in code, what it leaves alone, and what it says of input that is no code."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time

import pytest

from arriero.apps.codegen.security import linters
from arriero.apps.codegen.security.findings import Severity
from arriero.apps.codegen.security.scan import LONGEST, scan
from arriero.core.errors import InputError, TooLarge

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[4] / "bars" / "security_pairs_first.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def cwes(code: str) -> set[int]:
    return {one.cwe for one in scan(code, heard=False).serious}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["title"])
def test_insecure_code_is_flagged_and_its_repaired_twin_is_not(pair: dict[str, str]) -> None:
    assert cwes(pair["insecure"])
    assert not cwes(pair["repaired"])


def test_a_weakness_says_where_it_is_and_what_is_safe() -> None:
    (one,) = scan("import os\n\ndef f(name):\n    os.system('ls ' + name)\n", heard=False).serious
    assert (one.cwe, one.severity, one.span.line, one.span.column) == (78, Severity.HIGH, 4, 5)
    assert one.span.end_column > one.span.column
    assert "list of arguments" in one.safe


def test_the_worst_comes_first() -> None:
    found = scan("import os\nos.chmod('x', 0o777)\nassert True\nDEBUG = 1\n").weaknesses
    assert [one.severity.rank for one in found] == sorted(
        (one.severity.rank for one in found), reverse=True
    )


def test_taint_is_followed_through_functions_of_the_module() -> None:
    code = """
from flask import Flask, request
app = Flask(__name__)
def build(name):
    return "SELECT * FROM t WHERE n = '" + name + "'"
@app.get("/x")
def x():
    query = build(request.args["n"])
    return {"rows": db.execute(query).fetchall()}
"""
    assert cwes(code) == {89}


def test_a_function_that_raises_for_bad_values_vouches_for_its_argument() -> None:
    code = """
from pathlib import Path
from flask import Flask, request
app = Flask(__name__)
ROOT = Path("/srv")
def checked(path):
    if not path.is_relative_to(ROOT):
        raise ValueError(path)
@app.get("/x")
def x():
    path = (ROOT / request.args["n"]).resolve()
    checked(path)
    return {"text": path.read_text()}
"""
    assert cwes(code) == set()
    assert cwes(code.replace("    checked(path)\n", "")) == {22}


def test_a_guard_on_a_part_vouches_for_the_whole() -> None:
    code = """
import requests
from urllib.parse import urlparse
from flask import Flask, abort, request
app = Flask(__name__)
@app.get("/x")
def x():
    url = request.args["u"]
    host = urlparse(url).hostname
    if host not in {"a.example"}:
        abort(400)
    return {"n": len(requests.get(url, timeout=3).content)}
"""
    assert cwes(code) == set()
    assert cwes(code.replace("        abort(400)\n", "        pass\n")) == {918}


def test_one_clean_branch_does_not_clean_the_other() -> None:
    code = """
import os, shlex
def f(name, careful):
    if careful:
        name = shlex.quote(name)
    os.system("ls " + name)
"""
    assert cwes(code) == {78}


@pytest.mark.parametrize("spelling", ["'q\\\\d+'", "TABLE", "f'{TABLE}'", "'a' + 'b'", "3 * 'x'"])
def test_what_is_constant_is_never_weak(spelling: str) -> None:
    assert cwes(f"TABLE = 'users'\ndef f(cursor):\n    cursor.execute({spelling})\n") == set()


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x: int",
        "match x:\n    case [1, *rest] if rest:\n        pass\n",
        "async def f():\n    async with a as b, c:\n        async for d in e:\n            await d\n",
        "try:\n    pass\nexcept* ValueError as e:\n    raise\nfinally:\n    del x\n",
        "f = lambda *a, **k: (yield)\n",
        "a = b = c, *d = [*e, {**f}, f'{g!r:>{h}}']\n",
        "def f(a, /, b=1, *, c=2, **d):\n    global x\n    x += 1\n    while (y := f()):\n        y.z[1:2] |= 3\n    else:\n        return [i async for i in j if i]\n",
        "@d(1)\nclass A(B, metaclass=C):\n    x = 1\n    class D:\n        def e(self): nonlocal_ = 1\n",
    ],
)
def test_every_kind_of_statement_is_read(code: str) -> None:
    assert not scan(code, heard=False).flagged


@pytest.mark.parametrize(
    ("code", "language", "said"),
    [
        ("def f(:\n", "python", "in line 1"),
        ("x = 1\n", "cobol", "not 'cobol'"),
        ("x = '\0'\n", "python", "no Python"),
        ("(" * 5_000 + ")" * 5_000, "python", "no Python"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(
    code: str, language: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        scan(code, language)
    assert "\n" not in refused.value.message


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge, match="file by file"):
        scan("x" * (LONGEST + 1))


def test_bandit_and_ruff_are_heard_and_named() -> None:
    found = scan("from ftplib import FTP\nimport hashlib\nprint(hashlib.md5(b'x'))\n")
    assert found.tools == ("arriero", "bandit", "ruff")
    assert 328 in {one.cwe for one in found.weaknesses}


def test_a_comment_does_not_silence_a_linter() -> None:
    code = "import yaml\nyaml.load(x, Loader=yaml.Loader)  # nosec  # noqa\n"
    assert {one.test for one in linters.bandit(code) or []} == {"B506"}
    assert "B506" in {one.test for one in linters.ruff(code) or []}


def test_a_linter_that_is_not_installed_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linters, "_bandit", lambda: None)
    monkeypatch.setattr(linters, "_ruff", lambda: None)
    assert scan("x = 1\n").tools == ("arriero",)


def test_a_thousand_branches_are_read_in_time() -> None:
    code = "def f(a):\n" + "".join(f"    if a == {n}:\n        b = a + {n}\n" for n in range(1_000))
    scan("x = 1\n", heard=False)
    started = process_time()
    scan(code, heard=False)
    assert process_time() - started < 10
