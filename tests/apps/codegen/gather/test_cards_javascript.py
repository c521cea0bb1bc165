"""Every recipe card in JavaScript and TypeScript: its code runs, its check holds, and could have failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from arriero.apps.codegen.gather.cards import Card, cards
from arriero.apps.codegen.judge import parse
from arriero.apps.codegen.judge.base import Subject
from arriero.apps.codegen.judge.grammars import nodes, text, tree
from arriero.apps.codegen.judge.lint_javascript import lint
from arriero.apps.codegen.sandbox.base import Limits
from arriero.apps.codegen.sandbox.javascript import JavaScript, _plain, _script
from arriero.learning.dataset.alike import words

LIMITS = Limits(wall_s=5.0, memory_mb=64)
SHINGLE = 8  # words in a row that no card may have in common with a problem of a benchmark
DECLARED = frozenset(
    {
        "function_declaration", "generator_function_declaration", "function_signature", "class_declaration",
        "abstract_class_declaration", "method_definition",
    }
)  # fmt: skip
EVERY = [*cards("javascript"), *cards("typescript")]
each_card = pytest.mark.parametrize(
    "card", EVERY, ids=[f"{card.language}-{card.id}" for card in EVERY]
)


@dataclass(frozen=True)
class Engine:
    """One engine for all cards: each runs in a scope of its own."""

    sandbox: JavaScript
    context: Any

    async def failure(self, card: Card, between: str = "") -> str:
        """Why the check does not hold; empty when it holds. Promises are awaited."""
        body = f"{card.code}\n{between}\n{card.check}"
        name = "card.ts" if card.language == "typescript" else "card.js"
        scope = f'(async () => {{ "use strict";\n{body}\n}})()'
        try:
            await self.context.eval_async(f"await {_plain(self.sandbox.package, scope, name)}")
        except self.sandbox.errors as error:
            return f"{getattr(error, 'name', type(error).__name__)}: {error}"
        return ""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    sandbox = JavaScript.open()
    with sandbox._engine(LIMITS) as context:
        context.eval(_script("tests.js"))
        yield Engine(sandbox, context)


@each_card
async def test_the_check_of_a_card_holds(engine: Engine, card: Card) -> None:
    assert await engine.failure(card) == ""


@each_card
async def test_the_check_fails_when_the_functions_do_nothing(engine: Engine, card: Card) -> None:
    empty = "\n".join(
        f"{name} = {'class {}' if kind == 'class' else '() => undefined'};"
        for name, kind in defined(card)
    )
    assert empty, "it defines nothing"
    assert await engine.failure(card, empty) != ""


def test_every_card_parses_and_has_no_mistake_that_lint_sees() -> None:
    wrong = {
        card.id: found
        for card in EVERY
        if (
            found := (
                *parse.problems(Subject(card.code, card.language))[0],
                *parse.problems(Subject(card.check, card.language))[0],
                *lint(card.code, card.language),
            )
        )
    }
    assert wrong == {}


def test_what_a_card_defines_says_in_one_line_what_it_is_for() -> None:
    bare = [
        f"{card.id}: {text(node.child_by_field_name('name'))}"
        for card in EVERY
        for node in nodes(tree(card.code, card.language))
        if node.type in DECLARED and not _comment(node)
    ]
    assert bare == []


def test_a_card_is_small_and_asked_for_in_several_ways() -> None:
    for card in EVERY:
        asked = {" ".join(words(one)) for one in (card.title, *card.asks)}
        assert len(asked) == 1 + len(card.asks) >= 3, card.id
        lines = [line for line in card.code.splitlines() if line.strip()]
        assert 3 <= len(lines) <= 30, card.id
        assert max(map(len, lines)) <= 105, card.id


@pytest.mark.parametrize(("language", "least"), [("javascript", 80), ("typescript", 40)])
def test_titles_of_cards_are_unique_in_their_language(language: str, least: int) -> None:
    titles = [card.title.lower() for card in cards(language)]
    assert len(titles) >= least
    assert [one for one in titles if titles.count(one) > 1] == []


def test_no_card_has_words_of_a_benchmark(data_folder: Path) -> None:
    known = {shingle: name for name, told in _problems(data_folder) for shingle in _shingles(told)}
    assert len(known) > 100_000, "the benchmarks were not read"
    shared = {
        card.id: (known[shingle], shingle)
        for card in EVERY
        for told in (card.code, card.check, card.title, *card.asks)
        for shingle in _shingles(told)
        if shingle in known
    }
    assert shared == {}


def defined(card: Card) -> list[tuple[str, str]]:
    """(name, `class` or `function`) of what the code declares at its top."""
    root = tree(card.code, card.language)
    return [
        (
            text(node.child_by_field_name("name")),
            "class" if "class" in node.type else "function",
        )
        for node in root.children
        if node.type in DECLARED and node.type != "function_signature"
    ]


def _comment(node: Any) -> bool:
    before = node.prev_named_sibling
    return text(node.child_by_field_name("name")) == "constructor" or (
        before is not None and before.type in {"comment", "function_signature"}
    )


def _shingles(told: str) -> set[str]:
    found = words(told)
    return {" ".join(found[at : at + SHINGLE]) for at in range(len(found) - SHINGLE + 1)}


def _problems(folder: Path) -> Iterator[tuple[str, str]]:
    """(file, a text of one problem): what is asked, solutions and tests."""
    for name in ("humaneval", "humanevalpack", "mbpp", "cyberseceval"):
        for file in sorted((folder / name).glob("*.json*")):
            raw = file.read_text(encoding="utf-8")
            rows = (
                json.loads(raw)
                if file.suffix == ".json"
                else [json.loads(line) for line in raw.splitlines() if line.strip()]
            )
            for row in rows:
                for value in row.values():
                    told = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
                    yield file.name, told
