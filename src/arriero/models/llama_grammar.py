"""A list of given texts: as llama.cpp's own grammar, where a JSON schema would let it dawdle, and ended early.

llama.cpp turns a schema into a grammar that allows spaces and line breaks between any two signs. A small
model fills them with indentation, and every draft from the prompt ends where such a space might come:
an answer of two quoted sentences took almost twice as long (bars/LOG.md).

Once a list can end in one way only, the model has chosen: every token that is left has probability 1. They are
filled in and not waited for ("jump-forward", Zheng et al., "SGLang", arXiv:2312.07104, section 4, for the end alone).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from arriero.core.words import JsonValue
from arriero.models.base import Prompt
from arriero.models.openai_wire import request_body


def llama_body(prompt: Prompt, model: str) -> dict[str, JsonValue]:
    """What `request_body` asks for, in the words that llama.cpp's server answers fastest."""
    body = request_body(prompt, model) | {"cache_prompt": True}
    if prompt.schema is not None and (choice := _choice(prompt.schema)):
        del body["response_format"]
        # Counts in every event: a stream that is left before its end tells no usage.
        body |= {"grammar": _grammar(*choice), "timings_per_token": True}
    return body


def ending(prompt: Prompt) -> Callable[[str], str]:
    """What gives all that can follow the beginning of a reply to `llama_body`; empty while there is a choice."""
    choice = None if prompt.schema is None or prompt.top_logprobs else _choice(prompt.schema)
    return (lambda text: "") if choice is None else partial(_end_of, *choice)


def _end_of(literals: Sequence[str], length: int, text: str) -> str:
    if not text.startswith("["):
        return ""
    rest = text[1:]
    for _ in range(length - 1):
        item = next((one for one in literals if rest.startswith(f"{one}, ")), None)
        if item is None:
            return ""
        rest = rest[len(item) + 2 :]
    ends = [end for one in literals if (end := f"{one}]").startswith(rest)]
    return ends[0][len(rest) :] if len(ends) == 1 else ""


def _choice(schema: Mapping[str, JsonValue]) -> tuple[Sequence[str], int] | None:
    """Of a list of a fixed length, of strings of an enumeration: the strings as JSON writes them, each once, and
    the length. None for any other schema.
    """
    match schema:
        case {
            "type": "array",
            "items": {"type": "string", "enum": [_, *_] as texts},
            "minItems": int(least),
            "maxItems": int(most),
            **others,
        } if 0 < least == most and not others:
            return tuple(
                dict.fromkeys(json.dumps(text, ensure_ascii=False) for text in texts)
            ), most
        case _:
            return None


def _grammar(literals: Sequence[str], length: int) -> str:
    """GBNF of such a list."""
    items = ' ", " '.join(["text"] * length)
    # Once more: a literal of GBNF is written as JSON writes what has no control character.
    texts = " | ".join(json.dumps(one, ensure_ascii=False) for one in literals)
    return f'root ::= "[" {items} "]"\ntext ::= {texts}'
