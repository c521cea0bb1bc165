"""The tables under rules/: what speaks, what cleans, what vouches."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

RULES = Path(__file__).with_name("rules")
NOTHING = re.compile(r"(?!)")


def table(name: str) -> Mapping[str, Any]:
    """The table `rules/NAME.toml` as it is written."""
    return tomllib.loads((RULES / f"{name}.toml").read_text(encoding="utf-8"))


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches a dotted name that ends in one of these, beginning where a part begins."""
    alternatives = "|".join(patterns)
    return re.compile(rf"(?:^|.*\.)(?:{alternatives})$") if alternatives else NOTHING


@dataclass(frozen=True, slots=True)
class Cleaner:
    """What a call or an attribute makes a value safe for."""

    uses: frozenset[str]
    calls: re.Pattern[str]
    attributes: re.Pattern[str]


@cache
def sources() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(source, the names that carry it)."""
    return tuple((name, any_of(row["names"])) for name, row in table("sources").items())


@cache
def _cleaners() -> tuple[Cleaner, ...]:
    return tuple(
        Cleaner(
            frozenset(row["uses"]),
            any_of(row.get("calls", ())),
            any_of(row.get("attributes", ())),
        )
        for row in table("cleaners")["cleaner"]
    )


@lru_cache(maxsize=4096)
def cleaned_by_call(name: str) -> frozenset[str]:
    """The uses that the result of calling `name` is safe for."""
    found: frozenset[str] = frozenset()
    for row in _cleaners():
        if row.calls.match(name):
            found |= row.uses
    return found


@lru_cache(maxsize=4096)
def cleaned_by_attribute(name: str) -> frozenset[str]:
    """The uses that the attribute `name` is safe for."""
    found: frozenset[str] = frozenset()
    for row in _cleaners():
        if row.attributes.match(name):
            found |= row.uses
    return found


@lru_cache(maxsize=4096)
def source_of(name: str) -> str:
    """Which source speaks under this dotted name; empty for none."""
    return next((source for source, names in sources() if names.match(name)), "")


@cache
def _secret_calls() -> re.Pattern[str]:
    return any_of(table("cleaners")["secret"]["calls"])


@lru_cache(maxsize=4096)
def hides_secrets(name: str) -> bool:
    """Whether the result of calling `name` no longer shows the secret it was given."""
    return _secret_calls().match(name.lower()) is not None


@cache
def promise() -> re.Pattern[str]:
    """A function's name that promises to clean its argument."""
    return re.compile(table("cleaners")["promise"]["names"])


@cache
def vouching() -> re.Pattern[str]:
    """A function's name that, asked in a condition, vouches for its argument."""
    return re.compile(table("cleaners")["vouch"]["names"], re.IGNORECASE)


@cache
def vouching_methods() -> frozenset[str]:
    """Methods that, asked in a condition, vouch for their object and arguments."""
    return frozenset(table("cleaners")["vouch"]["methods"])
