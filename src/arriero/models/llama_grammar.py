"""A list of given texts as llama.cpp's own grammar, where a JSON schema would let it dawdle.

llama.cpp turns a schema into a grammar that allows spaces and line breaks between any two signs. A small
model fills them with indentation, and every draft from the prompt ends where such a space might come:
an answer of two quoted sentences took almost twice as long (bars/LOG.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from arriero.core.words import JsonValue
from arriero.models.base import Prompt
from arriero.models.openai_wire import request_body


def llama_body(prompt: Prompt, model: str) -> dict[str, JsonValue]:
    """What `request_body` asks for, in the words that llama.cpp's server answers fastest."""
    body = request_body(prompt, model) | {"cache_prompt": True}
    if prompt.schema is not None and (grammar := grammar_of(prompt.schema)):
        del body["response_format"]
        body["grammar"] = grammar
    return body


def grammar_of(schema: Mapping[str, JsonValue]) -> str | None:
    """GBNF of a list of a fixed length, of strings of an enumeration; None for any other schema."""
    match schema:
        case {
            "type": "array",
            "items": {"type": "string", "enum": [_, *_] as texts},
            "minItems": int(least),
            "maxItems": int(most),
            **others,
        } if 0 < least == most and not others:
            items = ' ", " '.join(["text"] * most)
            quoted = (json.dumps(text, ensure_ascii=False) for text in texts)
            # Once more: a literal of GBNF is written as JSON writes what has no control character.
            literals = " | ".join(json.dumps(text, ensure_ascii=False) for text in quoted)
            return f'root ::= "[" {items} "]"\ntext ::= {literals}'
        case _:
            return None
