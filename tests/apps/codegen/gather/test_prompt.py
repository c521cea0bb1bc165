from __future__ import annotations

from arriero.apps.codegen.draft import Opened
from arriero.apps.codegen.gather.prompt import shown, with_snippets
from arriero.apps.codegen.gather.snippet import Found, Origin, Snippet
from arriero.core.words import Message


def _found(id: str, likeness: float, size: int = 40) -> Found:
    card = Snippet(id, Origin.CARD, "python", f"Title of {id}", (id,), "x" * size)
    return Found(card, 0.03, likeness, {"meaning": 1})


def _ids(found: tuple[Found, ...], most: int = 3, tokens: int = 600) -> list[str]:
    return [one.id for one in shown(found, most=most, likeness=0.5, tokens=tokens)]


def test_what_is_unlike_the_requirement_is_not_shown() -> None:
    assert _ids((_found("a", 0.9), _found("b", 0.3), _found("c", 0.5))) == ["a", "c"]


def test_there_are_at_most_so_many_and_they_fit_the_tokens() -> None:
    found = (_found("a", 0.9), _found("b", 0.8, 4_000), _found("c", 0.7), _found("d", 0.6))
    assert _ids(found) == ["a", "c", "d"]
    assert _ids(found, most=1) == ["a"]
    assert _ids(found, most=0) == []
    assert _ids(found, tokens=5) == []


def test_they_stand_before_the_task_and_nothing_else_changes() -> None:
    messages = (Message("system", "S"), Message("user", "T"), Message("assistant", "```python\n"))
    prompt = Opened(messages, "begun")
    told = with_snippets(prompt, [_found("a", 1.0).snippet])
    assert told.messages[0] == messages[0]
    assert told.messages[2] == messages[2]
    assert told.begun == "begun"
    assert told.messages[1].content.endswith("\n\nNow the task:\n\nT")
    assert "Title of a:\n```python\nxxx" in told.messages[1].content
    assert with_snippets(prompt, []) is prompt


def test_code_of_the_callers_repository_is_named_with_its_file() -> None:
    own = Snippet("r", Origin.REPOSITORY, "python", "area", ("area",), "pass", file="shapes.py")
    prompt = with_snippets(Opened((Message("user", "T"),)), [own])
    assert "area (shapes.py):\n" in prompt.messages[0].content
