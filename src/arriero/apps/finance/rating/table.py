"""Reads the rating table and applies it: the first rule whose conditions all hold. Pure."""

from __future__ import annotations

import operator
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arriero.apps.finance.values import HORIZONS, Rating
from arriero.apps.finance.views import GRADES, RISKS
from arriero.core.errors import SettingsError
from arriero.core.words import content_hash

PACKAGED = Path(__file__).with_name("table.toml")
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
WEIGHTS = ("report", "trend", "risk", "unknown")
ORDERED: Mapping[str, Sequence[str]] = {"grade": GRADES, "risk": RISKS}


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rules look at; the table's head says what each is. None: not known."""

    price_days: int | None = None
    price_age_days: int | None = None
    filing_months: float | None = None
    grade: str | None = None
    risk: str | None = None
    days_to_sell: float | None = None
    risk_text: int | None = None
    edge_up: float | None = None
    edge_down: float | None = None
    net_expected: float | None = None
    unfilled: int = 0
    earlier: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of one field. `limit` is a number or a word; an ordered word is compared by its place."""

    field: str
    operator: str  # of COMPARE, or missing, or known
    limit: float | str | None

    def holds(self, basis: Basis) -> bool:
        """Whether it holds; a field that is not known meets no comparison."""
        value = getattr(basis, self.field)
        if self.operator in {"missing", "known"}:
            return (value is None) is (self.operator == "missing")
        if value is None:
            return False
        limit, order = self.limit, ORDERED.get(self.field)
        if order is not None:
            value, limit = order.index(value), order.index(str(limit))
        return COMPARE[self.operator](value, limit)


@dataclass(frozen=True, slots=True)
class Rule:
    """Its conditions, all of which must hold, and what follows."""

    id: str
    rating: Rating
    because: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The published table. `version` is its date and the first digits of its hash.

    `enter` and `stay` are the edges that give and keep a rating, those `against` where other evidence speaks against
    it; a table that does not name these asks for no more there.
    """

    version: str
    enter: float
    stay: float
    enter_against: float
    stay_against: float
    cost: float
    definitions: Mapping[Rating, str]
    bands: Mapping[int, float]
    weights: Mapping[str, float]
    grades: Mapping[str, float]
    risks: Mapping[str, float]
    rules: tuple[Rule, ...]

    def rule_for(self, basis: Basis) -> Rule:
        """The first rule that holds; the last one always does."""
        return next(rule for rule in self.rules if all(one.holds(basis) for one in rule.when))


def read(file: Path) -> Table:
    """The table in a TOML file. `SettingsError` says what is wrong with it."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        names = {name: float(told[name]) for name in ("enter", "stay", "cost")}
        for name in ("enter", "stay"):
            names[f"{name}_against"] = float(told.get(f"{name}_against", names[name]))
        rules = tuple(
            Rule(
                one["id"], Rating(one["rating"]), one["because"],
                tuple(_condition(field, text, names) for field, text in one["when"].items()),
            )
            for one in told["rule"]
        )  # fmt: skip
        table = Table(
            version=f"{told['version']}-{content_hash(told)[:8]}",
            **names,
            definitions={Rating(name): text for name, text in told["definitions"].items()},
            bands={days: float(told["bands"][str(days)]) for days in HORIZONS},
            weights={name: float(told["weights"][name]) for name in WEIGHTS},
            grades={name: told["scores"]["grade"][name] for name in GRADES},
            risks={name: told["scores"]["risk"][name] for name in RISKS},
            rules=rules,
        )
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"the rating table {str(file)!r} cannot be used: {error!r}") from None
    if not rules or rules[-1].when or set(table.definitions) != set(Rating):
        raise SettingsError(
            f"the rating table {str(file)!r} must define all four ratings and end with a rule without conditions"
        )
    if not 0 < table.stay <= min(table.enter, table.stay_against):
        raise SettingsError(
            f"the rating table {str(file)!r} must have a stay above 0 and not above enter and stay_against"
        )
    if table.enter_against < max(table.enter, table.stay_against):
        raise SettingsError(
            f"the rating table {str(file)!r} must have an enter_against not below enter and stay_against"
        )
    return table


@cache
def packaged() -> Table:
    """The table that ships."""
    return read(PACKAGED)


def _condition(field: str, text: str, names: Mapping[str, float]) -> Condition:
    if field not in Basis.__dataclass_fields__:
        raise ValueError(f"a rule looks at {field!r}, which is no field of the basis")
    if text in {"missing", "known"}:
        return Condition(field, text, None)
    operator_, _, limit = text.partition(" ")
    if operator_ not in COMPARE or not limit:
        raise ValueError(f"{text!r} is no condition; write for example '>= 0.05'")
    if limit in names:
        return Condition(field, operator_, names[limit])
    if field in ORDERED:
        ORDERED[field].index(limit)
        return Condition(field, operator_, limit)
    return Condition(field, operator_, limit if field == "earlier" else float(limit))
