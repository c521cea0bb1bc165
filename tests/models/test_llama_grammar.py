"""Which schemas llama.cpp gets as a grammar of its own, and what that grammar says."""

from __future__ import annotations

import pytest

from arriero.core.words import JsonValue, Message
from arriero.models.base import Prompt
from arriero.models.llama_grammar import grammar_of, llama_body

TWO = {
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
    assert grammar_of(TWO) == GRAMMAR
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
    assert grammar_of(schema) is None
    body = llama_body(Prompt((Message("user", "?"),), schema=schema), "m")
    assert "grammar" not in body
    assert body["response_format"]["json_schema"]["schema"] == schema
