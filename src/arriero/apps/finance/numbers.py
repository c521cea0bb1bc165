"""How a number is said: one function for the text, the charts and the check of a model's wording."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

MONEY = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
NUMERAL = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")


def say(value: float, unit: str) -> str:
    """`value` in words of `unit`, the same on every machine: no locale, no clock.

    Units: `share` (0.123 is 12.3 %), `points` (a difference of shares), `ratio`, `times`, `count`, `days`,
    `years`, `price` (two decimals), `score`, or a currency code for amounts (`USD`). Raises `ValueError`
    for what is no finite number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be said; give a reason instead of a number")
    match unit:
        case "share":
            return f"{_fixed(value * 100, 1)} %"
        case "points":
            return f"{_fixed(value * 100, 1)} points"
        case "ratio" | "score":
            return _fixed(value, 2)
        case "times":
            return f"{_fixed(value, 1)} times"
        case "count":
            return f"{round(value):,}"
        case "days" | "years":
            return f"{round(value):,} {unit}"
        case "price":
            return f"{_fixed(value, 2)}"
    for size, word in MONEY:
        if abs(value) >= size:
            return f"{_fixed(value / size, 2)} {word} {unit}"
    return f"{_fixed(value, 2)} {unit}"


def _fixed(value: float, places: int) -> str:
    """Fixed decimals, without a minus before a zero."""
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def numerals(text: str) -> list[str]:
    """Every number that a text says, in order, without separators and plus signs: what is compared."""
    return [found.replace(",", "").lstrip("+") for found in NUMERAL.findall(text)]


def unsupported(text: str, record: Iterable[str]) -> list[str]:
    """The numbers of `text` that occur in no text of the `record`."""
    known = {one.lstrip("-") for told in record for one in numerals(told)}
    return [one for one in numerals(text) if one.lstrip("-") not in known]
