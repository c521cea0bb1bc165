"""The questions that articles are expected to answer: a company writes down how its customers ask.

A line of `questions.jsonl` names an article, words of it and the questions that these words answer:

{"article": "shipping-costs", "quote": "It is free from an order value of 80 EUR.",
 "questions": ["free shipping from what amount"]}

A question counts as long as the quote stands in the article; whoever edits the sentence has to look
at its questions again. They are found by, and an answer is judged by them; nobody is shown one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arriero.core.errors import InputError
from arriero.retrieval.base import Expected


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    article: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    questions: tuple[str, ...] = Field(min_length=1)


def unanswered(file: Path) -> tuple[str, ...]:
    """The questions that nothing answers, one a line of `file`; `InputError` when it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); save it as UTF-8") from None
    return tuple(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))


def load(file: Path) -> Mapping[str, Sequence[Expected]]:
    """Article id -> its expected questions; `InputError` names the line and the remedy."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); save it as UTF-8") from None
    found: dict[str, list[Expected]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _Row.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "line"
            raise InputError(
                f"{file.name}, line {number}: {where}: {first['msg']}; write "
                '{"article": ..., "quote": ..., "questions": [...]}'
            ) from None
        quote = " ".join(row.quote.split())
        found.setdefault(row.article, []).extend(Expected(one, quote) for one in row.questions)
    return found
