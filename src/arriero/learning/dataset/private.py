"""Private data that is left in an example: runs are masked already, this looks once more. Pure.

What the company's own evidence says (a shop's telephone number) is not private; what a person wrote,
or what an answer tells that no evidence holds, may be.
"""

from __future__ import annotations

from functools import lru_cache

from arriero.core.words import Run, Trace, canonical_json
from arriero.learning.dataset.example import Example
from arriero.security.masking import PatternMasker, each_string

MASKER = PatternMasker()


def leaks(example: Example, run: Run, trace: Trace) -> bool:
    """Whether the person's own words, or what is learned to be answered, still hold private values."""
    told = [*each_string(run.input), example.target, example.rejected or ""]
    found = [value for text in told for value in _private(text)]
    if not found:
        return False
    known = canonical_json([trace.evidence, run.sources]).decode()
    return any(value not in known for value in found)


@lru_cache(maxsize=64)  # the examples of one run share their texts
def _private(text: str) -> tuple[str, ...]:
    return tuple(text[one.start : one.end] for one in MASKER.find(text)) if text.strip() else ()
