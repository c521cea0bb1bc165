"""Approved answers: texts that a person wrote once, filled with real facts only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from arriero.checks.kind import lacking
from arriero.core.errors import InputError

# How an order stands answers these even where it has no date and no amount yet.
OF_AN_ORDER = frozenset({"duration", "price"})
_FIELD = re.compile(r"\{(\w+)\}")


class Template(BaseModel):
    """An approved answer to an intent. It applies when the facts match `when` and hold all `needs`.

    A `cue` is a regular expression that the message has to match as well: not everybody who writes
    about the club's points asks how many they have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    intent: str
    text: str
    when: Mapping[str, str] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    cue: str = ""

    @field_validator("cue")
    @classmethod
    def _can_be_matched(cls, cue: str) -> str:
        try:
            re.compile(cue)
        except re.error as error:
            raise ValueError(f"'cue' is no regular expression: {error}") from None
        return cue

    @cached_property
    def fields(self) -> frozenset[str]:
        """The facts without which this cannot be said."""
        return frozenset((*self.needs, *_FIELD.findall(self.text)))

    def applies(self, intent: str, facts: Mapping[str, str], message: str = "") -> bool:
        """Whether this answers `intent` with these facts: an empty fact is a missing one."""
        return (
            intent == self.intent
            and self.when.items() <= facts.items()
            and self.fields <= facts.keys()
            and all(facts[name] for name in self.fields)
            and (not self.cue or re.search(self.cue, message) is not None)
        )

    def answers(self, message: str, facts: Mapping[str, str]) -> bool:
        """Whether it names the kind of thing that `message` asks for, or only asks for what is missing.

        Who asks what a tent weighs is not told how damage is reported. A `cue` was written for the
        messages that it matches.
        """
        if self.cue:
            return True
        if "?" in self.text and "order_id" not in self.fields:
            return True
        missing = lacking(message, self.fill(facts))
        return not missing or (missing in OF_AN_ORDER and bool(self.fields))

    def fill(self, facts: Mapping[str, str]) -> str:
        return _FIELD.sub(lambda match: facts[match.group(1)], self.text)


def load(file: Path) -> tuple[Template, ...]:
    """The templates of a TOML file, or an `InputError` that names the file and the broken entry."""
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("template", [])
        return tuple(Template.model_validate(row) for row in rows)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"templates file {str(file)!r} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"templates file {str(file)!r}: {first['loc']}: {first['msg']}") from None


def by_intent(templates: Sequence[Template]) -> Mapping[str, Sequence[Template]]:
    """The templates of each intent, in their order."""
    found: dict[str, list[Template]] = {}
    for template in templates:
        found.setdefault(template.intent, []).append(template)
    return found


def choose(
    templates: Sequence[Template], intent: str, facts: Mapping[str, str], message: str = ""
) -> Template | None:
    """The applying template that asks most of the facts, if it says what was asked; the earlier one on a tie."""
    fitting = [one for one in templates if one.applies(intent, facts, message)]
    # The most demanding first: to read what an answer says takes longest, and one is enough.
    fitting.sort(key=lambda one: (len(one.when), len(one.needs)), reverse=True)
    return next((one for one in fitting if one.answers(message, facts)), None)
