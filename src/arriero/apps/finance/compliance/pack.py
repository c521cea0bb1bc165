"""The rule pack: every rule as data, the approved wording of legends, and a version that is the hash of all of it.

The version covers the tables, the grammar, the listener's weights and the code that judges, and the changes in force: two reviews of the same
version judge alike. A change is `Off` (only rules that may be switched) or a new limit; it comes from two people.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from arriero.apps.finance.compliance.base import Profile
from arriero.core.errors import InputError
from arriero.core.words import canonical_json

HERE = Path(__file__).parent
RESTRICTED = "C18"
LEAVE_OUT = "leave out"  # as a rule's `instead`: nothing takes the sentence's place
JUDGING = {".py", ".toml", ".json", ".safetensors"}  # files that decide what a review says


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as data. `off` is the change that switched it off, if any.

    `instead` is what a repair puts in place of an offending sentence, or `LEAVE_OUT`; empty: it cannot be repaired.
    """

    id: str
    title: str
    text: str
    citation: str
    profiles: tuple[Profile, ...]
    severity: str
    since: date
    switchable: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    legends: tuple[str, ...] = ()
    instead: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class RuleChange:
    """`proposer` asked and `approver`, somebody else, agreed: `what` is `off`, `on` or the name of a limit."""

    id: str
    rule: str
    what: str
    value: float | None
    reason: str
    proposer: str
    approver: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules in order, the legends by id, and the version (64 hexadecimal digits)."""

    rules: tuple[Rule, ...]
    legends: Mapping[str, str]
    version: str
    changes: tuple[RuleChange, ...] = ()

    def rule(self, id: str) -> Rule:
        """InputError when there is no such rule."""
        for rule in self.rules:
            if rule.id == id:
                return rule
        raise InputError(
            f"there is no rule {id!r}; there are {self.rules[0].id} to {self.rules[-1].id}"
        )

    def changed(self, changes: Sequence[RuleChange]) -> Pack:
        """The pack with these changes in force, in their order. InputError when one of them is not possible."""
        rules = {rule.id: rule for rule in self.rules}
        for change in changes:
            check(self, change.rule, change.what, change.value)
            if change.proposer == change.approver:
                raise InputError(
                    f"rule change {change.id!r} has one actor, {change.proposer!r}; two are needed"
                )
            rule = rules[change.rule]
            if change.what in {"off", "on"}:
                rules[rule.id] = replace(rule, off=change.what == "off")
            else:
                rules[rule.id] = replace(
                    rule, limits={**rule.limits, change.what: change.value or 0.0}
                )
        if not changes:
            return self
        version = hashlib.sha256(
            self.version.encode() + canonical_json([asdict(one) for one in changes])
        )
        return replace(
            self, rules=tuple(rules.values()), version=version.hexdigest(), changes=tuple(changes)
        )


def check(pack: Pack, rule: str, what: str, value: float | None) -> None:
    """InputError, in one sentence, when the rule cannot be changed like that."""
    known = pack.rule(rule)
    if what in {"off", "on"}:
        if not known.switchable:
            raise InputError(
                f"{rule} ({known.title}) cannot be switched; those that can: {_switchable(pack)}"
            )
    elif what not in known.limits:
        limits = ", ".join(known.limits) or "none"
        raise InputError(f"{rule} has no limit {what!r}; its limits: {limits}")
    elif value is None or not 0 <= value < 1e9:
        raise InputError(f"the limit {what} of {rule} is a number from 0 on, not {value!r}")


@lru_cache(maxsize=1)
def shipped() -> Pack:
    """The pack of this version of Arriero, without changes."""
    table = tomllib.loads((HERE / "rules.toml").read_text(encoding="utf-8"))
    rules = TypeAdapter(tuple[Rule, ...]).validate_python(
        [{"since": table["since"], **row} for row in table["rules"]]
    )
    return Pack(rules, table["legends"], _hash())


def _hash() -> str:
    """SHA-256 over names and contents of the tables and the code of this folder."""
    digest = hashlib.sha256()
    for file in sorted(HERE.iterdir()):
        if file.suffix in JUDGING:
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _switchable(pack: Pack) -> str:
    return ", ".join(rule.id for rule in pack.rules if rule.switchable)
