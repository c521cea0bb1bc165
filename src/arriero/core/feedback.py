"""Which value a kind of feedback takes: one rule for HTTP, Python and imports. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arriero.core.errors import InputError

KINDS = ("thumb", "rating", "edit", "comment", "resolved", "recontact", "label")
LONGEST = 32_000  # characters of an edited answer or a comment; answers are at most a few thousand
LONGEST_LABEL = 200


def check(kind: str, value: object) -> None:
    """Raises `InputError` unless `value` is one that feedback of this kind has.

    thumb, resolved and recontact: true or false; rating: 1 to 5; edit and comment: a text; label:
    what should have been understood, such as `{"intent": "refund"}`.
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
        raise InputError(
            f"the text of an edit or a comment has 1 to {LONGEST:,} characters", param="value"
        )
    if kind == "label" and not _is_labels(value):
        raise InputError(
            'a label names what should have been understood, such as {"intent": "refund"}; '
            f"each is a text of at most {LONGEST_LABEL} characters",
            param="value",
        )


def _is_labels(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and 1 <= len(value) <= 20
        and all(
            _is_text(text) and len(text) <= LONGEST_LABEL for one in value.items() for text in one
        )
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST
