"""The recipe cards in Python: each runs, is well written and safe, and none comes from a benchmark."""

from __future__ import annotations

import ast
import builtins
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from arriero.apps.codegen.gather.cards import FOLDER, Card, cards, read
from arriero.apps.codegen.judge.types import types
from arriero.apps.codegen.security.linters import weaknesses
from arriero.apps.codegen.security.scan import scan

REPOSITORY = Path(__file__).resolve().parents[4]
TOPICS = {file.stem: read(file, "python") for file in sorted((FOLDER / "python").glob("*.toml"))}
CARDS = cards("python")
NAMES = [card.id for card in CARDS]
SHARED = 8  # words in a row that a card and a benchmark may not share
LONGEST = 30  # lines of code without the blank ones: a card has to fit into a prompt beside others
# A command may read the file that its user names: the scan gives advice (low), no more.
ADVICE = {("command-with-arguments", "path-method")}
# A card is a file by itself (INP001, D100), may print (T201), tests with the standard library (PT), and a bad field
# of a file is a bad value (TRY004).
ALLOWED = "INP001,D100,T201,TRY004,PT"


@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_the_code_of_a_card_does_what_its_check_says(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType(f"card_{card.id.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    exec(compile(card.code, card.id, "exec"), module.__dict__)  # noqa: S102  # our own code
    exec(compile(card.check, f"{card.id} check", "exec"), module.__dict__)  # noqa: S102
    assert list(tmp_path.iterdir()) == [], "a card cleans up"


def test_there_are_cards_of_many_topics() -> None:
    assert len(CARDS) >= 220
    assert all(8 <= len(topic) <= 20 for topic in TOPICS.values())


def test_every_card_can_be_asked_for_in_other_words_and_names_what_it_shows() -> None:
    for card in CARDS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", card.id), card.id
        assert 2 <= len(card.asks) <= 3, card.id
        assert all("." in use or hasattr(builtins, use) for use in card.uses), card.id


@pytest.mark.parametrize("field", ["id", "title", "code"])
def test_no_two_cards_are_the_same(field: str) -> None:
    assert [
        one for one, count in Counter(getattr(card, field) for card in CARDS).items() if count > 1
    ] == []


def test_every_way_to_ask_is_another() -> None:
    for card in CARDS:
        asked = [" ".join(words(text)) for text in (card.title, *card.asks)]
        assert len(set(asked)) == len(asked), card.id


def test_every_check_asserts() -> None:
    for card in CARDS:
        tree = ast.parse(card.check)
        assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), card.id


def test_every_function_and_class_says_in_one_line_what_it_promises() -> None:
    silent = [
        f"{card.id}: {node.name}"
        for card in CARDS
        for node in promising(ast.parse(card.code))
        if not (told := ast.get_docstring(node)) or "\n" in told
    ]
    assert silent == []


def promising(
    node: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Classes, functions and methods; what a method with two underscores does is known."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not one.name.startswith("__"):
                yield one
            if isinstance(one, ast.ClassDef):
                yield from promising(one)


def test_every_card_is_small() -> None:
    long = [card.id for card in CARDS if len(written(card.code)) > LONGEST]
    assert long == []


def written(code: str) -> list[str]:
    return [line for line in code.splitlines() if line.strip()]


def test_cards_need_nothing_but_the_standard_library() -> None:
    foreign = {
        f"{card.id}: {name}"
        for card in CARDS
        for name in imported(card.code + card.check)
        if name not in sys.stdlib_module_names
    }
    assert foreign == set()


def imported(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_what_a_card_says_it_shows_stands_in_its_code() -> None:
    absent = {
        f"{card.id}: {use}"
        for card in CARDS
        for use in card.uses
        if use.rpartition(".")[2] not in card.code
    }
    assert absent == set()


@pytest.fixture(scope="module")
def as_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of each card and another with the checks, as files."""
    folder = tmp_path_factory.mktemp("cards")
    for part in ("code", "check"):
        (folder / part).mkdir()
        for card in CARDS:
            name = f"{card.id.replace('-', '_')}.py"
            (folder / part / name).write_text(getattr(card, part), encoding="utf-8")
    return folder


def test_cards_are_formatted(as_files: Path) -> None:
    assert ruff("format", "--check", as_files) == ""


def test_cards_are_lint_clean(as_files: Path) -> None:
    assert ruff("check", "--extend-ignore", ALLOWED, as_files / "code") == ""


async def test_the_types_of_cards_fit() -> None:
    files = {f"{card.id.replace('-', '_')}.py": card.code for card in CARDS}
    assert await types(files, "", within_s=60) == ()


def ruff(command: str, *arguments: str | Path) -> str:
    """What ruff has to say with the settings of this repository; "" when all is well."""
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", command, "--quiet", "--no-cache", "--config", REPOSITORY / "pyproject.toml", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_our_own_scan_finds_nothing_in_a_card() -> None:
    found = {
        (card.id, weakness.rule)
        for card in CARDS
        for weakness in scan(card.code, heard=False).weaknesses
    }
    assert found == ADVICE


@pytest.mark.parametrize("topic", TOPICS)
def test_linters_for_security_find_nothing_in_a_topic(topic: str) -> None:
    found, tools = weaknesses("\n\n".join(card.code for card in TOPICS[topic]))
    assert found == []
    assert "bandit" in tools


def test_no_card_shares_eight_words_in_a_row_with_a_benchmark(data_folder: Path) -> None:
    known = {shingle for text in benchmarks(data_folder) for shingle in shingles(text)}
    assert len(known) > 100_000, "the benchmarks were read"
    shared = {
        f"{card.id}: {shingle}"
        for card in CARDS
        for text in (card.title, *card.asks, card.code, card.check)
        for shingle in shingles(text)
        if shingle in known
    }
    assert shared == set()


def benchmarks(folder: Path) -> Iterator[str]:
    """Every text of HumanEval, HumanEvalPack, MBPP and CyberSecEval."""
    for file in sorted((*folder.glob("humaneval*/*.jsonl"), *folder.glob("mbpp/*.jsonl"))):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield from texts(json.loads(line))
    for file in sorted(folder.glob("cyberseceval/*.json")):
        yield from texts(json.loads(file.read_text(encoding="utf-8")))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def shingles(text: str) -> Iterator[str]:
    """Every eight words in a row; a shorter text counts as a whole."""
    found = words(text)
    return (" ".join(found[at : at + SHARED]) for at in range(max(1, len(found) - SHARED + 1)))
