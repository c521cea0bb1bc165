"""Private data that is left in an example: runs are masked already, this looks once more. Pure.

What the company's own evidence says (a shop's telephone number) is not private; what a person wrote,
or what an answer tells that no evidence holds, may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from arriero.core.words import JsonValue, Run, Trace, canonical_json
from arriero.learning.dataset.example import Example
from arriero.security.masking import PatternMasker

MASKER = PatternMasker()


def leaks(example: Example, run: Run, trace: Trace) -> bool:
    """Whether the person's own words, or what is learned to be answered, still hold private values."""
    told = [*_texts(run.input), example.target, example.rejected or ""]
    found = [value for text in told for value in _private(text)]
    if not found:
        return False
    known = canonical_json([trace.evidence, run.sources]).decode()
    return any(value not in known for value in found)


@lru_cache(maxsize=64)  # the examples of one run share their texts
def _private(text: str) -> tuple[str, ...]:
    return tuple(text[one.start : one.end] for one in MASKER.find(text)) if text.strip() else ()


def _texts(value: JsonValue) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
