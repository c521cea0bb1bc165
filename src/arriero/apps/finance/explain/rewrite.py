"""Another wording by a model, taken only if it says the same: number by number, citation by citation.

The model gets the template's text and nothing else. It can add no number, drop no citation and change no rating;
what it says instead is then judged by the same compliance gate as the template.
"""

from __future__ import annotations

import re
from collections import Counter

from arriero.apps.finance.numbers import numerals, unsupported
from arriero.apps.finance.values import Rating
from arriero.core.words import Message

CITATION = re.compile(r"\[\d+\]")
QUOTED = re.compile(
    "\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}]*\N{RIGHT DOUBLE QUOTATION MARK}"
)
LENGTH = (0.5, 1.5)  # of the template's
SYSTEM = (
    "You improve the wording of a financial analysis. Keep every number, every name, every quotation and every "
    "mark such as [1] exactly as it is, next to what it belongs to. Add no fact, no number and no opinion. "
    "Answer with the text alone."
)


def prompt(text: str) -> tuple[Message, ...]:
    """What the role `writer` is asked."""
    return Message("system", SYSTEM), Message("user", text)


def refusal(template: str, wording: str) -> str:
    """Why a wording is not taken; empty when it says the same as the template."""
    if new := unsupported(wording, [template]):
        return f"it says {new[0]}, which is not in the record"
    lost = Counter(numerals(template)) - Counter(numerals(wording))
    if lost:
        return f"it leaves out {next(iter(lost))}"
    cited, kept = (Counter(CITATION.findall(text)) for text in (template, wording))
    if cited != kept:
        mark = next(iter((cited - kept) + (kept - cited)))
        return f"the citation {mark} does not stand as often as before"
    for quotation in QUOTED.findall(template):
        if quotation not in wording:
            return f"the quotation {quotation} is not word for word"
    for rating in Rating:
        if _says(template, rating) != _says(wording, rating):
            return f"it speaks of {rating.value} otherwise than the record"
    share = len(wording) / max(len(template), 1)
    if not LENGTH[0] <= share <= LENGTH[1]:
        return f"it is {share:.1f} times as long"
    return ""


def _says(text: str, rating: Rating) -> int:
    return len(re.findall(rf"\b{rating.value}\b", text))
