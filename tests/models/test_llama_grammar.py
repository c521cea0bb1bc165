"""Which schemas llama.cpp gets as a grammar of its own, and what that grammar says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arriero.core.words import JsonValue, Message
from arriero.models.base import Prompt
from arriero.models.llama_grammar import ending, llama_body

TWO: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "enum": ["One.", 'Say "two" \\ ü']},
    "minItems": 2,
    "maxItems": 2,
}
GRAMMAR = (
    'root ::= "[" text ", " text "]"\n'
    r'text ::= "\"One.\"" | "\"Say \\\"two\\\" \\\\ ü\""'
)


def test_a_list_of_given_texts_is_written_without_spaces_to_choose() -> None:
    body = llama_body(Prompt((Message("user", "?"),), schema=TWO), "m")
    assert body["grammar"] == GRAMMAR
    assert "response_format" not in body
    assert body["cache_prompt"] is True


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "enum": ["a"]},
        TWO | {"minItems": 1},
        TWO | {"uniqueItems": True},
        TWO | {"items": {"type": "string"}},
        TWO | {"items": {"type": "string", "enum": []}},
        {name: value for name, value in TWO.items() if name != "minItems"},
    ],
)
def test_every_other_schema_stays_a_schema(schema: dict[str, JsonValue]) -> None:
    body = llama_body(Prompt((Message("user", "?"),), schema=schema), "m")
    assert "grammar" not in body
    assert body["response_format"]["json_schema"]["schema"] == schema


THREE = TWO | {
    "items": {"type": "string", "enum": ["One.", "One. More.", 'Say "two", \\ ü', "One."]}
}


@pytest.mark.parametrize(
    ("so_far", "rest"),
    [
        ("", ""),
        ("[", ""),
        ('["Say', ""),  # the first text is known, the second is not
        ('["Say \\"two\\", \\\\ ü", ', ""),
        ('["Say \\"two\\", \\\\ ü", "One.', ""),  # either of two
        ('["One.", "One."', "]"),
        ('["One.", "One. ', 'More."]'),
        ('["One. More.", "S', 'ay \\"two\\", \\\\ ü"]'),
        ('["One.", "One."]', ""),
        ('["Nothing of it', ""),
        ("One.", ""),
    ],
)
def test_the_end_of_a_list_is_known_as_soon_as_one_text_is_left(so_far: str, rest: str) -> None:
    assert ending(Prompt((Message("user", "?"),), schema=THREE))(so_far) == rest
    if rest:
        assert set(json.loads(so_far + rest)) <= set(THREE["items"]["enum"])


def test_an_end_is_not_filled_in_where_chances_are_wanted_or_anything_may_follow() -> None:
    so_far = '["One.", "One. '
    for prompt in (
        Prompt((Message("user", "?"),)),
        Prompt((Message("user", "?"),), schema=THREE, top_logprobs=5),
        Prompt((Message("user", "?"),), schema=THREE | {"minItems": 1}),
    ):
        assert ending(prompt)(so_far) == ""
