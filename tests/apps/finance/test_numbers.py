"""A number is said by one function, and what a text says can be held against a record."""

from __future__ import annotations

import math

import pytest

from arriero.apps.finance.numbers import numerals, say, unsupported


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.12345, "share", "12.3 %"),
        (-0.0001, "share", "0.0 %"),
        (-0.05, "points", "-5.0 points"),
        (1.2649e9, "USD", "1.26 billion USD"),
        (-4.2e6, "USD", "-4.20 million USD"),
        (12.0, "USD", "12.00 USD"),
        (1875, "count", "1,875"),
        (27.3, "price", "27.30"),
        (3.14159, "times", "3.1 times"),
    ],
)
def test_a_number_is_said_so(value: float, unit: str, said: str) -> None:
    assert say(value, unit) == said


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_said(value: float) -> None:
    with pytest.raises(ValueError, match="give a reason"):
        say(value, "share")


def test_numbers_of_a_text_that_no_record_has_are_found() -> None:
    record = ["revenue grew 8.3 %", "1,262 million USD", "2025-09-27"]
    assert unsupported("It grew by 8.3 % to 1,262 million on 2025-09-27.", record) == []
    assert unsupported("It grew by 8.4 %.", record) == ["8.4"]
    assert numerals("from -3.5 to +1,000") == ["-3.5", "1000"]
