"""What the gate judges, and what it says: a publication, a result a rule, a review.

A publication is a text and the record behind it. Each field of the record may be None: it is not known, and
a rule that needs it fails. `RECORD.md` says in a table which rule reads which field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

FORBID = ConfigDict(extra="forbid")


class Profile(StrEnum):
    """Under which rules the firm publishes."""

    BROKER_DEALER = "broker_dealer"
    ADVISER = "adviser"
    PUBLISHER = "publisher"
    INTERNAL = "internal"


class Audience(StrEnum):
    """Who reads it."""

    RETAIL = "retail"
    INSTITUTIONAL = "institutional"


class State(StrEnum):
    """What became of a rule. `na` only where the rule says so itself; what cannot be judged fails."""

    PASS = "pass"  # noqa: S105  # a state, no password
    FAIL = "fail"
    NA = "na"


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rating rests on: expected return above the benchmark's, and where BUY and SELL begin (shares)."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    expected_excess_return: float | None = None
    buy_from: float | None = None
    sell_from: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A price target in the currency of the price, how it was found, and what may keep it from being reached."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    value: float | None = None
    method: str | None = None
    risks: str | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """What has to be said beside a probability (FINRA 2214)."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    method: str | None = None
    assumptions: str | None = None
    universe: str | None = None
    limits: str | None = None


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """What has to stand beside a backtest or another result that nobody earned."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    policy: str | None = None  # id of the policy that says for whom such results are meant
    criteria: str | None = None
    assumptions: str | None = None
    risks: str | None = None
    limits: str | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """Performance that is shown, as shares a year. `years` is how long there is any; `periods`: years -> return."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    gross: float | None = None
    net: float | None = None
    equal_prominence: bool | None = None
    years: float | None = None
    periods: Mapping[str, float | None] | None = None
    to: date | None = None


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """How many recommendations were made from `start` to `end`, and how many of them are listed."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    start: date | None = None
    end: date | None = None
    made: int | None = None
    listed: int | None = None
    same_criteria: bool | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A statement of fact: the value that is published, the value computed again from its source (same unit)."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    metric: str | None = None
    value: float | None = None
    recomputed: float | None = None
    unit: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of the firm's ratings."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    buy: float | None = None
    hold: float | None = None
    sell: float | None = None


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Five questions, each to be answered; `disclosed` names those that were told to the reader."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    owns_one_percent: bool | None = None
    makes_market: bool | None = None
    banking_12_months: bool | None = None
    analyst_holds: bool | None = None
    household_holds: bool | None = None
    disclosed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Certification:
    """That the views are the analyst's own, and that no pay depends on them."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    analyst: str | None = None
    own_views: bool | None = None
    pay_unrelated: bool | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """For whom a personal recommendation is. `risk_tolerance` from 1 (lowest) to 5."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    age: int | None = None
    other_investments: str | None = None
    finances: str | None = None
    tax_status: str | None = None
    objectives: str | None = None
    experience: str | None = None
    horizon_months: int | None = None
    liquidity_need: str | None = None  # low, medium, high
    risk_tolerance: int | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What is recommended: `risk_tier` from 1 (lowest) to 5; `liquid`: sold within days."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    risk_tier: int | None = None
    minimum_months: int | None = None
    liquid: bool | None = None


@dataclass(frozen=True, slots=True)
class Basics:
    """The evidence that was there: the newest annual or quarterly filing, days of prices, the risk text."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    filed: date | None = None
    price_days: int | None = None
    risk_text_read: bool | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """What a customer's recommendations come to in a year: turnover (times), cost as a share of equity."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    turnover: float | None = None
    cost_to_equity: float | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something else that was considered."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    name: str | None = None
    why: str | None = None  # cheaper, lower_risk
    logged: bool | None = None


@dataclass(frozen=True, slots=True)
class Walls:
    """Whether the name is on a list that forbids to speak of it."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    restricted: bool | None = None
    watch: bool | None = None
    blackout: bool | None = None
    inside_information: bool | None = None


@dataclass(frozen=True, slots=True)
class Fund:
    """For a fund: shares of its assets (75-5-10 of the Investment Company Act; 25 and 50-5 of the tax code)."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    in_small_positions: float | None = None
    largest_voting: float | None = None
    largest_issuer: float | None = None
    over_five_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Where the money lies after the recommendation, as shares of the whole."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    largest_name: float | None = None
    largest_sector: float | None = None
    fund: Fund | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Price in dollars, and whether an exchange lists the share."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    price: float | None = None
    exchange_listed: bool | None = None
    penny_disclosure: bool | None = None


@dataclass(frozen=True, slots=True)
class System:
    """A model in the register: what it does, of `writes`, `predicts`, `selects`, `trades`."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    name: str | None = None
    does: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """The principal's approval: `state`, who wrote, who approved, and the id of the four-eyes task."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    state: str | None = None  # requested, approved, rejected
    author: str | None = None
    principal: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long it is kept, and the receipt of the audit log."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    retention_class: str | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """A source that the output rests on; `sessions_old` counts trading sessions, for prices only."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    name: str | None = None
    kind: str | None = None  # price, filing, news, other
    sessions_old: int | None = None
    commercial_use: bool | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What the publication rests on; None is not known. Lists: empty means there are none, None not known."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    firm: str | None = None
    published: date | None = None
    kind: str | None = None  # research, marketing
    company: str | None = None
    ticker: str | None = None
    rating: str | None = None  # BUY, HOLD, SELL, NO_RATING
    rating_definitions: Mapping[str, str] | None = None
    horizon_months: int | None = None
    benchmark: str | None = None
    basis: Basis | None = None
    expected_return: float | None = None  # shown to the reader; None: not shown
    price_target: Target | None = None  # None: not shown
    projection_exception: str | None = None  # price_target, analysis_tool, illustration
    probability: float | None = None  # shown to the reader; None: not shown
    probabilities: tuple[float, ...] = ()  # others that are shown beside it
    tool: Tool | None = None
    hypothetical: Hypothetical | None = None  # None: no such result is shown
    performance: Performance | None = None  # None: none is shown
    scoreboard: Scoreboard | None = None  # None: no past recommendation is shown
    citations: tuple[Citation, ...] | None = None
    risks: tuple[str, ...] | None = None
    distribution: Distribution | None = None
    rated_since: date | None = None
    history_chart: bool | None = None
    conflicts: Conflicts | None = None
    certification: Certification | None = None
    personal: bool | None = None
    customer: Customer | None = None
    product: Product | None = None
    evidence: Basics | None = None
    series: Series | None = None
    alternatives: tuple[Alternative, ...] | None = None
    walls: Walls | None = None
    portfolio: Portfolio | None = None
    listing: Listing | None = None
    ai_generated: bool | None = None
    ai_systems: tuple[System, ...] | None = None
    human_review: str | None = None  # not_required, waiting, approved
    legends: tuple[str, ...] | None = None
    approval: Approval | None = None
    retention: Retention | None = None
    data: tuple[Data, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the company that is written about is called."""
        return tuple(one for one in (self.company, self.ticker) if one)


@dataclass(frozen=True, slots=True)
class Publication:
    """A text for an audience, the profile under which it is published, and the record behind it.

    The reader sees `text` and below it the wording of `record.legends`, which comes from the rule pack.
    """

    profile: Profile
    audience: Audience
    text: str
    record: Record = field(default_factory=Record)


@dataclass(frozen=True, slots=True)
class Span:
    """Evidence: a piece of the text (`start:end`), or a field of the record (both -1), and what is wrong with it.

    `whole` are the sentences that a repair takes out together. `chance` is the probability of a finding that the
    second listener alone made, None for one of the rules.
    """

    quote: str
    why: str
    start: int = -1
    end: int = -1
    whole: tuple[int, int] | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule came to. `legends` are those whose absence is all that is wrong."""

    id: str
    state: State
    evidence: tuple[Span, ...] = ()
    citation: str = ""
    severity: str = ""
    legends: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The first thing that is wrong, as a phrase; empty for a rule that passes."""
        return self.evidence[0].why if self.evidence else ""


@dataclass(frozen=True, slots=True)
class Review:
    """A result for each rule of the pack `version`, in order; nothing is released unless none failed.

    `note` says when the gate heard less well than it can, and was stricter for it.
    """

    results: tuple[RuleResult, ...]
    version: str
    note: str = ""

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        return tuple(one for one in self.results if one.state is State.FAIL)

    @property
    def released(self) -> bool:
        return bool(self.results) and not self.failed
