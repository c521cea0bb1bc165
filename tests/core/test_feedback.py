"""Which value a kind of feedback takes."""

from __future__ import annotations

import pytest

from arriero.core.errors import InputError
from arriero.core.feedback import check


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("thumb", True),
        ("rating", 5),
        ("edit", "Better."),
        ("resolved", False),
        ("label", {"intent": "refund"}),
    ],
)
def test_a_fitting_value_passes(kind: str, value: object) -> None:
    check(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("thumb", 1, "true or false"),
        ("rating", 6, "1 to 5"),
        ("rating", True, "1 to 5"),
        ("edit", "  ", "characters"),
        ("stars", 5, "there are: thumb"),
        ("label", "refund", "should have been understood"),
        ("label", {}, "should have been understood"),
        ("label", {"intent": "x" * 201}, "at most 200"),
    ],
)
def test_another_value_is_refused_in_one_sentence(kind: str, value: object, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check(kind, value)
