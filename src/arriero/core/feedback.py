"""Which value a kind of feedback takes: one rule for HTTP, Python and imports. Pure."""

from __future__ import annotations

from arriero.core.errors import InputError

KINDS = ("thumb", "rating", "edit", "comment", "resolved", "recontact")
LONGEST = 32_000  # characters of an edited answer or a comment; answers are at most a few thousand


def check(kind: str, value: object) -> None:
    """Raises `InputError` unless `value` is one that feedback of this kind has.

    thumb, resolved and recontact: true or false; rating: 1 to 5; edit and comment: a text.
    """
    if kind not in KINDS:
        raise InputError(
            f"there is no feedback {kind!r}; there are: {', '.join(KINDS)}", param="kind"
        )
    if kind in {"thumb", "resolved", "recontact"} and not isinstance(value, bool):
        raise InputError(f"a {kind} is true or false", param="value")
    if kind == "rating" and (type(value) is not int or not 1 <= value <= 5):
        raise InputError("a rating is a whole number from 1 to 5", param="value")
    if kind in {"edit", "comment"} and not _is_text(value):
        raise InputError(f"the text of a {kind} has 1 to {LONGEST:,} characters", param="value")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST
