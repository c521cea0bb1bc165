"""Policy as data: a company's TOML becomes pre-conditions in code, outside of any model.

The same conditions are asked twice: before a change is offered, and again before it is performed,
because the world may have moved on in between.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arriero.apps.support.facts import order_facts, spoken_day
from arriero.apps.support.orders import Customer, Order, OrderStatus, RefundStatus
from arriero.core.errors import InputError

NO_ORDER = (
    "I could not find this order in your account. Please check the number in your confirmation "
    "e-mail and send it to me again."
)
WHO = (
    "I can only change an order for the person who placed it. Please log in to your account and "
    "write to me from there, or ask for a colleague."
)
TOO_MUCH = (
    "I may not decide that for order {order_id} over {total} myself. I have passed it to a "
    "colleague, who will get back to you; you do not need to write again."
)
NOT_NOW = "Order {order_id} is {status}, so that is not possible. Please ask for a colleague if you need more."
UNDERWAY = "The refund of order {order_id} is already {refund_status}. Please tell me if something about it is wrong."
OUTSIDE = "The time for returning order {order_id} ended on {last_day}. Please ask for a colleague if something is wrong with the goods."
ABROAD = "The new address of order {order_id} must be in the same country as before. Please send me an address there."
FIELDS = frozenset("order_id status total refund_amount refund_status last_day".split())
ANY = "any"


class Tool(StrEnum):
    """What can be done for a customer. All but the first change the shop's records."""

    ORDER_STATUS = "order_status"
    CANCEL_ORDER = "cancel_order"
    REFUND = "refund"
    CHANGE_ADDRESS = "change_address"


class Rule(BaseModel):
    """When one tool may be used; the texts are approved answers, filled with the order's facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    cue: str = ""
    statuses: tuple[OrderStatus, ...] = ()
    within_days: int | None = Field(default=None, ge=0)
    most: Decimal | None = Field(default=None, gt=0)
    otherwise: Mapping[str, str] = Field(default_factory=dict)
    outside: str = OUTSIDE
    underway: str = UNDERWAY
    abroad: str = ABROAD

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        known = {ANY, *OrderStatus}
        if unknown := sorted(self.otherwise.keys() - known):
            raise ValueError(f"'otherwise' has no status {unknown[0]!r}")
        for text in (*self.otherwise.values(), self.outside, self.underway, self.abroad):
            if unknown := sorted(set(re.findall(r"\{(\w*)\}", text)) - FIELDS):
                raise ValueError(f"no fact {unknown[0]!r}; there are: {', '.join(sorted(FIELDS))}")
        if self.also and not self.cue:
            raise ValueError("'also' needs a 'cue'")
        re.compile(self.cue)  # what it raises passes through pydantic: `load` says it in a sentence
        return self

    def means(self, intent: str, message: str) -> bool:
        """Whether a message with this intent asks for the tool."""
        if intent in self.intents:
            return True
        return intent in self.also and re.search(self.cue, message) is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the conditions look at. `customer` is None when nobody vouches for who is asking."""

    customer: Customer | None
    order: Order | None
    today: date


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: the condition's name, and what the customer hears. `person`: somebody may decide."""

    condition: str
    text: str
    person: bool = False


Condition = Callable[[Asked], Refusal | None]


class Policy(BaseModel):
    """Every tool's rule. A tool without one is not offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confirm_within_minutes: int = Field(default=15, ge=1, le=24 * 60)
    refund_working_days: int = Field(default=5, ge=0, le=60)
    tools: Mapping[Tool, Rule]

    @cached_property
    def conditions(self) -> Mapping[Tool, tuple[Condition, ...]]:
        """The rules as code, in the order in which they are asked."""
        return {tool: _compiled(tool, rule) for tool, rule in self.tools.items()}

    def tool_for(self, intent: str, message: str) -> Tool | None:
        """The tool that a message asks for, or None."""
        return next((t for t, rule in self.tools.items() if rule.means(intent, message)), None)

    def refusal(self, tool: Tool, asked: Asked) -> Refusal | None:
        """The first condition that is not met; None when the tool may be used."""
        if tool not in self.tools:
            return Refusal(
                "tool", "I cannot do that here. Please ask for a colleague.", person=True
            )
        told = (condition(asked) for condition in self.conditions[tool])
        return next((refusal for refusal in told if refusal is not None), None)


def load(file: Path) -> Policy:
    """The policy of a TOML file, or an `InputError` that names the file and the broken entry."""
    try:
        return Policy.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, re.error) as error:
        raise InputError(f"policy file {str(file)!r} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"policy file {str(file)!r}: {place}: {first['msg']}") from None


def _compiled(tool: Tool, rule: Rule) -> tuple[Condition, ...]:
    """Ownership always; what else depends on the tool, so that no file can switch it off."""
    common = (_is_known, _is_theirs)
    match tool:
        case Tool.ORDER_STATUS:
            return common
        case Tool.CANCEL_ORDER:
            return (*common, _status(rule), _most(rule))
        case Tool.REFUND:
            return (*common, _no_refund_yet(rule), _status(rule), _window(rule), _most(rule))
        case Tool.CHANGE_ADDRESS:
            return (*common, _status(rule))


def _is_known(asked: Asked) -> Refusal | None:
    return Refusal("identity", WHO) if asked.customer is None else None


def _is_theirs(asked: Asked) -> Refusal | None:
    order, customer = asked.order, asked.customer
    mine = order is not None and customer is not None and order.customer_id == customer.id
    return None if mine else Refusal("ownership", NO_ORDER)


def _status(rule: Rule) -> Condition:
    def has_the_status(asked: Asked) -> Refusal | None:
        order = _order(asked)
        if order.status in rule.statuses:
            return None
        text = rule.otherwise.get(order.status) or rule.otherwise.get(ANY) or NOT_NOW
        return Refusal("status", said(text, asked))

    return has_the_status


def _window(rule: Rule) -> Condition:
    def is_in_time(asked: Asked) -> Refusal | None:
        last = last_day(rule, _order(asked))
        if last is None or asked.today <= last:
            return None
        return Refusal("window", said(rule.outside, asked, last))

    return is_in_time


def _no_refund_yet(rule: Rule) -> Condition:
    def is_not_underway(asked: Asked) -> Refusal | None:
        if _order(asked).refund_status is RefundStatus.NONE:
            return None
        return Refusal("refund", said(rule.underway, asked))

    return is_not_underway


def _most(rule: Rule) -> Condition:
    def is_small_enough(asked: Asked) -> Refusal | None:
        if rule.most is None or _order(asked).total <= rule.most:
            return None
        return Refusal("amount", said(TOO_MUCH, asked), person=True)

    return is_small_enough


def last_day(rule: Rule, order: Order) -> date | None:
    """The last day on which a delivered order may be given back; None when there is no limit yet.

    Goods that are with us already came in time, or somebody took them all the same.
    """
    if rule.within_days is None or order.delivered_on is None:
        return None
    if order.status is OrderStatus.RETURNED:
        return None
    return order.delivered_on + timedelta(days=rule.within_days)


def said(text: str, asked: Asked, last: date | None = None) -> str:
    """A text of the policy with the order's facts in it; a fact that is not there reads as unknown."""
    order, customer = asked.order, asked.customer
    facts = dict(order_facts(customer, order)) if customer and order else {}
    facts |= {"last_day": spoken_day(last)} if last else {}
    facts["status"] = facts.get("status", "").replace("_", " ")
    return re.sub(r"\{(\w+)\}", lambda match: facts.get(match[1]) or "unknown", text)


def _order(asked: Asked) -> Order:
    if asked.order is None:  # ownership is asked before: a wrong order of conditions is a bug
        raise AssertionError("a condition on an order was asked before its ownership")
    return asked.order
